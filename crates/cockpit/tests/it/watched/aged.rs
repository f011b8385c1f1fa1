//! Counts are as old as all that brings what they count, and as whole.

use std::collections::BTreeMap;

use pilothouse_cockpit::Model;
use pilothouse_core::aws::asking::Content;
use pilothouse_core::aws::seen::Group;
use pilothouse_core::aws::{AwsWatch, Belongings, Inventory, Part, Trouble, TroubleKind};

use super::known::well;
use super::lacks::{branch, never, of};
use super::{WEB, targets, watch};
use crate::fixture::{NOW, text};

fn throttle(inventory: &mut Inventory, part: Part) {
    let throttled = Trouble::new(TroubleKind::Throttled, "ec2:DescribeInstances", "");
    inventory.take(part, NOW, Err(throttled));
}

/// The line over the panes.
fn top(model: &Model) -> String {
    text(model).lines().nth(1).unwrap().to_owned()
}

#[test]
fn what_was_missing_is_told_before_counts_that_are_as_bad() {
    let mut inventory = well();
    inventory.services.clear();
    inventory.targets.insert(WEB.to_owned(), targets(3, |place| place == 1));
    throttle(&mut inventory, Part::Services);
    let model = of(&inventory, watch().belongings);
    assert!(top(&model).contains("◐ 3/4 targets"), "{}", top(&model));
    let told = "◌ was: there is no ECS service shop/worker";
    assert!(branch(&model).contains(told), "{}", branch(&model));
}

/// An account with an instance, which a group has that is found by it alone.
fn found() -> (Inventory, Belongings) {
    let mut inventory = never(Part::Volumes);
    let arn = "arn:found".to_owned();
    let name = "found".to_owned();
    let own = inventory.groups[0].clone();
    inventory.groups = vec![Group { arn: arn.clone(), name, balancers: Vec::new(), ..own }];
    let one = BTreeMap::from([(arn, targets(1, |_| false))]);
    inventory.take(Part::Registrations, NOW, Ok(Content::Registrations(one.clone())));
    inventory.take(Part::Health, NOW, Ok(Content::Health(one)));
    let instances = vec![inventory.instances[0].id.clone()];
    (inventory, Belongings { instances, ..Belongings::default() })
}

#[test]
fn targets_are_as_old_as_all_that_may_bring_one() {
    let tags = BTreeMap::from([("app".to_owned(), "shop".to_owned())]);
    let tagged = (never(Part::Volumes), Belongings { tags, ..Belongings::default() });
    let cases: [((Inventory, Belongings), &[Part], &str); 3] = [
        ((well(), watch().belongings), &[Part::Balancers, Part::Groups, Part::Health], "4/4"),
        (found(), &[Part::Groups, Part::Registrations, Part::Instances, Part::Health], "1/1"),
        (tagged, &[Part::Balancers, Part::Groups, Part::Tags, Part::ServiceTags], "1/1"),
    ];
    for ((inventory, belongings), parts, count) in cases {
        let now = top(&of(&inventory, belongings.clone()));
        assert!(now.contains(&format!("● {count} targets")), "{now}");
        for part in parts {
            let mut inventory = inventory.clone();
            throttle(&mut inventory, *part);
            let was = top(&of(&inventory, belongings.clone()));
            assert!(was.contains(&format!("◌ was {count} targets")), "{part:?}: {was}");
        }
        let mut inventory = inventory;
        throttle(&mut inventory, Part::Addresses);
        let now = top(&of(&inventory, belongings));
        assert!(now.contains(&format!("● {count} targets")), "{now}");
    }
    // One that is ill is so, whichever more there may be.
    let mut inventory = well();
    inventory.targets.insert(WEB.to_owned(), targets(3, |place| place == 1));
    throttle(&mut inventory, Part::Groups);
    let now = top(&of(&inventory, watch().belongings));
    assert!(now.contains("◐ 3/4 targets"), "{now}");
}

#[test]
fn hosts_are_counted_in_part_where_what_may_bring_more_was_never_read() {
    for (running, told) in [(2, "? 2/2 instances, in part"), (1, "◐ 1/2 instances, in part")] {
        for part in [Part::Groups, Part::Balancers, Part::Health] {
            let mut inventory = never(part);
            // Nobody has an instance but by a load balancer.
            inventory.instances.clear();
            if part == Part::Balancers {
                inventory.balancers.clear();
            }
            inventory.services[0].running = running;
            let top = top(&of(&inventory, watch().belongings));
            assert!(top.contains(told), "{part:?}, {told}: {top}");
        }
    }
    let mut inventory = never(Part::Groups);
    inventory.services[0].running = 2;
    // A service alone has no host but by its tasks.
    let services = Belongings { services: watch().belongings.services, ..Belongings::default() };
    let top = top(&of(&inventory, services));
    assert!(top.contains("● 2/2 instances") && !top.contains("in part"), "{top}");
}

#[test]
fn targets_are_unknown_where_the_instance_was_never_read_that_may_be_one() {
    let (read, belongings) = found();
    let mut inventory = Inventory::default();
    let named = AwsWatch { belongings: belongings.clone(), ..watch() };
    inventory.want([&named].into_iter());
    inventory.take(Part::Groups, NOW, Ok(Content::Groups(read.groups)));
    // Without an instance there is nothing to look for among targets.
    inventory.pass_over(Part::Health);
    throttle(&mut inventory, Part::Instances);
    inventory.pass_over(Part::Registrations);
    let top = top(&of(&inventory, belongings));
    assert!(top.contains("? instances unknown"), "{top}");
    assert!(top.contains("? targets unknown"), "{top}");
}

#[test]
fn a_service_that_is_not_there_does_not_cost_nothing() {
    let mut inventory = well();
    inventory.services.clear();
    let services = Belongings { services: watch().belongings.services, ..Belongings::default() };
    let model = of(&inventory, services);
    let own = |name: &str| model.costs.lines.iter().find(|line| line.label.trim() == name).unwrap();
    let whole = own("production");
    assert_eq!((whole.micro_usd, whole.at_least), (None, None), "{whole:?}");
    assert!(whole.note.starts_with("1 unpriced"), "{}", whole.note);
    assert_eq!(own("missing").note, "there is no ECS service shop/worker");
}
