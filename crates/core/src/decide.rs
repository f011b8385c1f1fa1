//! Says what an input means: the events that follow from it, and the answer to who asked.
//!
//! Pure: it changes nothing. What follows from the new state by itself, such as the next queued
//! run getting an executor, is [`settle`](crate::settle)'s to say.

mod command;

pub(crate) use command::queue_deployment;
mod heads;
mod instance;
mod leaving;

pub use instance::{left, restartable, shortfall, stoppable};
mod observation;
mod outcome;
mod removal;
pub(crate) mod retention;
pub(crate) mod specification;

use crate::command::{Rejection, Reply};
use crate::effect::Input;
use crate::event::{EngineEvent, Event};
use crate::state::State;
use crate::time::Timestamp;

/// What an input means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "a decision that is dropped never happened"]
pub struct Decision {
    /// What happened, in order.
    pub events: Vec<Event>,
    /// The answer, where somebody asked.
    pub reply: Option<Result<Reply, Rejection>>,
}

impl Decision {
    fn of(events: Vec<Event>) -> Self {
        Self { events, reply: None }
    }
}

/// Says what an input means.
pub fn decide(state: &State, input: &Input, now: Timestamp) -> Decision {
    match input {
        Input::Command { actor, command } => match command::command(state, actor, command, now) {
            Ok((events, reply)) => Decision { events, reply: Some(Ok(reply)) },
            Err(rejection) => Decision { events: Vec::new(), reply: Some(Err(rejection)) },
        },
        Input::Outcome { id, result } => Decision::of(outcome::outcome(state, id, result, now)),
        Input::Observation(observation) => {
            Decision::of(observation::observation(state, observation))
        }
        Input::Started { epoch, limits } => {
            Decision::of(vec![Event::Engine(EngineEvent::Started {
                epoch: *epoch,
                limits: limits.clone(),
            })])
        }
        Input::RecordsLost(loss) => {
            Decision::of(vec![Event::Engine(EngineEvent::RecordsLost { loss: loss.clone() })])
        }
        Input::Deadline => Decision::default(),
    }
}
