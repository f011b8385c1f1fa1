//! Reads a log forwards from an offset, while it may still be written.

use std::io;
use std::path::{Path, PathBuf};

use super::frame::{Frame, HEADER_BYTES, Header, TRAILER_BYTES, decode_trailer};
use super::segment::{Segment, open_segments};

/// The most that one call returns, whatever it is asked for, in bytes.
const MAX_SLICE_BYTES: usize = 16 * 1024 * 1024;

/// Says why a log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file could not be opened or read.
    #[error("cannot read the log {path}: {source}")]
    Read {
        /// The segment.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no log, or of a later version.
    #[error("{path} is not a log that this version understands")]
    NotALog {
        /// The segment.
        path: PathBuf,
    },
}

/// Some frames in a row, and where to go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogSlice {
    /// The frames, oldest first. Empty at the log's present end.
    pub frames: Vec<Frame>,
    /// The offset to ask for next.
    pub next: u64,
    /// How many bytes were rotated away between the offset asked for and the
    /// first frame, 0 in most cases.
    pub lost: u64,
}

/// Reads whole frames from an offset on, about `max` bytes and at least one frame.
///
/// `from` is 0 or the `next` of an earlier slice. Half a frame at the end, being
/// written or left by a crash, is not returned and does not count as an error.
pub fn read_log(unit: &Path, from: u64, max: usize) -> Result<LogSlice, LogError> {
    let mut slice = LogSlice { frames: Vec::new(), next: from, lost: 0 };
    let mut room = max.min(MAX_SLICE_BYTES);
    for segment in open_segments(unit)? {
        if slice.next < segment.base {
            slice.lost += segment.base - slice.next;
            slice.next = segment.base;
        }
        if slice.next >= segment.end {
            continue;
        }
        let read = read_frames(&segment, slice.next, room)
            .map_err(|source| LogError::Read { path: unit.to_owned(), source })?;
        for frame in read {
            let bytes = HEADER_BYTES + frame.bytes.len() + TRAILER_BYTES;
            slice.next = frame.offset + bytes as u64;
            room = room.saturating_sub(bytes);
            slice.frames.push(frame);
        }
        if room == 0 || slice.next < segment.end {
            break;
        }
    }
    Ok(slice)
}

/// Reads one segment's frames until the room is used up, at least one.
fn read_frames(segment: &Segment, from: u64, room: usize) -> io::Result<Vec<Frame>> {
    let available = usize::try_from(segment.end - from).unwrap_or(usize::MAX);
    let mut buffer = vec![0; available.min(room.max(HEADER_BYTES))];
    let filled = segment.read_at(from, &mut buffer)?;
    buffer.truncate(filled);
    let mut frames = Vec::new();
    let mut at = 0;
    while let Some(header) = buffer.get(at..).and_then(Header::decode) {
        let end = at + header.frame_bytes();
        if end > buffer.len() {
            if !frames.is_empty() || from + end as u64 > segment.end {
                break;
            }
            // The first frame alone is larger than the room.
            buffer.resize(end, 0);
            if segment.read_at(from, &mut buffer)? < end {
                break;
            }
        }
        let payload = at + HEADER_BYTES..end - TRAILER_BYTES;
        if decode_trailer(&buffer[payload.end..end]) != Some(header.length) {
            break;
        }
        frames.push(Frame {
            offset: from + at as u64,
            stream: header.stream,
            time_ms: header.time_ms,
            bytes: buffer[payload].to_vec(),
        });
        at = end;
    }
    Ok(frames)
}
