//! What differs between two specifications of a project, in words for people.

use std::collections::BTreeMap;

use color_eyre::Result;
use pilothouse_core::cost::NanoUsd;
use pilothouse_core::spec::ProjectSpec;
use pilothouse_core::time::Millis;
use serde_json::{Map, Value};

/// What an environment's file calls otherwise than its specification does.
const WRITTEN: [(&str, &str); 6] = [
    ("branches", "branch"),
    ("budget_micro_usd_per_hour", "budget"),
    ("keep_releases", "keep"),
    ("max_percent", "max"),
    ("min_healthy_percent", "min_healthy"),
    ("rules", "rule"),
];

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It is only in the new one.
    Added {
        /// Where.
        what: String,
        /// The new value; empty for a whole environment.
        value: String,
    },
    /// It is only in the old one.
    Removed {
        /// Where.
        what: String,
        /// The old value; empty for a whole environment.
        value: String,
    },
    /// It has another value.
    Changed {
        /// Where.
        what: String,
        /// The old value.
        from: String,
        /// The new value.
        to: String,
    },
}

/// Says what differs. Environments are the same where their names are.
pub fn differences(old: &ProjectSpec, new: &ProjectSpec) -> Result<Vec<Difference>> {
    let mut found = Vec::new();
    compare("", &flat(old)?, &flat(new)?, &mut found);
    Ok(found)
}

/// The specification as a value whose environments are found by name.
fn flat(spec: &ProjectSpec) -> Result<Value> {
    let mut value = serde_json::to_value(spec)?;
    let environments = value.get_mut("environments").map(Value::take);
    let Some(Value::Array(environments)) = environments else { return Ok(value) };
    let named = environments.into_iter().map(as_written).map(|environment| {
        let name = environment.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        (format!("environment {name}"), environment)
    });
    let named: BTreeMap<String, Value> = named.collect();
    if let Some(object) = value.as_object_mut() {
        object.remove("environments");
        object.extend(named);
    }
    Ok(value)
}

/// An environment by the names that its file has.
fn as_written(mut environment: Value) -> Value {
    let Some(object) = environment.as_object_mut() else { return environment };
    if let Some(Value::Object(strategy)) = object.remove("strategy") {
        object.extend(strategy);
    }
    for (own, written) in WRITTEN {
        if let Some(value) = object.remove(own) {
            object.insert(written.to_owned(), value);
        }
    }
    environment
}

fn compare(what: &str, old: &Value, new: &Value, found: &mut Vec<Difference>) {
    if old == new {
        return;
    }
    if let (Value::Object(was), Value::Object(is)) = (old, new) {
        for (key, value) in was {
            let inner = join(what, key);
            match is.get(key) {
                Some(other) => compare(&inner, value, other, found),
                None => {
                    found.push(Difference::Removed { value: brief(&inner, value), what: inner });
                }
            }
        }
        for (key, value) in is.iter().filter(|(key, _)| !was.contains_key(*key)) {
            let inner = join(what, key);
            found.push(Difference::Added { value: brief(&inner, value), what: inner });
        }
        return;
    }
    if let (Value::Array(was), Value::Array(is)) = (old, new)
        && was.iter().chain(is).all(Value::is_object)
    {
        for place in 0..was.len().max(is.len()) {
            let inner = join(what, &(place + 1).to_string());
            match (was.get(place), is.get(place)) {
                (Some(was), Some(is)) => compare(&inner, was, is, found),
                (Some(was), None) => {
                    found.push(Difference::Removed { value: brief(&inner, was), what: inner });
                }
                (None, Some(is)) => {
                    found.push(Difference::Added { value: brief(&inner, is), what: inner });
                }
                (None, None) => {}
            }
        }
        return;
    }
    let (from, to) = (brief(what, old), brief(what, new));
    found.push(Difference::Changed { what: what.to_owned(), from, to });
}

fn join(what: &str, key: &str) -> String {
    if what.is_empty() { key.to_owned() } else { format!("{what}: {key}") }
}

