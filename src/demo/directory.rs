//! The demonstration's directory, and who owns it.
//!
//! The owner holds a lock that ends with its process, however that ends. So a demonstration that
//! goes on is told from one that was killed, and a directory that merely has such a name, or that
//! was kept, is nobody's to remove.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use color_eyre::Result;
use color_eyre::eyre::{WrapErr as _, bail};
use pilothouse_engine::remove;
use serde::{Deserialize, Serialize};

/// How a demonstration's directory is called, before the number of its process.
pub const PREFIX: &str = "pilothouse-demo-";
/// The file whose lock its owner holds.
const OWNER: &str = "owner.json";
/// How many names are tried.
const NAMES: u32 = 100;

/// What whoever clears up must know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Whether the directory is to stay.
    pub keep: bool,
    /// The image that everything runs in, where it runs in containers.
    pub image: Option<String>,
}

/// A demonstration's directory, owned.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    note: Note,
    _owner: File,
}

impl Directory {
    /// Makes one below a directory.
    pub fn make(base: &Path, note: Note) -> Result<Self> {
        for attempt in 0..NAMES {
            let path = base.join(format!("{PREFIX}{}-{attempt}", std::process::id()));
            match std::fs::create_dir(&path) {
                Ok(()) => {
                    let owner = own(&path, &note)
                        .wrap_err_with(|| format!("cannot write into {}", path.display()))?;
                    return Ok(Self { path, note, _owner: owner });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(error).wrap_err_with(|| format!("cannot make {}", path.display()));
                }
            }
        }
        bail!("{} is full of demonstrations", base.display())
    }

    /// Takes over one of this user's whose owner is gone.
    pub fn take(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let found = std::fs::symlink_metadata(path).ok()?;
        let is_own = found.is_dir() && found.uid() == rustix::process::geteuid().as_raw();
        if !is_own || !name.starts_with(PREFIX) {
            return None;
        }
        let owner = File::open(path.join(OWNER)).ok()?;
        match owner.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => return None,
        }
        // Whoever cleared up meanwhile has removed the file, and a lock on what is gone says nothing.
        let text = std::fs::read(path.join(OWNER)).ok()?;
        let note = serde_json::from_slice(&text).ok()?;
        Some(Self { path: path.to_owned(), note, _owner: owner })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The engine's state directory.
    pub fn state(&self) -> PathBuf {
        self.path.join("state")
    }

    /// What whoever clears up must know.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// Removes it, or leaves it to the person who wanted to have it.
    pub fn leave(&self) -> io::Result<()> {
        if self.note.keep {
            return std::fs::remove_file(self.path.join(OWNER));
        }
        // The owner's file goes last: what is interrupted here is still known to be a demonstration's.
        for entry in std::fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_name() != OWNER {
                remove::tree(&entry.path())?;
            }
        }
        remove::tree(&self.path)
    }
}

/// Makes the owner's file and takes its lock before anybody can see it.
fn own(path: &Path, note: &Note) -> io::Result<File> {
    let fresh = path.join("owner.json.new");
    let owner = File::options().read(true).write(true).create_new(true).mode(0o600).open(&fresh)?;
    match owner.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(ErrorKind::ResourceBusy.into()),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    serde_json::to_writer(&owner, note)?;
    std::fs::rename(&fresh, path.join(OWNER))?;
    Ok(owner)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn note(keep: bool) -> Note {
        Note { keep, image: None }
    }

    #[test]
    fn one_is_taken_over_only_once_its_owner_is_gone() {
        let base = tempfile::tempdir().unwrap();
        let owned = Directory::make(base.path(), note(false)).unwrap();
        let path = owned.path().to_owned();
        assert!(Directory::take(&path).is_none(), "its owner lives");
        drop(owned);
        let taken = Directory::take(&path).unwrap();
        assert!(Directory::take(&path).is_none(), "somebody clears it up");
        // A release's directory can be written by nobody.
        std::fs::create_dir(path.join("release")).unwrap();
        std::fs::write(path.join("release/page"), "").unwrap();
        let closed = std::fs::Permissions::from_mode(0o500);
        std::fs::set_permissions(path.join("release"), closed).unwrap();
        taken.leave().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn what_is_kept_or_only_called_so_is_nobodys() {
        let base = tempfile::tempdir().unwrap();
        let kept = Directory::make(base.path(), note(true)).unwrap();
        kept.leave().unwrap();
        let path = kept.path().to_owned();
        drop(kept);
        assert!(path.exists() && Directory::take(&path).is_none());
        let stranger = base.path().join(format!("{PREFIX}1-0"));
        std::fs::create_dir(&stranger).unwrap();
        assert!(Directory::take(&stranger).is_none());
        let link = base.path().join(format!("{PREFIX}2-0"));
        let real = Directory::make(base.path(), note(false)).unwrap();
        std::os::unix::fs::symlink(real.path(), &link).unwrap();
        drop(real);
        assert!(Directory::take(&link).is_none());
    }
}
