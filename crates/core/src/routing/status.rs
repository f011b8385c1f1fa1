//! What the edge says of itself on its control socket.
//!
//! Responsible for the serialised types only. Times are milliseconds since the Unix epoch,
//! latencies microseconds.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::{Problem, Role};

/// The edge's whole state at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EdgeStatus {
    /// The active table's version.
    pub version: u64,
    /// The active table's engine epoch.
    pub epoch: u64,
    /// The active table's digest.
    pub digest: String,
    /// Where the active table came from; anything but published or saved needs attention.
    pub source: TableSource,
    /// Grows whenever a health state, the table or a drain changes; begins anew when the edge
    /// starts anew.
    pub change: u64,
    /// When this edge process began.
    pub started_at_ms: u64,
    /// Every address that the edge should be listening on.
    pub listeners: Vec<ListenerStatus>,
    /// Every target group.
    pub groups: Vec<GroupStatus>,
    /// Every target of the table, and removed ones that still have requests in flight.
    pub targets: Vec<TargetStatus>,
    /// What the edge answered by itself.
    pub counters: EdgeCounters,
}

/// Where the active table came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TableSource {
    /// The engine published it to this process.
    Published,
    /// It was read from disk when the process began.
    Saved,
    /// The newest saved table could not be read, so the one before it serves.
    Previous {
        /// Why the newest could not be read.
        problem: String,
    },
    /// There was never a table: the first start in this state directory.
    New,
    /// No saved table could be read. Nothing is served until the engine publishes one.
    Lost {
        /// Why none could be read.
        problem: String,
    },
}

/// One address of a listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerStatus {
    /// The listener's id.
    pub id: String,
    /// The address in the table.
    pub address: SocketAddr,
    /// The address that is bound, which differs where the table asks for port 0; none means
    /// that nothing listens there.
    pub bound: Option<SocketAddr>,
    /// Why nothing listens there.
    pub problem: Option<String>,
}

/// One target group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupStatus {
    /// The group's id.
    pub id: String,
    /// Active targets.
    pub active: u64,
    /// Active targets that are healthy.
    pub healthy: u64,
    /// True when requests go to proven but unhealthy targets because none is healthy.
    pub fail_open: bool,
}

/// One target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetStatus {
    /// The target's group.
    pub group: String,
    /// The target's id.
    pub id: String,
    /// The target's address.
    pub address: SocketAddr,
    /// The target's release.
    pub release: String,
    /// What names the start of it that is checked; an edge of before does not tell.
    #[serde(default)]
    pub proof: Option<String>,
    /// The target's role; a removed one is draining.
    pub role: Role,
    /// False for a target that left the table and still has requests in flight.
    pub in_table: bool,
    /// The health state as people see it.
    pub state: TargetState,
    /// Whether it is healthy and its last check passed, also while standby, unused or draining.
    pub passing: bool,
    /// Why it is in this state; healthy targets have none.
    pub reason: Option<Reason>,
    /// The same in words, such as "connection refused".
    pub detail: String,
    /// When it came into this state.
    pub since_ms: u64,
    /// Requests and upgraded connections that are not finished.
    pub in_flight: u64,
    /// Requests that were sent to it.
    pub requests: u64,
    /// Its answers with a status of 400 to 499.
    pub errors_4xx: u64,
    /// Its answers with a status of 500 to 599.
    pub errors_5xx: u64,
    /// Requests that it left without a whole answer.
    pub failed: u64,
    /// Answers by time to their head; the buckets are those of `latency_bucket`.
    pub latency: Vec<u64>,
    /// The time that half of all answers stay below.
    pub p50_us: Option<u64>,
    /// The time that 99 of 100 answers stay below.
    pub p99_us: Option<u64>,
}

impl EdgeStatus {
    /// Each target once, as the table has it: one that was started anew has another entry for its
    /// earlier start, until no request to that is left.
    pub fn newest(&self) -> impl Iterator<Item = &TargetStatus> {
        let mut seen = BTreeSet::new();
        let in_table = self.targets.iter().filter(|target| target.in_table);
        let left = self.targets.iter().filter(|target| !target.in_table);
        in_table.chain(left).filter(move |target| seen.insert(target.id.as_str()))
    }
}

/// What the edge answered without a target's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EdgeCounters {
    /// All requests, whoever answered.
    pub requests: u64,
    /// Requests that the edge refused (400 to 499).
    pub refused: u64,
    /// 502: a target gave no answer, or not a valid one.
    pub bad_gateway: u64,
    /// 503: no target could be asked.
    pub unavailable: u64,
    /// 504: a target did not answer in time, or was cut.
    pub timed_out: u64,
    /// Requests that were sent a second time, whatever came of it.
    pub retried: u64,
}

/// A target's health state, with the meaning that Application Load Balancers give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetState {
    /// Registered, and no check has passed or failed it yet.
    Initial,
    /// Passes its checks.
    Healthy,
    /// Fails its checks.
    Unhealthy,
    /// In a group that no rule sends requests to.
    Unused,
    /// Gets no new requests; those in flight go on.
    Draining,
    /// Its health is not checked.
    Unavailable,
}

/// Why a target is not healthy, by the codes of Application Load Balancers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Reason {
    /// The target was just registered.
    #[serde(rename = "Elb.RegistrationInProgress")]
    RegistrationInProgress,
    /// Not enough checks have been made yet.
    #[serde(rename = "Elb.InitialHealthChecking")]
    InitialHealthChecking,
    /// The edge itself could not make the check.
    #[serde(rename = "Elb.InternalError")]
    InternalError,
    /// The answer's status is not a wanted one.
    #[serde(rename = "Target.ResponseCodeMismatch")]
    ResponseCodeMismatch,
    /// The target did not answer in time.
    #[serde(rename = "Target.Timeout")]
    Timeout,
    /// The connection failed, or the answer was malformed.
    #[serde(rename = "Target.FailedHealthChecks")]
    FailedHealthChecks,
    /// No rule uses the group.
    #[serde(rename = "Target.NotInUse")]
    NotInUse,
    /// The target is draining.
    #[serde(rename = "Target.DeregistrationInProgress")]
    DeregistrationInProgress,
    /// Health checks are off.
    #[serde(rename = "Target.HealthCheckDisabled")]
    HealthCheckDisabled,
}

/// The edge's answer to a table that it accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// False when the very same table was already active.
    pub changed: bool,
    /// The state with the table active.
    pub status: EdgeStatus,
}

/// The edge's answer to what it refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What kind of refusal; callers branch on this.
    pub kind: RefusalKind,
    /// What was refused, why, and what to do, for people.
    pub message: String,
    /// What is wrong with the table, when that is the reason.
    pub problems: Vec<Problem>,
}

/// Why the edge refused something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// The request itself was malformed.
    Malformed,
    /// No such route, or no such target.
    NotFound,
    /// The table comes from an older engine or is not newer than the active one.
    Stale,
    /// The table contradicts itself.
    Invalid,
    /// An address could not be bound. Edges that bind what they can never say so.
    Bind,
    /// The table could not be saved.
    Storage,
    /// The target still gets requests, so it cannot be cut.
    InUse,
    /// The edge is stopping.
    Stopping,
}
