//! Moving one file's bytes while taking their sha256.
//!
//! Responsible for one pass with a bounded buffer. It must not decide where bytes go.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::Digest as _;

use super::Digest;
use crate::journal::{Disk, DiskError};

const BUFFER_BYTES: usize = 128 << 10;

/// Describes bytes that were read through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// Their sha256.
    pub digest: Digest,
    /// Their number.
    pub size: u64,
}

/// Tells on which side a copy failed, or that there was more than was wanted.
#[derive(Debug)]
pub enum CopyFault {
    /// Reading or writing failed.
    Disk(DiskError),
    /// There are more bytes than the limit.
    TooLong,
}

/// Copies a file's bytes to another file, if one is given, up to a limit in bytes.
pub fn copy(
    disk: &Disk,
    (from, from_path): (&mut impl Read, &Path),
    to: Option<(&File, &Path)>,
    limit: u64,
) -> Result<Content, CopyFault> {
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut hasher = sha2::Sha256::new();
    let mut size = 0;
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(CopyFault::Disk(DiskError::new("read", from_path, error))),
        };
        if size + read as u64 > limit {
            return Err(CopyFault::TooLong);
        }
        hasher.update(&buffer[..read]);
        if let Some((to, path)) = to {
            disk.write_at(to, path, &buffer[..read], size).map_err(CopyFault::Disk)?;
        }
        size += read as u64;
    }
    Ok(Content { digest: Digest(hasher.finalize().into()), size })
}
