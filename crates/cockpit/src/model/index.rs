//! Rows in the order in which panes show them, kept up with events instead of found by frames.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use pilothouse_core::deployment::{EnvironmentKey, Phase};
use pilothouse_core::event::{
    DeploymentEvent, EngineEvent, Event, InstanceEvent, ProjectEvent, RunEvent,
};
use pilothouse_core::id::{BranchName, DeploymentId, InstanceId, ProjectName, RunId};
use pilothouse_core::queue;
use pilothouse_core::run::RunPhase;
use pilothouse_core::state::State;
use pilothouse_core::time::Timestamp;

use super::order::Order;
use super::ui::Pane;
use super::watched::WatchedRef;

/// A row of the branches: a branch, an environment, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchRef {
    /// The project.
    pub project: ProjectName,
    /// The branch; none where an environment has no branch now.
    pub branch: Option<BranchName>,
    /// The environment that it feeds.
    pub environment: Option<EnvironmentKey>,
}

/// A row of the job queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobRef {
    /// A run.
    Run(RunId),
    /// A deployment.
    Deployment(DeploymentId),
}

/// Rows in their order.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// All rows of the branches.
    pub branches: Vec<BranchRef>,
    /// What has not ended: first what runs, then what waits, in its order.
    pub live: Vec<JobRef>,
    /// What has ended, the oldest first.
    pub ended: Vec<(Timestamp, JobRef)>,
    /// All instances, by environment, the newest release first.
    pub instances: Vec<(EnvironmentKey, InstanceId)>,
    /// What is left of the rows after filters.
    pub shown: Shown,
}

/// What is left of the rows after filters.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Places in the index's branches.
    pub branches: Vec<usize>,
    /// Jobs.
    pub jobs: Vec<JobRef>,
    /// Places in the index's instances.
    pub containers: Vec<usize>,
    /// Places in the list of others' containers.
    pub others: Vec<usize>,
    /// What is seen at AWS, in the pane of containers and in that of targets.
    pub watched: [Vec<WatchedRef>; 2],
    /// When that list was made, and how long it is now.
    pub listed: (Timestamp, usize),
    /// The order that the containers were put into.
    pub order: Order,
    /// Places in the index's instances.
    pub targets: Vec<usize>,
    /// The filters that these were found by.
    pub filters: [String; 5],
    /// The environment that the instances were found by.
    pub scope: Option<EnvironmentKey>,
    /// Whether something happened since they were found.
    pub is_stale: bool,
    /// Whether the instances alone are to be put in order anew.
    pub is_moved: bool,
    /// Ended jobs that match, the oldest first: what has ended changes no more, so that an event
    /// does not make all of them be looked at again.
    pub hits: Vec<JobRef>,
    /// How many ended jobs these were found among, and by which filter.
    pub looked: (usize, String),
}

impl Shown {
    /// What is seen at AWS in a pane.
    pub fn watched(&self, pane: Pane) -> &[WatchedRef] {
        match pane {
            Pane::Containers => &self.watched[0],
            Pane::Targets => &self.watched[1],
            Pane::Branches | Pane::Jobs | Pane::Cost => &[],
        }
    }

    /// Has the rows found anew before they are shown again.
    pub fn forget(&mut self) {
        self.is_stale = true;
    }
}

impl Index {
    /// Finds every order anew, as after a snapshot.
    pub fn rebuild(&mut self, state: &State) {
        self.branches = branches(state);
        self.live = live(state);
        self.ended = ended(state);
        self.shown.looked = (0, String::new());
        self.instances = instances(state);
    }

    /// Follows an event that was just applied.
    pub fn follow(&mut self, state: &State, event: &Event, at: Timestamp) {
        match event {
            Event::Engine(EngineEvent::Forgot { .. }) => {
                self.ended.retain(|(_, job)| exists(state, *job));
                self.shown.looked = (0, String::new());
            }
            Event::Engine(
                EngineEvent::Started { .. }
                | EngineEvent::RecordsLost { .. }
                | EngineEvent::HaltAsked { .. },
            )
            | Event::Edge(_)
            | Event::Containers(_)
            | Event::Project(
                ProjectEvent::Looked { .. }
                | ProjectEvent::LookAsked { .. }
                | ProjectEvent::LookFailed { .. },
            ) => {}
            Event::Project(_) | Event::Environment(_) => self.branches = branches(state),
            Event::Run(event) => self.follow_run(state, event, at),
            Event::Deployment(event) => self.follow_deployment(state, event, at),
            Event::Instance(InstanceEvent::Replaced { .. } | InstanceEvent::Gone { .. }) => {
                self.instances = instances(state);
            }
            Event::Instance(_) => {}
        }
    }

    fn follow_run(&mut self, state: &State, event: &RunEvent, at: Timestamp) {
        match event {
            RunEvent::Ended { id, .. } => self.end(state, JobRef::Run(*id), at),
            RunEvent::Queued { .. } | RunEvent::Started { .. } => self.live = live(state),
            RunEvent::CheckedOut { .. }
            | RunEvent::StepStarted { .. }
            | RunEvent::StepEnded { .. }
            | RunEvent::SealStarted { .. }
            | RunEvent::Sealed { .. }
            | RunEvent::CancelAsked { .. }
            | RunEvent::ResultFixed { .. } => {}
        }
    }

