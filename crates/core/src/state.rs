//! Everything that the engine knows and that survives it.
//!
//! The state is the fold of the journal: only [`crate::apply`] changes it. Samples (CPU,
//! requests, log lengths) and log bytes are not part of it.

mod edge;
mod unserved;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::artifact::{Artifact, ArtifactKind};
use crate::containers::Containers;
use crate::deployment::{Deployment, EnvironmentKey};
use crate::id::{
    ArtifactDigest, BranchName, CommitId, DeploymentId, EnvironmentName, InstanceId, ProjectName,
    ReleaseNumber, RunId, Seq,
};
use crate::instance::{Instance, InstancePhase, Lost, Role};
use crate::pipeline::Service;
use crate::run::{Run, Trigger};
use crate::spec::{EnvironmentSpec, ProjectSpec, Runtime};
use crate::time::{Millis, Timestamp};

pub use edge::{Edge, LeftOut, Unbound};

/// Everything that the engine knows and that survives it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The last record that was applied.
    pub seq: Seq,
    /// Grows with each start of an engine; what an older one writes is refused.
    pub epoch: u64,
    /// When this engine started.
    pub started_at: Timestamp,
    /// How much it does at once and how much it keeps.
    pub limits: Limits,
    /// Whether everything is being stopped, so that the engine can go.
    pub halting: bool,
    /// Projects by name.
    pub projects: BTreeMap<ProjectName, Project>,
    /// Environments of all projects.
    #[serde(with = "crate::state::pairs")]
    pub environments: BTreeMap<EnvironmentKey, Environment>,
    /// Runs by number, ended ones too as long as they are kept.
    pub runs: BTreeMap<RunId, Run>,
    /// The runs that have not ended.
    pub live_runs: BTreeSet<RunId>,
    /// Deployments by number, ended ones too as long as they are kept.
    pub deployments: BTreeMap<DeploymentId, Deployment>,
    /// The deployments that have not ended.
    pub live_deployments: BTreeSet<DeploymentId>,
    /// Instances that are not gone.
    pub instances: BTreeMap<InstanceId, Instance>,
    /// Sealed artifacts by name.
    pub artifacts: BTreeMap<ArtifactDigest, Artifact>,
    /// What is known of the edge.
    pub edge: Edge,
    /// What is known of the engine of containers.
    #[serde(default)]
    pub containers: Containers,
    /// Where the numbers of environments that were removed ended, should one come again: a branch
    /// that is pushed again must not meet names of its former life.
    #[serde(default, with = "crate::state::pairs")]
    pub retired: BTreeMap<EnvironmentKey, Retired>,
    /// The number that the next run gets, less one.
    pub last_run: RunId,
    /// The number that the next deployment gets, less one.
    pub last_deployment: DeploymentId,
}

/// How much the engine does at once and how much it keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Runs that execute at once.
    pub executors: u32,
    /// Runs that wait in the job queue at most; a further push waits for a place.
    pub queued_runs: u32,
    /// Ended deployments that are kept per environment.
    pub keep_deployments: u32,
    /// Attempts at an effect that may pass before its deployment gives up.
    pub attempts: u32,
    /// The first wait after a failure; doubled with each one that follows.
    pub retry_first: Millis,
    /// The longest wait after a failure.
    pub retry_most: Millis,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            executors: 2,
            queued_runs: 1000,
            keep_deployments: 50,
            attempts: 8,
            retry_first: Millis(500),
            retry_most: Millis::seconds(60),
        }
    }
}

impl Limits {
    /// How long to wait after so many failures in a row.
    pub fn back_off(&self, failures: u32) -> Millis {
        let factor = 1u64 << failures.saturating_sub(1).min(16);
        Millis(self.retry_first.0.saturating_mul(factor).min(self.retry_most.0))
    }
}

/// A project and what was seen of its repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// What the operator wants; the last that was applied and valid.
    pub spec: ProjectSpec,
    /// Branches by name, as the last look found them.
    pub branches: BTreeMap<BranchName, Branch>,
    /// How looking at the repository goes.
    pub poll: Poll,
    /// Whether it is being taken down, because somebody removed it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removing: bool,
}

