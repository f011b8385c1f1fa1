//! What happened: the journal's records and what clients are told, in the past tense.

mod containers;
mod edge;
mod instance;
mod loss;

use serde::{Deserialize, Serialize};

use crate::artifact::Artifact;
use crate::deployment::{Deployment, DeploymentResult, EnvironmentKey, Milestone, Phase};
use crate::id::{
    ArtifactDigest, BranchName, DeploymentId, EnvironmentName, InstanceId, ProjectName,
    ReleaseNumber, RunId, Seq,
};
use crate::instance::Instance;
use crate::pipeline::Pipeline;
use crate::run::{Run, RunResult, StepExit, StepState, Trigger};
use crate::spec::{EnvironmentSpec, ProjectSpec};
use crate::state::{Branch, Commit, Limits, Ready, Release};
use crate::time::Timestamp;

pub use containers::ContainersEvent;
pub use edge::EdgeEvent;
pub use instance::InstanceEvent;
pub use loss::Loss;

/// An event with its place and time: one line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its place; records have no gaps.
    pub seq: Seq,
    /// When it was decided.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// To the engine.
    Engine(EngineEvent),
    /// To a project or its repository.
    Project(ProjectEvent),
    /// To an environment.
    Environment(EnvironmentEvent),
    /// To a run.
    Run(RunEvent),
    /// To a deployment.
    Deployment(DeploymentEvent),
    /// To an instance.
    Instance(InstanceEvent),
    /// To the edge.
    Edge(EdgeEvent),
    /// To the engine of containers.
    Containers(ContainersEvent),
}

/// What happened to the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineEvent {
    /// It started, with a new epoch.
    Started {
        /// The epoch.
        epoch: u64,
        /// How much it does at once and how much it keeps.
        limits: Limits,
    },
    /// It goes on behind records that are lost, as somebody accepted.
    RecordsLost {
        /// Which, and what was passed over because of it.
        loss: Box<Loss>,
    },
    /// Everything is to be stopped, so that the engine can go.
    HaltAsked {
        /// Who asked.
        by: String,
    },
    /// Ended runs, gone deployments and artifacts that nothing refers to were forgotten.
    Forgot {
        /// Runs.
        runs: Vec<RunId>,
        /// Deployments.
        deployments: Vec<DeploymentId>,
        /// Artifacts.
        artifacts: Vec<ArtifactDigest>,
    },
}

/// What happened to a project or its repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectEvent {
    /// A specification became active.
    Applied {
        /// The specification.
        spec: Box<ProjectSpec>,
        /// Who applied it.
        actor: String,
    },
    /// It is being taken down: nothing more is asked of its repository, and it goes once its runs
    /// have ended and its environments are gone.
    RemovalBegan {
        /// The project.
        project: ProjectName,
        /// Who asked for it.
        actor: String,
    },
    /// Nothing of it is left, and it is forgotten.
    Removed {
        /// The project.
        project: ProjectName,
    },
    /// Somebody asked to look at the repository now.
    LookAsked {
        /// The project.
        project: ProjectName,
        /// Who or what asked.
        trigger: Trigger,
    },
    /// A look at the repository found something new, which was recorded before, or succeeded
    /// after one that had failed.
    Looked {
        /// The project.
        project: ProjectName,
        /// How many branches were left out, because their names are no UTF-8.
        #[serde(default, skip_serializing_if = "crate::event::is_zero")]
        unread: u32,
    },
    /// A look at the repository failed.
    LookFailed {
        /// The project.
        project: ProjectName,
        /// What it said, printable.
        why: String,
    },
    /// A branch is new or has a new head.
    BranchMoved {
        /// The project.
        project: ProjectName,
        /// The branch.
        name: BranchName,
        /// Its facts.
        branch: Box<Branch>,
    },
    /// A branch is gone.
    BranchDeleted {
        /// The project.
        project: ProjectName,
        /// The branch.
        name: BranchName,
    },
}

/// Whether a count is left out of what is written: it was not counted by earlier versions.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
pub(crate) fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What happened to an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvironmentEvent {
    /// It exists from now on, or its specification changed.
    Specified {
        /// Which.
        key: EnvironmentKey,
        /// Its specification.
        spec: Box<EnvironmentSpec>,
        /// The branch that a preview belongs to.
        preview_of: Option<BranchName>,
    },
    /// It is being taken down.
    RemovalBegan {
        /// Which.
        key: EnvironmentKey,
    },
    /// Nothing of it is left.
    Removed {
        /// Which.
        key: EnvironmentKey,
    },
    /// A successful run's artifact waits to be deployed.
    BecameReady {
        /// Which.
        key: EnvironmentKey,
        /// The run and its artifact.
        ready: Ready,
    },
    /// A release was made.
    ReleaseMade {
        /// Which.
        key: EnvironmentKey,
        /// Its number.
        number: ReleaseNumber,
        /// The release.
        release: Box<Release>,
    },
    /// Somebody wants what was stopped in it to run again.
    StartAsked {
        /// Which.
        key: EnvironmentKey,
        /// Who.
        by: String,
    },
    /// Releases beyond those kept were forgotten.
    ReleasesForgotten {
        /// Which.
        key: EnvironmentKey,
        /// Their numbers.
        numbers: Vec<ReleaseNumber>,
    },
}

