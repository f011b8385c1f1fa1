//! Prices that AWS's own list gave: what to ask it for, and what is known of its answers.
//!
//! Names are those of the shipped table, whose remarks in parentheses tell apart what the list has
//! under one usage type.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::cost::NanoUsd;
use crate::time::{Millis, Timestamp};

/// How long a price is taken for new: the list changes by the day at most.
pub const FRESH: Millis = Millis::minutes(24 * 60);
/// Prices that are kept.
const MOST: usize = 2000;

/// Where a price comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// There is none.
    #[default]
    None,
    /// The table that this version brings along.
    Shipped,
    /// AWS's price list.
    Listed,
}

/// A region's prices, as AWS's list gave them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book(BTreeMap<String, Entry>);

/// What came of looking a price up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// When it was looked up.
    at: Timestamp,
    /// The price; none where the list has none.
    price: Option<Listed>,
}

/// A price of AWS's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The unit that the price is for, as the shipped table names it: `hour`, `GB-month`.
    pub unit: String,
    /// The price of one unit.
    pub usd: NanoUsd,
    /// The day from which it holds.
    pub date: String,
}

/// What AWS's list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// The service's code: `AmazonEC2`.
    pub service: &'static str,
    /// The region.
    pub region: String,
    /// What is bought, without its region's prefix: `BoxUsage:t3.medium`.
    pub usage: String,
    /// What else its attributes must be, since usage types are shared.
    pub also: &'static [(&'static str, &'static str)],
}

impl Book {
    /// What is known of a price; none where the list has none, or was never asked.
    pub fn price(&self, sku: &str) -> Option<&Listed> {
        self.0.get(sku)?.price.as_ref()
    }

    /// What of this was never looked up, or too long ago.
    pub fn due(&self, wanted: &BTreeSet<String>, now: Timestamp) -> Vec<String> {
        let is_due =
            |sku: &&String| self.0.get(*sku).is_none_or(|entry| now.since(entry.at) >= FRESH);
        wanted.iter().filter(is_due).cloned().collect()
    }

    /// Takes in what was looked up. What is kept has a limit, beyond which the oldest goes.
    pub fn put(&mut self, sku: &str, at: Timestamp, price: Option<Listed>) {
        self.0.insert(sku.to_owned(), Entry { at, price });
        while self.0.len() > MOST {
            let oldest = self.0.iter().min_by_key(|(_, entry)| entry.at);
            let Some(oldest) = oldest.map(|(sku, _)| sku.clone()) else { return };
            self.0.remove(&oldest);
        }
    }

    /// When it was last looked into.
    pub fn newest(&self) -> Option<Timestamp> {
        self.0.values().map(|entry| entry.at).max()
    }
}

impl Product {
    /// What to ask the list for; none for what this version does not know how to find there.
    pub fn of(region: &str, sku: &str) -> Option<Self> {
        let (usage, remark) = sku.split_once(" (").unwrap_or((sku, ""));
        let usage = if sku == METRICS { "CW:GMD-Metrics" } else { usage };
        let service = service(usage)?;
        let also: &'static [(&str, &str)] = match remark.split([')', ',']).next() {
            _ if usage.starts_with("BoxUsage:") => LINUX,
            Some("Application") => APPLICATION,
            Some("Network") => NETWORK,
            _ => &[],
        };
        Some(Self { service, region: region.to_owned(), usage: usage.to_owned(), also })
    }

    /// Whether a usage type of the list is this one: most regions have a prefix of their own, and
    /// what has more before it (`USE1-SpotUsage-Fargate-GB-Hours`) is something else.
    pub fn is_usage(&self, listed: &str) -> bool {
        let Some(before) = listed.strip_suffix(self.usage.as_str()) else { return false };
        let is_prefix = |text: &str| {
            text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) && !text.is_empty()
        };
        before.is_empty() || before.strip_suffix('-').is_some_and(is_prefix)
    }
}

/// What asking for metrics is called in the shipped table.
pub const METRICS: &str = "GetMetricData metrics";

