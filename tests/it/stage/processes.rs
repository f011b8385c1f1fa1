//! What runs on this machine, as `/proc` tells.

use std::path::Path;

use rustix::process::{Pid, Signal};

/// A process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Its id.
    pub pid: u32,
    /// Its arguments, with spaces between.
    pub line: String,
}

/// All processes but this one that have a directory in their arguments, their environment or as
/// their place. One that is dead and not yet waited for is none.
pub fn of(dir: &Path) -> Vec<Running> {
    let needle = dir.to_str().unwrap();
    all()
        .filter(|process| {
            let place = Path::new("/proc").join(process.pid.to_string());
            let environ = std::fs::read(place.join("environ")).unwrap_or_default();
            let cwd = std::fs::read_link(place.join("cwd")).unwrap_or_default();
            process.line.contains(needle)
                || String::from_utf8_lossy(&environ).contains(needle)
                || cwd.starts_with(dir)
        })
        .collect()
}

/// Those of a directory but for git, which an engine calls again and again for a moment.
pub fn lasting(dir: &Path) -> Vec<Running> {
    let mut all = of(dir);
    all.retain(|process| !process.line.contains("git"));
    all
}

/// The living supervisors of instances below a directory.
pub fn supervisors(dir: &Path) -> Vec<Running> {
    let wanted = format!("supervise {}", dir.join("state/instances").display());
    all().filter(|process| process.line.contains(&wanted)).collect()
}

/// All processes whose arguments are these.
pub fn named(line: &str) -> Vec<u32> {
    all().filter(|process| process.line == line).map(|process| process.pid).collect()
}

/// The one process below a directory whose arguments contain a text.
#[track_caller]
pub fn one(dir: &Path, text: &str) -> u32 {
    let found: Vec<Running> =
        of(dir).into_iter().filter(|process| process.line.contains(text)).collect();
    let [one] = found.as_slice() else { panic!("not one process with {text}: {found:#?}") };
    one.pid
}

/// The processes below one, by their parents.
pub fn below(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists =
        tasks.map(|task| std::fs::read_to_string(task.path().join("children")).unwrap_or_default());
    let children: Vec<u32> = lists
        .flat_map(|list| {
            list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>()
        })
        .collect();
    let mut found = children.clone();
    found.extend(children.into_iter().flat_map(below));
    found
}

fn all() -> impl Iterator<Item = Running> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let line = std::fs::read(entry.path().join("cmdline")).ok()?;
        // A dead process has no arguments any more.
        (pid != std::process::id() && !line.is_empty()).then(|| Running {
            pid,
            line: String::from_utf8_lossy(&line).replace('\0', " ").trim_end().to_owned(),
        })
    })
}

/// Sends a signal. A process that is gone has nothing to hear.
pub fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    let _ = rustix::process::kill_process(pid, signal);
}

/// Whether a process is stopped, as by `SIGSTOP`.
pub fn is_stopped(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('T'))
}

/// The most resident memory that a living process ever had, in bytes.
pub fn memory(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}