/// What happened to a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunEvent {
    /// It was put into the job queue.
    Queued {
        /// The run.
        run: Box<Run>,
    },
    /// It got an executor.
    Started {
        /// The run.
        id: RunId,
    },
    /// Its commit was laid out and the pipeline read.
    CheckedOut {
        /// The run.
        id: RunId,
        /// The pipeline.
        pipeline: Box<Pipeline>,
        /// The steps it is made of.
        steps: Vec<StepState>,
    },
    /// A step began.
    StepStarted {
        /// The run.
        id: RunId,
        /// The step.
        step: u32,
    },
    /// A step ended.
    StepEnded {
        /// The run.
        id: RunId,
        /// The step.
        step: u32,
        /// How.
        exit: StepExit,
    },
    /// Every step passed, and sealing began.
    SealStarted {
        /// The run.
        id: RunId,
    },
    /// The artifact was sealed.
    Sealed {
        /// The artifact. Its run is the first that sealed it.
        artifact: Box<Artifact>,
    },
    /// A person asked to cancel it.
    CancelAsked {
        /// The run.
        id: RunId,
        /// Who.
        by: String,
    },
    /// Its result is fixed; its workspace is being removed.
    ResultFixed {
        /// The run.
        id: RunId,
        /// The result.
        result: RunResult,
    },
    /// It is over, and its executor is free.
    Ended {
        /// The run.
        id: RunId,
        /// The result.
        result: RunResult,
    },
}

/// What happened to a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentEvent {
    /// It was put into its environment's queue.
    Queued {
        /// The deployment.
        deployment: Box<Deployment>,
    },
    /// It holds its environment's lock, and what it will change is fixed.
    Locked {
        /// The deployment.
        id: DeploymentId,
        /// The release that was current.
        previous: Option<ReleaseNumber>,
        /// The instances that serve.
        old: Vec<InstanceId>,
    },
    /// It reached a milestone.
    Reached {
        /// The deployment.
        id: DeploymentId,
        /// The milestone.
        milestone: Milestone,
    },
    /// It went into a phase.
    Moved {
        /// The deployment.
        id: DeploymentId,
        /// The phase.
        phase: Phase,
        /// The batch that it works on.
        batch: u32,
    },
    /// New instances were added to it.
    InstancesAdded {
        /// The deployment.
        id: DeploymentId,
        /// The instances, to be started.
        instances: Vec<Instance>,
    },
    /// An effect of it failed and is tried again.
    AttemptFailed {
        /// The deployment.
        id: DeploymentId,
        /// What failed, printable.
        why: String,
        /// How many attempts it counts as: all that were left, where it will not pass.
        #[serde(default = "once")]
        times: u32,
    },
    /// Requests that an instance had did not end in the time that its drain gives, and were cut.
    Cut {
        /// The deployment.
        id: DeploymentId,
        /// How many.
        requests: u64,
    },
    /// A person asked to cancel it.
    CancelAsked {
        /// The deployment.
        id: DeploymentId,
        /// Who.
        by: String,
    },
    /// It is over, and the environment's lock is free.
    Ended {
        /// The deployment.
        id: DeploymentId,
        /// What came out of it.
        result: DeploymentResult,
    },
}

/// Facts of a branch that a look at the repository brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The branch.
    pub name: BranchName,
    /// Its head.
    pub commit: Commit,
    /// Whether the head before is not in its history, as after a force-push.
    #[serde(default)]
    pub replaces: bool,
}

fn once() -> u32 {
    1
}

/// The environment an event speaks of, for those that name one directly.
impl EnvironmentEvent {
    /// Which environment it happened to.
    pub fn key(&self) -> &EnvironmentKey {
        match self {
            Self::Specified { key, .. }
            | Self::RemovalBegan { key }
            | Self::Removed { key }
            | Self::BecameReady { key, .. }
            | Self::ReleaseMade { key, .. }
            | Self::StartAsked { key, .. }
            | Self::ReleasesForgotten { key, .. } => key,
        }
    }
}

/// Builds an environment's key.
pub fn environment_key(project: &ProjectName, name: &EnvironmentName) -> EnvironmentKey {
    EnvironmentKey { project: project.clone(), name: name.clone() }
}
