//! Projects that are removed: one goes with all that is remembered of it, once nothing of it runs.

use std::collections::BTreeSet;

use crate::event::{EngineEvent, Event, ProjectEvent};
use crate::id::{ArtifactDigest, ProjectName};
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
    let (own, others): (Vec<_>, Vec<_>) = state.runs.values().partition(|run| run.project == *name);
    let releases = state.environments.values().flat_map(|environment| {
        let releases = environment.releases.values().map(|release| &release.artifact);
        releases.chain(environment.ready.as_ref().map(|ready| &ready.artifact))
    });
    // Another project can have sealed the same bytes, or be about to.
    let used: BTreeSet<&ArtifactDigest> =
        others.iter().filter_map(|run| run.sealed()).chain(releases).collect();
    let artifacts = state.artifacts.keys().filter(|digest| !used.contains(digest)).cloned();
    let deployments = state.deployments.values().filter(|one| one.environment.project == *name);
    Event::Engine(EngineEvent::Forgot {
        runs: own.iter().map(|run| run.id).collect(),
        deployments: deployments.map(|one| one.id).collect(),
        artifacts: artifacts.collect(),
    })
}
