//! All that starting something takes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::deployment::EnvironmentKey;
use crate::id::{ArtifactDigest, EnvironmentName, InstanceId, ProjectName, ReleaseNumber, RunId};
use crate::pipeline::{Service, Step};
use crate::spec::SecretSource;

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
    /// How it is run.
    pub service: Service,
    /// Variables from the operator's file.
    pub env: BTreeMap<String, String>,
    /// Secrets from the operator's file.
    pub secrets: BTreeMap<String, SecretSource>,
}
