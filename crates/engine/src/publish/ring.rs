//! The newest records, written out, and the newest state.
//!
//! Records in it have no gaps. It is bounded in number and bytes; what falls out of it is gone
//! for clients, never for the journal.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use pilothouse_core::apply::apply;
use pilothouse_core::event::Recorded;
use pilothouse_core::id::Seq;
use pilothouse_core::state::State;

use super::{PublishLimits, Reset};

/// Records that a reader takes at a time, so that the lock is never held for long.
const BATCH: usize = 64;
/// Bytes of them, beyond the first: a reader that is slow keeps them also once they left the ring.
const BATCH_BYTES: usize = 64 << 10;
/// Records that the state may be behind, while nobody reads it.
const BEHIND: usize = 1024;

#[derive(Debug)]
pub(super) struct Ring {
    limits: PublishLimits,
    state: Arc<State>,
    /// Records that the state does not have yet: it is copied only where it is read.
    pending: Vec<Recorded>,
    frames: VecDeque<Bytes>,
    bytes: usize,
    newest: Seq,
}

impl Ring {
    pub(super) fn new(limits: PublishLimits, state: Arc<State>) -> Self {
        Self {
            newest: state.seq,
            limits,
            state,
            pending: Vec::new(),
            frames: VecDeque::new(),
            bytes: 0,
        }
    }

    pub(super) fn push(&mut self, seq: Seq, frame: Bytes) {
        if seq <= self.newest {
            return;
        }
        if seq != self.newest.next() {
            self.frames.clear();
            self.bytes = 0;
        }
        self.newest = seq;
        self.bytes += frame.len();
        self.frames.push_back(frame);
        let over = |ring: &Self| {
            ring.frames.len() > ring.limits.records.max(1)
                || (ring.bytes > ring.limits.bytes && ring.frames.len() > 1)
        };
        while over(self) {
            let gone = self.frames.pop_front();
            self.bytes -= gone.map_or(0, |frame| frame.len());
        }
    }

    /// Takes records into the state, as soon as somebody reads it. What does not follow the state
    /// is left out.
    pub(super) fn follow(&mut self, records: &[Recorded]) {
        for record in records {
            let last = self.pending.last().map_or(self.state.seq, |last| last.seq);
            if record.seq == last.next() {
                self.pending.push(record.clone());
            }
        }
        if self.pending.len() > BEHIND {
            self.catch_up();
        }
    }

    /// The newest state. Copied only where somebody still holds the one before.
    pub(super) fn state(&mut self) -> Arc<State> {
        self.catch_up();
        Arc::clone(&self.state)
    }

    fn catch_up(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let state = Arc::make_mut(&mut self.state);
        for record in self.pending.drain(..) {
            apply(state, &record);
        }
    }

    pub(super) fn set_state(&mut self, state: Arc<State>) {
        self.pending.clear();
        self.state = state;
    }

    pub(super) fn newest(&self) -> Seq {
        self.newest
    }

    /// The records that follow a place, a few at a time; none where nothing happened since.
    pub(super) fn after(&self, place: Seq) -> Result<Vec<Bytes>, Reset> {
        if place >= self.newest {
            // A snapshot may be ahead of the records that are about to be told.
            let known = self.newest.max(self.state.seq);
            return if place > known { Err(Reset::Ahead) } else { Ok(Vec::new()) };
        }
        let behind = self.newest.0 - place.0;
        let behind = usize::try_from(behind).unwrap_or(usize::MAX);
        let Some(first) = self.frames.len().checked_sub(behind) else {
            return Err(Reset::Behind);
        };
        let mut bytes = 0;
        let fits = |frame: &&Bytes| {
            let is_first = bytes == 0;
            bytes += frame.len();
            is_first || bytes <= BATCH_BYTES
        };
        Ok(self.frames.range(first..).take(BATCH).take_while(fits).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_takes_few_large_records_at_a_time() {
        let mut ring = Ring::new(PublishLimits::default(), Arc::new(State::default()));
        let sizes = [100_000, 30_000, 30_000, 30_000, 1];
        for (seq, size) in (1..).zip(sizes) {
            ring.push(Seq(seq), vec![b'x'; size].into());
        }
        let taken = |place| {
            let records = ring.after(Seq(place)).unwrap();
            records.iter().map(Bytes::len).collect::<Vec<_>>()
        };
        assert_eq!(taken(0), [100_000]);
        assert_eq!(taken(1), [30_000, 30_000]);
        assert_eq!(taken(3), [30_000, 1]);
    }
}
