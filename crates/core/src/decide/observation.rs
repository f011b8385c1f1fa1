//! What effects notice while they go on.

use std::net::SocketAddr;

use crate::effect::Observation;
use crate::event::{ContainersEvent, EdgeEvent, Event, InstanceEvent};
use crate::id::InstanceId;
use crate::instance::{Instance, InstancePhase, TargetHealth};
use crate::routing::{Reason, TargetState};
use crate::state::State;

pub(super) fn observation(state: &State, observation: &Observation) -> Vec<Event> {
    match observation {
        Observation::InstanceRestarted { id, restarts, proof, address } => {
            // A container outlives the process that owned it, and is the same start then.
            let new = state.instances.get(id).is_some_and(|one| match &one.phase {
                InstancePhase::Running { proof: old, .. } => old != proof || one.ended.is_some(),
                InstancePhase::Starting
                | InstancePhase::Stopping { .. }
                | InstancePhase::Gone { .. } => false,
            });
            if !new {
                return Vec::new();
            }
            let (id, restarts, proof) = (id.clone(), *restarts, proof.clone());
            let address = address.filter(|address| moved(state, &id, *address));
            vec![Event::Instance(InstanceEvent::Restarted { id, restarts, proof, address })]
        }
        Observation::InstanceEnded { id, why } => {
            let new = state.instances.get(id).is_some_and(|one| {
                matches!(one.phase, InstancePhase::Running { .. })
                    && one.ended.as_ref() != Some(why)
            });
            if !new {
                return Vec::new();
            }
            vec![Event::Instance(InstanceEvent::Ended { id: id.clone(), why: why.clone() })]
        }
        Observation::TargetChanged { id, health } => match state.instances.get(id) {
            // The words and the time alone are no transition: they may differ at every check.
            Some(instance) if standing(&instance.health) != standing(health) => {
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
            if !state.edge.connected && state.edge.error.is_some() {
                return Vec::new();
            }
            vec![Event::Edge(EdgeEvent::Disconnected { why: why.clone() })]
        }
        Observation::ContainersLost { why } => match state.containers.away {
            Some(_) => Vec::new(),
            None => vec![Event::Containers(ContainersEvent::Lost { why: why.clone() })],
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

/// What makes a target's health another than it was.
fn standing(health: &TargetHealth) -> (TargetState, Option<Reason>, bool) {
    (health.state, health.reason, health.doubted)
}
