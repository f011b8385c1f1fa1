//! Asks a supervisor to end its unit, and ends the unit in its stead where it does not.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;

use crate::find::Handle;
use crate::record::{ExitRecord, Outcome, Status};
use crate::sweep::{SweepError, sweep};
use crate::unit::{self, Durability, StopWish};
use crate::watch::watch;

/// How long a killed supervisor may take to be gone. Only a broken disk keeps one longer.
const KILLED_WITHIN: Duration = Duration::from_secs(5);

/// Says why a supervisor could not be asked, or a unit not be ended.
#[derive(Debug, thiserror::Error)]
#[error("cannot end the unit in {dir}: {source}")]
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
/// shorter grace shortens it, and zero kills. On a full disk only the first asking
/// finds room for its grace; a later one asks all the same, and changes nothing.
pub fn stop(handle: &Handle, grace: Option<Duration>) -> Result<bool, StopError> {
    let grace_ms = grace.map(|grace| u64::try_from(grace.as_millis()).unwrap_or(u64::MAX));
    let wish = StopWish { version: 1, grace_ms };
    // What fills the disk is often this very unit, so that nothing may keep it from being asked.
    // Without the wish it ends as its specification says.
    let _ = unit::write_json(&unit::stop_path(&handle.dir), &wish, Durability::Unsynced);
    (handle.supervisor.signal(Signal::TERM))
        // A program may stop its supervisor, and a stopped process hears nothing else.
        .and_then(|_| handle.supervisor.signal(Signal::CONT))
        .map_err(|source| StopError { dir: handle.dir.clone(), source })
}

/// Lets a supervisor go on that its own program stopped, so that it sees a deadline
/// that passed meanwhile. Returns false if it has ended already.
pub fn wake(handle: &Handle) -> Result<bool, StopError> {
    let woken = handle.supervisor.signal(Signal::CONT);
    woken.map_err(|source| StopError { dir: handle.dir.clone(), source })
}

/// Ends a unit whose supervisor did not do so in time: kills the supervisor, sweeps
/// what it leaves, and writes the exit record in its stead, with this outcome.
///
/// A record that the supervisor wrote itself stays. Blocks for some seconds at most,
/// and doing it again is safe.
pub fn force(handle: &Handle, outcome: Outcome) -> Result<(), StopError> {
    let failed = |source| StopError { dir: handle.dir.clone(), source };
    let status = unit::read_whole::<Status>(&unit::status_path(&handle.dir)).map_err(failed)?;
    if let Some(watch) = watch(handle).map_err(failed)? {
        handle.supervisor.signal(Signal::KILL).map_err(failed)?;
        if !watch.wait(KILLED_WITHIN).map_err(failed)? {
            return Err(failed(io::ErrorKind::TimedOut.into()));
        }
    }
    let path = unit::exit_path(&handle.dir);
    if unit::read_whole::<ExitRecord>(&path).map_err(failed)?.is_some() {
        return Ok(());
    }
    let (ended, survivors) = match sweep(&handle.dir) {
        Ok(count) => (u32::try_from(count).unwrap_or(u32::MAX), 0),
        Err(SweepError::Survivors(_)) => (0, 1),
        Err(SweepError::Read { source, .. }) => return Err(failed(source)),
        Err(SweepError::Supervised(_)) => return Err(failed(io::ErrorKind::AlreadyExists.into())),
    };
    // Where it was lost or damaged, whoever looks finds a unit that was interrupted.
    let Some(status) = status else { return Ok(()) };
    let record = ExitRecord {
        version: 1,
        id: status.id,
        outcome,
        main: status.last_exit,
        started_ms: status.started_ms,
        ended_ms: unit::now_ms(),
        restarts: status.restarts,
        leftovers_ended: ended,
        survivors,
        // Only the supervisor counted them.
        output_bytes: 0,
        dropped_bytes: 0,
        log_error: Some("the supervisor did not end in time and was killed".to_owned()),
    };
    unit::write_json(&path, &record, Durability::Synced).map_err(failed)
}

/// Cancels a step with its own grace. Its outcome becomes `Cancelled`, unless it
/// ended first.
pub fn cancel(handle: &Handle) -> Result<bool, StopError> {
    stop(handle, None)
}
