//! What a unit is made of now: what it was told to be, and its processes.

use std::io;
use std::path::Path;

use crate::find::Handle;
use crate::proc::stat::Stat;
use crate::proc::tree::{all_processes, descendants};
use crate::spec::Spec;
use crate::unit::{self, StoredSpec};

/// A process of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// The process that it descends from.
    pub parent: i32,
    /// What it calls itself. Any program can choose that, and it is no printable text.
    pub name: String,
    /// Its resident memory in bytes.
    pub resident_bytes: u64,
}

/// The unit's processes without its supervisor, by number. None once that has ended.
pub fn processes(handle: &Handle) -> io::Result<Vec<Process>> {
    let all = all_processes()?;
    let lives = all.get(&handle.supervisor.pid).is_some_and(|stat| stat.id() == handle.supervisor);
    if !lives {
        return Ok(Vec::new());
    }
    let mut own: Vec<Process> =
        descendants(&all, &[handle.supervisor.pid]).iter().map(process).collect();
    own.sort_by_key(|process| process.pid);
    Ok(own)
}

fn process(stat: &Stat) -> Process {
    let name = std::fs::read(format!("/proc/{}/comm", stat.pid)).unwrap_or_default();
    Process {
        pid: stat.pid,
        parent: stat.parent,
        name: String::from_utf8_lossy(&name).trim_end_matches('\n').to_owned(),
        resident_bytes: stat.resident_pages.saturating_mul(rustix::param::page_size() as u64),
    }
}

/// What a unit was told to be, without its secrets, which are in no file.
pub fn spec_of(dir: &Path) -> io::Result<Spec> {
    let stored = unit::read_json::<StoredSpec>(&unit::spec_path(dir))?;
    let missing = || io::Error::new(io::ErrorKind::NotFound, "it has no specification");
    stored.map(|stored| stored.spec).ok_or_else(missing)
}
