//! A state directory that is a copy of one in which processes live.
//!
//! An engine that works in the copy finds the same units without their supervisors, takes what they run
//! for left behind, and ends what serves. So none begins there.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use pilothouse_supervisor::{is_held, life_of};

use super::displaced::{own_processes, state_of, works_on};
use crate::places::Places;

/// A process of the state directory that was copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// Its number.
    pub process: i32,
    /// The state directory that it works in.
    pub state: PathBuf,
}

/// Finds one, among this user's processes.
pub fn original(places: &Places) -> Option<Original> {
    let edge = places.edge();
    let own = edge.parent().unwrap_or(&edge);
    let own = std::path::absolute(own).unwrap_or_else(|_| own.to_owned());
    own_processes().find_map(|(process, proc)| {
        let (dir, is_balancer) = works_on(&proc)?;
        let state = state_of(&dir, is_balancer).filter(|_| !is_balancer)?;
        let copy = own.join(dir.strip_prefix(state).ok()?);
        (is_copy(&dir, &copy) && is_held(&dir))
            .then(|| Original { process, state: state.to_owned() })
    })
}

/// Whether a unit's directory is a copy of another, and not the same one by another name.
fn is_copy(original: &Path, copy: &Path) -> bool {
    let place = |dir: &Path| std::fs::metadata(dir).map(|found| (found.dev(), found.ino()));
    let (Ok(there), Ok(here)) = (place(original), place(copy)) else { return false };
    there != here && life_of(original).is_some_and(|life| life_of(copy) == Some(life))
}
