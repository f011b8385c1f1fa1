//! Whether what should serve an environment is fit to.

use super::State;
use crate::deployment::{Deployment, EnvironmentKey};
use crate::instance::{Instance, Role};

impl State {
    /// Whether an environment has a release that serves, and no instance of it is well: whatever a
    /// deployment left as it was, or went back to, requests fail. False where nobody can tell,
    /// because the load balancer does not answer, and where nothing is to run.
    pub fn is_unserved(&self, key: &EnvironmentKey) -> bool {
        let serving = || self.instances_of(key).filter(|one| one.role == Role::Active);
        self.is_to_serve(key) && self.edge.connected && !serving().any(Instance::is_well)
    }

    /// Whether an environment has a release that is to serve, and nobody can tell whether it does,
    /// because the load balancer does not answer.
    pub fn is_unseen(&self, key: &EnvironmentKey) -> bool {
        self.is_to_serve(key) && !self.edge.connected
    }

    fn is_to_serve(&self, key: &EnvironmentKey) -> bool {
        let Some(environment) = self.environments.get(key) else { return false };
        environment.current.is_some()
            && environment.wanted() > 0
            && environment.spec.runtime.watch().is_none()
            && !environment.removing
            && !self.halting
    }

    /// Whether a deployment that is cancelled leads to what is not well: the release before it had
    /// instances as it began, and none of that is well now. False where nobody can tell.
    pub fn goes_back_to_unwell(&self, deployment: &Deployment) -> bool {
        let mut of_it = self.instances_of(&deployment.environment).filter(|one| {
            Some(one.release) == deployment.previous && !deployment.new.contains(&one.id)
        });
        let had_some = deployment.previous.is_some() && !deployment.old.is_empty();
        had_some && self.edge.connected && !of_it.any(Instance::is_well)
    }
}
