//! What stands against a deployment, and what follows: before traffic moved it is aborted,
//! afterwards rolled back.

use super::super::rollback;
use super::{ended, instances, last_error, moved, role, stop_all};
use crate::deployment::{Deployment, DeploymentResult, Phase};
use crate::event::Event;
use crate::instance::{Instance, InstancePhase, Role};
use crate::routing::TargetState;
use crate::state::State;
use crate::time::Timestamp;

/// Why a new instance that serves must not go on, if one must not.
pub(super) fn bad_new(state: &State, deployment: &Deployment, now: Timestamp) -> Option<String> {
    if !deployment.shifted {
        return None;
    }
    deployment.new.iter().find_map(|id| match state.instances.get(id) {
        None => Some(last_error(deployment, &format!("{id} is gone"))),
        Some(instance) if instance.role != Role::Active => None,
        // A container says nothing of its release while their engine is away.
        Some(instance) if state.excused_until(instance, now).is_some() => None,
        Some(instance) if instance.restarts > 0 && !instance.is_proved() => {
            Some(format!("{id} ended and was started again"))
        }
        Some(instance) if instance.is_over() => {
            Some(format!("{id} serves no more: {}", instance.health.detail))
        }
        Some(instance) if instance.health.state == TargetState::Unhealthy => {
            Some(format!("{id} became unhealthy: {}", instance.health.detail))
        }
        Some(_) => None,
    })
}

/// Why new instances cannot take traffic: one did not come up, or turned bad while others came.
pub(super) fn missing_new(
    state: &State,
    deployment: &Deployment,
    now: Timestamp,
) -> Option<String> {
    deployment.new.iter().find_map(|id| match state.instances.get(id) {
        None => Some(last_error(deployment, "a new instance did not come up")),
        Some(one) if matches!(one.phase, InstancePhase::Stopping { .. }) => {
            Some(last_error(deployment, "a new instance did not come up"))
        }
        Some(one) if state.excused_until(one, now).is_some() => None,
        Some(one) if one.is_proved() && one.health.state == TargetState::Unhealthy => {
            Some(format!("{id} became unhealthy: {}", one.health.detail))
        }
        Some(_) => None,
    })
}

/// Ends the attempts of a phase once there were too many.
pub(super) fn give_up(state: &State, deployment: &Deployment, what: &str) -> Vec<Event> {
    if deployment.attempts < state.limits.attempts {
        return Vec::new();
    }
    fail(state, deployment, &last_error(deployment, what))
}

/// Before traffic moved a failure aborts; afterwards it rolls back, unless told otherwise.
pub(super) fn fail(state: &State, deployment: &Deployment, why: &str) -> Vec<Event> {
    if !deployment.shifted {
        return abort(state, deployment, DeploymentResult::Failed { why: why.to_owned() });
    }
    if deployment.strategy.auto_rollback {
        return rollback::begin(deployment, why);
    }
    let why = format!("{why}; automatic rollback is off");
    vec![ended(deployment.id, DeploymentResult::Attention { why })]
}

/// A result before the shift, which says as well that what serves on is not well, where that is so.
pub(super) fn beside_unwell(
    state: &State,
    deployment: &Deployment,
    result: DeploymentResult,
) -> DeploymentResult {
    match (result, deployment.previous) {
        (DeploymentResult::Failed { why }, Some(previous))
            if state.is_unserved(&deployment.environment) =>
        {
            let why = format!("{why}; {previous} stays, and no instance of it was well");
            DeploymentResult::Failed { why }
        }
        (result, _) => result,
    }
}

/// Lets the old ones serve on and ends the new ones.
pub(super) fn abort(
    state: &State,
    deployment: &Deployment,
    result: DeploymentResult,
) -> Vec<Event> {
    let mut events = vec![moved(deployment, Phase::Aborting { result }, deployment.batch)];
    let left =
        |instance: &&Instance| instance.role == Role::Draining || instance.role == Role::Drained;
    let back = instances(state, &deployment.old).filter(left);
    events.extend(back.map(|instance| role(&instance.id, Role::Active)));
    // Where a table that lets the new ones in was tried, nobody knows whether it serves: what
    // they may have in flight is finished before they stop.
    let (serve, others): (Vec<_>, Vec<_>) =
        instances(state, &deployment.new).partition(|instance| instance.role == Role::Active);
    events.extend(serve.into_iter().map(|instance| role(&instance.id, Role::Draining)));
    events.extend(stop_all(others.into_iter()));
    events
}

/// Why nobody would reach the deployment, if nobody would.
pub(super) fn unreached(state: &State, deployment: &Deployment) -> Option<String> {
    if let Some(why) = state.edge.left_out(&deployment.environment) {
        return Some(why.to_owned());
    }
    let project = state.projects.get(&deployment.environment.project)?;
    let why = state.edge.unreached(&project.spec.load_balancer.listen)?;
    Some(format!("{why}; free the address, or listen on another"))
}
