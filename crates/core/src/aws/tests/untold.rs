//! Target groups whose targets were never read, though those of others were.

use std::collections::BTreeMap;

use super::super::asking::{Content, ORDER};
use super::super::bill::Line;
use super::super::seen::{Action, Group, Listener, Rule};
use super::super::{Belongings, Inventory, Part, Trouble, TroubleKind};
use super::{ADMIN, ALB, WEB, balancer_alone, watched};
use crate::time::Timestamp;

/// An account with a load balancer and two groups behind it, of which one was asked for its health.
fn account() -> Inventory {
    let mut inventory = super::account();
    inventory.groups[1].balancers.push(ALB.to_owned());
    inventory
}

#[test]
fn what_decides_which_groups_there_are_is_asked_before_their_health() {
    let place = |part| ORDER.iter().position(|one| *one == part).unwrap();
    let before = [Part::Balancers, Part::Groups, Part::Tags, Part::ServiceTags, Part::Services];
    assert!(before.into_iter().all(|part| place(part) < place(Part::Health)));
}

#[test]
fn a_group_whose_targets_were_never_read_is_not_empty_and_keeps_the_sum_open() {
    let mut inventory = account();
    let to = |arn: &str| Action::Forward(vec![(arn.to_owned(), 1)]);
    let rules = vec![Rule { actions: vec![to(ADMIN), to(WEB)], ..Rule::default() }];
    let listener = Listener { rules, ..Listener::default() };
    let rules = BTreeMap::from([(ALB.to_owned(), vec![listener])]);
    inventory.take(Part::Rules, Timestamp(1), Ok(Content::Rules(rules)));
    let only = inventory.targets.remove(WEB).unwrap();
    for health in [
        Err(Trouble::new(TroubleKind::Late, "elasticloadbalancing:DescribeTargetHealth", "")),
        Ok(Content::Health(BTreeMap::from([(WEB.to_owned(), only)]))),
    ] {
        inventory.take(Part::Health, Timestamp(2), health);
        let told = watched(&inventory, balancer_alone());
        let admin = told.groups.iter().find(|one| one.arn == ADMIN).unwrap();
        assert!(admin.is_unread && !told.knows_targets(admin));
        assert!(!told.missing(Timestamp(3)).iter().any(|one| one.what.contains("admin")));
        let of_health = |line: &&Line| line.what == Part::Health.name();
        let lines: Vec<_> = told.bill.lines.iter().filter(of_health).collect();
        assert!(lines.iter().any(|one| one.whose.contains(&"admin".to_owned())), "{lines:?}");
    }
    // Once it was read it has none, and is told so.
    inventory.targets.insert(ADMIN.to_owned(), Vec::new());
    let told = watched(&inventory, balancer_alone());
    let missing = told.missing(Timestamp(3));
    assert!(missing.iter().any(|one| one.what == "the target group admin has no target"));
    assert!(!told.bill.lines.iter().any(|line| line.what == Part::Health.name()));
}

#[test]
fn an_instance_may_be_in_a_group_whose_targets_were_never_read() {
    let mut inventory = account();
    let named = Belongings { instances: vec!["i-3".to_owned()], ..balancer_alone() };
    inventory.pass_over(Part::Registrations);
    assert_eq!(watched(&inventory, named.clone()).unregistered, None, "admin may have it");
    inventory.targets.insert(ADMIN.to_owned(), Vec::new());
    assert!(watched(&inventory, named).unregistered.is_some());
}

#[test]
fn an_engine_of_before_says_of_no_group_that_it_was_not_read() {
    let written = serde_json::to_value(Group::default()).unwrap();
    assert!(written.get("is_unread").is_none());
    assert_eq!(serde_json::from_value::<Group>(written).unwrap(), Group::default());
}
