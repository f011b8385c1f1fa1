//! Latency histograms: four buckets for each doubling, from 64 µs to over a minute.
//!
//! Responsible for the one bucket layout that edge and readers share, so that counts can be
//! added and subtracted. A quantile is right to within a fifth.

use std::time::Duration;

/// How many buckets a histogram has; the last one also holds everything slower.
pub const LATENCY_BUCKETS: usize = 84;

/// The exponent of the first doubling: everything under 2^6 µs falls into bucket 0.
const FIRST: u32 = 6;

/// Finds the bucket of a latency.
pub fn latency_bucket(latency: Duration) -> usize {
    let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
    if micros < 1 << FIRST {
        return 0;
    }
    let exponent = micros.ilog2();
    let quarter = (micros >> (exponent - 2)) & 3;
    let index = u64::from(exponent - FIRST) * 4 + quarter + 1;
    usize::try_from(index).unwrap_or(usize::MAX).min(LATENCY_BUCKETS - 1)
}

/// Tells the latency that a bucket's own stay below.
pub fn latency_bound(bucket: usize) -> Duration {
    if bucket == 0 {
        return Duration::from_micros(1 << FIRST);
    }
    let above = bucket.min(LATENCY_BUCKETS - 1) - 1;
    let quarter_width = 1_u64 << (FIRST as usize + above / 4 - 2);
    let quarters = 5 + u64::try_from(above % 4).unwrap_or(0);
    Duration::from_micros(quarter_width * quarters)
}

/// Finds the latency that `permille` of 1,000 requests stay below; none without any request.
pub fn latency_quantile(counts: &[u64], permille: u64) -> Option<Duration> {
    let total: u64 = counts.iter().sum();
    if total == 0 {
        return None;
    }
    let wanted = (total.saturating_mul(permille)).div_ceil(1000).max(1);
    let mut seen = 0;
    for (bucket, count) in counts.iter().enumerate() {
        seen += count;
        if seen >= wanted {
            return Some(latency_bound(bucket));
        }
    }
    None
}
