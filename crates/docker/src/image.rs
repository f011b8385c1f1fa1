//! Images: found, pulled, called by another name, removed.

use std::collections::BTreeMap;

use bollard::query_parameters::{
    CreateImageOptionsBuilder, RemoveImageOptionsBuilder, TagImageOptionsBuilder,
};
use futures_util::StreamExt as _;

use crate::engine::Docker;
use crate::error::{Error, Kind, from};
use crate::output::say;

/// As much of an image's id as is told: what stands before it and twelve figures.
const SHORT: usize = "sha256:".len() + 12;

/// An image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its id: `sha256:` and the sha256 of its configuration.
    pub id: String,
    /// What it is called.
    pub tags: Vec<String>,
    /// What it is called where it was pulled from.
    pub digests: Vec<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The size of its layers in bytes.
    pub bytes: u64,
    /// Whether it brings a check of its own.
    pub has_check: bool,
    /// What is done in each build that stands on it, as a Dockerfile says it.
    pub on_build: Vec<String>,
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

impl Docker {
    /// An image by name or id; none where there is none.
    pub async fn image(&self, name: &str) -> Result<Option<Image>, Error> {
        match self.client.inspect_image(name).await {
            Ok(found) => {
                let config = found.config.unwrap_or_default();
                let test = config.healthcheck.and_then(|check| check.test).unwrap_or_default();
                Ok(Some(Image {
                    id: found.id.unwrap_or_default(),
                    tags: named(found.repo_tags.unwrap_or_default()),
                    digests: named(found.repo_digests.unwrap_or_default()),
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

/// Names, without what stands for one where there is none.
pub(crate) fn named(mut names: Vec<String>) -> Vec<String> {
    names.retain(|name| !name.starts_with("<none>"));
    names
}

/// Finds an image, or pulls it from where its name says.
pub(crate) async fn find_or_pull(docker: &Docker, name: &str) -> Result<Image, Error> {
    if let Some(found) = docker.image(name).await? {
        return Ok(found);
    }
    if name.starts_with("sha256:") {
        let id = name.get(..SHORT).unwrap_or(name);
        let why = format!(
            "the image {id} is gone: run the pipeline again, and it is built anew; where its commit \
             is no branch's newest any more, deploy another release, or revert to it with git"
        );
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
