//! What is forgotten so that nothing grows without end.

use std::collections::BTreeSet;

use crate::deployment::EnvironmentKey;
use crate::event::{EngineEvent, EnvironmentEvent, Event};
use crate::id::{ArtifactDigest, DeploymentId, ProjectName, ReleaseNumber, RunId};
use crate::state::{Environment, Fate, State};

/// Forgets ended runs, releases, deployments and artifacts of a project beyond those kept.
///
/// Called when a run ends. What is current, waits, is live or could be rolled back to is kept.
pub(super) fn after_run(state: &State, project: &ProjectName) -> Vec<Event> {
    let Some(found) = state.projects.get(project) else { return Vec::new() };
    let mut events = Vec::new();
    let mut used: BTreeSet<&ArtifactDigest> = BTreeSet::new();
    // Two projects can have sealed the same bytes: what any of them uses is kept.
    for (key, environment) in &state.environments {
        let forgotten =
            if key.project == *project { releases(state, key, environment) } else { Vec::new() };
        let kept = environment.releases.iter().filter(|(number, _)| !forgotten.contains(number));
        used.extend(kept.map(|(_, release)| &release.artifact));
        used.extend(environment.ready.as_ref().map(|ready| &ready.artifact));
        if !forgotten.is_empty() {
            let (key, numbers) = (key.clone(), forgotten);
            events.push(Event::Environment(EnvironmentEvent::ReleasesForgotten { key, numbers }));
        }
    }
    let runs = runs(state, project, found.spec.keep_runs);
    let kept = state.runs.values().filter(|run| !runs.contains(&run.id));
    used.extend(kept.filter_map(|run| run.sealed()));
    let artifacts: Vec<ArtifactDigest> = state
        .artifacts
        .values()
        .map(|artifact| &artifact.digest)
        .filter(|digest| !used.contains(digest))
        .cloned()
        .collect();
    let deployments = deployments(state, project);
    if !(runs.is_empty() && artifacts.is_empty() && deployments.is_empty()) {
        let runs = runs.into_iter().collect();
        events.push(Event::Engine(EngineEvent::Forgot { runs, deployments, artifacts }));
    }
    events
}

fn runs(state: &State, project: &ProjectName, keep: u32) -> BTreeSet<RunId> {
    let newest: BTreeSet<RunId> = state
        .projects
        .get(project)
        .map(|project| project.branches.values().filter_map(|branch| branch.last_run).collect())
        .unwrap_or_default();
    let ready: BTreeSet<RunId> = state
        .environments
        .values()
        .filter_map(|environment| environment.ready.as_ref().map(|ready| ready.run))
        .collect();
    state
        .runs
        .values()
        .rev()
        .filter(|run| run.project == *project && run.is_ended())
        .skip(keep as usize)
        .map(|run| run.id)
        .filter(|id| !newest.contains(id) && !ready.contains(id))
        .collect()
}

/// Releases that are neither current, nor in a live deployment, nor among the newest kept. Good
/// ones are counted apart from the others, so that failures never push out what works.
fn releases(state: &State, key: &EnvironmentKey, environment: &Environment) -> Vec<ReleaseNumber> {
    let spec = &environment.spec;
    if environment.releases.len() <= spec.keep_releases as usize + 1 {
        return Vec::new();
    }
    let live: BTreeSet<ReleaseNumber> = [environment.running, environment.waiting]
        .into_iter()
        .flatten()
        .filter_map(|id| state.deployments.get(&id))
        .flat_map(|deployment| [Some(deployment.release), deployment.previous])
        .flatten()
        .chain(environment.current)
        .chain(crate::plan::rollback_candidate(state, key).filter(|_| spec.keep_releases > 0))
        .chain(replaced(state, key).filter(|_| spec.keep_releases > 0))
        .chain(state.instances_of(key).map(|instance| instance.release))
        .collect();
    let keep = spec.keep_releases as usize;
    let (mut good, mut other) = (0, 0);
    let mut forgotten = Vec::new();
    // The newest number stays in any case: the next release is numbered after it.
    for (number, release) in environment.releases.iter().rev().skip(1) {
        if live.contains(number) {
            continue;
        }
        let count = if release.fate == Fate::Good { &mut good } else { &mut other };
        *count += 1;
        if *count > keep {
            forgotten.push(*number);
        }
    }
    forgotten
}

/// The release that the current one replaced: what a plan promises as its undo.
fn replaced(state: &State, key: &EnvironmentKey) -> Option<ReleaseNumber> {
    let mut newest_first = state.deployments.values().rev();
    let current = newest_first.find(|one| one.environment == *key && one.has_succeeded())?;
    current.previous
}

fn deployments(state: &State, project: &ProjectName) -> Vec<DeploymentId> {
    let mut seen = std::collections::BTreeMap::<_, u32>::new();
    let mut forgotten = Vec::new();
    let ended = state.deployments.values().rev().filter(|deployment| deployment.is_ended());
    for deployment in ended.filter(|deployment| deployment.environment.project == *project) {
        let count = seen.entry(&deployment.environment).or_default();
        *count += 1;
        if *count > state.limits.keep_deployments {
            forgotten.push(deployment.id);
        }
    }
    forgotten
}
