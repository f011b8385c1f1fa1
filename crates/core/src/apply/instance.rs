//! Folds what happened to instances.

use std::net::SocketAddr;

use crate::event::InstanceEvent;
use crate::id::InstanceId;
use crate::instance::{Instance, InstancePhase, Lost, Role, TargetHealth};
use crate::routing::{Reason, TargetState};
use crate::state::State;
use crate::time::Timestamp;

pub(super) fn instance(state: &mut State, event: &InstanceEvent, at: Timestamp) {
    match event {
        InstanceEvent::Replaced { instance } => {
            remember_generation(state, instance);
            relieved(state, instance, at);
            state.instances.insert(instance.id.clone(), (**instance).clone());
            belongs_to_old(state, instance);
        }
        InstanceEvent::Started { id, address, proof } => change(state, id, |instance| {
            instance.phase = InstancePhase::Running {
                address: *address,
                proof: proof.clone(),
                proved: false,
                since: at,
                over: false,
            };
            set_role(instance, Role::Standby, at);
        }),
        InstanceEvent::Proved { id } => proved(state, id, at),
        InstanceEvent::Ended { id, why, by_itself } => {
            change(state, id, |instance| ended(instance, (why, *by_itself), at));
        }
        InstanceEvent::Ill { id, why } => change(state, id, |instance| {
            instance.probed = Some(instance.probed_health().clone());
            instance.ill = true;
            unwell_since(instance, (why, Some(Reason::FailedHealthChecks)), at);
        }),
        InstanceEvent::Recovered { id } => {
            change(state, id, |instance| recovered(instance, at));
            well_again(state, id);
        }
        InstanceEvent::Restarted { id, restarts, proof, address, serves_on } => {
            change(state, id, |instance| {
                instance.restarts = *restarts;
                restarted(instance, proof, *address, *serves_on, at);
            });
        }
        InstanceEvent::HealthChanged { id, health } => health_changed(state, id, health),
        InstanceEvent::RoleChanged { id, role } => {
            change(state, id, |instance| set_role(instance, *role, at));
        }
        InstanceEvent::ReliefAsked { id, .. } => {
            change(state, id, |instance| instance.relief_asked = true);
        }
        InstanceEvent::StopAsked { id, .. } => {
            if let Some(instance) = state.instances.get(id)
                && let Some(environment) = state.environments.get_mut(&instance.environment)
            {
                environment.stopped.insert(instance.slot);
                // Nothing is to come up in its place any more.
                environment.lost.take_if(|lost| lost.slot.is_none_or(|slot| slot == instance.slot));
            }
        }
        InstanceEvent::CalledOff { id, later, .. } => {
            let followed = state.followed(id).map(|one| one.id.clone());
            if let Some(followed) = followed.filter(|_| !later) {
                change(state, &followed, |instance| instance.relief_asked = false);
                well_again(state, &followed);
            }
            change(state, id, |instance| stopping(instance, at));
        }
        InstanceEvent::StopBegan { id, why } => {
            if let Some(one) = state.instances.get(id).filter(|one| failed_at_rest(state, one)) {
                let why = why.clone().unwrap_or_else(|| unwell(one));
                wait_longer(state, id, at);
                lost(state, id, &why, at);
            }
            change(state, id, |instance| stopping(instance, at));
        }
        InstanceEvent::Gone { id, why } => gone(state, id, why, at),
    }
}

/// It runs anew. Nobody knows yet who has its address, unless that is said.
fn restarted(
    instance: &mut Instance,
    name: &str,
    address: Option<SocketAddr>,
    serves_on: bool,
    at: Timestamp,
) {
    instance.ill = false;
    instance.probed = None;
    if let InstancePhase::Running { address: place, proof, proved, since, over } =
        &mut instance.phase
    {
        *over = false;
        name.clone_into(proof);
        *place = address.unwrap_or(*place);
        // One that never was healthy has no more time because it was started again.
        if *proved {
            *since = at;
        }
        *proved = serves_on;
    }
}

