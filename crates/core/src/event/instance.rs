//! What happens to instances.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::id::InstanceId;
use crate::instance::{Instance, Role, TargetHealth};

/// What happened to an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstanceEvent {
    /// One that was lost gets a successor in its slot.
    Replaced {
        /// The successor, to be started.
        instance: Box<Instance>,
    },
    /// Its process runs.
    Started {
        /// The instance.
        id: InstanceId,
        /// Where it listens.
        address: SocketAddr,
        /// Names this very start of it.
        proof: String,
    },
    /// It was seen healthy, and the socket to be its own.
    Proved {
        /// The instance.
        id: InstanceId,
    },
    /// What ran of it is over; its supervisor may start it again.
    Ended {
        /// The instance.
        id: InstanceId,
        /// A sentence that says why, printable.
        why: String,
        /// Whether it is known that nobody took it along.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_itself: bool,
    },
    /// A check of its own fails. Whatever others say of it, it is not well until that passes, or
    /// until it is another.
    Ill {
        /// The instance.
        id: InstanceId,
        /// What the check said: a sentence, printable.
        why: String,
    },
    /// The check of its own that failed passes again: what others say of it counts.
    Recovered {
        /// The instance.
        id: InstanceId,
    },
    /// Its supervisor started it again.
    Restarted {
        /// The instance.
        id: InstanceId,
        /// How often by now.
        restarts: u32,
        /// Names the new start.
        proof: String,
        /// Where it listens now; none where that did not change.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<SocketAddr>,
        /// Whether it serves on: nobody noticed the end of what was proved, and its socket is known
        /// to be its own.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        serves_on: bool,
    },
    /// The load balancer says something else of it.
    HealthChanged {
        /// The instance.
        id: InstanceId,
        /// What it says.
        health: TargetHealth,
    },
    /// Its part in the traffic is to be another.
    RoleChanged {
        /// The instance.
        id: InstanceId,
        /// The part.
        role: Role,
    },
    /// Somebody wants a successor in its place.
    ReliefAsked {
        /// The instance.
        id: InstanceId,
        /// Who.
        by: String,
    },
    /// Somebody wants it stopped, and none in its place.
    StopAsked {
        /// The instance.
        id: InstanceId,
        /// Who.
        by: String,
    },
    /// Somebody wants what it was to follow to serve on: it is to be stopped, and nothing else.
    CalledOff {
        /// The instance.
        id: InstanceId,
        /// Who.
        by: String,
        /// Whether what it was to follow is still to be followed, once that is possible.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        later: bool,
    },
    /// It is to be stopped.
    StopBegan {
        /// The instance.
        id: InstanceId,
        /// A sentence that says why, where it did not come up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// It is gone.
    Gone {
        /// The instance.
        id: InstanceId,
        /// A sentence that says why.
        why: String,
    },
}

/// The instance that an event speaks of.
impl InstanceEvent {
    /// Which instance it happened to.
    pub fn id(&self) -> &InstanceId {
        match self {
            Self::Replaced { instance } => &instance.id,
            Self::Started { id, .. }
            | Self::Proved { id }
            | Self::Ended { id, .. }
            | Self::Ill { id, .. }
            | Self::Recovered { id }
            | Self::Restarted { id, .. }
            | Self::HealthChanged { id, .. }
            | Self::RoleChanged { id, .. }
            | Self::ReliefAsked { id, .. }
            | Self::StopAsked { id, .. }
            | Self::CalledOff { id, .. }
            | Self::StopBegan { id, .. }
            | Self::Gone { id, .. } => id,
        }
    }
}
