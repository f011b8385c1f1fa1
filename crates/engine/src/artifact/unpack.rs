//! Unpacking and verifying: an artifact becomes a tree again, or is proven whole.
//!
//! Responsible for checking every byte against its sha256 before anybody sees it, and for
//! a destination that is there whole or not at all. It writes only below a directory that
//! it made itself, and follows no link.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use std::ffi::OsStr;

use super::content::{self, CopyFault};
use super::error::ArtifactError;
use super::manifest::{self, Entries, Entry, MARK};
use super::{Digest, Sealed, Store};
use crate::journal::DiskError;
use crate::remove;

/// Says what unpacking found at its destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unpacked {
    /// Nothing was there; now the artifact is.
    Now,
    /// The artifact was there already, whole.
    Before,
}

impl Store {
    /// Unpacks an artifact to a directory that is not yet there, or is this artifact.
    ///
    /// Files are read-only. Between runs for the same destination the caller sees to it
    /// that one runs at a time.
    pub fn unpack(&self, digest: Digest, dest: &Path) -> Result<Unpacked, ArtifactError> {
        let no_place = || ArtifactError::NoPlace { dest: dest.to_path_buf() };
        let name = dest.file_name().ok_or_else(no_place)?;
        let parent = match dest.parent() {
            Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
            Some(parent) if parent.is_dir() => parent,
            Some(_) | None => return Err(no_place()),
        };
        let mark = format!("{digest}\n");
        if dest.symlink_metadata().is_ok() {
            let is_dir = dest.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
            let is_whole = is_dir && fs::read(dest.join(MARK)).is_ok_and(|m| m == mark.as_bytes());
            if is_whole {
                return Ok(Unpacked::Before);
            }
            return Err(ArtifactError::Occupied { dest: dest.to_path_buf(), digest });
        }
        let _lock = self.share()?;
        let entries = self.entries(digest)?;
        let mut temporary = std::ffi::OsString::from(".");
        temporary.push(name);
        temporary.push(".unpacking");
        let temporary = parent.join(temporary);
        remove_tree(&temporary)?;
        let done = self.fill(digest, &entries, &temporary, &mark).and_then(|()| {
            self.disk.rename(&temporary, dest)?;
            self.disk.sync_dir(parent).map_err(ArtifactError::from)
        });
        if done.is_err() {
            // The next run removes it first; the first error matters.
            let _ = remove_tree(&temporary);
        }
        done.map(|()| Unpacked::Now)
    }

    /// Checks every byte of an artifact in the store.
    pub fn verify(&self, digest: Digest) -> Result<Sealed, ArtifactError> {
        let _lock = self.share()?;
        let entries = self.entries(digest)?;
        for entry in entries.values() {
            if let Entry::File { size, digest: content, .. } = entry {
                self.read_object(digest, *content, *size, None)?;
            }
        }
        let (bytes, files) = manifest::measure(&entries);
        Ok(Sealed { digest, bytes, files })
    }

    /// Reads an artifact's manifest, verified.
    pub(super) fn entries(&self, digest: Digest) -> Result<Entries, ArtifactError> {
        let path = self.manifest_path(digest);
        let fail = |error| DiskError::new("read", &path, error);
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ArtifactError::Absent { digest });
            }
            Err(error) => return Err(fail(error).into()),
        };
        let damaged = |why: String| ArtifactError::Damaged { digest, path: path.clone(), why };
        if metadata.len() > self.limits.manifest_bytes() {
            return Err(damaged("the manifest is longer than the limits allow".to_owned()));
        }
        let bytes = fs::read(&path).map_err(fail)?;
        if Digest::of(&bytes) != digest {
            return Err(damaged("the manifest's sha256 does not match its name".to_owned()));
        }
        let text = String::from_utf8(bytes).map_err(|error| damaged(error.to_string()))?;
        manifest::decode(&text, &self.limits).map_err(damaged)
    }

    /// Reads one object through, to a file if one is given, and checks size and sha256.
    fn read_object(
        &self,
        digest: Digest,
        content: Digest,
        size: u64,
        to: Option<(&File, &Path)>,
    ) -> Result<(), ArtifactError> {
        let path = self.object_path(content);
        let damaged =
            |why: &str| ArtifactError::Damaged { digest, path: path.clone(), why: why.to_owned() };
        let mut from = match File::open(&path) {
            Ok(from) => from,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(damaged("the object is missing"));
            }
            Err(error) => return Err(DiskError::new("open", &path, error).into()),
        };
        match content::copy(&self.disk, (&mut from, &path), to, size) {
            Ok(found) if found.size == size && found.digest == content => Ok(()),
            Ok(_) => Err(damaged("its bytes do not match its sha256")),
            Err(CopyFault::TooLong) => Err(damaged("it is longer than it was")),
            Err(CopyFault::Disk(error)) => Err(error.into()),
        }
    }

    fn fill(
        &self,
        digest: Digest,
        entries: &Entries,
        root: &Path,
        mark: &str,
    ) -> Result<(), ArtifactError> {
        make_dir(root)?;
        // Links come last, so that nothing is ever written through one.
        for (path, entry) in entries {
            let path = root.join(OsStr::from_bytes(path));
            match entry {
                Entry::Directory => make_dir(&path)?,
                Entry::File { is_executable, size, digest: content } => {
                    let to = new_file(&path)?;
                    self.read_object(digest, *content, *size, Some((&to, &path)))?;
                    let mode = if *is_executable { 0o555 } else { 0o444 };
                    to.set_permissions(Permissions::from_mode(mode))
                        .map_err(|error| DiskError::new("set the mode of", &path, error))?;
                    self.disk.sync(&to, &path)?;
                }
                Entry::Link { .. } => {}
            }
        }
        for (path, entry) in entries {
            if let Entry::Link { target } = entry {
                let path = root.join(OsStr::from_bytes(path));
                symlink(OsStr::from_bytes(target), &path)
                    .map_err(|error| DiskError::new("create the link", &path, error))?;
            }
        }
        let path = root.join(MARK);
        let file = new_file(&path)?;
        self.disk.write_at(&file, &path, mark.as_bytes(), 0)?;
        file.set_permissions(Permissions::from_mode(0o444))
            .map_err(|error| DiskError::new("set the mode of", &path, error))?;
        self.disk.sync(&file, &path)?;
        for (path, entry) in entries {
            if *entry == Entry::Directory {
                self.disk.sync_dir(&root.join(OsStr::from_bytes(path)))?;
            }
        }
        Ok(self.disk.sync_dir(root)?)
    }
}

fn make_dir(path: &Path) -> Result<(), DiskError> {
    fs::create_dir(path)
        .and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o755)))
        .map_err(|error| DiskError::new("create directory", path, error))
}

fn new_file(path: &Path) -> Result<File, DiskError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| DiskError::new("create", path, error))
}

fn remove_tree(path: &Path) -> Result<(), DiskError> {
    remove::tree(path).map_err(|error| DiskError::new("remove", path, error))
}
