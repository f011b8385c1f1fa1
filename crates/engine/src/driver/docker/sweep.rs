//! Removes containers and images of this engine that the state no longer knows.
//!
//! Driven by the state, and by what shows that this engine made something: of a container its name
//! with its labels, of an image its name or the note of its build. Labels alone show nothing, since
//! whatever anybody makes of an image inherits them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use pilothouse_core::artifact::{Artifact, ArtifactKind};
use pilothouse_core::effect::Fault;
use pilothouse_core::id::{InstanceId, ProjectName, RunId};
use pilothouse_core::spec::Runtime;
use pilothouse_core::state::State;
use pilothouse_docker::{Container, Docker as Client, Image, Kind, cached_images};

use super::image::{ORIGIN, Origin, RELEASE, SHA256, image_id, steps};
use super::{Docker, INSTANCE, RUN, fault};

impl Docker {
    /// Removes what the state no longer knows. Failures are logged, and tried again the next time.
    ///
    /// `state` gives what is known now, and is asked once everything is listed: what is made
    /// later is not on the list, and what is listed was known before it was made.
    pub async fn sweep(&self, state: impl Fn() -> Arc<State>) {
        let known = state();
        if !known.has_containers() {
            self.leave_home();
        }
        if !self.was_used(&known) {
            return;
        }
        if let Err(fault) = self.try_sweep(state).await {
            tracing::warn!(why = %fault.why, "containers could not be tidied up");
        }
    }

    async fn try_sweep(&self, state: impl Fn() -> Arc<State>) -> Result<(), Fault> {
        let client = self.client().await?;
        let failed = |error: pilothouse_docker::Error| fault(&error);
        let containers = client.containers().await.map_err(failed)?;
        let images = client.images(ORIGIN).await.map_err(failed)?;
        let named = client.images_named(&format!("{}*", self.image_names())).await;
        let named = named.map_err(failed)?;
        let state = state();
        let own = containers.iter().filter(|one| self.is_own(one));
        for container in own.filter(|one| is_over(&state, one)) {
            tracing::info!(name = %container.name, "removes a container that nobody wants");
            client.remove(&container.id).await.map_err(failed)?;
        }
        for name in named.iter().flat_map(|image| &image.tags) {
            if self.is_of_a_release_gone(&state, name) {
                removed(name, client.remove_name(name).await)?;
            }
        }
        self.sweep_images(&client, &state, &images).await?;
        self.sweep_stages(&client, &state, &images).await
    }

    /// The note that an image was built by this engine.
    fn built_here(&self, id: &str) -> PathBuf {
        self.places.built_images().join(id.rsplit(':').next().unwrap_or_default())
    }

    /// Removes the ends of stages, which have neither a name nor a label, once no build for their
    /// environment may read them from the cache, and the notes of images that are gone.
    ///
    /// A build writes what may be read first and its notes then, both once the images are there.
    async fn sweep_stages(
        &self,
        client: &Client,
        state: &State,
        labelled: &[Image],
    ) -> Result<(), Fault> {
        let notes = std::fs::read_dir(self.places.built_images()).into_iter().flatten().flatten();
        let notes: BTreeSet<PathBuf> = notes.map(|note| note.path()).collect();
        let cached = environments(state)
            .flat_map(|(project, name)| cached_images(&self.places.cached_images(project, name)));
        let known = labelled.iter().map(|image| image.id.clone()).chain(cached);
        let known: BTreeSet<PathBuf> = known.map(|id| self.built_here(&id)).collect();
        for note in notes.difference(&known) {
            let id = format!("{SHA256}{}", note.file_name().unwrap_or_default().display());
            match client.image(&id).await.map_err(|error| fault(&error))? {
                Some(image) if !image.tags.is_empty() || image.labels.contains_key(ORIGIN) => {}
                Some(_) => removed(&id, client.remove_name(&id).await)?,
                None => {
                    if let Err(error) = std::fs::remove_file(note) {
                        tracing::warn!(path = %note.display(), %error, "cannot be removed");
                    }
                }
            }
        }
        Ok(())
    }

    /// Removes images that were built here and that nobody wants, and gives those that are kept a
    /// name, should they have lost it.
    async fn sweep_images(
        &self,
        client: &Client,
        state: &State,
        images: &[Image],
    ) -> Result<(), Fault> {
        let artifacts: BTreeMap<String, &Artifact> = state
            .artifacts
            .values()
            .filter(|artifact| artifact.kind == ArtifactKind::Image)
            .map(|artifact| (image_id(&artifact.digest), artifact))
            .collect();
        let is_own_name = |name: &&String| name.starts_with(&self.image_names());
        for image in images {
            let origin = image.labels.get(ORIGIN).and_then(|label| Origin::read(label));
            let Some(origin) = origin.filter(|origin| origin.engine == self.engine_id) else {
                continue;
            };
            let own: Vec<&String> = image.tags.iter().filter(is_own_name).collect();
            if let Some(artifact) = artifacts.get(&image.id) {
                if own.is_empty() {
                    let name = self.image_name(&artifact.project, artifact.digest.short());
                    client.name_image(&image.id, &name).await.map_err(|error| fault(&error))?;
                }
                continue;
            }
            let is_for_steps = own.iter().any(|name| self.is_for_steps(name, environments(state)));
            if state.live_runs.contains(&origin.run) || is_for_steps {
                continue;
            }
            // A name that somebody else gave it is theirs, and the image with it; so is one without
            // a name that was made of it.
            if image.tags.is_empty() && self.built_here(&image.id).exists() {
                removed(&image.id, client.remove_name(&image.id).await)?;
            }
            for name in own {
                removed(name, client.remove_name(name).await)?;
            }
        }
        Ok(())
    }

