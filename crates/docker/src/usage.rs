//! What containers use of the host, read from the kernel and not asked of the engine.
//!
//! Asking an engine for its statistics keeps it busy; the kernel keeps the same figures in files
//! that cost next to nothing to read: control groups of either version (cgroups(7)), and the
//! network counters of the container's first process (proc(5)).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Resource, getrlimit};

/// What is read of a file at most: the counters of some four hundred interfaces.
const MOST: usize = 64 << 10;
/// The part of the files that the process may have open that are held open, one of so many.
const PART: u64 = 4;
/// Files of one container.
const FILES: u64 = 3;

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

/// Measures containers again and again. It looks up their control groups only once, and holds the
/// files open as far as there is room: to open one costs many times what reading it does.
#[derive(Debug)]
pub struct Meter {
    groups: HashMap<i32, Group>,
    /// The containers whose files may be held open.
    held: usize,
    /// How the kernel is asked, so that nothing is allocated for it.
    buffer: Vec<u8>,
}

/// What was last read of a container's memory. What the kernel could take back stands in the longest
/// of its files, which is read again only once the sum is another; an idle container's seldom is.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    current: u64,
    cache: u64,
}

/// Where the kernel tells of one container.
#[derive(Debug)]
struct Group {
    is_unified: bool,
    cpu: Source,
    current: Source,
    network: Source,
    /// The longest file; see [`Memory`].
    stat: PathBuf,
    known: Memory,
}

/// A file of the kernel's that is read again and again.
#[derive(Debug)]
struct Source {
    path: PathBuf,
    /// Held open. That of a group that is gone can be read no more, whoever has its name then.
    file: Option<File>,
}

impl Default for Meter {
    fn default() -> Self {
        let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let held = usize::try_from(files / PART / FILES).unwrap_or(usize::MAX);
        Self { groups: HashMap::new(), held, buffer: vec![0; MOST] }
    }
}

impl Meter {
    /// Measures the container with this id, whose first process has this number; none once it is
    /// gone, whoever has the number then.
    pub fn measure(&mut self, id: &str, pid: i32) -> Option<Usage> {
        let is_held = self.groups.len() < self.held;
        let group = match self.groups.entry(pid) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(Group::of(id, pid)?.hold(is_held)),
        };
        let used = group.read(&mut self.buffer);
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
            (Some(cpu), Some(memory)) => Some(Self::split(&cpu, &memory, pid)),
            _ => Some(Self::unified(&Path::new("/sys/fs/cgroup").join(unified?), pid)),
        }
    }

    /// Version 2: one directory.
    fn unified(dir: &Path, pid: i32) -> Self {
        Self::at(dir.join("cpu.stat"), dir.join("memory.current"), dir.join("memory.stat"), pid)
    }

    /// Version 1: one for processors, one for memory.
    fn split(cpu: &Path, memory: &Path, pid: i32) -> Self {
        let (current, stat) = (memory.join("memory.usage_in_bytes"), memory.join("memory.stat"));
        Self { is_unified: false, ..Self::at(cpu.join("cpuacct.usage"), current, stat, pid) }
    }

    fn at(cpu: PathBuf, current: PathBuf, stat: PathBuf, pid: i32) -> Self {
        Self {
            is_unified: true,
            cpu: Source::at(cpu),
            current: Source::at(current),
            network: Source::at(format!("/proc/{pid}/net/dev").into()),
            stat,
            known: Memory::default(),
        }
    }

    /// Holds its files open, if it is to. One that cannot be opened now is gone, or opened by each
    /// reading.
    fn hold(mut self, is_held: bool) -> Self {
        if is_held {
            for source in [&mut self.cpu, &mut self.current, &mut self.network] {
                source.file = File::open(&source.path).ok();
            }
        }
        self
    }

    /// Reads the processor's file first: it goes with the group, and what is held of a network
    /// outlives it.
    fn read(&mut self, buffer: &mut [u8]) -> Option<Usage> {
        let cpu = if self.is_unified {
            Duration::from_micros(field(self.cpu.read(buffer)?, "usage_usec")?)
        } else {
            Duration::from_nanos(number(self.cpu.read(buffer)?)?)
        };
        let current = number(self.current.read(buffer)?)?;
        let network = of_interfaces(self.network.read(buffer)?);
        if self.known.current != current {
            self.known = Memory { current, cache: self.cache() };
        }
        Some(Usage { cpu, memory: current.saturating_sub(self.known.cache), network })
    }

    /// Memory that the kernel could take back at once.
    fn cache(&self) -> u64 {
        let name = if self.is_unified { "inactive_file" } else { "total_inactive_file" };
        let text = std::fs::read_to_string(&self.stat).unwrap_or_default();
        field(&text, name).unwrap_or(0)
    }
}

