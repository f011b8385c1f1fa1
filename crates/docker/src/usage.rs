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
    groups: HashMap<i32, (Group, Memory)>,
}

/// What was last read of a container's memory. What the kernel could take back stands in the longest
/// of its files, which is read again only once the sum is another; an idle container's seldom is.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    current: u64,
    cache: u64,
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
        let (group, memory) = match self.groups.entry(pid) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert((Group::of(id, pid)?, Memory::default())),
        };
        let used = group.read(pid, memory);
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

    fn read(&self, pid: i32, known: &mut Memory) -> Option<Usage> {
        let network = network(pid)?;
        let (cpu, current) = match self {
            Self::Unified(dir) => {
                let micros = field(&dir.join("cpu.stat"), "usage_usec")?;
                (Duration::from_micros(micros), number(&dir.join("memory.current"))?)
            }
            Self::Split { cpu, memory } => {
                let nanos = number(&cpu.join("cpuacct.usage"))?;
                (Duration::from_nanos(nanos), number(&memory.join("memory.usage_in_bytes"))?)
            }
        };
        if known.current != current {
            *known = Memory { current, cache: self.cache() };
        }
        Some(Usage { cpu, memory: current.saturating_sub(known.cache), network })
    }

    /// Memory that the kernel could take back at once.
    fn cache(&self) -> u64 {
        let cache = match self {
            Self::Unified(dir) => field(&dir.join("memory.stat"), "inactive_file"),
            Self::Split { memory, .. } => field(&memory.join("memory.stat"), "total_inactive_file"),
        };
        cache.unwrap_or(0)
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
    fn what_could_be_taken_back_is_read_again_only_where_the_sum_is_another() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        write("cpu.stat", "usage_usec 5\n");
        write("memory.current", "100\n");
        write("memory.stat", "anon 1\ninactive_file 40\n");
        let group = Group::Unified(dir.path().to_owned());
        let pid = i32::try_from(std::process::id()).unwrap();
        let mut known = Memory::default();
        let mut memory = || group.read(pid, &mut known).unwrap().memory;
        assert_eq!(memory(), 60);
        write("memory.stat", "inactive_file 50\n");
        assert_eq!(memory(), 60);
        write("memory.current", "110\n");
        assert_eq!(memory(), 60);
        write("memory.current", "111\n");
        assert_eq!(memory(), 61);
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
