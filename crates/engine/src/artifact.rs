//! The store of sealed artifacts: trees of files, named by what is in them.
//!
//! Responsible for taking a step's output in (sealing), for giving it back byte for byte
//! (unpacking), and for removing what nobody keeps. A tree is hostile: nothing in it is
//! run, no link in it is followed, and no name in it can leave its place. It must not
//! decide which artifacts are kept.
//!
//! ```text
//! lock                    flock: shared by who reads and adds, exclusive for who removes
//! manifests/DIGEST        one artifact: its entries; the digest is this file's sha256
//! objects/aa/bb/REST      one file's bytes, named by their sha256; equal files stand once
//! tmp/PID-N/              what is not yet whole
//! ```
//!
//! A manifest is renamed into place when every object that it names is durable. So an
//! artifact is there whole, or it is not there.

mod content;
mod error;
mod manifest;
mod prune;
mod seal;
#[cfg(test)]
mod tests;
mod unpack;
mod walk;

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub use error::{ArtifactError, SealError};
pub use prune::Pruned;
pub use unpack::Unpacked;

use crate::journal::{Disk, DiskError};

/// Names an artifact: the sha256 of its manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Says that a text is not 64 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 lower-case hex digits")]
pub struct NotADigest;

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(NotADigest);
        }
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Ok(digit - b'0'),
            b'a'..=b'f' => Ok(digit - b'a' + 10),
            _ => Err(NotADigest),
        };
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = value(pair[0])? << 4 | value(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

/// Bounds one artifact.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many files, directories and links it may have together.
    pub entries: usize,
    /// How many bytes its files may have together.
    pub bytes: u64,
    /// How deep directories may stand in each other.
    pub depth: usize,
    /// How many bytes one path may have.
    pub path_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 200_000, bytes: 8 << 30, depth: 64, path_bytes: 4096 }
    }
}

impl Limits {
    /// Bounds a manifest's file: a path may be escaped to three times its length.
    fn manifest_bytes(&self) -> u64 {
        (self.entries as u64).saturating_mul(6 * self.path_bytes as u64 + 128)
    }
}

/// Describes an artifact that is whole in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// Its name.
    pub digest: Digest,
    /// How many bytes its files have together.
    pub bytes: u64,
    /// How many files it has.
    pub files: u64,
}

/// Reaches one store's directory. Every operation blocks, and takes the store's lock.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
    limits: Limits,
    disk: Disk,
}

impl Store {
    /// Opens a store's directory, or starts one.
    pub fn open(dir: &Path, limits: Limits, disk: Disk) -> Result<Self, DiskError> {
        for part in ["manifests", "objects", "tmp"] {
            disk.create_dirs(&dir.join(part))?;
        }
        Ok(Self { dir: dir.to_path_buf(), limits, disk })
    }

    /// Says whether an artifact is there. Its bytes are checked by [`Store::verify`].
    pub fn has(&self, digest: Digest) -> bool {
        self.manifest_path(digest).is_file()
    }

    fn manifest_path(&self, digest: Digest) -> PathBuf {
        self.dir.join("manifests").join(digest.to_string())
    }

    fn object_path(&self, digest: Digest) -> PathBuf {
        let name = digest.to_string();
        self.dir.join("objects").join(&name[..2]).join(&name[2..4]).join(&name[4..])
    }

    fn lock_file(&self) -> Result<(File, PathBuf), DiskError> {
        let path = self.dir.join("lock");
        let opened = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        match opened {
            Ok(file) => Ok((file, path)),
            Err(error) => Err(DiskError::new("open", &path, error)),
        }
    }

    /// Takes the lock of those who read and add. Held until the file is dropped.
    fn share(&self) -> Result<File, ArtifactError> {
        let (file, path) = self.lock_file()?;
        let result = file.try_lock_shared();
        locked(file, &path, result)
    }

    /// Takes the lock of who removes. Held until the file is dropped.
    fn own(&self) -> Result<File, ArtifactError> {
        let (file, path) = self.lock_file()?;
        let result = file.try_lock();
        locked(file, &path, result)
    }
}

fn locked(
    file: File,
    path: &Path,
    result: Result<(), TryLockError>,
) -> Result<File, ArtifactError> {
    match result {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ArtifactError::Busy),
        Err(TryLockError::Error(error)) => Err(DiskError::new("lock", path, error).into()),
    }
}
