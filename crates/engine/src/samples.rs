//! Measures what is shown and forgotten, while somebody looks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pilothouse_api::types::{InstanceSample, NetworkSample, Samples, TargetSample};
use pilothouse_core::id::InstanceId;
use pilothouse_core::routing::{EdgeStatus, TargetStatus};
use pilothouse_core::time::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::driver::Drivers;
use crate::driver::docker::Others;
use crate::driver::local::usage::{Gauge, Used};
use crate::places::Places;
use crate::publish::Publisher;
use crate::room::Looker;

/// Samples in a row in which nothing moved after which they become rarer, and how much rarer.
const STILL: u32 = 5;
/// See [`STILL`]. A cockpit marks samples as stale only later than this.
const RARER: u32 = 6;
/// The shortest time between two lists of others' containers: a busy engine would be asked for each.
const LIST: Duration = Duration::from_secs(10);
/// One part of so many of the interval is the time to the second measurement: rates are known only
/// with it, and whoever just attached waits for them.
const FIRST: u32 = 4;
/// What an instance may use of a processor, in thousandths, and still count as idle.
const IDLE_MILLI: u32 = 20;

/// Measures until stopped, at an interval, and only while somebody wants samples. While nothing
/// moves it measures less often, until something moves or happens.
pub async fn sample(
    drivers: Arc<Drivers>,
    places: Places,
    publisher: Publisher,
    clock: Clock,
    interval: Duration,
    stop: CancellationToken,
) {
    let mut before = Before::default();
    let mut gauge = Gauge::new(places.clone());
    let mut still = 0;
    let mut list = Others::default();
    let mut listed: Option<tokio::time::Instant> = None;
    let mut happened = publisher.happened();
    let mut room = Looker::default();
    room.look(&places, &publisher).await;
    loop {
        let is_still = still >= STILL;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(before.pause(interval, is_still)) => {}
            _ = happened.changed(), if is_still => {
                still = 0;
                continue;
            }
        }
        happened.mark_unchanged();
        room.look(&places, &publisher).await;
        if !publisher.wants_samples() {
            before = Before::default();
            // They hold files and a connection open, which is for nothing now.
            gauge = Gauge::new(places.clone());
            list = Others::default();
            still = 0;
            listed = None;
            continue;
        }
        let state = publisher.state();
        let lists = listed.is_none_or(|at| at.elapsed() >= LIST);
        let (status, others) = tokio::join!(drivers.edge().status(), async {
            if lists { drivers.docker().others(&state, &mut list).await } else { None }
        });
        let status = status.ok();
        if lists {
            listed = Some(tokio::time::Instant::now());
        }
        let ids: Vec<InstanceId> = state.instances.keys().cloned().collect();
        let measuring = tokio::task::spawn_blocking(move || (gauge.measure(&ids), gauge));
        let measured;
        (measured, gauge) =
            measuring.await.unwrap_or_else(|_| (Usages::new(), Gauge::new(places.clone())));
        let now = clock.now();
        let passed = now.since(before.at).0.max(1);
        let instances = before.instances(&measured, passed);
        let targets = before.targets(status.as_ref(), passed);
        let moves = instances.values().any(|sample| sample.cpu_milli > IDLE_MILLI)
            || targets.values().any(|sample| sample.requests_milli + sample.in_flight > 0);
        still = if moves { 0 } else { still.saturating_add(1) };
        before.is_one = before.at == Timestamp::default();
        before.at = now;
        before.used = measured;
        publisher.publish_samples(Samples {
            at: now,
            instances,
            targets,
            looked: drivers.git().seen(),
            degraded: publisher.degraded(),
            room: publisher.room(),
            others,
            ..Samples::default()
        });
    }
}

type Usages = BTreeMap<InstanceId, Used>;

/// The counters of the sample before, from which rates are made.
#[derive(Default)]
struct Before {
    at: Timestamp,
    used: Usages,
    requests: BTreeMap<String, u64>,
    /// Whether there was one measurement only.
    is_one: bool,
}

