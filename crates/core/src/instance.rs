//! Instances: running copies of a release, and the targets that they are to the load balancer.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::deployment::EnvironmentKey;
use crate::id::{InstanceId, ReleaseNumber};
use crate::routing::{Reason, TargetState};
use crate::time::Timestamp;

/// One running copy of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its name, which says where it belongs.
    pub id: InstanceId,
    /// The environment it serves.
    pub environment: EnvironmentKey,
    /// The release it runs.
    pub release: ReleaseNumber,
    /// Its place among the release's instances, from 0.
    pub slot: u32,
    /// How many instances had this slot before it.
    pub generation: u32,
    /// Where it stands.
    pub phase: InstancePhase,
    /// Its part in the environment's traffic, as intended.
    pub role: Role,
    /// When it got that part.
    pub role_since: Timestamp,
    /// What the load balancer last said of it.
    pub health: TargetHealth,
    /// When it was made.
    pub since: Timestamp,
    /// How often its supervisor started it again.
    pub restarts: u32,
    /// Whether somebody asked for a successor of it.
    #[serde(default)]
    pub relief_asked: bool,
    /// Whether a check of its own fails.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ill: bool,
    /// What the load balancer says of it while a check of its own fails: that counts again once
    /// the check passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probed: Option<TargetHealth>,
}

/// Where an instance stands. Only the fields that are legal in a phase exist in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstancePhase {
    /// It is to be started.
    Starting,
    /// Its process runs.
    Running {
        /// Where it listens.
        address: SocketAddr,
        /// Names this very start of it: no other process can have the same proof.
        proof: String,
        /// Whether it was seen healthy and the socket was seen to be its own.
        proved: bool,
        /// When this start of it was noticed.
        since: Timestamp,
        /// Whether this start of it is over, and no other is known yet: whoever has its address
        /// now is somebody else.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        over: bool,
    },
    /// It is to be stopped.
    Stopping {
        /// Where it listened, if it ever did.
        address: Option<SocketAddr>,
    },
    /// It is gone.
    Gone {
        /// When.
        at: Timestamp,
        /// A sentence that says why.
        why: String,
    },
}

/// An instance's part in its environment's traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The load balancer does not know it.
    None,
    /// The load balancer checks it and sends it nothing.
    Standby,
    /// It serves.
    Active,
    /// It finishes what it has.
    Draining,
    /// It has nothing in flight and waits, so that a rollback is a matter of a table.
    Drained,
}

/// What the load balancer says of a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetHealth {
    /// The state.
    pub state: TargetState,
    /// Why it is in this state, in AWS's codes.
    pub reason: Option<Reason>,
    /// A sentence, printable.
    pub detail: String,
    /// Whether its last check failed though it still counts as healthy.
    #[serde(default)]
    pub doubted: bool,
    /// Since when.
    pub since: Timestamp,
}

impl Instance {
    /// Its address, while it has one.
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.phase {
            InstancePhase::Running { address, over: false, .. } => Some(*address),
            InstancePhase::Stopping { address } => *address,
            InstancePhase::Starting
            | InstancePhase::Running { over: true, .. }
            | InstancePhase::Gone { .. } => None,
        }
    }

    /// Whether it runs and was proved to be itself and healthy.
    pub fn is_proved(&self) -> bool {
        matches!(self.phase, InstancePhase::Running { proved: true, .. })
    }

    /// Whether what ran of it is over, and nothing runs of it yet.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, InstancePhase::Running { over: true, .. })
    }

    /// Whether it was proved, runs, and passed its last check.
    pub fn is_well(&self) -> bool {
        self.is_proved()
            && !self.is_over()
            && self.health.state != TargetState::Unhealthy
            && !self.health.doubted
    }

    /// What the load balancer says of this very start of it. What it said of the process before is
    /// not told as if it were the new one's own.
    pub fn own_health(&self) -> TargetState {
        match (&self.phase, self.health.state) {
            (InstancePhase::Running { proved: false, .. }, TargetState::Healthy) => {
                TargetState::Initial
            }
            (_, state) => state,
        }
    }

    /// What the load balancer says of it, also where a check of its own says otherwise.
    pub fn probed_health(&self) -> &TargetHealth {
        self.probed.as_ref().unwrap_or(&self.health)
    }

    /// Whether it is answered for at its address, and nobody knows yet whether by itself.
    pub fn is_doubtful(&self) -> bool {
        self.own_health() != self.health.state
    }

    /// Whether nothing of it is left.
    pub fn is_gone(&self) -> bool {
        matches!(self.phase, InstancePhase::Gone { .. })
    }
}

/// An instance that should serve and is gone, or never came up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// Which.
    pub id: InstanceId,
    /// Its place among the release's instances; unknown of what an older state says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<u32>,
    /// A sentence that says why.
    pub why: String,
    /// When.
    pub at: Timestamp,
    /// Whether what it was to follow is still there, so that the next one takes its time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub follows: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{EnvironmentName, ProjectName};

    #[test]
    fn the_health_of_the_process_before_is_not_its_own() {
        let running = |proved| InstancePhase::Running {
            address: ([127, 0, 0, 1], 21_000).into(),
            proof: "boot:1:2".to_owned(),
            proved,
            since: Timestamp(2),
            over: false,
        };
        let stopping = InstancePhase::Stopping { address: None };
        for (phase, told, own) in [
            (running(false), TargetState::Healthy, TargetState::Initial),
            (running(true), TargetState::Healthy, TargetState::Healthy),
            (running(false), TargetState::Unhealthy, TargetState::Unhealthy),
            (stopping, TargetState::Healthy, TargetState::Healthy),
        ] {
            let one = instance(phase, told);
            assert_eq!((one.own_health(), one.is_doubtful()), (own, own != told));
        }
    }

    fn instance(phase: InstancePhase, state: TargetState) -> Instance {
        let health = TargetHealth {
            state,
            reason: None,
            detail: String::new(),
            doubted: false,
            since: Timestamp(1),
        };
        Instance {
            id: InstanceId::new("shop-qa-r1-0"),
            environment: EnvironmentKey {
                project: ProjectName::new("shop"),
                name: EnvironmentName::new("qa"),
            },
            release: ReleaseNumber(1),
            slot: 0,
            generation: 0,
            phase,
            role: Role::Active,
            role_since: Timestamp(0),
            health,
            since: Timestamp(0),
            restarts: 1,
            relief_asked: false,
            ill: false,
            probed: None,
        }
    }
}
