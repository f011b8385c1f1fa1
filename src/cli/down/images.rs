//! Which images of an engine's stay in Docker once everything has stopped.

use pilothouse_core::artifact::ArtifactKind;
use pilothouse_core::state::State;
use pilothouse_docker::{Docker, Error, Image};
use pilothouse_engine::driver::docker::STEPS;
use pilothouse_engine::places::Places;

use crate::find::Place;

/// What stays, and what removes it; nothing where nothing does.
pub async fn stay(place: &Place, state: &State) -> Option<String> {
    let is_image = |kind: ArtifactKind| kind == ArtifactKind::Image;
    let Some(id) = engine_id(place) else {
        let is_any = state.artifacts.values().any(|artifact| is_image(artifact.kind));
        let told = "images of releases stay in Docker; once nobody is to go back to them: docker \
                    image ls --filter label=pilothouse.image shows them";
        return is_any.then(|| told.to_owned());
    };
    if !Places::new(place.state_dir()).used_docker().exists() {
        return None;
    }
    let names = format!("pilothouse-{id}/");
    let what = match named(&format!("{names}*")).await {
        Ok(images) => count(&images, &names)?,
        // Whether any stays is not known, and what removes them is right all the same.
        Err(_) => "Docker does not answer, and images of releases and of steps may stay".to_owned(),
    };
    Some(format!(
        "{what} in Docker; once nobody is to go back to them: docker image ls --format \
         '{{{{.Repository}}}}:{{{{.Tag}}}}' '{names}*' | xargs -r docker image rm"
    ))
}

/// The id that names the engine's images; the directory of an installed one may be closed to
/// whoever asks.
fn engine_id(place: &Place) -> Option<String> {
    let id = std::fs::read_to_string(place.state_dir().join("engine-id")).ok();
    id.filter(|_| !place.is_installed()).map(|id| id.trim().to_owned())
}

async fn named(pattern: &str) -> Result<Vec<Image>, Error> {
    Docker::local()?.ready().await?.images_named(pattern).await
}

/// How many stay of each kind, if any do.
fn count(images: &[Image], names: &str) -> Option<String> {
    let is_for_steps = |image: &&Image| {
        let own = image.tags.iter().filter_map(|tag| tag.strip_prefix(names));
        own.filter_map(|own| own.split_once(':')).all(|(_, tag)| tag.starts_with(STEPS))
    };
    let (steps, releases): (Vec<_>, Vec<_>) = images.iter().partition(is_for_steps);
    let said = |count: usize, what: &str| match count {
        0 => None,
        1 => Some(format!("1 image of {what}")),
        count => Some(format!("{count} images of {what}")),
    };
    let all = [said(releases.len(), "releases"), said(steps.len(), "steps")];
    let all: Vec<String> = all.into_iter().flatten().collect();
    let verb = if images.len() == 1 { "stays" } else { "stay" };
    (!all.is_empty()).then(|| format!("{} {verb}", all.join(" and ")))
}