    /// Whether a name was given for a release that the state does not know any more.
    fn is_of_a_release_gone(&self, state: &State, name: &str) -> bool {
        let own = name.strip_prefix(&self.image_names());
        let tag = own.and_then(|own| own.split_once(':')).map(|(_, tag)| tag);
        tag.is_some_and(|tag| tag.starts_with(RELEASE))
            && !state.environments.iter().any(|(key, environment)| {
                environment.releases.keys().any(|number| self.release_name(key, *number) == name)
            })
    }

    /// Whether a name is of what an environment's steps run in, or those of branches that feed none.
    /// The newest has it, and older ones have lost it.
    fn is_for_steps<'a>(
        &self,
        name: &str,
        mut known: impl Iterator<Item = (&'a ProjectName, Option<&'a str>)>,
    ) -> bool {
        known.any(|(project, environment)| {
            name.starts_with(&self.image_name(project, &steps(environment)))
        })
    }

    /// Whether this engine ever had anything to do with containers: otherwise none is asked.
    pub(super) fn was_used(&self, state: &State) -> bool {
        let runs_containers = |runtime: &Runtime| matches!(runtime, Runtime::Docker(_));
        self.places.used_docker().exists()
            || state.environments.values().any(|one| runs_containers(&one.spec.runtime))
    }

    /// Remembers that there may be something to tidy up from now on.
    pub(super) fn note_use(&self) -> Result<(), Fault> {
        let path = self.places.used_docker();
        std::fs::write(&path, "")
            .map_err(|error| Fault::transient(format!("cannot write {}: {error}", path.display())))
    }
}

/// Notes that an image or one of its names was removed. Where a container of somebody else's uses
/// it, or another image stands on it, it stays.
fn removed(name: &str, result: Result<(), pilothouse_docker::Error>) -> Result<(), Fault> {
    match result {
        Ok(()) => tracing::info!(%name, "removed an image that nobody wants"),
        Err(error) if error.kind == Kind::Conflict => {}
        Err(error) => return Err(fault(&error)),
    }
    Ok(())
}

/// All environments by project and name, with that of branches that feed none.
fn environments(state: &State) -> impl Iterator<Item = (&ProjectName, Option<&str>)> {
    let named = state.environments.keys().map(|key| (&key.project, Some(key.name.as_str())));
    state.projects.keys().map(|project| (project, None)).chain(named)
}

/// Whether nobody looks for the container any more.
fn is_over(state: &State, container: &Container) -> bool {
    if let Some(id) = container.labels.get(INSTANCE) {
        return !state.instances.contains_key(&InstanceId::new(id.as_str()));
    }
    label_of(&container.labels, RUN).is_none_or(|run| !state.live_runs.contains(&run))
}

fn label_of(labels: &std::collections::BTreeMap<String, String>, name: &str) -> Option<RunId> {
    labels.get(name)?.parse().ok().map(RunId)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::places::Places;

    #[test]
    fn images_for_steps_go_with_their_environment() {
        let docker = Docker {
            places: Places::new("/nowhere"),
            binary: PathBuf::new(),
            engine_id: "e1".to_owned(),
            ports: (1, 2),
            is_home: std::sync::atomic::AtomicBool::new(false),
        };
        let shop = ProjectName::new("shop");
        let known = [(&shop, None), (&shop, Some("production"))];
        let is_kept = |name: &str| docker.is_for_steps(name, known.into_iter());
        let tag = |tag: &str| format!("pilothouse-e1/shop:{tag}");
        assert!(is_kept(&tag("steps-production.dockerfile-1")));
        assert!(is_kept(&tag("steps.dockerfile-1")));
        for gone in ["steps-preview-x.dockerfile-1", "steps-production-2.dockerfile-1", "0123-7"] {
            assert!(!is_kept(&tag(gone)), "{gone}");
        }
        assert!(!is_kept("pilothouse-e1/other:steps.dockerfile-1"));
    }

    #[test]
    fn a_label_says_whose_image_it_is() {
        for label in ["e1 steps 7 shop", "e1 artifact 7"] {
            assert_eq!(Origin::read(label).unwrap().to_string(), label);
        }
        assert!(Origin::read("e1 steps 7 shop more").is_none());
    }
}
