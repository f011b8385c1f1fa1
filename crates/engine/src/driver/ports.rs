//! Chooses ports for local instances.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};

use pilothouse_core::text::fnv1a;

/// Chooses ports that nobody uses, and none twice at once.
pub(super) struct Ports {
    /// Whose instances they are for.
    engine_id: String,
    range: RangeInclusive<u16>,
    /// Chosen for an instance that is only starting, so that its socket does not show yet.
    chosen: Mutex<BTreeSet<u16>>,
}

impl Ports {
    pub(super) fn new(engine_id: String, range: RangeInclusive<u16>) -> Self {
        Self { engine_id, range, chosen: Mutex::default() }
    }

    /// Chooses a port that nobody listens on. The instance's name says where to begin, so that
    /// instances spread and a port is not given to another soon after. So does the engine's: another
    /// engine on this machine may start an instance of that name at the same moment.
    pub(super) fn choose(&self, name: &str) -> Option<SocketAddr> {
        let count = u64::from(self.range.end().saturating_sub(*self.range.start())) + 1;
        let first = fnv1a(format!("{}/{name}", self.engine_id).as_bytes()) % count;
        let mut chosen = self.chosen.lock().unwrap_or_else(PoisonError::into_inner);
        for step in 0..count {
            let offset = u16::try_from((first + step) % count).unwrap_or(0);
            let port = self.range.start().saturating_add(offset);
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            if !chosen.contains(&port) && TcpListener::bind(address).is_ok() {
                chosen.insert(port);
                return Some(address);
            }
        }
        None
    }

    /// Lets a port go again, once its instance listens or is gone.
    pub(super) fn release(&self, port: u16) {
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner).remove(&port);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_that_start_instances_of_one_name_at_once_choose_different_ports() {
        let choose = |engine: &str| Ports::new(engine.to_owned(), 20_000..=29_999).choose("r1-0");
        assert_ne!(choose("e1").unwrap(), choose("e2").unwrap());
    }
}
