//! A state directory that is a copy of one in which processes live.
//!
//! An engine that works in the copy finds the same units without their supervisors, takes what they run
//! for left behind, and ends what serves; its load balancer takes the same addresses. So none begins
//! there, whatever either has done since.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use pilothouse_supervisor::read_regular;

use super::displaced::{own_processes, state_of, works_on};
use crate::places::Places;

/// The file of a state directory whose random text no other one has, unless it is a copy.
pub(crate) const NAME: &str = "probe-token";

/// A process of the state directory that was copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// Its number.
    pub process: i32,
    /// The state directory that it works in.
    pub state: PathBuf,
}

/// Finds one, among this user's processes: a supervisor or a load balancer.
pub fn original(places: &Places) -> Option<Original> {
    let edge = places.edge();
    let own = edge.parent().unwrap_or(&edge);
    let (here, name) = (place(own)?, name_of(own)?);
    own_processes().find_map(|(process, proc)| {
        let (dir, is_balancer) = works_on(&proc)?;
        let state = state_of(&dir, is_balancer)?;
        // It may see other files by that name.
        let seen = proc.join("root").join(state.strip_prefix("/").ok()?);
        let is_copied = place(&seen)? != here && name_of(&seen)? == name;
        is_copied.then(|| Original { process, state: state.to_owned() })
    })
}

/// Which directory it is, by whichever name.
fn place(dir: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(dir).ok().map(|found| (found.dev(), found.ino()))
}

fn name_of(state: &Path) -> Option<Vec<u8>> {
    read_regular(&state.join(NAME)).ok().flatten().filter(|text| !text.is_empty())
}
