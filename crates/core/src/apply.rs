//! Folds what happened into the state: total and infallible.
//!
//! An event that speaks of something unknown changes nothing, so that a journal can always be
//! read. Nothing is decided here.

mod deployment;
mod instance;
mod project;
mod run;

use std::collections::BTreeSet;

use crate::containers::{Away, Containers};
use crate::deployment::Phase;
use crate::event::{ContainersEvent, EdgeEvent, EngineEvent, Event, Recorded};
use crate::id::InstanceId;
use crate::instance::{Instance, InstancePhase, Role};
use crate::state::State;
use crate::table;

/// Folds one record into the state.
pub fn apply(state: &mut State, recorded: &Recorded) {
    if changes_table(state, recorded) != Change::Nothing {
        work_out(state);
    }
}

/// Folds many records into a state, as a journal that is read again.
///
/// The end is as if each had been applied by itself, but the table that the state asks for is
/// worked out only where its digest matters, which for a long journal is most of the time saved.
pub fn fold<'a>(mut state: State, records: impl IntoIterator<Item = &'a Recorded>) -> State {
    let mut stale = false;
    for recorded in records {
        // Only what the edge says is compared with what is asked for.
        if stale && matches!(recorded.event, Event::Edge(EdgeEvent::Published { .. })) {
            work_out(&mut state);
            stale = false;
        }
        match changes_table(&mut state, recorded) {
            Change::Nothing => {}
            Change::Table => {
                state.edge.active = None;
                stale = true;
            }
            Change::Perhaps => {
                work_out(&mut state);
                stale = false;
            }
        }
    }
    if stale {
        work_out(&mut state);
    }
    state
}

fn work_out(state: &mut State) {
    let left_out = table::left_out(state);
    let digest = table::wanted(state).digest;
    state.edge.left_out = left_out;
    asks_for(state, digest);
}

/// What a record does to the table that the edge is asked for.
#[derive(PartialEq, Eq)]
enum Change {
    Nothing,
    /// It has another digest.
    Table,
    /// It may have.
    Perhaps,
}

/// Folds one record, but for what is asked of the edge; tells what that means for it.
fn changes_table(state: &mut State, recorded: &Recorded) -> Change {
    let Event::Instance(event) = &recorded.event else {
        record(state, recorded);
        return if table::may_change(&recorded.event) { Change::Perhaps } else { Change::Nothing };
    };
    let before = (table::target_of(state, event.id()), serves(state, event.id()));
    record(state, recorded);
    let after = (table::target_of(state, event.id()), serves(state, event.id()));
    if before.0 != after.0 {
        Change::Table
    } else if before.1 != after.1 {
        // One that has to prove itself again is the same target whether it is to serve or stands
        // by, and the rules of its environment are not: they ask whether any is to serve.
        Change::Perhaps
    } else {
        Change::Nothing
    }
}

fn serves(state: &State, id: &InstanceId) -> bool {
    state.instances.get(id).is_some_and(|instance| instance.role == Role::Active)
}

fn record(state: &mut State, recorded: &Recorded) {
    state.seq = recorded.seq;
    let at = recorded.at;
    match &recorded.event {
        Event::Engine(event) => engine(state, event, at),
        Event::Project(event) => project::project(state, event, at),
        Event::Environment(event) => project::environment(state, event),
        Event::Run(event) => run::run(state, event, at),
        Event::Deployment(event) => deployment::deployment(state, event, at),
        Event::Instance(event) => instance::instance(state, event, at),
        Event::Edge(event) => edge(state, event, at),
        Event::Containers(event) => containers(state, event, at),
    }
}

/// As soon as another table is asked for it may be on its way, and what serves is not known until
/// a table was read back, even if the old one is asked for again meanwhile.
fn asks_for(state: &mut State, digest: String) {
    state.edge.wanted = digest;
    if state.edge.active.as_ref() != Some(&state.edge.wanted) {
        state.edge.active = None;
    }
}

