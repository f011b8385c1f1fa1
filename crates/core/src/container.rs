//! What runs in containers: images, mounts, and how much of the machine a container gets.
//!
//! The words are Docker's. What a repository may ask for is bounded by what the operator's file
//! grants: see [`Grants`]. Nothing here talks to a container engine.

use serde::{Deserialize, Serialize};

use crate::spec::allowed::container::parts;

/// What a step runs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// The image.
    pub image: Image,
    /// Absolute paths in the container that are kept from run to run, for one environment.
    pub caches: Vec<String>,
    /// Directories of the host that the repository asks for.
    pub volumes: Vec<Volume>,
    /// The network it joins; none means the engine's default bridge.
    pub network: Option<String>,
    /// How much of the machine it gets.
    pub limits: Limits,
    /// Whether it asks to be as powerful as root on the host.
    pub privileged: bool,
    /// Whether it asks for the container engine's socket.
    pub docker_socket: bool,
}

/// An image: one that exists, or one that is built first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Image {
    /// A name with a tag, a name with a digest, or an id.
    Named(String),
    /// It is built from the workspace by a step before the one that uses it.
    Built(ImageBuild),
}

/// How an image is built from a workspace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ImageBuild {
    /// The Dockerfile's path in the workspace.
    pub dockerfile: String,
    /// The path in the workspace of what the build may read; `.` is all of it.
    pub context: String,
    /// How much of the machine each of its steps gets.
    #[serde(default, skip_serializing_if = "Limits::are_none")]
    pub limits: Limits,
}

/// A directory of the host that is seen in a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// The absolute path on the host.
    pub source: String,
    /// The absolute path in the container.
    pub target: String,
    /// Whether the container may only read it.
    pub read_only: bool,
}

/// How much of the machine a container gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of memory; none means no limit.
    pub memory: Option<u64>,
    /// Thousandths of a processor; none means no limit.
    pub milli_cpus: Option<u32>,
}

/// What the operator's file lets the steps of a repository ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grants {
    /// Directories of the host below which volumes may begin.
    pub volumes_below: Vec<String>,
    /// Whether a step's container may be privileged.
    pub privileged: bool,
    /// Whether a step's container may have the container engine's socket.
    pub docker_socket: bool,
    /// Networks that a step's container may join, beside the default bridge and none at all.
    #[serde(default)]
    pub networks: Vec<String>,
}

/// How instances run in containers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Docker {
    /// Where the load balancer reaches them.
    pub reach: Reach,
    /// Directories of the host that each of them sees.
    pub volumes: Vec<Volume>,
    /// The network they join; none means the engine's default bridge.
    pub network: Option<String>,
    /// How much of the machine each of them gets.
    pub limits: Limits,
}

/// Where the load balancer reaches a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// On a free port of `127.0.0.1` that is mapped to the container's.
    #[default]
    Loopback,
    /// On the container's own address in its network.
    Address,
}

impl Container {
    /// What makes a step in it as powerful as root on the host, if anything does.
    pub fn power(&self) -> Option<&'static str> {
        match (self.privileged, self.docker_socket) {
            (true, true) => Some("a privileged container and Docker's socket"),
            (true, false) => Some("a privileged container"),
            (false, true) => Some("Docker's socket"),
            (false, false) => None,
        }
    }

    /// Why the operator's file does not let a step have this container, if it does not.
    ///
    /// Paths are compared as they are written; what a link on the host leads to is for whoever
    /// mounts them to find out.
    pub fn refusal(&self, grants: &Grants) -> Option<String> {
        if self.privileged && !grants.privileged {
            return Some(refused("a privileged container", "privileged = true"));
        }
        if self.docker_socket && !grants.docker_socket {
            return Some(refused("the Docker socket", SOCKET_KEY));
        }
        if let Some(network) = self.network.as_ref().filter(|network| !grants.joins(network)) {
            let key = format!("networks = [\"{network}\"]");
            return Some(refused(&format!("the network {network}"), &key));
        }
        let foreign = self.volumes.iter().find(|volume| !grants.allows(&volume.source));
        foreign.map(|volume| {
            if HOLD_SOCKET.iter().any(|held| parts(held).eq(parts(&volume.source))) {
                let what = format!("Docker's socket by the volume {}", volume.source);
                if grants.docker_socket {
                    return format!(
                        "the pipeline asks for {what}: write {SOCKET_KEY} there instead"
                    );
                }
                return refused(&what, SOCKET_KEY);
            }
            let key = format!("volumes_below = [\"{}\"]", volume.source);
            refused(&format!("the volume {}", volume.source), &key)
        })
    }
}

