//! The epoch: a number that grows with each start and so names one engine process.
//!
//! Responsible for reading it and for raising it durably before anybody can use it. What
//! refuses a smaller epoch is whatever an engine writes to. Beside it stands a record that was
//! durable when the engine started, and whether a mark belongs to the journal, which tells of later ones.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::disk::{Disk, DiskError};
use super::error::OpenError;
use super::format::{self, Format, LAYOUT};

#[derive(Debug, Serialize, Deserialize)]
struct Versioned {
    format: Format,
}

/// What the file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The last epoch; 0 where there was none.
    pub epoch: u64,
    /// A record that was durable; 0 where none is known.
    pub durable: u64,
    /// Whether there must be a mark.
    pub has_mark: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    format: Format,
    epoch: u64,
    // Files of before have neither.
    #[serde(default)]
    durable: u64,
    #[serde(default)]
    mark: bool,
}

/// The file's path.
pub fn path(dir: &Path) -> PathBuf {
    dir.join("epoch.json")
}

/// Reads what is known. A new journal has no such file.
pub fn read(dir: &Path, is_new: bool) -> Result<Known, OpenError> {
    let path = path(dir);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if is_new {
                return Ok(Known::default());
            }
            return Err(OpenError::Epoch { path, why: "the file is missing".to_owned() });
        }
        Err(error) => return Err(DiskError::new("read", &path, error).into()),
    };
    let unreadable = |error: serde_json::Error| OpenError::Epoch {
        path: path.clone(),
        why: format!("the file cannot be read ({error})"),
    };
    let versioned: Versioned = serde_json::from_slice(&bytes).map_err(unreadable)?;
    if let Err(mismatch) = format::check("journal layout", versioned.format, LAYOUT) {
        return Err(OpenError::Version { path, mismatch });
    }
    let stored: Stored = serde_json::from_slice(&bytes).map_err(unreadable)?;
    if stored.epoch >= u64::MAX - 1 {
        return Err(OpenError::Epoch { path, why: "the number cannot grow".to_owned() });
    }
    Ok(Known { epoch: stored.epoch, durable: stored.durable, has_mark: stored.mark })
}

/// Makes an epoch durable, and what stands beside it.
pub fn write(disk: &Disk, dir: &Path, known: &Known) -> Result<(), DiskError> {
    let (major, minor) = (LAYOUT.0, LAYOUT.1);
    let Known { epoch, durable, has_mark } = known;
    let line = format!(
        "{{\"format\":[{major},{minor}],\"epoch\":{epoch},\"durable\":{durable},\"mark\":{has_mark}}}\n"
    );
    disk.replace_kept(&path(dir), line.as_bytes())
}
