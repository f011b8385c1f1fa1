//! Room that a file takes before it needs it.
//!
//! Responsible for having some where something else has filled the disk, and for knowing when there is
//! no more to be had. It must not write anything that anybody reads.

use std::fs::File;

use rustix::fs::FallocateFlags;
use rustix::io::Errno;

/// Room is taken by so many bytes at once.
const GRAIN: u64 = 64 << 10;

/// Room that is taken behind what a file holds, so that there is some where something else has filled
/// the disk. The file's length stays as it is (`fallocate(2)`).
#[derive(Debug, Clone, Copy)]
pub struct Ahead {
    /// So many bytes are taken, and anew when an eighth of them is used.
    bytes: u64,
    /// Up to where the file has room of its own, in bytes; 0 where that is not known.
    kept: u64,
    /// Whether there was no room when some was to be taken last.
    is_refused: bool,
}

impl Ahead {
    /// Room of so many bytes, none of which is taken yet.
    pub const fn of(bytes: u64) -> Self {
        Self { bytes, kept: 0, is_refused: false }
    }

    /// Takes room behind what a file holds, where an eighth of it is used; as much as there is.
    pub fn keep(&mut self, file: &File, end: u64) {
        let enough = end + self.bytes - self.bytes / 8;
        if self.has(enough) {
            return;
        }
        let (mut kept, until) = (self.kept.max(end), end + self.bytes);
        let mut is_full = false;
        while kept < until {
            // What a file has already is there also where the disk has no more to give.
            match rustix::fs::fallocate(file, FallocateFlags::KEEP_SIZE, kept, GRAIN) {
                Ok(()) => kept += GRAIN,
                Err(why) => {
                    is_full = matches!(why, Errno::NOSPC | Errno::DQUOT);
                    // Where a filesystem knows no such thing, what is written takes what there is.
                    break;
                }
            }
        }
        self.kept = kept;
        self.is_refused = is_full && !self.has(enough);
    }

    /// Whether there is room up to an offset.
    pub fn has(&self, end: u64) -> bool {
        self.kept >= end
    }

    /// Whether an eighth of it is used, and the disk gives no more.
    pub fn is_short(&self) -> bool {
        self.is_refused
    }

    /// Knows no more of any room: the file is another, or was cut.
    pub fn forget(&mut self) {
        *self = Self::of(self.bytes);
    }

    /// Gives back what a file has behind its end, and forgets it.
    pub fn give_back(&mut self, file: &File, end: u64) {
        // Where that fails, it goes with the file.
        let _ = file.set_len(end);
        self.forget();
    }
}
