//! Deployments: attempts to make a release current in an environment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{DeploymentId, EnvironmentName, InstanceId, ProjectName, ReleaseNumber};
use crate::spec::Strategy;
use crate::time::Timestamp;

/// Who asked for a deployment that nobody asked for: the engine, where an environment deploys by
/// itself what is ready.
pub const ENGINE: &str = "pilothouse";

/// An environment's name together with its project's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EnvironmentKey {
    /// The project.
    pub project: ProjectName,
    /// The environment's name within it.
    pub name: EnvironmentName,
}

impl std::fmt::Display for EnvironmentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.project, self.name)
    }
}

/// What a deployment was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentKind {
    /// A new release of a run's artifact.
    Deploy,
    /// An earlier good release.
    Rollback,
    /// A new release of the artifact that another environment runs.
    Promotion {
        /// That environment.
        from: EnvironmentName,
    },
}

/// One attempt to make a release current in an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Its number.
    pub id: DeploymentId,
    /// Where.
    pub environment: EnvironmentKey,
    /// The release that it makes current.
    pub release: ReleaseNumber,
    /// The release that was current when it started.
    pub previous: Option<ReleaseNumber>,
    /// What was asked for.
    pub kind: DeploymentKind,
    /// Who asked; `pilothouse` where a successful run went on by itself.
    pub actor: String,
    /// When it was put into the environment's queue.
    pub queued_at: Timestamp,
    /// How it moves, as the operator's file said when it started.
    pub strategy: Strategy,
    /// How many instances the release gets.
    pub instances: u32,
    /// Where it stands.
    pub phase: Phase,
    /// The batch it works on, counted from 0.
    pub batch: u32,
    /// Whether traffic has begun to move: the point after which a failure means a rollback.
    pub shifted: bool,
    /// Who asked to cancel it.
    pub cancelled_by: Option<String>,
    /// When each milestone was first reached.
    pub milestones: BTreeMap<Milestone, Timestamp>,
    /// The new release's instances, in slot order.
    pub new: Vec<InstanceId>,
    /// The instances that served when it started, in slot order.
    pub old: Vec<InstanceId>,
    /// When the phase it is in began.
    pub since: Timestamp,
    /// Failed attempts of the phase's effect so far.
    pub attempts: u32,
    /// What the last failure said, printable.
    pub last_error: Option<String>,
    /// How many requests were cut that did not end while instances drained.
    #[serde(default, skip_serializing_if = "is_none")]
    pub cut: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Where a deployment stands. Only the fields that are legal in a phase exist in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It waits for the environment's lock.
    Queued,
    /// It holds the lock, and the release is verified and laid out.
    Staging,
    /// New instances of the batch start and prove that they are healthy.
    Starting,
    /// The table that moves traffic to the batch is published and read back.
    Shifting,
    /// Old instances of the batch finish what they have in flight.
    Draining,
    /// Old instances of the batch are stopped, because the maximum leaves no room for the next.
    MakingRoom,
    /// The requested release answers through the load balancer and the domain.
    Verifying,
    /// The new release is watched.
    Baking {
        /// Until when.
        until: Timestamp,
    },
    /// Old instances are stopped.
    Retiring,
    /// Nothing was shifted yet: new instances are stopped, the old release was never touched.
    Aborting {
        /// What the deployment will end with.
        result: DeploymentResult,
    },
    /// Traffic goes back to the old release.
    RollingBack {
        /// What made it.
        why: String,
        /// How far it is.
        step: RollbackStep,
    },
    /// It is over.
    Ended {
        /// What came out of it.
        result: DeploymentResult,
        /// When.
        at: Timestamp,
    },
}

/// How far a rollback within a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollbackStep {
    /// Old instances that were stopped are started again and prove that they are healthy.
    Starting,
    /// The table that moves traffic back is published and read back.
    Shifting,
    /// New instances finish what they have in flight.
    Draining,
    /// New instances are stopped.
    Stopping,
}

/// What came out of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentResult {
    /// The release is current and answered through the load balancer and the domain.
    Succeeded,
    /// Traffic never moved, or there was nothing to move it back to; a sentence says why.
    Failed {
        /// The sentence.
        why: String,
    },
    /// Traffic moved and was moved back; a sentence says why.
    RolledBack {
        /// The sentence.
        why: String,
    },
    /// The way back failed too, or led to what is not well either, or is off: a person must look.
    Attention {
        /// A sentence that says what failed.
        why: String,
    },
    /// A person cancelled it before traffic moved.
    Cancelled {
        /// Who.
        by: String,
    },
    /// A newer deployment came while it waited.
    Superseded {
        /// The newer one.
        by: DeploymentId,
    },
}

/// A point that every deployment passes, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Milestone {
    /// It was accepted.
    Queued,
    /// What it will change is fixed.
    Planned,
    /// The environment is its own.
    Locked,
    /// The release is verified and laid out.
    Staged,
    /// The first new instance was started.
    Started,
    /// The first batch proved healthy.
    Healthy,
    /// The table that moves traffic was read back.
    Shifted,
    /// Old instances have nothing in flight.
    Drained,
    /// The new release was watched long enough.
    Baked,
    /// The old release is gone.
    Succeeded,
}

impl Milestone {
    /// All of them, in order.
    pub const ALL: [Self; 10] = [
        Self::Queued,
        Self::Planned,
        Self::Locked,
        Self::Staged,
        Self::Started,
        Self::Healthy,
        Self::Shifted,
        Self::Drained,
        Self::Baked,
        Self::Succeeded,
    ];

    /// Its name as people read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Planned => "PLANNED",
            Self::Locked => "LOCKED",
            Self::Staged => "STAGED",
            Self::Started => "STARTED",
            Self::Healthy => "HEALTHY",
            Self::Shifted => "SHIFTED",
            Self::Drained => "DRAINED",
            Self::Baked => "BAKED",
            Self::Succeeded => "SUCCEEDED",
        }
    }
}

impl Deployment {
    /// Why it can no longer be cancelled, as it reads after its name; none where it can.
    pub fn past_cancelling(&self) -> Option<&'static str> {
        match &self.phase {
            Phase::Ended { .. } => Some("is over"),
            Phase::Retiring => Some("has succeeded but for stopping the old release"),
            Phase::Aborting { .. } => Some("is being aborted already"),
            Phase::RollingBack { .. } => Some("is rolling back already"),
            Phase::Queued
            | Phase::Staging
            | Phase::Starting
            | Phase::Shifting
            | Phase::Draining
            | Phase::MakingRoom
            | Phase::Verifying
            | Phase::Baking { .. } => None,
        }
    }

    /// How it ended; none where it has not.
    pub fn result(&self) -> Option<&DeploymentResult> {
        match &self.phase {
            Phase::Ended { result, .. } => Some(result),
            _ => None,
        }
    }

    /// Whether it is over.
    pub fn is_ended(&self) -> bool {
        self.result().is_some()
    }

    /// Whether its release came to serve and stayed.
    pub fn has_succeeded(&self) -> bool {
        matches!(self.phase, Phase::Ended { result: DeploymentResult::Succeeded, .. })
    }

    /// How many instances may run at once, except on the way back.
    pub fn most(&self) -> usize {
        self.strategy.most(self.instances)
    }

    /// How many healthy ones must serve.
    pub fn fewest(&self) -> usize {
        self.strategy.fewest(self.instances)
    }
}
