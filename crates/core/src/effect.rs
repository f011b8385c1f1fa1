//! What the engine does in the world, and what came of it.
//!
//! Effects are derived from the state by [`crate::wanted`]. Each is safe to do twice: it looks
//! first whether it was done.

mod observation;
mod order;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::artifact::ArtifactKind;
use crate::deployment::EnvironmentKey;
use crate::event::Head;
use crate::id::{
    ArtifactDigest, BranchName, CommitId, DeploymentId, InstanceId, ProjectName, ReleaseNumber,
    RunId,
};
use crate::pipeline::{Pipeline, Stop};
use crate::routing::Table;
use crate::run::StepExit;
use crate::time::{Millis, Timestamp};

pub use observation::Observation;
pub use order::{InstanceOrder, StepOrder};

/// Names one effect. While an id is wanted, its effect is in flight exactly once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EffectId {
    /// See [`Effect::Look`].
    Look(ProjectName, u64),
    /// See [`Effect::CheckOut`].
    CheckOut(RunId),
    /// See [`Effect::RunStep`].
    RunStep(RunId, u32),
    /// See [`Effect::EndStep`].
    EndStep(RunId, u32),
    /// See [`Effect::Seal`].
    Seal(RunId),
    /// See [`Effect::Clean`].
    Clean(RunId),
    /// See [`Effect::Stage`].
    Stage(DeploymentId),
    /// See [`Effect::Start`].
    Start(InstanceId),
    /// See [`Effect::Prove`].
    Prove(InstanceId),
    /// See [`Effect::Watch`].
    Watch(InstanceId),
    /// See [`Effect::Drain`].
    Drain(InstanceId),
    /// See [`Effect::Stop`].
    Stop(InstanceId),
    /// See [`Effect::Tend`].
    Tend,
    /// See [`Effect::Listen`].
    Listen,
    /// See [`Effect::Publish`].
    Publish(u64),
    /// See [`Effect::Verify`].
    Verify(DeploymentId),
}

/// What two effects must not do at once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A project's mirror of its repository.
    Mirror(ProjectName),
    /// A run's workspace.
    Workspace(RunId),
    /// A step's supervisor.
    Step(RunId, u32),
    /// A deployment's release directory.
    Release(DeploymentId),
    /// An instance's supervisor.
    Instance(InstanceId),
    /// The watch over an instance, whoever else works on it.
    Watch(InstanceId),
    /// The proof of an instance.
    Proof(InstanceId),
    /// The edge process.
    Edge,
    /// The engine of containers.
    Containers,
    /// The edge's table.
    Table,
    /// What a domain answers.
    Domain(DeploymentId),
}

impl EffectId {
    /// What this effect works on. An effect starts only when no other works on the same.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Look(project, _) => Subject::Mirror(project.clone()),
            Self::CheckOut(run) | Self::Seal(run) | Self::Clean(run) => Subject::Workspace(*run),
            Self::RunStep(run, step) | Self::EndStep(run, step) => Subject::Step(*run, *step),
            Self::Stage(deployment) => Subject::Release(*deployment),
            Self::Start(id) | Self::Drain(id) | Self::Stop(id) => Subject::Instance(id.clone()),
            Self::Prove(id) => Subject::Proof(id.clone()),
            Self::Watch(id) => Subject::Watch(id.clone()),
            Self::Tend => Subject::Edge,
            Self::Listen => Subject::Containers,
            Self::Publish(_) => Subject::Table,
            Self::Verify(deployment) => Subject::Domain(*deployment),
        }
    }
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Bring the project's mirror up to date and read its branches, again and again until they
    /// are no longer the known ones: only then is there an outcome.
    Look {
        /// The project.
        project: ProjectName,
        /// Where its repository is.
        repository: String,
        /// When to look first.
        due: Timestamp,
        /// Time between two looks.
        interval: Millis,
        /// The heads that are known; an outcome tells of others.
        known: BTreeMap<BranchName, CommitId>,
        /// Whether the first look is to have an outcome even if it finds nothing new.
        answer: bool,
        /// How many branches are known to be left out because of their names.
        #[serde(default)]
        unread: u32,
    },
    /// Lay a commit out in a workspace of the run's own and read its pipeline.
    CheckOut {
        /// The run.
        run: RunId,
        /// The project.
        project: ProjectName,
        /// The commit.
        commit: CommitId,
        /// Where its repository is, which is what a step's own git calls `origin`.
        repository: String,
    },
    /// Run a step under a supervisor of its own, or find the one that runs it, and wait for its end.
    RunStep(Box<StepOrder>),
    /// End a step's supervisor and everything that the step left.
    EndStep {
        /// The run.
        run: RunId,
        /// The step.
        step: u32,
    },
    /// Seal the run's output into an artifact.
    Seal {
        /// The run.
        run: RunId,
        /// Paths inside the workspace.
        paths: Vec<String>,
        /// The step that built the image which is the artifact; none where it is files.
        image: Option<u32>,
    },
    /// Remove the run's workspace.
    Clean {
        /// The run.
        run: RunId,
    },
    /// Verify an artifact and lay it out as a release.
    Stage {
        /// The deployment.
        deployment: DeploymentId,
        /// The environment.
        environment: EnvironmentKey,
        /// The release.
        release: ReleaseNumber,
        /// Its artifact.
        artifact: ArtifactDigest,
        /// What the artifact is.
        kind: ArtifactKind,
        /// The image that instances need besides; it is pinned to what its name means now.
        image: Option<String>,
    },
    /// Start an instance under a supervisor of its own, or find the one that runs it.
    Start(Box<InstanceOrder>),
    /// Wait until the instance is healthy in its target group and owns its socket.
    Prove {
        /// The instance.
        id: InstanceId,
        /// Where it should listen.
        address: SocketAddr,
        /// How long it must stay healthy.
        min_healthy_time: Millis,
        /// When to give up.
        deadline: Timestamp,
    },
    /// Tell when the instance's supervisor restarts it or is gone.
    Watch {
        /// The instance.
        id: InstanceId,
    },
    /// Wait until the target has nothing in flight, and cut what is left at the deadline.
    Drain {
        /// The instance.
        id: InstanceId,
        /// When to cut.
        deadline: Timestamp,
    },
    /// End an instance's supervisor and everything below it.
    Stop {
        /// The instance.
        id: InstanceId,
        /// How.
        stop: Stop,
    },
    /// Keep the edge process alive and tell what it says of its targets.
    Tend,
    /// Tell when the engine of containers goes away and when it comes back.
    Listen,
    /// Publish a table and read it back, from the control socket and through each listener.
    Publish {
        /// The table.
        table: Box<Table>,
    },
    /// Ask through every listener, under the environment's domain, which release answers.
    Verify {
        /// The deployment.
        deployment: DeploymentId,
        /// The domain; none where the environment has none.
        domain: Option<String>,
        /// The listeners.
        listen: Vec<SocketAddr>,
        /// What must answer, as the table calls it.
        release: String,
    },
}

