//! What the account pays for and nothing seems to use, as far as what was read of it shows.

use super::super::Belongings;
use super::super::belongs::Inventory;
use super::super::meter::GATEWAY;
use super::super::seen::{Balancer, Ec2Instance, Ec2State, Gateway};
use super::super::watched::{Part, Watched};
use super::things::{IDLE, NAT, OF_STOPPED, USED, called, of_balancer, stopped_with, storage};
use super::till::Till;
use crate::cost::Quantity;

/// What the account pays for and nothing uses. What belongs to the environment and stands on its
/// bill is not told a second time.
pub(super) fn all(
    till: &mut Till,
    inventory: &Inventory,
    watched: &Watched,
    belongings: &Belongings,
) {
    machines(till, inventory, watched);
    balancers(till, inventory, watched);
    gateways(till, inventory, belongings);
}

fn machines(till: &mut Till, inventory: &Inventory, watched: &Watched) {
    let is_billed = |id: &String| watched.instances.iter().any(|one| one.id == *id);
    for volume in &inventory.volumes {
        let Some(instance) = &volume.instance else {
            storage(till, volume, ", attached to nothing", &volume.id);
            continue;
        };
        let is_stopped = |one: &&Ec2Instance| one.state == Ec2State::Stopped;
        let of = inventory.instances.iter().find(|one| one.id == *instance);
        if let Some(of) = of.filter(is_stopped).filter(|of| !is_billed(&of.id)) {
            storage(till, volume, " of a stopped instance", called(of));
        }
    }
    for address in &inventory.addresses {
        let one = Quantity::whole(1);
        if !address.is_used {
            till.buy("public IPv4, used by nothing", IDLE, one, &address.ip, "");
        } else if let Some(host) = stopped_with(address, &inventory.instances)
            && !is_billed(&host.id)
        {
            till.buy(OF_STOPPED, IDLE, one, called(host), "");
        }
    }
}

fn balancers(till: &mut Till, inventory: &Inventory, watched: &Watched) {
    let is_billed = |one: &Balancer| watched.balancers.iter().any(|billed| billed.arn == one.arn);
    for one in inventory.balancers.iter().filter(|one| !is_billed(one)) {
        let Some(why) = unused(inventory, one) else { continue };
        let (what, hours, _) = of_balancer(&one.kind);
        let what = format!("{what}, {}", why.name());
        till.buy(&what, hours, Quantity::whole(1), &one.name, why.unless());
        if one.is_public && !one.is_ipv6_alone {
            let zones = Quantity::whole(u32::try_from(one.zones.len()).unwrap_or(u32::MAX));
            till.buy("public IPv4 of an idle load balancer", USED, zones, &one.name, "");
        }
    }
}

/// What a load balancer lacks that seems to serve nobody.
#[derive(Clone, Copy)]
pub(super) enum Lack {
    /// It has no listener.
    Listener,
    /// No target group has it, and what it listens for was not asked.
    Group,
    /// Its target groups have no target.
    Target,
}

impl Lack {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Listener => "nothing listens on it",
            Self::Group => "no target group behind it",
            Self::Target => "no target behind it",
        }
    }

    /// When it is used all the same.
    fn unless(self) -> &'static str {
        match self {
            Self::Group => "unless it only redirects or answers by itself",
            Self::Listener | Self::Target => "",
        }
    }
}

/// Why a load balancer seems to serve nobody, where what was read shows it.
pub(super) fn unused(inventory: &Inventory, one: &Balancer) -> Option<Lack> {
    let was_read = |part| inventory.parts.get(&part).is_some_and(|fresh| fresh.at.is_some());
    // One that is being made has nothing yet.
    if one.state == "provisioning" {
        return None;
    }
    let listeners = inventory.listeners.get(&one.arn);
    if listeners.is_some_and(Vec::is_empty) {
        return Some(Lack::Listener);
    }
    if !was_read(Part::Groups) {
        return None;
    }
    let mut groups = inventory.groups.iter().filter(|group| group.balancers.contains(&one.arn));
    let Some(first) = groups.next() else {
        return match listeners {
            None => Some(Lack::Group),
            // It answers by itself, or sends to what is not known yet.
            Some(_) => None,
        };
    };
    let is_empty = |arn| inventory.targets.get(arn).is_some_and(Vec::is_empty);
    let is_unused = is_empty(&first.arn) && groups.all(|group| is_empty(&group.arn));
    is_unused.then_some(Lack::Target)
}

/// What is said of a NAT gateway that nothing uses.
pub(super) const SILENT: &str = "nothing passed it in the last hour";

fn gateways(till: &mut Till, inventory: &Inventory, belongings: &Belongings) {
    let billed: Vec<&String> = inventory.gateways_of(belongings).map(|one| &one.id).collect();
    for one in inventory.paid_gateways().filter(|one| !billed.contains(&&one.id)) {
        if !is_silent(inventory, one) {
            continue;
        }
        let what = "NAT gateway, nothing passes it";
        till.meter(what, NAT, Quantity::whole(1), &one.id, Part::Meters);
        if one.addresses > 0 {
            let addresses = Quantity::whole(one.addresses);
            till.buy("public IPv4 of an idle NAT gateway", USED, addresses, &one.id, "");
        }
    }
}

/// Whether it was measured that nothing passed a NAT gateway (Amazon VPC User Guide, "NAT gateway
/// metrics and dimensions": then zero is measured). What was not measured says nothing.
pub(super) fn is_silent(inventory: &Inventory, one: &Gateway) -> bool {
    let said = inventory.meters.get(&one.id);
    GATEWAY.iter().all(|meter| said.and_then(|said| said.get(meter)) == Some(&0))
}
