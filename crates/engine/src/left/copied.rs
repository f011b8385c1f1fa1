//! A state directory that is a copy of one whose processes live.
//!
//! An engine that works in the copy finds the same units without their supervisors, takes what they run
//! for left behind, and ends what serves; its load balancer takes the same addresses. So none begins
//! there, whatever either has done since, and wherever the other one is by now.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use pilothouse_core::text::shell_word;
use pilothouse_supervisor::read_regular;

use super::displaced::{kill, own_processes, state_of, works_on};
use crate::places::Places;

/// The variable by which supervisors and the load balancer tell whose they are: the engine's id, which
/// no other state directory has, unless it is a copy. What is supervised does not get it.
pub(crate) const ENGINE_VARIABLE: &str = "PILOTHOUSE_ENGINE_ID";
/// Processes that are told at most.
const MOST: usize = 100;

/// Processes of the state directory that was copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// Their numbers; at least one.
    processes: Vec<i32>,
    /// The state directory that they work in.
    state: PathBuf,
    /// Whether that is gone from its place.
    is_gone: bool,
}

impl Original {
    /// What is wrong with the copy, as the end of a sentence that begins with its path.
    pub fn found(&self) -> String {
        let (state, count) = (self.state.display(), self.processes.len());
        if self.is_gone {
            return format!(
                "was or is a copy of {state}, which was removed or moved away while {count} of its processes \
                 ran, which run on: an engine here would end what they serve"
            );
        }
        let process = self.processes.first().copied().unwrap_or_default();
        format!(
            "is a copy of {state}, where process {process} and what it runs live on: an engine here would end that"
        )
    }

    /// What mends that, as a sentence without its end.
    pub fn mend(&self) -> String {
        let state = self.state.display();
        if self.is_gone {
            let ends = kill(&self.processes);
            return format!("put it back as {state}, or end them, with what they serve: `{ends}`");
        }
        let there = shell_word(&state.to_string());
        format!("end it there first: `pilothouse --state {there} down --all`")
    }
}

/// Finds them, among this user's processes: supervisors and load balancers.
pub fn original(places: &Places) -> Option<Original> {
    let own = places.root();
    let (here, id) = (place(own)?, id_of(own)?);
    let mut found: Vec<(i32, PathBuf, bool)> = own_processes()
        .filter_map(|(process, proc)| {
            let (dir, is_balancer) = works_on(&proc)?;
            let state = state_of(&dir, is_balancer)?;
            // It may see other files by that name.
            let there = place(&proc.join("root").join(state.strip_prefix("/").ok()?));
            let is_other = there != Some(here) && is_of(&proc, &id);
            is_other.then(|| (process, state.to_owned(), there.is_none()))
        })
        .take(MOST)
        .collect();
    // One place is told at a time, and first the one that is there.
    found.sort_by_key(|(_, _, is_gone)| *is_gone);
    let (_, state, is_gone) = found.first().cloned()?;
    found.retain(|(_, other, _)| *other == state);
    let processes = found.into_iter().map(|(process, ..)| process).collect();
    Some(Original { processes, state, is_gone })
}

/// Which directory it is, by whichever name.
fn place(dir: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(dir).ok().map(|found| (found.dev(), found.ino()))
}

/// A state directory's engine's id.
fn id_of(state: &Path) -> Option<Vec<u8>> {
    let id = read_regular(&state.join(Places::ENGINE_ID)).ok().flatten()?;
    Some(id.trim_ascii().to_owned()).filter(|id| !id.is_empty())
}

/// Whether a process is of the engine with this id.
fn is_of(proc: &Path, id: &[u8]) -> bool {
    let variables = std::fs::read(proc.join("environ")).unwrap_or_default();
    let wanted = [ENGINE_VARIABLE.as_bytes(), b"=", id].concat();
    variables.split(|byte| *byte == 0).any(|variable| variable == wanted)
}
