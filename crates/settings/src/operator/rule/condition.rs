//! What a request must look like for a rule to match.

use pilothouse_core::routing::{Action, Condition, QueryPattern, is_beyond_paths};
use pilothouse_core::spec::matches_pattern;
use pilothouse_core::text::printable;

use super::faults;
use crate::ProblemKind;
use crate::found::Found;
use crate::operator::load_balancer;
use crate::section::{Field, Section};
use crate::value::quoted;

/// The most header fields that one rule looks at.
const HEADERS: usize = 20;

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
                let why = if !text.starts_with(['/', '*', '?']) {
                    "every path begins with /"
                } else if is_beyond_paths(text) {
                    "a path is decoded and without ;, //, /./ and /../ when it is looked at"
                } else {
                    continue;
                };
                is_good = false;
                let message = format!("{} can never match: {why}", quoted(text));
                found.add(ProblemKind::WrongValue, at, &message, &help);
            }
            is_good.then(|| vec![Condition::Path { patterns }])
        }
    }
}

fn methods(field: &Field<'_>, found: &mut Found<'_>, help: &str) -> Option<Vec<Condition>> {
    let mut methods = Vec::new();
    for (text, at) in field.texts(found, help)? {
        if !is_token(text) {
            let message = format!("{} is not a method", quoted(text));
            found.add(ProblemKind::WrongValue, at, &message, help);
            return None;
        }
        let upper = text.to_ascii_uppercase();
        if upper != text {
            let message = format!("{} never matches: methods are compared exactly", quoted(text));
            found.add(ProblemKind::WrongValue, at, &message, &format!("did you mean \"{upper}\"?"));
            return None;
        }
        methods.push(upper);
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
        if !is_token(&field.name) {
            let message = format!("`{}` is not a header's name", printable(&field.name, 60));
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

/// A field name or method as RFC 9110 section 5.6.2 writes it.
fn is_token(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.len() <= 128 && text.bytes().all(is_part)
}

/// Only requests for the environment's domain meet its rules, so another host never matches.
pub(super) fn check_host(
    field: &Field<'_>,
    conditions: &[Condition],
    domain: &str,
    preview: bool,
    found: &mut Found<'_>,
) {
    // A preview's domain is known with its branch, and `?` and escapes are the table's to judge.
    let can_match = |pattern: &String| {
        preview
            || pattern.contains(['?', '\\'])
            || matches_pattern(&pattern.to_ascii_lowercase(), domain)
    };
    for condition in conditions {
        if let Condition::Host { patterns } = condition
            && !patterns.is_empty()
            && !patterns.iter().any(can_match)
        {
            let message = format!(
                "the rule never matches: this environment gets requests for {} alone",
                printable(domain, 120)
            );
            let help = "leave host out; the environment's domain is a condition of every rule";
            field.wrong(found, &message, help);
        }
    }
}
