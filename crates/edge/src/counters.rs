//! What is counted, per target and for the edge as a whole.
//!
//! Responsible for cheap counting from any thread. Counts never go back while the edge runs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pilothouse_core::routing::{EdgeCounters, LATENCY_BUCKETS, latency_bucket};

/// The counts of one target id; they survive table swaps and a change of address.
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) requests: AtomicU64,
    pub(crate) errors_4xx: AtomicU64,
    pub(crate) errors_5xx: AtomicU64,
    pub(crate) failed: AtomicU64,
    latency: [AtomicU64; LATENCY_BUCKETS],
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            requests: AtomicU64::new(0),
            errors_4xx: AtomicU64::new(0),
            errors_5xx: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            latency: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

impl Counters {
    /// Counts an answer's head.
    pub(crate) fn answered(&self, status: u16, latency: Duration) {
        match status {
            400..=499 => add(&self.errors_4xx),
            500..=599 => add(&self.errors_5xx),
            _ => {}
        }
        if let Some(bucket) = self.latency.get(latency_bucket(latency)) {
            add(bucket);
        }
    }

    /// Reads the latency histogram.
    pub(crate) fn latencies(&self) -> Vec<u64> {
        self.latency.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect()
    }
}

/// What the edge answered without a target's answer.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub(crate) requests: AtomicU64,
    pub(crate) retried: AtomicU64,
    refused: AtomicU64,
    bad_gateway: AtomicU64,
    unavailable: AtomicU64,
    timed_out: AtomicU64,
}

impl Totals {
    /// Counts an answer that the edge made up because of an error.
    pub(crate) fn answered(&self, status: u16) {
        match status {
            400..=499 => add(&self.refused),
            502 => add(&self.bad_gateway),
            503 => add(&self.unavailable),
            504 => add(&self.timed_out),
            _ => {}
        }
    }

    pub(crate) fn read(&self) -> EdgeCounters {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        EdgeCounters {
            requests: read(&self.requests),
            refused: read(&self.refused),
            bad_gateway: read(&self.bad_gateway),
            unavailable: read(&self.unavailable),
            timed_out: read(&self.timed_out),
            retried: read(&self.retried),
        }
    }
}

/// Adds one.
pub(crate) fn add(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}
