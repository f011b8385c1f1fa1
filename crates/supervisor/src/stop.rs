//! Asks a supervisor to end its unit.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;

use crate::find::Handle;
use crate::unit::{self, Durability, StopWish};

/// Says why a supervisor could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("cannot ask the unit in {dir} to stop: {source}")]
pub struct StopError {
    /// The unit directory.
    pub dir: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// Asks a unit to end: the stop signal, the grace, then the kill, for every process.
///
/// Returns at once, and false if the supervisor has ended already; watch the
/// handle for the end. Without a grace, the unit's own holds. Asking again with a
/// shorter grace shortens it, and zero kills.
pub fn stop(handle: &Handle, grace: Option<Duration>) -> Result<bool, StopError> {
    let grace_ms = grace.map(|grace| u64::try_from(grace.as_millis()).unwrap_or(u64::MAX));
    let wish = StopWish { version: 1, grace_ms };
    unit::write_json(&unit::stop_path(&handle.dir), &wish, Durability::Unsynced)
        .and_then(|()| handle.supervisor.signal(Signal::TERM))
        .map_err(|source| StopError { dir: handle.dir.clone(), source })
}

/// Cancels a step with its own grace. Its outcome becomes `Cancelled`, unless it
/// ended first.
pub fn cancel(handle: &Handle) -> Result<bool, StopError> {
    stop(handle, None)
}
