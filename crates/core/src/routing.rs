//! The routing table that the engine publishes and the edge serves.
//!
//! Responsible for the table's types, its digest, its validation, and the pure decisions that
//! a request needs: which action, which target group, which client address. It must never do
//! IO, hold health state or draw a random number: what varies is an argument. The vocabulary
//! and semantics are those of AWS Application Load Balancers
//! (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/>) wherever one fits.

mod check;
mod cidr;
mod client;
mod digest;
mod latency;
mod matching;
mod path;
mod pattern;
mod redirect;
mod rule;
mod status;
mod table;

pub use check::{Problem, ProblemKind};
pub use cidr::{Cidr, CidrError};
pub use latency::{LATENCY_BUCKETS, latency_bound, latency_bucket, latency_quantile};
pub use matching::{HeaderLookup, NoHeaders, RequestView};
pub use path::{RequestPath, UnclearPath, is_beyond_paths};
pub use pattern::Case;
pub use rule::{
    Action, Condition, Fixed, Forward, QueryPattern, Redirect, Rule, WeightedGroup, WildcardPattern,
};
pub use status::{
    Applied, EdgeCounters, EdgeStatus, GroupStatus, ListenerStatus, Reason, Refusal, RefusalKind,
    TableSource, TargetState, TargetStatus,
};
pub use table::{
    HealthCheck, Listener, MAX_TABLE_BYTES, Role, StatusRange, Table, Target, TargetGroup,
};

/// The file in an edge's directory that one edge at a time has locked.
pub const EDGE_LOCK: &str = "edge.lock";
/// The file beside it by whose lock the kernel tells which process the edge is.
pub const EDGE_PROCESS: &str = "edge.process";

#[cfg(test)]
mod tests;