impl Source {
    fn at(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// What it says now.
    fn read<'a>(&self, buffer: &'a mut [u8]) -> Option<&'a str> {
        match &self.file {
            Some(file) => whole(file, buffer),
            None => whole(&File::open(&self.path).ok()?, buffer),
        }
    }
}

/// A file from its beginning, which the kernel gives out a page at a time.
fn whole<'a>(file: &File, buffer: &'a mut [u8]) -> Option<&'a str> {
    let mut end = 0;
    loop {
        match file.read_at(buffer.get_mut(end..)?, u64::try_from(end).ok()?).ok()? {
            0 => return std::str::from_utf8(buffer.get(..end)?).ok(),
            count => end += count,
        }
    }
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

/// Bytes received and sent, by `/proc/PID/net/dev`.
fn of_interfaces(text: &str) -> (u64, u64) {
    let (mut received, mut sent) = (0u64, 0u64);
    for line in text.lines() {
        let Some((name, counts)) = line.split_once(':') else { continue };
        if name.trim() == "lo" {
            continue;
        }
        let mut counts = counts.split_whitespace();
        let mut count = |place| counts.nth(place).and_then(|count| count.parse().ok()).unwrap_or(0);
        // The first and the ninth.
        received = received.saturating_add(count(0));
        sent = sent.saturating_add(count(7));
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
        let pid = i32::try_from(std::process::id()).unwrap();
        let mut group = Group::unified(dir.path(), pid);
        let mut memory = || group.read(&mut vec![0; MOST]).unwrap().memory;
        assert_eq!(memory(), 60);
        write("memory.stat", "inactive_file 50\n");
        assert_eq!(memory(), 60);
        write("memory.current", "110\n");
        assert_eq!(memory(), 60);
        write("memory.current", "111\n");
        assert_eq!(memory(), 61);
    }

    #[test]
    fn what_is_held_open_is_read_anew_and_not_opened_again() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        write("cpu.stat", "usage_usec 5\n");
        write("memory.current", "100\n");
        let pid = i32::try_from(std::process::id()).unwrap();
        let mut buffer = vec![0; MOST];
        let mut held = Group::unified(dir.path(), pid).hold(true);
        let mut opened = Group::unified(dir.path(), pid).hold(false);
        for (text, micros) in [("usage_usec 5\n", 5), ("usage_usec 123456\nuser_usec 1\n", 123_456)]
        {
            write("cpu.stat", text);
            for group in [&mut held, &mut opened] {
                let used = group.read(&mut buffer).unwrap();
                assert_eq!((used.cpu, used.memory), (Duration::from_micros(micros), 100));
            }
        }
        std::fs::remove_file(dir.path().join("cpu.stat")).unwrap();
        assert_eq!(opened.read(&mut buffer), None);
        assert!(held.read(&mut buffer).is_some(), "it was opened again");
    }

    #[test]
    fn no_more_is_held_open_than_there_is_room_for() {
        let pid = i32::try_from(std::process::id()).unwrap();
        for (held, is_held) in [(0, false), (1, true)] {
            let mut meter = Meter { held, ..Meter::default() };
            if meter.measure("", pid).is_some() {
                assert_eq!(meter.groups[&pid].cpu.file.is_some(), is_held);
            }
        }
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
