//! What must hold in every state that has settled.

use std::collections::BTreeSet;

use super::{Rule, Violation};
use crate::deployment::{Deployment, Phase};
use crate::instance::{InstancePhase, Role};
use crate::routing::Role as TargetRole;
use crate::state::State;
use crate::table;

/// Says what is wrong with a state that has settled; nothing where all is well.
///
/// Takes time in proportion to what the state holds.
pub fn check(state: &State) -> Vec<Violation> {
    let mut found = Vec::new();
    runs(state, &mut found);
    deployments(state, &mut found);
    environments(state, &mut found);
    instances(state, &mut found);
    found
}

fn runs(state: &State, found: &mut Vec<Violation>) {
    let live: BTreeSet<_> =
        state.runs.values().filter(|run| !run.is_ended()).map(|run| run.id).collect();
    if live != state.live_runs {
        found.push(Violation::new(Rule::References, "the live runs are not those not ended"));
    }
    if state.runs.keys().next_back().is_some_and(|last| *last > state.last_run) {
        found.push(Violation::new(Rule::UsedOnce, "a run is newer than the last number"));
    }
    for run in state.runs.values().filter(|run| !state.projects.contains_key(&run.project)) {
        let what = format!("run {} is of {}, which is no project", run.id, run.project);
        found.push(Violation::new(Rule::References, what));
    }
}

fn deployments(state: &State, found: &mut Vec<Violation>) {
    let live: BTreeSet<_> =
        state.deployments.values().filter(|d| !d.is_ended()).map(|d| d.id).collect();
    if live != state.live_deployments {
        found
            .push(Violation::new(Rule::References, "the live deployments are not those not ended"));
    }
    let of = |deployment: &Deployment| state.projects.contains_key(&deployment.environment.project);
    for deployment in state.deployments.values().filter(|deployment| !of(deployment)) {
        let what = format!("{} is of no project", deployment.id);
        found.push(Violation::new(Rule::References, what));
    }
    for deployment in live.iter().filter_map(|id| state.deployments.get(id)) {
        let id = deployment.id;
        let Some(environment) = state.environments.get(&deployment.environment) else {
            found.push(Violation::new(Rule::References, format!("{id} has no environment")));
            continue;
        };
        let queued = deployment.phase == Phase::Queued;
        let place = if queued { environment.waiting } else { environment.running };
        if place != Some(id) {
            let what = format!("{id} is {:?}, but its place is {place:?}'s", deployment.phase);
            found.push(Violation::new(Rule::OneDeployment, what));
        }
        if deployment.new.iter().any(|new| deployment.old.contains(new)) {
            found.push(Violation::new(Rule::UsedOnce, format!("{id} has an instance twice")));
        }
        if !environment.releases.contains_key(&deployment.release) {
            let what = format!("{id} deploys {}, which is not kept", deployment.release);
            found.push(Violation::new(Rule::References, what));
        }
    }
}

fn environments(state: &State, found: &mut Vec<Violation>) {
    for (key, environment) in &state.environments {
        let kept = |number| environment.releases.contains_key(&number);
        if !environment.current.is_none_or(kept) {
            let what = format!("{key} serves a release that is not kept");
            found.push(Violation::new(Rule::References, what));
        }
        if !state.projects.contains_key(&key.project) {
            found.push(Violation::new(Rule::References, format!("{key} has no project")));
        }
        for id in [environment.running, environment.waiting].into_iter().flatten() {
            if !state.live_deployments.contains(&id) {
                let what = format!("{key} is held by {id}, which has ended");
                found.push(Violation::new(Rule::OneDeployment, what));
            }
        }
        if environment.ready.as_ref().is_some_and(|r| !state.artifacts.contains_key(&r.artifact)) {
            let what = format!("{key} has an artifact ready that is not kept");
            found.push(Violation::new(Rule::References, what));
        }
    }
}

fn instances(state: &State, found: &mut Vec<Violation>) {
    for (id, instance) in &state.instances {
        let fits = match &instance.phase {
            InstancePhase::Starting | InstancePhase::Stopping { .. } => instance.role == Role::None,
            InstancePhase::Running { .. } => instance.role != Role::None,
            InstancePhase::Gone { .. } => false,
        };
        if !fits || *id != instance.id {
            let what = format!("{id} is {:?} as {:?}", instance.role, instance.phase);
            found.push(Violation::new(Rule::Roles, what));
        }
        let gets = table::target_of(state, id).map(|target| target.role);
        if gets == Some(TargetRole::Active) && !instance.is_proved() {
            let what = format!("{id} gets visitors before it is proved");
            found.push(Violation::new(Rule::Roles, what));
        }
        let known = state
            .environments
            .get(&instance.environment)
            .is_some_and(|environment| environment.releases.contains_key(&instance.release));
        if !known {
            let what = format!("{id} runs a release that is not kept");
            found.push(Violation::new(Rule::References, what));
        }
    }
}
