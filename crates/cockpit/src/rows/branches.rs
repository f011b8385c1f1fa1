//! The branches and the environments that they feed.

use pilothouse_core::plan::next_release_of;
use pilothouse_core::state::Environment;

use super::head::behind;
use super::serving::serving;
use super::{Cell, Column, Row, left, right, words};
use crate::age;
use crate::model::{BranchRef, Model};
use crate::theme::{Mark, Scope};
use crate::width;

/// Project, environment, branch, commit, age, state.
pub const COLUMNS: &[Column] = &[
    left(4, 14, 4),
    left(11, 14, 0),
    left(8, 30, 0),
    left(7, 7, 2),
    right(3, 4, 3),
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
            Cell::new(name, tone)
        }
        None => Cell::new("—", Scope::Dim),
    };
    let branch = match &row.branch {
        Some(branch) => Cell::new(width::clean(branch.as_str()), Scope::Text),
        None => Cell::new("no branch", Scope::Dim),
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

/// What happens to a branch, or what serves it.
fn state(model: &Model, row: &BranchRef) -> Cell {
    let environment = row.environment.as_ref().and_then(|key| model.environment(key));
    let running = environment
        .and_then(|environment| environment.running)
        .and_then(|id| model.replica.deployments.get(&id));
    if let Some(deployment) = running {
        let (mark, doing) = words::deployment(model, deployment);
        return Cell::state(mark, format!("{} {doing}", deployment.release));
    }
    let serves = environment.and_then(|environment| served(model, row, environment));
    let current = environment.and_then(|environment| environment.current);
    // Beside what happens to the head it is enough to name the release that serves.
    let after = |serves: &Option<(Mark, String)>| match (serves, current) {
        (Some((Mark::Ok | Mark::Warn, _)), Some(current)) => format!(" · {current} serves"),
        (Some((_, text)), _) => format!(" · {text}"),
        (None, _) => String::new(),
    };
    let run = model
        .branch_facts(row)
        .and_then(|branch| branch.last_run)
        .and_then(|id| model.replica.runs.get(&id));
    if let Some(run) = run {
        let (mark, doing) = words::run(run);
        match mark {
            Mark::Running | Mark::Pending => {
                return Cell::state(mark, format!("{doing}{}", after(&serves)));
            }
            // A release that does not serve as it should matters more than a failed build.
            Mark::Error | Mark::Unknown
                if !matches!(serves, Some((Mark::Error | Mark::Warn, _))) =>
            {
                return Cell::state(mark, format!("{doing}{}", after(&serves)));
            }
            _ => {}
        }
    }
    let ready = environment.is_some_and(|environment| environment.ready.is_some());
    if let Some(key) = row.environment.as_ref().filter(|_| ready) {
        return Cell::state(
            Mark::Ready,
            format!("{} ready{}", next_release_of(&model.replica, key), after(&serves)),
        );
    }
    match (serves, run) {
        (Some((mark, text)), _) => Cell::state(mark, text),
        (None, Some(run)) => {
            let (mark, text) = words::run(run);
            Cell::state(mark, text)
        }
        (None, None) => Cell { tone: Scope::Dim, ..Cell::state(Mark::None, "no run yet") },
    }
}

fn served(model: &Model, row: &BranchRef, environment: &Environment) -> Option<(Mark, String)> {
    let key = row.environment.as_ref()?;
    if environment.removing {
        return Some((Mark::Draining, "being removed".to_owned()));
    }
    let current = environment.current?;
    let serving = serving(model, key);
    let mark = serving.mark();
    if mark == Mark::Ok
        && let Some(behind) = behind(model, row, environment)
    {
        return Some((Mark::Warn, behind.short()));
    }
    let text = match mark {
        Mark::Ok => current.to_string(),
        Mark::Unknown => format!("{current} health unknown"),
        _ => format!("{current} {}/{} healthy", serving.healthy, serving.wanted),
    };
    Some((mark, text))
}
