//! CloudWatch: what was measured lately, many measurements with one request.

mod measured;
pub(crate) mod meters;

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{Dimension, Metric as CloudMetric, MetricDataQuery, MetricStat};
use aws_smithy_types::DateTime;
use pilothouse_core::aws::Trouble;
use pilothouse_core::aws::asking::Query;
use pilothouse_core::aws::seen::{Metric, Series};
use pilothouse_core::time::{Millis, Timestamp};

use crate::Count;

/// Measurements that CloudWatch takes in one request.
const AT_ONCE: usize = 500;
/// Minutes that are asked for.
const MINUTES: usize = 30;
const MINUTE: Millis = Millis::minutes(1);

/// What was measured in the last half hour, by load balancer or target group.
pub(crate) async fn metrics(
    client: &Client,
    count: &Count,
    queries: &[Query],
    now: Timestamp,
) -> Result<BTreeMap<String, Vec<Series>>, Trouble> {
    // The minute that is going on is not whole yet.
    let until = Timestamp(now.0 / MINUTE.0 * MINUTE.0);
    let from = Timestamp(until.0.saturating_sub(MINUTE.0 * minutes()));
    let mut found: BTreeMap<String, Vec<Series>> = BTreeMap::new();
    for queries in queries.chunks(AT_ONCE) {
        let asked = queries.iter().enumerate().map(|(place, query)| ask(place, query));
        let asked: Vec<MetricDataQuery> = asked.collect();
        let measured = measured::all(client, count, &asked, (from, until)).await?;
        for (place, measured) in measured {
            let Some(query) = queries.get(place) else { continue };
            let mut values = vec![None; MINUTES];
            for (at, value) in measured {
                let place = at.0.saturating_sub(from.0) / MINUTE.0;
                let place = usize::try_from(place).ok().filter(|_| at >= from);
                if let Some(slot) = place.and_then(|place| values.get_mut(place)) {
                    *slot = thousandths(query.metric, value);
                }
            }
            let series = Series { metric: query.metric, until, values };
            found.entry(query.subject.clone()).or_default().push(series);
        }
    }
    Ok(found)
}

fn minutes() -> u64 {
    u64::try_from(MINUTES).unwrap_or(u64::MAX)
}

fn date(at: Timestamp) -> DateTime {
    DateTime::from_millis(i64::try_from(at.0).unwrap_or(i64::MAX))
}

/// How a measurement is named and summed up (User Guide for Application Load Balancers,
/// "CloudWatch metrics").
fn named(metric: Metric) -> (&'static str, &'static str) {
    match metric {
        Metric::Requests => ("RequestCount", "Sum"),
        Metric::LatencyMedian => ("TargetResponseTime", "p50"),
        Metric::LatencyHigh => ("TargetResponseTime", "p99"),
        Metric::Target4xx => ("HTTPCode_Target_4XX_Count", "Sum"),
        Metric::Target5xx => ("HTTPCode_Target_5XX_Count", "Sum"),
        Metric::Balancer5xx => ("HTTPCode_ELB_5XX_Count", "Sum"),
        Metric::CapacityUnits => ("ConsumedLCUs", "Average"),
        Metric::HealthyHosts => ("HealthyHostCount", "Minimum"),
    }
}

fn ask(place: usize, query: &Query) -> MetricDataQuery {
    let (name, statistic) = named(query.metric);
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    // Network load balancers measure under a name of their own (User Guide for Network Load
    // Balancers, "CloudWatch metrics").
    let is_network = query.balancer.contains("loadbalancer/net/");
    let namespace = if is_network { "AWS/NetworkELB" } else { "AWS/ApplicationELB" };
    let mut metric = CloudMetric::builder()
        .namespace(namespace)
        .metric_name(name)
        .dimensions(dimension("LoadBalancer", tail(&query.balancer, "loadbalancer/")));
    if query.metric == Metric::HealthyHosts {
        metric = metric.dimensions(dimension("TargetGroup", tail(&query.subject, ":")));
    }
    let period = i32::try_from(MINUTE.0 / 1000).unwrap_or(60);
    let statistic = MetricStat::builder().metric(metric.build()).period(period).stat(statistic);
    MetricDataQuery::builder().id(format!("m{place}")).metric_stat(statistic.build()).build()
}

/// What follows the last of a mark: dimensions are the ends of ARNs.
fn tail<'a>(arn: &'a str, mark: &str) -> &'a str {
    arn.rsplit_once(mark).map_or(arn, |(_, tail)| tail)
}

/// A value in thousandths; a time in thousandths of a millisecond. None where it is no number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is below 0 or beyond the largest was ruled out"
)]
fn thousandths(metric: Metric, value: f64) -> Option<u64> {
    let factor = match metric {
        // Seconds.
        Metric::LatencyMedian | Metric::LatencyHigh => 1_000_000.0,
        _ => 1000.0,
    };
    let scaled = (value * factor).round();
    (scaled.is_finite() && (0.0..1e18).contains(&scaled)).then_some(scaled as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_are_the_ends_of_arns() {
        let arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/shop/50dc";
        assert_eq!(tail(arn, "loadbalancer/"), "app/shop/50dc");
        let arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/73e2";
        assert_eq!(tail(arn, ":"), "targetgroup/web/73e2");
    }

    #[test]
    fn values_are_whole_numbers_of_thousandths() {
        assert_eq!(thousandths(Metric::Requests, 12.5), Some(12_500));
        assert_eq!(thousandths(Metric::LatencyHigh, 0.008), Some(8000));
        assert_eq!(thousandths(Metric::Requests, f64::NAN), None);
        assert_eq!(thousandths(Metric::Requests, -1.0), None);
    }
}
