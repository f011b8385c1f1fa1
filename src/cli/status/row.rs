//! The row of an environment in `pilothouse status`.

use pilothouse_core::text::printable;

use super::ShownEnvironment;
use crate::out::Tone;

/// How many instances are well, as far as they are ours.
fn instances(shown: &ShownEnvironment, is_old: bool) -> (Tone, String) {
    if let Some(watched) = &shown.watched {
        return watched.word();
    }
    let count = |count: Option<u32>| count.unwrap_or(0);
    let (wanted, stopped) = (count(shown.wanted), count(shown.stopped));
    let (serves, healthy) = (shown.release.is_some(), shown.healthy.unwrap_or(0));
    let text = if serves || healthy > 0 {
        let was = if is_old { "was " } else { "" };
        match (wanted, healthy, stopped) {
            (0, 0, 1..) => format!("{was}stopped"),
            _ => format!("{was}{healthy}/{} healthy", wanted + stopped),
        }
    } else {
        "none".to_owned()
    };
    let tone = match usize::try_from(wanted) {
        _ if !serves || is_old => Tone::Dim,
        Ok(0) if stopped > 0 => Tone::Warn,
        Ok(wanted) if healthy >= wanted && stopped == 0 => Tone::Good,
        Ok(_) | Err(_) if healthy > 0 => Tone::Warn,
        Ok(_) | Err(_) => Tone::Bad,
    };
    (tone, text)
}

/// The releases that have traffic, the newest first.
fn releases(shown: &ShownEnvironment) -> String {
    let newest = shown.release.as_deref().unwrap_or("-");
    [newest]
        .into_iter()
        .chain(shown.beside.iter().map(String::as_str))
        .collect::<Vec<_>>()
        .join("+")
}

/// The row of an environment; `is_old` where nothing new is heard of it.
pub(super) fn of(shown: &ShownEnvironment, is_old: bool) -> [(Tone, String); 5] {
    let (_, name) = shown.environment.split_once('/').unwrap_or(("", &shown.environment));
    let commit = shown.commit.as_deref().map_or("-", |id| id.get(..7).unwrap_or(id));
    // People know a preview by its branch, and type the name that was made of it.
    let branch = shown.branch.as_ref().map(|branch| printable(branch, 40));
    let subject = shown.subject.as_ref().map(|subject| printable(subject, 80));
    let names: Vec<String> = branch.into_iter().chain(subject).collect();
    let commit = format!("{commit} {}", names.join(": "));
    [
        (Tone::Plain, name.to_owned()),
        (Tone::Plain, releases(shown)),
        instances(shown, is_old),
        (Tone::Plain, shown.url.clone().unwrap_or_else(|| "-".to_owned())),
        (Tone::Plain, commit.trim_end().to_owned()),
    ]
}
