//! The clock for timeouts.
//!
//! Responsible for telling the time at the cost of a few instructions, since every read and
//! write asks for it. It must not measure latencies: its steps are several milliseconds.

use rustix::time::{ClockId, clock_gettime};

/// Milliseconds of the system's coarse monotonic clock, which lags by one tick of the kernel at
/// most (10 ms at 100 Hz).
pub(crate) fn coarse_ms() -> u64 {
    let time = clock_gettime(ClockId::MonotonicCoarse);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds * 1000 + u64::try_from(time.tv_nsec).unwrap_or(0) / 1_000_000
}
