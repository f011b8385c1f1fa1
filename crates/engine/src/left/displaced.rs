//! Processes of an engine of before that have not what they had locked: their state directory was
//! removed, moved away or put back while they ran.
//!
//! Nobody may work there beside them. A supervisor whose lock is another file by now is taken for
//! dead, so that what it runs would be ended, and two engines would share a load balancer.

use std::ffi::OsStr;
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
    let pids: Vec<String> = all.iter().map(|one| one.process.to_string()).collect();
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
    // As an engine names them to what it starts.
    let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
    let (balancer, units) =
        (absolute(places.edge()), [absolute(places.instances()), absolute(places.runs())]);
    let works_on = |proc: &Path| {
        let (dir, is_balancer) = works_on(proc)?;
        let is_it = if is_balancer {
            dir == balancer
        } else {
            units.iter().any(|units| dir.starts_with(units))
        };
        is_it.then_some((dir, is_balancer))
    };
    let own = nix::unistd::geteuid().as_raw();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    // Of one that sees other files at these paths, as in a container, nothing is said here.
    let (root, mounts) = (Path::new("/proc/self/root"), Path::new("/proc/self/ns/mnt"));
    let sees_the_same = |proc: &Path| {
        let is_same = |own: &Path, link: &str| {
            let theirs = std::fs::read_link(proc.join(link));
            matches!((std::fs::read_link(own), theirs), (Ok(own), Ok(theirs)) if own == theirs)
        };
        is_same(root, "root") && is_same(mounts, "ns/mnt")
    };
    let is_own = |entry: &std::fs::DirEntry| {
        entry.metadata().is_ok_and(|one| one.uid() == own) && sees_the_same(&entry.path())
    };
    let numbered = entries.filter_map(|entry| {
        let process: i32 = entry.file_name().to_str()?.parse().ok()?;
        is_own(&entry).then_some((process, entry.path()))
    });
    let found = numbered.filter_map(|(process, proc)| {
        let (dir, is_balancer) = works_on(&proc)?;
        let has_lock = if is_balancer {
            edge(places)
                .ok()
                .flatten()
                .is_some_and(|edge| edge.process.is_none_or(|it| it == process))
        } else {
            is_held(&dir)
        };
        // One that has ended meanwhile has no lock either.
        let lives_on = !has_lock && works_on(&proc).is_some();
        lives_on.then_some(Displaced { process, dir })
    });
    found.take(MOST).collect()
}

/// What a process was started to supervise, or where it has what it balances.
fn works_on(proc: &Path) -> Option<(PathBuf, bool)> {
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
        let begun = |before: &[&str], unit: PathBuf| {
            let mut words = before.iter().copied().chain(["sh", "supervise"]);
            let mut command = Command::new(words.next().unwrap());
            command.args(words).arg(unit).current_dir(temp.path());
            let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let mut child = Ends(child);
            let mut said = [0; 5];
            std::io::Read::read_exact(child.0.stdout.as_mut().unwrap(), &mut said).unwrap();
            child
        };
        let unit = places.instances().join("shop-production-r1-0/unit");
        let own = begun(&[], unit.clone());
        let _other = begun(&[], temp.path().join("state2/instances/shop-production-r1-0/unit"));
        let process = i32::try_from(own.0.id()).unwrap();
        assert_eq!(look(&places), [Displaced { process, dir: unit.clone() }]);
        assert_eq!(end_displaced(&look(&places)), format!("kill {process}"));
        drop(own);
        assert_eq!(look(&places), []);
        // One that sees other files there has another directory of the same name.
        if nix::unistd::geteuid().is_root() {
            let _apart = begun(&["unshare", "--mount"], unit);
            assert_eq!(look(&places), []);
        }
    }
}
