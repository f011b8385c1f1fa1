//! How long to wait where AWS asks to be asked less often.
//!
//! It throttles each action by itself (Amazon EC2 Developer Guide, "Request throttling for the Amazon
//! EC2 API"), so that a part waits alone, and what else there is goes on.

use std::collections::BTreeMap;
use std::time::Duration;

use pilothouse_core::aws::{Part, TroubleKind};
use tokio::time::Instant;

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(300);

/// How long to wait after so many failures in a row: twice as long after each.
pub(super) fn after(failures: u32, interval: Duration) -> Duration {
    interval.saturating_mul(1 << failures.min(8)).min(longest(interval))
}

/// The longest wait between two rounds.
pub(super) fn longest(interval: Duration) -> Duration {
    LONGEST.max(interval)
}

/// The parts that were throttled when they were last asked for.
#[derive(Default)]
pub(super) struct Patience {
    waits: BTreeMap<Part, Wait>,
}

struct Wait {
    /// How often in a row.
    times: u32,
    until: Instant,
}

impl Patience {
    /// Notes what came of asking for a part in a round that began then.
    pub(super) fn note(
        &mut self,
        part: Part,
        trouble: Option<TroubleKind>,
        (begun, interval): (Instant, Duration),
    ) {
        if trouble != Some(TroubleKind::Throttled) {
            self.waits.remove(&part);
            return;
        }
        let wait = self.waits.entry(part).or_insert(Wait { times: 0, until: begun });
        wait.times = wait.times.saturating_add(1);
        wait.until = begun + after(wait.times, interval);
    }

    /// Whether it is too early to ask for a part again.
    pub(super) fn waits(&self, part: Part) -> bool {
        self.waits.get(&part).is_some_and(|wait| Instant::now() < wait.until)
    }

    /// Ends all waits, as where somebody came to look. Whatever is throttled again waits longer.
    pub(super) fn end(&mut self) {
        for wait in self.waits.values_mut() {
            wait.until = Instant::now();
        }
    }
}