fn engine(state: &mut State, event: &EngineEvent, at: crate::time::Timestamp) {
    match event {
        EngineEvent::Started { epoch, limits } => {
            state.epoch = *epoch;
            state.limits = limits.clone();
            state.started_at = at;
            state.halting = false;
            // What serves is not known until this engine has published under its own epoch,
            // which also fences off an older engine's writes.
            state.edge.active = None;
            state.edge.connected = false;
            state.edge.error = None;
            state.edge.failures = 0;
            state.edge.retry_at = at;
            watch_anew(state, at, |_, _| true);
        }
        EngineEvent::RecordsLost { loss } => loss.pass_over(state),
        EngineEvent::HaltAsked { .. } => state.halting = true,
        EngineEvent::Forgot { runs, deployments, artifacts } => {
            for id in runs {
                state.runs.remove(id);
            }
            for id in deployments {
                state.deployments.remove(id);
            }
            for digest in artifacts {
                state.artifacts.remove(digest);
            }
        }
    }
}

fn edge(state: &mut State, event: &EdgeEvent, at: crate::time::Timestamp) {
    let back_off = state.limits.back_off(state.edge.failures + 1);
    let edge = &mut state.edge;
    match event {
        EdgeEvent::Connected { active } => {
            let was_away = !edge.connected && edge.error.is_some();
            edge.connected = true;
            edge.error = None;
            edge.retry_at = at;
            // A table that this engine did not publish is not taken for its own.
            if edge.active.is_some() && edge.active != *active {
                edge.active = None;
            }
            if was_away {
                watch_anew(state, at, |_, _| true);
            }
        }
        EdgeEvent::ListenersChanged { unbound } => edge.unbound.clone_from(unbound),
        EdgeEvent::Disconnected { why } => {
            edge.connected = false;
            edge.error = Some(why.clone());
            edge.failures += u32::from(state.halting);
            // A table that was on its way must not come to serve after a later one.
            edge.version += 1;
        }
        EdgeEvent::Published { version, digest } => {
            edge.version = edge.version.max(*version);
            edge.active = Some(digest.clone()).filter(|digest| *digest == edge.wanted);
            edge.error = None;
            edge.failures = 0;
            edge.retry_at = at;
        }
        EdgeEvent::PublishFailed { version, why } => {
            edge.version = edge.version.max(*version);
            edge.error = Some(why.clone());
            edge.failures += 1;
            edge.retry_at = at.after(back_off);
        }
    }
}

fn containers(state: &mut State, event: &ContainersEvent, at: crate::time::Timestamp) {
    match event {
        ContainersEvent::Lost { why, elsewhere } => {
            let (why, elsewhere) = (why.clone(), *elsewhere);
            // Another reason for the same is no new absence.
            let before = state.containers.away.as_ref().filter(|away| away.elsewhere == elsewhere);
            let since = before.map_or(at, |away| away.since);
            state.containers.away = Some(Away { since, why, elsewhere });
        }
        ContainersEvent::Back => {
            watch_anew(state, at, State::is_out_of_reach);
            state.containers = Containers { away: None, back_at: Some(at) };
        }
    }
}

/// While nobody could watch some of the instances, nothing was seen of them: one that was to
/// become healthy has its whole time again, and a release that was being watched is watched anew.
fn watch_anew(
    state: &mut State,
    at: crate::time::Timestamp,
    is_unseen: impl Fn(&State, &Instance) -> bool,
) {
    let unseen: BTreeSet<InstanceId> = state
        .instances
        .values()
        .filter(|instance| is_unseen(state, instance))
        .map(|instance| instance.id.clone())
        .collect();
    for instance in state.instances.values_mut() {
        if let InstancePhase::Running { proved: false, since, .. } = &mut instance.phase
            && unseen.contains(&instance.id)
        {
            *since = at;
        }
    }
    for id in &state.live_deployments {
        let Some(deployment) = state.deployments.get_mut(id) else { continue };
        if !deployment.new.iter().any(|id| unseen.contains(id)) {
            continue;
        }
        let bake = deployment.strategy.bake;
        if let Phase::Baking { until } = &mut deployment.phase {
            *until = at.after(bake);
        }
    }
}
