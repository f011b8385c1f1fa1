//! What becomes of what branches brought to an environment that they feed no more.

use crate::deployment::{ENGINE, EnvironmentKey};
use crate::event::{DeploymentEvent, EnvironmentEvent, Event};
use crate::run::Run;
use crate::spec::ProjectSpec;
use crate::state::{Environment, Ready, State};

/// Cancels what waits to be deployed of such a branch without anybody having asked for it, and puts
/// in the place of what was ready the newest that one of the other branches brought.
pub(super) fn left(state: &State, spec: &ProjectSpec, key: &EnvironmentKey) -> Vec<Event> {
    let Some(environment) = state.environments.get(key) else { return Vec::new() };
    let feeds =
        |run: &Run| spec.environment_fed_by(&run.branch).is_some_and(|fed| fed.name == key.name);
    unasked(state, key, environment, feeds)
        .into_iter()
        .chain(ready(state, key, environment, feeds))
        .collect()
}

/// Runs that made something for an environment, the newest first.
fn runs<'a>(state: &'a State, key: &EnvironmentKey) -> impl Iterator<Item = &'a Run> {
    state.runs.values().rev().filter(move |run| run.is_for(key) && run.artifact().is_some())
}

fn unasked(
    state: &State,
    key: &EnvironmentKey,
    environment: &Environment,
    feeds: impl Fn(&Run) -> bool,
) -> Option<Event> {
    let waiting = state.deployments.get(&environment.waiting?)?;
    let commit = &environment.releases.get(&waiting.release)?.commit;
    let mut of_commit = runs(state, key).filter(|run| run.commit == *commit).peekable();
    of_commit.peek()?;
    if waiting.actor != ENGINE || of_commit.any(feeds) {
        return None;
    }
    let (id, by) = (waiting.id, "a change of what feeds it".to_owned());
    Some(Event::Deployment(DeploymentEvent::CancelAsked { id, by }))
}

fn ready(
    state: &State,
    key: &EnvironmentKey,
    environment: &Environment,
    feeds: impl Fn(&Run) -> bool,
) -> Option<Event> {
    let was = state.runs.get(&environment.ready.as_ref()?.run)?;
    if feeds(was) {
        return None;
    }
    let newest = runs(state, key).find(|run| feeds(run))?;
    // What was deployed once is deployed again by those who name it.
    if environment.releases.values().any(|release| release.commit == newest.commit) {
        return None;
    }
    let ready = Ready { run: newest.id, artifact: newest.artifact()?.clone() };
    Some(Event::Environment(EnvironmentEvent::BecameReady { key: key.clone(), ready }))
}
