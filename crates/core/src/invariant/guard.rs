//! What must hold over time.

use std::collections::{BTreeMap, BTreeSet};

use super::serving::{self, Serving};
use super::{Rule, Violation, check};
use crate::deployment::{EnvironmentKey, Phase};
use crate::effect::{Effect, EffectId};
use crate::event::{
    DeploymentEvent, EnvironmentEvent, Event, InstanceEvent, ProjectEvent, Recorded, RunEvent,
};
use crate::id::{BranchName, CommitId, InstanceId, ProjectName, ReleaseNumber, Seq};
use crate::instance::{Instance, InstancePhase, Role};
use crate::run::RunPhase;
use crate::state::State;
use crate::table;
use crate::time::Timestamp;
use crate::wanted::Wanted;

/// Follows a state event by event and turn by turn, and says what is broken.
///
/// It grows with every name that it has seen, so it is for tests and bounded runs.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    names: BTreeSet<InstanceId>,
    releases: BTreeMap<EnvironmentKey, ReleaseNumber>,
    serving: Serving,
    /// Heads that were seen, feed an environment and have no run yet.
    heads: BTreeMap<(ProjectName, BranchName), CommitId>,
}

/// What was seen of a state before an event.
#[derive(Debug)]
pub struct Before {
    seq: Seq,
    /// The head of the branch that is about to move.
    head: Option<CommitId>,
    broken: Vec<Violation>,
}

impl Guard {
    /// Looks at the state that an event is about to change.
    pub fn before(&self, state: &State, recorded: &Recorded) -> Before {
        let mut broken = Vec::new();
        match &recorded.event {
            Event::Run(event) => run(state, event, &mut broken),
            Event::Deployment(event) => deployment(state, event, &mut broken),
            Event::Instance(event) => instance(state, event, &mut broken),
            Event::Engine(_)
            | Event::Project(_)
            | Event::Environment(_)
            | Event::Edge(_)
            | Event::Containers(_) => {}
        }
        let head = match &recorded.event {
            Event::Project(ProjectEvent::BranchMoved { project, name, .. }) => {
                let known = state.projects.get(project).and_then(|own| own.branches.get(name));
                known.map(|branch| branch.head.id.clone())
            }
            _ => None,
        };
        Before { seq: state.seq, head, broken }
    }

    /// Looks at the state that an event has changed.
    pub fn after(&mut self, before: Before, recorded: &Recorded, state: &State) -> Vec<Violation> {
        let mut found = before.broken;
        if recorded.seq != before.seq.next() || state.seq != recorded.seq {
            let what = format!("{} follows {}", recorded.seq, before.seq);
            found.push(Violation::new(Rule::NoGaps, what));
        }
        match &recorded.event {
            Event::Run(RunEvent::Started { id })
                if state.executing().count() > state.limits.executors as usize =>
            {
                found.push(Violation::new(Rule::Executors, format!("{id} started")));
            }
            Event::Environment(EnvironmentEvent::ReleaseMade { key, number, .. }) => {
                let last = self.releases.entry(key.clone()).or_default();
                if *number <= *last {
                    let what = format!("{key} made {number} after {last}");
                    found.push(Violation::new(Rule::UsedOnce, what));
                }
                *last = (*last).max(*number);
            }
            Event::Deployment(DeploymentEvent::InstancesAdded { instances, .. }) => {
                for instance in instances {
                    self.name(instance, &mut found);
                }
            }
            Event::Instance(InstanceEvent::Replaced { instance }) => {
                self.name(instance, &mut found);
            }
            Event::Run(RunEvent::Queued { run }) => {
                let place = (run.project.clone(), run.branch.clone());
                if self.heads.get(&place) == Some(&run.commit) {
                    self.heads.remove(&place);
                }
            }
            Event::Project(
                ProjectEvent::RemovalBegan { project, .. } | ProjectEvent::Removed { project, .. },
            ) => {
                self.heads.retain(|(own, _), _| own != project);
            }
            Event::Project(ProjectEvent::BranchDeleted { project, name }) => {
                self.heads.remove(&(project.clone(), name.clone()));
            }
            Event::Project(ProjectEvent::BranchMoved { project, name, branch }) => {
                let place = (project.clone(), name.clone());
                if branch.environment.is_none() {
                    self.heads.remove(&place);
                } else if before.head.as_ref() != Some(&branch.head.id) {
                    self.heads.insert(place, branch.head.id.clone());
                }
            }
            _ => {}
        }
        found
    }

