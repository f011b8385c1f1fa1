//! Whether an edge lives, and which process it is, by the locks that it holds.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use pilothouse_supervisor::lock_holder;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::places::Places;

/// An edge that lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LivingEdge {
    /// What it has locked.
    pub lock: PathBuf,
    /// Its process; none where the kernel names none.
    pub process: Option<i32>,
}

/// What is left to do about it, as the end of a sentence that says what has stopped.
impl std::fmt::Display for LivingEdge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(pid) = self.process {
            return write!(
                f,
                "the load balancer has not: its process {pid} still has its ports; \
                 `kill -KILL {pid}` ends it"
            );
        }
        let lock = self.lock.display();
        write!(
            f,
            "the load balancer has not: some process has {lock} locked and may have its ports; \
             `lsof {lock}` names it, to be ended by `kill`"
        )
    }
}

/// The edge that lives below a state directory. Asking does not disturb it.
pub fn edge(places: &Places) -> io::Result<Option<LivingEdge>> {
    let lock = places.edge_lock();
    // The kernel says 0 of a process that is in no sight of this one.
    let process = lock_holder(&places.edge_process())?.filter(|pid| *pid > 0);
    if process.is_some() {
        return Ok(Some(LivingEdge { lock, process }));
    }
    let file = match File::open(&lock) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(None),
        Err(Errno::WOULDBLOCK) => Ok(Some(LivingEdge { lock, process })),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_tells_that_an_edge_lives_also_where_no_process_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let places = Places::new(temp.path());
        assert_eq!(edge(&places).unwrap(), None);
        std::fs::create_dir_all(places.edge()).unwrap();
        let file = File::create(places.edge_lock()).unwrap();
        assert_eq!(edge(&places).unwrap(), None);
        flock(&file, FlockOperation::LockExclusive).unwrap();
        let living = edge(&places).unwrap().unwrap();
        assert_eq!(living.process, None);
        assert!(living.to_string().contains(&format!("`lsof {}`", living.lock.display())));
        drop(file);
        assert_eq!(edge(&places).unwrap(), None);
    }
}
