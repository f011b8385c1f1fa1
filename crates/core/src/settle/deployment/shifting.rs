//! The shift: new ones in and old ones out by one table, or back to the gate.

use super::failing::{bad_new, fail, give_up, missing_new};
use super::{instances, moved, reached, role, stop_all};
use crate::deployment::{Deployment, Milestone, Phase};
use crate::event::Event;
use crate::instance::{Instance, InstancePhase, Role};
use crate::routing::TargetState;
use crate::state::State;
use crate::time::Timestamp;

/// Lets the new ones in and as many old ones out as their share asks for.
pub(super) fn shift_roles(state: &State, deployment: &Deployment) -> Vec<Event> {
    let mut events: Vec<Event> = instances(state, &deployment.new)
        .filter(|instance| instance.role != Role::Active)
        .map(|instance| role(&instance.id, Role::Active))
        .collect();
    let wanted = (deployment.instances as usize).max(1);
    let left = wanted.saturating_sub(deployment.new.len());
    let keep = (deployment.old.len() * left).div_ceil(wanted);
    let mut active: Vec<&Instance> = instances(state, &deployment.old)
        .filter(|instance| instance.role == Role::Active)
        .collect();
    // What is not well leaves before what is.
    let is_well = |one: &&Instance| one.is_proved() && one.health.state != TargetState::Unhealthy;
    active.sort_by_key(|one| (is_well(one), std::cmp::Reverse(one.slot)));
    let leaving = active.iter().take(active.len().saturating_sub(keep));
    events.extend(leaving.map(|instance| role(&instance.id, Role::Draining)));
    // What only comes up for the release before has lost its turn, and gives its room to new ones.
    let comes_up = |one: &&Instance| {
        matches!(one.role, Role::None | Role::Standby)
            && !matches!(one.phase, InstancePhase::Stopping { .. })
    };
    events.extend(stop_all(instances(state, &deployment.old).filter(comes_up)));
    events
}

/// Waits until the table that lets them in serves, unless something stands against it.
pub(super) fn shifting(state: &State, deployment: &Deployment, now: Timestamp) -> Vec<Event> {
    // Traffic that has not moved yet must not move to what is no longer there.
    if let Some(why) =
        bad_new(state, deployment, now).or_else(|| missing_new(state, deployment, now))
    {
        return fail(state, deployment, &why);
    }
    if let Some(found) = instances(state, &deployment.new).find(|one| !one.is_proved()) {
        // A container that went with its engine says nothing of its release: it has to pass the
        // gate again.
        if state.excused_until(found, now).is_some() {
            return back_to_gate(state, deployment);
        }
        return fail(state, deployment, &format!("{} ended and was started again", found.id));
    }
    if state.edge.active.as_ref() == Some(&state.edge.wanted) {
        return vec![
            reached(deployment.id, Milestone::Shifted),
            moved(deployment, Phase::Draining, deployment.batch),
        ];
    }
    give_up(state, deployment, "the table could not be published")
}

/// Lets those out again that were let in and have not served yet, and those in that left for them.
fn back_to_gate(state: &State, deployment: &Deployment) -> Vec<Event> {
    let mut events = vec![moved(deployment, Phase::Starting, deployment.batch)];
    // Those of earlier batches serve, and go on.
    let is_let_in =
        |one: &&Instance| one.role == Role::Active && !(deployment.shifted && one.is_proved());
    let new = instances(state, &deployment.new).filter(is_let_in);
    events.extend(new.map(|instance| role(&instance.id, Role::Standby)));
    let old = instances(state, &deployment.old).filter(|one| one.role == Role::Draining);
    events.extend(old.map(|instance| role(&instance.id, Role::Active)));
    events
}