    /// No push is lost: a head waits for its run only while the queue is full of others' runs.
    fn heads(&self, state: &State) -> Option<Violation> {
        let queued = || {
            let live = state.live_runs.iter().filter_map(|id| state.runs.get(id));
            live.filter(|run| run.phase == RunPhase::Queued)
        };
        let full = queued().count() >= state.limits.queued_runs as usize;
        let mut waiting = self.heads.iter().filter(|((project, name), _)| {
            !full || queued().any(|run| run.project == *project && run.branch == *name)
        });
        let ((project, name), head) = waiting.next().filter(|_| !state.halting)?;
        let what = format!("{head} of {project} {name} has no run");
        Some(Violation::new(Rule::HeadsHaveRuns, what))
    }

    fn name(&mut self, instance: &Instance, found: &mut Vec<Violation>) {
        if !self.names.insert(instance.id.clone()) {
            found.push(Violation::new(Rule::UsedOnce, format!("{} was made twice", instance.id)));
        }
    }

    /// Looks at a state that has settled.
    pub fn settled(&mut self, state: &State, _now: Timestamp) -> Vec<Violation> {
        let mut found = check(state);
        let now = serving::serving(state);
        found.extend(serving::judge(&self.serving, state, &now));
        found.extend(self.heads(state));
        self.serving = now;
        if state.edge.wanted != table::wanted(state).digest_of() && state.seq != Seq(0) {
            found.push(Violation::new(Rule::Digest, state.edge.wanted.clone()));
        }
        found
    }

    /// Looks at what a state wants.
    pub fn wanted(&self, state: &State, wanted: &Wanted) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut subjects = BTreeMap::new();
        for (id, effect) in &wanted.effects {
            if let Some(other) = subjects.insert(id.subject(), id) {
                found.push(Violation::new(Rule::OneEffect, format!("{other:?} and {id:?}")));
            }
            match effect {
                Effect::Stop { id, .. } => stop(state, id, &mut found),
                Effect::Start(order) => {
                    let sealed = state.artifacts.contains_key(&order.artifact);
                    let known =
                        state.environments.get(&order.environment).is_some_and(|environment| {
                            environment.releases.contains_key(&order.release)
                        });
                    if !sealed || !known {
                        found.push(Violation::new(Rule::KnownReleases, order.id.to_string()));
                    }
                }
                _ => {}
            }
        }
        let live = |id: &EffectId| wanted.effects.contains_key(id);
        for instance in state.instances.values() {
            let stopping = matches!(instance.phase, InstancePhase::Stopping { .. });
            if live(&EffectId::Stop(instance.id.clone())) && !stopping {
                found.push(Violation::new(Rule::StopsLast, format!("{} is stopped", instance.id)));
            }
        }
        found
    }
}

fn stop(state: &State, id: &InstanceId, found: &mut Vec<Violation>) {
    let table = table::wanted(state);
    let read_back = state.edge.active.as_ref() == Some(&table.digest);
    let listed = table
        .target_groups
        .iter()
        .flat_map(|group| &group.targets)
        .any(|target| target.id == id.as_str());
    let instance = state.instances.get(id);
    let ends = instance.is_some_and(|one| table::ends_without(state, &one.environment));
    if listed || !(read_back || ends) {
        let what = format!("{id}: read back {read_back}, still a target {listed}");
        found.push(Violation::new(Rule::StopsLast, what));
    }
}

