//! What NAT gateways and buckets are paid by.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{Dimension, Metric as CloudMetric, MetricDataQuery, MetricStat};
use pilothouse_core::aws::Trouble;
use pilothouse_core::aws::meter::{Meter, StorageClass};
use pilothouse_core::time::{Millis, Timestamp};

use super::{AT_ONCE, measured};
use crate::Count;

/// What passes is counted by five minutes, over the last hour.
const PERIOD: Millis = Millis::minutes(5);
/// See [`PERIOD`].
const HOUR: Millis = Millis::minutes(60);
/// What is stored is measured once a day, and shows within two (Amazon S3 User Guide, "Metrics
/// and dimensions").
const DAY: Millis = Millis::minutes(24 * 60);
/// See [`DAY`].
const DAYS: u64 = 3;

/// What meters say, by what they are of.
type Said = BTreeMap<String, BTreeMap<Meter, u64>>;

/// Reads meters; what was not measured is not there.
pub(crate) async fn meters(
    client: &Client,
    count: &Count,
    meters: &[(String, Meter)],
    now: Timestamp,
) -> Result<Said, Trouble> {
    let mut found = Said::new();
    let (stored, passed): (Vec<_>, Vec<_>) =
        meters.iter().partition(|(_, meter)| matches!(meter, Meter::Stored(_)));
    for meters in stored.chunks(AT_ONCE) {
        read(client, count, meters, (DAY, now, DAY.0 * DAYS), &mut found).await?;
    }
    // The period that is going on is not whole yet.
    let until = Timestamp(now.0 / PERIOD.0 * PERIOD.0);
    for meters in passed.chunks(AT_ONCE) {
        read(client, count, meters, (PERIOD, until, HOUR.0), &mut found).await?;
    }
    Ok(found)
}

/// Reads meters over so many milliseconds until then, by periods.
async fn read(
    client: &Client,
    count: &Count,
    meters: &[&(String, Meter)],
    (period, until, length): (Millis, Timestamp, u64),
    found: &mut Said,
) -> Result<(), Trouble> {
    let each = meters.iter().enumerate();
    let asked = each.map(|(place, (of, meter))| ask(place, of, *meter, period));
    let asked: Vec<MetricDataQuery> = asked.collect();
    let from = Timestamp(until.0.saturating_sub(length));
    let measured = measured::all(client, count, &asked, (from, until)).await?;
    for (place, measured) in measured {
        let Some((of, meter)) = meters.get(place) else { continue };
        let value = match meter {
            Meter::Stored(_) => newest(&measured),
            _ => by_hour(&measured),
        };
        if let Some(value) = value.and_then(whole) {
            found.entry(of.clone()).or_default().insert(*meter, value);
        }
    }
    Ok(())
}

fn newest(values: &[(Timestamp, f64)]) -> Option<f64> {
    values.iter().max_by_key(|(at, _)| *at).map(|(_, value)| *value)
}

/// What came together in the hour. A period in which nothing happened is missing: it counts as
/// nothing as long as any was measured.
fn by_hour(values: &[(Timestamp, f64)]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().map(|(_, value)| value).sum())
}

/// A value as a whole number; none where it is no number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is below 0 or beyond the largest was ruled out"
)]
fn whole(value: f64) -> Option<u64> {
    let value = value.round();
    (value.is_finite() && (0.0..1e18).contains(&value)).then_some(value as u64)
}

fn ask(place: usize, of: &str, meter: Meter, period: Millis) -> MetricDataQuery {
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let (name, statistic) = named(meter);
    let metric = CloudMetric::builder().metric_name(name);
    let metric = match meter {
        Meter::FromInside | Meter::FromOutside => {
            metric.namespace("AWS/NATGateway").dimensions(dimension("NatGatewayId", of))
        }
        Meter::Stored(class) => metric
            .namespace("AWS/S3")
            .dimensions(dimension("BucketName", of))
            .dimensions(dimension("StorageType", storage(class))),
        // Requests are measured where a filter says so; this is what the console calls the one of
        // all objects (Amazon S3 User Guide, "Creating a CloudWatch metrics configuration for all
        // the objects in your bucket").
        Meter::Put | Meter::Post | Meter::List | Meter::Get | Meter::Head | Meter::Downloaded => {
            metric
                .namespace("AWS/S3")
                .dimensions(dimension("BucketName", of))
                .dimensions(dimension("FilterId", "EntireBucket"))
        }
    };
    let period = i32::try_from(period.0 / 1000).unwrap_or(i32::MAX);
    let statistic = MetricStat::builder().metric(metric.build()).period(period).stat(statistic);
    MetricDataQuery::builder().id(format!("m{place}")).metric_stat(statistic.build()).build()
}

