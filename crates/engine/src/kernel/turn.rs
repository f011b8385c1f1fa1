//! One turn on the state alone: decide, apply, settle, until nothing follows.

use pilothouse_core::apply::apply;
use pilothouse_core::command::{Rejection, Reply};
use pilothouse_core::decide::decide;
use pilothouse_core::effect::Input;
use pilothouse_core::event::{Event, Recorded};
use pilothouse_core::settle::settle;
use pilothouse_core::state::State;
use pilothouse_core::time::Timestamp;

/// Steps after which settling is broken off: a state that never settles is a defect, and a
/// stopped engine is worse than one that goes on at the next input.
const STEPS: usize = 10_000;

/// Takes one input into the state and adds the records to the list.
pub(super) fn take(
    state: &mut State,
    input: &Input,
    now: Timestamp,
    records: &mut Vec<Recorded>,
) -> Option<Result<Reply, Rejection>> {
    let decision = decide(state, input, now);
    follow(state, input, decision.events, now, records);
    decision.reply
}

/// Takes what was decided into the state, and what follows from it.
pub(super) fn follow(
    state: &mut State,
    input: &Input,
    decided: Vec<Event>,
    now: Timestamp,
    records: &mut Vec<Recorded>,
) {
    fold(state, decided, now, records);
    for _ in 0..STEPS {
        let events = settle(state, now);
        if events.is_empty() {
            return;
        }
        fold(state, events, now, records);
    }
    tracing::error!(?input, "the state does not settle");
}

fn fold(state: &mut State, events: Vec<Event>, now: Timestamp, records: &mut Vec<Recorded>) {
    for event in events {
        let recorded = Recorded { seq: state.seq.next(), at: now, event };
        apply(state, &recorded);
        records.push(recorded);
    }
}
