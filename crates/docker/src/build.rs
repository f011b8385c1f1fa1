//! Builds images, and says what the build says.
//!
//! The engine's classic builder does it: each step in a container of its own, which that engine
//! makes, limits and removes.

mod cache;
mod own;
mod request;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use self::cache::cached_images;
use self::own::Own;
use self::request::Told;
use crate::context;
use crate::engine::Docker;
use crate::error::{Error, Kind};
use crate::ignored::Ignored;
use crate::image::{Image, find_or_pull};
use crate::output::say;
use crate::record;
use crate::references::References;
use crate::spec::Only;

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
    /// The most memory in bytes that each of its steps may use.
    #[serde(default)]
    pub memory: Option<u64>,
    /// How much of a processor each of them may use, in thousandths.
    #[serde(default)]
    pub milli_cpus: Option<u32>,
    /// The directory in which a file is made for each image that it makes, called like its id.
    #[serde(default)]
    pub known: Option<PathBuf>,
    /// Where those builds that may read each other's layers from the engine's cache remember what
    /// they made; none, and it reads nothing from there.
    #[serde(default)]
    pub cache: Option<PathBuf>,
    /// Where to write what was built.
    pub built: PathBuf,
    /// Where to tell why there is no image; see [`crate::Record`].
    #[serde(default)]
    pub record: Option<PathBuf>,
    /// Where to write the id of the container that the engine's own builder has for a step, while
    /// there is one.
    #[serde(default)]
    pub container: Option<PathBuf>,
}

impl BuildSpec {
    /// The Dockerfile's path in what the context lies in.
    fn path(&self) -> String {
        let dir = self.context.strip_prefix(&self.within).unwrap_or(&self.context);
        dir.join(&self.dockerfile).display().to_string()
    }

