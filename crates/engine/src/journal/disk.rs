//! The one door through which this crate's files reach the disk.
//!
//! Responsible for doing each step completely (whole writes, synced files, synced
//! directories) and for asking an optional [`Faults`] before each one, so that a test
//! can fail the n-th. It must not decide what a failure means.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{CWD, RenameFlags};

/// Names what is about to be done to a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Creates a file or a directory.
    Create,
    /// Writes bytes.
    Write,
    /// Makes a file's bytes durable.
    Sync,
    /// Makes a directory's names durable.
    SyncDir,
    /// Renames a file.
    Rename,
    /// Cuts a file to a length.
    Truncate,
    /// Removes a file.
    Remove,
}

/// Says whether a step goes ahead.
#[derive(Debug)]
pub enum Verdict {
    /// The step goes ahead.
    Go,
    /// A sync is taken as done without waiting for the disk; any other step goes ahead.
    /// Tests that kill no machine are many times faster with it.
    Skip,
    /// The step fails with this error and does nothing.
    Fail(io::Error),
    /// A write puts down only this many bytes and then fails; any other step just fails.
    Short(usize, io::Error),
}

/// Decides over every step; implemented by tests that make a disk fail.
pub trait Faults: Send + Sync {
    /// Judges one step before it is done.
    fn judge(&self, step: Step, path: &Path) -> Verdict;
}

/// Says what failed, on which path, and why.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", path.display())]
pub struct DiskError {
    /// The step, as a verb.
    pub action: &'static str,
    /// The file or directory.
    pub path: PathBuf,
    /// What the operating system answered.
    pub source: io::Error,
}

impl DiskError {
    /// Joins an operating system's answer with the step and path it belongs to.
    pub fn new(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self { action, path: path.to_path_buf(), source }
    }

    /// Says whether the disk, or the user's share of it, is full.
    pub fn is_full(&self) -> bool {
        matches!(self.source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }

    /// What to do before an engine is started again, where that is known.
    pub(crate) fn help(&self) -> &'static str {
        if self.is_full() { "; make room there and start the engine again" } else { "" }
    }
}

/// Reaches the disk, through [`Faults`] where a test installed some.
#[derive(Clone, Default)]
pub struct Disk {
    faults: Option<Arc<dyn Faults>>,
}

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disk").field("faults", &self.faults.is_some()).finish()
    }
}

impl Disk {
    /// Makes a disk whose every step is judged first.
    pub fn with_faults(faults: Arc<dyn Faults>) -> Self {
        Self { faults: Some(faults) }
    }

    fn judge(&self, step: Step, path: &Path) -> Verdict {
        self.faults.as_ref().map_or(Verdict::Go, |faults| faults.judge(step, path))
    }

    /// Does a step that a test may skip.
    fn settle(
        &self,
        step: Step,
        action: &'static str,
        path: &Path,
        act: impl FnOnce() -> io::Result<()>,
    ) -> Result<(), DiskError> {
        match self.judge(step, path) {
            Verdict::Go => act(),
            Verdict::Skip => Ok(()),
            Verdict::Fail(error) | Verdict::Short(_, error) => Err(error),
        }
        .map_err(|source| DiskError::new(action, path, source))
    }

    fn step<T>(
        &self,
        step: Step,
        action: &'static str,
        path: &Path,
        act: impl FnOnce() -> io::Result<T>,
    ) -> Result<T, DiskError> {
        match self.judge(step, path) {
            Verdict::Go | Verdict::Skip => act(),
            Verdict::Fail(error) | Verdict::Short(_, error) => Err(error),
        }
        .map_err(|source| DiskError::new(action, path, source))
    }

