//! What an operator's specification means: environments that come, change and go.

use std::collections::BTreeSet;

use super::leaving;
use crate::command::{Rejection, RejectionKind};
use crate::deployment::EnvironmentKey;
use crate::event::{EnvironmentEvent, Event, ProjectEvent, environment_key};
use crate::id::{BranchName, EnvironmentName, ProjectName};
use crate::preview::is_stale;
use crate::run::{Run, Trigger};
use crate::spec::{EnvironmentSpec, ProjectSpec};
use crate::state::{Branch, State};
use crate::time::Timestamp;

/// The most problems of a specification that are told at once.
const MOST_TOLD: usize = 5;

/// Makes a specification active.
pub(super) fn apply(
    state: &State,
    actor: &str,
    spec: &ProjectSpec,
    now: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    check(spec)?;
    check_domains(state, spec)?;
    check_watched(state, spec)?;
    let mut events = vec![Event::Project(ProjectEvent::Applied {
        spec: Box::new(spec.clone()),
        actor: actor.to_owned(),
    })];
    let fixed = spec.environments.iter().filter(|environment| !environment.preview);
    for environment in fixed {
        let key = environment_key(&spec.name, &environment.name);
        specify(state, key, environment.clone(), None, &mut events);
    }
    let mut kept: Vec<EnvironmentName> = spec
        .environments
        .iter()
        .filter(|environment| !environment.preview)
        .map(|environment| environment.name.clone())
        .collect();
    let mut left = BTreeSet::new();
    if let Some(project) = state.projects.get(&spec.name) {
        for (name, branch) in &project.branches {
            let fed = spec
                .environment_fed_by(name)
                .filter(|fed| !taken(state, &events, &spec.name, fed, name))
                .filter(|fed| !fed.preview || has_preview(branch, now));
            let environment = fed.as_ref().map(|fed| fed.name.clone());
            if let Some(fed) = fed.filter(|fed| fed.preview) {
                kept.push(fed.name.clone());
                let key = environment_key(&spec.name, &fed.name);
                specify(state, key, fed, Some(name.clone()), &mut events);
            }
            if branch.environment != environment {
                left.extend(branch.environment.clone());
                // What feeds nothing has nothing to wait for, and what feeds an environment from now
                // on is built for it.
                let owed = environment.as_ref().map(|_| branch.owed.unwrap_or(Trigger::Apply));
                let branch = Branch { environment, owed, ..branch.clone() };
                events.push(Event::Project(ProjectEvent::BranchMoved {
                    project: spec.name.clone(),
                    name: name.clone(),
                    branch: Box::new(branch),
                }));
            }
        }
    }
    let branches = state.projects.get(&spec.name).map(|project| &project.branches);
    let counts = |run: &Run| {
        branches.and_then(|all| all.get(&run.branch)).is_some_and(|branch| branch.has(run.id))
    };
    for name in left.iter().filter(|name| kept.contains(name)) {
        let (key, by) = (environment_key(&spec.name, name), "a change of what feeds it");
        events.extend(leaving::left(state, spec, &key, counts, by));
    }
    let gone = state.environments.iter().filter(|(key, environment)| {
        key.project == spec.name && !environment.removing && !kept.contains(&key.name)
    });
    for (key, _) in gone {
        events.push(Event::Environment(EnvironmentEvent::RemovalBegan { key: key.clone() }));
    }
    Ok(events)
}

/// Nothing becomes active that the reader of an operator's file would refuse, whoever sends it.
fn check(spec: &ProjectSpec) -> Result<(), Rejection> {
    let problems = spec.check();
    if problems.is_empty() {
        return Ok(());
    }
    let told: Vec<String> = problems.iter().take(MOST_TOLD).map(ToString::to_string).collect();
    let more = problems.len().saturating_sub(MOST_TOLD);
    let more = if more == 0 { String::new() } else { format!(", and {more} more") };
    Err(Rejection::new(RejectionKind::Invalid, format!("{}{more}", told.join(". "))))
}

/// Whether a branch of a repository that was looked at before gets a preview: one that has one, or
/// whose head is young, as at the first look.
fn has_preview(branch: &Branch, now: Timestamp) -> bool {
    branch.environment.is_some() || !is_stale(&branch.head, now)
}

/// Whether another branch has the preview that a branch would feed.
///
/// Two names can come to the same slug, by chance or by somebody's will. The branch that came
/// first keeps its environment and domain, and the other feeds none.
pub(super) fn taken(
    state: &State,
    events: &[Event],
    project: &ProjectName,
    fed: &EnvironmentSpec,
    branch: &BranchName,
) -> bool {
    if !fed.preview {
        return false;
    }
    let is_other = |of: Option<&BranchName>| of.is_some_and(|of| of != branch);
    let key = environment_key(project, &fed.name);
    let known = state.environments.get(&key).filter(|environment| !environment.removing);
    is_other(known.and_then(|environment| environment.preview_of.as_ref()))
        || events.iter().any(|event| match event {
            Event::Environment(EnvironmentEvent::Specified { key: own, preview_of, .. }) => {
                *own == key && is_other(preview_of.as_ref())
            }
            Event::Environment(_)
            | Event::Engine(_)
            | Event::Project(_)
            | Event::Run(_)
            | Event::Deployment(_)
            | Event::Instance(_)
            | Event::Edge(_)
            | Event::Containers(_) => false,
        })
}

