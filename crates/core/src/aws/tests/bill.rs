//! What things cost, and whose price it is.

use std::collections::BTreeMap;

use super::super::asking::{Ask, Content, ORDER};
use super::super::bill;
use super::super::book::{Book, Listed, Origin};
use super::super::meter::{self, Meter, StorageClass};
use super::super::seen::{Address, EcsService};
use super::super::{
    Belongings, Calls, Freshness, Inventory, Lately, Part, ServiceName, Trouble, TroubleKind,
};
use super::tasks::{bill_of, service};
use super::{account, balancer_alone, watch, watched};
use crate::cost::NanoUsd;
use crate::time::Timestamp;

#[test]
fn a_bill_names_each_price_and_what_has_none() {
    let bill = watched(&account(), balancer_alone()).bill;
    let lines: Vec<String> = bill
        .lines
        .iter()
        .map(|line| {
            let price = line.per_hour.map_or("unpriced".to_owned(), |price| price.to_string());
            format!("{} × {} {price}", line.what, line.count)
        })
        .collect();
    assert_eq!(
        lines,
        [
            "EC2 t3.medium × 2 $0.0832",
            "EBS gp3 × 1 $0.002191781",
            "ALB hours × 1 $0.0225",
            // One LCU, the mean of what was measured.
            "ALB capacity × 1 $0.008",
            "public IPv4 × 1 $0.01",
            "NAT gateway × 1 $0.045",
            "NAT gateway bytes × 1 unpriced",
        ]
    );
    for line in bill.lines.iter().filter(|line| line.per_hour.is_some()) {
        assert!(!line.date.is_empty() && !line.source.is_empty(), "{line:?}");
    }
    let idle: Vec<&str> = bill.idle.iter().map(|line| line.what.as_str()).collect();
    let expected = [
        "EBS gp3, attached to nothing",
        "EBS gp3 of a stopped instance",
        "public IPv4, used by nothing",
    ];
    assert_eq!(idle, expected);
}

#[test]
fn what_was_not_read_or_has_no_price_keeps_a_bill_open() {
    let mut inventory = account();
    inventory.metrics.clear();
    inventory.instances[0].kind = "x99.mega".to_owned();
    inventory.instances[1].is_spot = true;
    let denied = Trouble::new(TroubleKind::Denied, "ecs:DescribeServices", "");
    inventory.take(Part::Services, Timestamp(1), Err(denied));
    let services = vec![ServiceName::parse("shop/web").unwrap()];
    let bill = watched(&inventory, Belongings { services, ..balancer_alone() }).bill;
    let open: Vec<&str> = bill.unpriced().map(|line| line.what.as_str()).collect();
    assert_eq!(
        open,
        ["EC2 x99.mega", "EC2 t3.medium", "ALB capacity", "NAT gateway bytes", "ECS services"]
    );
    assert!(bill.is_open());
}

#[test]
fn every_part_that_decides_what_is_paid_keeps_a_bill_open_until_it_was_read() {
    let priced = || ORDER.into_iter().filter(|part| part.brings_prices());
    let tags = BTreeMap::from([("app".to_owned(), "shop".to_owned())]);
    let services = vec![ServiceName::parse("shop/web").unwrap()];
    let belongings = Belongings { tags, services, ..balancer_alone() };
    let of = |inventory: &Inventory| -> Vec<String> {
        let bill = watched(inventory, belongings.clone()).bill;
        let names: Vec<&str> = priced().map(Part::name).collect();
        let lines = bill.unpriced().map(|line| line.what.clone());
        lines.filter(|what| names.contains(&what.as_str())).collect()
    };
    let mut inventory = account();
    let untagged = super::tags_alone(&inventory, BTreeMap::new());
    inventory.take(Part::Tags, Timestamp(1), Ok(untagged));
    for part in priced() {
        inventory.parts.insert(part, Freshness { at: Some(Timestamp(1)), trouble: None });
    }
    assert_eq!(of(&inventory), Vec::<String>::new());
    for part in priced() {
        let mut inventory = inventory.clone();
        inventory.parts.insert(part, Freshness::default());
        let denied = Trouble::new(TroubleKind::Denied, "", "");
        inventory.take(part, Timestamp(2), Err(denied));
        assert_eq!(of(&inventory), [part.name()]);
    }
    let always = ["EC2 instances", "volumes", "addresses", "NAT gateways"];
    assert_eq!(of(&Inventory::default()), always);
}

