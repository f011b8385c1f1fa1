//! What AWS does not say of a thing keeps the sum open: it is neither nothing nor free.

use std::collections::BTreeMap;

use super::super::Inventory;
use super::super::meter::Meter;
use super::super::seen::Ec2State;
use super::bill::lines;
use super::{account, balancer_alone, watched};

/// An account of which all has a price.
fn closed() -> Inventory {
    let mut inventory = account();
    let said = BTreeMap::from([(Meter::FromInside, 1), (Meter::FromOutside, 1)]);
    inventory.meters.insert("nat-1".to_owned(), said);
    inventory
}

#[test]
fn what_was_not_said_of_a_thing_leaves_the_sum_open() {
    type Unsays = fn(&mut Inventory);
    assert!(!watched(&closed(), balancer_alone()).bill.is_open());
    let all: [(Unsays, &str); 8] = [
        (|one| one.instances[0].state = Ec2State::Unsaid, "EC2 t3.medium unpriced"),
        (|one| one.instances[0].state = Ec2State::Other("odd".into()), "EC2 t3.medium unpriced"),
        (|one| one.volumes[0].size = 0, "EBS gp3 unpriced"),
        (|one| one.gateways[0].state.clear(), "NAT gateway unpriced"),
        (|one| one.gateways[0].state = "odd".into(), "NAT gateway unpriced"),
        (|one| one.gateways[0].vpc.clear(), "NAT gateway unpriced"),
        (
            |one| {
                one.balancers[0].is_public = false;
                one.balancers[0].is_scheme_unsaid = true;
            },
            "public IPv4 unpriced",
        ),
        (|one| one.balancers[0].kind.clear(), "load balancer hours unpriced"),
    ];
    for (unsays, line) in all {
        let mut inventory = closed();
        unsays(&mut inventory);
        let bill = watched(&inventory, balancer_alone()).bill;
        assert!(bill.is_open() && lines(&bill).contains(&line.to_owned()), "{line}: {bill:#?}");
    }
    // What is known not to be paid, or to be somebody else's, is no doubt.
    let known: [Unsays; 4] = [
        |one| one.gateways[0].state = "deleted".into(),
        |one| one.gateways[0].state = "pending".into(),
        |one| (one.gateways[0].state, one.gateways[0].vpc) = (String::new(), "vpc-9".into()),
        |one| one.instances[0].state = Ec2State::Terminated,
    ];
    for (place, says) in known.into_iter().enumerate() {
        let mut inventory = closed();
        says(&mut inventory);
        assert!(!watched(&inventory, balancer_alone()).bill.is_open(), "{place}");
    }
}
