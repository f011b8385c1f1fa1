//! What containers use of the host, read from the kernel and not asked of the engine.
//!
//! Asking an engine for its statistics keeps it busy; the kernel keeps the same figures in files
//! that cost next to nothing to read: control groups of either version (cgroups(7)), and the
//! network counters of the container's first process (proc(5)).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a container uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time since it started.
    pub cpu: Duration,
    /// Memory in bytes, without what the kernel could take back at once.
    pub memory: u64,
    /// Bytes that it received and sent, on every interface but its own loopback.
    pub network: (u64, u64),
}

/// Measures containers again and again, and looks up their control groups only once.
#[derive(Debug, Default)]
pub struct Meter {
    groups: HashMap<i32, Group>,
}

#[derive(Debug)]
enum Group {
    /// Version 2: one directory.
    Unified(PathBuf),
    /// Version 1: one for processors, one for memory.
    Split { cpu: PathBuf, memory: PathBuf },
}

impl Meter {
    /// Measures the container with this id, whose first process has this number; none once it is
    /// gone, whoever has the number then.
    pub fn measure(&mut self, id: &str, pid: i32) -> Option<Usage> {
        let group = match self.groups.entry(pid) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(Group::of(id, pid)?),
        };
        let used = group.read(pid);
        if used.is_none() {
            self.groups.remove(&pid);
        }
        used
    }

    /// Forgets all others.
    pub fn keep(&mut self, pids: &[i32]) {
        self.groups.retain(|pid, _| pids.contains(pid));
    }
}

impl Group {
    fn of(id: &str, pid: i32) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
        // An engine calls its groups by it.
        if !text.contains(id) {
            return None;
        }
        let mut unified = None;
        let (mut cpu, mut memory) = (None, None);
        for line in text.lines() {
            let (_, rest) = line.split_once(':')?;
            let (controllers, path) = rest.split_once(':')?;
            let path = path.trim_start_matches('/');
            match controllers {
                "" => unified = Some(path.to_owned()),
                names if names.split(',').any(|name| name == "cpuacct") => {
                    cpu = Some(Path::new("/sys/fs/cgroup/cpuacct").join(path));
                }
                "memory" => memory = Some(Path::new("/sys/fs/cgroup/memory").join(path)),
                _ => {}
            }
        }
        match (cpu, memory) {
            (Some(cpu), Some(memory)) => Some(Self::Split { cpu, memory }),
            _ => Some(Self::Unified(Path::new("/sys/fs/cgroup").join(unified?))),
        }
    }

    fn read(&self, pid: i32) -> Option<Usage> {
        let network = network(pid)?;
        let (cpu, memory) = match self {
            Self::Unified(dir) => {
                let micros = field(&dir.join("cpu.stat"), "usage_usec")?;
                let current = number(&dir.join("memory.current"))?;
                let cache = field(&dir.join("memory.stat"), "inactive_file").unwrap_or(0);
                (Duration::from_micros(micros), current.saturating_sub(cache))
            }
            Self::Split { cpu, memory } => {
                let nanos = number(&cpu.join("cpuacct.usage"))?;
                let current = number(&memory.join("memory.usage_in_bytes"))?;
                let stat = memory.join("memory.stat");
                let cache = field(&stat, "total_inactive_file").unwrap_or(0);
                (Duration::from_nanos(nanos), current.saturating_sub(cache))
            }
        };
        Some(Usage { cpu, memory, network })
    }
}

fn number(path: &Path) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn field(path: &Path, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

/// Bytes received and sent, by `/proc/PID/net/dev`.
fn network(pid: i32) -> Option<(u64, u64)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/net/dev")).ok()?;
    Some(of_interfaces(&text))
}

fn of_interfaces(text: &str) -> (u64, u64) {
    let (mut received, mut sent) = (0u64, 0u64);
    for line in text.lines() {
        let Some((name, counts)) = line.split_once(':') else { continue };
        if name.trim() == "lo" {
            continue;
        }
        let counts: Vec<u64> =
            counts.split_whitespace().filter_map(|count| count.parse().ok()).collect();
        received = received.saturating_add(counts.first().copied().unwrap_or(0));
        sent = sent.saturating_add(counts.get(8).copied().unwrap_or(0));
    }
    (received, sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_are_added_up_without_loopback() {
        let text = "Inter-|   Receive\n face |bytes packets\n    lo: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n  \
                    eth0: 100 2 0 0 0 0 0 0 7 1 0 0 0 0 0 0\n  eth1:1 2 0 0 0 0 0 0 3 1 0 0 0 0 0 0\n";
        assert_eq!(of_interfaces(text), (101, 10));
        assert_eq!(of_interfaces(""), (0, 0));
    }

    #[test]
    fn nobody_is_measured_once_gone() {
        assert_eq!(Meter::default().measure("", i32::MAX), None);
    }

    #[test]
    fn whoever_has_a_number_by_now_is_not_taken_for_a_container() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(Group::of("", own).is_some());
        assert!(Group::of("0123456789ab", own).is_none());
    }
}
