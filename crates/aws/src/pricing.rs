//! AWS's price list: one price at a time, and only one that is the very one that was asked for.

use aws_sdk_pricing::Client;
use aws_sdk_pricing::types::{Filter, FilterType};
use pilothouse_core::aws::book::{Listed, Product};
use pilothouse_core::aws::{Trouble, policy};
use pilothouse_core::cost::NanoUsd;
use serde_json::Value;

use crate::failure::trouble;
use crate::{Count, text, told};

/// Products of an answer that are looked at: filters leave one, or a few of other kinds.
const MOST: i32 = 20;
/// Billionths of a dollar in one.
const DOLLAR: u128 = 1_000_000_000;

/// Looks a price up; none where the list has none that is it.
pub(crate) async fn look_up(
    client: &Client,
    count: &Count,
    product: &Product,
) -> Result<Option<Listed>, Trouble> {
    let action = policy::GET_PRODUCTS;
    let filter = |kind: FilterType, field: &str, value: &str| {
        Filter::builder().r#type(kind).field(field).value(value).build()
    };
    // Of what leaves a region the list says from where, and of all else where it is.
    let place = if product.service == "AWSDataTransfer" { "fromRegionCode" } else { "regionCode" };
    let mut filters = vec![
        filter(FilterType::TermMatch, place, &product.region),
        // Most regions write a prefix of their own before it.
        filter(FilterType::Contains, "usagetype", &product.usage),
    ];
    let also = product.also.iter();
    filters.extend(also.map(|(field, value)| filter(FilterType::TermMatch, field, value)));
    let filters: Result<Vec<_>, _> = filters.into_iter().collect();
    let filters = filters.map_err(|error| crate::unreadable(action, &error.to_string()))?;
    count.request();
    let answer = client
        .get_products()
        .service_code(product.service)
        .set_filters(Some(filters))
        .format_version("aws_v1")
        .max_results(MOST)
        .send()
        .await
        .map_err(|error| trouble(action, &error))?;
    let list = told(action, answer.price_list.as_ref())?;
    let mut prices = list.iter().filter_map(|text| read(product, text));
    let Some(first) = prices.next() else { return Ok(None) };
    // Where several fit and differ, nobody knows which one is meant.
    Ok(prices.all(|other| other.usd == first.usd).then_some(first))
}

/// A price of the list, which writes each product as JSON (AWS Billing User Guide, "Reading the
/// service price list file": `terms.OnDemand`, `priceDimensions`). None where it is another.
fn read(product: &Product, json: &str) -> Option<Listed> {
    let json: Value = serde_json::from_str(json).ok()?;
    let usage = json.pointer("/product/attributes/usagetype")?.as_str()?;
    if !product.is_usage(usage) {
        return None;
    }
    let terms = json.pointer("/terms/OnDemand")?.as_object()?;
    let term = terms.values().next()?;
    let date = text(term.get("effectiveDate")?.as_str()?.get(..10));
    let dimensions = term.get("priceDimensions")?.as_object()?;
    // Where a price falls with how much is bought, the first step of it counts; what is free is
    // no price of what follows.
    let begins = |one: &&Value| one.get("beginRange").and_then(Value::as_str).unwrap_or("0") == "0";
    let first = dimensions.values().find(begins)?;
    let (unit, factor, divisor) = unit(first.get("unit")?.as_str()?)?;
    let dollars = first.pointer("/pricePerUnit/USD")?.as_str()?;
    let usd = nano(dollars, factor, divisor).filter(|usd| *usd > NanoUsd::ZERO)?;
    Some(Listed { unit: unit.to_owned(), usd, date })
}

