//! The states of a supervised unit and what each waits for.

use std::time::{Duration, Instant};

/// How long leftovers of a finished program may end by themselves, such as a
/// `tee` that still writes what it read.
pub(super) const SETTLE: Duration = Duration::from_millis(100);
/// How long leftovers may take after they were asked to end, at most.
pub(super) const LEFTOVER_GRACE: Duration = Duration::from_secs(2);
/// How often killing is tried again.
pub(super) const KILL_INTERVAL: Duration = Duration::from_millis(50);
/// When processes that survive killing are reported instead. A process that waits
/// for a broken disk cannot be killed by anybody.
pub(super) const KILL_LIMIT: Duration = Duration::from_secs(10);

/// What the unit is doing, and when it does something else by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The program runs, until its deadline.
    Running { deadline: Option<Instant> },
    /// The main process is gone and others have a moment to follow.
    Settling { until: Instant },
    /// Everybody was asked to end and has until then.
    Asking { until: Instant },
    /// Everybody is being killed.
    Killing { next: Instant, until: Instant },
    /// An instance waits to be started again.
    BackingOff { until: Instant },
    /// Nothing is left.
    Over,
}

impl State {
    /// When something is due although nothing happens.
    pub(super) fn due(self) -> Option<Instant> {
        match self {
            Self::Running { deadline } => deadline,
            Self::Settling { until } | Self::Asking { until } | Self::BackingOff { until } => {
                Some(until)
            }
            Self::Killing { next, until } => Some(next.min(until)),
            Self::Over => Some(Instant::now()),
        }
    }

    pub(super) fn killing() -> Self {
        let now = Instant::now();
        Self::Killing { next: now, until: now + KILL_LIMIT }
    }
}

/// What is left of a time, for a poll. Rounded up, so that it has passed then.
pub(super) fn remaining(due: Instant) -> rustix::event::Timespec {
    let left = due.saturating_duration_since(Instant::now());
    rustix::event::Timespec {
        tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(left.subsec_nanos()),
    }
}

/// An instant that far from now, or `None` if it is beyond all clocks.
pub(super) fn after_ms(ms: u64) -> Option<Instant> {
    Instant::now().checked_add(Duration::from_millis(ms))
}
