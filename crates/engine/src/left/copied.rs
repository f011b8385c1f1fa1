//! A state directory that is a copy of one whose processes live.
//!
//! An engine that works in the copy finds the same units without their supervisors, takes what they run
//! for left behind, and ends what serves; its load balancer takes the same addresses. So none begins
//! there, whatever either has done since, and wherever the other one is by now.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use pilothouse_core::text::shell_word;
use pilothouse_supervisor::{is_held, read_regular};

use super::displaced::{kill, own_processes, state_of, works_on};
use super::edge;
use crate::places::Places;

/// The variable by which supervisors and the load balancer tell whose they are: the engine's id, which
/// no other state directory has, unless it is a copy. What is supervised does not get it.
pub(crate) const ENGINE_VARIABLE: &str = "PILOTHOUSE_ENGINE_ID";
/// Processes that are told at most.
const MOST: usize = 100;

/// Where what processes work on is by now, as an engine sees it that is to begin elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whereabouts {
    /// At the path that they know.
    There,
    /// Here: the path that they know leads elsewhere, or nowhere.
    Here,
    /// Nowhere, or nobody knows where.
    Gone,
}

/// Processes of the state directory that was copied, or that had another path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// Their numbers; at least one.
    processes: Vec<i32>,
    /// The path that they know.
    state: PathBuf,
    whereabouts: Whereabouts,
}

impl Original {
    /// What is wrong with the directory, as the end of a sentence that begins with its path.
    pub fn found(&self) -> String {
        let (state, count) = (self.state.display(), self.processes.len());
        let process = self.processes.first().copied().unwrap_or_default();
        match self.whereabouts {
            Whereabouts::There => format!(
                "is a copy of {state}, where process {process} and what it runs live on: an engine here would \
                 end that"
            ),
            Whereabouts::Here => format!(
                "was {state}, which leads elsewhere or nowhere now while {count} of its processes run on: an \
                 engine here would not reach them"
            ),
            Whereabouts::Gone => format!(
                "is a copy of {state}, which was removed or moved away while {count} of its processes ran, which \
                 run on: an engine here would end what they serve"
            ),
        }
    }

    /// What mends that, as a sentence without its end.
    pub fn mend(&self) -> String {
        let (state, ends) = (self.state.display(), kill(&self.processes));
        match self.whereabouts {
            Whereabouts::There => {
                let there = shell_word(&state.to_string());
                format!("end it there first: `pilothouse --state {there} down --all`")
            }
            Whereabouts::Here => format!(
                "have {state} lead here again, moved back, linked or mounted as it was, or end them, with what \
                 they serve: `{ends}`"
            ),
            Whereabouts::Gone => format!("end them first, with what they serve: `{ends}`"),
        }
    }
}

/// Finds them, among this user's processes: supervisors and load balancers.
pub fn original(places: &Places) -> Option<Original> {
    let own = places.root();
    let (here, id) = (place(own)?, id_of(own)?);
    let mut found: Vec<(i32, PathBuf, Whereabouts)> = own_processes()
        .filter_map(|(process, proc)| {
            let (dir, is_balancer) = works_on(&proc)?;
            let state = state_of(&dir, is_balancer)?;
            // It may see other files by that name.
            let seen = proc.join("root").join(state.strip_prefix("/").ok()?);
            if place(&seen) == Some(here) || !is_of(&proc, &id) {
                return None;
            }
            let part = dir.strip_prefix(state).ok()?;
            let whereabouts = if is_locked(own, part, is_balancer) {
                Whereabouts::Here
            } else if is_locked(&seen, part, is_balancer) {
                Whereabouts::There
            } else {
                Whereabouts::Gone
            };
            Some((process, state.to_owned(), whereabouts))
        })
        .take(MOST)
        .collect();
    // One is told at a time, and first the one that can be seen to where it is.
    found.sort_by_key(|(.., whereabouts)| *whereabouts);
    let (_, state, whereabouts) = found.first().cloned()?;
    found.retain(|(_, other, at)| *other == state && *at == whereabouts);
    let processes = found.into_iter().map(|(process, ..)| process).collect();
    Some(Original { processes, state, whereabouts })
}

/// Whether a living process has locked this part of a state directory.
fn is_locked(state: &Path, part: &Path, is_balancer: bool) -> bool {
    if is_balancer {
        return edge(&Places::new(state)).is_ok_and(|living| living.is_some());
    }
    is_held(&state.join(part))
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
