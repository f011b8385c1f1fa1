//! Ends sets of processes that may still be multiplying.
//!
//! Killing one by one loses against a program that forks faster. So whole process
//! groups are killed at once, and what is left, in groups that keep changing, is
//! frozen first, until a pass over `/proc` finds nothing new, and then killed; no
//! process can catch either signal.

use std::collections::BTreeSet;
use std::io;

use rustix::process::{Pid, Signal};

use crate::proc::ProcessId;
use crate::proc::stat::Stat;

/// How often one freeze looks for processes that were created meanwhile.
const MAX_FREEZE_PASSES: usize = 32;

/// Kills what `find` finds, however it multiplies. Returns which processes those were.
///
/// Processes that may not be signalled, such as those that changed their user,
/// are left; the caller's next look finds them again.
pub(crate) fn freeze_and_kill(
    mut find: impl FnMut() -> io::Result<Vec<Stat>>,
) -> io::Result<BTreeSet<ProcessId>> {
    let mut killed = kill_groups(&find()?);
    let mut frozen = BTreeSet::new();
    for _ in 0..MAX_FREEZE_PASSES {
        let before = frozen.len();
        let found = find()?;
        killed.append(&mut kill_groups(&found));
        for id in found.iter().map(Stat::id) {
            if frozen.insert(id) {
                // A process that is gone or may not be signalled needs no freezing.
                let _ = id.signal(Signal::STOP);
            }
        }
        if frozen.len() == before {
            break;
        }
    }
    frozen.retain(|id| matches!(id.signal(Signal::KILL), Ok(true)));
    killed.append(&mut frozen);
    Ok(killed)
}

/// Kills the whole process group of each process, in one step per group.
///
/// The kernel signals a group as one and lets no member fork out of it meanwhile,
/// so this wins against processes that live shorter than a look at them takes.
/// A unit's processes begin in a session of their own, and a group never reaches
/// beyond its session, so no stranger is in any of these groups.
fn kill_groups(processes: &[Stat]) -> BTreeSet<ProcessId> {
    let own = rustix::process::getpgrp();
    let mut killed = BTreeSet::new();
    let groups: BTreeSet<i32> = processes.iter().map(|stat| stat.group).collect();
    for group in groups.into_iter().filter_map(Pid::from_raw).filter(|&group| group != own) {
        if rustix::process::kill_process_group(group, Signal::KILL).is_ok() {
            let members = processes.iter().filter(|stat| stat.group == group.as_raw_pid());
            killed.extend(members.map(Stat::id));
        }
    }
    killed
}

/// Sends a signal once to each process, and lets those go on that are stopped.
pub(crate) fn ask(processes: &[Stat], signal: Signal) {
    for stat in processes {
        // As above: who cannot be asked is killed when the grace is over.
        let _ = stat.id().signal(signal);
        let _ = stat.id().signal(Signal::CONT);
    }
}