impl Before {
    /// How long to wait for the next measurement.
    fn pause(&self, interval: Duration, is_still: bool) -> Duration {
        match (is_still, self.is_one) {
            (true, _) => interval * RARER,
            (false, true) => interval / FIRST,
            (false, false) => interval,
        }
    }

    fn instances(&self, now: &Usages, passed_ms: u64) -> BTreeMap<InstanceId, InstanceSample> {
        // What was not measured before has no rate yet, and nothing is told of it: least of all 0.
        now.iter()
            .filter_map(|(id, used)| {
                let old = self.used.get(id)?;
                let cpu = used.cpu.saturating_sub(old.cpu);
                let milli = cpu.as_micros() / u128::from(passed_ms);
                let cpu_milli = u32::try_from(milli).unwrap_or(u32::MAX);
                let counted = old.network.zip(used.network);
                let network = counted.map(|(old, now)| network(old, now, passed_ms));
                Some((id.clone(), InstanceSample { cpu_milli, memory: used.memory, network }))
            })
            .collect()
    }

    /// A target's requests per second, in thousandths. An edge that was started again counts from 0,
    /// and that is no rate either.
    fn rate(&self, target: &str, requests: u64, passed_ms: u64) -> Option<u64> {
        let count = requests.checked_sub(*self.requests.get(target)?)?;
        Some(count.saturating_mul(1_000_000) / passed_ms)
    }

    fn targets(
        &mut self,
        status: Option<&EdgeStatus>,
        passed_ms: u64,
    ) -> BTreeMap<InstanceId, TargetSample> {
        let Some(status) = status else { return BTreeMap::new() };
        let targets = status.newest();
        let samples = targets.filter_map(|target| {
            let rate = self.rate(&target.id, target.requests, passed_ms)?;
            Some((InstanceId::new(target.id.clone()), sample_of(target, rate)))
        });
        let samples = samples.collect();
        self.requests = status.newest().map(|t| (t.id.clone(), t.requests)).collect();
        samples
    }
}

/// Rates from counters. Those of a container that was started again begin at 0.
fn network(old: (u64, u64), now: (u64, u64), passed_ms: u64) -> NetworkSample {
    let rate = |old: u64, now: u64| now.saturating_sub(old).saturating_mul(1000) / passed_ms;
    NetworkSample { received: rate(old.0, now.0), sent: rate(old.1, now.1) }
}

fn sample_of(target: &TargetStatus, requests_milli: u64) -> TargetSample {
    TargetSample {
        requests_milli,
        errors_4xx: target.errors_4xx,
        errors_5xx: target.errors_5xx,
        failed: target.failed,
        in_flight: target.in_flight,
        p50_micros: target.p50_us.unwrap_or(0),
        p99_micros: target.p99_us.unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_rates_are_by_the_second_and_begin_anew_with_a_container() {
        let rates = |old, now| {
            let rates = network(old, now, 2000);
            (rates.received, rates.sent)
        };
        assert_eq!(rates((1000, 0), (5000, 10)), (2000, 5));
        assert_eq!(rates((5000, 10), (700, 2)), (0, 0), "a new one counts from 0");
    }

    #[test]
    fn what_was_measured_once_has_no_rate() {
        let used = |cpu, network| Used { cpu: Duration::from_millis(cpu), memory: 1, network };
        let id = InstanceId::new("shop-production-r1-0");
        let mut before = Before::default();
        let first = Usages::from([(id.clone(), used(500, None))]);
        assert!(before.instances(&first, 1000).is_empty(), "not 0%");
        before.used = first;
        let second = Usages::from([(id.clone(), used(1000, Some((1, 1))))]);
        let known = before.instances(&second, 1000);
        assert_eq!((known[&id].cpu_milli, known[&id].network), (500, None), "not 0 B/s");

        assert_eq!(before.rate("r1-0", 700, 1000), None, "not 0 req/s");
        before.requests.insert("r1-0".to_owned(), 700);
        assert_eq!(before.rate("r1-0", 720, 1000), Some(20_000));
        assert_eq!(before.rate("r1-0", 5, 1000), None, "an edge counts from 0 again");
    }
}
