//! What can go wrong with a journal, by kind.

use std::fmt;
use std::path::PathBuf;

use super::disk::DiskError;
use super::format::Mismatch;
use super::segment::Damage;

/// How to go on without records that are lost, and what that does to what serves.
pub const ACCEPT: &str = "start the engine once with `pilothouse serve --accept-lost-records`; each environment goes \
                          back to the release that it had by the records that are there, and answers 503 until \
                          instances of that are up";

/// Says why a journal could not be opened. Nothing was changed on disk unless the kind is
/// [`OpenError::Disk`].
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process owns the journal.
    #[error(
        "another engine (pid {}) owns this state: attach to it, or stop it first (lock: {})",
        Pid(*pid), path.display()
    )]
    Held {
        /// The process that holds the lock, where it could be read.
        pid: Option<u32>,
        /// The lock file.
        path: PathBuf,
    },
    /// A file was written by a version that this engine does not read.
    #[error(
        "{} has {} version {}, this engine reads {}: {}",
        path.display(), mismatch.what, mismatch.found, mismatch.reads, mismatch.older
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Both versions and the older side.
        mismatch: Mismatch,
    },
    /// Records that were durable are damaged.
    #[error(
        "{}:{}: {}. The journal is refused because durable records are damaged; nothing was \
         changed. Restore the file from a backup. To give up every record from {lost_from} on \
         instead: copy the directory, run `truncate -s {} {}`, move newer segments away and {ACCEPT}",
        path.display(), damage.line, damage.why, damage.offset, path.display()
    )]
    Damaged {
        /// The segment.
        path: PathBuf,
        /// Where and what.
        damage: Damage,
        /// The first record that would be lost.
        lost_from: u64,
    },
    /// Records between the snapshot and the segments, or between two segments, are missing.
    #[error(
        "records {from} to {to} are missing from {}: neither a usable snapshot nor a segment \
         holds them. Restore the missing files from a backup; nothing was changed. To give up every \
         record from {from} on instead: move newer segments away and {ACCEPT}",
        dir.display()
    )]
    Missing {
        /// The journal's directory.
        dir: PathBuf,
        /// The first missing record.
        from: u64,
        /// The last record that is known to be missing.
        to: u64,
    },
    /// The journal ends before a record that was durable.
    #[error(
        "records {from} to {to} of {} were durable and are gone: its newest files were cut or removed, or older \
         ones were put in their place. Restore the missing files from a backup; nothing was changed. \
         To go on without these records instead, {ACCEPT}",
        dir.display()
    )]
    Lost {
        /// The journal's directory.
        dir: PathBuf,
        /// The first record that is gone.
        from: u64,
        /// The last that is known to be gone.
        to: u64,
    },
    /// Something other than the journal tells of a later start of an engine.
    #[error(
        "start {told} of an engine published the routing table, and {} knows of {known} starts: an older copy of \
         the journal stands in place of the newest. Restore the newest one; nothing was changed. To go on \
         with the older one instead, {ACCEPT}",
        dir.display()
    )]
    Older {
        /// The journal's directory.
        dir: PathBuf,
        /// The last epoch that the journal knows of.
        known: u64,
        /// The epoch that something else tells of.
        told: u64,
    },
    /// The file that says how far the journal goes cannot be used.
    #[error(
        "{}: {why}, so nobody knows whether the journal has all its records. Restore the file from a \
         backup together with the rest of the directory; nothing was changed. To go on with the \
         records that are there instead, {ACCEPT}",
        path.display()
    )]
    Mark {
        /// The mark's file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Segments follow each other that no one journal had.
    #[error(
        "{} is of another copy of the journal than the segment before it: start {begun} of an engine \
         began it, and start {earlier} the one before. Restore all files of the directory from one \
         backup; nothing was changed",
        path.display()
    )]
    Mixed {
        /// The segment.
        path: PathBuf,
        /// The epoch that began it.
        begun: u64,
        /// The epoch that began the one before.
        earlier: u64,
    },
    /// The file that holds the epoch cannot be used.
    #[error(
        "{}: {why}. The epoch keeps a stale engine from writing, so it is not guessed. Restore \
         the file from a backup, or write {{\"format\":[1,0],\"epoch\":N}} into it, N larger \
         than the epoch in the newest segment's first line and in the routing table; nothing was changed",
        path.display()
    )]
    Epoch {
        /// The epoch's file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The limits contradict each other.
    #[error("journal limits cannot be used: {0}")]
    Limits(&'static str),
    /// The disk refused.
    #[error("journal: {0}{help}", help = .0.help())]
    Disk(#[from] DiskError),
}

struct Pid(Option<u32>);

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(pid) => pid.fmt(f),
            None => f.write_str("unknown"),
        }
    }
}

/// Says why records were not appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// A payload is longer than the limit. Nothing was written and the journal stays ready.
    #[error("record {index} of the batch has {bytes} bytes, the limit is {limit}")]
    RecordTooLong {
        /// The payload's place in the batch, from 0.
        index: usize,
        /// Its length in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The batch is longer than the limit. Nothing was written and the journal stays ready.
    #[error("the batch has {bytes} bytes, the limit is {limit}: append it in parts")]
    BatchTooLong {
        /// The batch's length in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A payload is empty or holds a control character such as a newline. Nothing was
    /// written and the journal stays ready.
    #[error("record {index} of the batch is not one line of JSON")]
    NotOneLine {
        /// The payload's place in the batch, from 0.
        index: usize,
    },
    /// An earlier failure has not been recovered from. Nothing was written.
    #[error(
        "the journal is degraded since an earlier failure ({0}): nothing is appended until it recovers"
    )]
    Degraded(String),
    /// The disk refused; the journal is degraded from here on.
    #[error("{source}{}", if *cut_back { "; nothing of the batch stays" } else {
        "; the batch could not be cut off again and is cut off by the next recovery"
    })]
    Disk {
        /// What the disk answered.
        source: DiskError,
        /// Whether the file was cut back to its last durable length, durably. Where not, a
        /// process that ends before `recover` succeeds may find the whole batch at its next start.
        cut_back: bool,
    },
}

/// Says why a degraded journal stays degraded.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The disk still refuses.
    #[error("the journal stays degraded: {0}")]
    Disk(#[from] DiskError),
    /// The durable part of the newest segment no longer reads back as it was written.
    #[error(
        "the journal stays degraded: {} no longer holds every durable record (last good: \
         {found}, expected: {expected}). Stop the engine and look at the disk", path.display()
    )]
    Changed {
        /// The segment.
        path: PathBuf,
        /// The last record that reads back.
        found: u64,
        /// The last durable record.
        expected: u64,
    },
}

/// Says why a snapshot was not taken. The journal is as it was.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The snapshot claims records that are not durable.
    #[error("a snapshot at record {seq} is ahead of the last durable record {last}")]
    Ahead {
        /// The snapshot's record.
        seq: u64,
        /// The last durable record.
        last: u64,
    },
    /// A newer snapshot exists.
    #[error("a snapshot at record {seq} is behind the newest one at {newest}")]
    Behind {
        /// The snapshot's record.
        seq: u64,
        /// The newest snapshot's record.
        newest: u64,
    },
    /// The snapshot is longer than the limit.
    #[error("the snapshot has {bytes} bytes, the limit is {limit}")]
    TooLong {
        /// Its length in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The disk refused.
    #[error("the snapshot was not taken: {0}")]
    Disk(#[from] DiskError),
}
