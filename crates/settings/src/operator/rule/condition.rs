//! What a request must look like for a rule to match.

use pilothouse_core::routing::{Action, Condition, QueryPattern};
use pilothouse_core::spec::allowed::rule::{self as allowed, HEADERS};

use super::faults;
use crate::ProblemKind;
use crate::found::Found;
use crate::operator::load_balancer;
use crate::section::{Field, Section};

/// Reads all conditions of a rule, and tells whether one of them has a fault.
pub(super) fn read(section: &Section<'_>, found: &mut Found<'_>) -> (Vec<Condition>, bool) {
    let mut conditions = Vec::new();
    let mut has_fault = false;
    for key in ["host", "path", "method", "header", "query", "source_ip"] {
        let Some(field) = section.get(key) else {
            continue;
        };
        let Some(read) = one(key, &field, found) else {
            has_fault = true;
            continue;
        };
        for (_, message) in faults(&read, &Action::fixed(200, "")) {
            has_fault = true;
            let help = format!("write {key} = {}", example(key));
            field.wrong(found, &format!("`{key}`: {message}"), &help);
        }
        conditions.extend(read);
    }
    (conditions, has_fault)
}

fn example(key: &str) -> &'static str {
    match key {
        "host" => "\"*.example.com\"",
        "path" => "[\"/admin\", \"/admin/*\"]",
        "method" => "[\"GET\", \"HEAD\"]",
        "header" => "{ \"User-Agent\" = \"*curl*\" }",
        "query" => "{ version = \"2\" }",
        _ => "[\"10.0.0.0/8\", \"::1/128\"]",
    }
}

/// The conditions that one key makes; `None` where a problem was noted.
fn one(key: &str, field: &Field<'_>, found: &mut Found<'_>) -> Option<Vec<Condition>> {
    let help = format!("write {key} = {}", example(key));
    match key {
        "header" => headers(field, found, &help),
        "query" => query(field, found, &help),
        "source_ip" => {
            let blocks = load_balancer::blocks(field, found)?;
            Some(vec![Condition::SourceIp { blocks }])
        }
        "method" => methods(field, found, &help),
        _ => {
            let texts = field.texts(found, &help)?;
            let patterns: Vec<String> = texts.iter().map(|(text, _)| (*text).to_owned()).collect();
            if key == "host" {
                return Some(vec![Condition::Host { patterns }]);
            }
            let mut is_good = true;
            for (text, at) in texts {
                let Some(message) = allowed::path(text) else { continue };
                is_good = false;
                found.add(ProblemKind::WrongValue, at, &message, &help);
            }
            is_good.then(|| vec![Condition::Path { patterns }])
        }
    }
}

fn methods(field: &Field<'_>, found: &mut Found<'_>, help: &str) -> Option<Vec<Condition>> {
    let mut methods = Vec::new();
    for (text, at) in field.texts(found, help)? {
        if let Some((message, help)) = allowed::method(text, help) {
            found.add(ProblemKind::WrongValue, at, &message, &help);
            return None;
        }
        methods.push(text.to_owned());
    }
    Some(vec![Condition::Method { methods }])
}

fn headers(field: &Field<'_>, found: &mut Found<'_>, help: &str) -> Option<Vec<Condition>> {
    let section = field.section("header = { Name = \"pattern\" }", &[], found)?;
    let fields = section.fields();
    if fields.is_empty() || fields.len() > HEADERS {
        field.wrong(found, &format!("`header` takes 1 to {HEADERS} fields"), help);
        return None;
    }
    let mut conditions = Vec::new();
    for field in fields {
        if let Some(message) = allowed::header(&field.name) {
            found.add(ProblemKind::WrongValue, field.key_at, &message, help);
            return None;
        }
        let patterns = field.texts(found, help)?;
        conditions.push(Condition::Header {
            name: field.name,
            patterns: patterns.into_iter().map(|(text, _)| text.to_owned()).collect(),
        });
    }
    Some(conditions)
}

/// A table of keys with patterns, or a list of patterns that any key may have.
fn query(field: &Field<'_>, found: &mut Found<'_>, help: &str) -> Option<Vec<Condition>> {
    let mut pairs = Vec::new();
    if field.value.is_table() {
        let section = field.section("query = { key = \"pattern\" }", &[], found)?;
        for field in section.fields() {
            for (text, _) in field.texts(found, help)? {
                pairs.push(QueryPattern { key: Some(field.name.clone()), value: text.to_owned() });
            }
        }
    } else {
        for (text, _) in field.texts(found, help)? {
            let (key, value) = match text.split_once('=') {
                Some((key, value)) => (Some(key.to_owned()), value),
                None => (None, text),
            };
            let value = value.to_owned();
            pairs.push(QueryPattern { key, value });
        }
    }
    Some(vec![Condition::Query { pairs }])
}

/// Notes a rule that can never match, whatever else it says.
pub(super) fn check_host(
    field: &Field<'_>,
    conditions: &[Condition],
    domain: &str,
    preview: bool,
    found: &mut Found<'_>,
) {
    for condition in conditions {
        if let Condition::Host { patterns } = condition
            && let Some((message, help)) = allowed::host(patterns, domain, preview)
        {
            field.wrong(found, &message, &help);
        }
    }
}
