//! Limits of time.

use crate::model::{DirectiveArgument, DirectiveValue, Value, ValueKind};

/// The longest time limit in seconds: a week.
pub(super) const WEEK: u64 = 7 * 86_400;

/// The time of a `timeout` among options, where the file says it.
pub(super) fn seconds_of(arguments: &[DirectiveArgument<'_>]) -> Option<u64> {
    let named = |key: Option<&str>| {
        arguments.iter().find(|one| one.key.as_ref().map(|key| key.text.as_str()) == key)
    };
    let is_known = |one: &DirectiveArgument<'_>| {
        one.key.as_ref().is_none_or(|key| matches!(key.text.as_str(), "time" | "unit"))
    };
    if !arguments.iter().all(is_known) {
        return None;
    }
    let unit = match named(Some("unit")).map(|unit| &unit.value) {
        None => "MINUTES",
        Some(DirectiveValue::Value(value)) => value.text()?,
        Some(DirectiveValue::Call(_)) => return None,
    };
    match &named(Some("time")).or_else(|| named(None))?.value {
        DirectiveValue::Value(Value { kind: ValueKind::Integer(time), .. }) => limit(*time, unit),
        _ => None,
    }
}

/// A time that a step's limit can be, in seconds.
pub(super) fn limit(time: i64, unit: &str) -> Option<u64> {
    seconds(time, unit).filter(|seconds| (1..=WEEK).contains(seconds))
}

pub(super) fn seconds(time: i64, unit: &str) -> Option<u64> {
    let time = u64::try_from(time).ok()?;
    let factor = match unit {
        "SECONDS" => 1,
        "MINUTES" => 60,
        "HOURS" => 3600,
        "DAYS" => 86_400,
        _ => return None,
    };
    time.checked_mul(factor)
}
