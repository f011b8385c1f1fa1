//! Opening: reads everything first, and changes the directory only once it is understood.
//!
//! Responsible for the order of these two halves and for never guessing what a damaged
//! file held.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::complete::{begin, complete, loss_of};
use super::disk::{DiskError, TEMPORARY};
use super::error::OpenError;
use super::format::{LAYOUT, Versions};
use super::segment::{self, Damage, End};
use super::snapshot::{self, Unusable};
use super::{
    Epoch, Health, Journal, Limits, Losses, Note, Options, Records, Recovered, Seq, Snapshot,
    epoch, lock, mark,
};

const TORN: &str = "torn";
const UNUSABLE: &str = "unusable";

/// Lists what a journal's directory holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub segments: Vec<u64>,
    pub snapshots: Vec<u64>,
    temporary: Vec<PathBuf>,
    side_files: Vec<PathBuf>,
}

/// Holds what reading gave, before anything was changed.
pub(super) struct Read {
    pub snapshot: Option<Snapshot>,
    pub unusable: Vec<(u64, String)>,
    pub records: Records,
    pub notes: Vec<Note>,
    /// Last record in the segments; 0 where there is none.
    in_segments: u64,
    /// Epoch of the newest segment that says one.
    pub epoch: u64,
    pub active: Option<Active>,
}

impl Read {
    /// Last record in the segments and the snapshot; 0 where there is none.
    pub fn last(&self) -> u64 {
        self.in_segments.max(self.snapshot.as_ref().map_or(0, |snapshot| snapshot.seq.0))
    }

    /// Bytes of an append that was cut short.
    pub fn torn(&self) -> usize {
        self.active.as_ref().map_or(0, |active| active.torn.len())
    }
}

/// Describes the newest segment.
pub(super) struct Active {
    pub first: u64,
    good: u64,
    torn: Vec<u8>,
    versions: Option<Versions>,
    is_empty: bool,
}

/// Opens a journal; see [`Journal::open`].
pub fn open(
    dir: &Path,
    limits: Limits,
    options: Options,
) -> Result<(Journal, Recovered), OpenError> {
    check(&limits)?;
    options.disk.create_dirs(dir)?;
    let lock = lock::take(dir)?;
    let found = survey(dir)?;
    let known = epoch::read(dir, found.is_new())?;
    let mut read = read(dir, &found, &options)?;
    let last = read.last();
    let complete = complete(dir, &known, mark::read(dir), &read, options.told);
    let loss = match options.losses {
        Losses::Refuse => complete.map(|()| None)?,
        Losses::Accept => loss_of(complete, last)?,
    };
    let epoch = known.epoch.max(options.told.0).max(read.epoch) + 1;
    let mark = begin(dir, &known, &read, epoch, loss, &options)?;
    settle(dir, &found, &mut read, epoch, &limits, &options)?;
    if let Some(loss) = loss {
        read.notes.push(Note::LossAccepted(loss));
    }

    let mut segments = found.segments;
    let (first, durable) = start_segment(dir, &read, last, epoch, &options)?;
    if segments.last() != Some(&first) {
        segments.push(first);
    }
    let path = segment::path(dir, first);
    let active = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .map_err(|error| DiskError::new("open", &path, error))?;
    let mut journal = Journal {
        dir: dir.to_path_buf(),
        limits,
        options,
        epoch,
        segments,
        snapshots: found
            .snapshots
            .into_iter()
            .filter(|seq| !read.unusable.iter().any(|(unusable, _)| unusable == seq))
            .collect(),
        active,
        durable,
        ahead: super::append::AHEAD,
        last,
        mark,
        health: Health::Ready,
        lines: Vec::new(),
        _lock: lock,
    };
    journal.keep_ahead();
    let recovered = Recovered {
        epoch: Epoch(epoch),
        snapshot: read.snapshot,
        records: read.records,
        last: Seq(last),
        loss,
        notes: read.notes,
    };
    Ok((journal, recovered))
}

fn check(limits: &Limits) -> Result<(), OpenError> {
    if limits.keep_segments == 0 {
        return Err(OpenError::Limits("keep_segments is 0; the newest segment always stays"));
    }
    if limits.record_bytes > limits.batch_bytes {
        return Err(OpenError::Limits("record_bytes is larger than batch_bytes"));
    }
    Ok(())
}