/// What the load balancer says counts again. Where that was not kept it is taken for healthy: an
/// instance is ill only after it was.
fn recovered(instance: &mut Instance, at: Timestamp) {
    instance.ill = false;
    let healthy = || TargetHealth {
        state: TargetState::Healthy,
        reason: None,
        detail: String::new(),
        doubted: false,
        since: at,
    };
    instance.health = instance.probed.take().unwrap_or_else(healthy);
    if instance.health.state == TargetState::Healthy {
        instance.health.since = at;
    }
}

fn health_changed(state: &mut State, id: &InstanceId, health: &TargetHealth) {
    change(state, id, |instance| match &mut instance.probed {
        Some(probed) => probed.clone_from(health),
        None => instance.health.clone_from(health),
    });
    well_again(state, id);
}

/// One that is well has no need of a successor, so that one which was lost is no news.
fn well_again(state: &mut State, id: &InstanceId) {
    let is_well = |one: &&Instance| {
        one.role == Role::Active
            && one.is_proved()
            && !one.relief_asked
            && one.health.state == TargetState::Healthy
    };
    let Some(one) = state.instances.get(id).filter(is_well) else { return };
    if let Some(environment) = state.environments.get_mut(&one.environment) {
        environment.lost.take_if(|lost| lost.follows && lost.slot == Some(one.slot));
    }
}

fn stopping(instance: &mut Instance, at: Timestamp) {
    instance.phase = InstancePhase::Stopping { address: instance.address() };
    set_role(instance, Role::None, at);
}

/// Nobody is reached at its address any more, whoever answers there.
fn ended(instance: &mut Instance, (why, by_itself): (&str, bool), at: Timestamp) {
    if let InstancePhase::Running { over, .. } = &mut instance.phase {
        *over = true;
    }
    // What ended by itself is no silence, of which nothing may be concluded for a while.
    let reason = (!by_itself).then_some(Reason::FailedHealthChecks);
    unwell_since(instance, (why, reason), at);
}

/// Notes that it is not well, and since when that is so.
fn unwell_since(instance: &mut Instance, (why, reason): (&str, Option<Reason>), at: Timestamp) {
    let was_ill = instance.health.state == TargetState::Unhealthy;
    let since = if was_ill { instance.health.since } else { at };
    instance.health = TargetHealth {
        state: TargetState::Unhealthy,
        reason,
        detail: why.to_owned(),
        doubted: false,
        since,
    };
}

fn proved(state: &mut State, id: &InstanceId, at: Timestamp) {
    change(state, id, |instance| {
        if let InstancePhase::Running { proved, .. } = &mut instance.phase {
            *proved = true;
        }
        // What was said of it before is older than what was seen now.
        if instance.health.state == TargetState::Unhealthy {
            instance.health.state = TargetState::Healthy;
            instance.health.reason = None;
            instance.health.since = at;
        }
    });
    if let Some(key) = state.instances.get(id).map(|i| i.environment.clone())
        && let Some(environment) = state.environments.get_mut(&key)
    {
        environment.replace_failures = 0;
        environment.lost = None;
    }
}

/// After the successor of one that still serves and is not well, the next such has to wait: a
/// release that is never well for long is not started again and again without end. What a person
/// asked for delays nothing.
fn relieved(state: &mut State, successor: &Instance, at: Timestamp) {
    let serves = |one: &Instance| {
        one.release == successor.release
            && one.slot == successor.slot
            && one.role == Role::Active
            && !one.relief_asked
    };
    if !state.instances_of(&successor.environment).any(serves) {
        return;
    }
    let wait = state.limits.retry_most;
    if let Some(environment) = state.environments.get_mut(&successor.environment) {
        environment.relieve_at = at.after(wait);
    }
}

