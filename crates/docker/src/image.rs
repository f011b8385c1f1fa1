//! Images: found, pulled, built, called by another name, removed.

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::path::PathBuf;

use bollard::query_parameters::{
    BuildImageOptionsBuilder, CreateImageOptionsBuilder, RemoveImageOptionsBuilder,
    TagImageOptionsBuilder,
};
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};

use crate::context;
use crate::engine::Docker;
use crate::error::{Error, Kind, from};
use crate::ignored::Ignored;
use crate::output::say;
use crate::references::References;
use crate::spec::Only;

/// An image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its id: `sha256:` and the sha256 of its configuration.
    pub id: String,
    /// What it is called.
    pub tags: Vec<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The size of its layers in bytes.
    pub bytes: u64,
    /// Whether it brings a check of its own.
    pub has_check: bool,
    /// What is done in each build that stands on it, as a Dockerfile says it.
    pub on_build: Vec<String>,
}

/// How an image is to be built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildSpec {
    /// The directory that the build may read.
    pub context: PathBuf,
    /// The directory that it must lie in, whatever links on the way to it say.
    pub within: PathBuf,
    /// The Dockerfile's path in it.
    pub dockerfile: String,
    /// Which images of a kind it may stand on or copy from; others of it are refused.
    #[serde(default)]
    pub only: Option<Only>,
    /// What the image is to be called.
    pub tag: String,
    /// Labels that the image gets.
    pub labels: BTreeMap<String, String>,
    /// Whether nothing that runs from it is checked by what it brings, which is told then.
    #[serde(default)]
    pub ignores_check: bool,
    /// Where to write what was built.
    pub built: PathBuf,
}

impl Image {
    /// Says that a check that the image brings does not count, if it brings one.
    pub(crate) fn say_that_its_check_is_off(&self) {
        if self.has_check {
            say(
                "the image has a HEALTHCHECK, which is switched off: it counts where the pipeline's \
                 [service] says health = { by = \"image\" }",
            );
        }
    }
}

/// An image that was built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Built {
    /// Its id.
    pub id: String,
    /// The size of its layers in bytes.
    pub bytes: u64,
}

impl Docker {
    /// An image by name or id; none where there is none.
    pub async fn image(&self, name: &str) -> Result<Option<Image>, Error> {
        match self.client.inspect_image(name).await {
            Ok(found) => {
                let config = found.config.unwrap_or_default();
                let test = config.healthcheck.and_then(|check| check.test).unwrap_or_default();
                Ok(Some(Image {
                    id: found.id.unwrap_or_default(),
                    tags: found.repo_tags.unwrap_or_default(),
                    labels: config.labels.unwrap_or_default().into_iter().collect(),
                    bytes: found.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
                    on_build: config.on_build.unwrap_or_default(),
                    has_check: test.first().is_some_and(|kind| kind != "NONE"),
                }))
            }
            Err(raw) => match from(&format!("look at the image {name}"), &raw) {
                error if error.kind == Kind::NotFound => Ok(None),
                error => Err(error),
            },
        }
    }

    /// An image by name or id; one that is not here is pulled from where its name says.
    pub async fn find_or_pull(&self, name: &str) -> Result<Image, Error> {
        find_or_pull(self, name).await
    }

    /// Gives an image a further name, of the form `NAME:TAG`.
    pub async fn name_image(&self, id: &str, name: &str) -> Result<(), Error> {
        let (repository, tag) = name.rsplit_once(':').unwrap_or((name, "latest"));
        let options = TagImageOptionsBuilder::default().repo(repository).tag(tag).build();
        let named = self.client.tag_image(id, Some(options)).await;
        named.map_err(|raw| from(&format!("call an image {name}"), &raw))
    }

    /// Removes a name, and with its last name an image. One that is gone is as good as removed;
    /// one that a container uses stays, and that is a `Conflict`.
    pub async fn remove_name(&self, name: &str) -> Result<(), Error> {
        let options = RemoveImageOptionsBuilder::default().build();
        match self.client.remove_image(name, Some(options), None).await {
            Ok(_) => Ok(()),
            Err(raw) => match from(&format!("remove the image {name}"), &raw) {
                error if error.kind == Kind::NotFound => Ok(()),
                error => Err(error),
            },
        }
    }

    /// Removes an image with all its names, as [`Docker::remove_name`] does.
    pub async fn remove_image(&self, id: &str) -> Result<(), Error> {
        let Some(image) = self.image(id).await? else { return Ok(()) };
        let names = if image.tags.is_empty() { vec![image.id] } else { image.tags };
        for name in names {
            self.remove_name(&name).await?;
        }
        Ok(())
    }
}

