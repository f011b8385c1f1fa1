//! Services of ECS and their tasks.

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
    /// The target groups that it registers its tasks in, by ARN.
    pub groups: Vec<String>,
    /// Its tasks, those that run first.
    pub tasks: Vec<Task>,
}

impl EcsService {
    /// Whether it was deleted: ECS tells of it for a while all the same (Amazon ECS API Reference,
    /// `DeleteService`).
    pub fn is_gone(&self) -> bool {
        self.state == "INACTIVE"
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
}
