//! How much room there is where the engine keeps its state, and when that is too little.
//!
//! Without any space builds fail, and once what the journal keeps for itself is used up it cannot be
//! written, and the engine accepts nothing. Without any more files the journal goes on in the one
//! that it has, but builds, instances and routing tables, which need new ones, fail. So either is
//! told before.

use serde::{Deserialize, Serialize};

/// Less than this is too little, in bytes: the output of a step has up to 512 MiB.
pub const LEAST: u64 = 256 << 20;
/// On a small filesystem, less than one part of so many is too little.
pub const LEAST_PART: u64 = 20;

/// Fewer files than this are too few: a checkout can have as many.
pub const LEAST_FILES: u64 = 10_000;

/// How much room a filesystem has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// What the engine's user may still write, in bytes.
    pub free: u64,
    /// All of it, in bytes.
    pub total: u64,
    /// How many files may still be made; nothing where the filesystem does not count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_files: Option<u64>,
    /// How many files it can hold; nothing where it does not count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
}

/// What a filesystem has too little of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scarce {
    /// Space, whether or not files are few as well.
    Space,
    /// Files: so many more can be made.
    Files(u64),
}

impl Room {
    /// What so little is left of that a person must look: less than [`LEAST`], and on a filesystem
    /// below 5 GiB less than a twentieth of it; or fewer files than [`LEAST_FILES`], and on one
    /// that holds fewer than 200,000 less than a twentieth of them.
    pub fn scarce(self) -> Option<Scarce> {
        if self.free < LEAST.min(self.total / LEAST_PART) {
            return Some(Scarce::Space);
        }
        let most = LEAST_FILES.min(self.files? / LEAST_PART);
        self.free_files.filter(|free| *free < most).map(Scarce::Files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_scarce_by_its_size_and_on_small_filesystems_by_its_part() {
        const MIB: u64 = 1 << 20;
        for (free, total, is_scarce) in [
            (256 * MIB, 1 << 40, false),
            (256 * MIB - 1, 1 << 40, true),
            (52 * MIB, 1024 * MIB, false),
            (51 * MIB, 1024 * MIB, true),
            (MIB, 16 * MIB, false),
            (0, 16 * MIB, true),
            (0, 0, false),
        ] {
            let room = Room { free, total, ..Room::default() };
            assert_eq!(room.scarce(), is_scarce.then_some(Scarce::Space), "{free} of {total}");
        }
    }

    #[test]
    fn a_filesystem_without_files_left_has_no_room() {
        for (free, files, few) in [
            (Some(9_999), Some(1 << 24), Some(9_999)),
            (Some(10_000), Some(1 << 24), None),
            (Some(0), Some(1_000), Some(0)),
            (Some(50), Some(1_000), None),
            (None, None, None),
        ] {
            let room = Room { free: 1 << 40, total: 1 << 41, free_files: free, files };
            assert_eq!(room.scarce(), few.map(Scarce::Files), "{room:?}");
        }
    }

    #[test]
    fn a_filesystem_without_space_and_files_lacks_space_first() {
        let room = Room { free: 0, total: 1 << 41, free_files: Some(0), files: Some(1 << 24) };
        assert_eq!(room.scarce(), Some(Scarce::Space));
    }
}
