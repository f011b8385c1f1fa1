//! The engine of containers of the world: it goes away and comes back.

use pilothouse_core::effect::{Effect, EffectId, Observation};
use pilothouse_core::spec::Runtime;
use pilothouse_core::time::Millis;

use super::{Place, World};

/// The engine of containers as it really is.
#[derive(Default)]
pub struct Containers {
    pub away: bool,
    /// Whether nobody has noticed yet that it is away.
    pub unnoticed: bool,
    /// What was last told of it.
    pub reported: Option<bool>,
}

impl World {
    /// The engine of containers goes away: nobody reaches its containers, which live on.
    pub fn lose_containers(&mut self) {
        self.containers.away = true;
        for process in self.processes.values_mut() {
            if process.place == Place::Container {
                process.place = Place::Unreachable;
            }
        }
    }

    /// It is back, and the containers with it; those that it took along are started anew.
    pub fn find_containers(&mut self, are_taken: bool) {
        if !std::mem::take(&mut self.containers.away) {
            return;
        }
        let now = self.now;
        for (id, process) in &mut self.processes {
            if process.place != Place::Unreachable {
                continue;
            }
            process.place = Place::Container;
            if process.alive && are_taken {
                process.restarts += 1;
                process.proof = format!("{}+{}", process.proof, process.restarts);
                process.healthy_at = process.healthy_at.map(|_| now.after(Millis::seconds(2)));
                self.edge.reported.remove(id);
            }
        }
    }

    /// Whether an effect asks the engine of containers, which does not answer.
    pub(super) fn is_out_of_reach(&self, id: &EffectId) -> bool {
        self.containers.away
            && match self.flights.get(id).map(|flight| &flight.effect) {
                Some(Effect::Start(order)) => matches!(order.runtime, Runtime::Docker(_)),
                Some(Effect::Stop { id, .. }) => {
                    self.processes.get(id).is_some_and(|process| process.place != Place::Host)
                }
                _ => false,
            }
    }

    /// Collects what is told of the engine of containers now.
    pub(super) fn observe_containers(&mut self) {
        if !self.flights.contains_key(&EffectId::Listen) {
            self.containers.reported = None;
            return;
        }
        let away = self.containers.away && !self.containers.unnoticed;
        if self.containers.reported.replace(away) == Some(away) {
            return;
        }
        self.observations.push(if away {
            Observation::ContainersLost { why: "connection refused".to_owned(), elsewhere: false }
        } else {
            Observation::ContainersReached
        });
    }
}
