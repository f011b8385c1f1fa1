//! What each thing costs, kind by kind.

use super::super::Belongings;
use super::super::belongs::Inventory;
use super::super::meter::{Meter, StorageClass};
use super::super::seen::{Address, Ec2Instance, Ec2State, Metric, Series, Volume};
use super::super::watched::{Part, Watched};
use super::idle::{SILENT, is_silent, unused};
use super::till::Till;
use super::unmeasured;
use crate::cost::Quantity;

pub(super) fn instances(till: &mut Till, inventory: &Inventory, watched: &Watched) {
    for one in &watched.instances {
        let name = called(one);
        till.of(&one.id);
        if one.state == Ec2State::Running {
            let what = format!("EC2 {}", one.kind);
            match (&one.platform, one.is_spot) {
                (None, false) => {
                    let usage = format!("BoxUsage:{}", one.kind);
                    till.buy(&what, &usage, Quantity::whole(1), name, "");
                }
                (_, true) => till.note(&what, name, "a spot instance: its price moves"),
                (Some(system), false) => {
                    till.note(&what, name, &format!("{system} has a price of its own"));
                }
            }
            if one.public_ip.is_some() {
                till.buy("public IPv4", USED, Quantity::whole(1), name, "");
            }
        } else if one.state.is_unknown() {
            till.note(&format!("EC2 {}", one.kind), name, "whether it runs was not said");
        }
    }
    for volume in &inventory.volumes {
        let host = volume.instance.as_ref();
        let host = host.and_then(|id| watched.instances.iter().find(|one| one.id == *id));
        match host {
            Some(host) if host.state == Ec2State::Stopped => {
                storage(till, volume, " of a stopped instance", called(host));
            }
            Some(_) => storage(till, volume, "", &volume.id),
            None => {}
        }
    }
    for address in &inventory.addresses {
        till.of(&address.ip);
        if let Some(host) = stopped_with(address, &watched.instances) {
            till.buy(OF_STOPPED, IDLE, Quantity::whole(1), called(host), "");
        }
        // One that runs may have more than the one that it is told with.
        let more = |one: &&Ec2Instance| {
            one.state == Ec2State::Running
                && address.instance.as_ref() == Some(&one.id)
                && one.public_ip.as_ref() != Some(&address.ip)
        };
        if let Some(host) = watched.instances.iter().find(more) {
            till.buy("public IPv4", USED, Quantity::whole(1), called(host), "");
        }
    }
}

/// A public address that something uses, as the price list calls it, and one that nothing does.
pub(super) const USED: &str = "PublicIPv4:InUseAddress";
/// See [`USED`]. An instance that is stopped does not use its own (Amazon EC2 User Guide, "Elastic
/// IP addresses").
pub(super) const IDLE: &str = "PublicIPv4:IdleAddress";
/// What such an address is called.
pub(super) const OF_STOPPED: &str = "public IPv4 of a stopped instance";

/// The stopped instance that an address is paid for.
pub(super) fn stopped_with<'a>(
    address: &Address,
    all: &'a [Ec2Instance],
) -> Option<&'a Ec2Instance> {
    let id = address.instance.as_ref()?;
    all.iter().find(|one| one.id == *id && one.state == Ec2State::Stopped)
}

pub(super) fn called(one: &Ec2Instance) -> &str {
    if one.name.is_empty() { &one.id } else { &one.name }
}

/// IOPS and MiB by the second that are in the price of a gp3 volume (Amazon EBS User Guide,
/// "General Purpose SSD volumes").
const FREE_IOPS: u32 = 3000;
/// See [`FREE_IOPS`].
const FREE_THROUGHPUT: u32 = 125;

/// The price of an io2 volume's IOPS falls in steps, and beyond which IOPS (Amazon EBS pricing,
/// "Provisioned IOPS SSD (io2) volumes").
const IO2_STEPS: [(&str, u32, u32); 3] = [
    ("EBS:VolumeP-IOPS.io2", 0, 32_000),
    ("EBS:VolumeP-IOPS.io2.tier2", 32_000, 64_000),
    ("EBS:VolumeP-IOPS.io2.tier3", 64_000, u32::MAX),
];
/// What is said where AWS told of no IOPS.
const UNSAID: &str = "how many it has was not said";

