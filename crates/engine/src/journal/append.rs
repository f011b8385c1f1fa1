//! Appending, and getting back on one's feet after it failed.
//!
//! Responsible for the promise that an acknowledged record is durable and that a refused
//! one does not appear later. It must not retry by itself: the caller says when.

use std::fs::OpenOptions;

use super::ahead::Ahead;
use super::disk::DiskError;
use super::epoch::Known;
use super::error::{AppendError, RecoverError};
use super::mark::Mark;
use super::segment::End;
use super::{Health, Journal, Seq, epoch, line, segment};

/// Room that is kept behind the last record.
///
/// On a disk that something else has filled, an eighth of it serves whatever happens, and the rest what
/// has to be followed all the same: that an instance has ended, upon which nothing is sent to where it
/// was, and that a run was cancelled and has ended, upon which its workspace goes. An instance that ends
/// and is started again takes less than 2 KiB.
pub(super) const AHEAD: Ahead = Ahead::of(4 << 20);

impl Journal {
    /// Appends records as one whole and returns the number of the last.
    ///
    /// They are durable when it returns. On an error none of them is, with the one
    /// exception that [`AppendError::Disk`] describes. An empty batch changes nothing.
    pub fn append(&mut self, payloads: &[Vec<u8>]) -> Result<Seq, AppendError> {
        if let Health::Degraded(reason) = &self.health {
            return Err(AppendError::Degraded(reason.clone()));
        }
        let of = self.check_batch(payloads)?;
        if payloads.is_empty() {
            return Ok(Seq(self.last));
        }
        let mut lines = std::mem::take(&mut self.lines);
        lines.clear();
        for ((place, seq), payload) in (1..=of).zip(self.last + 1..).zip(payloads) {
            line::encode(&mut lines, seq, place, of, payload);
        }
        let written = self.write(&lines);
        self.lines = lines;
        // One large batch must not hold its memory for ever.
        self.lines.shrink_to(1 << 20);
        written?;
        self.last += u64::from(of);
        // Where the disk refuses, the mark goes on naming an older record for one append more.
        let _ = self.set_mark();
        self.keep_ahead();
        Ok(Seq(self.last))
    }

    /// Takes room behind the last record, where an eighth of what was taken is used.
    pub fn keep_ahead(&mut self) {
        self.ahead.keep(&self.active, self.durable);
    }

    /// Whether the disk is full and the room that is left is needed to follow what happens.
    pub fn is_short(&self) -> bool {
        self.ahead.is_short()
    }

    /// Tells the mark of the last record. Where the journal goes on behind records that are lost,
    /// this first append says so, and only now may the mark that told of them go.
    fn set_mark(&mut self) -> Result<(), DiskError> {
        let disk = &self.options.disk;
        if let Some(mark) = &mut self.mark {
            return mark.set(disk, self.last);
        }
        let mark = Mark::create(disk, &self.dir, self.last)?;
        let known = Known { epoch: self.epoch, durable: self.last, has_mark: true };
        epoch::write(disk, &self.dir, &known)?;
        self.mark = Some(mark);
        Ok(())
    }

    /// Tries to leave [`Health::Degraded`]; does nothing when the journal is ready.
    ///
    /// After a failed sync the kernel may call pages clean that never reached the disk. So
    /// the newest segment's durable part is verified and written anew, into another file
    /// that takes its name once it is durable. This proves as well that there is room.
    pub fn recover(&mut self) -> Result<(), RecoverError> {
        if self.health == Health::Ready {
            return Ok(());
        }
        let first = self.active_first();
        let path = self.active_path();
        let mut bytes = std::fs::read(&path).map_err(|e| DiskError::new("read", &path, e))?;
        bytes.truncate(usize::try_from(self.durable).unwrap_or(usize::MAX));
        let changed =
            |found| RecoverError::Changed { path: path.clone(), found, expected: self.last };
        let scan =
            segment::scan(&bytes, first, self.options.payload).map_err(|_| changed(first - 1))?;
        let found = first + scan.payloads.len() as u64 - 1;
        if scan.end != End::Whole || found != self.last {
            return Err(changed(found));
        }
        let disk = &self.options.disk;
        if self.last + 1 > first {
            // A new segment whose creation failed half-way must not shadow this one.
            disk.remove(&segment::path(&self.dir, self.last + 1))?;
        }
        disk.replace(&path, &bytes)?;
        self.active = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .map_err(|error| DiskError::new("open", &path, error))?;
        self.health = Health::Ready;
        self.ahead.forget();
        self.keep_ahead();
        Ok(())
    }

    fn check_batch(&self, payloads: &[Vec<u8>]) -> Result<u32, AppendError> {
        let mut total = 0usize;
        for (index, payload) in payloads.iter().enumerate() {
            let (bytes, limit) = (payload.len(), self.limits.record_bytes);
            if bytes > limit {
                return Err(AppendError::RecordTooLong { index, bytes, limit });
            }
            if payload.is_empty() || payload.iter().any(|byte| *byte < 0x20) {
                return Err(AppendError::NotOneLine { index });
            }
            total = total.saturating_add(bytes);
        }
        let limit = self.limits.batch_bytes;
        match u32::try_from(payloads.len()) {
            Ok(of) if total <= limit => Ok(of),
            Ok(_) | Err(_) => Err(AppendError::BatchTooLong { bytes: total, limit }),
        }
    }

    /// Writes an append's lines, or puts everything back and degrades.
    fn write(&mut self, lines: &[u8]) -> Result<(), AppendError> {
        let result = self.rotate(lines.len() as u64).and_then(|()| {
            let path = self.active_path();
            self.options.disk.write_at(&self.active, &path, lines, self.durable)?;
            self.options.disk.sync(&self.active, &path)
        });
        let Err(source) = result else {
            self.durable += lines.len() as u64;
            return Ok(());
        };
        self.health = Health::Degraded(source.to_string());
        self.ahead.forget();
        Err(AppendError::Disk { cut_back: self.cut_back().is_ok(), source })
    }

    /// Makes the mark durable, where a segment or a snapshot is.
    pub(super) fn sync_mark(&mut self) {
        if let Some(mark) = &mut self.mark {
            // Where the disk refuses, a loss of power puts back an older mark, and nothing is lost.
            let _ = mark.sync(&self.options.disk, self.last);
        }
    }

    fn cut_back(&self) -> Result<(), DiskError> {
        let path = self.active_path();
        self.options.disk.truncate(&self.active, &path, self.durable)?;
        self.options.disk.sync(&self.active, &path)
    }

    /// Starts a new segment where the current one would grow beyond its limit.
    fn rotate(&mut self, more: u64) -> Result<(), DiskError> {
        let is_empty = self.last + 1 == self.active_first();
        if is_empty || self.durable + more <= self.limits.segment_bytes {
            return Ok(());
        }
        let first = self.last + 1;
        let path = segment::path(&self.dir, first);
        let header = segment::header(self.options.payload, first, self.epoch);
        if let Err(error) = self.options.disk.replace(&path, &header) {
            // On a full disk the room behind the newest segment serves on.
            let has_room = self.ahead.has(self.durable + more);
            let serves_on = error.is_full() && has_room && !path.exists();
            return if serves_on { Ok(()) } else { Err(error) };
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .map_err(|error| DiskError::new("open", &path, error))?;
        self.segments.push(first);
        self.sync_mark();
        self.ahead.give_back(&std::mem::replace(&mut self.active, file), self.durable);
        self.durable = header.len() as u64;
        Ok(())
    }
}
