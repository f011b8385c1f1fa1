//! Whose account it is, who looks, and how fresh what it shows is.
//!
//! Each stands in a line of its own that is cut at its end alone: account and region in one, who
//! looks in the other.

use pilothouse_core::aws::{Access, Watched};
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::time::Timestamp;

use super::super::Cell;
use super::{looking, mark_of, pace};
use crate::age;
use crate::model::{Model, trouble_of_all};
use crate::theme::{Mark, Scope};
use crate::width;

/// Whose account it is, where, of which environment it has something, and how fresh that is.
pub fn row(model: &Model, watched: &Watched, now: Timestamp) -> Vec<Cell> {
    let trouble = trouble_of_all(watched);
    let newest = watched.seen_at();
    let seen = newest.map_or_else(|| "—".to_owned(), |at| age::ago(now, at));
    let (mark, word) = match (&trouble, newest) {
        (Some(trouble), _) => (mark_of(trouble), trouble.kind.name()),
        (None, None) => (Mark::Running, "asking"),
        (None, Some(at)) if now.since(at) > watched.silence() => (Mark::Stale, "stale"),
        (None, Some(_)) => (Mark::Ok, "seen"),
    };
    let looks = || if is_told(model, watched) { pace(watched, now) } else { looking(watched, now) };
    let said = trouble.map_or_else(looks, |trouble| trouble.to_string());
    let place = format!("{} {}", watched.access.account, watched.access.region);
    let is_alone = model.scope().is_some() && model.replica.projects.len() <= 1;
    let key = &watched.environment;
    let whose = (!is_alone).then(|| named(model, key, key.name.as_str()));
    let age = newest.map_or_else(String::new, |_| format!(" {seen}"));
    let line = [Some(place.clone()), whose, Some(format!("{word}{age}")), Some(said.clone())];
    let line: Vec<String> = line.into_iter().flatten().collect();
    let whose = if is_alone { String::new() } else { format!("{} ", watched.environment) };
    vec![
        Cell::new(width::clean(&format!("{whose}{place}")), Scope::Strong)
            .or(watched.access.account.clone())
            .over(width::clean(&line.join(" · "))),
        Cell::state(mark, word),
        Cell::none(),
        Cell::none(),
        Cell::new(seen, Scope::Dim),
        Cell::none(),
        Cell::new(width::clean(&said), Scope::Dim),
    ]
}

/// Whether a row above tells how much the account was asked: all environments that reach it in one
/// way are asked for at once.
fn is_told(model: &Model, watched: &Watched) -> bool {
    let mut above = model.watched.range(..&watched.environment);
    model.scope().is_none() && above.any(|(_, one)| one.access == watched.access)
}

/// An environment by its name or a shorter one, with its project where there are several.
pub fn named(model: &Model, key: &EnvironmentKey, name: &str) -> String {
    let project = (model.replica.projects.len() > 1).then(|| key.project.as_str());
    let named = project.map_or_else(|| name.to_owned(), |project| format!("{project} {name}"));
    width::clean(&named)
}

/// Who looks.
pub fn by_row(watched: &Watched) -> Vec<Cell> {
    let by = width::clean(&format!("  {}", by(watched)));
    let mut cells = vec![Cell::new(by.clone(), Scope::Dim).over(by)];
    cells.resize_with(super::COLUMNS.len(), Cell::none);
    cells
}

/// The role or the user that looks by its own name first, and with which credentials.
pub fn by(watched: &Watched) -> String {
    let access = &watched.access;
    match watched.identity.as_ref().map(|identity| own_name(&identity.arn)) {
        // The role that is taken on stands in its ARN: who we are says nothing else.
        Some(own) if own != access.by() => match &access.role {
            Some(_) => format!("{} as {own}", access.by()),
            None => format!("{own} by {}", access.by()),
        },
        Some(_) | None => access.by(),
    }
}

/// What an ARN is of, and its own name without what stands before it (IAM User Guide, "IAM
/// identifiers").
fn own_name(arn: &str) -> String {
    let whole = arn.splitn(6, ':').last().unwrap_or(arn);
    let (kind, path) = whole.split_once('/').unwrap_or((whole, ""));
    let last = path.rsplit('/').next().unwrap_or(path);
    match kind {
        // The session's name comes after the role's.
        "assumed-role" => format!("role {}", path.split('/').next().unwrap_or(path)),
        _ if last.is_empty() => whole.to_owned(),
        _ => format!("{kind} {last}"),
    }
}

/// Account, region and who looks, as far as there is room: what is decisive is cut last.
pub fn title(watched: &Watched, room: usize) -> String {
    let Access { account, region, .. } = &watched.access;
    let whole = format!("{account} {region} · {}", by(watched));
    let place = format!("{account} {region}");
    let fits = |text: &String| width::of(text) <= room;
    let shown = [whole, place].into_iter().find(fits).unwrap_or_else(|| account.clone());
    width::clean(&shown)
}
