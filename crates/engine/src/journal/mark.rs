//! The mark: how far the journal was known to be durable, so that a journal which lost its newest
//! records is not taken for a shorter one.
//!
//! Responsible for one small file that is written over in place after each append. It costs no
//! sync of its own: a record is durable before the mark tells of it, so that the mark is never
//! ahead, and whoever reads the file while the machine runs reads the newest mark, also after the
//! engine was killed. A loss of power can put the mark itself back, to one that was written since
//! the last sync at the latest: at a start, with a new segment, with a snapshot, and after
//! [`SYNC_EVERY`] records. Then, and only then, a person can cut off those records unnoticed.
//!
//! The file has two slots that are written in turn, each a disk's sector long and with a checksum:
//! a write that is cut short spoils one of them, and the other one holds the mark before it.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::disk::{Disk, DiskError};
use super::error::OpenError;
use super::format::{self, Format, LAYOUT};

/// The smallest sector that disks write as a whole, in bytes.
pub(super) const SLOT: usize = 512;
/// Records after which the mark is synced, whatever else happened.
const SYNC_EVERY: u64 = 256;

/// The file with the mark, open for writing.
#[derive(Debug)]
pub struct Mark {
    path: PathBuf,
    file: File,
    /// The slot that is written next.
    slot: usize,
    /// The last record that the disk holds a mark of, for sure.
    synced: u64,
}

#[derive(Debug, Deserialize)]
struct Slot {
    format: Format,
    durable: u64,
    crc: String,
}

/// The file's path.
pub fn path(dir: &Path) -> PathBuf {
    dir.join("mark")
}

impl Mark {
    /// Makes the file anew, durably, with this record in both slots.
    pub fn create(disk: &Disk, dir: &Path, durable: u64) -> Result<Self, DiskError> {
        let path = path(dir);
        disk.replace_kept(&path, &encode(durable).repeat(2))?;
        let file = OpenOptions::new()
            .write(true)
            .open(&path)
            .map_err(|error| DiskError::new("open", &path, error))?;
        Ok(Self { path, file, slot: 0, synced: durable })
    }

    /// Tells of a record that is durable, and makes the mark so now and then.
    pub fn set(&mut self, disk: &Disk, durable: u64) -> Result<(), DiskError> {
        disk.write_at(&self.file, &self.path, &encode(durable), (self.slot * SLOT) as u64)?;
        self.slot = 1 - self.slot;
        if durable - self.synced >= SYNC_EVERY { self.sync(disk, durable) } else { Ok(()) }
    }

    /// Makes what was written last durable.
    pub fn sync(&mut self, disk: &Disk, durable: u64) -> Result<(), DiskError> {
        disk.sync(&self.file, &self.path)?;
        self.synced = durable;
        Ok(())
    }
}

/// Reads the mark; none where there is no such file.
pub fn read(dir: &Path) -> Result<Option<u64>, OpenError> {
    let path = path(dir);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(DiskError::new("read", &path, error).into()),
    };
    let mut newest = None;
    for slot in bytes.chunks(SLOT).take(2).filter_map(decode) {
        if let Err(mismatch) = format::check("journal layout", slot.format, LAYOUT) {
            return Err(OpenError::Version { path, mismatch });
        }
        newest = newest.max(Some(slot.durable));
    }
    match newest {
        Some(_) => Ok(newest),
        None => Err(OpenError::Mark { path, why: "the file cannot be read" }),
    }
}

fn encode(durable: u64) -> Vec<u8> {
    let (major, minor) = (LAYOUT.0, LAYOUT.1);
    let covered = format!("{{\"format\":[{major},{minor}],\"durable\":{durable}");
    let mut line =
        format!("{covered},\"crc\":\"{:08x}\"}}", crc32fast::hash(covered.as_bytes())).into_bytes();
    line.resize(SLOT - 1, b' ');
    line.push(b'\n');
    line
}

/// Reads one slot; none where it was not written whole.
fn decode(bytes: &[u8]) -> Option<Slot> {
    let covered = bytes.windows(7).position(|at| at == b",\"crc\":")?;
    let slot: Slot = serde_json::from_slice(bytes).ok()?;
    (slot.crc == format!("{:08x}", crc32fast::hash(&bytes[..covered]))).then_some(slot)
}
