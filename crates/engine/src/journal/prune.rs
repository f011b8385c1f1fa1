//! Taking a snapshot, and removing what two snapshots make unnecessary.
//!
//! Responsible for keeping the previous snapshot and every segment that it needs, so that
//! a damaged newest one costs nothing.

use std::fs;

use super::disk::DiskError;
use super::error::SnapshotError;
use super::{Journal, Seq, segment, snapshot};

/// Tells what a snapshot made unnecessary.
#[derive(Debug, Default)]
pub struct Pruned {
    /// How many segments were removed.
    pub segments: usize,
    /// How many bytes the removed files had.
    pub bytes: u64,
    /// Why removing stopped early, if it did. The snapshot is durable all the same, and the
    /// next one removes the rest.
    pub stopped: Option<DiskError>,
}

impl Journal {
    /// Makes the state after one record durable, then removes what is no longer needed.
    ///
    /// The record must be durable. Taking the newest snapshot again changes nothing.
    pub fn snapshot(&mut self, seq: Seq, state: &[u8]) -> Result<Pruned, SnapshotError> {
        let Seq(seq) = seq;
        let last = self.last;
        if seq > last {
            return Err(SnapshotError::Ahead { seq, last });
        }
        let newest = self.snapshots.last().copied().unwrap_or(0);
        if seq < newest {
            return Err(SnapshotError::Behind { seq, newest });
        }
        if seq == newest {
            return Ok(Pruned::default());
        }
        let (bytes, limit) = (state.len(), self.limits.snapshot_bytes);
        if bytes > limit {
            return Err(SnapshotError::TooLong { bytes, limit });
        }
        let file = snapshot::encode(self.options.payload, seq, state);
        self.options.disk.replace(&snapshot::path(&self.dir, seq), &file)?;
        self.snapshots.push(seq);
        self.sync_mark();
        let mut pruned = Pruned::default();
        pruned.stopped = self.prune(&mut pruned).err();
        Ok(pruned)
    }

    fn prune(&mut self, pruned: &mut Pruned) -> Result<(), DiskError> {
        let disk = self.options.disk.clone();
        let Some(previous) = self.snapshots.len().checked_sub(2).map(|at| self.snapshots[at])
        else {
            return Ok(());
        };
        while self.segments.len() > self.limits.keep_segments {
            // A segment ends where the next one starts.
            if self.segments[1] > previous + 1 {
                break;
            }
            let path = segment::path(&self.dir, self.segments[0]);
            let bytes = fs::metadata(&path).map_or(0, |metadata| metadata.len());
            disk.remove(&path)?;
            self.segments.remove(0);
            pruned.segments += 1;
            pruned.bytes += bytes;
        }
        while self.snapshots.len() > 2 {
            let path = snapshot::path(&self.dir, self.snapshots[0]);
            let bytes = fs::metadata(&path).map_or(0, |metadata| metadata.len());
            disk.remove(&path)?;
            self.snapshots.remove(0);
            pruned.bytes += bytes;
        }
        disk.sync_dir(&self.dir)
    }
}
