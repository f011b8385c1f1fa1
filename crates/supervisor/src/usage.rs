//! What a unit uses of the host.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use crate::find::Handle;
use crate::proc::stat::Stat;
use crate::proc::tree::{all_processes, descendants};

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

/// Measures several units with one look at the host's processes, which is what costs: `None`
/// where a supervisor has ended.
pub fn usages<'a>(handles: impl IntoIterator<Item = &'a Handle>) -> io::Result<Vec<Option<Usage>>> {
    let processes = all_processes()?;
    Ok(handles.into_iter().map(|handle| of(handle, &processes)).collect())
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
