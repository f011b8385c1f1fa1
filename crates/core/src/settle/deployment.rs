//! Deployments: each phase's way into the next.

mod before;
mod failing;
mod shifting;

use self::failing::{abort, bad_new, fail, give_up, missing_new, unreached};
use self::shifting::{shift_roles, shifting};
use super::rollback;
use crate::deployment::{Deployment, DeploymentResult, Milestone, Phase};
use crate::event::{DeploymentEvent, Event, InstanceEvent};
use crate::id::{DeploymentId, InstanceId, ReleaseNumber};
use crate::instance::{Instance, InstancePhase, Role, TargetHealth};
use crate::routing::TargetState;
use crate::state::{Environment, State};
use crate::table;
use crate::time::Timestamp;

pub(super) fn settle(state: &State, deployment: &Deployment, now: Timestamp) -> Vec<Event> {
    let Some(environment) = state.environments.get(&deployment.environment) else {
        return Vec::new();
    };
    if deployment.cancelled_by.is_none() && (environment.removing || state.halting) {
        let by = if state.halting { super::HALT } else { "the removal of its environment" };
        let (id, by) = (deployment.id, by.to_owned());
        return vec![Event::Deployment(DeploymentEvent::CancelAsked { id, by })];
    }
    if let Some(by) = &deployment.cancelled_by {
        let events = cancel(state, deployment, by);
        if !events.is_empty() {
            return events;
        }
    }
    let before = before::settle(state, deployment, environment, now);
    if !before.is_empty() {
        return before;
    }
    match &deployment.phase {
        Phase::Queued => lock(state, deployment, environment),
        Phase::Staging => staging(state, deployment, environment, now),
        Phase::Starting => starting(state, deployment, now),
        Phase::Shifting => shifting(state, deployment, now),
        Phase::Draining => draining(state, deployment, environment, now),
        Phase::MakingRoom => making_room(state, deployment, environment, now),
        Phase::Verifying => verifying(state, deployment, now),
        Phase::Baking { until } => baking(state, deployment, *until, now),
        Phase::Retiring => retiring(state, deployment),
        Phase::Aborting { result } => aborting(state, deployment, result),
        Phase::RollingBack { why, step } => {
            rollback::settle(state, deployment, environment, why, *step, now)
        }
        Phase::Ended { .. } => Vec::new(),
    }
}

fn cancel(state: &State, deployment: &Deployment, by: &str) -> Vec<Event> {
    let result = DeploymentResult::Cancelled { by: by.to_owned() };
    match &deployment.phase {
        Phase::Queued => vec![ended(deployment.id, result)],
        Phase::Staging | Phase::Starting | Phase::Shifting if !deployment.shifted => {
            abort(state, deployment, result)
        }
        Phase::Staging
        | Phase::Starting
        | Phase::Shifting
        | Phase::Draining
        | Phase::MakingRoom
        | Phase::Verifying
        | Phase::Baking { .. } => rollback::begin(deployment, &format!("cancelled by {by}")),
        Phase::Retiring
        | Phase::Aborting { .. }
        | Phase::RollingBack { .. }
        | Phase::Ended { .. } => Vec::new(),
    }
}

fn lock(state: &State, deployment: &Deployment, environment: &Environment) -> Vec<Event> {
    if environment.running.is_some() || environment.waiting != Some(deployment.id) {
        return Vec::new();
    }
    let id = deployment.id;
    // The deployment before this one in the queue may have made the same release current.
    if environment.current == Some(deployment.release) {
        return vec![ended(id, DeploymentResult::Succeeded)];
    }
    // One that only comes up to follow what serves would take the room of a new one, and nothing
    // would go back to it. What is being stopped takes room as long as it is there.
    let successors =
        state.instances_of(&deployment.environment).filter(|one| state.followed(&one.id).is_some());
    let called_off: Vec<Event> = successors
        .map(|one| {
            let (id, by) = (one.id.clone(), format!("deployment {id}"));
            // Where the deployment fails, a restart that somebody asked for goes on after it.
            Event::Instance(InstanceEvent::CalledOff { id, by, later: true })
        })
        .collect();
    let is_stopping = |one: &Instance| matches!(one.phase, InstancePhase::Stopping { .. });
    if !called_off.is_empty() || state.instances_of(&deployment.environment).any(is_stopping) {
        return called_off;
    }
    // Those of the current release that only come up belong to what serves: they are what a way
    // back goes to.
    let is_old = |instance: &&Instance| {
        instance.role == Role::Active
            || Some(instance.release) == environment.current
                && !matches!(instance.phase, InstancePhase::Stopping { .. })
    };
    let mut old: Vec<&Instance> =
        state.instances_of(&deployment.environment).filter(is_old).collect();
    old.sort_by_key(|instance| instance.slot);
    let old = old.into_iter().map(|instance| instance.id.clone()).collect();
    vec![
        Event::Deployment(DeploymentEvent::Locked { id, previous: environment.current, old }),
        reached(id, Milestone::Planned),
        reached(id, Milestone::Locked),
        moved(deployment, Phase::Staging, 0),
    ]
}

