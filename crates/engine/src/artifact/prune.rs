//! Removing what nobody keeps.
//!
//! Responsible for removing manifests before objects, and an object only where no
//! remaining manifest names it. It must not remove anything it does not understand.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::error::ArtifactError;
use super::manifest::Entry;
use super::{Digest, Store};
use crate::journal::DiskError;
use crate::remove;

/// Tells what was removed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Pruned {
    /// How many artifacts.
    pub artifacts: u64,
    /// How many files' contents.
    pub objects: u64,
    /// How many bytes they had together.
    pub bytes: u64,
}

impl Store {
    /// Removes every artifact that is not kept, and every object that none of the rest needs.
    ///
    /// Whatever is younger than the guard at `now` stays. A manifest that cannot be read
    /// stops it before any object goes, because nobody can say what that one needs.
    pub fn prune(
        &self,
        keep: &BTreeSet<Digest>,
        guard: Duration,
        now: SystemTime,
    ) -> Result<Pruned, ArtifactError> {
        let _lock = self.own()?;
        let is_old = |path: &Path| {
            fs::symlink_metadata(path)
                .and_then(|metadata| metadata.modified())
                .ok()
                .and_then(|modified| now.duration_since(modified).ok())
                .is_some_and(|age| age >= guard)
        };
        let mut pruned = Pruned::default();
        let mut needed = BTreeSet::new();
        let manifests = self.dir.join("manifests");
        for (path, digest) in named(&manifests)? {
            if keep.contains(&digest) || !is_old(&path) {
                needed.extend(self.entries(digest)?.values().filter_map(|entry| match entry {
                    Entry::File { digest, .. } => Some(*digest),
                    Entry::Directory | Entry::Link { .. } => None,
                }));
            } else {
                pruned.bytes += self.remove(&path)?;
                pruned.artifacts += 1;
            }
        }
        self.disk.sync_dir(&manifests)?;
        for (path, digest) in self.objects()? {
            if !needed.contains(&digest) && is_old(&path) {
                pruned.bytes += self.remove(&path)?;
                pruned.objects += 1;
            }
        }
        let temporary = self.dir.join("tmp");
        for entry in list(&temporary)? {
            let path = entry.path();
            if is_old(&path) {
                remove::tree(&path).map_err(|error| DiskError::new("remove", &path, error))?;
            }
        }
        Ok(pruned)
    }

    fn remove(&self, path: &Path) -> Result<u64, DiskError> {
        let bytes = fs::symlink_metadata(path).map_or(0, |metadata| metadata.len());
        self.disk.remove(path)?;
        Ok(bytes)
    }

    /// Lists every object of the store with its digest.
    fn objects(&self) -> Result<Vec<(PathBuf, Digest)>, DiskError> {
        let mut found = Vec::new();
        for first in list(&self.dir.join("objects"))? {
            for second in list(&first.path())? {
                for object in list(&second.path())? {
                    let parts = [first.file_name(), second.file_name(), object.file_name()];
                    let name: String = parts.iter().map(|part| part.to_string_lossy()).collect();
                    found.extend(name.parse().ok().map(|digest| (object.path(), digest)));
                }
            }
        }
        Ok(found)
    }
}

/// Lists the files of a directory whose name is a digest.
fn named(dir: &Path) -> Result<Vec<(PathBuf, Digest)>, DiskError> {
    let entries = list(dir)?.into_iter();
    Ok(entries
        .filter_map(|entry| {
            let digest = entry.file_name().to_str()?.parse().ok()?;
            Some((entry.path(), digest))
        })
        .collect())
}

fn list(dir: &Path) -> Result<Vec<DirEntry>, DiskError> {
    fs::read_dir(dir)
        .and_then(Iterator::collect)
        .map_err(|error| DiskError::new("list", dir, error))
}
