//! What an environment costs where it runs now.

use crate::deployment::EnvironmentKey;
use crate::state::State;

use super::{NanoUsd, Total};

/// Why what runs on this machine costs nothing more.
pub const HERE: &str = "runs on this machine";

/// What an environment costs by the hour, by kind of resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentCost {
    /// Each kind.
    pub kinds: Vec<KindCost>,
    /// All kinds together.
    pub per_hour: Total,
}

/// What one kind of resource costs by the hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindCost {
    /// Which kind.
    pub kind: ResourceKind,
    /// How many of it there are.
    pub count: u64,
    /// What they cost by the hour.
    pub per_hour: Total,
    /// Why, in a few words.
    pub note: &'static str,
}

/// A kind of resource that costs something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourceKind {
    /// What runs the service.
    Instances,
    /// What takes the requests.
    LoadBalancer,
}

impl ResourceKind {
    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Instances => "instances",
            Self::LoadBalancer => "load balancer",
        }
    }
}

/// What an environment costs by the hour; `None` where there is no such environment.
///
/// What runs here and the embedded load balancer cost exactly nothing beyond the machine itself,
/// which nobody here has a price for. What is watched at AWS is not of the state: see
/// [`crate::aws::bill`].
pub fn environment_cost(state: &State, key: &EnvironmentKey) -> Option<EnvironmentCost> {
    let environment = state.environments.get(key)?;
    if environment.spec.runtime.watch().is_some() {
        let missing = vec!["what is watched at AWS has a bill of its own".to_owned()];
        let per_hour = Total::Unpriced { rest: NanoUsd::ZERO, missing };
        return Some(EnvironmentCost { kinds: Vec::new(), per_hour });
    }
    let instances = state.instances_of(key).filter(|one| !one.is_gone()).count();
    let here =
        |kind, count| KindCost { kind, count, per_hour: Total::Priced(NanoUsd::ZERO), note: HERE };
    let instances = u64::try_from(instances).unwrap_or(u64::MAX);
    let balancers = u64::from(environment.spec.domain.is_some());
    Some(EnvironmentCost {
        kinds: vec![
            here(ResourceKind::Instances, instances),
            here(ResourceKind::LoadBalancer, balancers),
        ],
        per_hour: Total::Priced(NanoUsd::ZERO),
    })
}
