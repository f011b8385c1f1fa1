//! The files of a unit directory: their names and how each is written.
//!
//! A reader never sees half a file, because every file but the log is written
//! beside its place and renamed into it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::regular;
use crate::spec::Spec;

/// The specification as it lies on disk, with what spawning added to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredSpec {
    pub version: u32,
    pub marker: String,
    pub spec: Spec,
}

/// The engine's wish that a unit ends, left beside it before the signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StopWish {
    pub version: u32,
    pub grace_ms: Option<u64>,
}

/// Whether a file must survive a loss of power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    Synced,
    Unsynced,
}

pub(crate) fn spec_path(unit: &Path) -> PathBuf {
    unit.join("spec.json")
}

pub(crate) fn lock_path(unit: &Path) -> PathBuf {
    unit.join("lock")
}

pub(crate) fn status_path(unit: &Path) -> PathBuf {
    unit.join("status.json")
}

pub(crate) fn exit_path(unit: &Path) -> PathBuf {
    unit.join("exit.json")
}

pub(crate) fn stop_path(unit: &Path) -> PathBuf {
    unit.join("stop.json")
}

pub(crate) fn log_path(unit: &Path) -> PathBuf {
    unit.join("log")
}

pub(crate) fn rotated_log_path(unit: &Path) -> PathBuf {
    unit.join("log.1")
}

/// Replaces a file atomically with the JSON form of a value, mode 0600.
pub(crate) fn write_json<T: Serialize>(
    path: &Path,
    value: &T,
    durability: Durability,
) -> io::Result<()> {
    replace(path, &serde_json::to_vec(value).map_err(io::Error::other)?, durability)
}

fn replace(path: &Path, bytes: &[u8], durability: Durability) -> io::Result<()> {
    let temporary = temporary_path(path);
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(false).mode(0o600);
    let mut file = regular::with(options, &temporary)?;
    file.write_all(bytes)?;
    // What was reserved is cut only now that it is not needed any more.
    file.set_len(bytes.len() as u64)?;
    if durability == Durability::Synced {
        file.sync_all()?;
    }
    std::fs::rename(&temporary, path)?;
    if durability == Durability::Synced
        && let Some(parent) = path.parent()
    {
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}

/// Replaces a file as [`write_json`] does, unsynced, and on a full disk as well: what stands there
/// changes places with a spare of so many bytes, which [`spare`] has made. Both keep their room for the
/// next time; what a value does not need is filled with spaces.
pub(crate) fn write_kept<T: Serialize>(path: &Path, value: &T, least: usize) -> io::Result<()> {
    let mut bytes = serde_json::to_vec(value).map_err(io::Error::other)?;
    bytes.resize(bytes.len().max(least), b' ');
    match replace(path, &bytes, Durability::Unsynced) {
        Err(error) if is_full(&error) => {}
        written => return written,
    }
    let spare = spare_path(path);
    let mut file = regular::with(OpenOptions::new().write(true), &spare)?;
    file.write_all(&bytes)?;
    Ok(rustix::fs::renameat_with(CWD, &spare, CWD, path, RenameFlags::EXCHANGE)?)
}

/// Makes the spare that [`write_kept`] needs on a full disk.
pub(crate) fn spare(path: &Path, bytes: usize) -> io::Result<()> {
    fill(&spare_path(path), bytes)
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

fn spare_path(path: &Path) -> PathBuf {
    let mut spare = path.as_os_str().to_owned();
    spare.push(".spare");
    PathBuf::from(spare)
}

fn fill(path: &Path, bytes: usize) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    regular::with(options, path)?.write_all(&vec![b' '; bytes])
}

/// Takes the room that a file will need, so that it can be written by [`write_json`] on a disk that
/// is full by then, by whichever process: the bytes of a file that are there already can be written
/// over.
pub(crate) fn reserve(path: &Path, bytes: usize) -> io::Result<()> {
    fill(&temporary_path(path), bytes)
}

/// Gives room back that was reserved for a file that nobody writes any more.
pub(crate) fn give_back(path: &Path) {
    // It is there only where nobody wrote the file; a few bytes that stay harm nobody.
    let _ = std::fs::remove_file(temporary_path(path));
    let _ = std::fs::remove_file(spare_path(path));
}

/// Where a file is written before it is renamed into its place.
///
/// No two processes write one file of a unit at once: the starter writes the specification, the
/// supervisor its status and the end, which is written in its stead only when it is dead, and the
/// one engine writes its wish.
fn temporary_path(path: &Path) -> PathBuf {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    PathBuf::from(temporary)
}

/// Reads a JSON file, or `None` if there is no such file.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    let Some(bytes) = regular::read_regular(path)? else { return Ok(None) };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Reads a JSON file, or `None` if there is no such file or it was damaged: a disk that failed or
/// lost power can leave it empty or full of NULs.
pub(crate) fn read_whole<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match read_json(path) {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
        read => read,
    }
}

/// Milliseconds since the Unix epoch, by this host's clock.
pub(crate) fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
