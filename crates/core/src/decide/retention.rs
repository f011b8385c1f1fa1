//! What is forgotten so that nothing grows without end.

use std::collections::{BTreeMap, BTreeSet};

use crate::deployment::EnvironmentKey;
use crate::event::{EngineEvent, EnvironmentEvent, Event, environment_key};
use crate::id::{ArtifactDigest, DeploymentId, ProjectName, ReleaseNumber, RunId};
use crate::run::Run;
use crate::state::{Environment, Fate, State};

/// How many runs of branches that feed no environment can be deployed by their numbers.
const OF_NO_ENVIRONMENT: u32 = 5;

/// Forgets ended runs, releases, deployments and artifacts of a project beyond those kept.
///
/// Called when a run ends. What is current, waits, is live or could be rolled back to is kept.
pub(super) fn after_run(state: &State, project: &ProjectName) -> Vec<Event> {
    let Some(found) = state.projects.get(project) else { return Vec::new() };
    let mut events = Vec::new();
    let mut gone = Gone { runs: runs(state, project, found.spec.keep_runs), ..Gone::default() };
    for (key, environment) in state.environments.iter().filter(|(key, _)| key.project == *project) {
        let numbers = releases(state, key, environment);
        if !numbers.is_empty() {
            gone.releases.insert(key, numbers.iter().copied().collect());
            let key = key.clone();
            events.push(Event::Environment(EnvironmentEvent::ReleasesForgotten { key, numbers }));
        }
    }
    let artifacts = unused(state, &gone);
    let deployments = deployments(state, project);
    if !(gone.runs.is_empty() && artifacts.is_empty() && deployments.is_empty()) {
        let runs = gone.runs.into_iter().collect();
        events.push(Event::Engine(EngineEvent::Forgot { runs, deployments, artifacts }));
    }
    events
}

/// Removes an environment, and forgets the artifacts that nothing else uses.
pub(crate) fn remove(state: &State, key: &EnvironmentKey) -> Vec<Event> {
    let gone = Gone { environment: Some(key), ..Gone::default() };
    let artifacts = unused(state, &gone);
    let mut events = vec![Event::Environment(EnvironmentEvent::Removed { key: key.clone() })];
    if !artifacts.is_empty() {
        let (runs, deployments) = (Vec::new(), Vec::new());
        events.push(Event::Engine(EngineEvent::Forgot { runs, deployments, artifacts }));
    }
    events
}

/// What is about to go.
#[derive(Default)]
pub(crate) struct Gone<'a> {
    pub(crate) runs: BTreeSet<RunId>,
    pub(crate) environment: Option<&'a EnvironmentKey>,
    pub(crate) releases: BTreeMap<&'a EnvironmentKey, BTreeSet<ReleaseNumber>>,
}

/// The artifacts that nothing uses once something is gone. Those are used that a release has, that
/// are ready, or that a run can still be deployed with. Two projects can have sealed the same bytes:
/// what any of them uses stays.
pub(crate) fn unused(state: &State, gone: &Gone<'_>) -> Vec<ArtifactDigest> {
    let mut used: BTreeSet<&ArtifactDigest> = deployable(state, gone).collect();
    let stays = |key: &EnvironmentKey| gone.environment != Some(key);
    for (key, environment) in state.environments.iter().filter(|(key, _)| stays(key)) {
        let forgotten = gone.releases.get(key);
        let is_kept = |number: &ReleaseNumber| !forgotten.is_some_and(|all| all.contains(number));
        let kept = environment.releases.iter().filter(|(number, _)| is_kept(number));
        used.extend(kept.map(|(_, release)| &release.artifact));
        used.extend(environment.ready.as_ref().map(|ready| &ready.artifact));
    }
    state.artifacts.keys().filter(|digest| !used.contains(digest)).cloned().collect()
}

/// What runs have sealed that have not ended, that are the last of a branch which feeds an
/// environment, or that are among the newest made for one: as many as it keeps releases.
fn deployable<'a>(state: &'a State, gone: &Gone<'_>) -> impl Iterator<Item = &'a ArtifactDigest> {
    let feeding = state.projects.values().flat_map(|project| project.branches.values());
    let feeding = feeding.filter(|branch| branch.environment.is_some());
    let heads: BTreeSet<RunId> = feeding.filter_map(|branch| branch.last_run).collect();
    let keep = |run: &Run| {
        let Some(name) = &run.environment else { return OF_NO_ENVIRONMENT };
        let key = environment_key(&run.project, name);
        let found = state.environments.get(&key).filter(|_| gone.environment != Some(&key));
        found.map_or(0, |environment| environment.spec.keep_releases)
    };
    let is_there = |run: &Run| {
        run.environment.is_some()
            || state
                .projects
                .get(&run.project)
                .is_some_and(|project| project.branches.contains_key(&run.branch))
    };
    let mut counts: BTreeMap<_, u32> = BTreeMap::new();
    let newest = state.runs.values().rev().filter(|run| !gone.runs.contains(&run.id));
    newest.filter_map(move |run| {
        let artifact = run.sealed()?;
        let count = counts.entry((&run.project, &run.environment)).or_default();
        *count += u32::from(is_there(run));
        let is_new = is_there(run) && *count <= keep(run);
        (is_new || !run.is_ended() || heads.contains(&run.id)).then_some(artifact)
    })
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
    let mut seen = BTreeMap::<_, u32>::new();
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
