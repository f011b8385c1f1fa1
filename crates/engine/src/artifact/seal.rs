//! Sealing: a tree becomes an artifact.
//!
//! Responsible for the order that makes an artifact appear whole: objects, their names,
//! then the manifest. It must not follow a link of the tree.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::content::{self, CopyFault};
use super::error::{ArtifactError, SealError};
use super::manifest;
use super::walk::Walk;
use super::{Digest, Sealed, Store};
use crate::journal::{Disk, DiskError};

impl Store {
    /// Seals what is at these paths of a tree, with all that is below them.
    ///
    /// Paths are relative to the tree and taken literally; `.` means all of it. Equal
    /// trees give equal digests. After an error no artifact appeared and no half file stays.
    ///
    /// It breaks off between two pieces of a file once `stop` says so.
    pub fn seal(
        &self,
        tree: &Path,
        paths: &[PathBuf],
        stop: &dyn Fn() -> bool,
    ) -> Result<Sealed, SealError> {
        if paths.is_empty() {
            let why = "no path is given; `.` means the whole tree";
            return Err(SealError::Path { path: PathBuf::new(), why });
        }
        let _lock = self.share()?;
        let mut objects = Objects::start(self)?;
        let entries = {
            let mut take_in = |file, path: &Path, limit| objects.take_in(file, path, limit, stop);
            let mut walk = Walk::open(tree, self.limits, &mut take_in)?;
            paths.iter().try_for_each(|path| walk.wanted(path))?;
            walk.finish()
        };
        objects.settle()?;
        let text = manifest::encode(&entries);
        let digest = Digest::of(text.as_bytes());
        let temporary = objects.dir.join("manifest");
        let path = self.manifest_path(digest);
        if fs::read(&path).is_ok_and(|bytes| bytes != text.as_bytes()) || !path.exists() {
            let file = self.disk.create(&temporary)?;
            self.disk.write_at(&file, &temporary, text.as_bytes(), 0)?;
            self.disk.sync(&file, &temporary)?;
            self.disk.rename(&temporary, &path)?;
        }
        self.disk.sync_dir(&self.dir.join("manifests"))?;
        let (bytes, files) = manifest::measure(&entries);
        Ok(Sealed { digest, bytes, files })
    }
}

/// Takes files in, through a directory of its own that goes when it is dropped.
struct Objects<'a> {
    store: &'a Store,
    dir: PathBuf,
    /// Directories whose names are not yet durable.
    unsynced: BTreeSet<PathBuf>,
    /// Objects that were taken in already.
    known: BTreeSet<Digest>,
}

impl Drop for Objects<'_> {
    fn drop(&mut self) {
        // What stays is swept by the next prune.
        let _ = crate::remove::tree(&self.dir);
    }
}

impl<'a> Objects<'a> {
    fn start(store: &'a Store) -> Result<Self, DiskError> {
        let dir = own_dir(&store.dir.join("tmp"))?;
        Ok(Self { store, dir, unsynced: BTreeSet::new(), known: BTreeSet::new() })
    }

    fn take_in(
        &mut self,
        from: File,
        path: &Path,
        limit: u64,
        stop: &dyn Fn() -> bool,
    ) -> Result<(Digest, u64), SealError> {
        let disk = &self.store.disk;
        let too_large = || SealError::TooLarge {
            path: path.to_path_buf(),
            what: "bytes",
            limit: self.store.limits.bytes,
        };
        // What says that it is too large is not copied up to the limit first; while it is copied
        // it can still grow.
        let said = from.metadata().map_err(|error| DiskError::new("look at", path, error))?;
        if said.len() > limit {
            return Err(too_large());
        }
        let mut from = Pieces { file: from, stop };
        let temporary = self.dir.join("object");
        let to = disk.create(&temporary)?;
        let copied = content::copy(disk, (&mut from, path), Some((&to, &temporary)), limit);
        let found = copied.map_err(|fault| match fault {
            CopyFault::Disk(error) => error.into(),
            CopyFault::TooLong => too_large(),
        })?;
        if self.known.insert(found.digest) {
            let object = self.store.object_path(found.digest);
            if !is_intact(disk, &object, found) {
                disk.sync(&to, &temporary)?;
                self.place(&temporary, &object)?;
            } else if let Some(parent) = object.parent() {
                // Another seal may have renamed it just now and not yet synced its name.
                self.unsynced.insert(parent.to_path_buf());
            }
        }
        Ok((found.digest, found.size))
    }

    fn place(&mut self, temporary: &Path, object: &Path) -> Result<(), DiskError> {
        let disk = &self.store.disk;
        if let Some(parent) = object.parent() {
            disk.create_dirs(parent)?;
            self.unsynced.insert(parent.to_path_buf());
        }
        disk.rename(temporary, object)
    }

    /// Makes the names of all objects durable.
    fn settle(&self) -> Result<(), ArtifactError> {
        for dir in &self.unsynced {
            self.store.disk.sync_dir(dir)?;
        }
        Ok(())
    }
}

/// A file that is read until somebody says stop.
struct Pieces<'a> {
    file: File,
    stop: &'a dyn Fn() -> bool,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if (self.stop)() {
            return Err(io::Error::other("no longer wanted"));
        }
        self.file.read(buffer)
    }
}

/// Says whether an object is there with the right bytes; a damaged one is replaced.
fn is_intact(disk: &Disk, path: &Path, wanted: content::Content) -> bool {
    File::open(path).is_ok_and(|mut file| {
        content::copy(disk, (&mut file, path), None, wanted.size).is_ok_and(|found| found == wanted)
    })
}

/// Makes a directory that nobody else uses.
fn own_dir(parent: &Path) -> Result<PathBuf, DiskError> {
    const ATTEMPTS: u32 = 10_000;
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for attempt in 0..ATTEMPTS {
        let dir = parent.join(format!("{}-{attempt}", std::process::id()));
        match fs::create_dir(&dir) {
            Ok(()) => return Ok(dir),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(DiskError::new("create directory", &dir, error)),
        }
    }
    Err(DiskError::new("create a directory in", parent, last))
}
