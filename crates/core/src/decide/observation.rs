//! What effects notice while they go on.

use std::net::SocketAddr;

use crate::deployment::ENGINE;
use crate::effect::Observation;
use crate::event::{ContainersEvent, EdgeEvent, Event, InstanceEvent};
use crate::id::InstanceId;
use crate::instance::{Instance, InstancePhase, Role, TargetHealth};
use crate::routing::{Reason, TargetState};
use crate::state::State;

pub(super) fn observation(state: &State, observation: &Observation) -> Vec<Event> {
    match observation {
        Observation::InstanceRestarted { id, restarts, proof, address, is_own } => {
            // What was over and is told of again runs, also where it is the same start.
            let new = state.instances.get(id).is_some_and(|one| {
                let InstancePhase::Running { proof: old, over, .. } = &one.phase else {
                    return false;
                };
                old != proof || *over
            });
            if !new {
                return Vec::new();
            }
            let (id, restarts, proof) = (id.clone(), *restarts, proof.clone());
            let address = address.filter(|address| moved(state, &id, *address));
            let serves_on = *is_own && serves_on(state, &id);
            let restarted = InstanceEvent::Restarted { id, restarts, proof, address, serves_on };
            vec![Event::Instance(restarted)]
        }
        Observation::InstanceEnded { id, why, by_itself } => ended(state, id, why, *by_itself),
        Observation::InstanceIll { id, why } => ill(state, id, why),
        Observation::InstanceWell { id } => well(state, id),
        Observation::TargetChanged { id, health } => match state.instances.get(id) {
            // It is said of whoever has its address now.
            Some(instance) if instance.is_over() => Vec::new(),
            // The words and the time alone are no transition: they may differ at every check.
            Some(instance) if standing(instance.probed_health()) != standing(health) => {
                let (id, health) = (id.clone(), health.clone());
                vec![Event::Instance(InstanceEvent::HealthChanged { id, health })]
            }
            Some(_) | None => Vec::new(),
        },
        Observation::EdgeConnected { active } => {
            let changed = state.edge.active.is_some() && state.edge.active != *active;
            if state.edge.connected && !changed {
                return Vec::new();
            }
            vec![Event::Edge(EdgeEvent::Connected { active: active.clone() })]
        }
        Observation::ListenersChanged { unbound } => {
            if state.edge.unbound == *unbound {
                return Vec::new();
            }
            vec![Event::Edge(EdgeEvent::ListenersChanged { unbound: unbound.clone() })]
        }
        Observation::EdgeDisconnected { why } => {
            // Each counts while what is halted waits for the edge.
            let counts = state.halting && !crate::table::is_lost(state);
            if !state.edge.connected && state.edge.error.is_some() && !counts {
                return Vec::new();
            }
            vec![Event::Edge(EdgeEvent::Disconnected { why: why.clone() })]
        }
        Observation::ContainersLost { why, elsewhere } => match &state.containers.away {
            Some(away) if away.elsewhere == *elsewhere && away.why == *why => Vec::new(),
            Some(_) | None => {
                let (why, elsewhere) = (why.clone(), *elsewhere);
                vec![Event::Containers(ContainersEvent::Lost { why, elsewhere })]
            }
        },
        Observation::ContainersReached => match state.containers.away {
            Some(_) => vec![Event::Containers(ContainersEvent::Back)],
            None => Vec::new(),
        },
    }
}

/// Whether an instance listens elsewhere than was known.
fn moved(state: &State, id: &InstanceId, address: SocketAddr) -> bool {
    state.instances.get(id).and_then(Instance::address) != Some(address)
}

/// A check of an instance's own fails. One that waits to prove itself does not get in any more,
/// though it may get well: it is told of once. One that leaves goes on to drain, because a load
/// balancer that could not be told of its new start may have sent it requests.
fn ill(state: &State, id: &InstanceId, why: &str) -> Vec<Event> {
    let running = state
        .instances
        .get(id)
        .filter(|one| matches!(one.phase, InstancePhase::Running { over: false, .. }) && !one.ill);
    match running {
        Some(one) if one.is_proved() || one.role == Role::Draining => {
            let (id, why) = (id.clone(), why.to_owned());
            vec![Event::Instance(InstanceEvent::Ill { id, why })]
        }
        Some(_) => super::outcome::give_up(state, id, why),
        None => Vec::new(),
    }
}

/// A check of an instance's own passes. A successor that was to follow it only because that failed,
/// and does not serve yet, is not needed any more.
fn well(state: &State, id: &InstanceId) -> Vec<Event> {
    let runs = |one: &Instance| matches!(one.phase, InstancePhase::Running { over: false, .. });
    let Some(one) = state.instances.get(id).filter(|one| one.ill && runs(one)) else {
        return Vec::new();
    };
    let mut events = vec![Event::Instance(InstanceEvent::Recovered { id: id.clone() })];
    let environment = state.environments.get(&one.environment);
    let is_at_rest = environment.is_some_and(|it| it.running.is_none() && !it.removing);
    // What the load balancer finds unwell, or somebody wants followed, is followed all the same.
    let is_kept = is_at_rest
        && !state.halting
        && !one.relief_asked
        && one.probed_health().state != TargetState::Unhealthy;
    let successor = state.successor(id).filter(|_| is_kept);
    events.extend(successor.map(|successor| {
        let (id, by) = (successor.id.clone(), ENGINE.to_owned());
        Event::Instance(InstanceEvent::CalledOff { id, by, later: false })
    }));
    events
}

/// What ran of an instance is over: news only where that, or why, was not known.
fn ended(state: &State, id: &InstanceId, why: &str, by_itself: bool) -> Vec<Event> {
    let new = state.instances.get(id).is_some_and(|one| {
        matches!(one.phase, InstancePhase::Running { .. })
            && !(one.is_over() && one.health.detail == *why)
    });
    let event = || InstanceEvent::Ended { id: id.clone(), why: why.to_owned(), by_itself };
    new.then(|| Event::Instance(event())).into_iter().collect()
}

/// Whether one that was started again while nobody looked may serve on if it is itself. What a
/// deployment watches may not: it is the deployment that judges its end.
fn serves_on(state: &State, id: &InstanceId) -> bool {
    state.instances.get(id).is_some_and(|one| {
        let environment = state.environments.get(&one.environment);
        one.is_proved() && !one.is_over() && environment.is_some_and(|one| one.running.is_none())
    })
}

/// What makes a target's health another than it was.
fn standing(health: &TargetHealth) -> (TargetState, Option<Reason>, bool) {
    (health.state, health.reason, health.doubted)
}
