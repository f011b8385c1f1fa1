//! Folds what happened to deployments.

use crate::deployment::{Deployment, DeploymentKind, DeploymentResult, Milestone, Phase};
use crate::event::DeploymentEvent;
use crate::id::DeploymentId;
use crate::instance::Instance;
use crate::state::{Fate, State};
use crate::time::Timestamp;

pub(super) fn deployment(state: &mut State, event: &DeploymentEvent, at: Timestamp) {
    match event {
        DeploymentEvent::Queued { deployment } => queued(state, deployment),
        DeploymentEvent::Locked { id, previous, old } => {
            let id = *id;
            if let Some(key) = state.deployments.get(&id).map(|d| d.environment.clone())
                && let Some(environment) = state.environments.get_mut(&key)
            {
                environment.running = Some(id);
                if environment.waiting == Some(id) {
                    environment.waiting = None;
                }
            }
            change(state, id, |deployment| {
                deployment.previous = *previous;
                deployment.old.clone_from(old);
            });
        }
        DeploymentEvent::Reached { id, milestone } => change(state, *id, |deployment| {
            deployment.milestones.entry(*milestone).or_insert(at);
            deployment.shifted |= *milestone == Milestone::Shifted;
        }),
        DeploymentEvent::Moved { id, phase, batch } => change(state, *id, |deployment| {
            deployment.phase = phase.clone();
            deployment.batch = *batch;
            deployment.since = at;
            // What it tried to do before it has done.
            deployment.attempts = 0;
            deployment.last_error = None;
        }),
        DeploymentEvent::InstancesAdded { id, instances } => {
            for instance in instances {
                super::instance::remember_generation(state, instance);
                state.instances.insert(instance.id.clone(), instance.clone());
            }
            started_again(state, *id, instances);
            change(state, *id, |deployment| {
                let back = matches!(deployment.phase, Phase::RollingBack { .. });
                for instance in instances {
                    let list = if back { &mut deployment.old } else { &mut deployment.new };
                    if !list.contains(&instance.id) {
                        list.push(instance.id.clone());
                    }
                }
            });
        }
        DeploymentEvent::AttemptFailed { id, why, times } => change(state, *id, |deployment| {
            deployment.attempts = deployment.attempts.saturating_add(*times);
            deployment.last_error = Some(why.clone());
            deployment.since = at;
        }),
        DeploymentEvent::Cut { id, requests } => change(state, *id, |deployment| {
            deployment.cut = deployment.cut.saturating_add(*requests);
        }),
        DeploymentEvent::CancelAsked { id, by } => {
            change(state, *id, |deployment| deployment.cancelled_by = Some(by.clone()));
        }
        DeploymentEvent::Ended { id, result } => ended(state, *id, result, at),
    }
}

/// What is started again for a way back is wanted again, also where a person had stopped it.
fn started_again(state: &mut State, id: DeploymentId, instances: &[Instance]) {
    let Some(deployment) = state.deployments.get(&id) else { return };
    let is_back = matches!(deployment.phase, Phase::RollingBack { .. });
    let environment = state.environments.get_mut(&deployment.environment);
    if let Some(environment) = environment.filter(|_| is_back) {
        environment.stopped.retain(|slot| instances.iter().all(|one| one.slot != *slot));
    }
}

fn queued(state: &mut State, deployment: &Deployment) {
    state.last_deployment = state.last_deployment.max(deployment.id);
    state.live_deployments.insert(deployment.id);
    if let Some(environment) = state.environments.get_mut(&deployment.environment) {
        environment.waiting = Some(deployment.id);
    }
    state.deployments.insert(deployment.id, deployment.clone());
}

fn ended(state: &mut State, id: DeploymentId, result: &DeploymentResult, at: Timestamp) {
    state.live_deployments.remove(&id);
    let Some(deployment) = state.deployments.get_mut(&id) else {
        return;
    };
    // A release that turned bad and was to stay is what serves, and what a rollback leaves.
    let stays = matches!(result, DeploymentResult::Attention { .. })
        && !matches!(deployment.phase, Phase::RollingBack { .. });
    deployment.phase = Phase::Ended { result: result.clone(), at };
    let (key, release) = (deployment.environment.clone(), deployment.release);
    let was_cancelled = deployment.cancelled_by.is_some();
    let (started, rollback) =
        (deployment.milestones.contains_key(&Milestone::Locked), deployment.kind.is_rollback());
    if let Some(environment) = state.environments.get_mut(&key) {
        if environment.running == Some(id) {
            environment.running = None;
        }
        if environment.waiting == Some(id) {
            environment.waiting = None;
        }
        if *result == DeploymentResult::Succeeded || stays {
            environment.current = Some(release);
            // What was stopped was another release's.
            environment.stopped.clear();
            environment.replace_failures = 0;
            environment.lost = None;
            environment.replace_at = at;
        }
    }
    match result {
        DeploymentResult::Succeeded => super::project::judge(state, &key, release, Fate::Good),
        DeploymentResult::Failed { .. }
        | DeploymentResult::RolledBack { .. }
        | DeploymentResult::Attention { .. } => {
            // A release that once served well stays a candidate when it could not be brought
            // back, as with a full disk: its own worth was not disproved before the shift. Nor
            // does it disprove it that somebody thought better of it.
            let disproved = !(rollback && matches!(result, DeploymentResult::Failed { .. }));
            if started && disproved && !was_cancelled {
                super::project::judge(state, &key, release, Fate::Bad);
            }
        }
        DeploymentResult::Cancelled { .. } | DeploymentResult::Superseded { .. } => {}
    }
}

fn change(state: &mut State, id: DeploymentId, with: impl FnOnce(&mut Deployment)) {
    if let Some(deployment) = state.deployments.get_mut(&id) {
        with(deployment);
    }
}

impl DeploymentKind {
    /// Whether an earlier release was asked for.
    pub fn is_rollback(&self) -> bool {
        match self {
            Self::Rollback => true,
            Self::Deploy | Self::Promotion { .. } => false,
        }
    }
}
