//! Folds what happened to projects and environments.

use crate::deployment::EnvironmentKey;
use crate::event::{EnvironmentEvent, ProjectEvent, environment_key};
use crate::id::{BranchName, RunId};
use crate::state::{Environment, Fate, Limits, Poll, Project, Retired, State};
use crate::time::{Millis, Timestamp};

pub(super) fn project(state: &mut State, event: &ProjectEvent, at: Timestamp) {
    if let ProjectEvent::Applied { spec, .. } = event {
        applied(state, spec, at);
        return;
    }
    let (ProjectEvent::RemovalBegan { project: name, .. }
    | ProjectEvent::Removed { project: name }
    | ProjectEvent::LookAsked { project: name, .. }
    | ProjectEvent::Looked { project: name, .. }
    | ProjectEvent::LookFailed { project: name, .. }
    | ProjectEvent::BranchMoved { project: name, .. }
    | ProjectEvent::BranchDeleted { project: name, .. }) = event
    else {
        return;
    };
    let Some(project) = state.projects.get_mut(name) else {
        return;
    };
    match event {
        ProjectEvent::Applied { .. } => {}
        ProjectEvent::RemovalBegan { .. } => project.removing = true,
        ProjectEvent::Removed { .. } => {
            state.projects.remove(name);
        }
        ProjectEvent::LookAsked { trigger, .. } => {
            project.poll.asks += 1;
            let by_person = u32::from(trigger.is_by_person());
            project.poll.asked_by_people = project.poll.asked_by_people.wrapping_add(by_person);
            project.poll.asked = Some(*trigger);
            project.poll.due = at;
        }
        ProjectEvent::Looked { unread, .. } => {
            project.poll = Poll {
                asks: project.poll.asks,
                asked_by_people: project.poll.asked_by_people,
                changed_at: Some(at),
                due: at.after(project.spec.poll),
                unread: *unread,
                ..Poll::default()
            };
        }
        ProjectEvent::LookFailed { why, .. } => {
            project.poll.failures += 1;
            project.poll.due = at.after(project.spec.poll.max(back_off(project.poll.failures)));
            project.poll.error = Some(why.clone());
            project.poll.failing_since.get_or_insert(at);
            project.poll.asked = None;
        }
        ProjectEvent::BranchMoved { project: of, name, branch } => {
            let before = project.branches.insert(name.clone(), (**branch).clone());
            let is_replaced = branch.replaced != before.as_ref().and_then(|one| one.replaced);
            let fed = before.and_then(|before| before.environment);
            let left = fed.filter(|fed| is_replaced || branch.environment.as_ref() != Some(fed));
            if let Some(left) = left {
                forget_ready(state, &environment_key(of, &left), name);
            }
        }
        ProjectEvent::BranchDeleted { project: of, name } => {
            let before = project.branches.remove(name);
            if let Some(left) = before.and_then(|before| before.environment) {
                forget_ready(state, &environment_key(of, &left), name);
            }
        }
    }
}

/// What a branch made ready for an environment that it no longer feeds is not ready any more: the
/// operator's file says that it does not belong there, the branch is gone, or its history is another.
fn forget_ready(state: &mut State, left: &EnvironmentKey, branch: &BranchName) {
    let runs = &state.runs;
    if let Some(environment) = state.environments.get_mut(left) {
        environment.ready = environment
            .ready
            .take()
            .filter(|ready| runs.get(&ready.run).is_none_or(|run| run.branch != *branch));
    }
}

/// A repository that cannot be reached is asked less and less often, down to every ten minutes.
fn back_off(failures: u32) -> Millis {
    let limits = Limits { retry_most: Millis::minutes(10), ..Limits::default() };
    limits.back_off(failures)
}

