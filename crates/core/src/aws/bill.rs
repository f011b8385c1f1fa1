//! What is watched costs by the hour, from the table of dated prices.
//!
//! What has no price is there without one, and so is what could not be read: a sum that leaves
//! something out is never taken for the whole.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::belongs::Inventory;
use super::seen::{Ec2State, EcsService, Metric, Series};
use super::watched::{Calls, Part, Watched};
use crate::cost::{NanoUsd, Quantity, Region, price};
use crate::time::Timestamp;

/// What an environment costs by the hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// What is paid for, the same price together.
    pub lines: Vec<Line>,
    /// What the account pays for and nothing seems to use, whatever environment it is of; it is
    /// not in any sum.
    pub idle: Vec<Line>,
}

/// What is paid for at one price.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What it is: `EC2 t3.medium`.
    pub what: String,
    /// Whose it is, by name, the first few.
    pub whose: Vec<String>,
    /// How many things.
    pub count: u32,
    /// How much is bought.
    pub quantity: Quantity,
    /// In which unit; empty where there is no price.
    pub unit: String,
    /// The price of one unit; none where it has none.
    pub unit_price: Option<NanoUsd>,
    /// What all of it costs by the hour; none where nobody knows.
    pub per_hour: Option<NanoUsd>,
    /// Where the price was read, and when; empty where there is none.
    pub source: String,
    /// See `source`.
    pub date: String,
    /// What is to be said of it besides.
    pub note: String,
}

/// Names that a line tells at most.
const NAMES: usize = 4;

impl Bill {
    /// What is known of the sum.
    pub fn known(&self) -> NanoUsd {
        self.lines.iter().filter_map(|line| line.per_hour).sum()
    }

    /// Whether something of it has no price.
    pub fn is_open(&self) -> bool {
        self.lines.iter().any(|line| line.per_hour.is_none())
    }

    /// What of it has no price, by what it is.
    pub fn unpriced(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.per_hour.is_none())
    }
}

/// Puts the bill of an environment together.
pub fn bill(inventory: &Inventory, watched: &Watched) -> Bill {
    let mut till = Till::new(&watched.access.region);
    instances(&mut till, inventory, watched);
    services(&mut till, watched);
    balancers(&mut till, watched);
    gateways(&mut till, inventory, watched);
    unread(&mut till, watched);
    let mut lost = Till::new(&watched.access.region);
    idle(&mut lost, inventory);
    Bill { lines: till.lines(), idle: lost.lines() }
}

/// What looking costs by the hour, at the pace at which it was looked until now; none where asking
/// for metrics has no price there.
pub fn of_looking(region: &str, calls: &Calls, now: Timestamp) -> Option<NanoUsd> {
    if calls.metrics == 0 {
        return Some(NanoUsd::ZERO);
    }
    let price = price(Region::named(region)?, "GetMetricData metrics")?;
    // The price is for a thousand, and a quantity counts thousandths: one metric is one of these.
    let passed_ms = now.since(calls.since).0.max(60_000);
    let by_hour = calls.metrics.saturating_mul(3_600_000) / passed_ms;
    Some(price.usd.times(Quantity(by_hour), 1))
}

fn instances(till: &mut Till, inventory: &Inventory, watched: &Watched) {
    for one in &watched.instances {
        let name = if one.name.is_empty() { &one.id } else { &one.name };
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
                let usage = "PublicIPv4:InUseAddress";
                till.buy("public IPv4", usage, Quantity::whole(1), name, "");
            }
        }
    }
    let own = |id: &String| watched.instances.iter().any(|one| one.id == *id);
    for volume in &inventory.volumes {
        if volume.instance.as_ref().is_some_and(own) {
            let usage = format!("EBS:VolumeUsage.{}", volume.kind);
            let note = "throughput and IOPS beyond what is free are left out";
            let what = format!("EBS {}", volume.kind);
            till.buy(&what, &usage, Quantity::whole(volume.size), &volume.id, note);
        }
    }
}

