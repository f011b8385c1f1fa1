//! How looking at a project's repository goes.

use pilothouse_core::state::Project;
use pilothouse_core::text::printable;
use pilothouse_core::time::Timestamp;

use crate::{age, width};

/// That a project's repository cannot be read, since when, why, and what asks at once: the engine waits
/// longer after each failure.
pub fn unread(name: &str, project: &Project, now: Timestamp) -> Option<String> {
    let why = printable(project.poll.error.as_deref()?, 300);
    let since = project
        .poll
        .failing_since
        .map_or_else(String::new, |since| format!(" since {} ago", age::ago(now, since)));
    let name = width::clean(name);
    Some(format!(
        "the repository of {name} cannot be read{since}; `pilothouse look {name}` tries at once: {why}"
    ))
}

/// That nothing is known of a project's repository yet, and since when it is looked at.
pub fn first(name: &str, project: &Project, now: Timestamp) -> Option<String> {
    let since = match project.first_look()? {
        Timestamp(0) => String::new(),
        since => format!(" since {} ago", age::ago(now, since)),
    };
    let name = width::clean(name);
    Some(format!("the first look at the repository of {name} is under way{since}"))
}
