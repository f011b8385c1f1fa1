//! The branches and the environments that they feed.

use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::id::ReleaseNumber;
use pilothouse_core::state::Environment;

use super::head::{behind, failed, ready};
use super::journey::watched_state;
use super::serving::serving;
use super::{Cell, Column, Row, left, name, right, words};
use crate::age;
use crate::model::{BranchRef, Model};
use crate::theme::{Mark, Scope};
use crate::width;

/// Project, environment, branch, commit, age, state.
pub const COLUMNS: &[Column] = &[
    name(4, 14, 0),
    name(4, 14, 0),
    name(8, 60, 0),
    left(7, 7, 3),
    right(3, 4, 4),
    left(8, 60, 0),
];

/// Makes a row.
pub fn row(model: &Model, row: &BranchRef) -> Row {
    let facts = model.branch_facts(row);
    let many = model.replica.projects.len() > 1;
    let project =
        if many { Cell::new(width::clean(row.project.as_str()), Scope::Dim) } else { Cell::none() };
    let environment = match &row.environment {
        Some(key) => {
            let (name, tone) = words::environment(model, key);
            let short = words::short_environment(&name);
            Cell::new(name, tone).or(short)
        }
        None => Cell::new("—", Scope::Dim),
    };
    let branch = match &row.branch {
        Some(branch) => Cell::new(width::clean(branch.as_str()), Scope::Text),
        None => gone_branch(model, row),
    };
    let poll = model.replica.projects.get(&row.project).map(|project| &project.poll);
    // Where the repository is not reached these are what it last was.
    let unread = poll.is_some_and(|poll| poll.error.is_some());
    let tone = if unread { Scope::StateStale } else { Scope::Dim };
    let commit = facts.map_or_else(Cell::none, |facts| Cell::new(facts.head.id.short(), tone));
    let seen =
        facts.map_or_else(Cell::none, |facts| Cell::new(age::ago(model.now, facts.head.at), tone));
    Row { cells: vec![project, environment, branch, commit, seen, state(model, row)] }
}

/// What stands for a branch that is no longer there: a preview outlives its branch for a moment,
/// and is still known by it.
fn gone_branch(model: &Model, row: &BranchRef) -> Cell {
    let environment = row.environment.as_ref().and_then(|key| model.environment(key));
    if environment.is_some_and(|environment| environment.spec.runtime.watch().is_some()) {
        return Cell::new("at AWS", Scope::Dim);
    }
    if is_first_look(model, row) {
        return Cell::new("not known yet", Scope::Dim);
    }
    let preview = environment.and_then(|environment| environment.preview_of.as_ref());
    let gone = preview.map_or("no branch".to_owned(), |branch| width::clean(branch.as_str()));
    Cell::new(gone, Scope::Dim)
}

/// What happens to a branch, or what serves it.
fn state(model: &Model, row: &BranchRef) -> Cell {
    let environment = row.environment.as_ref().and_then(|key| model.environment(key));
    let watched = || row.environment.as_ref().and_then(|key| watched(model, key));
    let deployed = || environment.and_then(|environment| deployed(model, environment));
    if let Some(cell) = watched().or_else(deployed) {
        return cell;
    }
    let serves = environment.and_then(|environment| served(model, row, environment));
    let current = environment.and_then(|environment| environment.current);
    // Beside what happens to the head it is enough to name the release that serves.
    let after = |serves: &Option<(Mark, String)>| match (serves, current) {
        (Some((Mark::Ok, _)), Some(current)) => format!(" · {current} serves"),
        (Some((_, text)), _) => format!(" · {text}"),
        (None, _) => String::new(),
    };
    let facts = model.branch_facts(row);
    let waits = facts.is_some_and(|branch| branch.waits_for_place().is_some());
    let run = facts.and_then(|branch| branch.last_run).and_then(|id| model.replica.runs.get(&id));
    let ready = ready(model, row);
    // A release that does not serve as it should matters more than what comes after it.
    if let Some((mark @ (Mark::Error | Mark::Warn), ill)) = &serves {
        let next = match run.map(words::run) {
            _ if waits => Some(words::WAITS_FOR_PLACE.to_owned()),
            Some((Mark::Running | Mark::Pending | Mark::Error | Mark::Unknown, doing)) => {
                Some(doing)
            }
            Some(_) | None => ready,
        };
        let text = next.map_or_else(|| ill.clone(), |next| format!("{ill} · {next}"));
        return Cell::state(*mark, text).or(ill.clone());
    }
    if waits {
        let text = format!("{}{}", words::WAITS_FOR_PLACE, after(&serves));
        return beside(Cell::state(Mark::Pending, text), current);
    }
    if let Some(run) = run {
        let (mark, doing) = words::run(run);
        match mark {
            Mark::Running | Mark::Pending | Mark::Error | Mark::Unknown => {
                return beside(Cell::state(mark, format!("{doing}{}", after(&serves))), current);
            }
            _ => {}
        }
    }
    if let Some(ready) = ready {
        let text = format!("{ready}{}", after(&serves));
        let short = current.map_or(String::new(), |current| format!("{ready}·{current}"));
        return Cell::state(Mark::Ready, text).or(short);
    }
    if let (Some((Mark::Ok, _)), Some(environment)) = (&serves, environment)
        && let Some(behind) = behind(model, row, environment)
    {
        return Cell::state(Mark::Warn, behind.short()).or(behind.shortest());
    }
    match (serves, run) {
        (Some((mark, text)), _) => Cell::state(mark, text),
        (None, Some(run)) => {
            let failed = environment.and_then(|environment| failed(model, row, environment));
            if let Some((mark, how)) = failed {
                return Cell::state(mark, format!("{how}, nothing serves")).or(how);
            }
            let (mark, text) = words::run(run);
            Cell::state(mark, text)
        }
        (None, None) => Cell { tone: Scope::Dim, ..never_ran(model, row) },
    }
}