impl Found {
    /// Whether nothing was ever written.
    pub fn is_new(&self) -> bool {
        self.segments.is_empty() && self.snapshots.is_empty()
    }
}

pub(super) fn survey(dir: &Path) -> Result<Found, OpenError> {
    let fail = |error| DiskError::new("list", dir, error);
    let mut found = Found::default();
    for entry in fs::read_dir(dir).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if let Some(first) = segment::first_of(name) {
            found.segments.push(first);
        } else if let Some(seq) = snapshot::seq_of(name) {
            found.snapshots.push(seq);
        } else if let Some(extension) = path.extension() {
            if extension == TEMPORARY {
                found.temporary.push(path);
            } else if extension == TORN || extension == UNUSABLE {
                found.side_files.push(path);
            }
        }
    }
    found.segments.sort_unstable();
    found.snapshots.sort_unstable();
    found.side_files.sort_unstable();
    Ok(found)
}

fn read_file(path: &Path) -> Result<Vec<u8>, OpenError> {
    fs::read(path).map_err(|error| DiskError::new("read", path, error).into())
}

pub(super) fn read(dir: &Path, found: &Found, options: &Options) -> Result<Read, OpenError> {
    let (snapshot, unusable) = read_snapshot(dir, found, options)?;
    let from = snapshot.as_ref().map_or(0, |snapshot| snapshot.seq.0);
    let mut read = Read {
        snapshot,
        unusable,
        records: Records::default(),
        notes: Vec::new(),
        in_segments: 0,
        epoch: 0,
        active: None,
    };
    for (index, first) in found.segments.iter().copied().enumerate() {
        let next = found.segments.get(index + 1).copied();
        read_segment(dir, first, next, from, options, &mut read)?;
    }
    if read.in_segments < from {
        let (last, snapshot) = (Seq(read.in_segments), Seq(from));
        read.notes.push(Note::SegmentsBehindSnapshot { last, snapshot });
    }
    Ok(read)
}

/// Reads one segment, given the first record of the next one and the snapshot's record.
fn read_segment(
    dir: &Path,
    first: u64,
    next: Option<u64>,
    from: u64,
    options: &Options,
    read: &mut Read,
) -> Result<(), OpenError> {
    let path = segment::path(dir, first);
    let bytes = read_file(&path)?;
    let mut scan = segment::scan(&bytes, first, options.payload)
        .map_err(|mismatch| OpenError::Version { path: path.clone(), mismatch })?;
    let end = std::mem::replace(&mut scan.end, End::Whole);
    let last = first + scan.payloads.len() as u64 - 1;
    let is_whole = end == End::Whole;
    let damage = match (next, end) {
        (Some(next), end) => damage_of_full(end, &bytes, last, next),
        (None, End::Damaged(damage)) => Some(damage),
        (None, End::Whole | End::Torn) => None,
    };
    if next.is_some_and(|next| next - 1 <= from) {
        if let Some(damage) = damage {
            let why = format!("line {}: {}", damage.line, damage.why);
            read.notes.push(Note::OldSegmentDamaged { path, why });
        }
        return Ok(());
    }
    if let Some(next) = next.filter(|next| is_whole && last + 1 < *next) {
        return Err(OpenError::Missing { dir: dir.to_path_buf(), from: last + 1, to: next - 1 });
    }
    if first > from + 1 && read.in_segments + 1 != first {
        let from = read.in_segments.max(from) + 1;
        return Err(OpenError::Missing { dir: dir.to_path_buf(), from, to: first - 1 });
    }
    if let Some(begun) = scan.epoch {
        if begun < read.epoch {
            return Err(OpenError::Mixed { path, begun, earlier: read.epoch });
        }
        read.epoch = begun;
    }
    if let Some(damage) = damage {
        return Err(OpenError::Damaged { path, damage, lost_from: last + 1 });
    }
    read.in_segments = last;
    if next.is_none() {
        read.active = Some(Active {
            first,
            good: scan.good as u64,
            torn: bytes[scan.good..].to_vec(),
            versions: scan.versions,
            is_empty: scan.payloads.is_empty(),
        });
    }
    let skip = usize::try_from((from + 1).saturating_sub(first)).unwrap_or(usize::MAX);
    let skip = skip.min(scan.payloads.len());
    scan.payloads.drain(..skip);
    read.records.push(first + skip as u64, bytes, scan.payloads);
    Ok(())
}