fn services(till: &mut Till, watched: &Watched) {
    for service in &watched.services {
        if service.running == 0 {
            continue;
        }
        let (vcpu, memory) = if service.is_arm {
            ("Fargate-ARM-vCPU-Hours:perCPU", "Fargate-ARM-GB-Hours")
        } else {
            ("Fargate-vCPU-Hours:perCPU (Linux x86)", "Fargate-GB-Hours (Linux x86)")
        };
        let kind = if service.is_arm { "Fargate ARM" } else { "Fargate" };
        match (service.launch.as_str(), service.vcpu_milli, service.memory_mib) {
            ("FARGATE", Some(vcpu_milli), Some(memory_mib)) => {
                let each = Quantity(u64::from(vcpu_milli)).each(service.running);
                till.buy(&format!("{kind} vCPU"), vcpu, each, &service.name, "");
                let gb = Quantity(u64::from(memory_mib) * 1000 / 1024).each(service.running);
                till.buy(&format!("{kind} memory"), memory, gb, &service.name, "");
            }
            ("FARGATE", ..) => till.note(kind, &service.name, "its task definition was not read"),
            // Tasks on instances are paid with the instances.
            _ => till.note(&hosted(service), &service.name, "paid with the cluster's instances"),
        }
    }
}

fn hosted(service: &EcsService) -> String {
    format!("ECS tasks on {}", service.launch)
}

fn balancers(till: &mut Till, watched: &Watched) {
    for one in &watched.balancers {
        let (what, hours, units) = match one.kind.as_str() {
            "application" => {
                ("ALB", "LoadBalancerUsage (Application)", Some("LCUUsage (Application)"))
            }
            "network" => ("NLB", "LoadBalancerUsage (Network)", None),
            _ => ("load balancer", "", None),
        };
        till.buy(&format!("{what} hours"), hours, Quantity::whole(1), &one.name, "");
        let used = one.metrics.iter().find(|series| series.metric == Metric::CapacityUnits);
        match (units, used.and_then(average)) {
            (Some(units), Some(milli)) => {
                till.buy("ALB capacity", units, Quantity(milli), &one.name, "as lately measured");
            }
            (Some(_), None) => {
                till.note("ALB capacity", &one.name, "how many LCUs it uses was not measured");
            }
            (None, _) => till.note(
                &format!("{what} capacity"),
                &one.name,
                "how many capacity units it uses is not measured",
            ),
        }
        if one.is_public {
            let zones = u32::try_from(one.zones.len()).unwrap_or(u32::MAX);
            let note = "one for each zone of a public load balancer";
            let usage = "PublicIPv4:InUseAddress";
            till.buy("public IPv4", usage, Quantity::whole(zones), &one.name, note);
        }
    }
}

/// The mean of what was measured; none where nothing was.
fn average(series: &Series) -> Option<u64> {
    let measured: Vec<u64> = series.values.iter().copied().flatten().collect();
    let count = u64::try_from(measured.len()).ok().filter(|count| *count > 0)?;
    Some(measured.iter().sum::<u64>() / count)
}

fn gateways(till: &mut Till, inventory: &Inventory, watched: &Watched) {
    let own = |vpc: &str| watched.balancers.iter().any(|one| one.vpc == vpc);
    for one in inventory.gateways.iter().filter(|one| own(&one.vpc)) {
        if one.state == "available" {
            let note = "shared by all of its VPC; the bytes through it are left out";
            till.buy("NAT gateway", "NatGateway-Hours", Quantity::whole(1), &one.id, note);
        }
    }
}

/// What may be missing from the bill because it could not be read, or not yet.
fn unread(till: &mut Till, watched: &Watched) {
    const PAID: [Part; 4] = [Part::Instances, Part::Volumes, Part::Balancers, Part::Services];
    for part in PAID {
        let fresh = watched.parts.get(&part);
        // Instances and volumes are always read; the others where any are named.
        let is_wanted = fresh.is_some() || matches!(part, Part::Instances | Part::Volumes);
        if !is_wanted || fresh.is_some_and(|fresh| fresh.at.is_some()) {
            continue;
        }
        let trouble = fresh.and_then(|fresh| fresh.trouble.as_ref()).or(watched.stopped.as_ref());
        let why = trouble.map_or("not read yet", |trouble| trouble.kind.name());
        till.note(part.name(), "", why);
    }
}

