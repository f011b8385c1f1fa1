//! Targets that were never read are not none, and what brings them is not only load balancers.

use std::collections::BTreeMap;

use pilothouse_cockpit::Model;
use pilothouse_cockpit::model::Pane;
use pilothouse_cockpit::rows::watched::rows;
use pilothouse_cockpit::theme::Mark;
use pilothouse_core::aws::asking::Content;
use pilothouse_core::aws::{Belongings, Inventory, Part, Trouble, TroubleKind};

use super::known::well;
use super::lacks::of;
use super::{ADMIN, WEB, shown, watch};
use crate::fixture::{NOW, press, text};

fn throttle(inventory: &mut Inventory, part: Part) {
    let throttled = Trouble::new(TroubleKind::Throttled, "ecs:DescribeServices", "");
    inventory.take(part, NOW, Err(throttled));
}

/// The line over the panes.
fn top(model: &Model) -> String {
    text(model).lines().nth(1).unwrap().to_owned()
}

#[test]
fn a_group_whose_targets_were_never_read_is_told_so_and_not_as_empty() {
    let mut inventory = well();
    inventory.targets.remove(ADMIN);
    let admin = |inventory: &Inventory| {
        let rows = rows(&shown(inventory, 200, 60), Pane::Targets, 0, 100);
        let row = rows.iter().find(|row| row.cells[0].text == "admin").unwrap();
        (row.cells[1].mark, row.cells[1].text.clone())
    };
    let unread = (Some(Mark::Unknown), "not read".to_owned());
    assert_eq!(admin(&inventory), unread);
    let mut model = shown(&inventory, 200, 60);
    assert!(top(&model).contains("? 3/3 targets, in part"), "{}", top(&model));
    assert!(top(&model).contains("? 5/5 instances, in part"), "{}", top(&model));
    assert!(!text(&model).contains("has no target"), "{}", text(&model));
    assert!(text(&model).contains('≥'), "{}", text(&model));
    press(&mut model, "4/admin<Enter>");
    press(&mut model, "<Enter>");
    let screen = text(&model);
    assert!(screen.contains("not read") && !screen.contains("0 of 0 healthy"), "{screen}");
    // Its neighbours grow old, and it was never anything.
    throttle(&mut inventory, Part::Health);
    assert_eq!(admin(&inventory), unread);
    let model = shown(&inventory, 200, 60);
    assert!(top(&model).contains("◌ was 3/3 targets, in part"), "{}", top(&model));
    assert!(!text(&model).contains("has no target"), "{}", text(&model));
    // Beside one that has none it is not known that there is none.
    for none in [BTreeMap::new(), BTreeMap::from([(WEB.to_owned(), Vec::new())])] {
        let mut inventory = well();
        inventory.take(Part::Health, NOW, Ok(Content::Health(none)));
        let model = shown(&inventory, 200, 60);
        assert!(top(&model).contains("? targets unknown"), "{}", top(&model));
    }
}

/// An account whose service is registered in a group, and who may have it.
fn served() -> (Inventory, Vec<Belongings>) {
    let mut inventory = well();
    inventory.services[0].groups = vec![WEB.to_owned()];
    inventory.groups.retain(|one| one.arn == WEB);
    inventory.listeners.values_mut().flatten().for_each(|one| drop(one.rules.remove(0)));
    let services = Belongings { load_balancers: Vec::new(), ..watch().belongings };
    (inventory, vec![services, watch().belongings])
}

#[test]
fn targets_are_as_old_as_the_services_that_may_bring_one() {
    let (mut inventory, all) = served();
    let mut never = inventory.clone();
    throttle(&mut inventory, Part::Services);
    never.services.clear();
    never.pass_over(Part::Services);
    throttle(&mut never, Part::Services);
    for belongings in all {
        let model = of(&served().0, belongings.clone());
        assert!(top(&model).contains("● 3/3 targets"), "{}", top(&model));
        let model = of(&inventory, belongings.clone());
        assert!(top(&model).contains("◌ was 3/3 targets"), "{}", top(&model));
        let model = of(&never, belongings);
        assert!(top(&model).contains("? targets unknown"), "{}", top(&model));
    }
    // Whoever names no service is not doubted for others'.
    let alone = Belongings { services: Vec::new(), ..watch().belongings };
    let model = of(&inventory, alone);
    assert!(top(&model).contains("● 3/3 targets"), "{}", top(&model));
}

#[test]
fn hosts_may_be_behind_the_group_of_a_service_that_was_never_read() {
    let (mut inventory, all) = served();
    inventory.groups.clear();
    inventory.targets.clear();
    inventory.pass_over(Part::Groups);
    throttle(&mut inventory, Part::Groups);
    let model = of(&inventory, all[0].clone());
    assert!(top(&model).contains("? 2/2 instances, in part"), "{}", top(&model));
    // A service that is in no group brings none.
    inventory.services[0].groups.clear();
    let model = of(&inventory, all[0].clone());
    assert!(top(&model).contains("● 2/2 instances"), "{}", top(&model));
}

#[test]
fn a_group_that_a_service_moved_to_may_be_there_while_groups_cannot_be_read() {
    let (mut inventory, all) = served();
    inventory.services[0].groups.push("arn:new".to_owned());
    throttle(&mut inventory, Part::Groups);
    let model = of(&inventory, all[0].clone());
    assert!(top(&model).contains("◌ was 3/3 targets, in part"), "{}", top(&model));
    inventory.services[0].groups.remove(0);
    let model = of(&inventory, all[0].clone());
    assert!(top(&model).contains("? targets unknown"), "{}", top(&model));
}
