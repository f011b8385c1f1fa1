//! Images: built by steps, sealed as artifacts, pinned for releases.

use std::collections::BTreeMap;
use std::path::Path;

use pilothouse_core::artifact::ArtifactKind;
use pilothouse_core::container::ImageBuild;
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::effect::{Fault, Outcome, StepOrder};
use pilothouse_core::id::{ArtifactDigest, EnvironmentName, ProjectName, ReleaseNumber, RunId};
use pilothouse_core::text::slug;
use pilothouse_docker::{BuildSpec, Built, Only};
use pilothouse_supervisor::read_regular;

use super::{Docker, fault, write};
use crate::executor::{Attention, Ended};

/// The label of an image: [`Origin`] as text. It is only one, because an engine that builds adds a
/// layer for each.
pub(super) const ORIGIN: &str = "pilothouse.image";

/// What the tag of a name begins with that an image has for a release.
pub(super) const RELEASE: &str = "release-";

/// What the tag of an image begins with that steps run in.
pub const STEPS: &str = "steps";

/// What the tag of a name begins with that an image has for the steps of an environment, or of
/// branches that feed none: what a preview builds takes no name away from production's.
pub(super) fn steps(environment: Option<&str>) -> String {
    environment.map_or_else(|| format!("{STEPS}."), |name| format!("{STEPS}-{name}."))
}

/// How an engine writes an image's id.
pub(super) const SHA256: &str = "sha256:";

/// Whose image it is, and what for: `ENGINE artifact RUN PROJECT` or `ENGINE steps RUN PROJECT`.
pub(super) struct Origin {
    /// The engine that had it built.
    pub(super) engine: String,
    /// Whether it is what a run made, and not what its steps run in.
    pub(super) is_artifact: bool,
    /// The run that built it.
    pub(super) run: RunId,
    /// The project that the run is of; labels did not always say it.
    pub(super) project: Option<ProjectName>,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = if self.is_artifact { "artifact" } else { "steps" };
        write!(f, "{} {what} {}", self.engine, self.run.0)?;
        self.project.as_ref().map_or(Ok(()), |project| write!(f, " {project}"))
    }
}

impl Origin {
    /// Reads a label; what has another form is not ours.
    pub(super) fn read(label: &str) -> Option<Self> {
        let mut words = label.split(' ');
        let engine = words.next()?.to_owned();
        let is_artifact = match words.next()? {
            "artifact" => true,
            "steps" => false,
            _ => return None,
        };
        let run = RunId(words.next()?.parse().ok()?);
        let project = words.next().map(ProjectName::from);
        words.next().is_none().then_some(Self { engine, is_artifact, run, project })
    }
}