fn idle(till: &mut Till, inventory: &Inventory) {
    for volume in &inventory.volumes {
        let what = format!("EBS {}", volume.kind);
        let usage = format!("EBS:VolumeUsage.{}", volume.kind);
        let size = Quantity::whole(volume.size);
        let Some(instance) = &volume.instance else {
            till.buy(&format!("{what}, attached to nothing"), &usage, size, &volume.id, "");
            continue;
        };
        let is_stopped = |one: &&super::seen::Ec2Instance| one.state == Ec2State::Stopped;
        let of = inventory.instances.iter().find(|one| one.id == *instance);
        if let Some(of) = of.filter(is_stopped) {
            let name = if of.name.is_empty() { &of.id } else { &of.name };
            till.buy(&format!("{what} of a stopped instance"), &usage, size, name, "");
        }
    }
    for address in inventory.addresses.iter().filter(|address| !address.is_used) {
        let one = Quantity::whole(1);
        till.buy("public IPv4, used by nothing", "PublicIPv4:IdleAddress", one, &address.ip, "");
    }
}

/// A bill while it is put together.
struct Till {
    region: Option<Region>,
    name: String,
    lines: BTreeMap<(String, String), Line>,
    order: Vec<(String, String)>,
}

impl Till {
    fn new(region: &str) -> Self {
        Self {
            region: Region::named(region),
            name: region.to_owned(),
            lines: BTreeMap::new(),
            order: Vec::new(),
        }
    }

    fn buy(&mut self, what: &str, usage: &str, quantity: Quantity, whose: &str, note: &str) {
        let key = (what.to_owned(), usage.to_owned());
        if !self.lines.contains_key(&key) {
            let found = self.region.and_then(|region| price(region, usage));
            let line = match found {
                Some(found) => Line {
                    unit: found.unit.to_owned(),
                    unit_price: Some(found.usd),
                    source: found.source.to_owned(),
                    date: found.date.to_owned(),
                    note: note.to_owned(),
                    ..Line::default()
                },
                None => Line {
                    note: format!("no price for it in {} is known here", self.name),
                    ..Line::default()
                },
            };
            self.add(key.clone(), Line { what: what.to_owned(), ..line });
        }
        if let Some(line) = self.lines.get_mut(&key) {
            line.quantity = Quantity(line.quantity.0.saturating_add(quantity.0));
            line.count = line.count.saturating_add(1);
            named(line, whose);
            let hours = if line.unit.ends_with("month") { crate::cost::MONTH_HOURS } else { 1 };
            line.per_hour = line.unit_price.map(|usd| usd.times(line.quantity, hours));
        }
    }

    /// Something that is paid for and has no price here.
    fn note(&mut self, what: &str, whose: &str, note: &str) {
        let key = (what.to_owned(), note.to_owned());
        if !self.lines.contains_key(&key) {
            let (what, note) = (what.to_owned(), note.to_owned());
            self.add(key.clone(), Line { what, note, ..Line::default() });
        }
        if let Some(line) = self.lines.get_mut(&key) {
            line.count = line.count.saturating_add(1);
            named(line, whose);
        }
    }

    fn add(&mut self, key: (String, String), line: Line) {
        self.order.push(key.clone());
        self.lines.insert(key, line);
    }

    fn lines(mut self) -> Vec<Line> {
        self.order.iter().filter_map(|key| self.lines.remove(key)).collect()
    }
}

fn named(line: &mut Line, whose: &str) {
    let is_new = !whose.is_empty() && line.whose.iter().all(|one| one != whose);
    if is_new && line.whose.len() < NAMES {
        line.whose.push(whose.to_owned());
    }
}