    /// The images whose layers it may read from the engine's cache.
    fn sources(&self) -> Vec<String> {
        self.cache.as_ref().map_or_else(Vec::new, |list| cache::sources(list, &self.path()))
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

/// Builds an image and says what the build says, and why there is none; the id is written where
/// the specification says.
///
/// A build reads its files and changes none of them, so that one that an engine took with it
/// begins anew once the engine is back.
pub async fn build(spec: &BuildSpec) -> Result<Built, Error> {
    let own = Own::new(spec.container.clone());
    let built = crate::contain::patiently(|| try_build(spec, &own)).await;
    own.forget();
    if let Err(error) = &built {
        say(&error.why);
        let noted = spec.record.as_ref().map(|path| record::note_cause(path, &error.why));
        if let Some(Err(error)) = noted {
            say(&format!("cannot write why: {error}"));
        }
    }
    built
}

/// Refuses a Dockerfile that names an image that must not be used, and what such an image does in
/// builds that stand on it. Gives the ids of the images that it stands on.
async fn may_use(
    docker: &Docker,
    name: &str,
    text: &str,
    only: &Only,
) -> Result<BTreeSet<String>, Error> {
    let read = |text: &str| {
        References::of(text)
            .map_err(|why| Error::new(Kind::Refused, format!("{name} is not built: {why}")))
    };
    let References { from, mut others, stages, platforms } = read(text)?;
    if !platforms.is_empty() {
        // The same name is another image there, and what that one does in the build is not known.
        let own = docker.platform().await?;
        if let Some(other) = platforms.iter().find(|platform| **platform != own) {
            let why = format!("{name} builds on {other}, and only {own} is built here");
            return Err(Error::new(Kind::Refused, why));
        }
    }
    let mut bases = BTreeSet::new();
    for base in from {
        let Some(image) = find(docker, &base, only).await? else { continue };
        bases.insert(image.id);
        for text in &image.on_build {
            let more = read(text)?;
            others.extend(more.from.into_iter().chain(more.others));
        }
    }
    for other in others {
        if !stages.contains(&other.to_lowercase()) {
            find(docker, &other, only).await?;
        } else if let Some(image) = docker.image(&other).await? {
            refuse(&other, &image, only)?;
        }
    }
    Ok(bases)
}

/// Finds an image that a Dockerfile names. It is pulled before an engine would, because what it is
/// has to be known; one that is found nowhere may be none, and the engine says so where it is one.
async fn find(docker: &Docker, name: &str, only: &Only) -> Result<Option<Image>, Error> {
    match find_or_pull(docker, name).await {
        Ok(image) => {
            refuse(name, &image, only)?;
            Ok(Some(image))
        }
        Err(error) if error.kind == Kind::Unreachable || may_come_to_be(name, only) => Err(error),
        Err(error) => {
            say(&error.why);
            Ok(None)
        }
    }
}

/// Whether a name that means no image now may mean one of another project's before the build comes
/// to it: one that is built meanwhile, by its name or its id.
fn may_come_to_be(name: &str, only: &Only) -> bool {
    let name = name.to_ascii_lowercase();
    let id = name.strip_prefix("sha256:").unwrap_or(&name);
    name.contains(&only.begins) || id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn refuse(name: &str, image: &Image, only: &Only) -> Result<(), Error> {
    only.refusal(name, image).map_or(Ok(()), |why| Err(Error::new(Kind::Refused, why)))
}

async fn try_build(spec: &BuildSpec, own: &Own) -> Result<Built, Error> {
    let docker = Docker::local()?.ready().await?;
    own.begin(&docker).await?;
    let dir = context::within(&spec.context, &spec.within).map_err(|error| {
        let path = spec.context.display();
        Error::new(Kind::Refused, format!("the build cannot have {path}: {error}"))
    })?;
    let ignored = Ignored::of(&dir).map_err(|error| {
        Error::new(Kind::Refused, format!("cannot send {}: {error}", spec.context.display()))
    })?;
    let dockerfile = context::dockerfile(&dir, &spec.dockerfile).map_err(|error| {
        Error::new(Kind::Refused, format!("cannot read {}: {error}", spec.dockerfile))
    })?;
    let bases = match &spec.only {
        Some(only) => may_use(&docker, &spec.dockerfile, &dockerfile.text, only).await?,
        None => BTreeSet::new(),
    };
    let pieces = context::send(&dir, dockerfile, ignored);
    let mut made = Vec::new();
    let tell = async |told| tell(&docker, own, &told).await;
    let done = request::build(&docker, spec, pieces, &mut made, tell).await;
    let last = made.last().cloned();
    // A stage that adds nothing is what it stands on, which others made.
    made.retain(|id| !bases.contains(id));
    note(spec, &made)?;
    done?;
    let image = built(&docker, spec, last).await?;
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

/// Notes what a build made, also one that failed later on: what nobody knows of lies around for ever.
fn note(spec: &BuildSpec, made: &[String]) -> Result<(), Error> {
    if let Some(list) = &spec.cache {
        cache::remember(list, &spec.path(), made);
    }
    let Some(known) = &spec.known else { return Ok(()) };
    for id in made {
        let note = known.join(id.rsplit(':').next().unwrap_or_default());
        let noted = std::fs::create_dir_all(known).and_then(|()| std::fs::write(&note, ""));
        noted.map_err(|error| {
            Error::new(Kind::Broken, format!("cannot write {}: {error}", note.display()))
        })?;
    }
    Ok(())
}

/// The image that this very build made. Another build may have taken its name since: of another
/// branch, which must not run in the place of this one.
async fn built(docker: &Docker, spec: &BuildSpec, id: Option<String>) -> Result<Image, Error> {
    let name = id.as_ref().unwrap_or(&spec.tag);
    let image = docker.image(name).await?.ok_or_else(|| {
        Error::new(Kind::Broken, format!("{} was built and is not there", spec.tag))
    })?;
    if spec.labels.iter().all(|(name, value)| image.labels.get(name) == Some(value)) {
        return Ok(image);
    }
    let why = format!("{} is what another build made: run it again", spec.tag);
    Err(Error::new(Kind::Broken, why))
}

/// Passes on what an engine tells of a build.
async fn tell(docker: &Docker, own: &Own, told: &Told) -> Result<(), Error> {
    let Some(text) = &told.stream else { return Ok(()) };
    own.listen(docker, text).await;
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| Error::new(Kind::Broken, format!("cannot write: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_another_build_may_give_or_an_id_is_waited_for_by_nobody() {
        let only =
            Only { label: "l".to_owned(), begins: "e1f2".to_owned(), ends: "shop".to_owned() };
        for name in ["pilothouse-e1f2/other:abc-7", "ab12", "sha256:00", "ABC"] {
            assert!(may_come_to_be(name, &only), "{name}");
        }
        for name in ["debian:12", "a.b/c", "face:1"] {
            assert!(!may_come_to_be(name, &only), "{name}");
        }
    }
}