    fn follow_deployment(&mut self, state: &State, event: &DeploymentEvent, at: Timestamp) {
        match event {
            DeploymentEvent::Ended { id, .. } => self.end(state, JobRef::Deployment(*id), at),
            DeploymentEvent::Queued { .. } | DeploymentEvent::Locked { .. } => {
                self.live = live(state);
            }
            DeploymentEvent::InstancesAdded { .. } => self.instances = instances(state),
            DeploymentEvent::Reached { .. }
            | DeploymentEvent::Moved { .. }
            | DeploymentEvent::AttemptFailed { .. }
            | DeploymentEvent::Cut { .. }
            | DeploymentEvent::CancelAsked { .. } => {}
        }
    }

    fn end(&mut self, state: &State, job: JobRef, at: Timestamp) {
        self.live = live(state);
        if exists(state, job) {
            self.ended.push((at, job));
        }
    }
}

fn exists(state: &State, job: JobRef) -> bool {
    match job {
        JobRef::Run(id) => state.runs.contains_key(&id),
        JobRef::Deployment(id) => state.deployments.contains_key(&id),
    }
}

/// Environments in the file's order with their branches, then previews and other branches, those
/// that moved last first.
fn branches(state: &State) -> Vec<BranchRef> {
    let mut rows = Vec::new();
    for (name, project) in &state.projects {
        let mut of: BTreeMap<Option<&str>, Vec<(&BranchName, Timestamp)>> = BTreeMap::new();
        for (branch, facts) in &project.branches {
            let key = facts.environment.as_ref().map(pilothouse_core::id::EnvironmentName::as_str);
            of.entry(key).or_default().push((branch, facts.seen_at));
        }
        let key =
            |environment: &str| EnvironmentKey { project: name.clone(), name: environment.into() };
        let row = |branch: Option<&BranchName>, environment: Option<EnvironmentKey>| BranchRef {
            project: name.clone(),
            branch: branch.cloned(),
            environment,
        };
        for spec in project.spec.environments.iter().filter(|spec| !spec.preview) {
            let key = key(spec.name.as_str());
            match of.remove(&Some(spec.name.as_str())) {
                Some(branches) => rows.extend(
                    branches.iter().map(|(branch, _)| row(Some(branch), Some(key.clone()))),
                ),
                None => rows.push(row(None, Some(key))),
            }
        }
        let none = of.remove(&None).unwrap_or_default();
        let mut rest: Vec<(Timestamp, BranchRef)> = of
            .iter()
            .flat_map(|(environment, branches)| {
                let key = environment.map(key);
                branches.iter().map(move |(branch, at)| (*at, row(Some(branch), key.clone())))
            })
            .collect();
        let orphans = state.environments.iter().filter(|(own, environment)| {
            own.project == *name
                && !of.contains_key(&Some(own.name.as_str()))
                && (environment.preview_of.is_some() || environment.removing)
        });
        rest.extend(orphans.map(|(key, _)| (Timestamp(0), row(None, Some(key.clone())))));
        rest.sort_by_key(|(at, _)| Reverse(*at));
        rows.extend(rest.into_iter().map(|(_, row)| row));
        let mut none = none;
        none.sort_by_key(|(_, at)| Reverse(*at));
        rows.extend(none.iter().map(|(branch, _)| row(Some(branch), None)));
    }
    rows
}

/// What works, and then what waits: deployments, and runs in the order in which they get their turn.
fn live(state: &State) -> Vec<JobRef> {
    let waiting = queue::waiting(state).enumerate();
    let waiting = waiting.map(|(place, run)| (1 + place, run.queued_at, JobRef::Run(run.id)));
    let runs = state
        .executing()
        .map(|run| (0, run.started_at.unwrap_or(run.queued_at), JobRef::Run(run.id)));
    let deployments = state.live_deployments.iter().filter_map(|id| {
        let deployment = state.deployments.get(id)?;
        let waits = matches!(deployment.phase, Phase::Queued);
        Some((usize::from(waits), deployment.queued_at, JobRef::Deployment(*id)))
    });
    let mut jobs: Vec<_> = runs.chain(waiting).chain(deployments).collect();
    jobs.sort();
    jobs.into_iter().map(|(_, _, job)| job).collect()
}

fn ended(state: &State) -> Vec<(Timestamp, JobRef)> {
    let runs = state.runs.values().filter_map(|run| match run.phase {
        RunPhase::Ended { at, .. } => Some((at, JobRef::Run(run.id))),
        RunPhase::Queued
        | RunPhase::CheckingOut
        | RunPhase::Running { .. }
        | RunPhase::Sealing
        | RunPhase::Cleaning { .. } => None,
    });
    let deployments = state.deployments.values().filter_map(|deployment| {
        if let Phase::Ended { at, .. } = deployment.phase {
            Some((at, JobRef::Deployment(deployment.id)))
        } else {
            None
        }
    });
    let mut jobs: Vec<_> = runs.chain(deployments).collect();
    jobs.sort();
    jobs
}

fn instances(state: &State) -> Vec<(EnvironmentKey, InstanceId)> {
    let mut rows: Vec<_> = state.instances.values().collect();
    rows.sort_by(|a, b| {
        a.environment
            .cmp(&b.environment)
            .then_with(|| b.release.cmp(&a.release))
            .then_with(|| a.slot.cmp(&b.slot))
            .then_with(|| b.generation.cmp(&a.generation))
    });
    rows.into_iter().map(|instance| (instance.environment.clone(), instance.id.clone())).collect()
}
