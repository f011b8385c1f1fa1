//! The epoch: a number that grows with each start and so names one engine process.
//!
//! Responsible for reading it and for raising it durably before anybody can use it. What
//! refuses a smaller epoch is whatever an engine writes to. Beside it stands a record that was
//! durable when the file was written, so that a journal which lost its records is not taken for a
//! short one.

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
}

#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    format: Format,
    epoch: u64,
    // Files of before have none.
    #[serde(default)]
    durable: u64,
}

fn path(dir: &Path) -> PathBuf {
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
    Ok(Known { epoch: stored.epoch, durable: stored.durable })
}

/// Makes an epoch durable, and that a record is.
pub fn write(disk: &Disk, dir: &Path, epoch: u64, durable: u64) -> Result<(), DiskError> {
    let (major, minor) = (LAYOUT.0, LAYOUT.1);
    let line =
        format!("{{\"format\":[{major},{minor}],\"epoch\":{epoch},\"durable\":{durable}}}\n");
    disk.replace(&path(dir), line.as_bytes())
}
