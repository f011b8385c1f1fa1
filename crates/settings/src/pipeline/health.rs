//! How an instance's health is checked.

use pilothouse_core::pipeline::Health;
use pilothouse_core::time::Millis;
use toml::de::DeValue;

use super::elsewhere::operators;
use crate::ProblemKind;
use crate::found::Found;
use crate::section::{Field, Section};
use crate::value::duration::{HOUR, SHORTEST, exact};
use crate::value::quoted;

const KEYS: [&str; 9] = [
    "by",
    "path",
    "interval",
    "timeout",
    "healthy",
    "unhealthy",
    "matcher",
    "start_deadline",
    "min_healthy",
];

/// Reads `health`.
pub(super) fn read(field: &Field<'_>, found: &mut Found<'_>) -> Health {
    let mut health = Health::default();
    let Some(section) = field.section("[service.health]", &KEYS, found) else {
        return health;
    };
    section.refuse_unknown(found, |key| operators(key, &KEYS));
    let mut length = |key, range, example: &str, default: Millis| {
        section.get(key).and_then(|field| field.duration(found, range, example)).unwrap_or(default)
    };
    let short = || SHORTEST..=HOUR;
    health.interval = length("interval", short(), "5s", health.interval);
    health.timeout = length("timeout", short(), "2s", health.timeout);
    health.start_deadline = length("start_deadline", short(), "60s", health.start_deadline);
    let min = length("min_healthy", Millis(0)..=HOUR, "5s", health.min_healthy_time);
    health.min_healthy_time = min;
    let mut count = |key, default| {
        section.get(key).and_then(|field| field.count(found, 1..=100)).unwrap_or(default)
    };
    health.healthy_threshold = count("healthy", health.healthy_threshold);
    health.unhealthy_threshold = count("unhealthy", health.unhealthy_threshold);
    if let Some(field) = section.get("path") {
        health.path = path(&field, found).unwrap_or(health.path);
    }
    if let Some(field) = section.get("matcher") {
        health.matcher = matcher(&field, found).unwrap_or(health.matcher);
    }
    let by = section.get("by").and_then(|field| field.one_of(&["http", "image"], "check", found));
    if by == Some("image") {
        // Any answer shows that it is reached; whether it is well is for the image to say.
        health.by_image = true;
        health.matcher = (100, 599);
    }
    check_order(&section, &health, found);
    health
}

/// A new instance must be able to become healthy before its deadline.
fn check_order(section: &Section<'_>, health: &Health, found: &mut Found<'_>) {
    let keys = ["start_deadline", "min_healthy", "interval", "timeout"];
    let Some(field) = keys.into_iter().find_map(|key| section.get(key)) else {
        return;
    };
    // The first check is made at once, and a first pass is enough by itself.
    let needed = health.timeout.0.saturating_add(health.min_healthy_time.0);
    if health.start_deadline.0 < needed {
        let message = format!(
            "an instance has {} to become healthy, and one check and min_healthy take up to {}",
            exact(health.start_deadline),
            exact(Millis(needed))
        );
        let help = format!("write start_deadline = \"{}\" or more", exact(Millis(needed)));
        found.add(ProblemKind::Conflict, field.key_at, &message, &help);
    }
}

fn path(field: &Field<'_>, found: &mut Found<'_>) -> Option<String> {
    let help = "write the path that says whether the service is well, as in path = \"/up\"";
    let text = field.text(found, help)?;
    let is_path = text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_path && text.len() <= 1024 && !text.contains('#') {
        return Some(text.to_owned());
    }
    let help = if text.contains("://") {
        "write the path alone: the instance's address is known already"
    } else {
        "a path begins with / and holds visible ASCII; write others as %XX"
    };
    field.wrong(found, &format!("{} is not a path", quoted(text)), help);
    None
}

fn matcher(field: &Field<'_>, found: &mut Found<'_>) -> Option<(u16, u16)> {
    let help = "write one status or one range, as in matcher = \"200-299\"";
    let text = match field.value {
        DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
        DeValue::Integer(_)
        | DeValue::String(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => field.text(found, help)?,
    };
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let status = |part: &str| {
        let part = part.trim();
        let is_status = part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit());
        is_status.then(|| part.parse().ok()).flatten()
    };
    if let (Some(from), Some(to)) = (status(from), status(to))
        && (100..=to).contains(&from)
        && to <= 599
    {
        return Some((from, to));
    }
    let message = format!("{} is not a status or a range within 100 to 599", quoted(text));
    field.wrong(found, &message, help);
    None
}