fn applied(state: &mut State, spec: &crate::spec::ProjectSpec, at: Timestamp) {
    let project = state.projects.entry(spec.name.clone()).or_insert_with(|| Project {
        spec: spec.clone(),
        branches: std::collections::BTreeMap::new(),
        poll: Poll { due: at, ..Poll::default() },
        removing: false,
    });
    // A look that is going on knows the old repository: another one takes its place.
    if project.removing
        || (&project.spec.repository, project.spec.poll) != (&spec.repository, spec.poll)
    {
        project.poll.asks += 1;
        project.poll.due = at;
    }
    project.spec = spec.clone();
    project.removing = false;
}

pub(super) fn environment(state: &mut State, event: &EnvironmentEvent) {
    let key = event.key().clone();
    if let EnvironmentEvent::Specified { spec, preview_of, .. } = event {
        let generation = state.retired.get(&key).map_or(0, |retired| retired.generation);
        let environment = state.environments.entry(key).or_insert_with(|| Environment {
            spec: (**spec).clone(),
            preview_of: preview_of.clone(),
            removing: false,
            releases: std::collections::BTreeMap::new(),
            current: None,
            running: None,
            waiting: None,
            ready: None,
            generation,
            replace_failures: 0,
            lost: None,
            replace_at: Timestamp::default(),
            relieve_at: Timestamp::default(),
            stopped: std::collections::BTreeSet::new(),
        });
        environment.spec = (**spec).clone();
        // One that is being removed can become another branch's, whose name comes to the same.
        environment.preview_of.clone_from(preview_of);
        environment.removing = false;
        // Nothing is tried any more in the place of what is not to be there.
        if environment
            .lost
            .as_ref()
            .is_some_and(|lost| lost.id.slot().is_some_and(|slot| slot >= spec.instances))
        {
            environment.lost = None;
            environment.replace_failures = 0;
        }
        if spec.runtime.watch().is_some() {
            // Nothing is deployed to what is only watched.
            environment.ready = None;
        }
        return;
    }
    let Some(environment) = state.environments.get_mut(&key) else {
        return;
    };
    match event {
        EnvironmentEvent::Specified { .. } => {}
        EnvironmentEvent::RemovalBegan { .. } => environment.removing = true,
        EnvironmentEvent::Removed { .. } => {
            let release = crate::plan::next_release_of(state, &key);
            if let Some(environment) = state.environments.remove(&key) {
                let release = crate::id::ReleaseNumber(release.0.saturating_sub(1));
                let retired = Retired { release, generation: environment.generation };
                state.retired.insert(key, retired);
            }
        }
        EnvironmentEvent::StartAsked { .. } => environment.stopped.clear(),
        EnvironmentEvent::BecameReady { ready, .. } => environment.ready = Some(ready.clone()),
        EnvironmentEvent::ReleaseMade { number, release, .. } => {
            // Another commit may have made the same bytes, and is ready all the same.
            let runs = &state.runs;
            environment.ready = environment.ready.take().filter(|ready| {
                let commit = runs.get(&ready.run).map(|run| &run.commit);
                ready.artifact != release.artifact
                    || commit.is_some_and(|commit| *commit != release.commit)
            });
            environment.releases.insert(*number, (**release).clone());
        }
        EnvironmentEvent::ReleasesForgotten { numbers, .. } => {
            environment.releases.retain(|number, _| !numbers.contains(number));
        }
    }
}

/// Sets how a release fared.
pub(super) fn judge(
    state: &mut State,
    key: &crate::deployment::EnvironmentKey,
    number: crate::id::ReleaseNumber,
    fate: Fate,
) {
    if let Some(environment) = state.environments.get_mut(key)
        && let Some(release) = environment.releases.get_mut(&number)
    {
        release.fate = fate;
    }
}

/// Remembers a branch's newest run, which is the one that it was owed.
pub(super) fn newest_run(state: &mut State, id: RunId) {
    let Some(run) = state.runs.get(&id) else {
        return;
    };
    if let Some(project) = state.projects.get_mut(&run.project)
        && let Some(branch) = project.branches.get_mut(&run.branch)
    {
        branch.last_run = Some(id);
        branch.owed = None;
    }
}