/// While a deployment runs, the successor of what it is to replace stands in its predecessor's place.
fn belongs_to_old(state: &mut State, successor: &Instance) {
    let running = state.environments.get(&successor.environment).and_then(|one| one.running);
    let Some(deployment) = running.and_then(|id| state.deployments.get_mut(&id)) else { return };
    if deployment.previous != Some(successor.release) {
        return;
    }
    deployment
        .old
        .retain(|id| id.slot() != Some(successor.slot) || state.instances.contains_key(id));
    deployment.old.push(successor.id.clone());
    deployment.old.sort_by_key(crate::id::InstanceId::slot);
}

/// A gone instance leaves the state; one that was lost before it proved healthy makes the next
/// successor wait longer.
fn gone(state: &mut State, id: &InstanceId, why: &str, at: Timestamp) {
    let lost_early = state.instances.get(id).is_some_and(|instance| {
        !instance.is_proved() && !matches!(instance.phase, InstancePhase::Stopping { .. })
    });
    if lost_early {
        wait_longer(state, id, at);
    }
    if state.instances.get(id).is_some_and(|instance| is_wanted(state, instance)) {
        lost(state, id, why, at);
    }
    state.instances.remove(id);
}

/// Remembers why something is missing, for whoever looks.
fn lost(state: &mut State, id: &InstanceId, why: &str, at: Timestamp) {
    let Some(instance) = state.instances.get(id) else { return };
    let (key, slot) = (instance.environment.clone(), Some(instance.slot));
    let follows = state.followed(id).is_some();
    if let Some(environment) = state.environments.get_mut(&key) {
        environment.lost = Some(Lost { id: id.clone(), slot, why: why.to_owned(), at, follows });
    }
}

/// What is said of one that did not come up where its event does not tell.
fn unwell(instance: &Instance) -> String {
    match instance.health.detail.as_str() {
        "" => "not healthy in time".to_owned(),
        detail => format!("not healthy in time: {detail}"),
    }
}

/// Whether one that is to stop was wanted and did not come up. Those of a deployment are not
/// counted: it is the deployment that fails.
fn failed_at_rest(state: &State, instance: &Instance) -> bool {
    is_wanted(state, instance) && !instance.is_proved()
}

/// Whether one is to be there and to stay, and no deployment is under way that would tell. One whose
/// successor serves is missed by nobody.
fn is_wanted(state: &State, instance: &Instance) -> bool {
    let has_followed = |other: &Instance| {
        other.release == instance.release
            && other.slot == instance.slot
            && other.generation > instance.generation
            && other.is_proved()
    };
    if state.instances_of(&instance.environment).any(has_followed) {
        return false;
    }
    let wanted = state.environments.get(&instance.environment).is_some_and(|environment| {
        environment.running.is_none()
            && !environment.removing
            && environment.current == Some(instance.release)
            && environment.wants(instance.slot)
    });
    wanted && !state.halting && !matches!(instance.phase, InstancePhase::Stopping { .. })
}

/// The next successor in the environment waits longer.
fn wait_longer(state: &mut State, id: &InstanceId, at: Timestamp) {
    let Some(key) = state.instances.get(id).map(|instance| instance.environment.clone()) else {
        return;
    };
    let Some(environment) = state.environments.get_mut(&key) else { return };
    environment.replace_failures += 1;
    environment.replace_at = at.after(state.limits.back_off(environment.replace_failures));
}

/// Remembers the highest generation, so that no name is ever used twice.
pub(super) fn remember_generation(state: &mut State, instance: &Instance) {
    if let Some(environment) = state.environments.get_mut(&instance.environment) {
        environment.generation = environment.generation.max(instance.generation);
    }
}

fn change(state: &mut State, id: &InstanceId, with: impl FnOnce(&mut Instance)) {
    if let Some(instance) = state.instances.get_mut(id) {
        with(instance);
    }
}

fn set_role(instance: &mut Instance, role: Role, at: Timestamp) {
    if instance.role != role {
        instance.role = role;
        instance.role_since = at;
    }
}
