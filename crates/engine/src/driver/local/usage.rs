//! What instances use of this machine.

use std::collections::BTreeMap;
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

/// Measures instances again and again, and looks up each one's supervisor only once.
#[derive(Debug)]
pub struct Gauge {
    places: Places,
    handles: BTreeMap<InstanceId, Handle>,
    meter: Meter,
    containers: pilothouse_docker::Meter,
}

impl Gauge {
    /// Begins to measure.
    pub fn new(places: Places) -> Self {
        let (meter, containers) = (Meter::default(), pilothouse_docker::Meter::default());
        Self { places, handles: BTreeMap::new(), meter, containers }
    }

    /// What these instances use. One that does not run is left out.
    pub fn measure(&mut self, ids: &[InstanceId]) -> BTreeMap<InstanceId, Used> {
        self.handles.retain(|id, _| ids.contains(id));
        for id in ids {
            if !self.handles.contains_key(id)
                && let Ok(Liveness::Alive(handle, _)) = look(&unit_of(&self.places.instance(id)))
            {
                self.handles.insert(id.clone(), handle);
            }
        }
        let handles: Vec<&Handle> = self.handles.values().collect();
        // What cannot be measured now is measured the next time.
        let used = self.meter.measure(&handles).unwrap_or_default();
        let mut measured: BTreeMap<InstanceId, Used> = self
            .handles
            .keys()
            .zip(used)
            .filter_map(|(id, used)| {
                let used = used?;
                let own = Used { cpu: used.cpu, memory: used.resident_bytes, network: None };
                Some((id.clone(), own))
            })
            .collect();
        // What was measured of a container is the process that owns it; what counts is inside.
        let contained = self.handles.iter().filter(|(id, _)| {
            measured.contains_key(*id) && docker::is_container(&self.places.instance(id))
        });
        let first: BTreeMap<InstanceId, i32> = contained
            .filter_map(|(id, handle)| {
                let record = docker::record_of(&handle.dir, None).ok().flatten()?;
                Some((id.clone(), record.pid))
            })
            .collect();
        self.containers.keep(&first.values().copied().collect::<Vec<_>>());
        for (id, pid) in first {
            if let Some(used) = self.containers.measure(pid) {
                let network = Some(used.network);
                measured.insert(id, Used { cpu: used.cpu, memory: used.memory, network });
            }
        }
        // A supervisor that has ended may have a successor, which is looked for the next time.
        self.handles.retain(|id, _| measured.contains_key(id));
        measured
    }
}
