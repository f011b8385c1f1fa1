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
        Phase::Ended {
            result:
                DeploymentResult::Failed { .. }
                | DeploymentResult::Attention { .. }
                | DeploymentResult::Cancelled { .. },
            ..
        } => {
            format!("{release} did not come to serve. Enter on it in pane 2 says why; q leaves.")
        }
        // Nothing served before the first one.
        _ if release.0 < 2 => {
            format!("{release} serves. l shows logs; ? shows all keys; q leaves.")
        }
        _ => format!(
            "{release} serves. x b goes back to the one before; l shows logs; ? shows all keys; q leaves."
        ),
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_core::deployment::{DeploymentKind, RollbackStep};
    use pilothouse_core::id::{DeploymentId, ReleaseNumber};
    use pilothouse_core::spec::Strategy;
    use pilothouse_core::time::Timestamp;

    use super::*;

    fn deployment(phase: Phase, previous: Option<u32>) -> Deployment {
        Deployment {
            id: DeploymentId(1),
            environment: production(),
            release: ReleaseNumber(previous.unwrap_or(0) + 1),
            previous: previous.map(ReleaseNumber),
            kind: DeploymentKind::Deploy,
            actor: "kim".to_owned(),
            queued_at: Timestamp(1),
            strategy: Strategy::default(),
            instances: 1,
            phase,
            batch: 0,
            shifted: true,
            cancelled_by: None,
            milestones: std::collections::BTreeMap::new(),
            new: Vec::new(),
            old: Vec::new(),
            since: Timestamp(1),
            attempts: 0,
            last_error: None,
            cut: 0,
        }
    }

    #[test]
    fn a_first_deployment_speaks_of_no_old_release() {
        let why = || "it crashes".to_owned();
        let bakes = Phase::Baking { until: Timestamp(2) };
        let said = going_on(&deployment(bakes.clone(), None));
        assert!(said.contains("taken out again"), "{said}");
        assert!(!said.contains("old release") && !said.contains("goes back"), "{said}");
        let said = going_on(&deployment(bakes, Some(1)));
        assert!(said.contains("old release") && said.contains("traffic goes back"), "{said}");
        let back = Phase::RollingBack { why: why(), step: RollbackStep::Shifting };
        let said = going_on(&deployment(back, None));
        assert_eq!(said, "r1 turned bad (it crashes): it is taken out again.");
        let failed = DeploymentResult::Failed { why: why() };
        let said = after(&deployment(Phase::Ended { result: failed, at: Timestamp(2) }, None));
        assert!(said.starts_with("r1 did not come to serve."), "{said}");
    }
}
