//! Seals what runs made, and lays releases out.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::effect::{Fault, Outcome};
use pilothouse_core::id::{ArtifactDigest, ReleaseNumber, RunId};

use super::{Surroundings, blocking};
use crate::artifact::{ArtifactError, Digest, Limits, SealError, Store as Artifacts};
use crate::executor::{Attention, Ended};
use crate::journal::Disk;
use crate::places::Places;
use crate::remove;

/// How long to wait for a store that is being pruned.
const FREE: Duration = Duration::from_secs(60);
/// Time between two looks whether it is free.
const STEP: Duration = Duration::from_millis(10);

/// Seals what runs made, and lays releases out.
pub struct Store {
    places: Places,
}

impl Store {
    pub(super) fn new(surroundings: &Surroundings) -> Self {
        Self { places: surroundings.places.clone() }
    }

    pub(super) async fn seal(
        &self,
        run: RunId,
        paths: Vec<String>,
        attention: &Attention,
    ) -> Ended {
        let (workspace, store) = (self.places.workspace(run), self.places.artifacts());
        let cancelled = attention.cancelled.clone();
        blocking("sealing", move || {
            let wanted = expand(&workspace, &paths)?;
            let store = open(&store)?;
            let sealed = when_free(
                || store.seal(&workspace, &wanted, &|| cancelled.is_cancelled()),
                |error| {
                    let is_busy = matches!(error, SealError::Store(ArtifactError::Busy));
                    is_busy && !cancelled.is_cancelled()
                },
            )
            .map_err(|error| Fault::permanent(error.to_string()))?;
            Ok(Outcome::Sealed {
                digest: ArtifactDigest(sealed.digest.to_string()),
                bytes: sealed.bytes,
                files: sealed.files,
                has_check: false,
            })
        })
        .await
    }

    pub(super) async fn clean(&self, run: RunId) -> Ended {
        // What steps in containers took for their home goes with it.
        let dirs = [self.places.workspace(run), self.places.container_home(run)];
        let own = self.places.run(run);
        blocking("removing the workspace", move || {
            // A step may have put a link in the place of its run: what that leads to is not ours.
            if own.symlink_metadata().is_ok_and(|found| found.is_symlink()) {
                let failed = |error: std::io::Error| Fault::transient(error.to_string());
                std::fs::remove_file(&own).map_err(failed)?;
            }
            let mut fault = None;
            for dir in dirs {
                if let Err(error) = remove::tree(&dir) {
                    let why = format!("cannot remove {}: {error}", dir.display());
                    tracing::warn!("{why}");
                    fault = Some(Fault::transient(why));
                }
            }
            fault.map_or(Ok(Outcome::Done), Err)
        })
        .await
    }

    pub(super) async fn stage(
        &self,
        environment: &EnvironmentKey,
        release: ReleaseNumber,
        artifact: ArtifactDigest,
    ) -> Ended {
        let (dest, store) = (self.places.release(environment, release), self.places.artifacts());
        blocking("laying the release out", move || {
            let digest: Digest = artifact.as_str().parse().map_err(|_| {
                Fault::permanent(format!("{artifact} is not the name of an artifact"))
            })?;
            dest.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(|error| {
                Fault::transient(format!("cannot make {}: {error}", dest.display()))
            })?;
            let store = open(&store)?;
            when_free(|| store.unpack(digest, &dest), |error| matches!(error, ArtifactError::Busy))
                .map_err(|error| Fault::transient(error.to_string()))?;
            Ok(Outcome::Done)
        })
        .await
    }
}

/// Does something to the store as soon as nobody prunes it, which is a matter of moments: a run
/// must not fail because tidying up came first.
fn when_free<T, E>(
    mut work: impl FnMut() -> Result<T, E>,
    is_busy: impl Fn(&E) -> bool,
) -> Result<T, E> {
    let until = Instant::now() + FREE;
    loop {
        match work() {
            Err(error) if is_busy(&error) && Instant::now() < until => std::thread::sleep(STEP),
            ended => return ended,
        }
    }
}

fn open(dir: &Path) -> Result<Artifacts, Fault> {
    Artifacts::open(dir, Limits::default(), Disk::default())
        .map_err(|error| Fault::transient(error.to_string()))
}

/// The whole tree is everything in it but git's own directory.
fn expand(workspace: &Path, paths: &[String]) -> Result<Vec<PathBuf>, Fault> {
    if !paths.iter().any(|path| path == ".") {
        return Ok(paths.iter().map(PathBuf::from).collect());
    }
    let failed = |error: std::io::Error| {
        Fault::transient(format!("cannot read {}: {error}", workspace.display()))
    };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(workspace).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        if name != ".git" {
            entries.push(PathBuf::from(name));
        }
    }
    entries.sort();
    Ok(entries)
}
