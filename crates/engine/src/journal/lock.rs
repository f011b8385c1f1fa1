//! The lock that makes one engine the owner of a state directory.
//!
//! Responsible for taking it and for naming who holds it. The kernel gives it back when
//! the process ends, however it ends; the file itself is never removed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::disk::DiskError;
use super::error::OpenError;

/// How long a lock may be held though its engine is gone: a process that this engine was just
/// starting has its open files until it becomes its program (fork(2), execve(2)).
const LET_GO: Duration = Duration::from_millis(500);
/// Time between two attempts.
const STEP: Duration = Duration::from_millis(10);

/// Holds the lock for as long as it lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Takes the lock or says who has it.
pub fn take(dir: &Path) -> Result<Lock, OpenError> {
    let path = dir.join("lock");
    let fail = |action| {
        let path = path.clone();
        move |source| OpenError::Disk(DiskError { action, path, source })
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(fail("open"))?;
    let until = Instant::now() + LET_GO;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(STEP),
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::Held { pid: holder(&mut file), path });
            }
            Err(TryLockError::Error(error)) => return Err(fail("lock")(error)),
        }
    }
    // A lock on a file that is no longer at its path protects nothing.
    let held = file.metadata().map_err(fail("read"))?;
    let named = std::fs::metadata(&path).map_err(fail("read"))?;
    if (held.dev(), held.ino()) != (named.dev(), named.ino()) {
        return Err(OpenError::Held { pid: None, path });
    }
    file.set_len(0).map_err(fail("truncate"))?;
    file.rewind().map_err(fail("write"))?;
    writeln!(file, "{}", std::process::id()).map_err(fail("write"))?;
    Ok(Lock { _file: file })
}

/// Reads the holder's process id; it is only ever shown.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