impl Docker {
    /// Writes what a step is to build, and returns the command line of who builds it.
    pub(in super::super) fn build(
        &self,
        order: &StepOrder,
        build: &ImageBuild,
    ) -> Result<Vec<String>, Fault> {
        let workspace = self.places.workspace(order.run);
        let commit = order.env.get("PILOTHOUSE_COMMIT").map_or("", String::as_str);
        let environment = order.environment.as_ref().map(EnvironmentName::as_str);
        // Each run's own, so that another run of the same commit takes none away: an image without
        // a name is what `docker image prune` removes.
        let tag = if order.is_artifact {
            format!("{}-{}", commit.get(..12).unwrap_or(commit), order.run.0)
        } else {
            format!("{}{}", steps(environment), slug(&build.dockerfile))
        };
        let origin = Origin {
            engine: self.engine_id.clone(),
            is_artifact: order.is_artifact,
            run: order.run,
            project: Some(order.project.clone()),
        };
        // The file names it as the workspace has it, and an engine as the context has it.
        let path = Path::new(&build.dockerfile);
        let dockerfile = path.strip_prefix(&build.context).unwrap_or(path);
        let spec = BuildSpec {
            context: workspace.join(&build.context),
            within: workspace,
            dockerfile: dockerfile.display().to_string(),
            only: Some(self.own_images(&order.project)),
            tag: self.image_name(&order.project, &tag),
            labels: BTreeMap::from([(ORIGIN.to_owned(), origin.to_string())]),
            ignores_check: order.is_artifact && !order.by_image,
            memory: build.limits.memory,
            milli_cpus: build.limits.milli_cpus,
            known: Some(self.places.built_images()),
            cache: Some(self.places.cached_images(&order.project, environment)),
            built: self.places.built(order.run, order.index),
            record: Some(self.step_record(order.run, order.index)),
            container: Some(self.places.building(order.run, order.index)),
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
        let bytes = read_regular(&path).map_err(|error| failed(error.to_string()))?;
        let bytes = bytes.ok_or_else(|| failed("it is not there".to_owned()))?;
        serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))
    }

    /// What the names of this engine's images begin with, and those of no other.
    pub(super) fn image_names(&self) -> String {
        format!("pilothouse-{}/", self.engine_id)
    }

    pub(super) fn image_name(&self, project: &ProjectName, tag: &str) -> String {
        format!("{}{project}:{tag}", self.image_names())
    }

    /// The name that an image keeps for a release that named it otherwise: that other name may come
    /// to mean another image.
    pub(super) fn release_name(&self, key: &EnvironmentKey, release: ReleaseNumber) -> String {
        self.image_name(&key.project, &format!("{RELEASE}{}-{release}", key.name))
    }

    /// The images that a project may name: none that was built for another.
    pub(super) fn own_images(&self, project: &ProjectName) -> Only {
        Only { label: ORIGIN.to_owned(), begins: self.engine_id.clone(), ends: project.to_string() }
    }

    /// Seals the image that the run's last step built: its id is its digest.
    pub(in super::super) async fn seal(
        &self,
        run: RunId,
        step: u32,
        attention: &Attention,
    ) -> Ended {
        let built = self.built(run, step)?;
        let client = self.patient_client(attention).await?;
        let found = client.image(&built.id).await.map_err(|error| fault(&error))?;
        let image = found.ok_or_else(|| Fault::permanent("the image that was built is gone"))?;
        let digest = image.id.strip_prefix(SHA256).unwrap_or(&image.id).to_owned();
        let (digest, bytes) = (ArtifactDigest(digest), image.bytes);
        Ok(Outcome::Sealed { digest, bytes, files: 0, has_check: image.has_check })
    }

    /// Makes sure that the images of a release are there, and pins what their names mean now.
    pub(in super::super) async fn stage(
        &self,
        key: &EnvironmentKey,
        release: ReleaseNumber,
        artifact: &ArtifactDigest,
        kind: ArtifactKind,
        image: Option<&str>,
        attention: &Attention,
    ) -> Result<(), Fault> {
        let pinned = self.places.pinned(key, release);
        // A release is what it was when it was first laid out: what is pinned stays.
        let (name, is_new) = match (kind, std::fs::read_to_string(&pinned), image) {
            (ArtifactKind::Image, ..) => (image_id(artifact), false),
            (ArtifactKind::Tree, Ok(id), _) => (id, false),
            (ArtifactKind::Tree, Err(_), Some(name)) => (name.to_owned(), true),
            (ArtifactKind::Tree, Err(_), None) => return Ok(()),
        };
        let client = self.patient_client(attention).await?;
        let found = client.find_or_pull(&name).await.map_err(|error| fault(&error))?;
        let refusal = self.own_images(&key.project).refusal(&name, &found);
        if let Some(why) = refusal.filter(|_| is_new) {
            return Err(Fault::permanent(why));
        }
        if kind == ArtifactKind::Tree {
            write_dir(&pinned)?;
            std::fs::write(&pinned, &found.id).map_err(|error| {
                Fault::transient(format!("cannot write {}: {error}", pinned.display()))
            })?;
            let name = self.release_name(key, release);
            client.name_image(&found.id, &name).await.map_err(|error| fault(&error))?;
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
