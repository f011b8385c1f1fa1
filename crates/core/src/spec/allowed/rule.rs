//! What may be said in an operator's rules, beside what the routing table's own check says.

use std::ops::RangeInclusive;

use super::Wrong;
use crate::routing::is_beyond_paths;
use crate::spec::matches_pattern;
use crate::text::{printable, quoted};

/// The most rules of an environment: as many as an Application Load Balancer takes.
pub const RULES: usize = 100;
/// The priorities, as for Application Load Balancers.
pub const PRIORITY: RangeInclusive<u32> = 1..=50_000;
/// The most header fields that one rule looks at.
pub const HEADERS: usize = 20;

/// A field name or method as RFC 9110 section 5.6.2 writes it.
fn is_token(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.len() <= 128 && text.bytes().all(is_part)
}

/// What is wrong with a method; `help` says what is usual.
pub fn method(text: &str, help: &str) -> Option<Wrong> {
    if !is_token(text) {
        return Some((format!("{} is not a method", quoted(text)), help.to_owned()));
    }
    let upper = text.to_ascii_uppercase();
    (upper != text).then(|| {
        let message = format!("{} never matches: methods are compared exactly", quoted(text));
        (message, format!("did you mean \"{upper}\"?"))
    })
}

/// What is wrong with a header's name.
pub fn header(name: &str) -> Option<String> {
    (!is_token(name)).then(|| format!("`{}` is not a header's name", printable(name, 60)))
}

/// Why a path's pattern can never match, if it cannot.
pub fn path(text: &str) -> Option<String> {
    let why = if !text.starts_with(['/', '*', '?']) {
        "every path begins with /"
    } else if is_beyond_paths(text) {
        "a path is decoded and without ;, //, /./ and /../ when it is looked at"
    } else {
        return None;
    };
    Some(format!("{} can never match: {why}", quoted(text)))
}

/// What is wrong with the patterns of a host: only requests for the environment's domain meet its
/// rules, so another host never matches.
pub fn host(patterns: &[String], domain: &str, preview: bool) -> Option<Wrong> {
    // A preview's domain is known with its branch, and `?` and escapes are the table's to judge.
    let can_match = |pattern: &String| {
        preview
            || pattern.contains(['?', '\\'])
            || matches_pattern(&pattern.to_ascii_lowercase(), domain)
    };
    (!patterns.is_empty() && !patterns.iter().any(can_match)).then(|| {
        let message = format!(
            "the rule never matches: this environment gets requests for {} alone",
            printable(domain, 120)
        );
        let help = "leave host out; the environment's domain is a condition of every rule";
        (message, help.to_owned())
    })
}
