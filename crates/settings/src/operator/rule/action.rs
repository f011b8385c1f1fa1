//! What happens to a request that matches a rule.

use pilothouse_core::routing::{Action, Fixed, Redirect};
use pilothouse_core::spec::RuleActionSpec;
use toml::de::DeValue;

use super::faults;
use crate::ProblemKind;
use crate::found::Found;
use crate::operator::elsewhere;
use crate::section::{Field, Section};

const REDIRECT_KEYS: [&str; 6] = ["status", "scheme", "host", "port", "path", "query"];
const FIXED_KEYS: [&str; 3] = ["status", "body", "content_type"];
const HELP: &str = "write one of forward = true, redirect = { path = \"/new\" } and \
                    fixed = { status = 403, body = \"no\\n\" }";

/// Reads the one action that a rule has.
pub(super) fn read(section: &Section<'_>, found: &mut Found<'_>) -> Option<RuleActionSpec> {
    let keys = ["forward", "redirect", "fixed"];
    let mut written = keys.into_iter().filter_map(|key| section.get(key));
    let Some(field) = written.next() else {
        let message = "the rule has no action";
        found.add(ProblemKind::Missing, section.at.clone(), message, HELP);
        return None;
    };
    for second in written {
        let message = format!("the rule has both `{}` and `{}`", field.name, second.name);
        found.add(ProblemKind::Conflict, second.key_at, &message, HELP);
    }
    match field.name.as_str() {
        "forward" => forward(&field, found),
        "redirect" => redirect(&field, found),
        _ => fixed(&field, found),
    }
}

fn forward(field: &Field<'_>, found: &mut Found<'_>) -> Option<RuleActionSpec> {
    if field.flag(found)? {
        return Some(RuleActionSpec::Forward);
    }
    field.wrong(found, "forward = false is no action", HELP);
    None
}

fn redirect(field: &Field<'_>, found: &mut Found<'_>) -> Option<RuleActionSpec> {
    let title = "redirect = { status = 301, path = \"/new\" }";
    let section = field.section(title, &REDIRECT_KEYS, found)?;
    section.refuse_unknown(found, |key| elsewhere(key, &REDIRECT_KEYS));
    let mut piece = |key: &'static str, help: &str| match section.get(key) {
        None => Some(None),
        Some(field) => field.text(found, help).map(|text| Some(text.to_owned())),
    };
    let scheme = piece("scheme", "write scheme = \"https\"");
    let host = piece("host", "write host = \"www.example.com\"");
    let path = piece("path", "write path = \"/new\"; \"/#{path}\" keeps the request's own");
    let query = piece("query", "write query = \"a=1\"; query = \"\" drops the request's own");
    let port = match section.get("port") {
        Some(Field { value: DeValue::Integer(number), .. }) => {
            Some(Some(number.as_str().to_owned()))
        }
        Some(field) => field
            .text(found, "write port = 443 or port = \"#{port}\"")
            .map(|text| Some(text.to_owned())),
        None => Some(None),
    };
    let status = match section.get("status") {
        Some(field) => field.count(found, 301..=302),
        None => Some(302),
    };
    let redirect = Redirect {
        status: u16::try_from(status?).ok()?,
        scheme: scheme?,
        host: host?,
        port: port?,
        path: path?,
        query: query?,
    };
    checked(field, Action::Redirect(redirect), found)
}

fn fixed(field: &Field<'_>, found: &mut Found<'_>) -> Option<RuleActionSpec> {
    let title = "fixed = { status = 403, body = \"no\\n\" }";
    let section = field.section(title, &FIXED_KEYS, found)?;
    section.refuse_unknown(found, |key| elsewhere(key, &FIXED_KEYS));
    let status = if let Some(field) = section.get("status") {
        field.count(found, 200..=599)
    } else {
        section.miss(found, "status", "write status = 403");
        None
    };
    let mut text = |key: &'static str, usual: &str| match section.get(key) {
        None => Some(usual.to_owned()),
        Some(field) => field.text(found, &format!("write {key} in quotes")).map(str::to_owned),
    };
    let body = text("body", "");
    let content_type = text("content_type", "text/plain");
    let fixed =
        Fixed { status: u16::try_from(status?).ok()?, content_type: content_type?, body: body? };
    checked(field, Action::Fixed(fixed), found)
}

/// The action, unless the load balancer would refuse it.
fn checked(field: &Field<'_>, action: Action, found: &mut Found<'_>) -> Option<RuleActionSpec> {
    let problems = faults(&[], &action);
    for (_, message) in &problems {
        field.wrong(found, &format!("`{}`: {message}", field.name), HELP);
    }
    problems.is_empty().then_some(RuleActionSpec::Answer(action))
}
