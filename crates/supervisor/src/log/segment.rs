//! One file of a log, opened for reading while it may still grow.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::frame::{SEGMENT_HEADER_BYTES, decode_segment_header};
use super::read::LogError;
use crate::regular;
use crate::unit::{log_path, rotated_log_path};

/// How often a reader looks again because a rotation came between two opens.
const ROTATION_RETRIES: usize = 5;

/// A segment and the range of offsets that its bytes had when it was opened.
pub(crate) struct Segment {
    file: File,
    pub base: u64,
    pub end: u64,
}

impl Segment {
    fn open(path: &Path) -> Result<Option<Self>, LogError> {
        let place = |source| LogError::Read { path: PathBuf::from(path), source };
        let Some(file) = regular::open(path).map_err(place)? else { return Ok(None) };
        let mut header = [0; SEGMENT_HEADER_BYTES];
        match file.read_exact_at(&mut header, 0) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(LogError::NotALog { path: PathBuf::from(path) });
            }
            Err(error) => return Err(place(error)),
        }
        let length = file.metadata().map_err(place)?.len();
        // A program may have written one of its own.
        let place = decode_segment_header(&header).and_then(|base| {
            Some((base, base.checked_add(length.saturating_sub(SEGMENT_HEADER_BYTES as u64))?))
        });
        let (base, end) = place.ok_or_else(|| LogError::NotALog { path: PathBuf::from(path) })?;
        Ok(Some(Self { file, base, end }))
    }

    /// Fills the buffer from an offset as far as there are bytes.
    pub(crate) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let position = offset.saturating_sub(self.base).saturating_add(SEGMENT_HEADER_BYTES as u64);
        let mut done = 0;
        while done < buffer.len() {
            match self.file.read_at(&mut buffer[done..], position + done as u64) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }
}

/// Opens the log's segments, oldest first. None means that nothing was started.
pub(crate) fn open_segments(unit: &Path) -> Result<Vec<Segment>, LogError> {
    for _ in 0..ROTATION_RETRIES {
        // The older file first: if a rotation happens in between, the gap shows.
        let rotated = Segment::open(&rotated_log_path(unit))?;
        let present = Segment::open(&log_path(unit))?;
        match (rotated, present) {
            (None, Some(present)) if present.base > 0 => {}
            (Some(rotated), Some(present)) if rotated.end != present.base => {}
            (Some(_), None) => {}
            (rotated, present) => return Ok(rotated.into_iter().chain(present).collect()),
        }
    }
    // The supervisor may have died between the two steps of a rotation, or the
    // older segment's end may be damaged. What can be read is still read.
    let rotated = Segment::open(&rotated_log_path(unit))?;
    let present = Segment::open(&log_path(unit))?;
    Ok(rotated.into_iter().chain(present).collect())
}