/// Finds the damage of a segment that another one follows: it must be whole and reach it.
fn damage_of_full(end: End, bytes: &[u8], last: u64, next: u64) -> Option<Damage> {
    let lines = memchr::memchr_iter(b'\n', bytes).count() + 1;
    let at_end = |why: String| Damage { line: lines, offset: bytes.len(), why };
    match end {
        End::Damaged(damage) => Some(damage),
        End::Torn => Some(at_end("the file is cut short and another segment follows it".into())),
        End::Whole if last + 1 != next => Some(at_end(format!(
            "the file ends at record {last} and the next segment starts at {next}"
        ))),
        End::Whole => None,
    }
}

type SnapshotRead = (Option<Snapshot>, Vec<(u64, String)>);

/// Reads the newest usable snapshot and lists the unusable ones that are newer.
fn read_snapshot(dir: &Path, found: &Found, options: &Options) -> Result<SnapshotRead, OpenError> {
    let mut unusable = Vec::new();
    for seq in found.snapshots.iter().rev().copied() {
        let path = snapshot::path(dir, seq);
        match snapshot::decode(read_file(&path)?, seq, options.payload) {
            Ok(bytes) => {
                return Ok((Some(Snapshot { seq: Seq(seq), bytes }), unusable));
            }
            Err(Unusable::Damaged(why)) => unusable.push((seq, why)),
            Err(Unusable::Version(mismatch)) => return Err(OpenError::Version { path, mismatch }),
        }
    }
    Ok((None, unusable))
}

/// Sets aside what cannot be used: torn bytes, unusable snapshots, temporary files.
fn settle(
    dir: &Path,
    found: &Found,
    read: &mut Read,
    epoch: u64,
    limits: &Limits,
    options: &Options,
) -> Result<(), OpenError> {
    let disk = &options.disk;
    for path in &found.temporary {
        disk.remove(path)?;
    }
    let mut side_files = found.side_files.clone();
    for (seq, why) in &read.unusable {
        let path = snapshot::path(dir, *seq);
        let aside = path.with_extension(UNUSABLE);
        disk.rename(&path, &aside)?;
        side_files.push(aside.clone());
        read.notes.push(Note::SnapshotUnusable { path: aside, why: why.clone() });
    }
    if let Some(active) = read.active.as_ref().filter(|active| !active.torn.is_empty()) {
        let kept = dir.join(format!("cut-{:020}-{epoch}.{TORN}", read.in_segments + 1));
        disk.replace(&kept, &active.torn)?;
        side_files.push(kept.clone());
        let path = segment::path(dir, active.first);
        cut(&path, active.good, options)?;
        read.notes.push(Note::TornEnd { path, bytes: active.torn.len() as u64, kept });
    }
    for kind in [TORN, UNUSABLE] {
        let mut of_kind: Vec<_> =
            side_files.iter().filter(|path| path.extension().is_some_and(|e| e == kind)).collect();
        of_kind.sort_unstable();
        let surplus = of_kind.len().saturating_sub(limits.keep_side_files);
        for path in &of_kind[..surplus] {
            disk.remove(path)?;
        }
    }
    disk.sync_dir(dir)?;
    Ok(())
}

fn cut(path: &Path, length: u64, options: &Options) -> Result<(), DiskError> {
    let file = OpenOptions::new()
        .write(true)
        .open(path)
        .map_err(|error: io::Error| DiskError::new("open", path, error))?;
    options.disk.truncate(&file, path, length)?;
    options.disk.sync(&file, path)
}

/// Returns the first record and the length of the segment to append to, making one where
/// the newest cannot be continued: it is missing, of older versions, or behind the snapshot.
fn start_segment(
    dir: &Path,
    read: &Read,
    last: u64,
    epoch: u64,
    options: &Options,
) -> Result<(u64, u64), OpenError> {
    let versions = Versions { format: LAYOUT, payload: options.payload };
    if let Some(active) = &read.active {
        let is_current = active.versions == Some(versions) && last == read.in_segments;
        if is_current {
            return Ok((active.first, active.good));
        }
        debug_assert!(active.is_empty || last + 1 > active.first, "a segment is never replaced");
    }
    let header = segment::header(options.payload, last + 1, epoch);
    options.disk.replace(&segment::path(dir, last + 1), &header)?;
    Ok((last + 1, header.len() as u64))
}
