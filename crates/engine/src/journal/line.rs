//! One record as one line of text.
//!
//! ```text
//! {"seq":12,"batch":[1,2],"crc":"0a1b2c3d","event":PAYLOAD}
//! ```
//!
//! `batch` is the record's place in the append that wrote it, and that append's size:
//! an append is recovered whole or not at all. `crc` is the CRC-32 (IEEE 802.3) of the
//! bytes before `"crc"` followed by the payload's bytes, as eight lower-case hex digits.
//! This file is responsible for the form of one line and must not know its neighbours.

use std::io::Write as _;
use std::ops::Range;

/// Describes one decoded line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The record's sequence number.
    pub seq: u64,
    /// The record's place in its batch, from 1.
    pub place: u32,
    /// The number of records in the batch.
    pub of: u32,
    /// Where the payload stands in the line.
    pub payload: Range<usize>,
}

impl Line {
    /// Returns the sequence number of the batch's first record.
    pub fn batch_first(&self) -> u64 {
        self.seq.saturating_sub(u64::from(self.place) - 1)
    }
}

/// Appends one record's line to a buffer, with its newline.
pub fn encode(out: &mut Vec<u8>, seq: u64, place: u32, of: u32, payload: &[u8]) {
    let start = out.len();
    // Writing to a vector cannot fail.
    let _ = write!(out, "{{\"seq\":{seq},\"batch\":[{place},{of}],");
    let mut crc = crc32fast::Hasher::new();
    crc.update(&out[start..]);
    crc.update(payload);
    let _ = write!(out, "\"crc\":\"{:08x}\",\"event\":", crc.finalize());
    out.extend_from_slice(payload);
    out.extend_from_slice(b"}\n");
}

/// Reads one line, without its newline. The error says what is wrong with it.
pub fn decode(line: &[u8]) -> Result<Line, &'static str> {
    decode_layout(line).ok_or("the line does not have the form of a record").and_then(
        |(line_found, covered, crc)| {
            let mut hasher = crc32fast::Hasher::new();
            hasher.update(&line[..covered]);
            hasher.update(&line[line_found.payload.clone()]);
            if hasher.finalize() == crc {
                Ok(line_found)
            } else {
                Err("the record's checksum does not match its bytes")
            }
        },
    )
}

fn decode_layout(line: &[u8]) -> Option<(Line, usize, u32)> {
    let rest = line.strip_prefix(b"{\"seq\":")?;
    let (seq, rest) = number(rest)?;
    let rest = rest.strip_prefix(b",\"batch\":[")?;
    let (place, rest) = number(rest)?;
    let rest = rest.strip_prefix(b",")?;
    let (of, rest) = number(rest)?;
    let rest = rest.strip_prefix(b"],")?;
    let covered = line.len() - rest.len();
    let rest = rest.strip_prefix(b"\"crc\":\"")?;
    let (digits, rest) = rest.split_at_checked(8)?;
    let crc = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    let rest = rest.strip_prefix(b"\",\"event\":")?;
    let start = line.len() - rest.len();
    let payload = rest.strip_suffix(b"}")?;
    let place = u32::try_from(place).ok()?;
    let of = u32::try_from(of).ok()?;
    if seq == 0 || place == 0 || place > of || u64::from(place) > seq {
        return None;
    }
    let found = Line { seq, place, of, payload: start..start + payload.len() };
    Some((found, covered, crc))
}

fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 {
        return None;
    }
    let mut value = 0u64;
    for digit in &bytes[..digits] {
        value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
    }
    Some((value, &bytes[digits..]))
}
