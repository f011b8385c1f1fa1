//! Messages that could repeat without end.
//!
//! Responsible for letting one through now and then, with the number of those held back: a
//! condition that lasts says nothing new each time, and would fill a disk.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::coarse_ms;

/// How long a message is held back after one like it.
const PERIOD: Duration = Duration::from_secs(30);

/// Counts one kind of message.
#[derive(Debug, Default)]
pub(crate) struct Sparing {
    /// By the coarse clock; zero before the first.
    quiet_until: AtomicU64,
    held: AtomicU64,
}

impl Sparing {
    /// Tells how many were held back before this one, or none if this one is to be, too.
    pub(crate) fn pass(&self) -> Option<u64> {
        self.pass_at(coarse_ms())
    }

    fn pass_at(&self, now: u64) -> Option<u64> {
        if now < self.quiet_until.load(Ordering::Relaxed) {
            self.held.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let period = u64::try_from(PERIOD.as_millis()).unwrap_or(u64::MAX);
        self.quiet_until.store(now.saturating_add(period), Ordering::Relaxed);
        Some(self.held.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_passes_in_a_period_and_counts_the_others() {
        let sparing = Sparing::default();
        let passed: Vec<_> = (0..2_000).filter_map(|turn| sparing.pass_at(7 + turn * 50)).collect();
        assert_eq!(passed, [0, 599, 599, 599]);
    }
}
