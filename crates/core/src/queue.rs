//! The job queue: who gets a place in it, and who goes first.
//!
//! A head that is to be built is *owed* a run from the moment it is seen ([`Branch::owed`]) until
//! that run is queued. So a push that meets a full queue is not lost: it waits for a place.

use std::collections::BTreeMap;

use crate::command::{Rejection, RejectionKind};
use crate::event::{Event, RunEvent};
use crate::id::{BranchName, EnvironmentName, ProjectName, RunId};
use crate::run::{Run, RunPhase, RunResult, Trigger};
use crate::state::{Branch, State};
use crate::time::Timestamp;

/// The runs that wait, in the order in which they get an executor: those of branches that feed a
/// named environment, then previews and the rest, each in the order in which they came. So
/// production waits for none of the previews in the queue, however many there are.
pub fn waiting(state: &State) -> impl Iterator<Item = &Run> {
    let queued = || queued(state);
    let is_first = |run: &&Run| feeds_named(state, &run.project, run.environment.as_ref());
    queued().filter(is_first).chain(queued().filter(move |run| !is_first(run)))
}

/// Puts a run of a branch's head into the queue; an older one that still waits makes place for it.
pub(crate) fn enter(
    state: &State,
    project: &ProjectName,
    name: &BranchName,
    branch: &Branch,
    trigger: Trigger,
    now: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    let waiting = queued(state).count();
    let mut older = queued(state).filter(|run| run.project == *project && run.branch == *name);
    let older = older.next().map(|run| run.id);
    if older.is_none() && waiting >= state.limits.queued_runs as usize {
        return Err(Rejection::new(
            RejectionKind::Full,
            format!("{waiting} runs wait already; cancel some or wait"),
        ));
    }
    let run = made((project, name, branch), state.last_run.next(), trigger, now);
    Ok(replacing(older, run))
}

/// Queues the runs that are owed, as far as there is room: named environments first, then who has
/// waited longest.
pub(crate) fn owed(state: &State, now: Timestamp) -> Vec<Event> {
    let mut owed: Vec<_> = state
        .projects
        .iter()
        .flat_map(|(project, found)| {
            found.branches.iter().map(move |(name, branch)| (project, name, branch))
        })
        .filter_map(|place| place.2.waits_for_place().map(|trigger| (place, trigger)))
        .collect();
    if owed.is_empty() {
        return Vec::new();
    }
    owed.sort_by_key(|((project, _, branch), _)| {
        (!feeds_named(state, project, branch.environment.as_ref()), branch.seen_at)
    });
    let older: BTreeMap<_, _> =
        queued(state).map(|run| ((&run.project, &run.branch), run.id)).collect();
    let mut room = (state.limits.queued_runs as usize).saturating_sub(queued(state).count());
    let mut id = state.last_run;
    let mut events = Vec::new();
    for (place, trigger) in owed {
        let older = older.get(&(place.0, place.1)).copied();
        if older.is_none() && room == 0 {
            continue;
        }
        room -= usize::from(older.is_none());
        id = id.next();
        events.extend(replacing(older, made(place, id, trigger, now)));
    }
    events
}

fn queued(state: &State) -> impl Iterator<Item = &Run> {
    let live = state.live_runs.iter().filter_map(|id| state.runs.get(id));
    live.filter(|run| run.phase == RunPhase::Queued)
}

/// Whether a branch feeds an environment that the operator named, and not a preview.
fn feeds_named(
    state: &State,
    project: &ProjectName,
    environment: Option<&EnvironmentName>,
) -> bool {
    let spec = state.projects.get(project).map(|project| &project.spec);
    environment.zip(spec).is_some_and(|(environment, spec)| {
        spec.environments.iter().any(|one| !one.preview && one.name == *environment)
    })
}

fn made(
    (project, name, branch): (&ProjectName, &BranchName, &Branch),
    id: RunId,
    trigger: Trigger,
    now: Timestamp,
) -> Run {
    Run {
        id,
        project: project.clone(),
        branch: name.clone(),
        environment: branch.environment.clone(),
        commit: branch.head.id.clone(),
        subject: branch.head.subject.clone(),
        trigger,
        queued_at: now,
        started_at: None,
        phase: RunPhase::Queued,
        cancelled_by: None,
        pipeline: None,
        steps: Vec::new(),
        service: None,
    }
}

fn replacing(older: Option<RunId>, run: Run) -> Vec<Event> {
    let result = RunResult::Superseded { by: run.id };
    let ended = older.map(|id| Event::Run(RunEvent::Ended { id, result }));
    ended.into_iter().chain([Event::Run(RunEvent::Queued { run: Box::new(run) })]).collect()
}