/// How a meter is named and summed up (Amazon VPC User Guide, "Monitor NAT gateways with Amazon
/// CloudWatch"; Amazon S3 User Guide, "Metrics and dimensions").
fn named(meter: Meter) -> (&'static str, &'static str) {
    match meter {
        Meter::FromInside => ("BytesInFromSource", "Sum"),
        Meter::FromOutside => ("BytesInFromDestination", "Sum"),
        Meter::Stored(_) => ("BucketSizeBytes", "Average"),
        Meter::Put => ("PutRequests", "Sum"),
        Meter::Post => ("PostRequests", "Sum"),
        Meter::List => ("ListRequests", "Sum"),
        Meter::Get => ("GetRequests", "Sum"),
        Meter::Head => ("HeadRequests", "Sum"),
        Meter::Downloaded => ("BytesDownloaded", "Sum"),
    }
}

/// See [`named`].
fn storage(class: StorageClass) -> &'static str {
    match class {
        StorageClass::Standard => "StandardStorage",
        StorageClass::Reduced => "ReducedRedundancyStorage",
        StorageClass::Infrequent => "StandardIAStorage",
        StorageClass::InfrequentOverhead => "StandardIASizeOverhead",
        StorageClass::InfrequentNames => "StandardIAObjectOverhead",
        StorageClass::OneZone => "OneZoneIAStorage",
        StorageClass::OneZoneOverhead => "OneZoneIASizeOverhead",
        StorageClass::Intelligent => "IntelligentTieringFAStorage",
        StorageClass::IntelligentInfrequent => "IntelligentTieringIAStorage",
        StorageClass::IntelligentInstant => "IntelligentTieringAIAStorage",
        StorageClass::IntelligentArchive => "IntelligentTieringAAStorage",
        StorageClass::IntelligentArchiveOverhead => "IntAAObjectOverhead",
        StorageClass::IntelligentArchiveNames => "IntAAS3ObjectOverhead",
        StorageClass::IntelligentDeep => "IntelligentTieringDAAStorage",
        StorageClass::IntelligentDeepOverhead => "IntDAAObjectOverhead",
        StorageClass::IntelligentDeepNames => "IntDAAS3ObjectOverhead",
        StorageClass::GlacierInstant => "GlacierInstantRetrievalStorage",
        StorageClass::GlacierInstantOverhead => "GlacierIRSizeOverhead",
        StorageClass::GlacierInstantBilled => "GlacierInstantRetrievalSizeOverhead",
        StorageClass::Glacier => "GlacierStorage",
        StorageClass::GlacierOverhead => "GlacierObjectOverhead",
        StorageClass::GlacierNames => "GlacierS3ObjectOverhead",
        StorageClass::GlacierStaging => "GlacierStagingStorage",
        StorageClass::DeepArchive => "DeepArchiveStorage",
        StorageClass::DeepArchiveOverhead => "DeepArchiveObjectOverhead",
        StorageClass::DeepArchiveNames => "DeepArchiveS3ObjectOverhead",
        StorageClass::DeepArchiveStaging => "DeepArchiveStagingStorage",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_day_counts_and_an_hour_is_the_sum_of_its_parts() {
        let at = |at: u64, value: f64| (Timestamp(at), value);
        assert_eq!(newest(&[at(1, 5.0), at(3, 7.0), at(2, 6.0)]), Some(7.0));
        assert_eq!(newest(&[]), None);
        assert_eq!(by_hour(&[at(1, 1.0), at(2, 2.0)]), Some(3.0));
        assert_eq!(by_hour(&[]), None, "what was not measured is not nothing");
        assert_eq!(whole(f64::INFINITY), None);
        assert_eq!(whole(-1.0), None);
    }
}
