//! What a unit uses of the host.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::time::Duration;

use crate::find::Handle;
use crate::proc::stat::{Stat, read_stat};
use crate::proc::tree::{all_numbers, all_processes, descendants};

/// What a unit's processes use at one moment, without the supervisor's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time since the unit began, ended processes included where their
    /// parent waited for them.
    pub cpu: Duration,
    /// Resident memory in bytes. Pages that processes share count for each.
    pub resident_bytes: u64,
    /// How many processes the unit has.
    pub processes: usize,
}

/// Measures a unit, or returns `None` if its supervisor has ended.
pub fn usage(handle: &Handle) -> io::Result<Option<Usage>> {
    Ok(of(handle, &all_processes()?))
}

/// Measures several units again and again, for little.
///
/// What costs is reading every process of the host. So it remembers which of them belong to no
/// unit, and does not read those again: nobody becomes a descendant later than at birth. What a
/// process number stands for is looked up anew now and then, because numbers are used again.
#[derive(Debug, Default)]
pub struct Meter {
    strangers: HashSet<i32>,
    passes: u32,
}

/// Passes after which nothing is taken as known.
const PASSES: u32 = 16;

impl Meter {
    /// Measures the units of these supervisors: `None` where one has ended.
    pub fn measure(&mut self, handles: &[&Handle]) -> io::Result<Vec<Option<Usage>>> {
        if self.passes.is_multiple_of(PASSES) {
            self.strangers.clear();
        }
        self.passes = self.passes.wrapping_add(1);
        let numbers = all_numbers()?;
        self.strangers.retain(|pid| numbers.contains(pid));
        let own: HashSet<i32> = handles.iter().map(|handle| handle.supervisor.pid).collect();
        let read = |pid: &&i32| own.contains(pid) || !self.strangers.contains(pid);
        // A process that ended since is no process any more.
        let processes: BTreeMap<i32, Stat> = numbers
            .iter()
            .filter(read)
            .filter_map(|pid| Some((*pid, read_stat(*pid).ok()?)))
            .collect();
        let roots: Vec<i32> = own.iter().copied().collect();
        let mut members = own;
        members.extend(descendants(&processes, &roots).iter().map(|stat| stat.pid));
        self.strangers.extend(processes.keys().filter(|pid| !members.contains(pid)));
        Ok(handles.iter().map(|handle| of(handle, &processes)).collect())
    }
}

fn of(handle: &Handle, processes: &BTreeMap<i32, Stat>) -> Option<Usage> {
    let supervisor =
        processes.get(&handle.supervisor.pid).filter(|stat| stat.id() == handle.supervisor)?;
    let mut ticks = supervisor.reaped_user_ticks + supervisor.reaped_system_ticks;
    let mut pages = 0;
    let tree = descendants(processes, &[handle.supervisor.pid]);
    for stat in &tree {
        ticks += stat.user_ticks + stat.system_ticks;
        ticks += stat.reaped_user_ticks + stat.reaped_system_ticks;
        pages += stat.resident_pages;
    }
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    Some(Usage {
        cpu: Duration::from_millis(ticks.saturating_mul(1000) / per_second),
        resident_bytes: pages.saturating_mul(rustix::param::page_size() as u64),
        processes: tree.len(),
    })
}
