//! The epoch: a number that grows with each start and so names one engine process.
//!
//! Responsible for reading it and for raising it durably before anybody can use it. What
//! refuses a smaller epoch is whatever an engine writes to.

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

#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    format: Format,
    epoch: u64,
}

fn path(dir: &Path) -> PathBuf {
    dir.join("epoch.json")
}

/// Reads the last epoch. A new journal has none, which reads as 0.
pub fn read(dir: &Path, is_new: bool) -> Result<u64, OpenError> {
    let path = path(dir);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if is_new {
                return Ok(0);
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
    Ok(stored.epoch)
}

/// Makes a new epoch durable.
pub fn write(disk: &Disk, dir: &Path, epoch: u64) -> Result<(), DiskError> {
    let line = format!("{{\"format\":[{},{}],\"epoch\":{epoch}}}\n", LAYOUT.0, LAYOUT.1);
    disk.replace(&path(dir), line.as_bytes())
}
