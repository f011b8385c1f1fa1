//! Runs and deployments: what runs, what waits in which place, what came of the last ones.

use pilothouse_core::deployment::{Deployment, DeploymentKind, Phase};
use pilothouse_core::id::ProjectName;
use pilothouse_core::run::{Run, RunPhase};
use pilothouse_core::time::Timestamp;

use super::{Cell, Column, Row, left, name, right, sentence, words};
use crate::age;
use crate::model::{JobRef, Model};
use crate::theme::{Mark, Scope};
use crate::width;

/// Number, project, what, doing or result, how long, how long ago.
pub const COLUMNS: &[Column] = &[
    left(9, 9, 0),
    left(4, 14, 0),
    name(9, 60, 0),
    sentence(8, 80, 0),
    right(4, 5, 2),
    right(4, 4, 3),
];

/// Makes a row.
pub fn row(model: &Model, job: JobRef) -> Row {
    match (model.run_of(job), model.deployment_of(job)) {
        (Some(run), _) => of_run(model, run),
        (None, Some(deployment)) => of_deployment(model, deployment),
        (None, None) => Row { cells: vec![Cell::new("forgotten", Scope::Dim)] },
    }
}

fn of_run(model: &Model, run: &Run) -> Row {
    let (mark, doing) = words::run(run);
    let what = Cell::new(width::clean(run.branch.as_str()), Scope::Text);
    let (took, when) = match (&run.phase, run.started_at) {
        (RunPhase::Queued, _) => (String::new(), age::ago(model.now, run.queued_at)),
        (RunPhase::Ended { at, .. }, since) => times(model, since, *at),
        (_, since) => {
            (age::running(model.known_at(), since.unwrap_or(run.queued_at)), String::new())
        }
    };
    let (doing, short) = match (&run.phase, place(model, JobRef::Run(run.id))) {
        (RunPhase::Queued, Some(place)) => (format!("queued {}", ordinal(place)), ordinal(place)),
        _ => (doing, String::new()),
    };
    let project = project(model, &run.project);
    cells((mark, run.id.to_string(), project), what, (doing, short), took, when)
}

fn of_deployment(model: &Model, deployment: &Deployment) -> Row {
    let (mark, doing) = words::deployment(model, deployment);
    let arrow = match &deployment.kind {
        DeploymentKind::Deploy => "to",
        DeploymentKind::Rollback => "back in",
        DeploymentKind::Promotion { .. } => "promoted to",
    };
    let key = &deployment.environment;
    let (name, _) = words::place(model, key);
    // The number first: it is what is looked for, and a long name may be cut.
    let said = |name: &str| format!("{} {arrow} {name}", deployment.release);
    let what = Cell::new(said(&name), Scope::Text);
    let what = match words::short_environment(&name) {
        "" => what,
        short => what.or(said(short)),
    };
    let (took, when) = match &deployment.phase {
        Phase::Queued => (String::new(), age::ago(model.now, deployment.queued_at)),
        Phase::Ended { at, .. } => times(model, Some(deployment.queued_at), *at),
        _ => (age::running(model.known_at(), deployment.queued_at), String::new()),
    };
    let running = model.environment(key).and_then(|environment| environment.running);
    let (doing, short) = match (&deployment.phase, running) {
        (Phase::Queued, Some(running)) => {
            (format!("waits for {running}"), format!("after {running}"))
        }
        _ => (doing, words::count_up(model, deployment).unwrap_or_default()),
    };
    let project = project(model, &key.project);
    let number = (mark, deployment.id.to_string(), project);
    cells(number, what, (doing, short), took, when)
}

fn times(model: &Model, since: Option<Timestamp>, at: Timestamp) -> (String, String) {
    let took = since.map_or_else(String::new, |since| age::length(at.since(since)));
    (took, age::ago(model.now, at))
}

/// The project's name, where there are several.
fn project(model: &Model, name: &ProjectName) -> Cell {
    if model.replica.projects.len() > 1 {
        Cell::new(width::clean(name.as_str()), Scope::Dim)
    } else {
        Cell::none()
    }
}

fn cells(
    (mark, id, project): (Mark, String, Cell),
    what: Cell,
    (doing, short): (String, String),
    took: String,
    when: String,
) -> Row {
    let tone = match mark {
        Mark::Error => Scope::StateError,
        Mark::Running | Mark::Warn => Scope::Text,
        _ => Scope::Dim,
    };
    Row {
        cells: vec![
            Cell { tone: Scope::Dim, ..Cell::state(mark, id) },
            project,
            what,
            Cell::new(doing, tone).or(short),
            Cell::new(took, Scope::Text),
            Cell::new(when, Scope::Dim),
        ],
    }
}

/// A queued run's place among those that wait, from 1.
fn place(model: &Model, job: JobRef) -> Option<usize> {
    let queued = model.index.live.iter().filter(|other| {
        model.run_of(**other).is_some_and(|run| matches!(run.phase, RunPhase::Queued))
    });
    queued.into_iter().position(|other| *other == job).map(|place| place + 1)
}

fn ordinal(number: usize) -> String {
    let ending = match (number % 10, number % 100) {
        (1, rest) if rest != 11 => "st",
        (2, rest) if rest != 12 => "nd",
        (3, rest) if rest != 13 => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}
