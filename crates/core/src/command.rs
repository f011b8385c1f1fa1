//! What people ask for, and what the engine answers.

use serde::{Deserialize, Serialize};

use crate::deployment::EnvironmentKey;
use crate::id::{
    BranchName, DeploymentId, EnvironmentName, InstanceId, ProjectName, ReleaseNumber, RunId,
};
use crate::run::Trigger;
use crate::spec::ProjectSpec;

/// What somebody asks for. The engine may refuse it.
///
/// A field that is not known is refused: it may say what must not happen, as a misspelt plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Make a specification active.
    Apply {
        /// The specification.
        spec: Box<ProjectSpec>,
    },
    /// Look at a repository now, or at all of them.
    Look {
        /// The project; none means all.
        project: Option<ProjectName>,
        /// Why.
        trigger: Trigger,
    },
    /// Run the pipeline for a branch's head.
    StartRun {
        /// The project.
        project: ProjectName,
        /// The branch.
        branch: BranchName,
    },
    /// Cancel a run.
    CancelRun {
        /// The run.
        id: RunId,
    },
    /// Make something current in an environment.
    Deploy {
        /// Where.
        environment: EnvironmentKey,
        /// What.
        what: DeployWhat,
        /// The hash of the plan that was confirmed; refused when the plan would be another now.
        plan: Option<String>,
    },
    /// Cancel a deployment: before traffic moved it is aborted, afterwards rolled back.
    CancelDeployment {
        /// The deployment.
        id: DeploymentId,
        /// Whether the one that waits behind it is cancelled too. Whoever goes back wants nothing
        /// newer to follow at once.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        waiting: bool,
    },
    /// Give an instance that serves a successor, which takes its place once it is healthy.
    RestartInstance {
        /// The instance.
        id: InstanceId,
    },
    /// Stop an instance, and have one fewer until the next release serves or it is asked for again.
    StopInstance {
        /// The instance.
        id: InstanceId,
        /// Whether fewer than must, or none, may serve afterwards.
        force: bool,
    },
    /// Stop the successor of an instance before it serves; once it does, this is refused.
    CallOff {
        /// The successor.
        id: InstanceId,
    },
    /// Start again what was stopped in an environment by [`Command::StopInstance`].
    StartInstances {
        /// The environment.
        environment: EnvironmentKey,
    },
    /// Open a shell in an instance. It changes no state; who asked stands in the audit log before
    /// there is one.
    OpenShell {
        /// The instance.
        id: InstanceId,
    },
    /// Take down all environments of a project, cancel its runs, and forget it.
    RemoveProject {
        /// The project.
        project: ProjectName,
    },
    /// Stop every instance, so that the engine and the edge can go.
    Halt,
}

impl Command {
    /// Whether it begins nothing: it ends something, or changes no state at all. On a full disk such
    /// commands are taken for as long as there is any room.
    pub fn begins_nothing(&self) -> bool {
        match self {
            Self::CancelRun { .. }
            | Self::CancelDeployment { .. }
            | Self::StopInstance { .. }
            | Self::CallOff { .. }
            | Self::OpenShell { .. }
            | Self::RemoveProject { .. }
            | Self::Halt => true,
            Self::Apply { .. }
            | Self::Look { .. }
            | Self::StartRun { .. }
            | Self::Deploy { .. }
            | Self::RestartInstance { .. }
            | Self::StartInstances { .. } => false,
        }
    }
}

/// What is to be made current.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeployWhat {
    /// The artifact that is ready: of the newest successful run of the environment's branch.
    Ready,
    /// The artifact of this run.
    Run(RunId),
    /// This release again; none means the newest good one before the current.
    Rollback(Option<ReleaseNumber>),
    /// The artifact that this environment of the same project runs.
    Promotion(EnvironmentName),
}

/// What the engine answers. An acceptance means that it is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It is done, or will be without further asking.
    Accepted,
    /// A run was put into the job queue.
    RunQueued(RunId),
    /// A deployment was put into its environment's queue.
    DeploymentQueued(DeploymentId),
}

/// Why the engine refuses a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{why}")]
pub struct Rejection {
    /// What kind of refusal it is: programs branch on this.
    pub kind: RejectionKind,
    /// A sentence that says what is wrong and what to do.
    pub why: String,
}

/// What kind of refusal it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectionKind {
    /// The thing named does not exist.
    NotFound,
    /// It does not fit what is known.
    Conflict,
    /// Something else is under way that excludes it.
    Busy,
    /// The confirmed plan is not what would happen now.
    PlanChanged,
    /// The command makes no sense.
    Invalid,
    /// A queue is full.
    Full,
    /// This socket or user may not.
    Forbidden,
    /// The engine cannot write to its journal, so it accepts nothing; or it keeps the room that is left
    /// there for what it has to follow.
    Degraded,
}

impl Rejection {
    /// Builds a refusal.
    pub fn new(kind: RejectionKind, why: impl Into<String>) -> Self {
        Self { kind, why: why.into() }
    }
}
