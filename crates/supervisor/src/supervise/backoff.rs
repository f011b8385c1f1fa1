//! How long an instance waits before it is started again.

use std::time::Duration;

/// The growing delay of an instance: it doubles with every failure in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Backoff {
    min: Duration,
    max: Duration,
    stable_after: Duration,
    failures: u32,
}

impl Backoff {
    pub(super) fn new(min_ms: u64, max_ms: u64, stable_after_ms: u64) -> Self {
        let min = Duration::from_millis(min_ms);
        Self {
            min,
            max: Duration::from_millis(max_ms).max(min),
            stable_after: Duration::from_millis(stable_after_ms),
            failures: 0,
        }
    }

    /// The delay after a run that lasted so long.
    pub(super) fn after(&mut self, ran: Duration) -> Duration {
        if ran >= self.stable_after {
            self.failures = 0;
        }
        let factor = 1_u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        self.failures = self.failures.saturating_add(1);
        self.min.saturating_mul(factor).min(self.max)
    }

    /// The runs in a row that were no long ones, the last among them.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_to_the_maximum_and_resets_when_stable() {
        let mut backoff = Backoff::new(50, 300, 1000);
        let mut after = |ms| backoff.after(Duration::from_millis(ms)).as_millis();
        let delays = [after(0), after(1), after(999), after(0), after(1000), after(0)];
        assert_eq!(delays, [50, 100, 200, 300, 50, 100]);
    }

    #[test]
    fn never_overflows() {
        let mut backoff = Backoff::new(50, 60_000, 1000);
        let mut last = Duration::ZERO;
        for _ in 0..100 {
            last = backoff.after(Duration::ZERO);
        }
        assert_eq!(last, Duration::from_mins(1));
    }
}