/// How looking at the repository goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    /// How often somebody asked to look at once.
    pub asks: u64,
    /// How often of that a person did, who means what is watched elsewhere as well: a hook says
    /// something of the repository alone.
    #[serde(default, skip_serializing_if = "crate::event::is_zero")]
    pub asked_by_people: u32,
    /// Who or what asked, until a look has ended.
    pub asked: Option<Trigger>,
    /// The last look that brought something new. Looks that find nothing new are not recorded.
    pub changed_at: Option<Timestamp>,
    /// Looks in a row that failed.
    pub failures: u32,
    /// What the last failure said, printable; none once a look succeeded.
    pub error: Option<String>,
    /// When the first of these failures was; none once a look succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// How many branches the last look left out, because their names are no UTF-8.
    #[serde(default, skip_serializing_if = "crate::event::is_zero")]
    pub unread: u32,
    /// The earliest time of the next look.
    pub due: Timestamp,
}

impl Project {
    /// Since when its repository is looked at for the first time, where nothing is known of it yet;
    /// the beginning of time where nobody noted it.
    pub fn first_look(&self) -> Option<Timestamp> {
        let poll = &self.poll;
        let is_first =
            poll.changed_at.is_none() && poll.error.is_none() && self.branches.is_empty();
        (is_first && !self.removing).then_some(self.poll.due)
    }
}

/// A branch as the last look found it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// Its head.
    pub head: Commit,
    /// When this head was first seen.
    pub seen_at: Timestamp,
    /// The environment that it feeds.
    pub environment: Option<EnvironmentName>,
    /// The newest run of it.
    pub last_run: Option<RunId>,
    /// Why its head is to have a run, until that run is in the job queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owed: Option<Trigger>,
    /// The newest run that there was when its history was replaced, as by a force-push: runs up to
    /// that one are of commits that it may not have any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<RunId>,
}

/// A commit's facts that people look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its object id.
    pub id: CommitId,
    /// Its first line, printable.
    pub subject: String,
    /// Its author's name, printable.
    pub author: String,
    /// When it was committed, by its own word.
    pub at: Timestamp,
}

/// An environment, its releases and its queue of deployments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// What the operator wants of it; for a preview, with its branch's name and domain filled in.
    pub spec: EnvironmentSpec,
    /// The branch that a preview belongs to.
    pub preview_of: Option<BranchName>,
    /// Whether it is being taken down: its branch or its part of the file is gone.
    pub removing: bool,
    /// Releases by number, as long as they are kept.
    pub releases: BTreeMap<ReleaseNumber, Release>,
    /// The release that serves.
    pub current: Option<ReleaseNumber>,
    /// The deployment that holds the lock.
    pub running: Option<DeploymentId>,
    /// The deployment that waits. There is never more than one.
    pub waiting: Option<DeploymentId>,
    /// The artifact of the newest successful run, and the run, until it is deployed.
    pub ready: Option<Ready>,
    /// The highest generation that any instance of it had.
    pub generation: u32,
    /// Successors in a row that were lost before they proved healthy.
    pub replace_failures: u32,
    /// The newest of what was lost while no deployment was under way, until one proves healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<Lost>,
    /// The earliest time at which a lost instance gets another successor.
    pub replace_at: Timestamp,
    /// The next successor of an instance that serves and is not well is not made before.
    #[serde(default)]
    pub relieve_at: Timestamp,
    /// Places among the current release's instances that are to stay empty, because somebody
    /// stopped what was there.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub stopped: BTreeSet<u32>,
}

/// Where the numbers of a removed environment ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retired {
    /// The highest release that it made.
    pub release: ReleaseNumber,
    /// The highest generation that any instance of it had.
    pub generation: u32,
}

/// A successful run's artifact that waits to be deployed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// The run.
    pub run: RunId,
    /// What it sealed.
    pub artifact: ArtifactDigest,
}

