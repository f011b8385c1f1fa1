//! What a look at a repository means: branches that came, moved and went, and who is owed a run.

use std::collections::{BTreeMap, BTreeSet};

use super::{leaving, specification};
use crate::deployment::EnvironmentKey;
use crate::event::{EnvironmentEvent, Event, Head, ProjectEvent, RunEvent, environment_key};
use crate::id::{BranchName, ProjectName};
use crate::preview::is_stale;
use crate::run::{Run, Trigger};
use crate::state::{Branch, Project, State};
use crate::time::Timestamp;

/// Nobody deletes all branches of a repository that is built and deployed from: something else is
/// there in its place, or it is being restored.
const EMPTIED: &str = "it has no branch any more, so what is known of its branches is kept; `pilothouse \
                       remove` takes a project down";

/// Who cancels what nobody waits for any more.
const REMOVAL: &str = "the removal of its branch";
const REPLACED: &str = "a push that replaced its branch's history";

/// Says what the heads that a look brought mean.
pub(super) fn looked(
    state: &State,
    name: &ProjectName,
    (heads, unread): (&[Head], u32),
    now: Timestamp,
) -> Vec<Event> {
    // What is being removed brings nothing new.
    let Some(project) = state.projects.get(name).filter(|project| !project.removing) else {
        return Vec::new();
    };
    if heads.is_empty() && unread == 0 && !project.branches.is_empty() {
        return vec![Event::Project(ProjectEvent::LookFailed {
            project: name.clone(),
            why: EMPTIED.to_owned(),
        })];
    }
    let first = project.poll.changed_at.is_none();
    let mut events = Vec::new();
    for head in heads {
        if project.branches.get(&head.name).is_some_and(|known| known.head.id == head.commit.id) {
            continue;
        }
        let stale = first && is_stale(&head.commit, now);
        moved(state, project, name, head, stale, now, &mut events);
    }
    let gone = deleted(state, project, name, heads, &mut events);
    let replaced = replaced(state, project, name, heads, &mut events);
    let left = gone.into_iter().map(|key| (key, REMOVAL));
    // Where a branch went, that was said of its environment already.
    let left: BTreeMap<_, _> =
        replaced.into_iter().map(|key| (key, REPLACED)).chain(left).collect();
    for (key, by) in left {
        let counts = |run: &Run| {
            let mut heads = heads.iter().filter(|head| head.name == run.branch);
            let known = project.branches.get(&run.branch);
            heads.any(|head| !is_replaced(project, head))
                && known.is_some_and(|one| one.has(run.id))
        };
        events.extend(leaving::left(state, &project.spec, &key, counts, by));
    }
    events.push(Event::Project(ProjectEvent::Looked { project: name.clone(), unread }));
    events
}

fn moved(
    state: &State,
    project: &Project,
    name: &ProjectName,
    head: &Head,
    stale: bool,
    now: Timestamp,
    events: &mut Vec<Event>,
) {
    let fed = project.spec.environment_fed_by(&head.name);
    let fed = fed.filter(|environment| !(environment.preview && stale));
    let fed = fed.filter(|fed| !specification::taken(state, events, name, fed, &head.name));
    let known = project.branches.get(&head.name);
    let replaced = if is_replaced(project, head) {
        Some(state.last_run)
    } else {
        known.and_then(|branch| branch.replaced)
    };
    let branch = Branch {
        replaced,
        head: head.commit.clone(),
        seen_at: now,
        environment: fed.as_ref().map(|environment| environment.name.clone()),
        last_run: known.and_then(|branch| branch.last_run),
        owed: fed.as_ref().map(|_| project.poll.asked.unwrap_or(Trigger::Poll)),
    };
    if let Some(environment) = fed.filter(|environment| environment.preview) {
        let key = environment_key(name, &environment.name);
        specification::specify(state, key, environment, Some(head.name.clone()), events);
    }
    events.push(Event::Project(ProjectEvent::BranchMoved {
        project: name.clone(),
        name: head.name.clone(),
        branch: Box::new(branch),
    }));
}

/// Whether a branch that is known has another history by now.
fn is_replaced(project: &Project, head: &Head) -> bool {
    let known = project.branches.get(&head.name);
    head.replaces && known.is_some_and(|known| known.head.id != head.commit.id)
}

/// Calls off what is under way of branches whose history is another by now. What they feed.
fn replaced(
    state: &State,
    project: &Project,
    name: &ProjectName,
    heads: &[Head],
    events: &mut Vec<Event>,
) -> Vec<EnvironmentKey> {
    let mut fed = Vec::new();
    for head in heads.iter().filter(|head| is_replaced(project, head)) {
        call_off(state, name, &head.name, REPLACED, events);
        let known = project.branches.get(&head.name).and_then(|known| known.environment.as_ref());
        fed.extend(known.map(|known| environment_key(name, known)));
    }
    fed
}

/// Cancels the runs of a branch: nobody waits any more for what is made of them.
fn call_off(
    state: &State,
    name: &ProjectName,
    branch: &BranchName,
    by: &str,
    events: &mut Vec<Event>,
) {
    let live = state.live_runs.iter().filter_map(|id| state.runs.get(id));
    let own = live.filter(|run| run.project == *name && run.branch == *branch);
    events.extend(own.filter(|run| run.can_be_cancelled()).map(|run| {
        let (id, by) = (run.id, by.to_owned());
        Event::Run(RunEvent::CancelAsked { id, by })
    }));
}

/// Forgets branches that are gone, with their previews. The named environments that they fed.
fn deleted(
    state: &State,
    project: &Project,
    name: &ProjectName,
    heads: &[Head],
    events: &mut Vec<Event>,
) -> Vec<EnvironmentKey> {
    let seen: BTreeSet<_> = heads.iter().map(|head| &head.name).collect();
    let mut left = BTreeSet::new();
    for (branch, about) in project.branches.iter().filter(|(branch, _)| !seen.contains(branch)) {
        left.extend(about.environment.as_ref());
        events.push(Event::Project(ProjectEvent::BranchDeleted {
            project: name.clone(),
            name: branch.clone(),
        }));
        call_off(state, name, branch, REMOVAL, events);
        let previews = state.environments.iter().filter(|(key, environment)| {
            key.project == *name
                && !environment.removing
                && environment.preview_of.as_ref() == Some(branch)
        });
        for (key, _) in previews {
            events.push(Event::Environment(EnvironmentEvent::RemovalBegan { key: key.clone() }));
        }
    }
    // A preview goes with its branch.
    let stays = |key: &EnvironmentKey| {
        state.environments.get(key).is_some_and(|environment| environment.preview_of.is_none())
    };
    left.into_iter().map(|left| environment_key(name, left)).filter(stays).collect()
}