/// What came of an effect that did what it should.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The branches, by name.
    Looked {
        /// Their heads.
        heads: Vec<Head>,
        /// How many were left out, because their names are no UTF-8.
        #[serde(default)]
        unread: u32,
    },
    /// The commit's pipeline.
    CheckedOut {
        /// The pipeline.
        pipeline: Box<Pipeline>,
    },
    /// The step ended.
    StepEnded {
        /// How.
        exit: StepExit,
        /// Why its log is incomplete, where it could not be written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        log_error: Option<String>,
    },
    /// The artifact is sealed.
    Sealed {
        /// Its name.
        digest: ArtifactDigest,
        /// Its size in bytes.
        bytes: u64,
        /// How many files it has.
        files: u64,
        /// Whether it is an image that brings a check of its own.
        has_check: bool,
    },
    /// The instance runs.
    Started {
        /// Where it listens.
        address: SocketAddr,
        /// Names this very start.
        proof: String,
    },
    /// The instance's supervisor is gone.
    Lost {
        /// A sentence that says how this was noticed.
        why: String,
    },
    /// The table of this digest serves.
    Published {
        /// The digest.
        digest: String,
    },
    /// The target has nothing in flight.
    Drained {
        /// How many requests were cut for that, since they did not end in time.
        cut: u64,
    },
    /// It is done, and there is nothing to add.
    Done,
}

/// Why an effect did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{why}")]
pub struct Fault {
    /// What kind of fault: the core branches on this.
    pub kind: FaultKind,
    /// A sentence that says what failed and where, printable.
    pub why: String,
}

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// It may pass: trying again makes sense.
    Transient,
    /// It will not pass by trying again.
    Permanent,
    /// Nobody knows what happened; it is to be read back.
    Unknown,
}

impl Fault {
    /// Builds a fault that may pass.
    pub fn transient(why: impl Into<String>) -> Self {
        Self { kind: FaultKind::Transient, why: why.into() }
    }

    /// Builds a fault that will not pass.
    pub fn permanent(why: impl Into<String>) -> Self {
        Self { kind: FaultKind::Permanent, why: why.into() }
    }

    /// Builds a fault after which nobody knows what happened.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self { kind: FaultKind::Unknown, why: why.into() }
    }
}

/// What the kernel is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// Somebody asks for something.
    Command {
        /// Who.
        actor: String,
        /// What.
        command: crate::command::Command,
    },
    /// An effect came to its end.
    Outcome {
        /// Which.
        id: EffectId,
        /// What came of it.
        result: Result<Outcome, Fault>,
    },
    /// An effect noticed something.
    Observation(Observation),
    /// The engine started.
    Started {
        /// Its epoch.
        epoch: u64,
        /// Its limits.
        limits: crate::state::Limits,
    },
    /// Records are lost, and somebody accepted that the engine goes on without them.
    RecordsLost(Box<crate::event::Loss>),
    /// A point in time that the state waits for has come.
    Deadline,
}
