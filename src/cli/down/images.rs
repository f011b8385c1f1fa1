//! Which images of an engine's stay in Docker once everything has stopped.

use std::collections::BTreeSet;

use pilothouse_core::artifact::ArtifactKind;
use pilothouse_core::state::State;
use pilothouse_core::text::shell_word;
use pilothouse_docker::{Docker, Error, Image};
use pilothouse_engine::driver::docker::STEPS;
use pilothouse_engine::places::Places;

use crate::find::Place;

/// How many images of each kind stay.
struct Count {
    releases: usize,
    steps: usize,
    /// The ends of stages of Dockerfiles, which have no name and are kept for later builds.
    stages: usize,
}

/// What stays, and what removes it; nothing where nothing does.
pub async fn stay(place: &Place, state: &State) -> Option<String> {
    let is_image = |kind: ArtifactKind| kind == ArtifactKind::Image;
    let Some(id) = engine_id(place) else {
        let is_any = state.artifacts.values().any(|artifact| is_image(artifact.kind));
        let told = "images of releases stay in Docker; once nobody is to go back to them: docker \
                    image ls --filter label=pilothouse.image shows them";
        return is_any.then(|| told.to_owned());
    };
    let places = Places::new(place.state_dir());
    if !places.used_docker().exists() {
        return None;
    }
    let names = format!("pilothouse-{id}/");
    let noted = noted(&places);
    let (what, has_stages) = if let Ok(count) = count(&names, &noted).await {
        (count.told()?, count.stages > 0)
    } else {
        // Whether any stays is not known, and what removes them is right all the same.
        let what = "Docker does not answer, and images of releases, steps and stages may stay";
        (what.to_owned(), !noted.is_empty())
    };
    // Docker lists as dangling what has neither a name nor an image that stands on it, and removes
    // with it what it stood on. So an image that somebody named or uses stays.
    let dir = shell_word(&places.built_images().display().to_string());
    let stages = format!(
        "; ls {dir} | grep -xF \"$(docker image ls -qf dangling=true --no-trunc | cut -d: -f2)\" | \
         xargs -r docker image rm"
    );
    let stages = if has_stages { stages.as_str() } else { "" };
    Some(format!(
        "{what} in Docker; once nobody is to go back to them: docker image ls --format \
         '{{{{.Repository}}}}:{{{{.Tag}}}}' '{names}*' | xargs -r docker image rm{stages}"
    ))
}

/// The id that names the engine's images; the directory of an installed one may be closed to
/// whoever asks.
fn engine_id(place: &Place) -> Option<String> {
    let id = std::fs::read_to_string(place.state_dir().join(Places::ENGINE_ID)).ok();
    id.filter(|_| !place.is_installed()).map(|id| id.trim().to_owned())
}

/// What was built here, by the ends of the ids.
fn noted(places: &Places) -> BTreeSet<String> {
    let notes = std::fs::read_dir(places.built_images()).into_iter().flatten().flatten();
    notes.map(|note| note.file_name().to_string_lossy().into_owned()).collect()
}

async fn count(names: &str, noted: &BTreeSet<String>) -> Result<Count, Error> {
    let docker = Docker::local()?.ready().await?;
    let named = docker.images_named(&format!("{names}*")).await?;
    let is_for_steps = |image: &&Image| {
        let own = image.tags.iter().filter_map(|tag| tag.strip_prefix(names));
        own.filter_map(|own| own.split_once(':')).all(|(_, tag)| tag.starts_with(STEPS))
    };
    let steps = named.iter().filter(is_for_steps).count();
    let nameless = docker.images_without_name().await?;
    let is_noted = |id: &&String| id.rsplit(':').next().is_some_and(|end| noted.contains(end));
    let stages = nameless.iter().filter(is_noted).count();
    Ok(Count { releases: named.len() - steps, steps, stages })
}

impl Count {
    /// How many stay of each kind, if any do.
    fn told(&self) -> Option<String> {
        let of = |count: usize, what: &str| match count {
            0 => None,
            1 => Some(format!("1 image of {what}")),
            count => Some(format!("{count} images of {what}")),
        };
        let all =
            [of(self.releases, "releases"), of(self.steps, "steps"), of(self.stages, "stages")];
        let all: Vec<String> = all.into_iter().flatten().collect();
        let verb = if self.releases + self.steps + self.stages == 1 { "stays" } else { "stay" };
        let (last, others) = all.split_last()?;
        let told = if others.is_empty() {
            last.clone()
        } else {
            format!("{} and {last}", others.join(", "))
        };
        Some(format!("{told} {verb}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_is_told_by_its_kinds() {
        let told = |releases, steps, stages| Count { releases, steps, stages }.told();
        assert_eq!(told(0, 0, 0), None);
        assert_eq!(told(0, 0, 1).as_deref(), Some("1 image of stages stays"));
        assert_eq!(
            told(3, 1, 2).as_deref(),
            Some("3 images of releases, 1 image of steps and 2 images of stages stay")
        );
    }
}