fn staging(
    state: &State,
    deployment: &Deployment,
    environment: &Environment,
    now: Timestamp,
) -> Vec<Event> {
    if !deployment.milestones.contains_key(&Milestone::Staged) {
        return give_up(state, deployment, "the release could not be laid out");
    }
    let mut events = vec![moved(deployment, Phase::Starting, 0)];
    events.extend(add_batch(state, deployment, environment, now));
    events
}

/// Adds as many new instances as the maximum leaves room for, and always at least one.
fn add_batch(
    state: &State,
    deployment: &Deployment,
    environment: &Environment,
    now: Timestamp,
) -> Option<Event> {
    let running = state.instances_of(&deployment.environment).count();
    let have = deployment.new.len();
    let want = (deployment.instances as usize).saturating_sub(have);
    let count = want.min(deployment.most().saturating_sub(running).max(1));
    // A release that was started before gets names that were never used.
    let generation = generation(state, deployment, environment);
    let instances: Vec<Instance> = (have..have + count)
        .filter_map(|slot| u32::try_from(slot).ok())
        .map(|slot| instance(deployment, deployment.release, slot, generation, now))
        .collect();
    let id = deployment.id;
    (!instances.is_empty())
        .then_some(Event::Deployment(DeploymentEvent::InstancesAdded { id, instances }))
}

/// The generation of the deployment's instances: all batches of one deployment share it.
fn generation(state: &State, deployment: &Deployment, environment: &Environment) -> u32 {
    let first = deployment.new.first().and_then(|id| state.instances.get(id));
    match first {
        Some(first) => first.generation,
        None if deployment.kind.is_rollback() => environment.generation + 1,
        None => 0,
    }
}

/// Makes an instance that is to be started.
pub(super) fn instance(
    deployment: &Deployment,
    release: ReleaseNumber,
    slot: u32,
    generation: u32,
    now: Timestamp,
) -> Instance {
    new_instance(&deployment.environment, release, slot, generation, now)
}

/// Makes an instance that is to be started.
pub(super) fn new_instance(
    key: &crate::deployment::EnvironmentKey,
    release: ReleaseNumber,
    slot: u32,
    generation: u32,
    now: Timestamp,
) -> Instance {
    let suffix = if generation == 0 { String::new() } else { format!(".{generation}") };
    let id = InstanceId(format!("{}-{}-{release}-{slot}{suffix}", key.project, key.name));
    Instance {
        id,
        environment: key.clone(),
        release,
        slot,
        generation,
        phase: InstancePhase::Starting,
        role: Role::None,
        role_since: now,
        health: TargetHealth {
            state: TargetState::Unused,
            reason: None,
            detail: String::new(),
            doubted: false,
            since: now,
        },
        since: now,
        restarts: 0,
        relief_asked: false,
        ill: false,
        probed: None,
    }
}

fn starting(state: &State, deployment: &Deployment, now: Timestamp) -> Vec<Event> {
    let mut events = Vec::new();
    let new: Vec<Option<&Instance>> =
        deployment.new.iter().map(|id| state.instances.get(id)).collect();
    let running = |instance: &&Instance| instance.address().is_some();
    if new.iter().flatten().any(running) && !has(deployment, Milestone::Started) {
        return vec![reached(deployment.id, Milestone::Started)];
    }
    if let Some(why) =
        bad_new(state, deployment, now).or_else(|| missing_new(state, deployment, now))
    {
        return fail(state, deployment, &why);
    }
    // One that turned ill since it proved itself is waited for while nothing may be concluded of it.
    let is_well = |one: &&Instance| one.is_proved() && one.health.state != TargetState::Unhealthy;
    if !new.iter().flatten().all(is_well) {
        return Vec::new();
    }
    // Traffic that nobody can send cannot be moved.
    if let Some(why) = unreached(state, deployment) {
        return fail(state, deployment, &why);
    }
    if !has(deployment, Milestone::Healthy) {
        events.push(reached(deployment.id, Milestone::Healthy));
    }
    events.push(moved(deployment, Phase::Shifting, deployment.batch));
    events.extend(shift_roles(state, deployment));
    events
}

fn draining(
    state: &State,
    deployment: &Deployment,
    environment: &Environment,
    now: Timestamp,
) -> Vec<Event> {
    if let Some(why) = bad_new(state, deployment, now) {
        return fail(state, deployment, &why);
    }
    if instances(state, &deployment.old).any(|instance| instance.role == Role::Draining) {
        return Vec::new();
    }
    if deployment.new.len() >= deployment.instances as usize {
        return vec![
            reached(deployment.id, Milestone::Drained),
            moved(deployment, Phase::Verifying, deployment.batch),
        ];
    }
    let running = state.instances_of(&deployment.environment).count();
    if running < deployment.most() {
        return next_batch(state, deployment, environment, now);
    }
    let mut events = vec![moved(deployment, Phase::MakingRoom, deployment.batch)];
    let drained = |instance: &&Instance| instance.role == Role::Drained;
    events.extend(stop_all(instances(state, &deployment.old).filter(drained)));
    events
}

