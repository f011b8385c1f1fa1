//! Finds the log's last lines by walking it backwards.

use std::io;
use std::path::Path;

use super::frame::{HEADER_BYTES, Header, TRAILER_BYTES, decode_trailer};
use super::read::{LogError, LogSlice, read_log};
use super::segment::{Segment, open_segments};

/// How much of the file is held at once while walking, in bytes.
const WINDOW_BYTES: u64 = 256 * 1024;

/// Reads at least the last `lines` lines, as far as `max` bytes and the log reach.
///
/// The slice begins at a frame, so it may hold somewhat more. Its `next` is the
/// place from which to follow the log.
pub fn tail(unit: &Path, lines: usize, max: usize) -> Result<LogSlice, LogError> {
    let place = |source| LogError::Read { path: unit.to_owned(), source };
    let mut wanted = Wanted { lines, bytes: max, begun: false };
    let mut start = 0;
    for segment in open_segments(unit)?.iter().rev() {
        let end = sound_end(segment).map_err(place)?;
        start = walk_back(segment, end, &mut wanted).map_err(place)?;
        if start > segment.base || wanted.is_met() {
            break;
        }
    }
    let mut slice = read_log(unit, start, max)?;
    slice.lost = 0;
    Ok(slice)
}

/// Reads the frames that end at an offset or before it, about `max` bytes and at least one.
///
/// `until` is where a frame begins, or anything beyond the log's end.
pub fn read_before(unit: &Path, until: u64, max: usize) -> Result<LogSlice, LogError> {
    let place = |source| LogError::Read { path: unit.to_owned(), source };
    let mut wanted = Wanted { lines: usize::MAX, bytes: max, begun: false };
    let (mut start, mut last) = (until, until);
    for segment in open_segments(unit)?.iter().rev().filter(|segment| segment.base < until) {
        let end = if until < segment.end { until } else { sound_end(segment).map_err(place)? };
        last = if wanted.begun { last } else { end };
        start = walk_back(segment, end, &mut wanted).map_err(place)?;
        if start > segment.base {
            break;
        }
    }
    if start >= last {
        return Ok(LogSlice { frames: Vec::new(), next: until, lost: 0 });
    }
    let mut slice = read_log(unit, start, usize::try_from(last - start).unwrap_or(usize::MAX))?;
    slice.frames.retain(|frame| frame.offset < last);
    (slice.next, slice.lost) = (last, 0);
    Ok(slice)
}

/// What the walk still has to pass.
struct Wanted {
    lines: usize,
    bytes: usize,
    /// Whether the last frame was passed, whose final line feed ends no further line.
    begun: bool,
}

impl Wanted {
    fn is_met(&self) -> bool {
        self.lines == 0
    }

    /// Takes a frame into account. Returns false if it does not fit any more.
    fn take(&mut self, payload: &[u8]) -> bool {
        let bytes = HEADER_BYTES + payload.len() + TRAILER_BYTES;
        if self.begun && bytes > self.bytes {
            return false;
        }
        self.bytes = self.bytes.saturating_sub(bytes);
        let counted = match payload.split_last() {
            Some((b'\n', rest)) if !self.begun => rest,
            Some(_) | None => payload,
        };
        self.begun = true;
        let ends = counted.split(|&byte| byte == b'\n').count() - 1;
        self.lines = self.lines.saturating_sub(ends);
        true
    }
}

/// Walks from a frame's end towards the segment's head. Returns where it stopped.
fn walk_back(segment: &Segment, end: u64, wanted: &mut Wanted) -> io::Result<u64> {
    let mut window = Window { segment, start: end, bytes: Vec::new() };
    let mut at = end;
    while !wanted.is_met() {
        let Some(start) = window.frame_before(at)? else {
            break;
        };
        let payload = window.slice(start + HEADER_BYTES as u64, at - TRAILER_BYTES as u64)?;
        if !wanted.take(payload) {
            break;
        }
        at = start;
    }
    Ok(at)
}

/// Finds the end of the last whole frame, which is the file's end unless a frame
/// is being written or a crash tore one.
fn sound_end(segment: &Segment) -> io::Result<u64> {
    let mut window = Window { segment, start: segment.end, bytes: Vec::new() };
    if segment.end == segment.base || window.frame_before(segment.end)?.is_some() {
        return Ok(segment.end);
    }
    let mut window = Window { segment, start: segment.base, bytes: Vec::new() };
    let mut at = segment.base;
    while let Some(end) = window.frame_after(at)? {
        at = end;
    }
    Ok(at)
}

/// A part of a segment in memory, moved as needed.
struct Window<'a> {
    segment: &'a Segment,
    start: u64,
    bytes: Vec<u8>,
}

impl Window<'_> {
    /// The bytes of a range, or fewer where the file ends.
    fn slice(&mut self, from: u64, to: u64) -> io::Result<&[u8]> {
        let held = self.start + self.bytes.len() as u64;
        if from < self.start || to > held {
            // Room on both sides, so that walks either way seldom read again.
            let start = from.min(to.saturating_sub(WINDOW_BYTES)).max(self.segment.base);
            let start = if from >= self.start && to > held { from } else { start };
            let end = to.max(start + WINDOW_BYTES).min(self.segment.end);
            self.bytes.resize(usize::try_from(end.saturating_sub(start)).unwrap_or(0), 0);
            let filled = self.segment.read_at(start, &mut self.bytes)?;
            self.bytes.truncate(filled);
            self.start = start;
        }
        let index = |offset: u64| {
            usize::try_from(offset.saturating_sub(self.start)).unwrap_or(0).min(self.bytes.len())
        };
        Ok(&self.bytes[index(from)..index(to)])
    }

    /// The beginning of the frame that ends here, if one does.
    fn frame_before(&mut self, end: u64) -> io::Result<Option<u64>> {
        let smallest = (HEADER_BYTES + TRAILER_BYTES) as u64;
        if end < self.segment.base + smallest {
            return Ok(None);
        }
        let trailer = self.slice(end - TRAILER_BYTES as u64, end)?;
        let Some(length) = decode_trailer(trailer) else {
            return Ok(None);
        };
        let Some(start) = end.checked_sub(smallest + length as u64) else {
            return Ok(None);
        };
        if start < self.segment.base {
            return Ok(None);
        }
        let header = Header::decode(self.slice(start, start + HEADER_BYTES as u64)?);
        Ok(header.filter(|header| header.length == length).map(|_| start))
    }

    /// The end of the frame that begins here, if a whole one does.
    fn frame_after(&mut self, start: u64) -> io::Result<Option<u64>> {
        let header = Header::decode(self.slice(start, start + HEADER_BYTES as u64)?);
        let Some(header) = header else {
            return Ok(None);
        };
        let end = start + header.frame_bytes() as u64;
        if end > self.segment.end {
            return Ok(None);
        }
        let trailer = decode_trailer(self.slice(end - TRAILER_BYTES as u64, end)?);
        Ok(trailer.filter(|&length| length == header.length).map(|_| end))
    }
}
