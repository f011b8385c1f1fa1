//! Some measurements before the newest, for small graphs.

use std::collections::{BTreeMap, VecDeque};

use pilothouse_api::types::Samples;
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::instance::{Instance, Role};
use pilothouse_core::state::State;

/// How many measurements are kept.
const KEPT: usize = 48;

/// Requests per second of each environment, in thousandths, the newest last.
#[derive(Clone, Debug, Default)]
pub struct History {
    requests: BTreeMap<EnvironmentKey, VecDeque<u64>>,
}

impl History {
    /// Adds a measurement.
    pub fn push(&mut self, state: &State, samples: &Samples) {
        let mut sums: BTreeMap<&EnvironmentKey, u64> = BTreeMap::new();
        for (id, target) in &samples.targets {
            let known = state.instances.get(id);
            let gets =
                |instance: &&Instance| matches!(instance.role, Role::Active | Role::Draining);
            if let Some(instance) = known.filter(gets) {
                *sums.entry(&instance.environment).or_default() += target.requests_milli;
            }
        }
        self.requests.retain(|key, _| state.environments.contains_key(key));
        for (key, sum) in sums {
            let ring = self.requests.entry(key.clone()).or_default();
            if ring.len() == KEPT {
                ring.pop_front();
            }
            ring.push_back(sum);
        }
    }

    /// Requests per second of an environment, in thousandths, the newest last.
    pub fn requests(&self, key: &EnvironmentKey) -> impl DoubleEndedIterator<Item = u64> {
        self.requests.get(key).into_iter().flatten().copied()
    }
}
