//! The journal: every event in order, durable before it is acknowledged.
//!
//! Responsible for appending records and for giving all of them back after a crash, in
//! order and whole, or refusing to guess. Records are opaque lines of JSON; the kernel
//! gives them meaning. It is synchronous and belongs to one blocking thread. It must not
//! hold samples or log bytes, which bypass it, nor the audit log, which is kept apart.
//!
//! One directory holds everything:
//!
//! ```text
//! lock                                  flock of the engine that owns the journal, its pid
//! epoch.json                            grows with each start; a record that must be there
//! mark                                  the newest record that must be there
//! epoch.json.spare, mark.spare          what those two change places with on a full disk
//! 00000000000000000001.jsonl            segment; the name is its first record's number
//! snapshot-00000000000000004000.json    the state after record 4000; the newest two stay
//! cut-00000000000000004711-3.torn       what epoch 3 cut off a torn end, from record 4711
//! ```
//!
//! An append is one write and one `fdatasync`, and is recovered whole or not at all. The
//! forms of a line, a header and a snapshot stand in the files of the same names.

mod ahead;
mod append;
mod complete;
mod disk;
mod epoch;
mod error;
mod format;
mod inspect;
mod line;
mod lock;
mod mark;
mod open;
mod prune;
mod recovered;
mod segment;
mod snapshot;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::{Path, PathBuf};

pub use ahead::Ahead;
#[cfg(test)]
pub(crate) use disk::NoSync;
pub use disk::{Disk, DiskError, Faults, Step, Verdict};
pub use error::{ACCEPT, AppendError, OpenError, RecoverError, SnapshotError};
pub use format::{Format, LAYOUT, Mismatch, Older};
pub use inspect::{Inspected, inspect, is_new};
pub use prune::Pruned;
pub use recovered::{Loss, Note, Record, Records, Recovered, Snapshot};
pub use segment::Damage;

/// Numbers a record. The first has 1; 0 stands for the empty journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Seq(pub u64);

/// Numbers a start of the engine; a writer with a smaller one is stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Epoch(pub u64);

/// Bounds what the journal writes and keeps.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A segment that would grow beyond this many bytes is followed by a new one.
    pub segment_bytes: u64,
    /// The longest payload, in bytes.
    pub record_bytes: usize,
    /// The longest append, in bytes of payload.
    pub batch_bytes: usize,
    /// The longest snapshot, in bytes.
    pub snapshot_bytes: usize,
    /// So many newest segments stay even where snapshots cover them. At least 1.
    pub keep_segments: usize,
    /// So many newest files of cut-off bytes and unusable snapshots stay, of each kind.
    pub keep_side_files: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            segment_bytes: 16 << 20,
            record_bytes: 1 << 20,
            batch_bytes: 8 << 20,
            snapshot_bytes: 256 << 20,
            keep_segments: 2,
            keep_side_files: 8,
        }
    }
}

/// Says what the kernel writes into the journal, and onto which disk.
#[derive(Debug, Clone)]
pub struct Options {
    /// The version of the payloads that this engine writes, and the newest that it reads.
    pub payload: Format,
    /// The disk; a test installs one that fails.
    pub disk: Disk,
    /// The newest epoch that something other than the journal tells of; 0 where nothing does.
    pub told: Epoch,
    /// What is done with a journal that lost its newest records.
    pub losses: Losses,
}

/// Says what is done with a journal that lost its newest records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Losses {
    /// It is refused.
    #[default]
    Refuse,
    /// It goes on behind the records that are there; see [`Recovered::loss`]. The first append must
    /// record the loss: until then the next start finds it again.
    Accept,
}

/// Says whether appends are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Appends are accepted.
    Ready,
    /// An append failed, for this reason; [`Journal::recover`] must succeed first.
    Degraded(String),
}

/// Owns a journal's directory for as long as it lives.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    limits: Limits,
    options: Options,
    epoch: u64,
    /// First record of every segment, oldest first. The last is written to; never empty.
    segments: Vec<u64>,
    /// Record of every usable snapshot, oldest first; at most two.
    snapshots: Vec<u64>,
    active: File,
    /// Durable length of the last segment, in bytes.
    durable: u64,
    /// Room of the last segment's own.
    ahead: Ahead,
    /// Number of the last durable record.
    last: u64,
    /// Where the last durable record is told, once one that was told before is there or given up.
    mark: Option<mark::Mark>,
    health: Health,
    /// Lines of one append; kept so that appending allocates nothing.
    lines: Vec<u8>,
    _lock: lock::Lock,
}

impl Journal {
    /// Opens a directory's journal, or starts one, and returns all that it remembers.
    ///
    /// Raises the epoch, cuts off a torn end, and skips an unusable newest snapshot where
    /// the previous one and the segments still reach. Refuses everything else with the
    /// directory unchanged, among it a journal that ends before a record which was durable.
    pub fn open(
        dir: &Path,
        limits: Limits,
        options: Options,
    ) -> Result<(Self, Recovered), OpenError> {
        open::open(dir, limits, options)
    }

    /// Returns the epoch of this start.
    pub fn epoch(&self) -> Epoch {
        Epoch(self.epoch)
    }

    /// Returns the number of the last durable record.
    pub fn last(&self) -> Seq {
        Seq(self.last)
    }

    /// Says whether appends are accepted.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Returns the directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn active_first(&self) -> u64 {
        self.segments.last().copied().unwrap_or(1)
    }

    fn active_path(&self) -> PathBuf {
        segment::path(&self.dir, self.active_first())
    }
}
