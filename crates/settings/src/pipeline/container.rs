//! What stages and steps run in: an image, built or named, and what the container gets.

use pilothouse_core::container::{Container, Image, ImageBuild, Limits};
use pilothouse_core::pipeline::{Stage, Step, StepRun};
use pilothouse_core::text::printable;
use toml::de::DeValue;

use super::stage::TIMEOUT;
use crate::ProblemKind;
use crate::container::{build, caches, image, lies, limits, network, volumes};
use crate::found::Found;
use crate::section::{Field, Section};
use crate::value::quoted;

/// The keys of a stage or a step that say something of its container.
pub(super) const KEYS: [&str; 8] =
    ["image", "cache", "volumes", "network", "memory", "cpus", "privileged", "docker_socket"];
/// The name of a step that builds an image.
const STEP: &str = "image";

/// What every stage of a pipeline gets.
#[derive(Clone, Copy)]
pub(super) struct Usual<'a> {
    /// The pipeline's image, if it names one.
    pub(super) image: Option<&'a Image>,
    /// Where steps see their workspace, where that is known.
    pub(super) workspace: Option<&'a str>,
}

impl Usual<'_> {
    /// What a path has to do with the run's own directory, which holds the workspace and the home.
    /// Over it something else would hide them; within it Docker would make a directory of its own,
    /// which nobody but root could remove.
    fn disturbs(&self, path: &str) -> Option<String> {
        let workspace = self.workspace?;
        let run = workspace.trim_end_matches('/').rsplit_once('/')?.0;
        let how = lies(path, run)?;
        let how = if how == "lies within" { how } else { "lies over" };
        Some(format!("{} {how} the run's own directory, {}", quoted(path), printable(run, 200)))
    }
}

/// Reads what a stage says of its container.
pub(super) fn read(
    section: &Section<'_>,
    usual: Usual<'_>,
    found: &mut Found<'_>,
) -> Option<Container> {
    let own = section.get("image").map(|field| image_of(&field, found));
    let Some(image) = own.or_else(|| usual.image.cloned()) else {
        for key in KEYS.into_iter().filter(|key| *key != "image") {
            if let Some(field) = section.get(key) {
                let message = format!("`{key}` is for a container, and this runs on the host");
                let help = "add image = \"debian:12\", or leave it out";
                found.add(ProblemKind::Conflict, field.key_at, &message, help);
            }
        }
        return None;
    };
    let mut flag = |key| section.get(key).and_then(|field| field.flag(found)).unwrap_or_default();
    let (privileged, docker_socket) = (flag("privileged"), flag("docker_socket"));
    let volumes = volumes(section, found, |path| usual.disturbs(path));
    Some(Container {
        image,
        caches: caches(section, &volumes, found, |path| usual.disturbs(path)),
        volumes,
        network: network(section, found),
        limits: limits(section, found),
        privileged,
        docker_socket,
    })
}

/// A name, or how it is built. One that could not be read is stood in for, so that what follows is
/// judged as what it is meant to be; it is never returned.
pub(super) fn image_of(field: &Field<'_>, found: &mut Found<'_>) -> Image {
    let image = match field.value {
        DeValue::Table(_) => build(field, found).map(Image::Built),
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_) => image(field, found).map(Image::Named),
    };
    image.unwrap_or_else(|| Image::Named(String::new()))
}

/// How the artifact's image is built; see [`image_of`].
pub(super) fn artifact_of(field: &Field<'_>, found: &mut Found<'_>) -> ImageBuild {
    build(field, found).unwrap_or_else(|| ImageBuild {
        dockerfile: String::new(),
        context: String::new(),
        limits: Limits::default(),
    })
}

/// Adds the steps that build what other steps run in, each before the first that needs it.
pub(super) fn add_builds(stages: &mut [Stage]) {
    let mut built: Vec<ImageBuild> = Vec::new();
    for stage in stages {
        let mut steps = Vec::new();
        for step in std::mem::take(&mut stage.steps) {
            let needs = step.container.as_ref().map(|container| &container.image);
            if let Some(Image::Built(build)) = needs
                && !built.contains(build)
            {
                built.push(build.clone());
                steps.push(build_step(build));
            }
            steps.push(step);
        }
        stage.steps = steps;
    }
}

/// The stage that builds the image which is the artifact.
pub(super) fn artifact_stage(build: &ImageBuild, taken: &[Stage]) -> Stage {
    let is_taken = |name: &str| taken.iter().any(|stage| stage.name == name);
    let name = [STEP, "artifact", "pack"].into_iter().find(|name| !is_taken(name));
    Stage { name: name.unwrap_or("artifact image").to_owned(), steps: vec![build_step(build)] }
}

fn build_step(build: &ImageBuild) -> Step {
    Step {
        name: STEP.to_owned(),
        run: StepRun::Image(build.clone()),
        container: None,
        timeout: TIMEOUT,
        env: std::collections::BTreeMap::new(),
    }
}
