//! What people may ask for of one instance.

use super::command::Answer;
use crate::command::{Rejection, RejectionKind, Reply};
use crate::deployment::EnvironmentKey;
use crate::event::{DeploymentEvent, EnvironmentEvent, Event, InstanceEvent};
use crate::id::InstanceId;
use crate::instance::{Instance, InstancePhase, Role};
use crate::routing::TargetState;
use crate::state::{Environment, State};

/// An instance that can be restarted: only what serves at rest is, as a deployment replaces its
/// instances by itself.
pub fn restartable<'a>(state: &'a State, id: &InstanceId) -> Result<&'a Instance, Rejection> {
    let (instance, environment) = at_rest(state, id)?;
    if instance.role != Role::Active {
        return Err(conflict(format!("{id} does not serve: there is nothing to take its place")));
    }
    if environment.stopped.contains(&instance.slot) {
        return Err(conflict(format!("{id} is being stopped already")));
    }
    Ok(instance)
}

pub(super) fn restart(state: &State, actor: &str, id: &InstanceId) -> Answer {
    restartable(state, id)?;
    let (id, by) = (id.clone(), actor.to_owned());
    Ok((vec![Event::Instance(InstanceEvent::ReliefAsked { id, by })], Reply::Accepted))
}

/// Tells the deployment that had an instance drained of requests that were cut with it.
pub(super) fn cut(
    state: &State,
    id: &InstanceId,
    requests: u64,
    mut drained: Vec<Event>,
) -> Vec<Event> {
    let instance = state.instances.get(id).filter(|_| requests > 0 && !drained.is_empty());
    let environment = instance.and_then(|one| state.environments.get(&one.environment));
    let running = environment.and_then(|environment| environment.running);
    drained.extend(running.map(|id| Event::Deployment(DeploymentEvent::Cut { id, requests })));
    drained
}

/// A successor that does not serve yet goes, and what it was to follow serves on.
pub(super) fn call_off(state: &State, actor: &str, id: &InstanceId) -> Answer {
    at_rest(state, id)?;
    if state.followed(id).is_none() {
        let why = "serves by now, or is to follow nothing that does";
        return Err(conflict(format!("{id} {why}; `pilothouse stop {id}` stops it")));
    }
    let (id, by) = (id.clone(), actor.to_owned());
    Ok((vec![Event::Instance(InstanceEvent::CalledOff { id, by, later: false })], Reply::Accepted))
}

/// An instance that can be stopped, or called off: what is wanted at rest.
pub fn stoppable<'a>(state: &'a State, id: &InstanceId) -> Result<&'a Instance, Rejection> {
    let (instance, environment) = at_rest(state, id)?;
    let is_stopping = matches!(instance.phase, InstancePhase::Stopping { .. });
    if is_stopping || !environment.wants(instance.slot) {
        return Err(conflict(format!("{id} is being stopped already")));
    }
    Ok(instance)
}

/// What is wanted at rest is stopped; with too few beside it only where that was said. A successor
/// that does not serve yet is called off: what it was to follow serves on.
pub(super) fn stop(state: &State, actor: &str, id: &InstanceId, force: bool) -> Answer {
    let instance = stoppable(state, id)?;
    if state.followed(&instance.id).is_some() {
        return call_off(state, actor, id);
    }
    if !force && let Some(why) = shortfall(state, instance) {
        let way = format!("`pilothouse stop {id} --force` stops it all the same");
        return Err(conflict(format!("{why}; {way}")));
    }
    let (id, by) = (id.clone(), actor.to_owned());
    Ok((vec![Event::Instance(InstanceEvent::StopAsked { id, by })], Reply::Accepted))
}

/// A shell is opened by whoever asked, once this says yes: nothing happens to the state.
pub(super) fn shell(state: &State, id: &InstanceId) -> Answer {
    let instance = state.instances.get(id).ok_or_else(|| unknown(id))?;
    if !matches!(instance.phase, InstancePhase::Running { .. }) {
        return Err(conflict(format!("{id} does not run: there is nothing to open a shell in")));
    }
    Ok((Vec::new(), Reply::Accepted))
}

/// Starts again what was stopped.
pub(super) fn start(state: &State, actor: &str, key: &EnvironmentKey) -> Answer {
    let Some(environment) = state.environments.get(key) else {
        let why =
            format!("there is no environment {key}; `pilothouse status` says which there are");
        return Err(Rejection::new(RejectionKind::NotFound, why));
    };
    if environment.missing() == 0 {
        return Err(conflict(format!("nothing is stopped in {key}")));
    }
    let (key, by) = (key.clone(), actor.to_owned());
    Ok((vec![Event::Environment(EnvironmentEvent::StartAsked { key, by })], Reply::Accepted))
}

/// Why too few would serve without an instance, if they would: fewer than the environment's
/// minimum of what is wanted then, or none. Its place is empty then, whoever is to follow it.
pub fn shortfall(state: &State, instance: &Instance) -> Option<String> {
    let key = &instance.environment;
    let environment = state.environments.get(key)?;
    let stay = left(state, instance);
    let must = environment.fewest(environment.wanted().saturating_sub(1)).max(1);
    let is_unwell = |one: &Instance| {
        let is_other = one.slot != instance.slot && one.role == Role::Active;
        is_other && one.is_proved() && !one.is_over()
    };
    match stay {
        // The load balancer asks what fails its checks where nothing else is left.
        0 if state.instances_of(key).any(is_unwell) => {
            Some(format!("nothing else of {key} is healthy: what is not serves alone afterwards"))
        }
        0 => Some(format!("nothing else serves {key}: its domain answers 503 afterwards")),
        _ if stay < must => {
            Some(format!("{key} must have {must} that serve, and has {stay} without it"))
        }
        _ => None,
    }
}

/// How many serve and are well without an instance.
pub fn left(state: &State, instance: &Instance) -> usize {
    let key = &instance.environment;
    let stays = |one: &&Instance| {
        one.slot != instance.slot
            && one.role == Role::Active
            && one.is_proved()
            && one.health.state != TargetState::Unhealthy
            && state.environments.get(key).is_some_and(|it| it.wants(one.slot))
    };
    state.instances_of(key).filter(stays).count()
}

/// An instance of the release that serves, while nothing else is done to its environment.
fn at_rest<'a>(
    state: &'a State,
    id: &InstanceId,
) -> Result<(&'a Instance, &'a Environment), Rejection> {
    let instance = state.instances.get(id).ok_or_else(|| unknown(id))?;
    let environment = state.environments.get(&instance.environment).ok_or_else(|| unknown(id))?;
    if let Some(running) = environment.running {
        let why = format!("{running} is under way in {}: wait for its end", instance.environment);
        return Err(Rejection::new(RejectionKind::Busy, why));
    }
    if state.halting {
        return Err(conflict("everything is being stopped".to_owned()));
    }
    if environment.removing {
        return Err(conflict(format!("{} is being removed", instance.environment)));
    }
    if environment.current != Some(instance.release) {
        let why = format!("{id} is not of the release that serves: it goes by itself");
        return Err(conflict(why));
    }
    Ok((instance, environment))
}

fn unknown(id: &InstanceId) -> Rejection {
    let why = format!("there is no instance {id}; `pilothouse status` says what runs");
    Rejection::new(RejectionKind::NotFound, why)
}

fn conflict(why: String) -> Rejection {
    Rejection::new(RejectionKind::Conflict, why)
}
