//! The first promise: how many serve, and who may lower it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Rule, Violation};
use crate::deployment::{EnvironmentKey, Phase};
use crate::id::InstanceId;
use crate::instance::{Instance, InstancePhase, Role};
use crate::routing::TargetState;
use crate::state::{Environment, State};

/// The instances of each environment that serve and are well.
pub(super) type Serving = BTreeMap<EnvironmentKey, BTreeSet<InstanceId>>;

pub(super) fn serving(state: &State) -> Serving {
    let mut serving = Serving::new();
    for instance in state.instances.values().filter(|instance| is_well(instance)) {
        serving.entry(instance.environment.clone()).or_default().insert(instance.id.clone());
    }
    serving
}

fn is_well(instance: &Instance) -> bool {
    instance.role == Role::Active
        && instance.is_proved()
        && instance.health.state != TargetState::Unhealthy
}

/// Whether it runs and is not known to be what it was: it was started again meanwhile.
fn has_to_prove_itself(instance: &Instance) -> bool {
    matches!(instance.phase, InstancePhase::Running { proved: false, .. })
}

/// Judges a turn by who served before it and after it.
///
/// What is lost or unwell is the world's doing. What is well and serves no longer was taken out
/// by a decision, and enough must be left.
pub(super) fn judge(before: &Serving, state: &State, after: &Serving) -> Vec<Violation> {
    let none = BTreeSet::new();
    let mut found = Vec::new();
    for (key, had) in before {
        let Some(environment) = state.environments.get(key) else { continue };
        let has = after.get(key).unwrap_or(&none);
        let taken = had.difference(has).filter(|id| {
            state.instances.get(*id).is_some_and(|instance| {
                // A person who stops one may have said that too few are left.
                let is_stopped = environment.current == Some(instance.release)
                    && environment.stopped.contains(&instance.slot);
                instance.role != Role::Active
                    && instance.health.state != TargetState::Unhealthy
                    && !has_to_prove_itself(instance)
                    && !is_stopped
            })
        });
        let (taken, least) = (taken.count(), least(state, environment, had.len()));
        if taken > 0 && has.len() < least {
            let what = format!("{key}: {} served, {} serve, {least} must", had.len(), has.len());
            found.push(Violation::new(Rule::Serving, what));
        }
    }
    found
}

/// How many must be left of so many.
fn least(state: &State, environment: &Environment, had: usize) -> usize {
    if environment.removing || state.halting {
        return 0;
    }
    let by_spec = environment.fewest(environment.wanted());
    let running = environment.running.and_then(|id| state.deployments.get(&id));
    let Some(deployment) = running else {
        return if environment.current.is_none() { 0 } else { by_spec.min(had) };
    };
    // On the way back what is left is what came back; with no predecessor nothing does.
    if matches!(deployment.phase, Phase::RollingBack { .. }) {
        let mut old = deployment.old.iter().filter_map(|id| state.instances.get(id));
        return usize::from(old.any(is_well)).min(had);
    }
    let fewest = by_spec.min(deployment.fewest()).min(had);
    // Traffic had not moved: what is given up, or goes back to the gate, never counted; what served
    // before must again, but for those of it that the world has made unwell meanwhile.
    let is_at_gate = deployment.phase == Phase::Starting && !deployment.shifted;
    if is_at_gate || matches!(deployment.phase, Phase::Aborting { .. }) {
        let was_well = |instance: &&Instance| {
            instance.is_proved() && instance.health.state != TargetState::Unhealthy
        };
        let old = deployment.old.iter().filter_map(|id| state.instances.get(id));
        return old.filter(was_well).count().min(fewest);
    }
    fewest
}
