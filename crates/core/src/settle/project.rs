//! Projects that are removed: one goes with all that is remembered of it, once nothing of it runs.

use crate::decide::retention::{Gone, unused};
use crate::event::{EngineEvent, Event, ProjectEvent};
use crate::id::ProjectName;
use crate::state::State;

pub(super) fn settle(state: &State) -> Vec<Event> {
    let removed = state.projects.iter().filter(|(_, project)| project.removing);
    let mut gone = removed.filter(|(name, _)| !is_in_use(state, name));
    gone.next().map_or_else(Vec::new, |(name, _)| {
        vec![forget(state, name), Event::Project(ProjectEvent::Removed { project: name.clone() })]
    })
}

/// An environment goes after its instances and its deployments.
fn is_in_use(state: &State, name: &ProjectName) -> bool {
    let mut live = state.live_runs.iter().filter_map(|id| state.runs.get(id));
    state.environments.keys().any(|key| key.project == *name)
        || live.any(|run| run.project == *name)
}

/// Its runs, its deployments, and the artifacts that only they used.
fn forget(state: &State, name: &ProjectName) -> Event {
    let own = state.runs.values().filter(|run| run.project == *name).map(|run| run.id);
    let gone = Gone { runs: own.collect(), ..Gone::default() };
    let deployments = state.deployments.values().filter(|one| one.environment.project == *name);
    Event::Engine(EngineEvent::Forgot {
        deployments: deployments.map(|one| one.id).collect(),
        artifacts: unused(state, &gone),
        runs: gone.runs.into_iter().collect(),
    })
}
