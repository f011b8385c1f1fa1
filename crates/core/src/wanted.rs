//! Says what should be in flight: derived from the state, never remembered.
//!
//! Cancelling means that an effect is no longer wanted, retrying that it is wanted again after
//! a deadline, and recovery that the loaded state is asked. One path for all three.

mod deployment;
mod instance;
mod run;

use std::collections::BTreeMap;

use crate::effect::{Effect, EffectId};
use crate::settle::relief_at;
use crate::state::{Project, State};
use crate::table;
use crate::time::{Millis, Timestamp};

/// What should be in flight, and when to ask again though nothing happens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The effects by their ids.
    pub effects: BTreeMap<EffectId, Effect>,
    /// The earliest time at which something else could follow or be wanted.
    pub wake_at: Option<Timestamp>,
}

impl Wanted {
    fn add(&mut self, id: EffectId, effect: Effect) {
        self.effects.insert(id, effect);
    }

    /// Asks to be asked again at a time, unless an earlier one is known. What is due has been looked
    /// at: it would hide what comes after it, and be asked for again at once.
    fn wake(&mut self, at: Timestamp, now: Timestamp) {
        if now < at {
            self.wake_at = Some(self.wake_at.map_or(at, |known| known.min(at)));
        }
    }
}

/// Says what should be in flight.
pub fn wanted(state: &State, now: Timestamp) -> Wanted {
    let mut wanted = Wanted::default();
    for (name, project) in state.projects.iter().filter(|(_, project)| !project.removing) {
        let id = EffectId::Look(name.clone(), project.poll.asks);
        wanted.add(id, look(project));
    }
    for run in state.live_runs.iter().filter_map(|id| state.runs.get(id)) {
        run::want(state, run, &mut wanted);
    }
    for deployment in state.live_deployments.iter().filter_map(|id| state.deployments.get(id)) {
        deployment::want(state, deployment, now, &mut wanted);
    }
    for instance in state.instances.values() {
        instance::want(state, instance, &mut wanted);
        let environment = state.environments.get(&instance.environment);
        let at_rest = environment.filter(|environment| environment.running.is_none());
        if let Some(at) = at_rest.and_then(|environment| relief_at(environment, instance)) {
            wanted.wake(at, now);
        }
        if !state.is_out_of_reach(instance)
            && let Some(at) = state.excused_until(instance, now)
        {
            wanted.wake(at, now);
        }
    }
    if state.has_containers() {
        wanted.add(EffectId::Listen, Effect::Listen);
    }
    for environment in state.environments.values() {
        if environment.running.is_none() {
            wanted.wake(environment.replace_at, now);
        }
    }
    edge(state, now, &mut wanted);
    wanted
}

fn look(project: &Project) -> Effect {
    Effect::Look {
        project: project.spec.name.clone(),
        repository: project.spec.repository.clone(),
        due: project.poll.due,
        interval: project.spec.poll,
        known: project
            .branches
            .iter()
            .map(|(name, branch)| (name.clone(), branch.head.id.clone()))
            .collect(),
        unread: project.poll.unread,
        answer: project.poll.asked.is_some()
            || project.poll.error.is_some()
            || project.poll.changed_at.is_none(),
    }
}

fn edge(state: &State, now: Timestamp, wanted: &mut Wanted) {
    // Without projects there is nothing to serve, once what served the last one was withdrawn.
    let is_asked_for = state.edge.active.as_ref() == Some(&state.edge.wanted);
    if state.projects.is_empty() && (state.edge.version == 0 || is_asked_for) {
        return;
    }
    wanted.add(EffectId::Tend, Effect::Tend);
    if !state.edge.connected || is_asked_for {
        return;
    }
    if state.edge.retry_at > now {
        wanted.wake(state.edge.retry_at, now);
        return;
    }
    let version = state.edge.version + 1;
    let table = Box::new(table::wanted(state).seal(state.epoch, version));
    wanted.add(EffectId::Publish(version), Effect::Publish { table });
}

/// When the next attempt after the failures so far may begin.
pub(crate) fn retry_at(state: &State, since: Timestamp, failures: u32) -> Timestamp {
    let wait = if failures == 0 { Millis(0) } else { state.limits.back_off(failures) };
    since.after(wait)
}
