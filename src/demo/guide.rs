//! What a person in the demonstration could do next, said on the screen.

use pilothouse_core::deployment::{Deployment, DeploymentResult, EnvironmentKey, Phase};
use pilothouse_core::id::{EnvironmentName, ProjectName};
use pilothouse_core::state::State;

use super::scene::PROJECT;

/// The environment that the person deploys to.
pub fn production() -> EnvironmentKey {
    EnvironmentKey {
        project: ProjectName::from(PROJECT),
        name: EnvironmentName::from("production"),
    }
}

/// Says what could be done next.
pub fn guide(state: &State) -> Option<String> {
    let environment = state.environments.get(&production())?;
    let newest =
        state.deployments.values().rev().find(|deployment| deployment.environment == production());
    Some(match newest {
        Some(deployment) if !deployment.is_ended() => going_on(deployment),
        _ if environment.ready.is_some() => {
            "main passed its tests and is ready for production: press x d, look at the plan, confirm.".to_owned()
        }
        None => "The first commits are being built: the job queue shows them. Enter opens one, l shows a log.".to_owned(),
        Some(deployment) => after(deployment),
    })
}

fn going_on(deployment: &Deployment) -> String {
    let release = deployment.release;
    match &deployment.phase {
        Phase::Baking { .. } if deployment.previous.is_none() => format!(
            "{release} serves, the first that does, and is watched. If it turns bad, it is taken out again by itself."
        ),
        Phase::Baking { .. } => format!(
            "{release} serves and is watched before the old release goes. If it turns bad, traffic goes back by itself."
        ),
        Phase::RollingBack { why, .. } if deployment.previous.is_none() => {
            format!("{release} turned bad ({why}): it is taken out again.")
        }
        Phase::RollingBack { why, .. } => {
            format!("{release} turned bad ({why}): traffic goes back.")
        }
        _ => format!(
            "{release} is on its way while visitors keep coming: pane 4 counts failed requests."
        ),
    }
}

fn after(deployment: &Deployment) -> String {
    let release = deployment.release;
    match &deployment.phase {
        Phase::Ended { result: DeploymentResult::RolledBack { .. }, .. }
            if deployment.cancelled_by.is_some() =>
        {
            format!(
                "{release} was cancelled, and traffic is back where it was. x d tries again; q leaves."
            )
        }
        Phase::Ended { result: DeploymentResult::RolledBack { .. }, .. } => format!(
            "{release} was rolled back by itself, and nobody noticed. Enter on it in pane 2 says why; q leaves."
        ),
        // Nothing served before the first one.
        _ if release.0 < 2 => {
            format!("{release} serves. l shows logs; ? shows all keys; q leaves.")
        }
        _ => format!(
            "{release} serves. x b goes back to the one before; l shows logs; ? shows all keys; q leaves."
        ),
    }
}
