//! Runs: one execution of a pipeline for one commit.

use serde::{Deserialize, Serialize};

use crate::deployment::EnvironmentKey;
use crate::id::{ArtifactDigest, BranchName, CommitId, EnvironmentName, ProjectName, RunId};
use crate::pipeline::{Pipeline, Service};
use crate::state::State;
use crate::time::Timestamp;

/// Why a run started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// A look at the repository found a new commit.
    Poll,
    /// A local git hook said "look now", and the look found a new commit.
    Hook,
    /// A person asked for it.
    Manual,
    /// An operator's file was applied by which the branch feeds an environment.
    Apply,
}

impl Trigger {
    /// Whether a person asked, who sees what is watched elsewhere too.
    pub fn is_by_person(self) -> bool {
        match self {
            Self::Manual => true,
            Self::Poll | Self::Hook | Self::Apply => false,
        }
    }
}

/// One execution of a pipeline for one commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// Whose it is.
    pub project: ProjectName,
    /// The branch whose push made it.
    pub branch: BranchName,
    /// The environment that the branch feeds, if any.
    pub environment: Option<EnvironmentName>,
    /// The commit that it builds.
    pub commit: CommitId,
    /// The commit's first line, printable.
    pub subject: String,
    /// Why it started.
    pub trigger: Trigger,
    /// When it was put into the job queue.
    pub queued_at: Timestamp,
    /// When it got an executor.
    pub started_at: Option<Timestamp>,
    /// Where it stands.
    pub phase: RunPhase,
    /// Who asked to cancel it, from the request until it has ended.
    pub cancelled_by: Option<String>,
    /// The pipeline, known once the commit was checked out; dropped when the run has ended.
    pub pipeline: Option<Box<Pipeline>>,
    /// The steps, in order, known once the commit was checked out.
    pub steps: Vec<StepState>,
    /// How the commit says that what it made is run, known once the artifact is sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Box<Service>>,
}

/// Where a run stands. Only the fields that are legal in a phase exist in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunPhase {
    /// It waits for an executor.
    Queued,
    /// Its commit is laid out in a workspace of its own.
    CheckingOut,
    /// The step of this index is running.
    Running {
        /// Index into the run's steps.
        step: u32,
    },
    /// Its output is being sealed into an artifact.
    Sealing,
    /// It has its result, and its workspace is being removed. It still holds its executor.
    Cleaning {
        /// What it will end with.
        result: RunResult,
    },
    /// It is over.
    Ended {
        /// What came out of it.
        result: RunResult,
        /// When.
        at: Timestamp,
    },
}

/// What came out of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunResult {
    /// Every step passed and the artifact is sealed.
    Succeeded {
        /// The artifact.
        artifact: ArtifactDigest,
    },
    /// Something failed.
    Failed {
        /// The step that failed; none where it was no step.
        step: Option<u32>,
        /// A sentence that says what.
        why: String,
    },
    /// A person cancelled it.
    Cancelled {
        /// Who.
        by: String,
    },
    /// What a step ran under died, so that nobody knows what the step did. It never runs again by itself.
    Interrupted {
        /// A sentence that says how this was noticed.
        why: String,
    },
    /// A newer commit of the branch came while it waited.
    Superseded {
        /// The run of the newer commit.
        by: RunId,
    },
}

/// A step of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepState {
    /// Its stage's name, printable.
    pub stage: String,
    /// Its own name, printable.
    pub name: String,
    /// Where it stands.
    pub phase: StepPhase,
}

impl StepState {
    /// Its name, with its stage's where that says more.
    pub fn title(&self) -> String {
        if self.stage == self.name || self.stage.is_empty() {
            return self.name.clone();
        }
        format!("{} {}", self.stage, self.name)
    }
}

/// Where a step stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepPhase {
    /// Its turn has not come.
    Waiting,
    /// It runs.
    Running {
        /// Since when.
        since: Timestamp,
    },
    /// It is over.
    Ended {
        /// Since when it ran.
        since: Timestamp,
        /// When it ended.
        at: Timestamp,
        /// How.
        exit: StepExit,
    },
    /// It never ran, because the run ended before its turn.
    Skipped,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepExit {
    /// Its process ended with this status; 0 is a pass.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
    /// It took longer than it may.
    TimedOut,
    /// It was ended because the run was cancelled.
    Cancelled,
    /// It could not be started; a sentence says why.
    NotStarted(String),
    /// It did not do what it was to do; a sentence says why, where more is known than a status.
    Failed(String),
    /// Its supervisor died.
    Interrupted,
    /// The engine of containers went away and took its container along.
    WithEngine,
}

impl Run {
    /// Whether it is over.
    pub fn is_ended(&self) -> bool {
        matches!(self.phase, RunPhase::Ended { .. })
    }

    /// Whether it was made for an environment.
    pub fn is_for(&self, key: &EnvironmentKey) -> bool {
        self.project == key.project && self.environment.as_ref() == Some(&key.name)
    }

    /// Whether its branch feeds an environment now and still has its history: the operator's file may
    /// have changed since the run began, or the commit was pushed away. What another branch feeds by
    /// now must not get this one's commit unasked.
    pub fn feeds(&self, state: &State, key: &EnvironmentKey) -> bool {
        let branches = state.projects.get(&key.project).map(|project| &project.branches);
        let branch = branches.and_then(|branches| branches.get(&self.branch));
        branch.is_some_and(|branch| {
            branch.environment.as_ref() == Some(&key.name) && branch.has(self.id)
        })
    }

    /// Whether somebody asked for its end, and it has not come.
    pub fn is_being_cancelled(&self) -> bool {
        self.cancelled_by.is_some() && !self.is_ended()
    }

    /// Whether it has a result still to come, and nobody has asked for its end.
    pub fn can_be_cancelled(&self) -> bool {
        let is_over = matches!(self.phase, RunPhase::Cleaning { .. } | RunPhase::Ended { .. });
        self.cancelled_by.is_none() && !is_over
    }

    /// Whether it holds an executor.
    pub fn holds_executor(&self) -> bool {
        !matches!(self.phase, RunPhase::Queued | RunPhase::Ended { .. })
    }

    /// The artifact it sealed, if it ended well or is about to.
    pub fn sealed(&self) -> Option<&ArtifactDigest> {
        match &self.phase {
            RunPhase::Ended { result: RunResult::Succeeded { artifact }, .. }
            | RunPhase::Cleaning { result: RunResult::Succeeded { artifact } } => Some(artifact),
            _ => None,
        }
    }

    /// The artifact it sealed, if it ended well.
    pub fn artifact(&self) -> Option<&ArtifactDigest> {
        match &self.phase {
            RunPhase::Ended { result: RunResult::Succeeded { artifact }, .. } => Some(artifact),
            _ => None,
        }
    }
}
