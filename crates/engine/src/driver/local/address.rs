//! Where an instance is reached, in a file of its directory.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use pilothouse_core::effect::Fault;
use pilothouse_supervisor::{Liveness, read_regular, write_regular};

use super::super::unit::look;
use super::unit_of;

/// The file in an instance's directory that holds its address.
const ADDRESS: &str = "address";

pub(super) fn write(home: &Path, address: SocketAddr) -> Result<(), Fault> {
    write_regular(&home.join(ADDRESS), address.to_string().as_bytes()).map_err(|error| {
        Fault::transient(format!("cannot write the address into {}: {error}", home.display()))
    })
}

pub(super) fn read(home: &Path) -> Result<SocketAddr, Fault> {
    find(home).ok_or_else(|| {
        Fault::permanent(format!("{} holds no address", home.join(ADDRESS).display()))
    })
}

fn find(home: &Path) -> Option<SocketAddr> {
    // The program may have put something else in its place.
    let text = String::from_utf8(read_regular(&home.join(ADDRESS)).ok()??).ok()?;
    text.trim().parse().ok()
}

/// The ports of instances, whether anything listens there now or not.
pub(super) struct Held(BTreeMap<u16, Vec<PathBuf>>);

impl Held {
    /// Reads them from the directories of all instances.
    pub(super) fn below(instances: &Path) -> Self {
        let mut held: BTreeMap<u16, Vec<PathBuf>> = BTreeMap::new();
        for home in std::fs::read_dir(instances).into_iter().flatten().flatten() {
            let home = home.path();
            if let Some(address) = find(&home).filter(|address| address.ip().is_loopback()) {
                held.entry(address.port()).or_default().push(home);
            }
        }
        Self(held)
    }

    /// Whether a port is that of an instance whose supervisor lives: one that is only starting, or
    /// waits until it is started again, does not listen on it, and will.
    pub(super) fn has(&self, port: u16) -> bool {
        let lives = |home: &PathBuf| match look(&unit_of(home)) {
            Ok(Liveness::Alive(..) | Liveness::Starting) => true,
            Ok(
                Liveness::Exited(_)
                | Liveness::Interrupted
                | Liveness::OtherBoot
                | Liveness::NeverStarted,
            ) => false,
            // Nobody knows, and another port is as good.
            Err(_) => true,
        };
        self.0.get(&port).is_some_and(|homes| homes.iter().any(lives))
    }
}
