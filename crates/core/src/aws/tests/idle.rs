//! What the account pays for and nothing seems to use.

use std::collections::BTreeMap;

use super::super::asking::Content;
use super::super::bill::{Bill, Line};
use super::super::meter::Meter;
use super::super::seen::{Action, Balancer, Gateway, Listener, Rule};
use super::super::{Inventory, Part};
use super::{ALB, account, balancer_alone, group, target, watched};
use crate::aws::seen::TargetState;
use crate::time::Timestamp;

const OTHER: &str = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/old/77aa";
const GROUP: &str = "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/old/11bb";

/// The account with a load balancer of nobody.
fn with_other() -> Inventory {
    let mut inventory = account();
    let (arn, name) = (OTHER.to_owned(), "old".to_owned());
    inventory.balancers.push(Balancer { arn, name, ..inventory.balancers[0].clone() });
    inventory
}

fn bill(inventory: &Inventory) -> Bill {
    watched(inventory, balancer_alone()).bill
}

/// What is idle and of a load balancer or NAT gateway, with its price and what is said of it.
fn idle(inventory: &Inventory) -> Vec<String> {
    let told = |line: &Line| {
        let price = line.per_hour.map_or("unpriced".to_owned(), |price| price.to_string());
        format!("{} of {} {price} {}", line.what, line.whose.join(" "), line.note)
    };
    let is_meant = |line: &&Line| ["old", "nat-2"].iter().any(|name| line.whose == [*name]);
    bill(inventory).idle.iter().filter(is_meant).map(told).collect()
}

#[test]
fn a_load_balancer_that_serves_nobody_is_idle_as_far_as_was_read() {
    let mut inventory = with_other();
    let addresses = "public IPv4 of an idle load balancer of old $0.01 ";
    let unless = "unless it only redirects or answers by itself";
    let no_group = format!("ALB, no target group behind it of old $0.0225 {unless}");
    assert_eq!(idle(&inventory), [no_group.as_str(), addresses]);
    // One that is being made, and one of which nobody knows what stands behind it, are not.
    let making = |state: &str| {
        let mut inventory = with_other();
        state.clone_into(&mut inventory.balancers[1].state);
        inventory
    };
    assert!(!idle(&making("active")).is_empty());
    assert_eq!(idle(&making("provisioning")), Vec::<String>::new());
    let mut unread = with_other();
    unread.parts.remove(&Part::Groups);
    assert_eq!(idle(&unread), Vec::<String>::new());
    // A group stands behind it, of which targets were not read, then none is there, then one.
    inventory.groups.push(group(GROUP, "old", &[OTHER]));
    assert_eq!(idle(&inventory), Vec::<String>::new());
    inventory.targets.insert(GROUP.to_owned(), Vec::new());
    assert_eq!(idle(&inventory), ["ALB, no target behind it of old $0.0225 ", addresses]);
    let one = target("i-4", TargetState::Unhealthy, None);
    inventory.targets.insert(GROUP.to_owned(), vec![one]);
    assert_eq!(idle(&inventory), Vec::<String>::new());
    // Where its listeners were read they say it.
    let mut inventory = with_other();
    inventory.listeners.insert(OTHER.to_owned(), Vec::new());
    assert_eq!(idle(&inventory), ["ALB, nothing listens on it of old $0.0225 ", addresses]);
    let redirect = Action::Redirect("301".to_owned(), "https://shop.example.com".to_owned());
    let rule = Rule { actions: vec![redirect], ..Rule::default() };
    let listener = Listener { rules: vec![rule], ..Listener::default() };
    inventory.listeners.insert(OTHER.to_owned(), vec![listener]);
    assert_eq!(idle(&inventory), Vec::<String>::new(), "it only redirects");
}

#[test]
fn what_is_on_the_bill_and_serves_nobody_says_so_there() {
    let note = |inventory: &Inventory, what: &str| {
        let bill = bill(inventory);
        bill.lines.iter().find(|line| line.what == what).unwrap().note.clone()
    };
    let mut inventory = account();
    assert_eq!(note(&inventory, "ALB hours"), "");
    inventory.listeners.insert(ALB.to_owned(), Vec::new());
    assert_eq!(note(&inventory, "ALB hours"), "shop: nothing listens on it");
    assert!(bill(&inventory).idle.iter().all(|line| !line.what.starts_with("ALB")));
    assert_eq!(note(&inventory, "NAT gateway"), "shared by all of its VPC");
    let none = BTreeMap::from([(Meter::FromInside, 0), (Meter::FromOutside, 0)]);
    inventory.meters.insert("nat-1".to_owned(), none);
    let said = "shared by all of its VPC; nat-1: nothing passed it in the last hour";
    assert_eq!(note(&inventory, "NAT gateway"), said);
    assert!(bill(&inventory).idle.iter().all(|line| !line.what.starts_with("NAT")));
}

#[test]
fn a_nat_gateway_is_idle_once_it_was_measured_that_nothing_passes_it() {
    let mut inventory = account();
    inventory.gateways.push(Gateway {
        id: "nat-2".to_owned(),
        vpc: "vpc-9".to_owned(),
        addresses: 1,
        ..inventory.gateways[0].clone()
    });
    let mut measured = |inside: Option<u64>, outside: Option<u64>| {
        let both = [(Meter::FromInside, inside), (Meter::FromOutside, outside)];
        let said = both.into_iter().filter_map(|(meter, bytes)| Some((meter, bytes?))).collect();
        let all = BTreeMap::from([("nat-2".to_owned(), said)]);
        inventory.take(Part::Meters, Timestamp(1000), Ok(Content::Meters(all)));
        idle(&inventory)
    };
    for (inside, outside) in [(None, None), (Some(0), None), (Some(0), Some(1)), (Some(9), Some(0))]
    {
        assert_eq!(measured(inside, outside), Vec::<String>::new());
    }
    assert_eq!(
        measured(Some(0), Some(0)),
        [
            "NAT gateway, nothing passes it of nat-2 $0.045 as lately measured",
            "public IPv4 of an idle NAT gateway of nat-2 $0.005 ",
        ]
    );
}
