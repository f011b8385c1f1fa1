//! Who holds a lock file, as the kernel tells: no number in a file has to be believed.

use std::io;
use std::path::Path;

use rustix::process::{Flock, FlockOffsetType, FlockType, fcntl_getlk};

use crate::regular;

/// A holder that the kernel does not name, because it lives in another process
/// namespace. It is alive, and no process of this namespace can be it.
const UNKNOWN_HOLDER: i32 = 0;

/// Which process holds the record lock of a file. Asking does not disturb the lock.
pub fn lock_holder(path: &Path) -> io::Result<Option<i32>> {
    let Some(file) = regular::open(path)? else { return Ok(None) };
    let wish = Flock {
        start: 0,
        length: 0,
        pid: None,
        typ: FlockType::WriteLock,
        offset_type: FlockOffsetType::Set,
    };
    let held = fcntl_getlk(&file, &wish)?;
    Ok(held.map(|held| held.pid.map_or(UNKNOWN_HOLDER, rustix::process::Pid::as_raw_pid)))
}