fn run(state: &State, event: &RunEvent, broken: &mut Vec<Violation>) {
    let id = match event {
        RunEvent::Queued { run } => {
            if run.id <= state.last_run {
                broken.push(Violation::new(Rule::UsedOnce, format!("run {}", run.id)));
            }
            return;
        }
        RunEvent::Sealed { .. } => return,
        RunEvent::Started { id }
        | RunEvent::CheckedOut { id, .. }
        | RunEvent::StepStarted { id, .. }
        | RunEvent::StepEnded { id, .. }
        | RunEvent::SealStarted { id }
        | RunEvent::CancelAsked { id, .. }
        | RunEvent::ResultFixed { id, .. }
        | RunEvent::Ended { id, .. } => id,
    };
    if !state.live_runs.contains(id) {
        broken.push(Violation::new(Rule::EndedStays, format!("run {id}: {event:?}")));
    }
}

fn deployment(state: &State, event: &DeploymentEvent, broken: &mut Vec<Violation>) {
    let id = match event {
        DeploymentEvent::Queued { deployment } => {
            if deployment.id <= state.last_deployment {
                broken.push(Violation::new(Rule::UsedOnce, format!("{}", deployment.id)));
            }
            return;
        }
        DeploymentEvent::Locked { id, .. }
        | DeploymentEvent::Reached { id, .. }
        | DeploymentEvent::Moved { id, .. }
        | DeploymentEvent::InstancesAdded { id, .. }
        | DeploymentEvent::AttemptFailed { id, .. }
        | DeploymentEvent::Cut { id, .. }
        | DeploymentEvent::CancelAsked { id, .. }
        | DeploymentEvent::Ended { id, .. } => id,
    };
    let Some(deployment) = state.deployments.get(id).filter(|d| !d.is_ended()) else {
        broken.push(Violation::new(Rule::EndedStays, format!("{id}: {event:?}")));
        return;
    };
    if let DeploymentEvent::InstancesAdded { instances, .. } = event {
        let back = matches!(deployment.phase, Phase::RollingBack { .. });
        let allowed = if back { deployment.previous } else { Some(deployment.release) };
        if instances.iter().any(|instance| Some(instance.release) != allowed) {
            let what = format!("{id} starts another release than {allowed:?}");
            broken.push(Violation::new(Rule::KnownReleases, what));
        }
    }
    let held = state.environments.get(&deployment.environment).and_then(|e| e.running);
    if matches!(event, DeploymentEvent::Locked { .. }) && held.is_some() {
        let what = format!("{id} takes the lock from {held:?}");
        broken.push(Violation::new(Rule::OneDeployment, what));
    }
}

fn instance(state: &State, event: &InstanceEvent, broken: &mut Vec<Violation>) {
    let id = match event {
        InstanceEvent::Replaced { .. } => return,
        InstanceEvent::Started { id, .. }
        | InstanceEvent::Proved { id }
        | InstanceEvent::Ended { id, .. }
        | InstanceEvent::Ill { id, .. }
        | InstanceEvent::Recovered { id }
        | InstanceEvent::Restarted { id, .. }
        | InstanceEvent::HealthChanged { id, .. }
        | InstanceEvent::RoleChanged { id, .. }
        | InstanceEvent::ReliefAsked { id, .. }
        | InstanceEvent::StopAsked { id, .. }
        | InstanceEvent::CalledOff { id, .. }
        | InstanceEvent::StopBegan { id, .. }
        | InstanceEvent::Gone { id, .. } => id,
    };
    let Some(instance) = state.instances.get(id) else {
        broken.push(Violation::new(Rule::EndedStays, format!("{id} is gone: {event:?}")));
        return;
    };
    let leaving = state.halting
        || state.environments.get(&instance.environment).is_none_or(|environment| {
            environment.removing || (environment.current.is_none() && environment.running.is_none())
        });
    let serves = matches!(instance.role, Role::Active | Role::Draining) && instance.is_proved();
    let stops = matches!(event, InstanceEvent::StopBegan { .. } | InstanceEvent::CalledOff { .. });
    if stops && serves && !leaving {
        let what = format!("{id} is to stop as {:?}", instance.role);
        broken.push(Violation::new(Rule::StopsLast, what));
    }
}
