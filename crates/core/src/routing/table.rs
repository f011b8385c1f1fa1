//! The table, its listeners, and its target groups.
//!
//! Responsible for the serialised types and their defaults; it holds no health state.

use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Action, Cidr, Rule};

/// The largest table that an edge takes, as JSON.
pub const MAX_TABLE_BYTES: usize = 16 << 20;

/// Everything that the edge needs to serve; replaced as a whole, never changed in place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Grows with each table that one engine epoch publishes.
    pub version: u64,
    /// The epoch of the engine that published it; an older engine is refused.
    pub epoch: u64,
    /// The sha256, in hex, of everything but version, epoch and digest.
    pub digest: String,
    /// Where the edge listens, and what it does with what arrives.
    pub listeners: Vec<Listener>,
    /// Where requests may go.
    pub target_groups: Vec<TargetGroup>,
    /// A request that shows this token is routed as `Listener::route_proof` says and told which
    /// release answered; empty means nobody is.
    pub probe_token: String,
}

/// The addresses that accept requests, and the rules that these requests meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// Names the listener in the status; unique in the table.
    pub id: String,
    /// IPv4 and IPv6 addresses; an IPv6 one never takes IPv4 traffic. Port 0 lets the system
    /// choose a port, which the status tells.
    pub addresses: Vec<SocketAddr>,
    /// Tried by ascending priority.
    pub rules: Vec<Rule>,
    /// What happens to a request that no rule matches.
    pub default: Action,
    /// Peers whose `X-Forwarded-*` fields are believed.
    pub trusted_proxies: Vec<Cidr>,
}

/// Targets that serve the same thing, and how their health is checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetGroup {
    /// Names the group in rules; unique in the table.
    pub id: String,
    /// The environment that the group belongs to.
    pub environment: String,
    /// How those of its targets are checked that say nothing themselves.
    pub health: HealthCheck,
    /// Its targets, whatever their role.
    pub targets: Vec<Target>,
}

/// One instance's address in a target group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The instance's id; unique in the table.
    pub id: String,
    /// Where the instance listens.
    pub address: SocketAddr,
    /// The release that the instance runs.
    pub release: String,
    /// Whether it gets requests.
    pub role: Role,
    /// Names the very process or container that was proven to own the address. When it
    /// changes, what was known of the target's health is forgotten.
    pub proof: String,
    /// Whether a check of the target's own fails, which the edge does not see: it gets a request
    /// only where no other that is healthy can take it. Left out of the serialised form, and so of
    /// the digest, when it is not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ill: bool,
    /// How this target is checked, when not as its group says: during a deployment two releases
    /// share a group, and each knows its own health path. Left out of the serialised form, and
    /// so of the digest, when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthCheck>,
}

/// Whether a target gets requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Checked, and gets requests while healthy.
    Active,
    /// Checked, but gets no request: a new release proves itself before traffic moves.
    Standby,
    /// Gets no new request; those in flight and upgraded connections go on.
    Draining,
}

/// How the health of a group's targets is checked: a `GET` on the target's own address.
///
/// The defaults are those of an Application Load Balancer: path `/`, every 30 s, 5 s timeout,
/// healthy after 5 passes, unhealthy after 2 failures, status 200.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// The path and query that are asked for.
    pub path: String,
    /// From the start of one check to the start of the next; at least 50 ms.
    #[serde(rename = "interval_ms", with = "millis")]
    pub interval: Duration,
    /// How long a check waits for the whole of an answer's head; at least 50 ms.
    #[serde(rename = "timeout_ms", with = "millis")]
    pub timeout: Duration,
    /// How many passes in a row make an unhealthy target healthy again. The very first pass of
    /// a target is enough by itself.
    pub healthy_threshold: u32,
    /// How many failures in a row make a target unhealthy.
    pub unhealthy_threshold: u32,
    /// The status codes that pass.
    pub matcher: Vec<StatusRange>,
}

/// A range of status codes, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusRange {
    /// The lowest code that passes.
    pub from: u16,
    /// The highest code that passes.
    pub to: u16,
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            path: "/".to_owned(),
            interval: Duration::from_secs(30),
            timeout: Duration::from_secs(5),
            healthy_threshold: 5,
            unhealthy_threshold: 2,
            matcher: vec![StatusRange { from: 200, to: 200 }],
        }
    }
}

impl HealthCheck {
    /// Says whether an answer with this status passes.
    pub fn accepts(&self, status: u16) -> bool {
        self.matcher.iter().any(|range| (range.from..=range.to).contains(&status))
    }

    /// Writes the wanted codes for people: `200-299,301`.
    pub fn wanted(&self) -> String {
        let ranges = self.matcher.iter().map(|range| {
            if range.from == range.to {
                range.from.to_string()
            } else {
                format!("{}-{}", range.from, range.to)
            }
        });
        ranges.collect::<Vec<_>>().join(",")
    }
}

impl TargetGroup {
    /// Tells how one of its targets is checked: as the target says, otherwise as the group does.
    pub fn health_of<'a>(&'a self, target: &'a Target) -> &'a HealthCheck {
        target.health.as_ref().unwrap_or(&self.health)
    }
}

impl Table {
    /// Finds a listener by its id.
    pub fn listener(&self, id: &str) -> Option<&Listener> {
        self.listeners.iter().find(|listener| listener.id == id)
    }

    /// Says whether a rule or a default of any listener can send requests to the group.
    pub fn uses_group(&self, id: &str) -> bool {
        self.actions().any(|action| match action {
            Action::Forward(forward) => {
                forward.groups.iter().any(|g| g.group == id && g.weight > 0)
            }
            Action::Redirect(_) | Action::Fixed(_) => false,
        })
    }

    fn actions(&self) -> impl Iterator<Item = &Action> {
        self.listeners.iter().flat_map(|listener| {
            listener.rules.iter().map(|rule| &rule.action).chain([&listener.default])
        })
    }
}

/// Durations travel as whole milliseconds.
mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}
