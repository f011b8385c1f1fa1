//! What instances use of this machine.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pilothouse_core::id::InstanceId;
use pilothouse_supervisor::{Handle, Liveness, Meter};

use super::super::docker;
use super::super::unit::look;
use super::unit_of;
use crate::places::Places;

/// What an instance uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Processor time since its start.
    pub cpu: Duration,
    /// Resident memory in bytes.
    pub memory: u64,
    /// Bytes that it received and sent since its start, where they are counted apart.
    pub network: Option<(u64, u64)>,
}

/// Measures instances again and again, and looks up each one's supervisor or container only once.
#[derive(Debug)]
pub struct Gauge {
    places: Places,
    handles: BTreeMap<InstanceId, Handle>,
    meter: Meter,
    /// The containers among them, by their ids and first processes.
    contained: BTreeMap<InstanceId, (String, i32)>,
    containers: pilothouse_docker::Meter,
}

impl Gauge {
    /// Begins to measure.
    pub fn new(places: Places) -> Self {
        Self {
            places,
            handles: BTreeMap::new(),
            meter: Meter::default(),
            contained: BTreeMap::new(),
            containers: pilothouse_docker::Meter::default(),
        }
    }

    /// What these instances use. One that does not run is left out.
    pub fn measure(&mut self, ids: &[InstanceId]) -> BTreeMap<InstanceId, Used> {
        let all: BTreeSet<&InstanceId> = ids.iter().collect();
        self.handles.retain(|id, _| all.contains(id));
        self.contained.retain(|id, _| all.contains(id));
        let mut measured = self.measure_containers();
        for id in ids {
            if measured.contains_key(id) || self.handles.contains_key(id) {
                continue;
            }
            let home = self.places.instance(id);
            if docker::is_container(&home) {
                measured.extend(self.measure_container(id).map(|used| (id.clone(), used)));
            } else if let Ok(Liveness::Alive(handle, _)) = look(&unit_of(&home)) {
                self.handles.insert(id.clone(), handle);
            }
        }
        // To look through the processes of the host for nobody would cost the same.
        if self.handles.is_empty() {
            return measured;
        }
        let handles: Vec<&Handle> = self.handles.values().collect();
        // What cannot be measured now is measured the next time.
        let used = self.meter.measure(&handles).unwrap_or_default();
        measured.extend(self.handles.keys().zip(used).filter_map(|(id, used)| {
            let used = used?;
            let own = Used { cpu: used.cpu, memory: used.resident_bytes, network: None };
            Some((id.clone(), own))
        }));
        // A supervisor that has ended may have a successor, which is looked for the next time.
        self.handles.retain(|id, _| measured.contains_key(id));
        measured
    }

    /// What the containers use that are known. One that is gone may have a successor.
    fn measure_containers(&mut self) -> BTreeMap<InstanceId, Used> {
        let pids: Vec<i32> = self.contained.values().map(|(_, pid)| *pid).collect();
        self.containers.keep(&pids);
        let mut measured = BTreeMap::new();
        self.contained.retain(|id, (container, pid)| {
            let used = self.containers.measure(container, *pid).map(of_container);
            measured.extend(used.map(|used| (id.clone(), used)));
            used.is_some()
        });
        measured
    }

    /// What the container uses that the owner of an instance tells of.
    fn measure_container(&mut self, id: &InstanceId) -> Option<Used> {
        let unit = unit_of(&self.places.instance(id));
        let record = docker::record_of(&unit, None).ok().flatten()?;
        let used = self.containers.measure(&record.id, record.pid)?;
        self.contained.insert(id.clone(), (record.id, record.pid));
        Some(of_container(used))
    }
}

fn of_container(used: pilothouse_docker::Usage) -> Used {
    Used { cpu: used.cpu, memory: used.memory, network: Some(used.network) }
}
