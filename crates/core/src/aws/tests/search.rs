//! Instances that are named alone, and the target groups that they are in.

use std::collections::BTreeMap;

use super::super::asking::{Ask, Content};
use super::super::seen::{Ec2Instance, Ec2State, Group, Target, TargetState};
use super::super::{Belongings, Inventory, Part, Unregistered, words};
use super::{ADMIN, ALB, WEB, group, instance, target, watch, watched};
use crate::time::Timestamp;

/// Hosts of a network with two target groups, and a group of another network.
fn account() -> Inventory {
    let mut inventory = Inventory::default();
    let host = |id: &str, ip: &str| Ec2Instance {
        vpc: "vpc-1".to_owned(),
        private_ip: Some(ip.to_owned()),
        ..instance(id, Ec2State::Running, &[])
    };
    let hosts = vec![host("i-1", "10.0.0.1"), host("i-2", "10.0.0.2"), host("i-3", "10.0.0.3")];
    let within = |vpc: &str, group: Group| Group { vpc: vpc.to_owned(), ..group };
    let groups = vec![
        within("vpc-1", group(ADMIN, "admin", &[])),
        within("vpc-1", group(WEB, "web", &[ALB])),
        within("vpc-2", group("far", "far", &[ALB])),
        Group { target_kind: "lambda".to_owned(), ..within("vpc-1", group("fn", "fn", &[ALB])) },
    ];
    inventory.take(Part::Instances, Timestamp(1), Ok(Content::Instances(hosts)));
    inventory.take(Part::Groups, Timestamp(1), Ok(Content::Groups(groups)));
    inventory
}

fn named(ids: &[&str]) -> Belongings {
    let instances = ids.iter().map(|id| (*id).to_owned()).collect();
    Belongings { instances, ..Belongings::default() }
}

/// One group by id, and another by address.
fn registered(inventory: &mut Inventory) {
    let healthy = |id: &str| target(id, TargetState::Healthy, None);
    let targets: BTreeMap<String, Vec<Target>> = BTreeMap::from([
        (WEB.to_owned(), vec![healthy("i-1"), healthy("i-9")]),
        (ADMIN.to_owned(), vec![healthy("10.0.0.2")]),
    ]);
    let found = Content::Registrations(targets.clone());
    inventory.take(Part::Registrations, Timestamp(2), Ok(found));
    inventory.take(Part::Health, Timestamp(2), Ok(Content::Health(targets)));
}

#[test]
fn instances_that_are_named_bring_the_groups_that_they_are_registered_in() {
    let mut inventory = account();
    let of = watch(named(&["i-1", "i-2"]));
    assert_eq!(inventory.ask(Part::Groups, &[&of]), Some(Ask::Groups));
    // Those of their network that hosts can be in.
    let asked = inventory.ask(Part::Registrations, &[&of]);
    assert_eq!(asked, Some(Ask::Registrations(vec![ADMIN.to_owned(), WEB.to_owned()])));
    assert_eq!(inventory.ask(Part::Health, &[&of]), None);
    registered(&mut inventory);
    let health = Ask::Health(vec![ADMIN.to_owned(), WEB.to_owned()]);
    assert_eq!(inventory.ask(Part::Health, &[&of]), Some(health), "in every round from now on");
    let told = watched(&inventory, of.belongings.clone());
    let groups: Vec<(&str, usize)> =
        told.groups.iter().map(|group| (group.name.as_str(), group.targets.len())).collect();
    assert_eq!(groups, [("web", 2), ("admin", 1)], "with all of its targets");
    assert_eq!(told.unregistered, None);
    // Other targets of a group that was found are somebody else's, and so is their cost.
    let hosts: Vec<&str> = told.instances.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(hosts, ["i-1", "i-2"]);
    // Where the operator names none nothing is looked for.
    assert_eq!(inventory.ask(Part::Registrations, &[&watch(Belongings::default())]), None);
}

#[test]
fn what_belongs_by_itself_is_not_looked_into_and_not_told_twice() {
    let mut inventory = account();
    registered(&mut inventory);
    let mut belongings = named(&["i-1"]);
    belongings.target_groups = vec!["web".to_owned()];
    let asked = inventory.ask(Part::Registrations, &[&watch(belongings.clone())]);
    assert_eq!(asked, Some(Ask::Registrations(vec![ADMIN.to_owned()])));
    assert_eq!(watched(&inventory, belongings).groups.len(), 1);
}

#[test]
fn an_instance_that_no_group_has_is_told_once_that_is_known() {
    let mut inventory = account();
    let of = named(&["i-1", "i-3"]);
    assert_eq!(watched(&inventory, of.clone()).unregistered, None, "nothing was looked into yet");
    registered(&mut inventory);
    let told = watched(&inventory, of.clone()).unregistered.unwrap();
    assert_eq!((told.instances.as_slice(), told.candidates), (&["i-3".to_owned()][..], 2));
    assert_eq!(
        words::unregistered(&told),
        "no target group of its VPC has it, so that no load balancer checks it"
    );
    // Without any group there is nothing to look into, and that is known too.
    inventory.groups.clear();
    inventory.registered.clear();
    let told = watched(&inventory, of).unregistered.unwrap();
    assert_eq!((told.instances.len(), told.candidates), (2, 0));
    // One that ended is told as missing alone.
    for one in &mut inventory.instances {
        one.state = Ec2State::Terminated;
    }
    assert_eq!(watched(&inventory, named(&["i-1", "i-3"])).unregistered, None);
}

#[test]
fn no_more_groups_are_looked_into_than_a_limit_and_that_is_said() {
    let mut inventory = account();
    let of = named(&["i-3"]);
    let more = (0..60).map(|place| Group {
        vpc: "vpc-1".to_owned(),
        ..group(&format!("a-{place:02}"), "more", &[])
    });
    inventory.groups.extend(more);
    let Some(Ask::Registrations(asked)) = inventory.ask(Part::Registrations, &[&watch(of.clone())])
    else {
        panic!("nothing is looked into")
    };
    assert_eq!((asked.len(), asked.contains(&WEB.to_owned())), (50, true), "it serves");
    registered(&mut inventory);
    let told = watched(&inventory, of).unregistered.unwrap();
    let of = |searched, candidates| {
        let instances = vec!["i-3".to_owned()];
        Unregistered { instances, searched, candidates }
    };
    assert_eq!(told, of(50, 62));
    assert_eq!(
        words::unregistered(&told),
        "not found in 50 of the 62 target groups of its VPC: name its groups in `target_groups`"
    );
}

#[test]
fn an_instance_that_is_newly_named_is_in_no_group_only_once_that_was_looked_into() {
    let mut inventory = account();
    registered(&mut inventory);
    inventory.want([&watch(named(&["i-1"]))].into_iter());
    for part in [Part::Instances, Part::Groups, Part::Registrations] {
        let had = inventory.unregistered(&named(&["i-3"])).is_some();
        assert!(had, "before it is named anew it is known");
        inventory.want([&watch(named(&["i-3"]))].into_iter());
        let unasked = inventory.unasked.clone();
        inventory.unasked.retain(|one, _| *one == part);
        assert_eq!(inventory.unregistered(&named(&["i-3"])), None, "{part:?} does not know it");
        inventory.unasked = unasked;
        for (part, content) in [
            (Part::Instances, Content::Instances(inventory.instances.clone())),
            (Part::Groups, Content::Groups(inventory.groups.clone())),
        ] {
            inventory.take(part, Timestamp(3), Ok(content));
        }
        registered(&mut inventory);
        inventory.want([&watch(named(&["i-1"]))].into_iter());
    }
}