/// On demand, Linux, nothing installed, and not a reservation that stands empty (AWS Billing User
/// Guide, "Understanding the AWS service price list file": attributes of `AmazonEC2`).
const LINUX: &[(&str, &str)] = &[
    ("operatingSystem", "Linux"),
    ("tenancy", "Shared"),
    ("preInstalledSw", "NA"),
    ("capacitystatus", "Used"),
];
/// One usage type is of all kinds of load balancers, which differ by what they do.
const APPLICATION: &[(&str, &str)] = &[("operation", "LoadBalancing:Application")];
/// See [`APPLICATION`].
const NETWORK: &[(&str, &str)] = &[("operation", "LoadBalancing:Network")];

/// The service that a usage type is billed by.
fn service(usage: &str) -> Option<&'static str> {
    const SERVICES: [(&str, &str); 11] = [
        ("BoxUsage:", "AmazonEC2"),
        ("EBS:", "AmazonEC2"),
        ("NatGateway-", "AmazonEC2"),
        ("LoadBalancerUsage", "AWSELB"),
        ("LCUUsage", "AWSELB"),
        ("Fargate-", "AmazonECS"),
        ("PublicIPv4:", "AmazonVPC"),
        ("TimedStorage-", "AmazonS3"),
        ("Requests-Tier", "AmazonS3"),
        ("DataTransfer-", "AWSDataTransfer"),
        ("CW:", "AmazonCloudWatch"),
    ];
    SERVICES.into_iter().find(|(begin, _)| usage.starts_with(begin)).map(|(_, service)| service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_asked_by_service_usage_and_what_tells_it_apart() {
        let of = |sku| Product::of("eu-north-1", sku).unwrap();
        assert_eq!(of("BoxUsage:t3.medium").service, "AmazonEC2");
        assert_eq!(of("BoxUsage:t3.medium").also, LINUX);
        assert_eq!(of("LoadBalancerUsage (Application)").also, APPLICATION);
        assert_eq!(of("LCUUsage (Network, NLCU)").also, NETWORK);
        let fargate = of("Fargate-GB-Hours (Linux x86)");
        assert_eq!((fargate.service, fargate.usage.as_str()), ("AmazonECS", "Fargate-GB-Hours"));
        assert_eq!(of(METRICS).usage, "CW:GMD-Metrics");
        assert_eq!(Product::of("eu-north-1", "HostedZone (first 25)"), None);
    }

    #[test]
    fn a_regions_prefix_is_no_part_of_a_usage_type_and_more_is_something_else() {
        let fargate = Product::of("us-east-1", "Fargate-GB-Hours (Linux x86)").unwrap();
        for (listed, is_it) in [
            ("Fargate-GB-Hours", true),
            ("USE1-Fargate-GB-Hours", true),
            ("APN2-Fargate-GB-Hours", true),
            ("USE1-SpotUsage-Fargate-GB-Hours", false),
            ("Spot-Fargate-GB-Hours", false),
            ("-Fargate-GB-Hours", false),
            ("USE1-Fargate-GB-Hours-x", false),
        ] {
            assert_eq!(fargate.is_usage(listed), is_it, "{listed}");
        }
    }

    #[test]
    fn a_price_is_due_after_a_day_and_so_is_one_that_the_list_does_not_have() {
        let mut book = Book::default();
        let wanted = BTreeSet::from(["BoxUsage:t3.nano".to_owned(), "BoxUsage:x9".to_owned()]);
        let at = Timestamp(1000);
        assert_eq!(book.due(&wanted, at).len(), 2);
        let usd = NanoUsd::parse("0.0052").unwrap();
        let listed = Listed { unit: "hour".into(), usd, date: "2026-11-01".into() };
        book.put("BoxUsage:t3.nano", at, Some(listed.clone()));
        book.put("BoxUsage:x9", at, None);
        assert_eq!(book.due(&wanted, at.after(Millis(FRESH.0 - 1))), Vec::<String>::new());
        assert_eq!(book.due(&wanted, at.after(FRESH)).len(), 2);
        assert_eq!(
            book.price("BoxUsage:t3.nano"),
            Some(&listed),
            "an old price is one all the same"
        );
        assert_eq!(book.price("BoxUsage:x9"), None);
    }

    #[test]
    fn a_book_has_a_limit_and_the_oldest_goes_first() {
        let mut book = Book::default();
        for place in 0..=MOST {
            let at = Timestamp(u64::try_from(place).unwrap());
            book.put(&format!("BoxUsage:{place}"), at, None);
        }
        assert_eq!(book.0.len(), MOST);
        assert!(!book.0.contains_key("BoxUsage:0"));
    }
}
