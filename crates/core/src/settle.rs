//! What follows from the state by itself, without anybody asking.
//!
//! After each input the kernel asks again and again, applying what it is told, until nothing
//! follows any more. Pure: it changes nothing.

mod deployment;
mod environment;
mod project;
pub(crate) mod rollback;
mod run;

use crate::event::Event;
use crate::state::State;
use crate::time::Timestamp;

pub use environment::relief_at;

/// Who asks for the end of all work when everything stops: what somebody typed.
const HALT: &str = "pilothouse down --all";

/// Says what follows from the state: events that belong together, or none once it is settled.
pub fn settle(state: &State, now: Timestamp) -> Vec<Event> {
    let runs = run::settle(state, now);
    if !runs.is_empty() {
        return runs;
    }
    for id in &state.live_deployments {
        let Some(deployment) = state.deployments.get(id) else {
            continue;
        };
        let events = deployment::settle(state, deployment, now);
        if !events.is_empty() {
            return events;
        }
    }
    for (key, environment) in &state.environments {
        let events = environment::settle(state, key, environment, now);
        if !events.is_empty() {
            return events;
        }
    }
    project::settle(state)
}
