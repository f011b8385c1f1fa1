//! Where the person is and what they typed.

use std::collections::BTreeMap;

use pilothouse_api::inspection::Inspection;
use pilothouse_api::types::{LogLine, Verdict};
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::id::{CommitId, DeploymentId, InstanceId, ProjectName, RunId};
use pilothouse_core::time::Timestamp;

use super::dialog::Dialog;
use super::index::{BranchRef, JobRef};
use super::log::LogView;
use super::order::Order;
use crate::digest::Notice;
use crate::key::Key;
use crate::keymap::Context;

/// Where the person is and what they typed.
#[derive(Clone, Debug, Default)]
pub struct Ui {
    /// The screen's width in cells.
    pub width: u16,
    /// The screen's height in cells.
    pub height: u16,
    /// The pane that keys go to.
    pub focus: Pane,
    /// Whether that pane has the whole screen.
    pub zoomed: bool,
    /// Whether instances of all environments are shown, not of the selected one alone.
    pub all_environments: bool,
    /// In which order the containers are shown.
    pub order: Order,
    /// What is selected, by pane.
    pub cursors: [Cursor; 5],
    /// What the rows are filtered by, by pane.
    pub filters: [String; 5],
    /// What is open over the panes, the last on top.
    pub views: Vec<View>,
    /// What waits for an answer.
    pub dialog: Option<Dialog>,
    /// The line that is being typed.
    pub prompt: Option<Prompt>,
    /// Keys that began a longer row of keys.
    pub pending: Vec<Key>,
    /// What was last said.
    pub toast: Option<Toast>,
    /// Commands that were sent and not answered yet, with what they are.
    pub sent: BTreeMap<u64, String>,
    /// The number that the next command gets, less one.
    pub last_id: u64,
    /// What the failed step of the run that was opened last wrote in the end.
    pub last_lines: Option<LastLines>,
    /// What is said of the commit that was opened last, where nothing of it ran.
    pub verdict: Option<Judged>,
    /// Up to where the person has seen what happened; the beginning of time where nothing tells.
    pub seen: Timestamp,
    /// What happened while the person was away, until they have looked at it.
    pub away: Vec<Notice>,
}

impl Ui {
    /// Whether anything tells up to where the person has seen what happened.
    pub fn has_looked(&self) -> bool {
        self.seen != Timestamp::default()
    }
}

/// A pane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pane {
    /// Branches and the environments they feed.
    #[default]
    Branches,
    /// Runs and deployments.
    Jobs,
    /// Instances.
    Containers,
    /// What the load balancer says of them.
    Targets,
    /// What it costs.
    Cost,
}

impl Pane {
    /// All panes, in the order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::Branches, Self::Jobs, Self::Containers, Self::Targets, Self::Cost];

    /// The keys that work in it alone.
    pub fn context(self) -> Context {
        match self {
            Self::Branches => Context::Branches,
            Self::Jobs => Context::Jobs,
            Self::Containers => Context::Containers,
            Self::Targets => Context::Targets,
            Self::Cost => Context::Cost,
        }
    }

    /// The pane so many places further, around the end.
    #[must_use]
    pub fn step(self, by: usize) -> Self {
        Self::ALL[(self as usize + by) % Self::ALL.len()]
    }
}

/// What is selected in a pane, kept by what it is, so that it stays selected when rows move.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// What is selected; none follows the first row.
    pub key: Option<RowKey>,
    /// The row it was last seen at.
    pub row: usize,
    /// The first row that is shown.
    pub top: usize,
}

/// What a row speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowKey {
    /// A branch or an environment.
    Branch(BranchRef),
    /// A run or a deployment.
    Job(JobRef),
    /// An instance, also as a target.
    Instance(InstanceId),
    /// A container of somebody else's, by its name.
    Other(String),
    /// Something at AWS: the environment that it belongs to, and what it is known by.
    Watched(EnvironmentKey, String),
    /// A line of the costs.
    Cost(usize),
}

/// What is open over the panes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// A run's steps.
    Run {
        /// The run.
        id: RunId,
        /// The selected step.
        step: usize,
    },
    /// A deployment's milestones.
    Deployment {
        /// The deployment.
        id: DeploymentId,
        /// The first line that is shown.
        top: usize,
    },
    /// All that is known of an instance.
    Instance {
        /// The instance.
        id: InstanceId,
        /// The first line that is shown.
        top: usize,
    },
    /// All that is known of what an environment costs.
    Cost {
        /// Whose it is: `shop/production`.
        name: String,
        /// The first line that is shown.
        top: usize,
    },
    /// All that is seen of something at AWS.
    Watched {
        /// What it is known by.
        name: String,
        /// The first line that is shown.
        top: usize,
    },
    /// What is found when an instance is looked at closely.
    Inspection(Box<Close>),
    /// A branch that nothing ran of yet.
    Branch {
        /// The branch.
        row: BranchRef,
        /// The first line that is shown.
        top: usize,
    },
    /// A log.
    Log(Box<LogView>),
}

/// An instance that is looked at closely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// The instance.
    pub id: InstanceId,
    /// What was found, or why nothing was; none until the engine has answered.
    pub found: Option<Result<Inspection, String>>,
    /// When it was found.
    pub at: Timestamp,
    /// The first line that is shown.
    pub top: usize,
}

/// What is said of a commit that nothing ran of yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The project.
    pub project: ProjectName,
    /// The commit.
    pub commit: CommitId,
    /// What is said, or why nothing is; none until the engine has answered.
    pub found: Option<Result<Verdict, String>>,
}

/// A line that is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// What for.
    pub kind: PromptKind,
    /// What was typed.
    pub text: String,
}

/// What a line is typed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptKind {
    /// To filter a pane's rows.
    Filter(Pane),
    /// To search the open log.
    Search,
}

/// The last lines that a failed step wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastLines {
    /// Its run.
    pub run: RunId,
    /// The step's index.
    pub step: u32,
    /// The lines, oldest first; none before they came.
    pub lines: Vec<LogLine>,
}

/// A sentence that is shown for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// The sentence.
    pub text: String,
    /// Whether something is wrong.
    pub is_error: bool,
    /// When it was said.
    pub at: Timestamp,
    /// The deployment that it speaks of; it goes when that has ended.
    pub about: Option<DeploymentId>,
}
