//! The edge of the world: its table, and what it says of its targets.

use std::collections::BTreeMap;

use pilothouse_core::effect::{EffectId, Fault, Observation, Outcome};
use pilothouse_core::id::InstanceId;
use pilothouse_core::instance::{InstancePhase, TargetHealth};
use pilothouse_core::routing::{Reason, Role, Table, TargetState};
use pilothouse_core::time::Millis;

use super::{Trouble, World};

/// The load balancer as it really is.
#[derive(Default)]
pub struct Edge {
    pub down: bool,
    pub table: Option<Table>,
    pub epoch: u64,
    /// How many tables in a row it did not take; while all is to end, questions that it did not
    /// answer count too.
    pub refused: u32,
    /// What was last told of each target.
    pub reported: BTreeMap<InstanceId, TargetState>,
    /// What was last told of the edge itself.
    pub reported_connected: Option<bool>,
}

impl Edge {
    /// The part that an instance has in the real table.
    pub fn role(&self, id: &InstanceId) -> Option<Role> {
        let groups = self.table.iter().flat_map(|table| &table.target_groups);
        let mut targets = groups.flat_map(|group| &group.targets);
        targets.find(|target| target.id == id.as_str()).map(|target| target.role)
    }

    /// Whether the real table has this very start of the instance.
    pub fn has(&self, id: &InstanceId, proof: &str) -> bool {
        let groups = self.table.iter().flat_map(|table| &table.target_groups);
        groups.flat_map(|group| &group.targets).any(|t| t.id == id.as_str() && t.proof == proof)
    }
}

impl World {
    /// What is not watched over is not told.
    pub(super) fn edge_drops(&mut self) {
        if !self.flights.contains_key(&EffectId::Tend) {
            self.edge.reported_connected = None;
        }
    }

    /// Collects what the watching effects would tell now.
    pub(super) fn observe(&mut self) {
        self.age_processes();
        self.observe_containers();
        if !self.flights.contains_key(&EffectId::Tend) {
            return;
        }
        let up = !self.edge.down;
        if self.edge.reported_connected != Some(up) {
            self.edge.reported_connected = Some(up);
            self.observations.push(if up {
                let active = self.edge.table.as_ref().map(|table| table.digest.clone());
                Observation::EdgeConnected { active }
            } else {
                self.edge.refused += u32::from(self.state.halting);
                Observation::EdgeDisconnected { why: "connection refused".to_owned() }
            });
        }
        if !up {
            return;
        }
        for (id, process) in &self.processes {
            if !self.edge.has(id, &process.proof) {
                continue;
            }
            let (state, reason) = if process.is_healthy(self.now) {
                (TargetState::Healthy, None)
            } else if process.alive && process.healthy_at.is_none_or(|at| at > self.now) {
                (TargetState::Initial, Some(Reason::InitialHealthChecking))
            } else {
                (TargetState::Unhealthy, Some(Reason::FailedHealthChecks))
            };
            if self.edge.reported.get(id) != Some(&state) {
                self.edge.reported.insert(id.clone(), state);
                let detail = String::new();
                let health =
                    TargetHealth { state, reason, detail, doubted: false, since: self.now };
                self.observations.push(Observation::TargetChanged { id: id.clone(), health });
            }
        }
    }

    fn age_processes(&mut self) {
        let now = self.now;
        for (id, process) in &mut self.processes {
            if process.alive && process.dies_at.is_some_and(|at| at <= now) {
                process.alive = false;
            }
            if process.alive && process.restarts_at.is_some_and(|at| at <= now) {
                process.restarts_at = None;
                process.restarts += 1;
                process.proof = format!("{}+{}", process.proof, process.restarts);
                process.healthy_at = process.healthy_at.map(|_| now.after(Millis::seconds(2)));
                self.edge.reported.remove(id);
            }
        }
        for (id, process) in &self.processes {
            let watched = self.flights.contains_key(&EffectId::Watch(id.clone()));
            let known = self.state.instances.get(id).is_some_and(|instance| {
                matches!(&instance.phase, InstancePhase::Running { proof, .. }
                    if *proof != process.proof)
            });
            let told = self.observations.iter().any(|observation| {
                matches!(observation, Observation::InstanceRestarted { id: of, .. } if of == id)
            });
            if process.alive && watched && !told && known {
                let (restarts, proof) = (process.restarts, process.proof.clone());
                let id = id.clone();
                self.observations.push(Observation::InstanceRestarted {
                    id,
                    restarts,
                    proof,
                    address: None,
                    is_own: false,
                });
            }
        }
    }

    /// Puts a table into the edge, unless an older engine publishes it.
    pub(super) fn serve(&mut self, table: &Table) -> Result<Outcome, Fault> {
        if self.edge.down {
            return Err(Fault::transient("the edge does not answer"));
        }
        if table.epoch < self.edge.epoch {
            return Err(Fault::permanent("an older engine"));
        }
        let same = self.edge.table.as_ref();
        if same.is_some_and(|old| {
            old.epoch == table.epoch
                && (old.version > table.version
                    || (old.version == table.version && old.digest != table.digest))
        }) {
            return Err(Fault::transient("a table of that version serves already"));
        }
        self.edge.epoch = table.epoch;
        self.edge.table = Some(table.clone());
        self.edge.reported.retain(|id, _| {
            let mut groups = table.target_groups.iter();
            groups.any(|group| group.targets.iter().any(|target| target.id == id.as_str()))
        });
        for target in table.target_groups.iter().flat_map(|group| &group.targets) {
            let Some(process) = self.processes.get_mut(target.id.as_str()) else { continue };
            if target.role != Role::Active {
                continue;
            }
            if !process.served {
                let soon = Some(self.now.after(Millis::seconds(2)));
                process.turns_at = soon.filter(|_| process.has(Trouble::Turns));
                process.restarts_at = soon.filter(|_| process.has(Trouble::Restarts));
                process.dies_at = soon.filter(|_| process.has(Trouble::Dies));
            }
            process.served = true;
            process.drained = false;
        }
        Ok(Outcome::Published { digest: table.digest.clone() })
    }
}
