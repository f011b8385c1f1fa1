//! Measures what is shown and forgotten, while somebody looks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pilothouse_api::types::{InstanceSample, NetworkSample, Samples, TargetSample};
use pilothouse_core::id::InstanceId;
use pilothouse_core::routing::{EdgeStatus, TargetStatus};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::driver::Drivers;
use crate::driver::local::usage::{Gauge, Used};
use crate::places::Places;
use crate::publish::Publisher;

/// Samples in a row in which nothing moved after which they become rarer, and how much rarer.
const STILL: u32 = 5;
/// See [`STILL`]. A cockpit marks samples as stale only later than this.
const RARER: u32 = 6;
/// The shortest time between two lists of others' containers, which a busy engine is asked for.
const LIST: Duration = Duration::from_secs(10);
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
    let mut listed: Option<tokio::time::Instant> = None;
    let mut happened = publisher.happened();
    loop {
        let is_still = still >= STILL;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(if is_still { interval * RARER } else { interval }) => {}
            _ = happened.changed(), if is_still => {
                still = 0;
                continue;
            }
        }
        happened.mark_unchanged();
        if !publisher.wants_samples() {
            before = Before::default();
            still = 0;
            listed = None;
            continue;
        }
        let state = publisher.state();
        let lists = listed.is_none_or(|at| at.elapsed() >= LIST);
        let (status, others) = tokio::join!(drivers.edge().status(), async {
            if lists { drivers.docker().others(&state).await } else { None }
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
        before.at = now;
        before.used = measured;
        publisher.publish_samples(Samples {
            at: now,
            instances,
            targets,
            looked: drivers.git().seen(),
            degraded: publisher.degraded(),
            others,
            ..Samples::default()
        });
    }
}

type Usages = BTreeMap<InstanceId, Used>;

/// The counters of the sample before, from which rates are made.
#[derive(Default)]
struct Before {
    at: pilothouse_core::time::Timestamp,
    used: Usages,
    requests: BTreeMap<String, u64>,
}

impl Before {
    fn instances(&self, now: &Usages, passed_ms: u64) -> BTreeMap<InstanceId, InstanceSample> {
        now.iter()
            .map(|(id, used)| {
                let old = self.used.get(id).copied().unwrap_or(*used);
                let cpu = used.cpu.saturating_sub(old.cpu);
                let milli = cpu.as_micros() / u128::from(passed_ms);
                let cpu_milli = u32::try_from(milli).unwrap_or(u32::MAX);
                let network = used.network.map(|now| network(old.network, now, passed_ms));
                (id.clone(), InstanceSample { cpu_milli, memory: used.memory, network })
            })
            .collect()
    }

    fn targets(
        &mut self,
        status: Option<&EdgeStatus>,
        passed_ms: u64,
    ) -> BTreeMap<InstanceId, TargetSample> {
        let Some(status) = status else { return BTreeMap::new() };
        let targets = status.newest();
        let samples = targets.map(|target| {
            let old = self.requests.get(&target.id).copied().unwrap_or(target.requests);
            let count = target.requests.saturating_sub(old);
            let rate = count.saturating_mul(1_000_000) / passed_ms;
            (InstanceId::new(target.id.clone()), sample_of(target, rate))
        });
        let samples = samples.collect();
        self.requests = status.newest().map(|t| (t.id.clone(), t.requests)).collect();
        samples
    }
}

/// Rates from counters. Those of a container that was started again begin at 0.
fn network(old: Option<(u64, u64)>, now: (u64, u64), passed_ms: u64) -> NetworkSample {
    let old = old.unwrap_or(now);
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
        assert_eq!(rates(Some((1000, 0)), (5000, 10)), (2000, 5));
        assert_eq!(rates(None, (5000, 10)), (0, 0), "what was before is not of this second");
        assert_eq!(rates(Some((5000, 10)), (700, 2)), (0, 0), "a new one counts from 0");
    }
}
