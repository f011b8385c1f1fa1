//! The sealed output of a run.

use serde::{Deserialize, Serialize};

use crate::id::{ArtifactDigest, CommitId, ProjectName, RunId};
use crate::pipeline::Service;

/// A sealed artifact and what it was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Its name: the sha256 of its manifest, or of the image's configuration, which is its id.
    pub digest: ArtifactDigest,
    /// What it is.
    #[serde(default)]
    pub kind: ArtifactKind,
    /// Whose run sealed it first.
    pub project: ProjectName,
    /// The run that sealed it: in the state, the first.
    pub run: RunId,
    /// The commit that this run built.
    pub commit: CommitId,
    /// The commit's first line, printable.
    pub subject: String,
    /// How an instance is run from it, as this commit's pipeline says. Another commit with the
    /// same bytes may say otherwise: a release takes it from its own run.
    pub service: Service,
    /// The sum of its files' sizes in bytes; of an image, its layers'.
    pub bytes: u64,
    /// How many files it has; of an image 0, for nobody counts them.
    pub files: u64,
    /// Whether it is an image that brings a check of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_check: bool,
}

/// What an artifact is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArtifactKind {
    /// Files of the workspace.
    #[default]
    Tree,
    /// An image of the Docker engine.
    Image,
}
