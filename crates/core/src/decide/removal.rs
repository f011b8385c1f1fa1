//! What the removal of a project means: its runs are cancelled and its environments taken down, as
//! when they leave the operator's file. It goes itself once nothing of it is left, which
//! [`settle`](crate::settle) says.

use super::command::{Answer, find_project};
use crate::command::Reply;
use crate::event::{EnvironmentEvent, Event, ProjectEvent, RunEvent};
use crate::id::ProjectName;
use crate::state::State;

pub(super) fn remove(state: &State, actor: &str, name: &ProjectName) -> Answer {
    find_project(state, name)?;
    let began = ProjectEvent::RemovalBegan { project: name.clone(), actor: actor.to_owned() };
    let mut events = vec![Event::Project(began)];
    let live = state.live_runs.iter().filter_map(|id| state.runs.get(id));
    let own = live.filter(|run| run.project == *name && run.can_be_cancelled());
    events.extend(
        own.map(|run| Event::Run(RunEvent::CancelAsked { id: run.id, by: actor.to_owned() })),
    );
    let own = state
        .environments
        .iter()
        .filter(|(key, environment)| key.project == *name && !environment.removing);
    events.extend(
        own.map(|(key, _)| Event::Environment(EnvironmentEvent::RemovalBegan { key: key.clone() })),
    );
    Ok((events, Reply::Accepted))
}
