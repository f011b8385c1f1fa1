//! The edge as the state knows it.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::deployment::EnvironmentKey;
use crate::time::Timestamp;

/// What is known of the edge process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// The version of the table that was last published. Grows.
    pub version: u64,
    /// The digest of the table that the state asks for.
    pub wanted: String,
    /// The digest of the table that was last read back as serving, since this engine started.
    pub active: Option<String>,
    /// Attempts to publish in a row that failed.
    pub failures: u32,
    /// The earliest time of the next attempt.
    pub retry_at: Timestamp,
    /// What the edge last refused or failed at, printable.
    pub error: Option<String>,
    /// Whether the edge answers.
    pub connected: bool,
    /// Addresses that it should listen on and cannot.
    #[serde(default)]
    pub unbound: Vec<Unbound>,
    /// What the table that the state asks for leaves out, because the edge would refuse all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
}

/// An environment that the table leaves out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The environment.
    pub environment: EnvironmentKey,
    /// What is wrong, what follows and what to do, printable.
    pub why: String,
}

/// An address that the edge should listen on and cannot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unbound {
    /// The address.
    pub address: SocketAddr,
    /// What the system said, printable.
    pub why: String,
}

impl Edge {
    /// Why nobody reaches any of these addresses, if nobody does.
    pub fn unreached(&self, listen: &[SocketAddr]) -> Option<String> {
        let found = self.unbound.iter().find(|unbound| listen.contains(&unbound.address))?;
        Some(format!("the load balancer cannot listen on {}: {}", found.address, found.why))
    }

    /// Why the table leaves an environment out, if it does.
    pub fn left_out(&self, key: &EnvironmentKey) -> Option<&str> {
        let found = self.left_out.iter().find(|one| one.environment == *key)?;
        Some(&found.why)
    }
}
