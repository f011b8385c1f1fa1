//! What processes use, as the kernel counts it (proc(5)).

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use crate::Outcome;

/// Ticks of the processor in a second, which Linux fixes for programs (`USER_HZ`).
const TICKS: u64 = 100;
/// Time between two looks, so that a thread that ends is counted almost to its end.
const LOOK: Duration = Duration::from_millis(250);

/// Watches what processes use of the processor, thread by thread.
pub struct Watch {
    pids: Vec<u32>,
    /// Nanoseconds at the first look and at the newest, by process and thread.
    seen: BTreeMap<(u32, u32), (u64, u64)>,
}

impl Watch {
    /// Begins to watch.
    pub fn begin(pids: &[u32]) -> Self {
        let mut watch = Self { pids: pids.to_vec(), seen: BTreeMap::new() };
        watch.look(true);
        watch
    }

    /// Goes on for so long.
    pub fn on(&mut self, length: Duration) {
        let until = Instant::now() + length;
        while Instant::now() < until {
            std::thread::sleep(LOOK.min(until - Instant::now().min(until)));
            self.look(false);
        }
    }

    /// What one of the processes used since the beginning.
    pub fn used(&self, pid: u32) -> Duration {
        let threads = self.seen.range((pid, 0)..=(pid, u32::MAX));
        Duration::from_nanos(threads.map(|(_, (first, last))| last.saturating_sub(*first)).sum())
    }

    fn look(&mut self, first: bool) {
        for &pid in &self.pids {
            let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { continue };
            for thread in threads.flatten() {
                let id = thread.file_name().to_str().and_then(|name| name.parse().ok());
                let text = fs::read_to_string(thread.path().join("schedstat"));
                let (Some(id), Ok(text)) = (id, text) else { continue };
                let now = text.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0);
                // A thread that was born meanwhile began at nothing.
                let begun = if first { now } else { 0 };
                self.seen.entry((pid, id)).or_insert((begun, now)).1 = now;
            }
        }
    }
}

/// What a thread uses that wakes ten times a second and does nothing, over so long: what waking up
/// costs on this machine at all. On virtual ones it differs by ten.
pub fn only_waking(length: Duration) -> Duration {
    let used = || {
        let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        Duration::from_nanos(text.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0))
    };
    let (until, begun) = (Instant::now() + length, used());
    while Instant::now() < until {
        std::thread::sleep(Duration::from_millis(100));
    }
    used().saturating_sub(begun)
}

/// What ended children of a process used, to 10 ms.
pub fn children(pid: u32) -> Outcome<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name may hold anything, and ends at the last bracket; cutime and cstime are the
    // fields 16 and 17.
    let (_, rest) = stat.rsplit_once(')').ok_or("no stat")?;
    let ticks: u64 =
        rest.split_whitespace().skip(13).take(2).filter_map(|t| t.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 1000 / TICKS))
}

/// Resident memory and its greatest extent, in bytes.
pub fn resident(pid: u32) -> Outcome<(u64, u64)> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let field = |name: &str| -> Outcome<u64> {
        let line = status.lines().find(|line| line.starts_with(name)).ok_or("no such field")?;
        let kilobytes: u64 = line.split_whitespace().nth(1).ok_or("no value")?.parse()?;
        Ok(kilobytes * 1024)
    };
    Ok((field("VmRSS:")?, field("VmHWM:")?))
}

/// The one process whose arguments contain these, in this order.
pub fn with_arguments(wanted: &[&str]) -> Outcome<u32> {
    for entry in fs::read_dir("/proc")?.flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(line) = fs::read(entry.path().join("cmdline")) else { continue };
        let arguments: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
        let is_it = arguments
            .windows(wanted.len())
            .any(|window| window.iter().zip(wanted).all(|(have, want)| *have == want.as_bytes()));
        if is_it {
            return Ok(pid);
        }
    }
    Err(format!("there is no process {}", wanted.join(" ")).into())
}
