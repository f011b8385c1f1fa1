//! Which layers of an engine's cache a build may read: those of builds that share its list.
//!
//! Docker's classic builder takes a layer for what an instruction makes by the layer below it and
//! the words of the instruction. `RUN ["/bin/sh", "-c", "#(nop) COPY file:… in / "]` has the words
//! of a `COPY` and does something else. So whoever builds on an engine decides what everybody's
//! builds find there, unless these name the images whose layers are to be read (`image/cache` in
//! moby): what is not below one of them does not count then.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::output::say;

/// How many builds of a Dockerfile are remembered, how many builds in all, and how many images of
/// each.
const BUILDS: usize = 2;
const ALL: usize = 16;
const IMAGES: usize = 32;

/// The images that a build made: the last of each of its stages, the last stage's first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Made {
    /// The Dockerfile's path.
    dockerfile: String,
    images: Vec<String>,
}

/// The images that builds made which share a list. One that cannot be read is an empty one.
pub fn cached_images(list: &Path) -> Vec<String> {
    read(list).into_iter().flat_map(|made| made.images).collect()
}

/// The same, those first that builds of this Dockerfile made: once the engine has restored a layer of
/// one of them, it looks at no other before the stage ends.
pub(super) fn sources(list: &Path, dockerfile: &str) -> Vec<String> {
    let mut all = read(list);
    all.sort_by_key(|made| made.dockerfile != dockerfile);
    all.into_iter().flat_map(|made| made.images).collect()
}

fn read(list: &Path) -> Vec<Made> {
    let bytes = std::fs::read(list).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// Puts what a build made at the beginning of a list. Without it the next build takes longer, and
/// nothing else: that it cannot be written is said and no more.
pub(super) fn remember(list: &Path, dockerfile: &str, images: &[String]) {
    if images.is_empty() {
        return;
    }
    // The last stages stand on the others.
    let images = images.iter().rev().take(IMAGES).cloned().collect();
    let made = Made { dockerfile: dockerfile.to_owned(), images };
    let mut all = read(list);
    all.retain(|one| *one != made);
    all.insert(0, made);
    let mut of_each: BTreeMap<String, usize> = BTreeMap::new();
    all.retain(|one| {
        let count = of_each.entry(one.dockerfile.clone()).or_default();
        *count += 1;
        *count <= BUILDS
    });
    all.truncate(ALL);
    if let Err(error) = write(list, &all) {
        say(&format!(
            "the next build reads less of the cache: cannot write {}: {error}",
            list.display()
        ));
    }
}

/// Writes a list at once: another build may be reading it.
fn write(list: &Path, all: &[Made]) -> std::io::Result<()> {
    list.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    let mut new = list.as_os_str().to_owned();
    new.push(format!(".{}", std::process::id()));
    let new = PathBuf::from(new);
    std::fs::write(&new, serde_json::to_vec(all)?)?;
    std::fs::rename(&new, list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_builds_of_each_dockerfile_are_remembered() {
        let dir = tempfile::tempdir().unwrap();
        let list = dir.path().join("caches/list");
        assert_eq!(cached_images(&list), Vec::<String>::new());
        let built = |dockerfile: &str, images: &[&str]| {
            let images: Vec<String> = images.iter().map(|&image| image.to_owned()).collect();
            remember(&list, dockerfile, &images);
        };
        built("steps", &["s1"]);
        for build in [["a1", "b1"], ["a2", "b2"], ["a3", "b3"], ["a2", "b2"]] {
            built("Dockerfile", &build);
        }
        built("Dockerfile", &[]);
        assert_eq!(cached_images(&list), ["b2", "a2", "b3", "a3", "s1"]);
        assert_eq!(sources(&list, "Dockerfile"), cached_images(&list));
        assert_eq!(sources(&list, "steps"), ["s1", "b2", "a2", "b3", "a3"]);
        for number in 0..2 * ALL {
            built(&number.to_string(), &vec!["x"; 2 * IMAGES]);
        }
        assert_eq!(cached_images(&list).len(), ALL * IMAGES);
        std::fs::write(&list, "[{").unwrap();
        assert_eq!(cached_images(&list), Vec::<String>::new());
    }
}
