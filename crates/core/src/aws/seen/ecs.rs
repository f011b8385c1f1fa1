//! Services of ECS and their tasks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// A service of ECS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EcsService {
    /// Its cluster's name.
    pub cluster: String,
    /// Its name.
    pub name: String,
    /// What AWS calls its state: `ACTIVE`.
    pub state: String,
    /// Tasks that there should be.
    pub desired: u32,
    /// Tasks that run.
    pub running: u32,
    /// Tasks that are on their way.
    pub pending: u32,
    /// What its tasks run on, for people: `FARGATE`, `EC2` or `EXTERNAL`, or the capacity providers.
    pub launch: String,
    /// The capacity providers that its tasks may run on, each of which has a price of its own; none
    /// where a launch type says it.
    #[serde(default)]
    pub providers: Vec<String>,
    /// Whether each of its tasks has a public address.
    #[serde(default)]
    pub is_public: bool,
    /// Its task definition: `web:12`.
    pub definition: String,
    /// The images of the task definition, in its containers' order.
    pub images: Vec<String>,
    /// Thousandths of a vCPU that each task has, where the definition says.
    pub vcpu_milli: Option<u32>,
    /// MiB that each task has, where the definition says.
    pub memory_mib: Option<u32>,
    /// Whether tasks run on ARM.
    pub is_arm: bool,
    /// The tasks' system where it is not Linux: `WINDOWS_SERVER_2022_CORE`.
    #[serde(default)]
    pub system: Option<String>,
    /// GiB of disk that each task has, where the definition says.
    #[serde(default)]
    pub disk_gib: Option<u32>,
    /// How the newest deployment goes: `COMPLETED`, and AWS's reason.
    pub rollout: Option<(String, String)>,
    /// Tasks of that deployment that failed one after another, by AWS's count (Amazon ECS API
    /// Reference, `Deployment`: `failedTasks`).
    #[serde(default, skip_serializing_if = "is_none")]
    pub failed: u32,
    /// The target groups that it registers its tasks in, by ARN.
    pub groups: Vec<String>,
    /// Its tasks, those that run first.
    pub tasks: Vec<Task>,
    /// Whether it has more than these, of which nothing is told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_more: bool,
    /// Its deployments that have tasks, the newest and those that it replaces.
    #[serde(default)]
    pub deployments: Vec<EcsDeployment>,
}

/// A deployment of a service, as ECS calls what brings one of its task definitions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EcsDeployment {
    /// Tasks of it that run.
    pub running: u32,
    /// Tasks of it that are on their way.
    #[serde(default, skip_serializing_if = "is_none")]
    pub pending: u32,
    /// What each of its tasks takes.
    pub takes: Takes,
}

/// Tasks in a row from which on a rollout is not taken to come up: the fewest at which AWS's own
/// deployment circuit breaker gives up (Amazon ECS Developer Guide, "Failure threshold").
const FAILING: u32 = 3;

impl EcsService {
    /// Whether its newest deployment is going on, and its tasks fail.
    pub fn is_failing(&self) -> bool {
        let is_going = self.rollout.as_ref().is_some_and(|(state, _)| state == "IN_PROGRESS");
        is_going && self.failed >= FAILING
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_none(count: &u32) -> bool {
    *count == 0
}

/// What a task runs on and takes, by which it is paid.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Takes {
    /// What it may run on: its launch type, or its capacity providers; none where nobody says.
    pub on: Vec<String>,
    /// Thousandths of a vCPU, where they are known.
    pub vcpu_milli: Option<u32>,
    /// MiB, where they are known.
    pub memory_mib: Option<u32>,
    /// Whether it runs on ARM.
    pub is_arm: bool,
    /// Its system where it is not Linux: `WINDOWS_SERVER_2022_CORE`.
    pub system: Option<String>,
    /// GiB of disk, where they are known.
    pub disk_gib: Option<u32>,
}

impl EcsService {
    /// Whether it was deleted: ECS tells of it for a while all the same (Amazon ECS API Reference,
    /// `DeleteService`).
    pub fn is_gone(&self) -> bool {
        self.state == "INACTIVE"
    }