/// What is seen of an environment that is only watched.
fn watched(model: &Model, key: &EnvironmentKey) -> Option<Cell> {
    is_watched(model, key).then(|| {
        let seen = model.watched.get(key);
        let asking = || Cell::state(Mark::Running, "asking");
        seen.map_or_else(asking, |seen| watched_state(model, seen))
    })
}

/// What the deployment that runs does.
fn deployed(model: &Model, environment: &Environment) -> Option<Cell> {
    let deployment = model.replica.deployments.get(&environment.running?)?;
    let (mark, doing) = words::deployment(model, deployment);
    let release = deployment.release;
    let short = match words::count_up(model, deployment) {
        Some(up) => format!("{release} {up}"),
        None => release.to_string(),
    };
    Some(Cell::state(mark, format!("{release} {doing}")).or(short))
}

/// Nothing ran of it: a branch that was passed over waits for a push and for nothing else.
fn never_ran(model: &Model, row: &BranchRef) -> Cell {
    let branch = row.branch.as_ref();
    let why = branch.and_then(|b| words::no_preview(&model.replica, &row.project, b, model.now));
    match why {
        Some((why, short)) => Cell::state(Mark::None, why).or(short),
        None if is_first_look(model, row) => Cell::state(Mark::Pending, "first look"),
        None => Cell::state(Mark::None, "no run yet"),
    }
}

/// Whether nobody knows its project's branches yet.
fn is_first_look(model: &Model, row: &BranchRef) -> bool {
    let project = model.replica.projects.get(&row.project);
    project.is_some_and(|project| project.first_look().is_some())
}

/// Whether an environment is only watched at AWS, and stays.
fn is_watched(model: &Model, key: &EnvironmentKey) -> bool {
    let known = model.environment(key);
    known.is_some_and(|one| one.spec.runtime.watch().is_some() && !one.removing)
}

/// Keeps the release that serves in sight where what happens to the head is too long.
fn beside(cell: Cell, current: Option<ReleaseNumber>) -> Cell {
    let Some(current) = current else {
        return cell;
    };
    let first = cell.text.split([' ', ':']).next().unwrap_or_default();
    let short = format!("{first}·{current}");
    cell.or(short)
}

fn served(model: &Model, row: &BranchRef, environment: &Environment) -> Option<(Mark, String)> {
    let key = row.environment.as_ref()?;
    if environment.removing {
        return Some((Mark::Draining, "being removed".to_owned()));
    }
    let current = environment.current?;
    let serving = serving(model, key);
    let mark = serving.mark();
    let text = match mark {
        Mark::Ok => current.to_string(),
        _ if serving.is_stopped() => format!("{current} stopped"),
        Mark::Unknown => format!("{current} health unknown"),
        _ if serving.stopped > 0 => {
            let (healthy, asked) = (serving.healthy, serving.asked());
            format!("{current} {healthy}/{asked}, {} stopped", serving.stopped)
        }
        _ => format!("{current} {}/{} healthy", serving.healthy, serving.wanted),
    };
    Some((mark, text))
}
