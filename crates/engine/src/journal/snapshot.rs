//! One snapshot file: a header line, then the state's bytes.
//!
//! Responsible for its name, checksum and versions. It must not know what the bytes mean.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::format::{self, Format, HeaderFault, LAYOUT, Mismatch};

const PREFIX: &str = "snapshot-";
const SUFFIX: &str = ".json";
const DIGITS: usize = 20;

/// Returns the path of the snapshot that stands for the records up to and with this one.
pub fn path(dir: &Path, seq: u64) -> PathBuf {
    dir.join(format!("{PREFIX}{seq:020}{SUFFIX}"))
}

/// Reads a snapshot's sequence number from its file name.
pub fn seq_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    if digits.len() != DIGITS || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|seq| (1..u64::MAX / 2).contains(seq))
}

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    format: Format,
    payload: Format,
    seq: u64,
    bytes: usize,
    crc: String,
}

/// Returns the whole file of a snapshot.
pub fn encode(payload: Format, seq: u64, state: &[u8]) -> Vec<u8> {
    let mut file = format!(
        "{{\"format\":[{},{}],\"payload\":[{},{}],\"seq\":{seq},\"bytes\":{},\"crc\":\"{:08x}\"}}\n",
        LAYOUT.0,
        LAYOUT.1,
        payload.0,
        payload.1,
        state.len(),
        crc32fast::hash(state)
    )
    .into_bytes();
    file.reserve(state.len() + 1);
    file.extend_from_slice(state);
    file.push(b'\n');
    file
}

/// Tells why a snapshot file cannot be used.
#[derive(Debug)]
pub enum Unusable {
    /// The file is damaged; the text says how.
    Damaged(String),
    /// The file is whole, of a version that this engine does not read.
    Version(Mismatch),
}

/// Takes the state's bytes out of a snapshot file, checked.
pub fn decode(mut file: Vec<u8>, seq: u64, payload: Format) -> Result<Vec<u8>, Unusable> {
    let damaged = |why: &str| Unusable::Damaged(why.to_owned());
    let newline =
        memchr::memchr(b'\n', &file).ok_or_else(|| damaged("the header line is cut short"))?;
    format::check_versions(&file[..newline], payload).map_err(|fault| match fault {
        HeaderFault::Mismatch(mismatch) => Unusable::Version(mismatch),
        HeaderFault::Unreadable(why) => Unusable::Damaged(format!("the header: {why}")),
    })?;
    let header: Header = serde_json::from_slice(&file[..newline])
        .map_err(|error| Unusable::Damaged(format!("the header: {error}")))?;
    if header.seq != seq {
        return Err(damaged("the header and the file's name disagree"));
    }
    if file.len().checked_sub(newline + 2) != Some(header.bytes) {
        return Err(damaged("the length differs from the header's"));
    }
    file.truncate(file.len() - 1);
    file.drain(..=newline);
    if format!("{:08x}", crc32fast::hash(&file)) != header.crc {
        return Err(damaged("the checksum does not match"));
    }
    Ok(file)
}