/// A volume by its size, and by what it can do beyond what its size pays for.
pub(super) fn storage(till: &mut Till, volume: &Volume, state: &str, whose: &str) {
    let kind = volume.kind.as_str();
    let what = format!("EBS {kind}{state}");
    till.of(&volume.id);
    // The price list has older names for two of the types.
    let usage = match kind {
        "standard" => "EBS:VolumeUsage".to_owned(),
        "io1" => "EBS:VolumeUsage.piops".to_owned(),
        kind => format!("EBS:VolumeUsage.{kind}"),
    };
    match volume.size {
        0 => till.note(&what, whose, "how large it is was not said"),
        size => till.buy(&what, &usage, Quantity::whole(size), whose, ""),
    }
    let beyond = |have: Option<u32>, free: u32| have.map_or(0, |have| have.saturating_sub(free));
    match kind {
        "gp3" => {
            let (iops, moved) =
                (beyond(volume.iops, FREE_IOPS), beyond(volume.throughput, FREE_THROUGHPUT));
            for (what, usage, count) in [
                ("IOPS", "EBS:VolumeP-IOPS.gp3 (above 3000)", iops),
                ("throughput", "EBS:VolumeP-Throughput.gp3 (above 125)", moved),
            ] {
                if count > 0 {
                    let what = format!("EBS gp3 {what}{state}");
                    till.buy(&what, usage, Quantity::whole(count), whose, "");
                }
            }
        }
        "io1" => {
            let what = format!("EBS io1 IOPS{state}");
            match volume.iops.map(Quantity::whole) {
                Some(iops) => till.buy(&what, "EBS:VolumeP-IOPS.piops", iops, whose, ""),
                None => till.note(&what, whose, UNSAID),
            }
        }
        "io2" => match volume.iops {
            Some(iops) => {
                for (usage, from, until) in IO2_STEPS {
                    let count = iops.min(until).saturating_sub(from);
                    if count > 0 {
                        let what = format!("EBS io2 IOPS{state}");
                        till.buy(&what, usage, Quantity::whole(count), whose, "");
                    }
                }
            }
            None => till.note(&format!("EBS io2 IOPS{state}"), whose, UNSAID),
        },
        // Of the old magnetic kind each access is paid too (Amazon EBS pricing).
        "standard" => {
            till.note(
                &format!("EBS standard I/O{state}"),
                whose,
                "how much it is was not measured",
            );
        }
        _ => {}
    }
}

/// What a kind of load balancer is called, its hours, and the units of its capacity.
pub(super) fn of_balancer(kind: &str) -> (&'static str, &'static str, Option<&'static str>) {
    match kind {
        "application" => ("ALB", "LoadBalancerUsage (Application)", Some("LCUUsage (Application)")),
        "network" => ("NLB", "LoadBalancerUsage (Network)", Some("LCUUsage (Network, NLCU)")),
        _ => ("load balancer", "", None),
    }
}

pub(super) fn balancers(
    till: &mut Till,
    inventory: &Inventory,
    watched: &Watched,
    belongings: &Belongings,
) {
    for one in &watched.balancers {
        till.of(&one.arn);
        let (what, hours, units) = of_balancer(&one.kind);
        let capacity = format!("{what} capacity");
        let unused = unused(inventory, one).map(|why| format!("{}: {}", one.name, why.name()));
        let note = unused.unwrap_or_default();
        till.buy(&format!("{what} hours"), hours, Quantity::whole(1), &one.name, &note);
        let used = one.metrics.iter().find(|series| series.metric == Metric::CapacityUnits);
        match (units, used.and_then(average)) {
            (Some(units), Some(milli)) => {
                till.meter(&capacity, units, Quantity(milli), &one.name, Part::Metrics);
            }
            (_, None) => {
                let why = unmeasured(
                    inventory,
                    belongings,
                    Part::Metrics,
                    "how many LCUs it uses was not measured",
                );
                till.note(&capacity, &one.name, &why);
            }
            (None, Some(_)) => till.note(&capacity, &one.name, "it has a price of its own"),
        }
        if one.is_scheme_unsaid && units.is_some() {
            till.note("public IPv4", &one.name, "whether the internet reaches it was not said");
        }
        if one.is_public && !one.is_ipv6_alone {
            let zones = u32::try_from(one.zones.len()).unwrap_or(u32::MAX);
            let note = "one for each zone of a public load balancer";
            till.buy("public IPv4", USED, Quantity::whole(zones), &one.name, note);
        }
    }
}

/// The mean of what was measured; none where nothing was.
fn average(series: &Series) -> Option<u64> {
    let measured: Vec<u64> = series.values.iter().copied().flatten().collect();
    let count = u64::try_from(measured.len()).ok().filter(|count| *count > 0)?;
    Some(measured.iter().sum::<u64>() / count)
}

/// An hour of a NAT gateway.
pub(super) const NAT: &str = "NatGateway-Hours";