impl Limits {
    fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

impl Grants {
    /// What makes whoever can push as powerful as root on the host, if anything does.
    pub fn power(&self) -> Option<&'static str> {
        match (self.privileged, self.docker_socket) {
            (true, true) => Some("privileged containers and Docker's socket"),
            (true, false) => Some("privileged containers"),
            (false, true) => Some("Docker's socket"),
            (false, false) => None,
        }
    }

    /// Whether a network may be joined. The default bridge and none at all give nothing that
    /// every container does not have.
    pub fn joins(&self, network: &str) -> bool {
        matches!(network, "bridge" | "none")
            || self.networks.iter().any(|granted| granted == network)
    }

    /// Whether a path of the host may be mounted.
    pub fn allows(&self, path: &str) -> bool {
        let is_plain = path.starts_with('/') && !path.split('/').any(|part| part == "..");
        let below = |root: &String| {
            let rest = path.strip_prefix(root.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        is_plain && self.volumes_below.iter().any(below)
    }
}

/// The engine's socket, and what holds it.
const HOLD_SOCKET: [&str; 4] = ["/var/run/docker.sock", "/run/docker.sock", "/var/run", "/run"];
/// What lets steps have the engine's socket, and says so wherever somebody looks.
const SOCKET_KEY: &str = "docker_socket = true";

fn refused(what: &str, key: &str) -> String {
    format!(
        "the pipeline asks for {what}, which the operator's file does not grant: write {key} into \
         its [docker] and apply it, if whoever can push may have that"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_joined_that_are_granted() {
        let grants = Grants { networks: vec!["backend".into()], ..Grants::default() };
        for network in ["bridge", "none", "backend"] {
            assert!(grants.joins(network), "{network}");
        }
        for network in ["host", "default", "back", "backend2", "container:x", ""] {
            assert!(!grants.joins(network), "{network}");
        }
    }

    #[test]
    fn volumes_begin_below_what_is_granted() {
        let grants = Grants {
            volumes_below: vec!["/srv/cache/".into(), "/data".into()],
            ..Grants::default()
        };
        for path in ["/srv/cache", "/srv/cache/npm", "/data"] {
            assert!(grants.allows(path), "{path}");
        }
        for path in ["/srv/cachette", "/srv", "/", "/data/../etc", "data", ""] {
            assert!(!grants.allows(path), "{path}");
        }
        assert!(!Grants::default().allows("/tmp"));
    }

    #[test]
    fn whoever_wants_the_socket_as_a_volume_is_told_of_its_own_key() {
        let granted = Grants { docker_socket: true, ..Grants::default() };
        for source in ["/var/run/docker.sock", "/run/docker.sock", "/run/", "/var/run"]
            .into_iter()
            .chain(["//run/docker.sock", "/var/./run//docker.sock"])
        {
            let refusal = asking_for(source).refusal(&Grants::default()).unwrap();
            assert!(refusal.contains("write docker_socket = true into its [docker]"), "{refusal}");
            let refusal = asking_for(source).refusal(&granted).unwrap();
            assert!(refusal.ends_with("write docker_socket = true there instead"), "{refusal}");
        }
        // What it holds is a link that leads elsewhere.
        let refusal = asking_for("/var").refusal(&Grants::default()).unwrap();
        assert!(refusal.contains("write volumes_below = [\"/var\"] into"), "{refusal}");
        let refusal = asking_for("/run/x").refusal(&Grants::default()).unwrap();
        assert!(refusal.contains("write volumes_below = [\"/run/x\"] into"), "{refusal}");
    }

    fn asking_for(source: &str) -> Container {
        let source = source.to_owned();
        Container {
            image: Image::Named("x".to_owned()),
            caches: Vec::new(),
            volumes: vec![Volume { target: source.clone(), source, read_only: true }],
            network: None,
            limits: Limits::default(),
            privileged: false,
            docker_socket: false,
        }
    }
}