    /// Creates a directory and its parents, and makes the new names durable.
    pub fn create_dirs(&self, dir: &Path) -> Result<(), DiskError> {
        if dir.is_dir() {
            return Ok(());
        }
        let parent = parent_of(dir);
        self.create_dirs(&parent)?;
        self.step(Step::Create, "create directory", dir, || match fs::create_dir(dir) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => Ok(()),
            other => other,
        })?;
        self.sync_dir(&parent)
    }

    /// Creates an empty file for writing, replacing what had its name.
    pub fn create(&self, path: &Path) -> Result<File, DiskError> {
        self.step(Step::Create, "create", path, || {
            OpenOptions::new().write(true).create(true).truncate(true).open(path)
        })
    }

    /// Writes all bytes at an offset.
    pub fn write_at(
        &self,
        file: &File,
        path: &Path,
        bytes: &[u8],
        offset: u64,
    ) -> Result<(), DiskError> {
        match self.judge(Step::Write, path) {
            Verdict::Go | Verdict::Skip => file.write_all_at(bytes, offset),
            Verdict::Fail(error) => Err(error),
            Verdict::Short(kept, error) => {
                file.write_all_at(&bytes[..kept.min(bytes.len())], offset).and(Err(error))
            }
        }
        .map_err(|source| DiskError::new("write", path, source))
    }

    /// Makes a file's bytes and length durable (`fdatasync`).
    pub fn sync(&self, file: &File, path: &Path) -> Result<(), DiskError> {
        self.settle(Step::Sync, "sync", path, || file.sync_data())
    }

    /// Makes a directory's names durable.
    pub fn sync_dir(&self, dir: &Path) -> Result<(), DiskError> {
        self.step(Step::SyncDir, "sync directory", dir, || File::open(dir)?.sync_all())
    }

    /// Gives a file another name, replacing what had it. Durable after [`Disk::sync_dir`].
    pub fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        self.step(Step::Rename, "rename", from, || fs::rename(from, to))
    }

    /// Cuts an open file to a length.
    pub fn truncate(&self, file: &File, path: &Path, length: u64) -> Result<(), DiskError> {
        self.step(Step::Truncate, "truncate", path, || file.set_len(length))
    }

    /// Removes a file; one that is already gone is not an error.
    pub fn remove(&self, path: &Path) -> Result<(), DiskError> {
        self.step(Step::Remove, "remove", path, || match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        })
    }

    /// Replaces a file by these bytes so that a crash leaves the old or the new one, whole.
    pub fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
        let temporary = named(path, TEMPORARY);
        let done = self.create(&temporary).and_then(|file| {
            self.write_at(&file, &temporary, bytes, 0)?;
            self.sync(&file, &temporary)?;
            self.rename(&temporary, path)
        });
        if let Err(error) = done {
            // A temporary file that stays is swept at the next start; the first error matters.
            let _ = self.remove(&temporary);
            return Err(error);
        }
        self.sync_dir(&parent_of(path))
    }
}

/// Ends the name of a file that [`Disk::replace_kept`] keeps room in.
const SPARE: &str = "spare";

impl Disk {
    /// The same as [`Disk::replace`], also on a full disk, for a file that is no longer than a block
    /// and was replaced before: it changes places with a spare one, which has room of its own.
    pub fn replace_kept(&self, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
        let spare = named(path, SPARE);
        match self.replace(path, bytes) {
            Ok(()) => {
                if !spare.exists() {
                    // Where there is no room for it, the disk is full already.
                    let _ = self.replace(&spare, bytes);
                }
                Ok(())
            }
            Err(error) if error.is_full() => self.exchange(path, &spare, bytes).map_err(|_| error),
            Err(error) => Err(error),
        }
    }

    fn exchange(&self, path: &Path, spare: &Path, bytes: &[u8]) -> Result<(), DiskError> {
        let opened = OpenOptions::new().write(true).open(spare);
        let file = opened.map_err(|error| DiskError::new("open", spare, error))?;
        self.write_at(&file, spare, bytes, 0)?;
        self.truncate(&file, spare, bytes.len() as u64)?;
        self.sync(&file, spare)?;
        self.step(Step::Rename, "rename", spare, || {
            Ok(rustix::fs::renameat_with(CWD, spare, CWD, path, RenameFlags::EXCHANGE)?)
        })?;
        self.sync_dir(&parent_of(path))
    }
}

/// Skips every sync; see [`Verdict::Skip`].
#[cfg(test)]
pub(crate) struct NoSync;

#[cfg(test)]
impl Faults for NoSync {
    fn judge(&self, _step: Step, _path: &Path) -> Verdict {
        Verdict::Skip
    }
}

/// Ends the name of a file that is not yet whole.
pub const TEMPORARY: &str = "tmp";

fn named(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn parent_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        Some(_) | None => PathBuf::from("."),
    }
}
