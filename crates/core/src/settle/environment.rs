//! Environments at rest: what is ready goes on by itself, what was lost is replaced, what is
//! too much is let go, and what is to be removed ends.

use std::collections::{BTreeMap, BTreeSet};

use super::deployment::{new_instance, role, stop_all};
use crate::command::DeployWhat;
use crate::deployment::{ENGINE, EnvironmentKey};
use crate::event::{Event, InstanceEvent};
use crate::id::ReleaseNumber;
use crate::instance::{Instance, InstancePhase, Role};
use crate::routing::TargetState;
use crate::spec::DeployMode;
use crate::state::{Environment, State};
use crate::table;
use crate::time::Timestamp;

pub(super) fn settle(
    state: &State,
    key: &EnvironmentKey,
    environment: &Environment,
    now: Timestamp,
) -> Vec<Event> {
    if environment.removing || state.halting {
        return take_down(state, key, environment, now);
    }
    let deploys = deploy_ready(state, key, environment, now);
    if !deploys.is_empty() || environment.running.is_some() {
        return deploys;
    }
    match environment.current {
        Some(current) => keep(state, key, environment, current, now),
        None => stop_all(state.instances_of(key)),
    }
}

fn take_down(
    state: &State,
    key: &EnvironmentKey,
    environment: &Environment,
    now: Timestamp,
) -> Vec<Event> {
    if environment.running.is_some() || environment.waiting.is_some() {
        return Vec::new();
    }
    if environment.removing && state.instances_of(key).next().is_none() {
        let mut events = crate::decide::retention::remove(state, key);
        events.extend(crate::decide::specification::handed_on(state, key, now));
        return events;
    }
    if state.halting || table::ends_without(state, key) {
        return stop_all(state.instances_of(key));
    }
    let_go(state.instances_of(key))
}

/// A successful run goes on by itself where the environment says so, behind what a person asked for.
fn deploy_ready(
    state: &State,
    key: &EnvironmentKey,
    environment: &Environment,
    now: Timestamp,
) -> Vec<Event> {
    if environment.ready.is_none() || environment.spec.deploy != DeployMode::Auto {
        return Vec::new();
    }
    if crate::plan::goes_first(state, environment).is_some() {
        return Vec::new();
    }
    match crate::plan::plan(state, key, &DeployWhat::Ready) {
        Ok(plan) => crate::decide::queue_deployment(state, ENGINE, &plan, now),
        Err(_) => Vec::new(),
    }
}

fn keep(
    state: &State,
    key: &EnvironmentKey,
    environment: &Environment,
    current: ReleaseNumber,
    now: Timestamp,
) -> Vec<Event> {
    let wanted = environment.wanted();
    let all: Vec<&Instance> = state.instances_of(key).collect();
    // What somebody wants stopped goes whether or not the others are well: they were told.
    let stopped = all.iter().filter(|one| environment.stopped.contains(&one.slot));
    let stops = let_go(stopped.copied().filter(|one| one.release == current));
    if !stops.is_empty() {
        return stops;
    }
    let own = |instance: &Instance| {
        instance.release == current
            && environment.wants(instance.slot)
            && !matches!(instance.phase, InstancePhase::Stopping { .. })
    };
    // The successor of one that was not well is proved and serves: now that one may go.
    let mut newest: BTreeMap<u32, u32> = BTreeMap::new();
    for instance in all.iter().filter(|instance| own(instance) && instance.is_proved()) {
        let generation = newest.entry(instance.slot).or_default();
        *generation = (*generation).max(instance.generation);
    }
    let followed = |instance: &Instance| {
        newest.get(&instance.slot).is_some_and(|newest| *newest > instance.generation)
    };
    let own = |instance: &Instance| own(instance) && !followed(instance);
    let back = all
        .iter()
        .filter(|instance| own(instance))
        .filter(|instance| instance.is_proved() && instance.role != Role::Active)
        .map(|instance| role(&instance.id, Role::Active))
        .collect::<Vec<_>>();
    if !back.is_empty() {
        return back;
    }
    let is_well = |instance: &Instance| instance.health.state != TargetState::Unhealthy;
    let coming_up = all.iter().any(|instance| own(instance) && !instance.is_proved());
    let have: BTreeSet<u32> = all.iter().filter(|i| own(i)).map(|i| i.slot).collect();
    // One that is not well serves on until its successor does, one after the other: what makes
    // all of them unwell at once is seldom cured by starting all of them again.
    let unwell = || {
        let is_ill = |instance: &Instance| {
            own(instance)
                && state.excused_until(instance, now).is_none()
                && relief_at(environment, instance).is_some_and(|at| at <= now)
        };
        let ill = all.iter().filter(|instance| is_ill(instance));
        let oldest = ill.min_by_key(|instance| instance.since);
        // What waits for the environment's lock replaces them all.
        let is_to_go = coming_up || environment.waiting.is_some();
        oldest.map(|instance| instance.slot).filter(|_| !is_to_go)
    };
    if now >= environment.replace_at
        && environment.releases.contains_key(&current)
        && let Some(slot) = environment.slots().find(|slot| !have.contains(slot)).or_else(unwell)
    {
        let generation = environment.generation + 1;
        let instance = new_instance(key, current, slot, generation, now);
        return vec![Event::Instance(InstanceEvent::Replaced { instance: Box::new(instance) })];
    }
    let serving = all
        .iter()
        .filter(|instance| own(instance))
        .filter(|instance| instance.is_proved() && instance.role == Role::Active);
    let (serving, well) = (serving.clone().count(), serving.filter(|i| is_well(i)).count());
    if serving < wanted as usize {
        return Vec::new();
    }
    // One that serves and is not well is no reason to let go of another that serves and is.
    let needed = |instance: &Instance| {
        well < wanted as usize && instance.role == Role::Active && is_well(instance)
    };
    let spare = all.iter().copied().filter(|instance| !own(instance) && !needed(instance));
    let_go(spare)
}

/// From when on one that serves gets a successor, if it does: at once where somebody asked for it.
/// One that is not well has as long again as it takes to notice, because what was only started
/// again is well by then.
pub fn relief_at(environment: &Environment, instance: &Instance) -> Option<Timestamp> {
    if instance.relief_asked && instance.role == Role::Active {
        return Some(environment.replace_at);
    }
    let is_ill = instance.role == Role::Active
        && instance.is_proved()
        && instance.health.state == TargetState::Unhealthy;
    let release = environment.releases.get(&instance.release).filter(|_| is_ill)?;
    if instance.ill {
        return Some(environment.relieve_at);
    }
    let since = instance.health.since.after(release.service.health.time_to_notice());
    Some(since.max(environment.relieve_at))
}

/// Lets go of what is beyond the wanted: it drains first if it serves.
fn let_go<'a>(spare: impl Iterator<Item = &'a Instance>) -> Vec<Event> {
    let mut events = Vec::new();
    for instance in spare {
        match instance.role {
            Role::Active => events.push(role(&instance.id, Role::Draining)),
            Role::Draining => {}
            Role::None | Role::Standby | Role::Drained => {
                events.extend(stop_all([instance].into_iter()));
            }
        }
    }
    events
}
