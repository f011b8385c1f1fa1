//! What effects notice while they go on.

use crate::effect::Observation;
use crate::event::{EdgeEvent, Event, InstanceEvent};
use crate::instance::{InstancePhase, TargetHealth};
use crate::routing::{Reason, TargetState};
use crate::state::State;

pub(super) fn observation(state: &State, observation: &Observation) -> Vec<Event> {
    match observation {
        Observation::InstanceRestarted { id, restarts, proof } => {
            let new = state.instances.get(id).is_some_and(|instance| {
                matches!(&instance.phase, InstancePhase::Running { proof: old, .. } if old != proof)
            });
            if !new {
                return Vec::new();
            }
            let (id, restarts, proof) = (id.clone(), *restarts, proof.clone());
            vec![Event::Instance(InstanceEvent::Restarted { id, restarts, proof })]
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
    }
}

/// What makes a target's health another than it was.
fn standing(health: &TargetHealth) -> (TargetState, Option<Reason>, bool) {
    (health.state, health.reason, health.doubted)
}
