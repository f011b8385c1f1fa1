//! Who descends from whom, by one pass over `/proc`.

use std::collections::{BTreeMap, HashSet};
use std::io;

use super::stat::{Stat, read_stat};

/// Reads every process of the host that can be read.
///
/// The result is not a moment in time: processes start and end during the pass.
/// Who needs certainty stops what was found and looks again.
pub(crate) fn all_processes() -> io::Result<BTreeMap<i32, Stat>> {
    let numbers = all_numbers()?;
    // A process that ended since is no process any more.
    Ok(numbers.into_iter().filter_map(|pid| Some((pid, read_stat(pid).ok()?))).collect())
}

/// The number of every process of the host.
pub(crate) fn all_numbers() -> io::Result<HashSet<i32>> {
    let entries = std::fs::read_dir("/proc")?.flatten();
    Ok(entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect())
}

/// Finds the living descendants of some processes, without those themselves.
pub(crate) fn descendants(processes: &BTreeMap<i32, Stat>, roots: &[i32]) -> Vec<Stat> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for stat in processes.values() {
        children.entry(stat.parent).or_default().push(stat.pid);
    }
    let mut seen: HashSet<i32> = roots.iter().copied().collect();
    let mut open: Vec<i32> = roots.to_vec();
    let mut found = Vec::new();
    while let Some(parent) = open.pop() {
        for &child in children.get(&parent).map_or(&[][..], Vec::as_slice) {
            if seen.insert(child) {
                open.push(child);
                found.extend(processes.get(&child).filter(|stat| !stat.is_dead()));
            }
        }
    }
    found
}

/// Finds the living descendants of one process by a fresh pass.
pub(crate) fn descendants_of(pid: i32) -> io::Result<Vec<Stat>> {
    Ok(descendants(&all_processes()?, &[pid]))
}
