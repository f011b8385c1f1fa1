//! The load balancer of the world, and what it says of its targets.

use std::collections::BTreeMap;

use pilothouse_core::effect::{Fault, Observation, Outcome};
use pilothouse_core::id::InstanceId;
use pilothouse_core::instance::TargetHealth;
use pilothouse_core::routing::{Reason, Role, Table, Target, TargetState};
use pilothouse_core::time::Millis;

use super::{Things, Trouble};

/// The load balancer as it really is.
#[derive(Default)]
pub struct Edge {
    pub down: bool,
    pub table: Option<Table>,
    /// Every health state changes over and over.
    pub flaps: bool,
}

/// What a tending effect has told so far.
#[derive(Default)]
pub struct Told {
    connected: Option<bool>,
    targets: BTreeMap<InstanceId, (String, TargetState)>,
}

impl Edge {
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.table.iter().flat_map(|table| &table.target_groups).flat_map(|group| &group.targets)
    }

    /// The part that an instance has in the real table.
    pub fn role(&self, id: &InstanceId) -> Option<Role> {
        self.targets().find(|target| target.id == id.as_str()).map(|target| target.role)
    }

    /// Whether the real table has this very start of the instance.
    pub fn has(&self, id: &InstanceId, proof: &str) -> bool {
        self.targets().any(|target| target.id == id.as_str() && target.proof == proof)
    }
}

impl Things {
    /// The releases that answer requests, each once.
    pub fn answers(&self) -> Vec<String> {
        if self.edge.down {
            return Vec::new();
        }
        let active = self.edge.targets().filter(|target| target.role == Role::Active);
        let well = active.filter(|target| {
            let process = self.processes.get(target.id.as_str());
            process.is_some_and(|process| process.is_healthy(self.now()))
        });
        let mut releases: Vec<String> = well.map(|target| target.release.clone()).collect();
        releases.sort();
        releases.dedup();
        releases
    }

    pub(super) fn serve(&mut self, table: &Table) -> Result<Outcome, Fault> {
        if self.edge.down {
            return Err(Fault::transient("the edge does not answer"));
        }
        if let Some(old) = &self.edge.table {
            if table.epoch < old.epoch {
                return Err(Fault::permanent("an older engine"));
            }
            let newer = old.version > table.version;
            let other = old.version == table.version && old.digest != table.digest;
            if table.epoch == old.epoch && (newer || other) {
                return Err(Fault::transient("a table of that version serves already"));
            }
        }
        self.edge.table = Some(table.clone());
        let now = self.now();
        for target in table.target_groups.iter().flat_map(|group| &group.targets) {
            let Some(process) = self.processes.get_mut(target.id.as_str()) else { continue };
            if target.role != Role::Active {
                continue;
            }
            if !process.served {
                let troubles = self.troubles.get(&process.commit);
                let has = |trouble| troubles.is_some_and(|troubles| troubles.contains(&trouble));
                let soon = Some(now.after(Millis::seconds(2)));
                process.turns_at = process.turns_at.or(soon.filter(|_| has(Trouble::Turns)));
                process.restarts_at = soon.filter(|_| has(Trouble::Restarts));
                process.dies_at = soon.filter(|_| has(Trouble::Dies));
            }
            process.served = true;
            process.drained = false;
        }
        Ok(Outcome::Published { digest: table.digest.clone() })
    }

    pub(super) fn verify(&self, release: &str) -> Result<Outcome, Fault> {
        if self.answers().iter().any(|answer| answer == release) {
            return Ok(Outcome::Done);
        }
        Err(Fault::transient("another release answered"))
    }

    /// What there is to tell that was not told.
    pub(super) fn news(&self, told: &mut Told) -> Vec<Observation> {
        let mut news = Vec::new();
        let up = !self.edge.down;
        if told.connected != Some(up) {
            told.connected = Some(up);
            news.push(if up {
                let active = self.edge.table.as_ref().map(|table| table.digest.clone());
                Observation::EdgeConnected { active }
            } else {
                Observation::EdgeDisconnected { why: "connection refused".to_owned() }
            });
        }
        if !up {
            return news;
        }
        let now = self.now();
        for (id, process) in &self.processes {
            if !self.edge.has(id, &process.proof) {
                continue;
            }
            let flap = self.edge.flaps && (now.0 / 100).is_multiple_of(2);
            let (state, reason) = if process.is_healthy(now) && !flap {
                (TargetState::Healthy, None)
            } else if process.alive && process.healthy_at.is_none_or(|at| at > now) {
                (TargetState::Initial, Some(Reason::InitialHealthChecking))
            } else {
                (TargetState::Unhealthy, Some(Reason::FailedHealthChecks))
            };
            let is = (process.proof.clone(), state);
            if told.targets.get(id) != Some(&is) {
                told.targets.insert(id.clone(), is);
                let health = TargetHealth {
                    state,
                    reason,
                    detail: String::new(),
                    doubted: false,
                    since: now,
                };
                news.push(Observation::TargetChanged { id: id.clone(), health });
            }
        }
        news
    }
}
