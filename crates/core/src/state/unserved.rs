//! Whether what should serve an environment is fit to.

use super::State;
use crate::deployment::EnvironmentKey;
use crate::instance::Role;

impl State {
    /// Whether an environment has a release that serves, and no instance of it is well: whatever a
    /// deployment left as it was, or went back to, requests fail. False where nobody can tell,
    /// because the load balancer does not answer, and where nothing is to run.
    pub fn is_unserved(&self, key: &EnvironmentKey) -> bool {
        let Some(environment) = self.environments.get(key) else { return false };
        let is_to_serve = environment.current.is_some()
            && environment.wanted() > 0
            && environment.spec.runtime.watch().is_none()
            && !environment.removing
            && !self.halting;
        let serving = || self.instances_of(key).filter(|one| one.role == Role::Active);
        is_to_serve && self.edge.connected && !serving().any(super::Instance::is_well)
    }
}