/// The shipped table's unit for one of the list, and how many of the list's it is: by what to
/// multiply a price, and by what to divide it.
fn unit(listed: &str) -> Option<(&'static str, u128, u128)> {
    Some(match listed {
        "Hrs" | "hours" | "Hours" => ("hour", 1, 1),
        "GB-Mo" => ("GB-month", 1, 1),
        "GB" => ("GB", 1, 1),
        "LCU-Hrs" | "LCU-hr" => ("LCU-hour", 1, 1),
        "vCPU-Hours" | "vCPU-Hrs" => ("vCPU-hour", 1, 1),
        "GB-Hours" | "GB-Hrs" => ("GB-hour", 1, 1),
        "IOPS-Mo" => ("IOPS-month", 1, 1),
        "MiBps-Mo" | "MiBps-mo" => ("MBps-month", 1, 1),
        "GiBps-Mo" | "GiBps-mo" => ("MBps-month", 1, 1024),
        "Requests" => ("1000 requests", 1000, 1),
        "Metrics" => ("1000 metrics", 1000, 1),
        _ => return None,
    })
}

/// An amount of dollars with up to eighteen digits behind its point, times a number and divided by
/// another, to the nearest billionth.
fn nano(dollars: &str, factor: u128, divisor: u128) -> Option<NanoUsd> {
    const DIGITS: usize = 18;
    let (whole, fraction) = dollars.split_once('.').unwrap_or((dollars, ""));
    let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || fraction.len() > DIGITS {
        return None;
    }
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let fine: u128 = format!("{whole}{fraction:0<DIGITS$}").parse().ok()?;
    let divisor = divisor * DOLLAR;
    let nano = (fine * factor + divisor / 2) / divisor;
    u64::try_from(nano).ok().map(NanoUsd)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(sku: &str) -> Product {
        Product::of("eu-north-1", sku).unwrap()
    }

    fn json(usage: &str, unit: &str, usd: &str) -> String {
        format!(
            r#"{{"product":{{"attributes":{{"usagetype":"{usage}","regionCode":"eu-north-1"}}}},
            "terms":{{"OnDemand":{{"A.B":{{"effectiveDate":"2026-11-01T00:00:00Z",
            "priceDimensions":{{
              "A.B.2":{{"unit":"{unit}","beginRange":"51200","pricePerUnit":{{"USD":"0.0000000001"}}}},
              "A.B.1":{{"unit":"{unit}","beginRange":"0","pricePerUnit":{{"USD":"{usd}"}}}}
            }}}}}}}}}}"#
        )
    }

    #[test]
    fn the_first_step_of_the_very_price_is_read_in_the_tables_unit() {
        for (sku, usage, unit, usd, expected) in [
            (
                "BoxUsage:t3.medium",
                "EUN1-BoxUsage:t3.medium",
                "Hrs",
                "0.0432000000",
                "$0.0432 hour",
            ),
            (
                "Requests-Tier2 (GET)",
                "EUN1-Requests-Tier2",
                "Requests",
                "0.0000004000",
                "$0.0004 1000 requests",
            ),
            (
                "EBS:VolumeP-Throughput.gp3 (above 125)",
                "EUN1-EBS:VolumeP-Throughput.gp3",
                "GiBps-mo",
                "42.8032000000",
                "$0.0418 MBps-month",
            ),
        ] {
            let listed = read(&product(sku), &json(usage, unit, usd)).unwrap();
            assert_eq!(format!("{} {}", listed.usd, listed.unit), expected);
            assert_eq!(listed.date, "2026-11-01");
        }
    }

    #[test]
    fn what_is_something_else_is_no_price() {
        let product = product("BoxUsage:t3.medium");
        assert_eq!(read(&product, &json("EUN1-BoxUsage:t3.large", "Hrs", "0.1")), None);
        assert_eq!(read(&product, &json("EUN1-BoxUsage:t3.medium", "Quarks", "0.1")), None);
        assert_eq!(read(&product, &json("EUN1-BoxUsage:t3.medium", "Hrs", "0.0000000000")), None);
        assert_eq!(read(&product, &json("EUN1-BoxUsage:t3.medium", "Hrs", "-1")), None);
        assert_eq!(read(&product, "{}"), None);
        assert_eq!(read(&product, "<html>"), None);
    }
}
