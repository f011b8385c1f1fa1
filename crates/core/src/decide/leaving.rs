//! What becomes of what branches brought to an environment that they feed no more.

use crate::deployment::{Deployment, ENGINE, EnvironmentKey};
use crate::event::{DeploymentEvent, EnvironmentEvent, Event};
use crate::run::Run;
use crate::spec::ProjectSpec;
use crate::state::{Environment, Ready, State};

/// Cancels what waits to be deployed of such a branch without anybody having asked for it, and puts
/// in the place of what was ready the newest that a run brought which still counts.
pub(super) fn left(
    state: &State,
    spec: &ProjectSpec,
    key: &EnvironmentKey,
    counts: impl Fn(&Run) -> bool,
    by: &str,
) -> Vec<Event> {
    let Some(environment) = state.environments.get(key) else { return Vec::new() };
    let feeds = |run: &Run| {
        let fed = spec.environment_fed_by(&run.branch).filter(|_| counts(run));
        fed.is_some_and(|fed| fed.name == key.name)
    };
    let unasked = unasked(state, key, environment, feeds);
    let cancel = unasked.map(|waiting| {
        let (id, by) = (waiting.id, by.to_owned());
        Event::Deployment(DeploymentEvent::CancelAsked { id, by })
    });
    cancel.into_iter().chain(ready(state, key, environment, feeds)).collect()
}

/// Runs that made something for an environment, the newest first.
fn runs<'a>(state: &'a State, key: &EnvironmentKey) -> impl Iterator<Item = &'a Run> {
    state.runs.values().rev().filter(move |run| run.is_for(key) && run.artifact().is_some())
}

/// What waits to be deployed of such a branch without anybody having asked for it.
fn unasked<'a>(
    state: &'a State,
    key: &EnvironmentKey,
    environment: &Environment,
    feeds: impl Fn(&Run) -> bool,
) -> Option<&'a Deployment> {
    let waiting = state.deployments.get(&environment.waiting?)?;
    let commit = &environment.releases.get(&waiting.release)?.commit;
    let mut of_commit = runs(state, key).filter(|run| run.commit == *commit).peekable();
    of_commit.peek()?;
    (waiting.actor == ENGINE && !of_commit.any(feeds)).then_some(waiting)
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
    let is_kept = |run: &&Run| run.artifact().is_some_and(|of| state.artifacts.contains_key(of));
    let newest = runs(state, key).find(|run| feeds(run)).filter(is_kept)?;
    // What was deployed once is deployed again by those who name it.
    if environment.releases.values().any(|release| release.commit == newest.commit) {
        return None;
    }
    let ready = Ready { run: newest.id, artifact: newest.artifact()?.clone() };
    Some(Event::Environment(EnvironmentEvent::BecameReady { key: key.clone(), ready }))
}
