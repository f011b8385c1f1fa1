//! The engine's clock: the wall's time at the start, and from then on only forward.
//!
//! A wall clock that is set while the engine runs must neither end a bake early nor hold a
//! retry back, so that it is asked once and a monotonic clock goes on from there. That clock is
//! the runtime's own, so that it agrees with every timer and stands still where timers do.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pilothouse_core::time::Timestamp;
use tokio::time::Instant;

/// A clock that never goes back.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    base: Timestamp,
    started: Instant,
}

impl Clock {
    /// Starts at the wall's time, or at the last recorded time where that is later.
    pub fn start(last: Timestamp) -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let wall = Timestamp(u64::try_from(wall.as_millis()).unwrap_or(u64::MAX));
        Self::at(wall.max(last))
    }

    /// Starts at a given time, whatever the wall says.
    pub fn at(base: Timestamp) -> Self {
        Self { base, started: Instant::now() }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        let passed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Timestamp(self.base.0.saturating_add(passed))
    }

    /// The monotonic point at which a time comes; now for one that has passed.
    pub fn instant(&self, at: Timestamp) -> Instant {
        Instant::now() + Duration::from_millis(at.since(self.now()).0)
    }
}