pub(super) fn gateways(till: &mut Till, inventory: &Inventory, belongings: &Belongings) {
    let unsure = inventory.gateways_unsure(belongings);
    if unsure > 0 {
        let note = format!("{unsure} in the region may be its tasks', whose VPC ECS does not name");
        till.note("NAT gateway", "", &note);
    }
    for one in inventory.gateways_unsaid(belongings) {
        till.note("NAT gateway", &one.id, "its state or whose VPC it is in was not said");
    }
    for one in inventory.gateways_of(belongings) {
        till.of(&one.id);
        till.buy("NAT gateway", NAT, Quantity::whole(1), &one.id, "shared by all of its VPC");
        if is_silent(inventory, one) {
            let note = format!("{}: {SILENT}", one.id);
            till.note_on("NAT gateway", NAT, &note);
        }
        if one.addresses > 0 {
            till.buy("public IPv4", USED, Quantity::whole(one.addresses), &one.id, "");
        }
        let said = inventory.meters.get(&one.id);
        let of = |meter| said.and_then(|said| said.get(&meter)).copied();
        // Every byte that passes is paid for, whichever way it goes (Amazon VPC pricing).
        let (inside, outside) = (of(Meter::FromInside), of(Meter::FromOutside));
        let (Some(inside), Some(outside)) = (inside, outside) else {
            let why =
                unmeasured(inventory, belongings, Part::Meters, "how much passes was not measured");
            till.note("NAT gateway bytes", &one.id, &why);
            continue;
        };
        let bytes = inside.saturating_add(outside);
        let what = "NAT gateway bytes";
        till.meter(what, "NatGateway-Bytes", gigabytes(bytes), &one.id, Part::Meters);
    }
}

/// The three meters of each bucket: what it stores, what is asked of it, and what leaves it.
pub(super) fn buckets(till: &mut Till, inventory: &Inventory, belongings: &Belongings) {
    for bucket in &belongings.buckets {
        till.of(bucket);
        let said = inventory.meters.get(bucket);
        let of = |meter| said.and_then(|said| said.get(&meter)).copied();
        let stored = StorageClass::ALL.map(|class| (class, of(Meter::Stored(class))));
        if stored.iter().all(|(_, bytes)| bytes.is_none()) {
            let why = unmeasured(
                inventory,
                belongings,
                Part::Meters,
                "how much it stores was not measured",
            );
            till.note("S3 stored", bucket, &why);
        }
        for (class, bytes) in stored {
            let what = match class {
                StorageClass::Standard => "S3 stored".to_owned(),
                other => format!("S3 stored, {}", other.name()),
            };
            if let Some(bytes) = bytes.filter(|bytes| *bytes > 0) {
                till.meter(&what, class.usage(), gigabytes(bytes), bucket, Part::Meters);
            }
        }
        let is_held = |bytes: Option<u64>| bytes.is_some_and(|bytes| bytes > 0);
        if stored.iter().any(|(class, bytes)| class.is_watched() && is_held(*bytes)) {
            let note = "each object is watched at a price: how many there are was not measured";
            till.note("S3 intelligent tiering", bucket, note);
        }
        let sum = |meters: &[Meter]| {
            let counts: Vec<u64> = meters.iter().filter_map(|meter| of(*meter)).collect();
            (!counts.is_empty()).then(|| counts.into_iter().fold(0, u64::saturating_add))
        };
        let why = "not measured: are its request metrics on?";
        let why = unmeasured(inventory, belongings, Part::Meters, why);
        // A price is for a thousand requests, and a quantity counts thousandths.
        for (what, usage, count) in [
            (
                "S3 requests, PUT POST LIST",
                "Requests-Tier1 (PUT/COPY/POST/LIST)",
                sum(&[Meter::Put, Meter::Post, Meter::List]).map(Quantity),
            ),
            (
                "S3 requests, GET HEAD",
                "Requests-Tier2 (GET)",
                sum(&[Meter::Get, Meter::Head]).map(Quantity),
            ),
            (
                "S3 transfer out",
                "DataTransfer-Out-Bytes (first 10 TB, after 100 GB free)",
                of(Meter::Downloaded).map(gigabytes),
            ),
        ] {
            match count {
                Some(count) => till.meter(what, usage, count, bucket, Part::Meters),
                None => till.note(what, bucket, &why),
            }
        }
    }
}

/// Bytes in thousandths of the binary gigabytes that AWS bills, the begun one too.
fn gigabytes(bytes: u64) -> Quantity {
    const GIGABYTE: u128 = 1 << 30;
    let milli = (u128::from(bytes) * 1000).div_ceil(GIGABYTE);
    Quantity(u64::try_from(milli).unwrap_or(u64::MAX))
}
