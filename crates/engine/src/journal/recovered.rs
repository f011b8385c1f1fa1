//! What opening a journal gives back.
//!
//! Responsible for handing out records without copying each; it must not read files.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use super::{Epoch, Seq};

/// Holds all that a journal remembers at its opening.
#[derive(Debug)]
pub struct Recovered {
    /// The epoch of this start.
    pub epoch: Epoch,
    /// The newest usable snapshot.
    pub snapshot: Option<Snapshot>,
    /// Every record after the snapshot.
    pub records: Records,
    /// The number of the last record, or of the snapshot where no record follows it.
    pub last: Seq,
    /// What is lost and was accepted.
    pub loss: Option<Loss>,
    /// What was found and dealt with; to be shown to the operator.
    pub notes: Vec<Note>,
}

/// Says which records were durable once and are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// The last record that is there.
    pub after: Seq,
    /// The last that is known to be gone; that which is there where nobody knows.
    pub to: Seq,
}

/// Holds the state at one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The last record that the state contains.
    pub seq: Seq,
    /// The bytes that [`super::Journal::snapshot`] was given.
    pub bytes: Vec<u8>,
}

/// Borrows one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// The record's number.
    pub seq: Seq,
    /// The bytes that [`super::Journal::append`] was given.
    pub payload: &'a [u8],
}

/// Holds verified records in order, in the buffers of the segments that they were read from.
#[derive(Debug, Default)]
pub struct Records {
    chunks: Vec<Chunk>,
}

#[derive(Debug)]
struct Chunk {
    first: u64,
    bytes: Vec<u8>,
    payloads: Vec<Range<usize>>,
}

impl Records {
    pub(super) fn push(&mut self, first: u64, bytes: Vec<u8>, payloads: Vec<Range<usize>>) {
        if !payloads.is_empty() {
            self.chunks.push(Chunk { first, bytes, payloads });
        }
    }

    /// Returns the number of records.
    pub fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.payloads.len()).sum()
    }

    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Walks the records in order.
    pub fn iter(&self) -> impl Iterator<Item = Record<'_>> {
        self.chunks.iter().flat_map(|chunk| {
            (chunk.first..).zip(&chunk.payloads).map(|(seq, payload)| Record {
                seq: Seq(seq),
                payload: &chunk.bytes[payload.clone()],
            })
        })
    }
}

/// Tells of something that opening a journal found and dealt with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The last append was cut short by a crash; it was never acknowledged.
    TornEnd {
        /// The segment.
        path: PathBuf,
        /// How many bytes were cut off.
        bytes: u64,
        /// Where a copy of them stands.
        kept: PathBuf,
    },
    /// A snapshot cannot be used; an older one and the segments stand in for it.
    SnapshotUnusable {
        /// Where the file stands now.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A segment that the snapshot stands in for is damaged; nothing is lost.
    OldSegmentDamaged {
        /// The segment.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The segments end before the snapshot; the snapshot holds what they lost.
    SegmentsBehindSnapshot {
        /// The last record in the segments.
        last: Seq,
        /// The snapshot's record.
        snapshot: Seq,
    },
    /// Records that were durable are gone, and whoever started the engine accepted that.
    LossAccepted(Loss),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TornEnd { path, bytes, kept } => write!(
                f,
                "the last engine ended while it wrote its newest records: the {bytes} bytes that it \
                 had written of them were cut off {} and kept in {}. What anybody had been told of \
                 is in the records before them or in a snapshot, so nothing is to be done",
                path.display(),
                kept.display()
            ),
            Self::SnapshotUnusable { path, why } => write!(
                f,
                "the newest snapshot cannot be used ({why}) and was set aside as {}; the \
                 previous one and the segments stand in for it. Check the disk",
                path.display()
            ),
            Self::OldSegmentDamaged { path, why } => write!(
                f,
                "{}: {why}. The snapshot stands in for it, nothing is lost. Check the disk",
                path.display()
            ),
            Self::SegmentsBehindSnapshot { last, snapshot } => write!(
                f,
                "the segments end at record {}, the snapshot holds {}; the journal goes on \
                 behind the snapshot. Check the disk",
                last.0, snapshot.0
            ),
            Self::LossAccepted(Loss { after, to }) if to > after => write!(
                f,
                "records {} to {} were durable and are lost, and maybe more behind them; as \
                 --accept-lost-records says, the engine goes on behind record {}",
                after.0 + 1,
                to.0,
                after.0
            ),
            Self::LossAccepted(Loss { after, .. }) => write!(
                f,
                "nobody knows whether records behind {} are lost; as --accept-lost-records says, the \
                 engine goes on behind it",
                after.0
            ),
        }
    }
}
