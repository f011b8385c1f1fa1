//! Chooses ports for local instances.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use pilothouse_core::text::fnv1a;

use super::address::Held;

/// Chooses ports that nobody uses, and none twice at once.
pub(super) struct Ports {
    /// Whose instances they are for.
    engine_id: String,
    range: RangeInclusive<u16>,
    /// Where the instances' directories are.
    instances: PathBuf,
    /// Chosen for instances whose directories do not say it yet.
    chosen: Mutex<BTreeSet<u16>>,
}

/// A port that nobody else is given while this lives.
pub(super) struct Chosen {
    ports: Arc<Ports>,
    pub address: SocketAddr,
}

impl Ports {
    pub(super) fn new(engine_id: String, range: RangeInclusive<u16>, instances: PathBuf) -> Self {
        Self { engine_id, range, instances, chosen: Mutex::default() }
    }

    /// Chooses a port that nobody listens on, and that is none of another instance's. The instance's
    /// name says where to begin, so that instances spread and a port is not given to another soon
    /// after. So does the engine's: another engine on this machine may start an instance of that
    /// name at the same moment. It reads the directories of all instances.
    pub(super) fn choose(self: &Arc<Self>, name: &str) -> Option<Chosen> {
        let count = u64::from(self.range.end().saturating_sub(*self.range.start())) + 1;
        let first = fnv1a(format!("{}/{name}", self.engine_id).as_bytes()) % count;
        let mut chosen = self.chosen.lock().unwrap_or_else(PoisonError::into_inner);
        // Read while nobody else chooses: what is no longer chosen then stands in its directory.
        let held = Held::below(&self.instances);
        for step in 0..count {
            let offset = u16::try_from((first + step) % count).unwrap_or(0);
            let port = self.range.start().saturating_add(offset);
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let is_free = !chosen.contains(&port) && !held.has(port);
            if is_free && TcpListener::bind(address).is_ok() {
                chosen.insert(port);
                return Some(Chosen { ports: Arc::clone(self), address });
            }
        }
        None
    }
}

impl Drop for Chosen {
    fn drop(&mut self) {
        let mut chosen = self.ports.chosen.lock().unwrap_or_else(PoisonError::into_inner);
        chosen.remove(&self.address.port());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_that_start_instances_of_one_name_at_once_choose_different_ports() {
        let choose = |engine: &str| {
            let ports = Ports::new(engine.to_owned(), 20_000..=29_999, PathBuf::from("/nowhere"));
            Arc::new(ports).choose("r1-0").unwrap().address
        };
        assert_ne!(choose("e1"), choose("e2"));
    }
}