fn making_room(
    state: &State,
    deployment: &Deployment,
    environment: &Environment,
    now: Timestamp,
) -> Vec<Event> {
    if let Some(why) = bad_new(state, deployment, now) {
        return fail(state, deployment, &why);
    }
    let stopping = |instance: &Instance| matches!(instance.phase, InstancePhase::Stopping { .. });
    if instances(state, &deployment.old).any(stopping) {
        return Vec::new();
    }
    next_batch(state, deployment, environment, now)
}

fn next_batch(
    state: &State,
    deployment: &Deployment,
    environment: &Environment,
    now: Timestamp,
) -> Vec<Event> {
    let mut events = vec![moved(deployment, Phase::Starting, deployment.batch + 1)];
    events.extend(add_batch(state, deployment, environment, now));
    events
}

fn verifying(state: &State, deployment: &Deployment, now: Timestamp) -> Vec<Event> {
    if let Some(why) = bad_new(state, deployment, now) {
        return fail(state, deployment, &why);
    }
    give_up(state, deployment, "the release did not answer through the load balancer")
}

fn baking(state: &State, deployment: &Deployment, until: Timestamp, now: Timestamp) -> Vec<Event> {
    if let Some(why) = bad_new(state, deployment, now) {
        return fail(state, deployment, &why);
    }
    // A failed check at the end of the watch is not overlooked: the next one says what it meant.
    // Nor is one that has to prove itself again, or that nothing may be concluded of yet.
    let is_open = |one: &Instance| {
        let is_ill = one.health.state == TargetState::Unhealthy;
        one.health.doubted
            || !one.is_proved()
            || state.is_out_of_reach(one)
            || is_ill && state.excused_until(one, now).is_some()
    };
    // While the load balancer says nothing, nobody watches.
    let is_watched = state.edge.connected;
    if now < until || !is_watched || instances(state, &deployment.new).any(is_open) {
        return Vec::new();
    }
    let mut events = vec![
        reached(deployment.id, Milestone::Baked),
        moved(deployment, Phase::Retiring, deployment.batch),
    ];
    events.extend(stop_all(instances(state, &deployment.old)));
    events
}

fn retiring(state: &State, deployment: &Deployment) -> Vec<Event> {
    if instances(state, &deployment.old).next().is_some() {
        return Vec::new();
    }
    vec![
        reached(deployment.id, Milestone::Succeeded),
        ended(deployment.id, DeploymentResult::Succeeded),
    ]
}

fn aborting(state: &State, deployment: &Deployment, result: &DeploymentResult) -> Vec<Event> {
    if instances(state, &deployment.new).next().is_none() {
        let result = failing::beside_unwell(state, deployment, result.clone());
        return vec![ended(deployment.id, result)];
    }
    let ends = table::ends_without(state, &deployment.environment);
    let may_stop = |one: &&Instance| ends || one.role != Role::Draining;
    stop_all(instances(state, &deployment.new).filter(may_stop))
}

/// Those of the named instances that are not gone.
pub(super) fn instances<'a>(
    state: &'a State,
    ids: &'a [InstanceId],
) -> impl Iterator<Item = &'a Instance> {
    ids.iter().filter_map(|id| state.instances.get(id))
}

/// Begins to stop those that are not being stopped yet.
pub(super) fn stop_all<'a>(instances: impl Iterator<Item = &'a Instance>) -> Vec<Event> {
    instances
        .filter(|instance| !matches!(instance.phase, InstancePhase::Stopping { .. }))
        .map(|instance| {
            let id = instance.id.clone();
            Event::Instance(InstanceEvent::StopBegan { id, why: None })
        })
        .collect()
}

/// Gives an instance another part in the traffic.
pub(super) fn role(id: &InstanceId, role: Role) -> Event {
    Event::Instance(InstanceEvent::RoleChanged { id: id.clone(), role })
}

/// Moves a deployment into a phase.
pub(super) fn moved(deployment: &Deployment, phase: Phase, batch: u32) -> Event {
    Event::Deployment(DeploymentEvent::Moved { id: deployment.id, phase, batch })
}

/// Ends a deployment.
pub(super) fn ended(id: DeploymentId, result: DeploymentResult) -> Event {
    Event::Deployment(DeploymentEvent::Ended { id, result })
}

fn reached(id: DeploymentId, milestone: Milestone) -> Event {
    Event::Deployment(DeploymentEvent::Reached { id, milestone })
}

fn has(deployment: &Deployment, milestone: Milestone) -> bool {
    deployment.milestones.contains_key(&milestone)
}

/// What the last failure said, or a sentence where none said anything.
pub(super) fn last_error(deployment: &Deployment, otherwise: &str) -> String {
    deployment.last_error.clone().unwrap_or_else(|| otherwise.to_owned())
}
