//! What is found when an instance is looked at closely, by whoever runs it. Nothing of it is in
//! the state: it is asked for when somebody wants to see it.
//!
//! Of variables only the names are told: a value may be a secret.

use pilothouse_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// `GET /v1/instances/{id}/inspect`: what the container engine or the system says of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inspection {
    /// It is a container.
    Container(Box<ContainerFacts>),
    /// It is a process of this machine.
    Process(Box<ProcessFacts>),
}

/// What the container engine says of a container. All texts are printable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerFacts {
    /// Its id, in full.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The image it was made from, as it was named then.
    pub image: String,
    /// That image's id, in full.
    pub image_id: String,
    /// What the engine calls its state, such as `running`.
    pub state: String,
    /// What the image's own check says, where that decides.
    pub health: Option<String>,
    /// When it was made, as the engine writes it.
    pub created: String,
    /// When it was started, as the engine writes it.
    pub started: String,
    /// When it ended, as the engine writes it; none while it runs.
    pub finished: Option<String>,
    /// Its first process, by its number on the host.
    pub pid: Option<i32>,
    /// What it ended with.
    pub exit_code: Option<i64>,
    /// Whether the kernel ended it for want of memory.
    pub out_of_memory: bool,
    /// Why it could not be started; empty where it could.
    pub error: String,
    /// How often it was started again.
    pub restarts: u32,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// The directory it starts in.
    pub dir: String,
    /// The user it runs as; empty is the image's, which is often root.
    pub user: String,
    /// The names of its variables.
    pub env: Vec<String>,
    /// Ports of the host that are mapped to ports of it, as in `127.0.0.1:8080 to 80`.
    pub ports: Vec<String>,
    /// What it sees of the host, as in `/srv/data as /data, read only`.
    pub mounts: Vec<String>,
    /// The networks it is in, with its address.
    pub networks: Vec<String>,
    /// Bytes of memory at most.
    pub memory: Option<u64>,
    /// Thousandths of a processor at most.
    pub milli_cpus: Option<u64>,
    /// Processes at most.
    pub processes: Option<u64>,
    /// Whether it is as powerful as root on the host.
    pub privileged: bool,
}

/// What the system says of a local instance. All texts are printable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessFacts {
    /// Its main process; none while it waits to be started again.
    pub pid: Option<i32>,
    /// The process that owns it, its log and its restarts.
    pub supervisor: i32,
    /// When its main process was started.
    pub started: Option<Timestamp>,
    /// How often it was started again.
    pub restarts: u32,
    /// What it last ended with, a sentence; none where it never did.
    pub last_exit: Option<String>,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// The directory it starts in.
    pub dir: String,
    /// The names of its variables.
    pub env: Vec<String>,
    /// The control group of its main process.
    pub cgroup: Option<String>,
    /// Its processes, the main one among them.
    pub processes: Vec<ProcessLine>,
    /// How many more there are.
    pub more: u32,
}

/// One process of a local instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessLine {
    /// Its number.
    pub pid: i32,
    /// The process that it descends from.
    pub parent: i32,
    /// What it is called.
    pub name: String,
    /// Its resident memory in bytes.
    pub memory: u64,
}
