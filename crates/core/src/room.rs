//! How much room there is where the engine keeps its state, and when that is too little.
//!
//! Without any the journal cannot be written, and the engine accepts nothing. So it is told before.

use serde::{Deserialize, Serialize};

/// Less than this is too little, in bytes: the output of a step has up to 512 MiB.
pub const LEAST: u64 = 256 << 20;
/// On a small filesystem, less than one part of so many is too little.
pub const LEAST_PART: u64 = 20;

/// How much room a filesystem has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// What the engine's user may still write, in bytes.
    pub free: u64,
    /// All of it, in bytes.
    pub total: u64,
}

impl Room {
    /// Whether so little is left that a person must look: less than [`LEAST`], and on a filesystem
    /// below 5 GiB less than a twentieth of it.
    pub fn is_scarce(self) -> bool {
        self.free < LEAST.min(self.total / LEAST_PART)
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
            assert_eq!(Room { free, total }.is_scarce(), is_scarce, "{free} of {total}");
        }
    }
}
