//! How much an account was asked of late, from how much it was asked in all.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::watched::Calls;
use crate::time::{Millis, Timestamp};

/// How far back it is counted.
const HOUR: Millis = Millis::minutes(60);
/// What is shorter says nothing of an hour: whoever begins reads all at once that is then read now
/// and then.
const RATE: Millis = Millis::minutes(5);
/// How far sums that are kept lie apart, at least: it bounds how many there are.
const APART: Millis = Millis::minutes(1);

/// What was sent to an account of late: in the last hour, or since the engine began to look where
/// that is less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lately {
    /// Since when.
    pub since: Timestamp,
    /// Requests, as in [`Calls`].
    pub requests: u64,
    /// Metrics, as in [`Calls`].
    pub metrics: u64,
}

impl Lately {
    /// How long that is. What just began counts as a minute, so that a first round is no rate.
    pub fn length(&self, now: Timestamp) -> Millis {
        now.since(self.since).max(APART)
    }

    /// Whether that is long enough to say how much it comes to in an hour.
    pub fn is_rate(&self, now: Timestamp) -> bool {
        self.length(now) >= RATE
    }

    /// How many of these come to an hour.
    pub fn by_hour(&self, count: u64, now: Timestamp) -> u64 {
        count.saturating_mul(HOUR.0) / self.length(now).0
    }
}

/// Sums at points in time, no more than one for each minute of the hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recent {
    /// The oldest first, which is the last that is an hour old or older.
    marks: VecDeque<Lately>,
}

impl Recent {
    /// Nothing was sent before.
    pub fn new(since: Timestamp) -> Self {
        Self { marks: VecDeque::from([Lately { since, ..Lately::default() }]) }
    }

    /// Takes in what was sent in all until now, and says what of it was of late.
    pub fn count(&mut self, calls: &Calls, now: Timestamp) -> Lately {
        let (requests, metrics) = (calls.requests, calls.metrics);
        let newest = self.marks.back().map_or(Timestamp(0), |mark| mark.since);
        if now.since(newest) >= APART {
            self.marks.push_back(Lately { since: now, requests, metrics });
        }
        while self.marks.get(1).is_some_and(|next| now.since(next.since) >= HOUR) {
            self.marks.pop_front();
        }
        let from = self.marks.front().copied().unwrap_or_default();
        Lately {
            since: from.since,
            requests: requests.saturating_sub(from.requests),
            metrics: metrics.saturating_sub(from.metrics),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(requests: u64) -> Calls {
        Calls { requests, metrics: requests * 2, ..Calls::default() }
    }

    #[test]
    fn what_was_sent_long_ago_is_no_rate_of_now() {
        let begin = Timestamp(1_000_000);
        let mut recent = Recent::new(begin);
        let mut lately = Lately::default();
        // A busy hour of 20 requests a minute, by looks every ten seconds, and then one of 2.
        let mut requests = 0;
        for look in 1..=720 {
            let now = begin.after(Millis::seconds(10 * look));
            requests += if look <= 360 { 20 } else { 2 } * u64::from(look % 6 == 0);
            lately = recent.count(&sent(requests), now);
            assert!(recent.marks.len() <= 62, "{}", recent.marks.len());
        }
        let now = begin.after(Millis::minutes(120));
        assert_eq!(lately.length(now), Millis::minutes(60));
        assert_eq!(lately.by_hour(lately.requests, now), 120);
        assert_eq!(lately.by_hour(lately.metrics, now), 240);
    }

    #[test]
    fn what_began_less_than_an_hour_ago_counts_from_its_beginning() {
        let begin = Timestamp(1_000_000);
        let mut recent = Recent::new(begin);
        let now = begin.after(Millis::seconds(10));
        let lately = recent.count(&sent(9), now);
        assert_eq!((lately.since, lately.by_hour(lately.requests, now)), (begin, 540));
        assert!(!lately.is_rate(now), "a first round says nothing of an hour");
        let now = begin.after(Millis::minutes(30));
        let lately = recent.count(&sent(900), now);
        assert_eq!((lately.since, lately.by_hour(lately.requests, now)), (begin, 1800));
        assert!(lately.is_rate(now));
    }
}