#[test]
fn public_addresses_are_paid_whoever_has_them() {
    let addresses = |bill: &bill::Bill| -> Vec<String> {
        let all = lines(bill).into_iter();
        all.filter(|line| line.starts_with("public IPv4")).collect()
    };
    let public = EcsService { is_public: true, ..service("FARGATE", &[]) };
    assert_eq!(addresses(&bill_of(public)), ["public IPv4 $0.015"]);
    let mut inventory = account();
    // Two of the load balancer's zones, and two of the gateway.
    inventory.gateways[0].addresses = 2;
    assert_eq!(addresses(&watched(&inventory, balancer_alone()).bill), ["public IPv4 $0.02"]);
    // One that the internet reaches by IPv6 alone has none.
    let mut without = inventory.clone();
    without.balancers[0].is_ipv6_alone = true;
    assert_eq!(addresses(&watched(&without, balancer_alone()).bill), ["public IPv4 $0.01"]);
    // An instance has one of its own, and a second one on another interface.
    let of = |ip: &str, id: &str| Address {
        ip: ip.to_owned(),
        is_used: true,
        instance: Some(id.to_owned()),
    };
    without.instances[0].public_ip = Some("198.51.100.1".to_owned());
    without.addresses = vec![of("198.51.100.1", "i-1"), of("198.51.100.2", "i-1")];
    assert_eq!(addresses(&watched(&without, balancer_alone()).bill), ["public IPv4 $0.02"]);
    inventory.addresses = vec![of("198.51.100.8", "i-3")];
    let of_stopped = "public IPv4 of a stopped instance";
    let tags = [("app", "shop"), ("env", "qa")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let qa = Belongings { tags: BTreeMap::from(tags), ..Belongings::default() };
    let told = watched(&inventory, qa).bill;
    assert_eq!(addresses(&told), [format!("{of_stopped} $0.005")]);
    assert!(told.idle.iter().all(|line| line.what != of_stopped), "it is on the bill");
    // Of an instance of somebody else it is told among what is idle.
    let told = watched(&inventory, balancer_alone()).bill;
    let idle = told.idle.iter().find(|line| line.what == of_stopped).unwrap();
    assert_eq!(idle.per_hour.unwrap().to_string(), "$0.005");
}

#[test]
fn looking_is_priced_by_the_metrics_that_it_asks_for() {
    let lately = Lately { since: Timestamp(0), requests: 900, metrics: 480 };
    let hour = Timestamp(3_600_000);
    let price = |region| bill::of_metrics(region, &Book::default());
    assert_eq!(bill::of_looking(price("us-east-1"), &lately, hour).unwrap().to_string(), "$0.0048");
    assert_eq!(bill::of_looking(price("eu-north-1"), &lately, hour), None, "no price is not zero");
    let free = Lately { metrics: 0, ..lately };
    assert_eq!(bill::of_looking(None, &free, hour).unwrap().to_string(), "$0");
}

#[test]
fn what_is_said_of_some_of_a_line_is_said_whoever_comes_first() {
    let mut inventory = account();
    inventory.instances[0].public_ip = Some("203.0.113.7".to_owned());
    let bill = watched(&inventory, balancer_alone()).bill;
    let line = bill.lines.iter().find(|line| line.what == "public IPv4").unwrap();
    assert_eq!(line.note, "one for each zone of a public load balancer");
}

#[test]
fn what_is_measured_says_by_which_part() {
    let mut inventory = account();
    let said = BTreeMap::from([(Meter::FromInside, 1 << 30), (Meter::FromOutside, 0)]);
    inventory.meters.insert("nat-1".to_owned(), said);
    let bill = watched(&inventory, balancer_alone()).bill;
    let measured = bill.lines.iter().filter_map(|line| Some((line.what.as_str(), line.measured?)));
    assert_eq!(
        measured.collect::<Vec<_>>(),
        [("ALB capacity", Part::Metrics), ("NAT gateway bytes", Part::Meters)]
    );
}

/// The lines of a bill with what each costs by the hour.
pub(super) fn lines(bill: &bill::Bill) -> Vec<String> {
    let told = |line: &bill::Line| {
        let price = line.per_hour.map_or("unpriced".to_owned(), |price| price.to_string());
        format!("{} {price}", line.what)
    };
    bill.lines.iter().map(told).collect()
}

#[test]
fn a_price_of_the_list_goes_before_the_one_that_is_shipped_and_says_so() {
    let mut inventory = account();
    let usd = NanoUsd::parse("0.05").unwrap();
    let listed = Listed { unit: "hour".into(), usd, date: "2026-11-01".into() };
    inventory.book.put("BoxUsage:t3.medium", Timestamp(1), Some(listed));
    inventory.book.put("NatGateway-Hours", Timestamp(1), None);
    let told = watched(&inventory, balancer_alone());
    let of = |what: &str| told.bill.lines.iter().find(|line| line.what == what).unwrap();
    let host = of("EC2 t3.medium");
    assert_eq!(host.per_hour.unwrap().to_string(), "$0.10");
    assert_eq!((host.origin, host.date.as_str()), (Origin::Listed, "2026-11-01"));
    assert_eq!(host.source, "AWS's price list");
    // What the list does not have is what is shipped.
    assert_eq!(of("NAT gateway").origin, Origin::Shipped);
    assert_eq!(of("NAT gateway").date.get(..4), Some("2024"));
    let wanted = bill::wanted([&told].into_iter());
    for sku in ["BoxUsage:t3.medium", "LCUUsage (Application)", "GetMetricData metrics"] {
        assert!(wanted.contains(sku), "{sku}: {wanted:?}");
    }
}

#[test]
fn a_region_without_shipped_prices_has_those_of_the_list_and_else_none() {
    let mut inventory = account();
    let mut seoul = watch(balancer_alone());
    seoul.access.region = "eu-north-1".to_owned();
    let told = |inventory: &Inventory| {
        let every = crate::time::Millis::seconds(10);
        inventory.watched(&super::key(), &seoul, every, Calls::default())
    };
    assert!(told(&inventory).bill.lines.iter().all(|line| line.per_hour.is_none()));
    let usd = NanoUsd::parse("0.0432").unwrap();
    let listed = Listed { unit: "hour".into(), usd, date: "2026-11-01".into() };
    inventory.book.put("BoxUsage:t3.medium", Timestamp(1), Some(listed));
    let usd = NanoUsd::parse("0.01").unwrap();
    let listed = Listed { unit: "1000 metrics".into(), usd, date: "2026-11-01".into() };
    inventory.book.put("GetMetricData metrics", Timestamp(1), Some(listed));
    let told = told(&inventory);
    assert_eq!(told.bill.known().to_string(), "$0.0864");
    assert!(told.bill.is_open());
    assert_eq!(told.metric_price, Some(usd));
}

#[test]
fn what_is_on_the_bill_is_not_idle_as_well() {
    let mut inventory = account();
    let tags = [("app", "shop"), ("env", "qa")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let qa = Belongings { tags: BTreeMap::from(tags), ..Belongings::default() };
    let told = watched(&inventory, qa.clone());
    assert_eq!(lines(&told.bill)[0], "EBS gp3 of a stopped instance $0.002191781");
    let idle: Vec<&str> = told.bill.idle.iter().map(|line| line.what.as_str()).collect();
    assert_eq!(idle, ["EBS gp3, attached to nothing", "public IPv4, used by nothing"]);
    // Of a stopped instance of somebody else it is told among what is idle.
    inventory.instances[2].tags.clear();
    let told = watched(&inventory, qa);
    assert!(told.bill.idle.iter().any(|line| line.what == "EBS gp3 of a stopped instance"));
}

#[test]
fn what_passes_a_nat_gateway_is_paid_both_ways() {
    const GIB: u64 = 1 << 30;
    let mut inventory = account();
    let said = BTreeMap::from([(Meter::FromInside, GIB), (Meter::FromOutside, 3 * GIB)]);
    inventory.meters.insert("nat-1".to_owned(), said);
    let bill = watched(&inventory, balancer_alone()).bill;
    assert_eq!(lines(&bill).last().unwrap(), "NAT gateway bytes $0.18");
    assert!(!bill.is_open());
    // Of a way that was not measured nobody knows that nothing passed.
    for meter in [Meter::FromInside, Meter::FromOutside] {
        inventory.meters.get_mut("nat-1").unwrap().remove(&meter);
        let bill = watched(&inventory, balancer_alone()).bill;
        assert_eq!(lines(&bill).last().unwrap(), "NAT gateway bytes unpriced");
        let said = BTreeMap::from([(Meter::FromInside, GIB), (Meter::FromOutside, GIB)]);
        inventory.meters.insert("nat-1".to_owned(), said);
    }
}

#[test]
fn a_network_load_balancer_is_paid_by_its_own_units() {
    let mut inventory = account();
    inventory.balancers[0].kind = "network".to_owned();
    let bill = watched(&inventory, balancer_alone()).bill;
    assert!(lines(&bill).contains(&"NLB capacity $0.006".to_owned()), "{bill:?}");
    inventory.balancers[0].kind = "gateway".to_owned();
    let bill = watched(&inventory, balancer_alone()).bill;
    for line in ["load balancer hours unpriced", "load balancer capacity unpriced"] {
        assert!(lines(&bill).contains(&line.to_owned()), "{bill:?}");
    }
}

fn media() -> Belongings {
    Belongings { buckets: vec!["shop-media".to_owned()], ..Belongings::default() }
}

#[test]
fn a_bucket_has_three_meters_and_what_was_not_measured_is_never_nothing() {
    let mut inventory = Inventory::default();
    inventory.take(Part::Instances, Timestamp(1), Ok(Content::Instances(Vec::new())));
    inventory.take(Part::Volumes, Timestamp(1), Ok(Content::Volumes(Vec::new())));
    inventory.take(Part::Addresses, Timestamp(1), Ok(Content::Addresses(Vec::new())));
    inventory.take(Part::Gateways, Timestamp(1), Ok(Content::Gateways(Vec::new())));
    assert_eq!(
        lines(&watched(&inventory, media()).bill),
        [
            "S3 stored unpriced",
            "S3 requests, PUT POST LIST unpriced",
            "S3 requests, GET HEAD unpriced",
            "S3 transfer out unpriced",
        ]
    );
    let said = BTreeMap::from([
        (Meter::Stored(StorageClass::Standard), 730 << 30),
        (Meter::Stored(StorageClass::Glacier), 1 << 30),
        (Meter::Put, 1000),
        (Meter::List, 1000),
        (Meter::Get, 9000),
        (Meter::Head, 1000),
        (Meter::Downloaded, 2 << 30),
    ]);
    let all = BTreeMap::from([("shop-media".to_owned(), said)]);
    inventory.take(Part::Meters, Timestamp(1), Ok(Content::Meters(all)));
    assert_eq!(
        lines(&watched(&inventory, media()).bill),
        [
            "S3 stored $0.023",
            // No price of it is shipped.
            "S3 stored, Glacier unpriced",
            "S3 requests, PUT POST LIST $0.01",
            "S3 requests, GET HEAD $0.004",
            "S3 transfer out $0.18",
        ]
    );
}

#[test]
fn what_a_bucket_stores_is_told_in_every_kind_and_intelligent_tiering_watches_at_a_price() {
    let mut inventory = Inventory::default();
    let said: BTreeMap<Meter, u64> =
        StorageClass::ALL.into_iter().map(|class| (Meter::Stored(class), 730 << 30)).collect();
    inventory.meters.insert("shop-media".to_owned(), said);
    let bill = watched(&inventory, media()).bill;
    let told = lines(&bill);
    let stored = told.iter().filter(|line| line.starts_with("S3 stored"));
    assert_eq!(stored.count(), StorageClass::ALL.len(), "{told:#?}");
    for line in [
        "S3 stored $0.023",
        "S3 stored, reduced redundancy unpriced",
        "S3 stored, intelligent tiering, infrequent unpriced",
        // What a name takes lies in the standard class.
        "S3 stored, Glacier's names $0.023",
        "S3 intelligent tiering unpriced",
    ] {
        assert!(told.contains(&line.to_owned()), "{line}: {told:#?}");
    }
    let wanted = bill.lines.iter().map(|line| line.usage.as_str());
    assert!(wanted.clone().any(|usage| usage == "TimedStorage-INT-DAA-ByteHrs"));
    let said = BTreeMap::from([(Meter::Stored(StorageClass::Standard), 1)]);
    inventory.meters.insert("shop-media".to_owned(), said);
    let told = lines(&watched(&inventory, media()).bill);
    assert!(!told.iter().any(|line| line.contains("tiering")), "{told:?}");
}

#[test]
fn meters_are_those_of_buckets_and_of_all_gateways_that_are_there() {
    let inventory = account();
    let (bucket, balancer) = (watch(media()), watch(balancer_alone()));
    let Some(Ask::Meters(meters)) = inventory.ask(Part::Meters, &[&bucket, &balancer]) else {
        panic!("no meter is asked for");
    };
    assert_eq!(meters.len(), meter::bucket().count() + 2);
    // Each kind of storage is looked for, so that none is left out.
    for class in StorageClass::ALL {
        assert!(meters.contains(&("shop-media".to_owned(), Meter::Stored(class))), "{class:?}");
    }
    assert!(meters.contains(&("nat-1".to_owned(), Meter::FromOutside)));
    // One of nobody is measured too: that nothing passes it is what makes it idle.
    let Some(Ask::Meters(meters)) = inventory.ask(Part::Meters, &[&watch(Belongings::default())])
    else {
        panic!("no meter of the gateway is asked for");
    };
    assert_eq!(meters.len(), 2);
    let mut inventory = inventory;
    inventory.gateways[0].state = "deleted".to_owned();
    assert_eq!(inventory.ask(Part::Meters, &[&watch(Belongings::default())]), None);
}
