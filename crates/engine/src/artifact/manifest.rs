//! The manifest: the entries of one artifact as text.
//!
//! ```text
//! pilothouse-artifact 1
//! d - - - bin
//! f 755 1048576 SHA256 bin/server
//! l - - server bin/latest
//! ```
//!
//! One line per entry, sorted by the bytes of its path: kind, mode (`755` where anybody
//! may execute it, else `644`), size in bytes, sha256 (of a link: its target), path. In
//! paths and targets every byte other than ASCII letters, digits and `._/+@,:=~-` stands
//! as `%` and two upper-case hex digits, so that a line is always ASCII without spaces.
//! One artifact has exactly one text. This file is responsible for that text and for
//! refusing every other; it must not touch the disk.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Digest, Limits};

const FIRST_LINE: &str = "pilothouse-artifact 1";

/// The name that unpacking uses for its own mark, at the root of an artifact.
pub const MARK: &str = ".pilothouse-artifact";

/// Describes one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A directory.
    Directory,
    /// A file.
    File {
        /// Whether anybody may execute it.
        is_executable: bool,
        /// Its length in bytes.
        size: u64,
        /// The sha256 of its bytes.
        digest: Digest,
    },
    /// A symbolic link.
    Link {
        /// Where it points, relative to the directory that it stands in.
        target: Vec<u8>,
    },
}

/// Holds entries by the bytes of their path.
pub type Entries = BTreeMap<Vec<u8>, Entry>;

/// Counts the bytes and the number of files.
pub fn measure(entries: &Entries) -> (u64, u64) {
    entries.values().fold((0, 0), |(bytes, files), entry| match entry {
        Entry::File { size, .. } => (bytes.saturating_add(*size), files + 1),
        Entry::Directory | Entry::Link { .. } => (bytes, files),
    })
}

/// Writes the one text of these entries.
pub fn encode(entries: &Entries) -> String {
    let mut text = format!("{FIRST_LINE}\n");
    for (path, entry) in entries {
        let path = escape(path);
        // Writing to a string cannot fail.
        let _ = match entry {
            Entry::Directory => writeln!(text, "d - - - {path}"),
            Entry::File { is_executable, size, digest } => {
                let mode = if *is_executable { "755" } else { "644" };
                writeln!(text, "f {mode} {size} {digest} {path}")
            }
            Entry::Link { target } => writeln!(text, "l - - {} {path}", escape(target)),
        };
    }
    text
}

/// Reads a manifest. The error says what is wrong with it.
pub fn decode(text: &str, limits: &Limits) -> Result<Entries, String> {
    let mut lines = text.split_inclusive('\n');
    if lines.next() != Some(&format!("{FIRST_LINE}\n")) {
        return Err(format!("the first line is not {FIRST_LINE:?}"));
    }
    let mut entries = Entries::new();
    for (number, line) in (2..).zip(lines) {
        if entries.len() == limits.entries {
            return Err(format!("it has more than {} entries", limits.entries));
        }
        let (path, entry) = decode_line(line).ok_or(format!("line {number} is not an entry"))?;
        check(&path, &entry, &entries, limits).map_err(|why| format!("line {number}: {why}"))?;
        if entries.last_key_value().is_some_and(|(last, _)| *last >= path) {
            return Err(format!("line {number} is not in order"));
        }
        entries.insert(path, entry);
    }
    if encode(&entries) != text {
        return Err("it is not in the one form that a manifest has".to_owned());
    }
    if measure(&entries).0 > limits.bytes {
        return Err(format!("its files have more than {} bytes", limits.bytes));
    }
    Ok(entries)
}

fn decode_line(line: &str) -> Option<(Vec<u8>, Entry)> {
    let mut fields = line.strip_suffix('\n')?.split(' ');
    let (kind, mode, size) = (fields.next()?, fields.next()?, fields.next()?);
    let (content, path) = (fields.next()?, unescape(fields.next()?)?);
    let entry = match kind {
        "d" => Entry::Directory,
        "f" => Entry::File {
            is_executable: mode == "755",
            size: size.parse().ok()?,
            digest: content.parse().ok()?,
        },
        "l" => Entry::Link { target: unescape(content)? },
        _ => return None,
    };
    Some((path, entry))
}

/// Checks an entry against those before it: it stays in the tree, in a real directory.
fn check(path: &[u8], entry: &Entry, before: &Entries, limits: &Limits) -> Result<(), String> {
    let parts: Vec<_> = path.split(|byte| *byte == b'/').collect();
    if parts.iter().any(|part| part.is_empty() || *part == b"." || *part == b"..") {
        return Err("the path could leave the tree".to_owned());
    }
    if path.contains(&0) || path.len() > limits.path_bytes || parts.len() > limits.depth {
        return Err("the path is too long, too deep or has a zero byte".to_owned());
    }
    if path == MARK.as_bytes() {
        return Err(format!("{MARK} is reserved"));
    }
    if let Some(slash) = path.iter().rposition(|byte| *byte == b'/')
        && before.get(&path[..slash]) != Some(&Entry::Directory)
    {
        return Err("the path is not in a directory of the artifact".to_owned());
    }
    match entry {
        Entry::Link { target } if !stays(target, parts.len() - 1) => {
            Err("the link leaves the tree".to_owned())
        }
        Entry::Link { target } if target.len() > limits.path_bytes => {
            Err("the link's target is too long".to_owned())
        }
        Entry::Link { .. } | Entry::Directory | Entry::File { .. } => Ok(()),
    }
}

/// Says whether a link's target stays in the tree, for a link in so many directories.
///
/// Going up is allowed at the start alone, where only real directories are left. Behind a
/// name it is not: that name may be a link itself, and up from where it leads is elsewhere.
pub fn stays(target: &[u8], depth: usize) -> bool {
    if target.is_empty() || target[0] == b'/' || target.contains(&0) {
        return false;
    }
    let mut up = 0;
    let mut has_name = false;
    for part in target.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if has_name => return false,
            b".." => up += 1,
            _ => has_name = true,
        }
    }
    up <= depth
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._/+@,:=~-".contains(&byte)
}

fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if is_plain(*byte) {
            text.push(char::from(*byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        if *first == b'%' {
            let (digits, behind) = behind.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = behind;
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    Some(bytes)
}
