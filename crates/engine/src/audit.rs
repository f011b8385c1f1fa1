//! The audit log: who asked for what, and what came of it.
//!
//! Responsible for keeping entries durably, apart from the journal and never pruned by
//! its snapshots. It must not decide anything: no state is ever read from it.
//!
//! One directory holds numbered files of JSON lines, the newest with the largest number.
//! Entries are only ever added; whole old files go when there are more than the limit.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::journal::{Ahead, Disk, DiskError};

#[cfg(test)]
mod tests;

/// Holds one line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When the command was answered: a timestamp in the form of RFC 3339, in UTC.
    pub at: String,
    /// Who asked, as the engine established it, not as the client claimed.
    pub actor: String,
    /// What was asked, without secrets.
    pub command: String,
    /// What came of it.
    pub result: String,
}

/// Bounds what the audit log writes and keeps.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A file that has reached this many bytes is followed by a new one.
    pub file_bytes: u64,
    /// So many newest files stay, the one that is written to among them. At least 1.
    pub keep_files: usize,
    /// The longest field in bytes; what is longer is cut, and says so.
    pub field_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 8 << 20, keep_files: 32, field_bytes: 16 << 10 }
    }
}

/// Holds the newest entries.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Newest {
    /// The entries, oldest first.
    pub entries: Vec<Entry>,
    /// How many lines among them could not be read.
    pub unreadable: usize,
}

/// Room that is kept behind the last entry: a command that the journal takes on a full disk, or that is
/// refused there, is told of here.
const AHEAD: Ahead = Ahead::of(1 << 20);

/// Writes the audit log. The journal's lock keeps a second writer away.
#[derive(Debug)]
pub struct Audit {
    dir: PathBuf,
    limits: Limits,
    disk: Disk,
    numbers: Vec<u64>,
    file: File,
    /// Length of the file up to the end of the last entry, in bytes.
    length: u64,
    /// Room of the file's own.
    ahead: Ahead,
    /// Whether bytes may stand behind that length, from a write that failed.
    has_rest: bool,
    /// Whether a line without an end stands at that length.
    is_line_open: bool,
}

impl Audit {
    /// Opens a directory's audit log, or starts one.
    pub fn open(dir: &Path, limits: Limits, disk: Disk) -> Result<Self, DiskError> {
        disk.create_dirs(dir)?;
        let mut numbers = numbers(dir)?;
        if numbers.is_empty() {
            numbers.push(1);
        }
        let newest = numbers.last().copied().unwrap_or(1);
        let path = path(dir, newest);
        let file = open_file(&path)?;
        disk.sync_dir(dir)?;
        let bytes = fs::read(&path).map_err(|error| DiskError::new("read", &path, error))?;
        let mut audit = Self {
            dir: dir.to_path_buf(),
            limits,
            disk,
            numbers,
            file,
            length: bytes.len() as u64,
            ahead: AHEAD,
            has_rest: false,
            is_line_open: bytes.last().is_some_and(|byte| *byte != b'\n'),
        };
        audit.ahead.keep(&audit.file, audit.length);
        Ok(audit)
    }

    /// Adds an entry; it is durable when this returns. After an error it is not there.
    pub fn append(&mut self, entry: &Entry) -> Result<(), DiskError> {
        if self.has_rest {
            self.cut_rest()?;
        }
        if self.length >= self.limits.file_bytes {
            self.rotate()?;
        }
        let line = self.line(entry)?;
        let path = self.path();
        let written = self
            .disk
            .write_at(&self.file, &path, &line, self.length)
            .and_then(|()| self.disk.sync(&self.file, &path));
        if let Err(error) = written {
            self.has_rest = true;
            self.ahead.forget();
            // The next append cuts again, and reports it where the disk still refuses.
            let _ = self.cut_rest();
            return Err(error);
        }
        self.length += line.len() as u64;
        self.is_line_open = false;
        self.ahead.keep(&self.file, self.length);
        Ok(())
    }

    fn path(&self) -> PathBuf {
        path(&self.dir, self.numbers.last().copied().unwrap_or(1))
    }

    fn line(&self, entry: &Entry) -> Result<Vec<u8>, DiskError> {
        let limit = self.limits.field_bytes;
        let cut = Entry {
            at: shortened(&entry.at, limit),
            actor: shortened(&entry.actor, limit),
            command: shortened(&entry.command, limit),
            result: shortened(&entry.result, limit),
        };
        // A crash may have left a line without an end; it must not swallow this one.
        let mut line = if self.is_line_open { vec![b'\n'] } else { Vec::new() };
        serde_json::to_writer(&mut line, &cut)
            .map_err(|error| DiskError::new("encode an entry for", &self.dir, error.into()))?;
        line.push(b'\n');
        Ok(line)
    }

    fn cut_rest(&mut self) -> Result<(), DiskError> {
        let path = self.path();
        self.disk.truncate(&self.file, &path, self.length)?;
        self.disk.sync(&self.file, &path)?;
        self.has_rest = false;
        Ok(())
    }

    fn rotate(&mut self) -> Result<(), DiskError> {
        let next = self.numbers.last().copied().unwrap_or(0) + 1;
        let path = path(&self.dir, next);
        self.disk.create(&path)?;
        self.disk.sync_dir(&self.dir)?;
        let file = open_file(&path)?;
        self.ahead.give_back(&std::mem::replace(&mut self.file, file), self.length);
        self.numbers.push(next);
        self.length = 0;
        self.is_line_open = false;
        while self.numbers.len() > self.limits.keep_files.max(1) {
            self.disk.remove(&self::path(&self.dir, self.numbers[0]))?;
            self.numbers.remove(0);
        }
        Ok(())
    }
}

/// Reads the newest entries of a directory's audit log, skipping lines that are damaged.
pub fn newest(dir: &Path, count: usize) -> Result<Newest, DiskError> {
    let mut found = Newest::default();
    for number in numbers(dir)?.into_iter().rev() {
        let path = path(dir, number);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            // The writer removed it since it was listed.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => break,
            Err(error) => return Err(DiskError::new("read", &path, error)),
        };
        for line in bytes.rsplit(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            if found.entries.len() == count {
                break;
            }
            match serde_json::from_slice(line) {
                Ok(entry) => found.entries.push(entry),
                Err(_) => found.unreadable += 1,
            }
        }
        if found.entries.len() == count {
            break;
        }
    }
    found.entries.reverse();
    Ok(found)
}

fn open_file(path: &Path) -> Result<File, DiskError> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|error| DiskError::new("open", path, error))
}

fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("audit-{number:08}.jsonl"))
}

fn numbers(dir: &Path) -> Result<Vec<u64>, DiskError> {
    let fail = |error| DiskError::new("list", dir, error);
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir).map_err(fail)? {
        let name = entry.map_err(fail)?.file_name();
        let digits = name
            .to_str()
            .and_then(|name| name.strip_prefix("audit-"))
            .and_then(|name| name.strip_suffix(".jsonl"));
        let number = digits.and_then(|digits| digits.parse::<u32>().ok());
        numbers.extend(number.map(u64::from));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Cuts a text to a length in bytes, at a character's edge, and says that it did.
fn shortened(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let kept = text.floor_char_boundary(limit);
    format!("{} [{} bytes cut]", &text[..kept], text.len() - kept)
}
