//! All that starting something takes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::artifact::ArtifactKind;
use crate::container::{Grants, ImageBuild};
use crate::deployment::EnvironmentKey;
use crate::id::{ArtifactDigest, EnvironmentName, InstanceId, ProjectName, ReleaseNumber, RunId};
use crate::pipeline::{Service, Step};
use crate::spec::{Runtime, SecretSource};

/// All that running a step takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepOrder {
    /// The run.
    pub run: RunId,
    /// The step's index.
    pub index: u32,
    /// The step.
    pub step: Step,
    /// Variables it gets beside its own and those every step gets.
    pub env: BTreeMap<String, String>,
    /// Whether the operator's file trusts the project with the engine's own user.
    pub trusted: bool,
    /// The project.
    pub project: ProjectName,
    /// The environment that the branch feeds: what is kept for later belongs to it.
    pub environment: Option<EnvironmentName>,
    /// What the operator's file lets a container have.
    pub grants: Grants,
    /// Directories of the host that instances may change: they may be root in their containers.
    #[serde(default)]
    pub shared: BTreeSet<String>,
    /// Whether it builds the image that is the run's artifact.
    pub is_artifact: bool,
    /// Whether the service is checked by what its image brings.
    #[serde(default)]
    pub by_image: bool,
    /// The images that steps before it built, and which step each.
    pub built_by: Vec<(ImageBuild, u32)>,
}

/// All that starting an instance takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceOrder {
    /// The instance.
    pub id: InstanceId,
    /// Where it belongs.
    pub environment: EnvironmentKey,
    /// The release it runs.
    pub release: ReleaseNumber,
    /// Its artifact.
    pub artifact: ArtifactDigest,
    /// What the artifact is.
    pub kind: ArtifactKind,
    /// What the instance is.
    pub runtime: Runtime,
    /// How it is run.
    pub service: Service,
    /// Variables from the operator's file.
    pub env: BTreeMap<String, String>,
    /// Secrets from the operator's file.
    pub secrets: BTreeMap<String, SecretSource>,
}
