//! What answers behind target groups and keeps a sum open, or does not.

use std::collections::BTreeMap;

use super::super::asking::Content;
use super::super::seen::{Balancer, Ec2Instance, Ec2State, EcsService, Target, TargetState, Task};
use super::super::{Belongings, Inventory, Part, ServiceName};
use super::tasks::service;
use super::{ALB, WEB, group, instance, target, watched};
use crate::time::Timestamp;

/// What the bill says of a group of this kind that has these targets.
fn note(
    kind: &str,
    targets: &[(&str, TargetState)],
    tell: impl FnOnce(&mut Inventory),
) -> Option<String> {
    let mut inventory = super::account();
    let mut web = group(WEB, "web", &[ALB]);
    kind.clone_into(&mut web.target_kind);
    let targets: Vec<Target> =
        targets.iter().map(|(id, state)| target(id, state.clone(), None)).collect();
    for (part, content) in [
        (Part::Groups, Content::Groups(vec![web])),
        (Part::Health, Content::Health(BTreeMap::from([(WEB.to_owned(), targets)]))),
    ] {
        inventory.take(part, Timestamp(2000), Ok(content));
    }
    tell(&mut inventory);
    let named = Belongings {
        load_balancers: vec!["shop".to_owned()],
        services: vec![ServiceName::parse("shop/web").unwrap()],
        instances: vec!["i-5".to_owned()],
        ..Belongings::default()
    };
    let bill = watched(&inventory, named).bill;
    let line = bill.lines.iter().find(|line| line.what.starts_with("targets by"))?;
    assert_eq!((&line.whose, line.per_hour), (&vec!["web".to_owned()], None));
    Some(line.note.clone())
}

/// A service that registers in the group, with tasks at these addresses, of so many that run.
fn tasks(running: u32, addresses: &[Option<&str>]) -> impl FnOnce(&mut Inventory) {
    let tasks = addresses.iter().map(|ip| Task {
        state: "RUNNING".to_owned(),
        ip: ip.map(str::to_owned),
        ..Task::default()
    });
    let groups = vec![WEB.to_owned()];
    let service = EcsService { running, groups, tasks: tasks.collect(), ..service("FARGATE", &[]) };
    move |inventory| {
        inventory.take(Part::Services, Timestamp(2000), Ok(Content::Services(vec![service])));
    }
}

const STRANGER: Option<&str> = Some("what answers at an address is not known");

#[test]
fn a_function_is_not_priced() {
    let told = note("lambda", &[("arn:fn", TargetState::Unavailable)], |_| ());
    assert_eq!(told.as_deref(), Some("a function is paid by use, which is not measured"));
    assert_eq!(note("lambda", &[], |_| ()), None);
}

#[test]
fn more_addresses_than_a_service_has_tasks_keep_the_sum_open() {
    use TargetState::{Draining, Healthy, Initial, Unhealthy};
    let both = [("10.0.0.1", Healthy), ("10.0.0.2", Unhealthy)];
    let three = [both[0].clone(), both[1].clone(), ("10.0.0.9", Healthy)];
    let told = [Some("10.0.0.1"), Some("10.0.0.2")];
    assert_eq!(note("ip", &both, |_| ()).as_deref(), STRANGER, "no service has any");
    assert_eq!(note("ip", &both, tasks(2, &told)), None);
    assert_eq!(note("ip", &three, tasks(2, &told)).as_deref(), STRANGER);
    // A task of which no address is told may have the third.
    assert_eq!(note("ip", &three, tasks(3, &[told[0], told[1], None])), None);
    assert_eq!(note("ip", &three, tasks(3, &told)), None, "one of three is not told of");
    // One of a task that starts or ends is there before or after the task.
    for state in [Initial, Draining] {
        let moving = [both[0].clone(), both[1].clone(), ("10.0.0.9", state)];
        assert_eq!(note("ip", &moving, tasks(2, &told)), None);
        let alone = [moving[2].clone()];
        assert_eq!(note("ip", &alone, |_| ()).as_deref(), STRANGER, "of no service");
    }
    // Addresses of IPv6 are told of no task.
    let six = [("2001:db8::1", Healthy), ("2001:db8::2", Healthy)];
    assert_eq!(note("ip", &six, tasks(2, &told)), None);
    assert_eq!(note("ip", &six, tasks(1, &told[..1])).as_deref(), STRANGER);
}

#[test]
fn an_address_of_an_instance_that_is_seen_is_known() {
    let at = [("10.0.0.1", TargetState::Healthy)];
    for (id, told) in [("i-5", None), ("i-6", STRANGER)] {
        let host = Ec2Instance {
            private_ip: Some("10.0.0.1".to_owned()),
            ..instance(id, Ec2State::Running, &[])
        };
        let seen = |inventory: &mut Inventory| {
            inventory.take(Part::Instances, Timestamp(2000), Ok(Content::Instances(vec![host])));
        };
        assert_eq!(note("ip", &at, seen).as_deref(), told, "{id}");
    }
}

#[test]
fn an_instance_that_was_not_read_keeps_the_sum_open() {
    use TargetState::{Draining, Healthy};
    let why = Some("not all instances behind it were read yet");
    let at = |id, state| note("instance", &[("i-1", Healthy), (id, state)], |_| ());
    assert_eq!(at("i-2", Healthy), None);
    assert_eq!(at("i-99", Healthy).as_deref(), why);
    assert_eq!(at("i-99", Draining), None, "it goes");
    // What is read and another's is known.
    assert_eq!(at("i-4", Healthy), None);
}

#[test]
fn a_load_balancer_behind_another_that_is_seen_is_priced() {
    let inner = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/inner/77";
    let at = [(inner, TargetState::Healthy)];
    let told = note("alb", &at, |_| ());
    assert_eq!(told.as_deref(), Some("the load balancer behind it is not among these"));
    let seen = |inventory: &mut Inventory| {
        let shop = inventory.balancers[0].clone();
        // The load balancer of this name is the inner one, and the group stands behind it as well.
        let inner = Balancer { arn: inner.to_owned(), ..shop.clone() };
        inventory.balancers = vec![inner, shop];
    };
    assert_eq!(note("alb", &at, seen), None);
}
