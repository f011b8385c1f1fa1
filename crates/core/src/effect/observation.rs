//! What effects notice while they go on.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::id::InstanceId;
use crate::instance::TargetHealth;
use crate::state::Unbound;

/// What an effect notices while it goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observation {
    /// What ran of an instance is over, and its address may be anybody's; its supervisor may start
    /// it again.
    InstanceEnded {
        /// The instance.
        id: InstanceId,
        /// How it ended, or why it cannot start: a sentence, printable.
        why: String,
        /// Whether it is known that nobody took it along.
        by_itself: bool,
    },
    /// An instance runs, and a check of its own that it once passed fails.
    InstanceIll {
        /// The instance.
        id: InstanceId,
        /// What the check said: a sentence, printable.
        why: String,
    },
    /// An instance runs, and a check of its own passes.
    InstanceWell {
        /// The instance.
        id: InstanceId,
    },
    /// A supervisor started its instance again.
    InstanceRestarted {
        /// The instance.
        id: InstanceId,
        /// How often by now.
        restarts: u32,
        /// Names the new start.
        proof: String,
        /// Where it listens now, if that may be elsewhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<SocketAddr>,
        /// Whether the socket at its address was seen to be its own by now.
        is_own: bool,
    },
    /// The load balancer says something else of a target.
    TargetChanged {
        /// The instance.
        id: InstanceId,
        /// What it says.
        health: TargetHealth,
    },
    /// The edge answers, serving the table of this digest.
    EdgeConnected {
        /// The digest; none before the first table.
        active: Option<String>,
    },
    /// The edge cannot listen on other addresses than before.
    ListenersChanged {
        /// All those on which it cannot.
        unbound: Vec<Unbound>,
    },
    /// The edge does not answer.
    EdgeDisconnected {
        /// A sentence that says what was tried.
        why: String,
    },
    /// The engine of containers does not answer.
    ContainersLost {
        /// A sentence that says what was tried, printable.
        why: String,
        /// Whether another one answers in its stead.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        elsewhere: bool,
    },
    /// The engine of containers answers.
    ContainersReached,
}
