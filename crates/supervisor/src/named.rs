//! Ends supervisors by what they were started for, where nothing else leads to them.
//!
//! A program that runs as the user that owns its unit directory can take away or replace all that its
//! supervisor is found by. The arguments of that process are out of its reach.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use crate::ending::freeze_and_kill;
use crate::proc::ProcessId;
use crate::proc::tree::{all_numbers, descendants_of};

/// Ends every supervisor that was started by this verb for a unit's directory, with all that it started.
/// Returns how many those were. Doing it twice is safe.
pub fn end_named(verb: &OsStr, dir: &Path) -> io::Result<usize> {
    let dir = real(dir);
    let mut ended = 0;
    for pid in all_numbers()? {
        // One that has ended since has no arguments.
        let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        if !is_for(&arguments, verb, &dir) || !sees_the_same(pid, &dir) {
            continue;
        }
        let Ok(supervisor) = ProcessId::of(pid) else { continue };
        // It must start nothing again meanwhile. Whoever may not be signalled is left, as elsewhere.
        if !matches!(supervisor.signal(Signal::STOP), Ok(true)) {
            continue;
        }
        freeze_and_kill(|| descendants_of(pid))?;
        ended += usize::from(matches!(supervisor.signal(Signal::KILL), Ok(true)));
    }
    Ok(ended)
}

/// Whether these are the arguments of a supervisor of a directory.
fn is_for(arguments: &[u8], verb: &OsStr, dir: &Path) -> bool {
    let arguments = arguments.strip_suffix(b"\0").unwrap_or(arguments);
    let words: Vec<&[u8]> = arguments.split(|byte| *byte == 0).collect();
    matches!(words.as_slice(), [_, first, .., last]
        if *first == verb.as_bytes() && *last == dir.as_os_str().as_bytes())
}

/// Whether a process sees the same files where a directory is, or was: one in a container can have
/// another directory of that name.
fn sees_the_same(pid: i32, dir: &Path) -> bool {
    let place = |path: &Path| std::fs::metadata(path).map(|found| (found.dev(), found.ino()));
    let there = |path: &Path| {
        Path::new("/proc")
            .join(pid.to_string())
            .join("root")
            .join(path.strip_prefix("/").unwrap_or(path))
    };
    let mut above = dir.ancestors().skip(1).filter_map(|above| Some((above, place(above).ok()?)));
    let Some((above, ours)) = above.next() else { return false };
    place(&there(above)).is_ok_and(|theirs| theirs == ours)
}

/// A directory without links on its way, as far as that can be seen: as a supervisor is told it.
fn real(dir: &Path) -> PathBuf {
    let found = dir.ancestors().skip(1).find_map(|above| {
        let rest = dir.strip_prefix(above).ok()?;
        Some(std::fs::canonicalize(above).ok()?.join(rest))
    });
    found.unwrap_or_else(|| dir.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_the_same_where_one_sees_them_so() {
        let temp = tempfile::tempdir().unwrap();
        let own = rustix::process::getpid().as_raw_pid();
        let dir = temp.path().join("runs/1/steps/0");
        assert!(sees_the_same(own, &dir), "also where it is gone");
        assert!(!sees_the_same(i32::MAX, &dir), "nobody sees anything");
    }

    #[test]
    fn arguments_name_one_directory() {
        let is = |arguments: &str| {
            is_for(arguments.as_bytes(), OsStr::new("supervise"), Path::new("/s/runs/1/steps/0"))
        };
        assert!(is("pilothouse\0supervise\0/s/runs/1/steps/0\0"));
        assert!(!is("pilothouse\0supervise\0/s/runs/1/steps/01\0"));
        assert!(!is("sh\0-c\0/s/runs/1/steps/0\0"));
        assert!(!is("supervise\0/s/runs/1/steps/0\0") && !is(""));
    }
}
