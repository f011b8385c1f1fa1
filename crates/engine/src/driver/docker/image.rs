//! Images: built by steps, sealed as artifacts, pinned for releases.

use pilothouse_core::artifact::ArtifactKind;
use pilothouse_core::container::ImageBuild;
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::effect::{Fault, Outcome, StepOrder};
use pilothouse_core::id::{ArtifactDigest, ReleaseNumber, RunId};
use pilothouse_core::text::slug;
use pilothouse_docker::{BuildSpec, Built};

use super::{Docker, RUN, fault, write};
use crate::executor::Ended;

/// The label that says what an image is for: `artifact` or `steps`.
pub(super) const KIND: &str = "pilothouse.kind";
/// How an engine writes an image's id.
const SHA256: &str = "sha256:";

impl Docker {
    /// Writes what a step is to build, and returns the command line of who builds it.
    pub(in super::super) fn build(
        &self,
        order: &StepOrder,
        build: &ImageBuild,
    ) -> Result<Vec<String>, Fault> {
        let workspace = self.places.workspace(order.run);
        let commit = order.env.get("PILOTHOUSE_COMMIT").map_or("", String::as_str);
        let (kind, tag) = if order.is_artifact {
            ("artifact", commit.get(..12).unwrap_or(commit).to_owned())
        } else {
            ("steps", format!("steps-{}", slug(&build.dockerfile)))
        };
        let run = order.run.0.to_string();
        let spec = BuildSpec {
            context: workspace.join(&build.context),
            dockerfile: build.dockerfile.clone(),
            tag: format!("pilothouse-{}/{}:{tag}", self.engine_id, order.project),
            labels: self.labels(&[
                (RUN, run.as_str()),
                (KIND, kind),
                ("pilothouse.project", order.project.as_str()),
                ("org.opencontainers.image.revision", commit),
            ]),
            built: self.places.built(order.run, order.index),
        };
        self.note_use()?;
        let path = self.places.container(order.run, order.index);
        write(&path, &spec)?;
        write_dir(&spec.built)?;
        let binary = self.binary.display().to_string();
        Ok(vec![binary, "build-image".to_owned(), path.display().to_string()])
    }

    /// What an earlier step of the run built from the same Dockerfile.
    pub(super) fn built_before(
        &self,
        order: &StepOrder,
        build: &ImageBuild,
    ) -> Result<Built, Fault> {
        let step = order.built_by.iter().find(|(what, _)| what == build).map(|(_, step)| *step);
        let step = step.ok_or_else(|| {
            Fault::permanent(format!("no step before this one builds {}", build.dockerfile))
        })?;
        self.built(order.run, step)
    }

    fn built(&self, run: RunId, step: u32) -> Result<Built, Fault> {
        let path = self.places.built(run, step);
        let failed = |why: String| {
            Fault::permanent(format!("cannot read what was built, {}: {why}", path.display()))
        };
        let bytes = std::fs::read(&path).map_err(|error| failed(error.to_string()))?;
        serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))
    }

    /// Seals the image that the run's last step built: its id is its digest.
    pub(in super::super) async fn seal(&self, run: RunId, step: u32) -> Ended {
        let built = self.built(run, step)?;
        let client = self.client().await?;
        let found = client.image(&built.id).await.map_err(|error| fault(&error))?;
        let image = found.ok_or_else(|| Fault::permanent("the image that was built is gone"))?;
        let digest = image.id.strip_prefix(SHA256).unwrap_or(&image.id).to_owned();
        Ok(Outcome::Sealed { digest: ArtifactDigest(digest), bytes: image.bytes, files: 0 })
    }

    /// Makes sure that the images of a release are there, and pins what their names mean now.
    pub(in super::super) async fn stage(
        &self,
        key: &EnvironmentKey,
        release: ReleaseNumber,
        artifact: &ArtifactDigest,
        kind: ArtifactKind,
        image: Option<&str>,
    ) -> Result<(), Fault> {
        let pinned = self.places.pinned(key, release);
        // A release is what it was when it was first laid out: what is pinned stays.
        let name = match (kind, std::fs::read_to_string(&pinned), image) {
            (ArtifactKind::Image, ..) => image_id(artifact),
            (ArtifactKind::Tree, Ok(id), _) => id,
            (ArtifactKind::Tree, Err(_), Some(name)) => name.to_owned(),
            (ArtifactKind::Tree, Err(_), None) => return Ok(()),
        };
        let client = self.client().await?;
        let found = client.find_or_pull(&name).await.map_err(|error| fault(&error))?;
        if kind == ArtifactKind::Tree {
            write_dir(&pinned)?;
            std::fs::write(&pinned, &found.id).map_err(|error| {
                Fault::transient(format!("cannot write {}: {error}", pinned.display()))
            })?;
        }
        Ok(())
    }
}

/// The id of an image that is an artifact.
pub(super) fn image_id(artifact: &ArtifactDigest) -> String {
    format!("{SHA256}{artifact}")
}

/// Makes the directory that a file is to be in.
fn write_dir(path: &std::path::Path) -> Result<(), Fault> {
    path.parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .map_err(|error| Fault::transient(format!("cannot make {}: {error}", path.display())))
}