/// Finds an image, or pulls it from where its name says.
pub(crate) async fn find_or_pull(docker: &Docker, name: &str) -> Result<Image, Error> {
    if let Some(found) = docker.image(name).await? {
        return Ok(found);
    }
    if name.starts_with("sha256:") {
        let why = format!("the image {name} is gone: run the pipeline again, and it is built anew");
        return Err(Error::new(Kind::NotFound, why));
    }
    say(&format!("pulls {name}"));
    // Without a tag all of them would be pulled.
    let last = name.rsplit('/').next().unwrap_or(name);
    let tag = if last.contains([':', '@']) { "" } else { "latest" };
    let options = CreateImageOptionsBuilder::default().from_image(name).tag(tag).build();
    let mut pulling = docker.client.create_image(Some(options), None, None);
    while let Some(step) = pulling.next().await {
        let step = step.map_err(|raw| from(&format!("pull {name}"), &raw))?;
        if let Some(message) = step.error_detail.and_then(|detail| detail.message) {
            return Err(Error::new(Kind::Refused, format!("cannot pull {name}: {message}")));
        }
        // Each layer's beginning and end are worth a line, and not every percent of it.
        if let (Some(status), None) = (step.status, step.progress_detail.and_then(|p| p.total)) {
            say(format!("{} {status}", step.id.unwrap_or_default()).trim());
        }
    }
    let found = docker.image(name).await?;
    found.ok_or_else(|| Error::new(Kind::NotFound, format!("{name} was pulled and is not there")))
}

/// Builds an image and says what the build says, and why there is none; the id is written where
/// the specification says.
///
/// A build reads its files and changes none of them, so that one that an engine took with it
/// begins anew once the engine is back.
pub async fn build(spec: &BuildSpec) -> Result<Built, Error> {
    let built = crate::contain::patiently(|| try_build(spec)).await;
    if let Err(error) = &built {
        say(&error.why);
    }
    built
}

/// Refuses a Dockerfile that names an image that must not be used, and what such an image does in
/// builds that stand on it.
async fn may_use(docker: &Docker, name: &str, text: &str, only: &Only) -> Result<(), Error> {
    let read = |text: &str| {
        References::of(text).map_err(|why| {
            let why = format!("cannot tell which images {name} builds on: {why}");
            Error::new(Kind::Refused, why)
        })
    };
    let References { from, mut others, platforms } = read(text)?;
    if !platforms.is_empty() {
        // The same name is another image there, and what that one does in the build is not known.
        let own = docker.platform().await?;
        if let Some(other) = platforms.iter().find(|platform| **platform != own) {
            let why = format!("{name} builds on {other}, and only {own} is built here");
            return Err(Error::new(Kind::Refused, why));
        }
    }
    for base in from {
        // Pulled before an engine would, because what it does in the build has to be known.
        let image = find_or_pull(docker, &base).await?;
        refuse(&base, &image, only)?;
        for text in &image.on_build {
            let more = read(text)?;
            others.extend(more.from.into_iter().chain(more.others));
        }
    }
    for other in others {
        if let Some(image) = docker.image(&other).await? {
            refuse(&other, &image, only)?;
        }
    }
    Ok(())
}

fn refuse(name: &str, image: &Image, only: &Only) -> Result<(), Error> {
    if only.allows(image) {
        return Ok(());
    }
    let why = format!("the image {name} was built for another project: build one of your own");
    Err(Error::new(Kind::Refused, why))
}

async fn try_build(spec: &BuildSpec) -> Result<Built, Error> {
    let docker = Docker::local()?.ready().await?;
    let labels: HashMap<String, String> = spec.labels.clone().into_iter().collect();
    let options = BuildImageOptionsBuilder::default()
        .dockerfile(&spec.dockerfile)
        .t(&spec.tag)
        .labels(&labels)
        .rm(true)
        .forcerm(true)
        .build();
    let dir = context::within(&spec.context, &spec.within).map_err(|error| {
        let path = spec.context.display();
        Error::new(Kind::Refused, format!("the build cannot have {path}: {error}"))
    })?;
    let ignored = Ignored::of(&dir).map_err(|error| {
        Error::new(Kind::Refused, format!("cannot send {}: {error}", spec.context.display()))
    })?;
    if let Some(only) = &spec.only {
        let text = context::dockerfile(&dir, &spec.dockerfile).map_err(|error| {
            Error::new(Kind::Refused, format!("cannot read {}: {error}", spec.dockerfile))
        })?;
        may_use(&docker, &spec.dockerfile, &text, only).await?;
    }
    let mut pieces = context::send(&dir, &spec.dockerfile, ignored);
    let pieces = futures_util::stream::poll_fn(move |cx| pieces.poll_recv(cx));
    let body = bollard::body_try_stream(pieces);
    let mut building = docker.client.build_image(options, None, Some(body));
    while let Some(step) = building.next().await {
        let step = step.map_err(|raw| from("build the image", &raw))?;
        if let Some(text) = step.stream.or(step.status) {
            let mut out = std::io::stdout().lock();
            let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            written.map_err(|error| Error::new(Kind::Broken, format!("cannot write: {error}")))?;
        }
    }
    drop(building);
    let image = docker.image(&spec.tag).await?.ok_or_else(|| {
        Error::new(Kind::Broken, format!("{} was built and is not there", spec.tag))
    })?;
    if spec.ignores_check {
        image.say_that_its_check_is_off();
    }
    let built = Built { id: image.id, bytes: image.bytes };
    let failed = |error: std::io::Error| {
        Error::new(Kind::Broken, format!("cannot write {}: {error}", spec.built.display()))
    };
    let bytes = serde_json::to_vec(&built).map_err(|error| failed(error.into()))?;
    std::fs::write(&spec.built, bytes).map_err(failed)?;
    Ok(built)
}