/// A value as it is shown. Lengths of time are written as people say them.
fn brief(what: &str, value: &Value) -> String {
    let key = what.rsplit(": ").next().unwrap_or(what);
    match value {
        Value::Object(_) if key.starts_with("environment ") => String::new(),
        Value::Number(number) if key == "budget" => {
            let micro = number.as_u64().unwrap_or_default();
            NanoUsd::from_micro(micro).hourly()
        }
        Value::Number(number) if matches!(key, "poll" | "drain" | "bake") => {
            number.as_u64().map_or_else(|| number.to_string(), |ms| Millis(ms).to_string())
        }
        Value::String(text) => text.trim_end().to_owned(),
        Value::Null => "none".to_owned(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Array(values) if values.is_empty() => "none".to_owned(),
        Value::Array(values) => {
            let told: Vec<String> = values.iter().map(|value| brief("", value)).collect();
            told.join(if values.iter().any(Value::is_object) { "; " } else { ", " })
        }
        Value::Object(object) => one_of(object).map_or_else(|| entries(object), str::to_owned),
    }
}

/// A choice that brings more with it, as a runtime does, by its name.
fn one_of(object: &Map<String, Value>) -> Option<&str> {
    let (name, value) = object.iter().next()?;
    (object.len() == 1 && value.is_object()).then_some(name)
}

/// What an object says, without what it leaves open.
fn entries(object: &Map<String, Value>) -> String {
    let says = |value: &Value| match value {
        Value::Null => false,
        Value::Array(values) => !values.is_empty(),
        Value::Object(object) => !object.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    };
    let said = object.iter().filter(|(key, value)| says(value) && *key != "kind");
    // What is of a kind, as a condition is, has its kind for its name.
    let kind = object.get("kind").and_then(Value::as_str);
    let told = |(key, value): (&String, &Value)| match kind {
        Some(kind) => format!("{kind} {}", brief(key, value)),
        None => format!("{key} {}", brief(key, value)),
    };
    said.map(told).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> ProjectSpec {
        pilothouse_settings::operator::read("shop", "shop.toml", text).unwrap()
    }

    #[test]
    fn what_differs_is_named() {
        let old = spec(
            "repository = \"/srv/a\"\n[environment.production]\nbranch = \"main\"\ndrain = \"5s\"\n\
             [environment.qa]\nbranch = \"release/*\"\n",
        );
        let new = spec(
            "repository = \"/srv/b\"\n[environment.production]\nbranch = \"main\"\ninstances = 2\n\
             env = { LOG = \"info\" }\n[environment.development]\nbranch = \"develop\"\n",
        );
        let found = differences(&old, &new).unwrap();
        let added = |what: &str, value: &str| Difference::Added {
            what: what.to_owned(),
            value: value.to_owned(),
        };
        let changed = |what: &str, from: &str, to: &str| Difference::Changed {
            what: what.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        let removed =
            Difference::Removed { what: "environment qa".to_owned(), value: String::new() };
        assert_eq!(
            found,
            [
                changed("environment production: drain", "5s", "30s"),
                added("environment production: env: LOG", "info"),
                changed("environment production: instances", "1", "2"),
                removed,
                changed("repository", "/srv/a", "/srv/b"),
                added("environment development", ""),
            ]
        );
        assert_eq!(differences(&new, &new).unwrap(), []);
    }

    #[test]
    fn an_environment_has_the_names_of_its_file() {
        let plain = "repository = \"/srv/a\"\n[environment.qa]\n";
        let old = spec(&format!("{plain}branch = \"main\"\n"));
        let new = spec(&format!(
            "{plain}branch = \"next\"\nkeep = 2\nmax = 300\nmin_healthy = 50\nbudget = \"$0.50/h\"\n"
        ));
        let what = |one: &Difference| match one {
            Difference::Changed { what, to, .. } => format!("{what} {to}"),
            Difference::Added { .. } | Difference::Removed { .. } => String::new(),
        };
        let told: Vec<String> = differences(&old, &new).unwrap().iter().map(what).collect();
        let expected = ["branch next", "budget $0.50/h", "keep 2", "max 300", "min_healthy 50"];
        assert_eq!(told, expected.map(|line| format!("environment qa: {line}")));
    }

    #[test]
    fn rules_and_runtimes_are_told_in_words() {
        let plain = "repository = \"/srv/a\"\n[environment.qa]\nbranch = \"main\"\n";
        let old = spec(&format!("{plain}runtime = \"local\"\n"));
        let new = spec(&format!(
            "{plain}runtime = \"docker\"\n[[environment.qa.rule]]\npriority = 10\npath = [\"/admin/*\"]\n\
             source_ip = [\"10.0.0.0/8\"]\nfixed = {{ status = 403, body = \"no\" }}\n"
        ));
        let told: Vec<String> =
            differences(&old, &new).unwrap().iter().map(|one| format!("{one:?}")).collect();
        assert_eq!(
            told,
            [
                "Added { what: \"environment qa: rule: 1\", value: \"action answer, conditions \
                 path /admin/*; source_ip 10.0.0.0/8, priority 10\" }",
                "Changed { what: \"environment qa: runtime\", from: \"local\", to: \"docker\" }",
            ]
        );
    }
}