/// Gives the name of a preview that is gone to a branch that waited for it, as a push of it would.
pub(crate) fn handed_on(state: &State, key: &EnvironmentKey, now: Timestamp) -> Vec<Event> {
    let Some(project) = state.projects.get(&key.project).filter(|project| !project.removing) else {
        return Vec::new();
    };
    let waits = |(name, branch): (&BranchName, &Branch)| {
        let fed = project.spec.environment_fed_by(name)?;
        let is_it = fed.preview && fed.name == key.name && !state.halting;
        let may = branch.environment.is_none() && !is_stale(&branch.head, now);
        (is_it && may).then(|| (name.clone(), branch.clone(), fed))
    };
    let Some((name, branch, fed)) = project.branches.iter().find_map(waits) else {
        return Vec::new();
    };
    let branch = Branch {
        environment: Some(fed.name.clone()),
        owed: Some(branch.owed.unwrap_or(Trigger::Poll)),
        ..branch
    };
    let (spec, preview_of) = (Box::new(fed), Some(name.clone()));
    let project = key.project.clone();
    vec![
        Event::Environment(EnvironmentEvent::Specified { key: key.clone(), spec, preview_of }),
        Event::Project(ProjectEvent::BranchMoved { project, name, branch: Box::new(branch) }),
    ]
}

/// Adds the event that makes or changes an environment, if it is not so already.
pub(super) fn specify(
    state: &State,
    key: EnvironmentKey,
    spec: EnvironmentSpec,
    preview_of: Option<BranchName>,
    events: &mut Vec<Event>,
) {
    let same = state
        .environments
        .get(&key)
        .is_some_and(|environment| environment.spec == spec && !environment.removing);
    if !same {
        let spec = Box::new(spec);
        events.push(Event::Environment(EnvironmentEvent::Specified { key, spec, preview_of }));
    }
}

/// What serves here cannot become something that is only watched elsewhere: its instances would be
/// nobody's.
fn check_watched(state: &State, spec: &ProjectSpec) -> Result<(), Rejection> {
    let mut watched = spec.environments.iter().filter(|own| own.runtime.watch().is_some());
    let serves = |own: &&EnvironmentSpec| {
        let known = state.environments.get(&environment_key(&spec.name, &own.name));
        known.is_some_and(|known| known.is_used() || known.removing)
    };
    watched.find(serves).map_or(Ok(()), |own| {
        let why = format!(
            "{}/{} serves on this machine now: take it out of the file and apply that first, or \
             give what is watched another name",
            spec.name, own.name
        );
        Err(Rejection::new(RejectionKind::Conflict, why))
    })
}

/// Two environments cannot share a domain on the same address: one would never be reached.
fn check_domains(state: &State, spec: &ProjectSpec) -> Result<(), Rejection> {
    for (place, own) in spec.environments.iter().enumerate() {
        let mut others = spec.environments.iter().take(place);
        if own.domain.is_some()
            && let Some(other) = others.find(|other| {
                !(own.preview && other.preview) && same_domain(other, own.domain.as_deref())
            })
        {
            return Err(Rejection::new(
                RejectionKind::Conflict,
                format!(
                    "{}/{} and {} want the same domain {}: give one of them another",
                    spec.name,
                    other.name,
                    own.name,
                    own.domain.as_deref().unwrap_or_default()
                ),
            ));
        }
    }
    for (key, environment) in &state.environments {
        let Some(theirs) = environment.spec.domain.as_deref() else { continue };
        if key.project == spec.name || environment.removing {
            continue;
        }
        let listens = |address| {
            state
                .projects
                .get(&key.project)
                .is_some_and(|project| project.spec.load_balancer.listen.contains(address))
        };
        if !spec.load_balancer.listen.iter().any(listens) {
            continue;
        }
        let clash = spec.environments.iter().find(|own| same_domain(own, Some(theirs)));
        if let Some(own) = clash {
            return Err(Rejection::new(
                RejectionKind::Conflict,
                format!(
                    "{}/{} wants the domain {theirs}, which {key} has on the same address: give \
                     one of them another domain or another listen address",
                    spec.name, own.name
                ),
            ));
        }
    }
    Ok(())
}

/// Names of domains differ by more than their case (RFC 4343).
fn same_domain(environment: &EnvironmentSpec, domain: Option<&str>) -> bool {
    let own = environment.domain.as_deref();
    own.zip(domain).is_some_and(|(one, two)| one.eq_ignore_ascii_case(two))
}
