//! What serves while nothing of a deployment does yet: it is kept as at rest, where that takes no
//! decision from anybody.

use super::{instances, new_instance, role};
use crate::deployment::{Deployment, Phase};
use crate::event::{Event, InstanceEvent};
use crate::id::InstanceId;
use crate::instance::{Instance, InstancePhase, Role};
use crate::state::{Environment, State};
use crate::time::Timestamp;

/// Lets those in that only come up, and has successors made of those that were lost.
pub(super) fn settle(
    state: &State,
    deployment: &Deployment,
    environment: &Environment,
    now: Timestamp,
) -> Vec<Event> {
    if deployment.shifted || !matches!(deployment.phase, Phase::Staging | Phase::Starting) {
        return Vec::new();
    }
    let is_late = |one: &&Instance| one.role == Role::Standby && one.is_proved();
    let late = instances(state, &deployment.old).filter(is_late);
    let late: Vec<Event> = late.map(|one| role(&one.id, Role::Active)).collect();
    if !late.is_empty() {
        return late;
    }
    lost(state, deployment, environment, now).into_iter().collect()
}

/// A successor of one that was lost, one after the other, as far as the deployment leaves room: the
/// new ones may need long, or never come up. One that is not well waits for the deployment's end,
/// which is what it is for.
fn lost(
    state: &State,
    deployment: &Deployment,
    environment: &Environment,
    now: Timestamp,
) -> Option<Event> {
    let previous =
        deployment.previous.filter(|number| environment.releases.contains_key(number))?;
    let is_there = |slot: u32| {
        state.instances_of(&deployment.environment).any(|one| {
            let stays = !matches!(one.phase, InstancePhase::Stopping { .. });
            one.release == previous && one.slot == slot && stays
        })
    };
    let mut slots = deployment.old.iter().filter_map(InstanceId::slot);
    let slot = slots.find(|slot| environment.wants(*slot) && !is_there(*slot))?;
    let has_room = state.instances_of(&deployment.environment).count() < deployment.most();
    let is_due = now >= environment.replace_at && deployment.cancelled_by.is_none();
    (has_room && is_due).then(|| {
        let generation = environment.generation + 1;
        let key = &deployment.environment;
        let instance = Box::new(new_instance(key, previous, slot, generation, now));
        Event::Instance(InstanceEvent::Replaced { instance })
    })
}
