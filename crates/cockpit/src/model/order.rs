//! In which order the containers are shown.

use std::cmp::Reverse;

use pilothouse_core::instance::Instance;

use super::Model;
use crate::rows::words;
use crate::theme::Mark;

/// An order of the containers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By environment, the newest release first.
    #[default]
    Environment,
    /// What is worst first.
    Worst,
    /// What uses most of a processor first.
    Cpu,
    /// What uses most memory first.
    Memory,
    /// What was made last first.
    Newest,
    /// What was started again most often first.
    Restarts,
}

impl Order {
    /// The order that follows, around the end.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Environment => Self::Worst,
            Self::Worst => Self::Cpu,
            Self::Cpu => Self::Memory,
            Self::Memory => Self::Newest,
            Self::Newest => Self::Restarts,
            Self::Restarts => Self::Environment,
        }
    }

    /// What the screen calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Environment => "by environment",
            Self::Worst => "worst first",
            Self::Cpu => "by CPU",
            Self::Memory => "by memory",
            Self::Newest => "newest first",
            Self::Restarts => "by restarts",
        }
    }

    /// Whether measurements decide, so that new ones can change it.
    pub fn is_measured(self) -> bool {
        matches!(self, Self::Cpu | Self::Memory)
    }

    /// Puts places of the index into this order; those that are equal stay as they are.
    pub fn sort(self, model: &Model, places: &mut [usize]) {
        if self == Self::Environment {
            return;
        }
        places.sort_by_cached_key(|place| {
            let instance = model.instance_at(*place);
            Reverse(instance.map_or(0, |instance| self.weight(model, instance)))
        });
    }

    fn weight(self, model: &Model, instance: &Instance) -> u64 {
        let sample = model.fresh_samples().and_then(|samples| samples.instances.get(&instance.id));
        match self {
            Self::Environment => 0,
            Self::Worst => badness(words::instance(instance).0),
            Self::Cpu => sample.map_or(0, |sample| u64::from(sample.cpu_milli)),
            Self::Memory => sample.map_or(0, |sample| sample.memory),
            Self::Newest => instance.since.0,
            Self::Restarts => u64::from(instance.restarts),
        }
    }
}

fn badness(mark: Mark) -> u64 {
    match mark {
        Mark::Error => 4,
        Mark::Unknown | Mark::Stale => 3,
        Mark::Warn => 2,
        Mark::Pending | Mark::Running | Mark::Ready | Mark::Draining | Mark::None => 1,
        Mark::Ok | Mark::Done => 0,
    }
}
