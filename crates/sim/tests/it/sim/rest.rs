//! What a state at rest looks like.

use pilothouse_core::deployment::{DeploymentResult, Phase};
use pilothouse_core::instance::{Instance, Role};
use pilothouse_core::run::{RunPhase, RunResult};
use pilothouse_core::state::State;

/// Whether everything has come to its end.
pub fn settled(state: &State) -> bool {
    let whole = state.environments.iter().all(|(key, environment)| {
        let active = |role| state.instances_of(key).filter(|i| i.role == role).count();
        let proved = state.instances_of(key).all(Instance::is_proved);
        let should = if environment.current.is_some() { environment.spec.instances } else { 0 };
        let all = state.instances_of(key).count();
        active(Role::Active) == should as usize && all == should as usize && proved
    });
    whole
        && state.live_runs.is_empty()
        && state.live_deployments.is_empty()
        && state.edge.active.as_ref() == Some(&state.edge.wanted)
}

/// What became of every run and deployment, without times and sentences.
pub fn fates(state: &State) -> Vec<String> {
    let runs = state.runs.values().map(|run| {
        let fate = match &run.phase {
            RunPhase::Ended { result, .. } => match result {
                RunResult::Succeeded { artifact } => format!("sealed {artifact:?}"),
                RunResult::Failed { step, .. } => format!("failed at {step:?}"),
                other => format!("{other:?}"),
            },
            other => format!("{other:?}"),
        };
        format!("{} {} {fate}", run.id, run.commit)
    });
    let deployments = state.deployments.values().map(|deployment| {
        let fate = match &deployment.phase {
            Phase::Ended { result, .. } => match result {
                DeploymentResult::Succeeded => "succeeded".to_owned(),
                DeploymentResult::Failed { .. } => "failed".to_owned(),
                DeploymentResult::RolledBack { .. } => "rolled back".to_owned(),
                DeploymentResult::Attention { .. } => "attention".to_owned(),
                other => format!("{other:?}"),
            },
            other => format!("{other:?}"),
        };
        format!("{} {} {} {fate}", deployment.id, deployment.environment, deployment.release)
    });
    let current = state.environments.iter().map(|(key, environment)| {
        let instances: Vec<&str> = state.instances_of(key).map(|i| i.id.as_str()).collect();
        format!("{key} serves {:?}: {instances:?}", environment.current)
    });
    runs.chain(deployments).chain(current).collect()
}
