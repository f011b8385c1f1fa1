//! Processes of an engine of before that have not what they had locked: their state directory was
//! removed, moved away or put back while they ran.
//!
//! Nobody may work there beside them. A supervisor whose lock is another file by now is taken for
//! dead, so that what it runs would be ended, and two engines would share a load balancer.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pilothouse_supervisor::is_held;

use super::edge;
use crate::places::Places;

/// How long a process may take from its start until it has its lock.
const WITHIN: Duration = Duration::from_secs(2);
/// Time between two looks.
const STEP: Duration = Duration::from_millis(50);
/// Processes that are told at most.
const MOST: usize = 100;

/// Such a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Displaced {
    /// Its number.
    pub process: i32,
    /// What it works on: a unit's directory, or the load balancer's.
    pub dir: PathBuf,
}

/// What ends such processes, as a shell takes it.
pub fn end_displaced(all: &[Displaced]) -> String {
    let pids: Vec<i32> = all.iter().map(|one| one.process).collect();
    kill(&pids)
}

/// What ends processes, as a shell takes it.
pub(super) fn kill(processes: &[i32]) -> String {
    let pids: Vec<String> = processes.iter().map(ToString::to_string).collect();
    format!("kill {}", pids.join(" "))
}

/// Finds them, among this user's processes. One that only starts is waited for.
pub fn displaced(places: &Places) -> Vec<Displaced> {
    let until = Instant::now() + WITHIN;
    loop {
        let found = look(places);
        if found.is_empty() || Instant::now() >= until {
            return found;
        }
        std::thread::sleep(STEP);
    }
}

fn look(places: &Places) -> Vec<Displaced> {
    let edge_dir = places.edge();
    let state = edge_dir.parent().unwrap_or(&edge_dir);
    let state = std::path::absolute(state).unwrap_or_else(|_| state.to_owned());
    let here = place(Path::new("/"), &state);
    let found = own_processes().filter_map(|(process, proc)| {
        let (dir, is_balancer) = works_on(&proc)?;
        let theirs = state_of(&dir, is_balancer)?;
        // One that sees other files there, as in a container, has another directory of that name; and
        // one directory may have two names. Where that cannot be told the name counts.
        let is_it = match (&here, place(&proc.join("root"), theirs)) {
            (Some(here), Some(there)) => *here == there,
            _ => theirs == state,
        };
        let has_lock = if is_balancer {
            edge(places)
                .ok()
                .flatten()
                .is_some_and(|edge| edge.process.is_none_or(|it| it == process))
        } else {
            is_held(&dir)
        };
        // One that has ended meanwhile has no lock either.
        let lives_on = is_it && !has_lock && works_on(&proc).is_some();
        lives_on.then_some(Displaced { process, dir })
    });
    found.take(MOST).collect()
}

/// This user's processes, and where proc(5) tells of each. Root may end anybody's.
pub(super) fn own_processes() -> impl Iterator<Item = (i32, PathBuf)> {
    let own = nix::unistd::geteuid().as_raw();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let is_own = move |entry: &std::fs::DirEntry| {
        entry.metadata().is_ok_and(|one| own == 0 || one.uid() == own)
    };
    entries.filter_map(move |entry| {
        let process: i32 = entry.file_name().to_str()?.parse().ok()?;
        is_own(&entry).then_some((process, entry.path()))
    })
}

/// The state directory that a unit's or the load balancer's directory stands in.
pub(super) fn state_of(dir: &Path, is_balancer: bool) -> Option<&Path> {
    if is_balancer {
        return dir.parent();
    }
    let is_part =
        |dir: &&Path| dir.file_name().is_some_and(|name| name == "instances" || name == "runs");
    dir.ancestors().skip(1).find(is_part)?.parent()
}

/// Which directory is at a path below a root: itself, or, where it is gone, the one that it was in and
/// its name there.
fn place(root: &Path, path: &Path) -> Option<(u64, u64, Option<OsString>)> {
    let below = |path: &Path| root.join(path.strip_prefix("/").unwrap_or(path));
    match std::fs::metadata(below(path)) {
        Ok(found) => Some((found.dev(), found.ino(), None)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let found = std::fs::metadata(below(path.parent()?)).ok()?;
            Some((found.dev(), found.ino(), path.file_name().map(OsStr::to_owned)))
        }
        Err(_) => None,
    }
}

/// What a process was started to supervise, or where it has what it balances.
pub(super) fn works_on(proc: &Path) -> Option<(PathBuf, bool)> {
    let line = std::fs::read(proc.join("cmdline")).ok()?;
    let words: Vec<&OsStr> = line.split(|byte| *byte == 0).map(OsStr::from_bytes).collect();
    match words.get(1..)? {
        [verb, dir, ..] if *verb == "supervise" => Some((PathBuf::from(dir), false)),
        [verb, option, dir, ..] if *verb == "edge" && *option == "--dir" => {
            Some((PathBuf::from(dir), true))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// Ends a process with its test.
    struct Ends(Child);

    impl Drop for Ends {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    #[test]
    fn what_works_on_the_same_directory_without_a_lock_is_found_and_nothing_else() {
        let temp = tempfile::tempdir().unwrap();
        std::fs::write(temp.path().join("supervise"), "echo began\nread -r line\n").unwrap();
        let places = Places::new(temp.path().join("state"));
        let begun_by = |words: &[&str], unit: &Path| {
            let mut command = Command::new(words[0]);
            command.args(&words[1..]).arg(unit).current_dir(temp.path());
            let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let mut child = Ends(child);
            let mut said = [0; 5];
            std::io::Read::read_exact(child.0.stdout.as_mut().unwrap(), &mut said).unwrap();
            child
        };
        let begun = |before: &[&str], unit: PathBuf| {
            begun_by(&[before, &["sh", "supervise"]].concat(), &unit)
        };
        let unit = places.instances().join("shop-production-r1-0/unit");
        let own = begun(&[], unit.clone());
        let _other = begun(&[], temp.path().join("state2/instances/shop-production-r1-0/unit"));
        let process = i32::try_from(own.0.id()).unwrap();
        assert_eq!(look(&places), [Displaced { process, dir: unit.clone() }]);
        assert_eq!(end_displaced(&look(&places)), format!("kill {process}"));
        drop(own);
        assert_eq!(look(&places), []);
        // One of its own mounts that sees the same files is one of them, by whichever name.
        let link = temp.path().join("link");
        std::os::unix::fs::symlink(temp.path(), &link).unwrap();
        let by_link = link.join("state/instances/shop-production-r1-0/unit");
        let named = begun(&[], by_link.clone());
        assert_eq!(look(&places).iter().map(|one| &one.dir).collect::<Vec<_>>(), [&by_link]);
        drop(named);
        if nix::unistd::geteuid().is_root() {
            let apart = begun(&["unshare", "--mount"], unit.clone());
            assert_eq!(look(&places).len(), 1);
            drop(apart);
            // One that sees other files there has another directory of the same name.
            let state = temp.path().join("state");
            std::fs::create_dir(&state).unwrap();
            let hides = "mount -t tmpfs none \"$1\" && exec sh supervise \"$2\"";
            let state = state.to_str().unwrap();
            let _other = begun_by(&["unshare", "--mount", "sh", "-c", hides, "sh", state], &unit);
            assert_eq!(look(&places), []);
        }
    }
}
