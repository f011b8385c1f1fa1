//! The way back within a deployment: old instances serve again, new ones drain and stop.

use std::collections::BTreeSet;

use super::deployment::{ended, instance, instances, last_error, moved, role, stop_all};
use crate::deployment::{Deployment, DeploymentResult, Phase, RollbackStep};
use crate::event::{DeploymentEvent, Event};
use crate::id::InstanceId;
use crate::instance::{Instance, InstancePhase, Role};
use crate::routing::TargetState;
use crate::state::{Environment, State};
use crate::table;
use crate::time::{Millis, Timestamp};

/// How long old instances that are unhealthy have to mend while new ones serve.
pub(crate) const PATIENCE: Millis = Millis::seconds(30);

/// Begins the way back.
pub(super) fn begin(deployment: &Deployment, why: &str) -> Vec<Event> {
    vec![to(deployment, why, RollbackStep::Starting)]
}

pub(super) fn settle(
    state: &State,
    deployment: &Deployment,
    environment: &Environment,
    why: &str,
    step: RollbackStep,
    now: Timestamp,
) -> Vec<Event> {
    // Where all of it is taken away, and no table moves traffic any more, there is no way back.
    if step != RollbackStep::Stopping && table::ends_without(state, &deployment.environment) {
        let mut events = vec![to(deployment, why, RollbackStep::Stopping)];
        events.extend(stop_all(instances(state, &deployment.new)));
        return events;
    }
    match step {
        RollbackStep::Starting => starting(state, deployment, environment, why, now),
        RollbackStep::Shifting => shifting(state, deployment, why),
        RollbackStep::Draining => draining(state, deployment, why),
        RollbackStep::Stopping => stopping(state, deployment, why),
    }
}

/// Old instances that were stopped to make room start again; without a predecessor there is
/// nothing to start, and the rule is withdrawn.
fn starting(
    state: &State,
    deployment: &Deployment,
    environment: &Environment,
    why: &str,
    now: Timestamp,
) -> Vec<Event> {
    let old = || {
        instances(state, &deployment.old)
            .filter(|one| !is_stopping(one) && Some(one.release) == deployment.previous)
    };
    let have: BTreeSet<u32> = old().map(|instance| instance.slot).collect();
    let missing: Vec<u32> = slots(deployment).difference(&have).copied().collect();
    let ill = |instance: &Instance| instance.health.state == TargetState::Unhealthy;
    let serves = |one: &Instance| one.role == Role::Active && one.is_proved() && !ill(one);
    let may_mend = || {
        old().any(ill)
            && instances(state, &deployment.new).any(serves)
            && now < deployment.since.after(PATIENCE)
    };
    if !missing.is_empty() || !old().all(Instance::is_proved) || may_mend() {
        let early = early(state, deployment);
        if !early.is_empty() {
            return early;
        }
    }
    if let Some(previous) = deployment.previous.filter(|_| !missing.is_empty()) {
        if deployment.attempts >= state.limits.attempts && !old().any(Instance::is_proved) {
            let error = last_error(deployment, "an old instance did not come up again");
            let why = format!("{why}; the way back failed too: {error}");
            return vec![ended(deployment.id, DeploymentResult::Attention { why })];
        }
        if deployment.attempts < state.limits.attempts {
            if now < crate::wanted::retry_at(state, deployment.since, deployment.attempts) {
                return Vec::new();
            }
            let generation = environment.generation + 1;
            let instances = missing
                .into_iter()
                .map(|slot| instance(deployment, previous, slot, generation, now))
                .collect();
            let id = deployment.id;
            return vec![Event::Deployment(DeploymentEvent::InstancesAdded { id, instances })];
        }
    }
    if !old().all(Instance::is_proved) || may_mend() {
        return Vec::new();
    }
    let mut events = vec![to(deployment, why, RollbackStep::Shifting)];
    events.extend(
        old().filter(|one| one.role != Role::Active).map(|one| role(&one.id, Role::Active)),
    );
    let serving = instances(state, &deployment.new).filter(|one| one.role == Role::Active);
    events.extend(serving.map(|one| role(&one.id, Role::Draining)));
    events
}

/// What a way back need not wait for: new ones that never served go, and old ones that are well get
/// requests at once, while others are started again beside them.
fn early(state: &State, deployment: &Deployment) -> Vec<Event> {
    let is_idle = |one: &&Instance| matches!(one.role, Role::None | Role::Standby);
    let mut events = stop_all(instances(state, &deployment.new).filter(is_idle));
    let is_well = |one: &&Instance| {
        one.is_proved()
            && Some(one.release) == deployment.previous
            && one.role != Role::Active
            && one.health.state != TargetState::Unhealthy
            && !is_stopping(one)
    };
    let old = instances(state, &deployment.old).filter(is_well);
    events.extend(old.map(|one| role(&one.id, Role::Active)));
    events
}

/// Which slots served when the deployment started: the old instances at its start, which those that
/// were started again for the way back do not add to. Where none of them ran, because everything had
/// been stopped, the earlier release gets as many as the new one.
fn slots(deployment: &Deployment) -> BTreeSet<u32> {
    if deployment.old.is_empty() {
        return (0..deployment.instances).collect();
    }
    deployment.old.iter().filter_map(InstanceId::slot).collect()
}

/// The way back is never given up for an edge that does not answer: what serves is unknown
/// then, and nothing is stopped before it is read back.
fn shifting(state: &State, deployment: &Deployment, why: &str) -> Vec<Event> {
    let back = instances(state, &deployment.old).any(|one| one.role == Role::Active);
    if deployment.previous.is_some() && !back {
        return vec![to(deployment, why, RollbackStep::Starting)];
    }
    if state.edge.active.as_ref() == Some(&state.edge.wanted) {
        return vec![to(deployment, why, RollbackStep::Draining)];
    }
    Vec::new()
}

fn draining(state: &State, deployment: &Deployment, why: &str) -> Vec<Event> {
    if instances(state, &deployment.new).any(|instance| instance.role == Role::Draining) {
        return Vec::new();
    }
    let mut events = vec![to(deployment, why, RollbackStep::Stopping)];
    events.extend(stop_all(instances(state, &deployment.new)));
    events
}

fn stopping(state: &State, deployment: &Deployment, why: &str) -> Vec<Event> {
    if instances(state, &deployment.new).next().is_some() {
        return Vec::new();
    }
    let result = match deployment.previous {
        Some(previous) if state.is_unserved(&deployment.environment) => {
            let why = format!("{why}; went back to {previous}, and no instance of it was well");
            DeploymentResult::Attention { why }
        }
        Some(_) => DeploymentResult::RolledBack { why: why.to_owned() },
        None => DeploymentResult::Failed { why: why.to_owned() },
    };
    vec![ended(deployment.id, result)]
}

fn is_stopping(instance: &Instance) -> bool {
    matches!(instance.phase, InstancePhase::Stopping { .. })
}

fn to(deployment: &Deployment, why: &str, step: RollbackStep) -> Event {
    let phase = Phase::RollingBack { why: why.to_owned(), step };
    moved(deployment, phase, deployment.batch)
}
