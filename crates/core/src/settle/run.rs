//! Runs: who gets a place in the queue and a free executor, and what a cancel leads to.

use crate::event::{Event, RunEvent};
use crate::run::{Run, RunPhase, RunResult};
use crate::state::State;
use crate::time::Timestamp;

pub(super) fn settle(state: &State, now: Timestamp) -> Vec<Event> {
    let live = || state.live_runs.iter().filter_map(|id| state.runs.get(id));
    if state.halting {
        let asked: Vec<Event> = live().filter_map(end).collect();
        if !asked.is_empty() {
            return asked;
        }
    }
    let cancelled: Vec<Event> = live().filter_map(cancel).collect();
    if !cancelled.is_empty() {
        return cancelled;
    }
    if state.halting {
        return Vec::new();
    }
    let owed = crate::queue::owed(state, now);
    if !owed.is_empty() {
        return owed;
    }
    let busy = state.executing().count();
    let free = (state.limits.executors as usize).saturating_sub(busy);
    crate::queue::waiting(state)
        .take(free)
        .map(|run| Event::Run(RunEvent::Started { id: run.id }))
        .collect()
}

/// When everything stops, no step of a stranger's is left without an engine that could end it.
fn end(run: &Run) -> Option<Event> {
    let (id, by) = (run.id, super::HALT.to_owned());
    run.can_be_cancelled().then_some(Event::Run(RunEvent::CancelAsked { id, by }))
}

/// A run that waits ends at once; one whose workspace is in use goes on to its cleaning, which
/// starts when whatever uses the workspace has let go of it. A running step is ended by an
/// effect, whose outcome fixes the result.
fn cancel(run: &Run) -> Option<Event> {
    let result = RunResult::Cancelled { by: run.cancelled_by.clone()? };
    match run.phase {
        RunPhase::Queued => Some(Event::Run(RunEvent::Ended { id: run.id, result })),
        RunPhase::CheckingOut | RunPhase::Sealing => {
            Some(Event::Run(RunEvent::ResultFixed { id: run.id, result }))
        }
        RunPhase::Running { .. } | RunPhase::Cleaning { .. } | RunPhase::Ended { .. } => None,
    }
}
