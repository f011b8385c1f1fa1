//! Ends what an interrupted unit left running.
//!
//! A killed supervisor takes its main process with it. What that process had
//! started is found by the marker in the environment it was given, and what those
//! started, by descent. A process that cleared its environment *and* lost every
//! marked ancestor before the sweep is not found.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::ending::freeze_and_kill;
use crate::find::lock_holder;
use crate::proc::ProcessId;
use crate::proc::stat::Stat;
use crate::proc::tree::{all_processes, descendants};
use crate::record::Status;
use crate::spec::MARKER_VARIABLE;
use crate::unit::{self, StoredSpec};

/// How often a sweep begins again because it found something.
const MAX_ROUNDS: usize = 50;
/// How much of an environment is looked at, in bytes. Linux allows 2 MiB with the
/// usual stack limit.
const MAX_ENVIRONMENT_BYTES: u64 = 8 * 1024 * 1024;

/// Says why a unit could not be swept, or not wholly.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The supervisor lives: stop it instead.
    #[error("the unit in {0} still has its supervisor; stop it instead of sweeping it")]
    Supervised(PathBuf),
    /// Something could not be read.
    #[error("cannot sweep the unit in {dir}: {source}")]
    Read {
        /// The unit directory.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Processes of the unit are still there.
    #[error("the unit in {0} has processes that cannot be killed")]
    Survivors(PathBuf),
}

/// Kills every process that still belongs to an unsupervised unit. Returns how many.
///
/// Only processes of this user can be recognised. Doing it twice is safe.
pub fn sweep(dir: &Path) -> Result<usize, SweepError> {
    let failed = |source| SweepError::Read { dir: dir.to_owned(), source };
    if lock_holder(dir).map_err(failed)?.is_some() {
        return Err(SweepError::Supervised(dir.to_owned()));
    }
    let Some(marker) = marker_of(dir).map_err(failed)? else {
        return Ok(0);
    };
    let mut killed = BTreeSet::new();
    for _ in 0..MAX_ROUNDS {
        let found = freeze_and_kill(|| marked(&marker)).map_err(failed)?;
        for id in &found {
            wait_gone(*id).map_err(failed)?;
        }
        if found.is_empty() {
            let left = marked(&marker).map_err(failed)?;
            if left.is_empty() {
                return Ok(killed.len());
            }
            break;
        }
        killed.extend(found);
    }
    Err(SweepError::Survivors(dir.to_owned()))
}

/// The marker of a unit's processes, from whichever of its files tells. Where a loss of power left
/// neither whole, it left no process either.
fn marker_of(dir: &Path) -> io::Result<Option<String>> {
    if let Some(stored) = unit::read_whole::<StoredSpec>(&unit::spec_path(dir))? {
        return Ok(Some(stored.marker));
    }
    let status = unit::read_whole::<Status>(&unit::status_path(dir))?;
    Ok(status.map(|status| status.marker))
}

/// Waits, for a bounded time, until a killed process is gone.
fn wait_gone(id: ProcessId) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    const LIMIT: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
    let Some(fd) = id.open()? else { return Ok(()) };
    match poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&LIMIT)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The living processes that carry the marker, and their descendants.
fn marked(marker: &str) -> io::Result<Vec<Stat>> {
    let entry = format!("{MARKER_VARIABLE}={marker}");
    let own = rustix::process::getpid().as_raw_pid();
    let processes = all_processes()?;
    let living = processes.values().filter(|stat| !stat.is_dead() && stat.pid != own);
    let mut found: Vec<Stat> =
        living.filter(|stat| has_entry(stat.pid, entry.as_bytes())).copied().collect();
    let roots: Vec<i32> = found.iter().map(|stat| stat.pid).collect();
    found.extend(descendants(&processes, &roots));
    Ok(found)
}

/// Whether an environment that may be read holds exactly this entry.
fn has_entry(pid: i32, entry: &[u8]) -> bool {
    let mut environment = Vec::new();
    File::open(format!("/proc/{pid}/environ"))
        .and_then(|file| file.take(MAX_ENVIRONMENT_BYTES).read_to_end(&mut environment))
        .is_ok_and(|_| environment.split(|&byte| byte == 0).any(|found| found == entry))
}
