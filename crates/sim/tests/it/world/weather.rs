//! What goes wrong, and when: fixed by a seed.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use pilothouse_core::effect::{EffectId, Fault};
use pilothouse_engine::executor::kind;

/// How an effect fares beyond what the world does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// It takes this long.
    Slow(Duration),
    /// It fails before it did anything, and it may pass.
    Transient,
    /// It fails before it did anything, and it will not pass.
    Permanent,
    /// Nobody knows whether it was done; it was not.
    Lost,
    /// Nobody knows whether it was done; it was.
    Hidden,
    /// It panics.
    Panic,
    /// It goes on for this long after it was cancelled.
    Stubborn(Duration),
}

impl Bad {
    pub fn fault(self) -> Option<Fault> {
        match self {
            Self::Transient => Some(Fault::transient("it may pass")),
            Self::Permanent => Some(Fault::permanent("it will not pass")),
            Self::Lost | Self::Hidden => Some(Fault::unknown("nobody knows")),
            Self::Slow(_) | Self::Panic | Self::Stubborn(_) => None,
        }
    }
}

/// What goes wrong, and when.
pub struct Weather {
    seed: u64,
    /// One effect in so many fares badly; none where 0.
    pub stormy: u64,
    /// What is to happen to the next effects of a kind.
    pub planned: BTreeMap<&'static str, VecDeque<Bad>>,
}

impl Weather {
    pub fn calm() -> Self {
        Self::seeded(1, 0)
    }

    pub fn seeded(seed: u64, stormy: u64) -> Self {
        Self { seed, stormy, planned: BTreeMap::new() }
    }

    /// The next number of a sequence that the seed fixes (splitmix64).
    pub fn random(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.random() % limit
    }

    pub fn plan(&mut self, kind: &'static str, bads: impl IntoIterator<Item = Bad>) {
        self.planned.entry(kind).or_default().extend(bads);
    }

    /// How this effect fares.
    pub fn next(&mut self, id: &EffectId) -> Option<Bad> {
        if let Some(bad) = self.planned.get_mut(kind(id)).and_then(VecDeque::pop_front) {
            return Some(bad);
        }
        if self.stormy == 0 || self.below(self.stormy) != 0 {
            return None;
        }
        let long = Duration::from_millis(self.below(20_000));
        Some(match self.below(8) {
            0 | 1 => Bad::Slow(long),
            2 => Bad::Transient,
            3 => Bad::Lost,
            4 => Bad::Hidden,
            5 => Bad::Panic,
            6 => Bad::Stubborn(long),
            _ if self.below(4) == 0 => Bad::Permanent,
            _ => Bad::Transient,
        })
    }
}
