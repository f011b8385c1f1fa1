//! What the process that owns a container tells of it: one small file, replaced as a whole.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::container::Container;

/// A container that runs, as its owning process saw it start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The container's id.
    pub id: String,
    /// The id of its image.
    pub image: String,
    /// Its first process, by its number on the host.
    pub pid: i32,
    /// When it started, as the engine writes it.
    pub started_at: String,
    /// Where it is reached, if it has a port; none once it is reached nowhere any more.
    pub address: Option<SocketAddr>,
    /// The process that owns it, so that what an earlier one wrote is not believed.
    pub owner: u32,
    /// Whether the engine took it along when it went away, so that nobody knows what it did.
    #[serde(default)]
    pub is_taken: bool,
    /// The status with which it ended by itself, or because it was asked to, while its engine was
    /// there.
    #[serde(default)]
    pub ended: Option<i32>,
    /// How often its owners made it anew because the engine had taken it along.
    #[serde(default)]
    pub renewals: u32,
    /// Why there was no container to end with, if there was none.
    #[serde(default)]
    pub why_not: Option<String>,
    /// What the image's own check says, where it fails after it had passed, until it passes again.
    #[serde(default)]
    pub ill: Option<String>,
    /// Why it ended as it did, or why there is no image, where more is known than a status.
    #[serde(default)]
    pub cause: Option<String>,
}

impl Record {
    /// Whether it tells of this very start of a container.
    pub(crate) fn is_of(&self, found: &Container) -> bool {
        (&self.id, self.pid, &self.started_at) == (&found.id, found.pid, &found.started_at)
    }
}

/// Reads a record; none where there is none yet.
///
/// # Errors
/// What the system said, or that the file is no record.
pub fn read_record(path: &Path) -> io::Result<Option<Record>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Notes that the engine took along what a record tells of, or what there was no record of yet.
pub(crate) fn note_taken(path: &Path) -> io::Result<()> {
    let record = read_record(path)?.unwrap_or_default();
    write(path, &Record { is_taken: true, ..record })
}

/// Notes that what a record tells of is made anew, because the engine took it along.
pub(crate) fn note_renewal(path: &Path) -> io::Result<()> {
    match read_record(path)? {
        Some(record) => {
            let renewals = record.renewals.saturating_add(1);
            write(path, &Record { renewals, ..record })
        }
        None => Ok(()),
    }
}

/// Notes why there was no container to end with.
pub(crate) fn note_why_not(path: &Path, why: &str) -> io::Result<()> {
    let record = read_record(path)?.unwrap_or_default();
    write(path, &Record { why_not: Some(why.to_owned()), address: None, ..record })
}

/// Notes that the image's own check fails, and what it says.
pub(crate) fn note_ill(path: &Path, said: &str) -> io::Result<()> {
    let record = read_record(path)?.unwrap_or_default();
    write(path, &Record { ill: Some(said.to_owned()), ..record })
}

/// Notes that the image's own check passes again.
pub(crate) fn note_well(path: &Path) -> io::Result<()> {
    let record = read_record(path)?.unwrap_or_default();
    write(path, &Record { ill: None, ..record })
}

/// Notes why something ended as it did.
pub(crate) fn note_cause(path: &Path, cause: &str) -> io::Result<()> {
    let record = read_record(path)?.unwrap_or_default();
    write(path, &Record { cause: Some(cause.to_owned()), ..record })
}

/// Notes that what a record tells of is reached nowhere any more: it ended, or lost its address.
pub(crate) fn note_gone(path: &Path) -> io::Result<()> {
    match read_record(path)? {
        Some(record) => write(path, &Record { address: None, ..record }),
        None => Ok(()),
    }
}

/// Notes that what a record tells of has ended, and not with its engine.
pub(crate) fn note_end(path: &Path, status: i32) -> io::Result<()> {
    match read_record(path)? {
        Some(record) => write(path, &Record { address: None, ended: Some(status), ..record }),
        None => Ok(()),
    }
}

/// Writes a record in one step: whoever reads sees the old one or the new one.
pub(crate) fn write(path: &Path, record: &Record) -> io::Result<()> {
    let new = path.with_extension("new");
    std::fs::write(&new, serde_json::to_vec(record)?)?;
    std::fs::rename(&new, path)
}