/// An artifact with the configuration that it runs with; never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The artifact.
    pub artifact: ArtifactDigest,
    /// The commit it was built from.
    pub commit: CommitId,
    /// The commit's first line, printable.
    pub subject: String,
    /// How an instance is run.
    pub service: Service,
    /// The variables that the operator's file gave when it was made.
    pub env: BTreeMap<String, String>,
    /// What its instances are, as the operator's file said when it was made.
    #[serde(default)]
    pub runtime: Runtime,
    /// What its artifact is.
    #[serde(default)]
    pub kind: ArtifactKind,
    /// When it was made.
    pub made_at: Timestamp,
    /// How it fared.
    pub fate: Fate,
}

/// How a release fared: only a good one is ever rolled back to without being named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It was never current.
    Untried,
    /// A deployment of it succeeded.
    Good,
    /// It failed, or was rolled back from.
    Bad,
}

impl Environment {
    /// Whether it serves a release, or is about to: otherwise nothing runs, and nothing costs.
    pub fn is_used(&self) -> bool {
        self.current.is_some() || self.running.is_some()
    }

    /// The places that are to have an instance at rest.
    pub fn slots(&self) -> impl Iterator<Item = u32> {
        (0..self.spec.instances).filter(|slot| !self.stopped.contains(slot))
    }

    /// How many instances there are to be at rest.
    pub fn wanted(&self) -> u32 {
        u32::try_from(self.slots().count()).unwrap_or(u32::MAX)
    }

    /// How many instances somebody stopped of those that the operator's file asks for.
    pub fn missing(&self) -> u32 {
        self.spec.instances.saturating_sub(self.wanted())
    }

    /// How many of so many instances must serve, as the operator's file says.
    pub fn fewest(&self, of: u32) -> usize {
        self.spec.strategy.fewest(of)
    }

    /// Whether a place is to have an instance at rest.
    pub fn wants(&self, slot: u32) -> bool {
        slot < self.spec.instances && !self.stopped.contains(&slot)
    }
}

impl Branch {
    /// Why its head is to have a run, where that found no place in the job queue yet.
    pub fn waits_for_place(&self) -> Option<Trigger> {
        self.owed.filter(|_| self.environment.is_some())
    }

    /// Whether a run of it is of the history that it has now.
    pub fn has(&self, run: RunId) -> bool {
        self.replaced.is_none_or(|newest| run > newest)
    }
}

impl State {
    /// What serves in the place of an instance that is to follow it, and does not serve yet.
    pub fn followed(&self, id: &InstanceId) -> Option<&Instance> {
        let may_serve = |one: &&Instance| {
            one.role != Role::Active && !matches!(one.phase, InstancePhase::Stopping { .. })
        };
        let successor = self.instances.get(id).filter(may_serve)?;
        self.instances_of(&successor.environment).find(|one| {
            one.release == successor.release
                && one.slot == successor.slot
                && one.generation < successor.generation
                && one.role == Role::Active
                && one.is_proved()
                && !one.is_over()
        })
    }

    /// What is to follow an instance that serves, and does not serve yet.
    pub fn successor(&self, id: &InstanceId) -> Option<&Instance> {
        let instance = self.instances.get(id)?;
        self.instances_of(&instance.environment)
            .find(|one| self.followed(&one.id).is_some_and(|followed| followed.id == *id))
    }

    /// The instances of an environment, in name order.
    pub fn instances_of<'a>(
        &'a self,
        key: &'a EnvironmentKey,
    ) -> impl Iterator<Item = &'a Instance> {
        self.instances.values().filter(move |instance| instance.environment == *key)
    }

    /// The runs that hold an executor.
    pub fn executing(&self) -> impl Iterator<Item = &Run> {
        self.live_runs.iter().filter_map(|id| self.runs.get(id)).filter(|run| run.holds_executor())
    }
}

/// Writes a map whose keys are structures as a list of pairs, which JSON can carry.
pub mod pairs {
    use std::collections::BTreeMap;

    use serde::de::DeserializeOwned;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes the pairs.
    pub fn serialize<K, V, S>(map: &BTreeMap<K, V>, serializer: S) -> Result<S::Ok, S::Error>
    where
        K: Serialize,
        V: Serialize,
        S: Serializer,
    {
        serializer.collect_seq(map.iter())
    }

    /// Reads the pairs.
    pub fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: DeserializeOwned + Ord,
        V: DeserializeOwned,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}
