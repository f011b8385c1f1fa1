//! Versions of what is written, and the header line that carries them.
//!
//! Responsible for saying which side is older when a file and this engine disagree. It
//! must not know what a payload means.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Versions one layout: the same major is readable, a newer minor is not.
///
/// A minor version adds what an older engine does not know. An older engine must not
/// append behind it, because it would decide from a state that it only half understands,
/// so both numbers are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Format(pub u16, pub u16);

/// Versions the files of the journal itself: names, lines, checksums.
pub const LAYOUT: Format = Format(1, 0);

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// Says which side of a version mismatch is the older one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Older {
    /// This engine is older than the file.
    Engine,
    /// The file is older than this engine can read.
    File,
}

impl fmt::Display for Older {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Engine => {
                "this engine is the older side; start the version that wrote the file, or a newer one"
            }
            Self::File => {
                "the file is the older side; start the version that wrote it once more, or one \
                 that can still read it"
            }
        })
    }
}

/// Tells which of a file's two versions did not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mismatch {
    /// What the version belongs to: `journal layout` or `events`.
    pub what: &'static str,
    /// The file's version.
    pub found: Format,
    /// The newest version that this engine reads.
    pub reads: Format,
    /// The older side.
    pub older: Older,
}

/// Compares a file's version with the newest one that this engine reads.
pub fn check(what: &'static str, found: Format, reads: Format) -> Result<(), Mismatch> {
    let older = match found.0.cmp(&reads.0) {
        std::cmp::Ordering::Less => Older::File,
        std::cmp::Ordering::Greater => Older::Engine,
        std::cmp::Ordering::Equal if found.1 > reads.1 => Older::Engine,
        std::cmp::Ordering::Equal => return Ok(()),
    };
    Err(Mismatch { what, found, reads, older })
}

/// Holds the versions alone: the part of every header that never changes its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// The version of the file's layout.
    pub format: Format,
    /// The version of the payloads.
    pub payload: Format,
}

/// Tells why a header line could not be used.
#[derive(Debug)]
pub enum HeaderFault {
    /// The line is not a header.
    Unreadable(String),
    /// The line is a header of a version that this engine does not read.
    Mismatch(Mismatch),
}

/// Reads the versions of a header line and checks both, before anything else is read.
pub fn check_versions(line: &[u8], payload: Format) -> Result<Versions, HeaderFault> {
    let versions: Versions =
        serde_json::from_slice(line).map_err(|e| HeaderFault::Unreadable(e.to_string()))?;
    check("journal layout", versions.format, LAYOUT).map_err(HeaderFault::Mismatch)?;
    check("events", versions.payload, payload).map_err(HeaderFault::Mismatch)?;
    Ok(versions)
}
