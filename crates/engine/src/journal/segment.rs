//! One segment file: a header line, then one line per record.
//!
//! Responsible for its name, its header, and for telling a torn end (a crash cut the
//! last append short) from damage (bytes that were durable have changed). It reads bytes
//! that it is given and must not touch the disk.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::format::{self, Format, HeaderFault, LAYOUT, Versions};
use super::line::{self, Line};

const SUFFIX: &str = ".jsonl";
const DIGITS: usize = 20;

/// Returns the path of the segment whose first record has this sequence number.
pub fn path(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("{first:020}{SUFFIX}"))
}

/// Reads a segment's first sequence number from its file name.
pub fn first_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(SUFFIX)?;
    if digits.len() != DIGITS || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|seq| (1..u64::MAX / 2).contains(seq))
}

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    format: Format,
    payload: Format,
    first: u64,
    epoch: u64,
}

/// Returns the header line of a new segment, with its newline.
pub fn header(payload: Format, first: u64, epoch: u64) -> Vec<u8> {
    format!(
        "{{\"format\":[{},{}],\"payload\":[{},{}],\"first\":{first},\"epoch\":{epoch}}}\n",
        LAYOUT.0, LAYOUT.1, payload.0, payload.1
    )
    .into_bytes()
}

/// Tells how a segment ends.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// Every byte belongs to a whole append.
    Whole,
    /// The last append was cut short; its bytes start at [`Scan::good`].
    Torn,
    /// Bytes that were durable have changed.
    Damaged(Damage),
}

/// Points at damaged bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The line in the file, from 1.
    pub line: usize,
    /// Where that line starts, in bytes.
    pub offset: usize,
    /// What is wrong with it.
    pub why: String,
}

/// Describes a segment that was read through.
#[derive(Debug)]
pub struct Scan {
    /// Where each payload stands in the file; the first has the segment's first number.
    pub payloads: Vec<Range<usize>>,
    /// The length of the part that consists of whole appends, in bytes.
    pub good: usize,
    /// How the file ends.
    pub end: End,
    /// The header's versions; none where the header itself was cut short.
    pub versions: Option<Versions>,
    /// The epoch that began the segment; none where the header cannot be read.
    pub epoch: Option<u64>,
}

/// Reads a whole segment. Fails only on a version that this engine does not read.
pub fn scan(bytes: &[u8], first: u64, payload: Format) -> Result<Scan, format::Mismatch> {
    let mut scan =
        Scan { payloads: Vec::new(), good: 0, end: End::Whole, versions: None, epoch: None };
    let Some(newline) = memchr::memchr(b'\n', bytes) else {
        scan.end = End::Torn;
        return Ok(scan);
    };
    let damaged = |why: String| End::Damaged(Damage { line: 1, offset: 0, why });
    match format::check_versions(&bytes[..newline], payload) {
        Ok(versions) => scan.versions = Some(versions),
        Err(HeaderFault::Mismatch(mismatch)) => return Err(mismatch),
        Err(HeaderFault::Unreadable(why)) => {
            scan.end = damaged(format!("the header cannot be read ({why})"));
            return Ok(scan);
        }
    }
    match serde_json::from_slice::<Header>(&bytes[..newline]) {
        Ok(header) if header.first == first => scan.epoch = Some(header.epoch),
        Ok(header) => {
            scan.end = damaged(format!(
                "the header says that record {} comes first, the file's name says {first}",
                header.first
            ));
            return Ok(scan);
        }
        Err(error) => {
            scan.end = damaged(format!("the header cannot be read ({error})"));
            return Ok(scan);
        }
    }
    records(bytes, newline + 1, first, &mut scan);
    Ok(scan)
}

/// Reads the records behind the header.
fn records(bytes: &[u8], start: usize, first: u64, scan: &mut Scan) {
    let mut at = start;
    let mut expected = first;
    // The batch that is being read: its place and size so far. A place equal to the size
    // means that the next record starts a new batch.
    let (mut place, mut of) = (0u32, 0u32);
    scan.good = start;
    let mut whole = 0;
    while at < bytes.len() {
        let batch_first = expected - u64::from(if place == of { 0 } else { place });
        let Some(length) = memchr::memchr(b'\n', &bytes[at..]) else {
            scan.end = End::Torn;
            break;
        };
        let why = match line::decode(&bytes[at..at + length]) {
            Ok(found) => {
                let follows = found.seq == expected
                    && if place == of {
                        found.place == 1
                    } else {
                        found.place == place + 1 && found.of == of
                    };
                if follows {
                    accept(&found, at, scan);
                    at += length + 1;
                    expected += 1;
                    (place, of) = (found.place, found.of);
                    if place == of {
                        scan.good = at;
                        whole = scan.payloads.len();
                    }
                    continue;
                }
                format!("record {} stands where record {expected} belongs", found.seq)
            }
            Err(why) => why.to_owned(),
        };
        scan.end = judge(bytes, at, batch_first, why);
        break;
    }
    if scan.end == End::Whole && scan.good < bytes.len() {
        scan.end = End::Torn;
    }
    scan.payloads.truncate(whole);
}

fn accept(found: &Line, at: usize, scan: &mut Scan) {
    scan.payloads.push(at + found.payload.start..at + found.payload.end);
}

/// Tells a torn end from damage, for a file whose first bad line starts at `at`.
///
/// An append starts only when everything before it is durable. So a good record of
/// another append behind the bad line proves that the line was once durable. Without
/// one, a crash leaves a line without its end or with unwritten pages, which read as
/// zeros; a bad line that is complete and has no zeros was written whole and changed later.
fn judge(bytes: &[u8], at: usize, batch_first: u64, why: String) -> End {
    let mut lines = bytes[at..].split(|b| *b == b'\n');
    let is_unwritten = lines.next().is_some_and(|line| line.contains(&0));
    let is_proven = bytes[at..]
        .split(|b| *b == b'\n')
        .filter_map(|candidate| line::decode(candidate).ok())
        .any(|found| found.batch_first() != batch_first);
    if is_unwritten && !is_proven {
        return End::Torn;
    }
    let line = memchr::memchr_iter(b'\n', &bytes[..at]).count() + 1;
    End::Damaged(Damage { line, offset: at, why })
}
