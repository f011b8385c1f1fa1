//! Looking at a journal without touching it, also while an engine writes it.
//!
//! Responsible for the same verdict that [`super::Journal::open`] comes to. It must not write, not
//! even the lock.

use std::fs;
use std::io;
use std::path::Path;

use super::error::OpenError;
use super::{Options, Records, Seq, Snapshot, complete, epoch, mark, open, segment, snapshot};

/// How often a journal is read again because files were removed meanwhile, as a snapshot does it.
const TRIES: u32 = 3;

/// Tells what a journal holds and where it stands.
#[derive(Debug)]
pub struct Inspected {
    /// The newest usable snapshot.
    pub snapshot: Option<Snapshot>,
    /// Every record after the snapshot.
    pub records: Records,
    /// The first record that is in a file; the next one where there is none.
    pub first: Seq,
    /// The last record.
    pub last: Seq,
    /// The last record that must be there; none where an engine before marks wrote it.
    pub mark: Option<Seq>,
    /// Bytes of an append that was cut short; the next start cuts them off.
    pub torn: usize,
    /// How many bytes all segments and snapshots have.
    pub bytes: u64,
    /// Files that cannot be used and that the journal does without.
    pub unusable: Vec<String>,
}

/// Whether a directory holds nothing that a journal ever wrote but its lock, or is not there. One
/// that cannot be read is left to whoever opens it.
pub fn is_new(dir: &Path) -> bool {
    match dir.try_exists() {
        Ok(true) => {
            open::survey(dir).is_ok_and(|found| found.is_new()) && !epoch::path(dir).exists()
        }
        Ok(false) => true,
        Err(_) => false,
    }
}

/// Reads a directory's journal, or says why no engine would start on it; none where there is none.
pub fn inspect(dir: &Path, options: &Options) -> Result<Option<Inspected>, OpenError> {
    let mut tries = TRIES;
    loop {
        match once(dir, options) {
            Err(OpenError::Disk(error))
                if error.source.kind() == io::ErrorKind::NotFound && tries > 1 =>
            {
                tries -= 1;
            }
            done => return done,
        }
    }
}

fn once(dir: &Path, options: &Options) -> Result<Option<Inspected>, OpenError> {
    if !dir.exists() {
        return Ok(None);
    }
    // An engine that writes meanwhile is behind no mark of before, and raises the epoch first.
    let mark = mark::read(dir);
    let found = open::survey(dir)?;
    let read = open::read(dir, &found, options)?;
    let known = epoch::read(dir, found.is_new())?;
    if found.is_new() && known == epoch::Known::default() {
        return Ok(None);
    }
    let told = mark.as_ref().ok().copied().flatten();
    complete::complete(dir, &known, mark, &read, options.told)?;
    let last = read.last();
    let paths = found.segments.iter().map(|first| segment::path(dir, *first));
    let paths = paths.chain(found.snapshots.iter().map(|seq| snapshot::path(dir, *seq)));
    let bytes = paths.map(|path| fs::metadata(path).map_or(0, |metadata| metadata.len())).sum();
    let unusable = read
        .unusable
        .iter()
        .map(|(seq, why)| format!("{}: {why}", snapshot::path(dir, *seq).display()));
    let unusable = unusable.chain(read.notes.iter().map(ToString::to_string)).collect();
    Ok(Some(Inspected {
        first: Seq(found.segments.first().copied().unwrap_or(last + 1)),
        last: Seq(last),
        mark: told.map(Seq),
        torn: read.torn(),
        bytes,
        unusable,
        snapshot: read.snapshot,
        records: read.records,
    }))
}
