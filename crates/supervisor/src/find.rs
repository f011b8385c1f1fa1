//! Finds a unit again from its directory alone.

use std::io;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use crate::proc::{ProcessId, boot_id};
use crate::record::{ExitRecord, Status};
use crate::{lock, unit};

/// Names a supervisor that was alive when the handle was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handle {
    /// The unit directory.
    pub dir: PathBuf,
    /// The boot in which the process identity means something.
    pub boot_id: String,
    /// The supervisor's process.
    pub supervisor: ProcessId,
}

/// What is known of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// Its supervisor lives.
    Alive(Handle, Box<Status>),
    /// Its supervisor lives and has not written a status yet, or writes one again that is gone or
    /// was damaged.
    Starting,
    /// It is over, and this is how.
    Exited(Box<ExitRecord>),
    /// Its supervisor died without a record, in this boot, or in one that a damaged status
    /// does not name. Sweep it: processes may be left.
    Interrupted,
    /// It ran in an earlier boot and left no record. Nothing of it can be running.
    OtherBoot,
    /// No supervisor ever took this directory.
    NeverStarted,
}

/// Says why nothing can be said about a unit. It is neither alive nor over.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the state of the unit in {dir}: {what}: {source}")]
pub struct FindError {
    /// The unit directory.
    pub dir: PathBuf,
    /// Which file.
    pub what: &'static str,
    /// What the system said.
    pub source: io::Error,
}

/// Finds out what became of the unit in a directory.
pub fn find(dir: &Path) -> Result<Liveness, FindError> {
    let failed = |what: &'static str| move |source| FindError { dir: dir.to_owned(), what, source };
    let record =
        || unit::read_whole::<ExitRecord>(&unit::exit_path(dir)).map_err(failed("exit.json"));
    // The record comes first: it is true even while the supervisor is just leaving.
    if let Some(record) = record()? {
        return Ok(Liveness::Exited(Box::new(record)));
    }
    let holder = lock_holder(dir).map_err(failed("lock"))?;
    if let Some(pid) = holder {
        let status = unit::read_whole::<Status>(&unit::status_path(dir));
        let status = status.map_err(failed("status.json"))?;
        let Some(status) = status.filter(|status| status.supervisor.pid == pid) else {
            ask_for_status(pid);
            return Ok(Liveness::Starting);
        };
        let handle = Handle {
            dir: dir.to_owned(),
            boot_id: status.boot_id.clone(),
            supervisor: status.supervisor,
        };
        return Ok(Liveness::Alive(handle, Box::new(status)));
    }
    // It may have written the record and released the lock since the first look.
    if let Some(record) = record()? {
        return Ok(Liveness::Exited(Box::new(record)));
    }
    let path = unit::status_path(dir);
    let Some(status) = unit::read_whole::<Status>(&path).map_err(failed("status.json"))? else {
        let taken = unit::lock_path(dir).exists() || path.exists();
        return Ok(if taken { Liveness::Interrupted } else { Liveness::NeverStarted });
    };
    let boot = boot_id().map_err(failed("the boot id"))?;
    Ok(if status.boot_id == boot { Liveness::Interrupted } else { Liveness::OtherBoot })
}

/// The supervisor that holds a unit's lock, by the kernel's word alone: also where it has no status,
/// because it only starts, or because its program put something in the place of that. None where
/// nobody holds it, or who does is not of this process namespace.
pub fn holder(dir: &Path) -> Result<Option<Handle>, FindError> {
    let failed = |what: &'static str| move |source| FindError { dir: dir.to_owned(), what, source };
    let Some(pid) = lock_holder(dir).map_err(failed("lock"))? else { return Ok(None) };
    // One that has ended since holds nothing.
    let Ok(supervisor) = ProcessId::of(pid) else { return Ok(None) };
    let boot_id = boot_id().map_err(failed("the boot id"))?;
    Ok(Some(Handle { dir: dir.to_owned(), boot_id, supervisor }))
}

/// Asks a supervisor to write its status again. It ends nobody who does not heed it (signal(7)), such
/// as one that is only starting, and who may not ask finds what is there.
fn ask_for_status(pid: i32) {
    if let Ok(supervisor) = ProcessId::of(pid) {
        // One that was stopped hears nothing before it goes on.
        let _ = supervisor.signal(Signal::URG).and_then(|_| supervisor.signal(Signal::CONT));
    }
}

/// Whether a process has the lock of a unit; where nobody can tell, one has.
pub fn is_held(dir: &Path) -> bool {
    !matches!(lock::lock_holder(&unit::lock_path(dir)), Ok(None))
}

/// Which process holds the unit's lock. Asking does not disturb the lock. What the unit's program put
/// in its place nobody holds: whoever had the lock that was there is no longer found by it.
pub(crate) fn lock_holder(dir: &Path) -> io::Result<Option<i32>> {
    match lock::lock_holder(&unit::lock_path(dir)) {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
        holder => holder,
    }
}