    /// What a task of its newest task definition takes.
    pub fn takes(&self) -> Takes {
        let launch = [&self.launch].into_iter().filter(|launch| !launch.is_empty());
        let on = match self.providers.as_slice() {
            [] => launch.cloned().collect(),
            providers => providers.to_vec(),
        };
        Takes {
            on,
            vcpu_milli: self.vcpu_milli,
            memory_mib: self.memory_mib,
            is_arm: self.is_arm,
            system: self.system.clone(),
            disk_gib: self.disk_gib,
        }
    }

    /// How many of the tasks that are paid take what: each by what it takes itself where all that run
    /// are told of, otherwise by their deployments, and by the newest task definition where neither
    /// says, as of those that are on their way and not told of yet.
    pub fn paid_by_what_they_take(&self) -> Vec<(Takes, u32)> {
        let own = self.takes();
        let paid = self.running.saturating_add(self.pending);
        let listed = self.tasks.iter().filter(|task| task.is_paid());
        let listed: Vec<(&Takes, u32)> =
            listed.filter_map(|task| Some((task.takes.as_ref()?, 1))).collect();
        let runs = self.tasks.iter().filter(|task| task.runs() && task.takes.is_some()).count();
        let is_whole = u32::try_from(runs).is_ok_and(|count| count >= self.running.max(1));
        let mut told = listed;
        if !is_whole {
            let count = |one: &EcsDeployment| one.running.saturating_add(one.pending);
            told = self.deployments.iter().map(|one| (&one.takes, count(one))).collect();
        }
        let sum = told.iter().fold(0, |sum: u32, (_, count)| sum.saturating_add(*count));
        told.push((&own, paid.saturating_sub(sum)));
        let mut all: BTreeMap<Takes, u32> = BTreeMap::new();
        for (takes, count) in told.into_iter().filter(|(_, count)| *count > 0) {
            let on = if takes.on.is_empty() { own.on.clone() } else { takes.on.clone() };
            let sum = all.entry(Takes { on, ..takes.clone() }).or_default();
            *sum = sum.saturating_add(count);
        }
        Vec::from_iter(all)
    }

    /// How many of its tasks run while their health check fails.
    pub fn unhealthy(&self) -> u32 {
        let count = self.tasks.iter().filter(|task| task.is_unhealthy()).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// How many of its tasks run and do not fail their health check.
    pub fn well(&self) -> u32 {
        self.running.saturating_sub(self.unhealthy())
    }

    /// Of how many of its tasks nothing is told, where that are some: how they are is not known.
    pub fn untold(&self) -> Option<u32> {
        let told = self.tasks.iter().filter(|task| task.runs()).count();
        let told = u32::try_from(told).unwrap_or(u32::MAX);
        self.has_more.then(|| self.running.saturating_sub(told).max(1))
    }

    /// Where it is on its way to be gone, in a word; none while it is there to stay.
    pub fn leaving(&self) -> Option<String> {
        let stays = self.state == "ACTIVE" || self.state.is_empty();
        (!stays).then(|| self.state.to_lowercase())
    }
}

/// A task of an ECS service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its id.
    pub id: String,
    /// What AWS calls its state: `RUNNING`.
    pub state: String,
    /// What its containers' checks say: `HEALTHY`.
    pub health: String,
    /// Its task definition: `web:12`.
    pub definition: String,
    /// Its availability zone.
    pub zone: String,
    /// When it was started.
    pub started_at: Option<Timestamp>,
    /// Its address, where it has one of its own.
    pub ip: Option<String>,
    /// Why it stopped, where it did.
    pub stopped: Option<String>,
    /// What it takes; none where it was not read.
    #[serde(default)]
    pub takes: Option<Takes>,
}

impl Task {
    /// Whether it runs.
    pub fn runs(&self) -> bool {
        self.state == "RUNNING"
    }

    /// Whether it is paid for: from when its image is pulled until it ends (AWS Fargate pricing,
    /// "Duration"). What comes before that takes moments, and counts as well.
    pub fn is_paid(&self) -> bool {
        let (comes, goes) = (
            ["PROVISIONING", "PENDING", "ACTIVATING"],
            ["DEACTIVATING", "STOPPING", "DEPROVISIONING"],
        );
        self.runs() || comes.iter().chain(&goes).any(|state| self.state == *state)
    }

    /// Whether it runs and its containers' health check fails (Amazon ECS API Reference, `Task`,
    /// `healthStatus`).
    pub fn is_unhealthy(&self) -> bool {
        self.runs() && self.health == "UNHEALTHY"
    }
}
