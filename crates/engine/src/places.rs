//! Where the engine keeps what: the one place that knows the layout of its state directory.
//!
//! ```text
//! journal/                      events and snapshots
//! audit/                        who asked for what
//! run/                          sockets
//! projects/NAME/mirror.git      the repository's mirror
//! runs/N/                       workspace, and a unit directory per step
//! artifacts/                    sealed artifacts
//! releases/PROJECT/ENV/rN       releases laid out
//! instances/ID/                 a unit directory per instance
//! edge/                         the edge's own state
//! built-images/                 a file for each image that was built
//! reserve                       room for a start on a full disk
//! ```

use std::path::{Path, PathBuf};

use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::id::{InstanceId, ProjectName, ReleaseNumber, RunId};
use pilothouse_core::routing::{EDGE_LOCK, EDGE_PROCESS};

/// The layout of a state directory.
#[derive(Clone, Debug)]
pub struct Places {
    root: PathBuf,
}

impl Places {
    /// What branches that feed no environment keep for later stands under: no environment is called so.
    pub const NOWHERE: &str = "_none";

    /// The file with the engine's name for what it makes; it is made once a journal is there.
    pub const ENGINE_ID: &str = "engine-id";

    /// The layout below a directory.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The state directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Events and snapshots.
    pub fn journal(&self) -> PathBuf {
        self.root.join("journal")
    }

    /// Who asked for what.
    pub fn audit(&self) -> PathBuf {
        self.root.join("audit")
    }

    /// The sockets' directory.
    pub fn sockets(&self) -> PathBuf {
        self.root.join("run")
    }

    /// What is kept of each project.
    pub fn projects(&self) -> PathBuf {
        self.root.join("projects")
    }

    /// A project's mirror of its repository.
    pub fn mirror(&self, project: &ProjectName) -> PathBuf {
        self.projects().join(project.as_str()).join("mirror.git")
    }

    /// All that belongs to a run.
    pub fn run(&self, id: RunId) -> PathBuf {
        self.runs().join(id.0.to_string())
    }

    /// All runs.
    pub fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }

    /// A run's workspace.
    pub fn workspace(&self, id: RunId) -> PathBuf {
        self.run(id).join("workspace")
    }

    /// A step's unit directory.
    pub fn step(&self, id: RunId, step: u32) -> PathBuf {
        self.run(id).join("steps").join(step.to_string())
    }

    /// A step's script, where it is one.
    pub fn script(&self, id: RunId, step: u32) -> PathBuf {
        self.run(id).join("scripts").join(step.to_string())
    }

    /// What the container of a step is to be.
    pub fn container(&self, id: RunId, step: u32) -> PathBuf {
        self.run(id).join("containers").join(format!("{step}.json"))
    }

    /// The home directory of a run's steps in containers.
    pub fn container_home(&self, id: RunId) -> PathBuf {
        self.run(id).join("home")
    }

    /// What the step of a run that builds an image is to write.
    pub fn built(&self, id: RunId, step: u32) -> PathBuf {
        self.run(id).join("images").join(format!("{step}.json"))
    }

    /// Tells, while such a step runs, which container the engine of containers builds it in.
    pub fn building(&self, id: RunId, step: u32) -> PathBuf {
        self.run(id).join("images").join(format!("{step}.container"))
    }

    /// What each image leaves here that was built, by its id.
    pub fn built_images(&self) -> PathBuf {
        self.root.join("built-images")
    }

    /// Which engine of containers has the instances that are containers.
    pub fn docker_engine(&self) -> PathBuf {
        self.root.join("docker-engine.json")
    }

    /// Exists once the engine of containers was asked for anything.
    pub fn used_docker(&self) -> PathBuf {
        self.root.join("docker-used")
    }

    /// The ids that the names of a release's images stood for when it was laid out.
    pub fn pinned(&self, key: &EnvironmentKey, number: ReleaseNumber) -> PathBuf {
        self.releases()
            .join(key.project.as_str())
            .join(key.name.as_str())
            .join(format!("{number}.image"))
    }

    /// What programs keep for later when steps of a project run, for one environment.
    pub fn caches(&self, project: &ProjectName, environment: Option<&str>) -> PathBuf {
        self.all_caches(project).join(environment.unwrap_or(Self::NOWHERE))
    }

    /// The same for all environments of a project.
    pub fn all_caches(&self, project: &ProjectName) -> PathBuf {
        self.projects().join(project.as_str()).join("caches")
    }

    /// The images whose layers builds for an environment may read from the containers' engine's
    /// cache: what nothing else that is kept there is called.
    pub fn cached_images(&self, project: &ProjectName, environment: Option<&str>) -> PathBuf {
        self.caches(project, environment).join(".images")
    }

    /// The sealed artifacts' store.
    pub fn artifacts(&self) -> PathBuf {
        self.root.join("artifacts")
    }

    /// A release, laid out.
    pub fn release(&self, key: &EnvironmentKey, number: ReleaseNumber) -> PathBuf {
        self.releases().join(key.project.as_str()).join(key.name.as_str()).join(number.to_string())
    }

    /// All releases.
    pub fn releases(&self) -> PathBuf {
        self.root.join("releases")
    }

    /// An instance's unit directory.
    pub fn instance(&self, id: &InstanceId) -> PathBuf {
        self.instances().join(id.as_str())
    }

    /// All instances.
    pub fn instances(&self) -> PathBuf {
        self.root.join("instances")
    }

    /// The edge's own state.
    pub fn edge(&self) -> PathBuf {
        self.root.join("edge")
    }

    /// What the edge has locked while it lives.
    pub fn edge_lock(&self) -> PathBuf {
        self.edge().join(EDGE_LOCK)
    }

    /// By whose lock the kernel tells which process the edge is.
    pub fn edge_process(&self) -> PathBuf {
        self.edge().join(EDGE_PROCESS)
    }

    /// The edge's control socket.
    pub fn edge_socket(&self) -> PathBuf {
        self.sockets().join("edge.sock")
    }
}

/// An instance's unit directory, within its own.
pub fn unit_of(home: &Path) -> PathBuf {
    home.join("unit")
}
