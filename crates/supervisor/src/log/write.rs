//! Appends frames to the log, within the limits of the unit's kind.
//!
//! Nothing is lost silently: what is not kept is counted, and a note in the log
//! says so. A failing disk never blocks the supervised program.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::frame::{
    HEADER_BYTES, Header, MAX_PAYLOAD_BYTES, SEGMENT_HEADER_BYTES, Stream, TRAILER_BYTES,
    encode_segment_header, encode_trailer,
};
use crate::unit::{log_path, now_ms, rotated_log_path};

/// What bounds a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// The first bytes of output are kept, the rest is counted.
    KeepFirst(u64),
    /// The last bytes on disk are kept, in two segments.
    KeepLast(u64),
}

/// An instance's segment is never smaller, so that rotation stays rare.
const MIN_SEGMENT_BYTES: u64 = 4096;

/// What a frame takes beyond its payload.
const FRAME_BYTES: u64 = (HEADER_BYTES + TRAILER_BYTES) as u64;

/// How many bytes of frames one of the two segments may hold.
fn segment_bytes(limit: u64) -> u64 {
    (limit / 2).max(MIN_SEGMENT_BYTES)
}

/// The writing end of a unit's log. There is exactly one, in the supervisor.
pub(crate) struct LogWriter {
    unit: PathBuf,
    file: File,
    limit: Limit,
    base: u64,
    /// The length of the frames in the present segment.
    written: u64,
    output: u64,
    kept: u64,
    /// Whether the limit was reached, after which nothing more is kept.
    full: bool,
    error: Option<String>,
}

impl LogWriter {
    pub(crate) fn create(unit: &Path, limit: Limit) -> io::Result<Self> {
        let file = create_segment(unit, 0)?;
        let unit = unit.to_owned();
        Ok(Self {
            unit,
            file,
            limit,
            base: 0,
            written: 0,
            output: 0,
            kept: 0,
            full: false,
            error: None,
        })
    }

    /// How many bytes of output came, and how many of them are not in the log.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.output, self.output - self.kept)
    }

    pub(crate) fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Appends output. `read` is how many bytes the program printed for it, which
    /// differs from the length where secrets were masked.
    pub(crate) fn output(&mut self, stream: Stream, bytes: &[u8], read: u64) {
        self.output += read;
        if self.full {
            return;
        }
        let (limit, room) = match self.limit {
            Limit::KeepFirst(limit) => (limit, limit.saturating_sub(self.kept)),
            Limit::KeepLast(limit) => (limit, u64::MAX),
        };
        let fits = usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len());
        self.full = fits < bytes.len();
        if self.append(stream, &bytes[..fits]) {
            let part = u64::try_from(fits).unwrap_or(u64::MAX).min(read);
            self.kept += if self.full { part } else { read };
        }
        if self.full {
            self.note(&format!(
                "the output limit of {limit} bytes is reached; what follows is counted and not kept"
            ));
        }
    }

    /// Appends a sentence of the supervisor's own.
    pub(crate) fn note(&mut self, sentence: &str) {
        self.keep(Stream::Note, format!("{sentence}\n").as_bytes());
    }

    /// Appends what counts as no output.
    pub(crate) fn keep(&mut self, stream: Stream, sentences: &[u8]) {
        self.append(stream, sentences);
    }

    /// Says at the end how much is missing, if anything is.
    pub(crate) fn finish(&mut self) {
        let (_, dropped) = self.counts();
        if dropped > 0 {
            self.note(&format!("{dropped} bytes of output were not kept"));
        }
    }

    fn append(&mut self, stream: Stream, bytes: &[u8]) -> bool {
        let longest = match self.limit {
            Limit::KeepFirst(_) => MAX_PAYLOAD_BYTES,
            // A frame must fit into a segment, or the limit would not hold.
            Limit::KeepLast(limit) => usize::try_from(segment_bytes(limit) - FRAME_BYTES)
                .unwrap_or(MAX_PAYLOAD_BYTES)
                .min(MAX_PAYLOAD_BYTES),
        };
        for payload in bytes.chunks(longest) {
            self.rotate_before(payload.len());
            if let Err(error) = self.append_frame(stream, payload) {
                self.error = Some(error.to_string());
                // Half a frame in the middle would hide all that follows it. If
                // even this fails, readers stop there and the record says why.
                let end = self.written + SEGMENT_HEADER_BYTES as u64;
                if let Err(error) = self.file.set_len(end) {
                    self.error = Some(error.to_string());
                }
                return false;
            }
        }
        true
    }

    fn append_frame(&mut self, stream: Stream, payload: &[u8]) -> io::Result<()> {
        let header = Header { stream, length: payload.len(), time_ms: now_ms() }.encode();
        let trailer = encode_trailer(payload.len());
        let mut slices = [IoSlice::new(&header), IoSlice::new(payload), IoSlice::new(&trailer)];
        let mut rest = &mut slices[..];
        let total = HEADER_BYTES + payload.len() + TRAILER_BYTES;
        let mut done = 0;
        while done < total {
            match self.file.write_vectored(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    done += count;
                    IoSlice::advance_slices(&mut rest, count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.written += total as u64;
        Ok(())
    }

    fn rotate_before(&mut self, payload: usize) {
        let Limit::KeepLast(limit) = self.limit else {
            return;
        };
        let after = self.written + payload as u64 + FRAME_BYTES;
        if self.written == 0 || after <= segment_bytes(limit) {
            return;
        }
        let base = self.base + self.written;
        let renamed = std::fs::rename(log_path(&self.unit), rotated_log_path(&self.unit));
        match renamed.and_then(|()| create_segment(&self.unit, base)) {
            Ok(file) => {
                self.file = file;
                self.base = base;
                self.written = 0;
            }
            // The present segment simply goes on, and is tried again.
            Err(error) => self.error = Some(error.to_string()),
        }
    }
}

/// Creates a segment under a temporary name, so that its header is never missing.
fn create_segment(unit: &Path, base: u64) -> io::Result<File> {
    let temporary = unit.join("log.new");
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&temporary)?;
    file.set_len(0)?;
    file.write_all(&encode_segment_header(base))?;
    std::fs::rename(&temporary, log_path(unit))?;
    Ok(file)
}
