//! What a look at a repository means: branches that came, moved and went, and who is owed a run.

use std::collections::BTreeSet;

use super::specification;
use crate::event::{EnvironmentEvent, Event, Head, ProjectEvent, RunEvent, environment_key};
use crate::id::ProjectName;
use crate::preview::is_stale;
use crate::run::Trigger;
use crate::state::{Branch, Project, State};
use crate::time::Timestamp;

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
    let first = project.poll.changed_at.is_none();
    let mut events = Vec::new();
    for head in heads {
        if project.branches.get(&head.name).is_some_and(|known| known.head.id == head.commit.id) {
            continue;
        }
        let stale = first && is_stale(&head.commit, now);
        moved(state, project, name, head, stale, now, &mut events);
    }
    deleted(state, project, name, heads, &mut events);
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
    let branch = Branch {
        head: head.commit.clone(),
        seen_at: now,
        environment: fed.as_ref().map(|environment| environment.name.clone()),
        last_run: project.branches.get(&head.name).and_then(|branch| branch.last_run),
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

fn deleted(
    state: &State,
    project: &Project,
    name: &ProjectName,
    heads: &[Head],
    events: &mut Vec<Event>,
) {
    let seen: BTreeSet<_> = heads.iter().map(|head| &head.name).collect();
    for branch in project.branches.keys().filter(|branch| !seen.contains(branch)) {
        events.push(Event::Project(ProjectEvent::BranchDeleted {
            project: name.clone(),
            name: branch.clone(),
        }));
        // Nobody waits any more for what was made of it.
        let live = state.live_runs.iter().filter_map(|id| state.runs.get(id));
        let own = live.filter(|run| run.project == *name && run.branch == *branch);
        events.extend(own.filter(|run| run.can_be_cancelled()).map(|run| {
            let (id, by) = (run.id, "the removal of its branch".to_owned());
            Event::Run(RunEvent::CancelAsked { id, by })
        }));
        let previews = state.environments.iter().filter(|(key, environment)| {
            key.project == *name
                && !environment.removing
                && environment.preview_of.as_ref() == Some(branch)
        });
        for (key, _) in previews {
            events.push(Event::Environment(EnvironmentEvent::RemovalBegan { key: key.clone() }));
        }
    }
}
