//! What a container is to be, as the engine of ours writes it for the process that owns it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What a container is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerSpec {
    /// Its name: deterministic, so that it can be found again.
    pub name: String,
    /// Its labels, which say whose it is.
    pub labels: BTreeMap<String, String>,
    /// The image's name or id.
    pub image: String,
    /// Which images of a kind may be used alone; others of it are refused.
    #[serde(default)]
    pub only: Option<Only>,
    /// What is started in it.
    pub program: Program,
    /// The directory it starts in; none means the image's.
    pub dir: Option<String>,
    /// The user and group it runs as, by number; none means the image's.
    pub user: Option<(u32, u32)>,
    /// Groups that it is in besides, by number.
    #[serde(default)]
    pub groups: Vec<u32>,
    /// Its variables.
    pub env: BTreeMap<String, String>,
    /// Names of variables that the owning process has and hands on. Their values are in no file.
    pub secrets: Vec<String>,
    /// What it sees of the host.
    pub mounts: Vec<Mount>,
    /// The port that the host reaches it by.
    pub publish: Option<Publish>,
    /// The network it joins; none means the default bridge.
    pub network: Option<String>,
    /// Bytes of memory at most, swap included.
    pub memory: Option<u64>,
    /// Thousandths of a processor at most.
    pub milli_cpus: Option<u32>,
    /// Processes at most, so that one that forks without end harms itself alone.
    pub processes: u32,
    /// Whether it is as powerful as root on the host.
    pub privileged: bool,
    /// What it is held to beyond what every container is, in Docker's words, such as
    /// [`NO_NEW_RIGHTS`].
    #[serde(default)]
    pub security: Vec<String>,
    /// What whoever reads its log should know of it.
    #[serde(default)]
    pub warning: Option<String>,
    /// The signal that asks it to end, by its number.
    pub stop_signal: i32,
    /// How long it has between that and `KILL`, in milliseconds.
    pub grace_ms: u64,
    /// Whether the image's own check ends a container that fails it.
    pub by_image: bool,
    /// Where the owning process tells what it made; see [`crate::Record`].
    pub record: PathBuf,
    /// Whether a container that has ended is started anew, or its end is what is to be known.
    pub is_service: bool,
}

/// No program in a container gets more rights than it was started with, whosever it is.
pub const NO_NEW_RIGHTS: &str = "no-new-privileges";

/// Of the images that have a label, those whose label begins and ends with certain words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Only {
    /// The label's name.
    pub label: String,
    /// How its value begins, up to a space.
    pub begins: String,
    /// How its value ends, from a space on.
    pub ends: String,
}

impl Only {
    /// Why an image must not be used, if it must not.
    ///
    /// A label is the last thing that a build gives: what lies below its image has none, and its
    /// id stands in the build's log. So an image without a label must have a name.
    pub fn refusal(&self, name: &str, image: &crate::Image) -> Option<String> {
        match image.labels.get(&self.label) {
            Some(value) => {
                let is_own = value.split(' ').next() == Some(&*self.begins)
                    && value.rsplit(' ').next() == Some(&*self.ends);
                (!is_own).then(|| {
                    format!("the image {name} was built for another project: build one of your own")
                })
            }
            None if image.tags.is_empty() && image.digests.is_empty() => Some(format!(
                "the image {name} has no name, so that nobody knows whose it is: name one that has"
            )),
            None => None,
        }
    }
}

/// What is started in a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Program {
    /// What the image says.
    Image,
    /// A program and its arguments, instead of all that the image says.
    Argv(Vec<String>),
}

/// Something of the host that a container sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// The absolute path on the host. It must exist.
    pub source: PathBuf,
    /// The absolute path in the container.
    pub target: String,
    /// Whether it may only be read.
    pub read_only: bool,
}

/// A port of a container that the host reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publish {
    /// The port in the container.
    pub port: u16,
    /// Where the host maps it; none means that the container's own address is used.
    pub host: Option<SocketAddr>,
    /// The first and the last port that the host may map it to instead, should somebody else take
    /// that one; none means that there is no other.
    #[serde(default)]
    pub others: Option<(u16, u16)>,
}
