//! What deployments want, beside what their instances want.

use super::{Wanted, retry_at};
use crate::artifact::ArtifactKind;
use crate::deployment::{Deployment, Milestone, Phase, RollbackStep};
use crate::effect::{Effect, EffectId};
use crate::spec::Runtime;
use crate::state::State;
use crate::table;
use crate::time::Timestamp;

pub(super) fn want(state: &State, deployment: &Deployment, now: Timestamp, wanted: &mut Wanted) {
    match &deployment.phase {
        Phase::Staging if !deployment.milestones.contains_key(&Milestone::Staged) => {
            when_due(state, deployment, now, wanted, stage);
        }
        // What cannot be reached for now has not failed to answer.
        Phase::Verifying if is_out_of_reach(state, deployment) => {}
        Phase::Verifying => when_due(state, deployment, now, wanted, verify),
        Phase::Baking { until } => wanted.wake(*until, now),
        Phase::RollingBack { step: RollbackStep::Starting, .. } => {
            let due = retry_at(state, deployment.since, deployment.attempts);
            let patience = deployment.since.after(crate::settle::rollback::PATIENCE);
            wanted.wake(due, now);
            wanted.wake(patience, now);
        }
        Phase::Staging
        | Phase::Queued
        | Phase::Starting
        | Phase::Shifting
        | Phase::Draining
        | Phase::MakingRoom
        | Phase::Retiring
        | Phase::Aborting { .. }
        | Phase::RollingBack { .. }
        | Phase::Ended { .. } => {}
    }
}

fn is_out_of_reach(state: &State, deployment: &Deployment) -> bool {
    let new = deployment.new.iter().filter_map(|id| state.instances.get(id));
    new.into_iter().any(|instance| state.is_out_of_reach(instance))
}

fn when_due(
    state: &State,
    deployment: &Deployment,
    now: Timestamp,
    wanted: &mut Wanted,
    effect: fn(&State, &Deployment) -> Option<(EffectId, Effect)>,
) {
    let due = retry_at(state, deployment.since, deployment.attempts);
    if now < due {
        wanted.wake(due, now);
    } else if let Some((id, effect)) = effect(state, deployment) {
        wanted.add(id, effect);
    }
}

fn stage(state: &State, deployment: &Deployment) -> Option<(EffectId, Effect)> {
    let environment = state.environments.get(&deployment.environment)?;
    let release = environment.releases.get(&deployment.release)?;
    let effect = Effect::Stage {
        deployment: deployment.id,
        environment: deployment.environment.clone(),
        release: deployment.release,
        artifact: release.artifact.clone(),
        kind: release.kind,
        image: match (&release.runtime, release.kind) {
            (Runtime::Docker(_), ArtifactKind::Tree) => release.service.image.clone(),
            (Runtime::Docker(_), ArtifactKind::Image)
            | (Runtime::Local | Runtime::AwsWatch(_), _) => None,
        },
    };
    Some((EffectId::Stage(deployment.id), effect))
}

fn verify(state: &State, deployment: &Deployment) -> Option<(EffectId, Effect)> {
    let environment = state.environments.get(&deployment.environment)?;
    let project = state.projects.get(&deployment.environment.project)?;
    let effect = Effect::Verify {
        deployment: deployment.id,
        domain: environment.spec.domain.clone(),
        listen: project.spec.load_balancer.listen.clone(),
        release: table::release_of(&deployment.environment, deployment.release),
    };
    Some((EffectId::Verify(deployment.id), effect))
}
