//! Arguments of steps.

use super::time::{WEEK, limit, seconds};
use super::value::{Left, groovy, left};
use crate::model::{Arguments, Value, ValueKind};
use crate::table::Support;
use crate::verdict::{Known, is_plain};

/// The time limit of a step that says none, and what a sleep is given to begin and end, in seconds.
pub(super) const USUAL: u64 = 30 * 60;
const SPARE: u64 = 60;

pub(super) fn values<'a, 't>(arguments: &'a Arguments<'t>) -> Vec<&'a Value<'t>> {
    match arguments {
        Arguments::Named(named) => named.iter().map(|(_, value)| value).collect(),
        Arguments::Single(value) => vec![value],
        Arguments::Positional(values) => values.iter().collect(),
    }
}

pub(super) fn argument_of<'a, 't>(
    arguments: &'a Arguments<'t>,
    name: &str,
) -> Option<&'a Value<'t>> {
    match arguments {
        Arguments::Named(named) => {
            named.iter().find(|(key, _)| key.text == name).map(|(_, value)| value)
        }
        _ => None,
    }
}

/// The only argument.
pub(super) fn single<'a, 't>(arguments: &'a Arguments<'t>) -> Option<&'a Value<'t>> {
    match arguments {
        Arguments::Single(value) => Some(value),
        Arguments::Named(named) => match named.as_slice() {
            [(_, value)] => Some(value),
            _ => None,
        },
        Arguments::Positional(_) => None,
    }
}

fn time(arguments: &Arguments<'_>, usual: &'static str) -> Result<(i64, String), Left> {
    let is_known = match arguments {
        Arguments::Named(named) => {
            named.iter().all(|(key, _)| matches!(key.text.as_str(), "time" | "unit"))
        }
        Arguments::Single(_) => true,
        Arguments::Positional(_) => false,
    };
    if !is_known && values(arguments).into_iter().all(is_plain) {
        let why = "a time limit is a time and its unit here, and nothing else";
        return Err(left(Support::NotYet, why));
    }
    let time = match arguments {
        Arguments::Single(value) => Some(value),
        _ => argument_of(arguments, "time"),
    };
    let unit = match argument_of(arguments, "unit") {
        None => Some(usual.to_owned()),
        Some(unit) => unit.text().map(str::to_owned),
    };
    match (time.map(|time| &time.kind), unit) {
        (Some(ValueKind::Integer(time)), Some(unit)) if is_known => Ok((*time, unit)),
        _ => Err(groovy()),
    }
}

pub(super) fn timeout(arguments: &Arguments<'_>) -> Result<u64, Left> {
    let (time, unit) = time(arguments, "MINUTES")?;
    limit(time, &unit).ok_or_else(|| left(Support::NotYet, "no time limit that a step has"))
}

pub(super) fn sleep(arguments: &Arguments<'_>) -> Result<u64, Left> {
    let (time, unit) = time(arguments, "SECONDS")?;
    let seconds = seconds(time, &unit);
    let seconds = seconds.ok_or_else(|| left(Support::NotYet, "less than a second"))?;
    if seconds + SPARE > WEEK {
        return Err(left(Support::NotYet, "a step lasts a week at most"));
    }
    Ok(seconds)
}

/// The time limit that a step needs to last as long as it says, in seconds: Jenkins' has none.
pub(super) fn pause(step: &str, arguments: &Arguments<'_>) -> Option<u64> {
    if step != "sleep" {
        return None;
    }
    let seconds = sleep(arguments).ok()?;
    (seconds + SPARE > USUAL).then_some(seconds + SPARE)
}

/// Whether it is Jenkins' variable `scm`, the commit of the run, and none of the file's own.
pub(super) fn is_scm(value: Option<&Value<'_>>, known: &Known<'_>) -> bool {
    let Some(Value { kind: ValueKind::Code(code), .. }) = value else {
        return false;
    };
    let is_named = code.expression.is_some_and(|expression| expression.kind.is_name("scm"));
    is_named && !known.defines("scm")
}
