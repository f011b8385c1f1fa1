//! What serves in an environment, counted.

use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::instance::{Instance, Role};
use pilothouse_core::routing::TargetState;
use pilothouse_core::state::Environment;

use crate::model::Model;
use crate::theme::Mark;

/// What serves in an environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Serving {
    /// Instances that are proved and serve, and of which nothing bad is known.
    pub instances: usize,
    /// Instances that there should be.
    pub wanted: usize,
    /// Instances that somebody stopped.
    pub stopped: usize,
    /// Targets that get requests.
    pub targets: usize,
    /// Those of them that are healthy.
    pub healthy: usize,
    /// Whether the load balancer answers, so that this is known.
    pub known: bool,
}

impl Model {
    /// The instances of an environment, in the panes' order.
    pub fn instances_in<'a>(
        &'a self,
        key: &'a EnvironmentKey,
    ) -> impl Iterator<Item = &'a Instance> {
        let rows = &self.index.instances;
        let from = rows.partition_point(|(own, _)| own < key);
        rows.iter()
            .skip(from)
            .take_while(move |(own, _)| own == key)
            .filter_map(|(_, id)| self.replica.instances.get(id))
    }
}

/// Counts what serves in an environment.
pub fn serving(model: &Model, key: &EnvironmentKey) -> Serving {
    let count = |of: fn(&Environment) -> u32| {
        model.environment(key).map_or(0, |one| usize::try_from(of(one)).unwrap_or(0))
    };
    let mut serving = Serving {
        wanted: count(Environment::wanted),
        stopped: count(Environment::missing),
        known: model.replica.edge.connected,
        ..Serving::default()
    };
    for instance in model.instances_in(key).filter(|instance| instance.role == Role::Active) {
        let is_well = instance.health.state != TargetState::Unhealthy;
        serving.instances += usize::from(instance.is_proved() && is_well);
        serving.targets += 1;
        serving.healthy += usize::from(instance.own_health() == TargetState::Healthy);
    }
    serving
}

impl Serving {
    /// Whether somebody stopped all there were to be, and none is left.
    pub fn is_stopped(&self) -> bool {
        self.stopped > 0 && self.wanted == 0 && self.targets == 0
    }

    /// Whether anything gets requests.
    pub fn serves(&self) -> bool {
        self.targets > 0
    }

    /// What the current release does.
    pub fn verb(&self) -> &'static str {
        match self.serves() {
            true => "serves",
            false if self.is_stopped() => "is stopped",
            false => "does not serve",
        }
    }

    /// Instances that the operator's file asks for, those that somebody stopped among them.
    pub fn asked(&self) -> usize {
        self.wanted + self.stopped
    }

    /// The sign of its instances: what a person stopped is missing all the same.
    pub fn instances_mark(&self) -> Mark {
        if self.is_stopped() { Mark::Warn } else { part(self.instances, self.asked()) }
    }

    /// The sign of its targets.
    pub fn targets_mark(&self) -> Mark {
        if self.known { part(self.healthy, self.wanted.max(self.targets)) } else { Mark::Unknown }
    }

    /// The sign of all of it.
    pub fn mark(&self) -> Mark {
        match (self.targets_mark(), self.instances_mark()) {
            (Mark::Ok, Mark::Ok) => Mark::Ok,
            (Mark::Unknown, _) => Mark::Unknown,
            (Mark::Error, _) | (_, Mark::Error) => Mark::Error,
            _ => Mark::Warn,
        }
    }
}

fn part(have: usize, want: usize) -> Mark {
    match have {
        0 if want == 0 => Mark::None,
        0 => Mark::Error,
        _ if have < want => Mark::Warn,
        _ => Mark::Ok,
    }
}
