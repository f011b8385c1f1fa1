//! Names at AWS are anybody's to give: they stay in their frame, and what nothing uses is marked.

use pilothouse_cockpit::Model;
use pilothouse_core::aws::Part;
use pilothouse_core::aws::asking::Content;
use pilothouse_core::aws::seen::{Condition, Volume};
use pilothouse_core::aws::{Trouble, TroubleKind};

use super::{account, everywhere, shown};
use crate::fixture::{ago, press, text};

/// A name that clears the screen, colours it, turns it around and goes on in another line.
const NAME: &str = "ev\u{1b}[2Jil\u{9b}31m\u{202e}\r\n\u{0}";

/// Every sheet that opens from the rows of the panes.
fn sheets(model: &mut Model) -> String {
    let mut all = String::new();
    for pane in ["3", "4", "5"] {
        press(model, pane);
        press(model, "g");
        for _ in 0..8 {
            press(model, "<Enter>");
            all += &text(model);
            press(model, "<Esc>j");
        }
    }
    all
}

#[test]
fn a_hostile_name_stays_in_its_frame() {
    let mut inventory = account(2, |place| place == 1);
    let name = NAME.to_owned();
    for one in &mut inventory.instances {
        (one.name, one.kind, one.zone) = (name.clone(), name.clone(), name.clone());
        one.tags.insert(name.clone(), name.clone());
        one.private_ip = Some(name.clone());
    }
    for one in &mut inventory.balancers {
        (one.state, one.domain) = (name.clone(), name.clone());
    }
    for rules in inventory.listeners.values_mut().flatten() {
        rules.protocol.clone_from(&name);
        rules.rules[0].conditions = vec![Condition::Path(vec![name.clone()])];
    }
    for one in &mut inventory.groups {
        one.name.clone_from(&name);
        one.check_path = Some(name.clone());
    }
    for one in inventory.targets.values_mut().flatten() {
        (one.reason, one.said) = (Some(name.clone()), Some(name.clone()));
    }
    for one in &mut inventory.services {
        (one.launch, one.definition, one.images) = (name.clone(), name.clone(), vec![name.clone()]);
        one.rollout = Some((name.clone(), name.clone()));
        for task in &mut one.tasks {
            (task.state, task.zone, task.stopped) =
                (name.clone(), name.clone(), Some(name.clone()));
        }
    }
    let trouble = Trouble::new(TroubleKind::Denied, "ec2:DescribeAddresses", NAME);
    inventory.take(Part::Addresses, ago(4), Err(trouble));
    let mut model = shown(&inventory, 200, 60);
    let screens = everywhere(&mut model) + &sheets(&mut model);
    let shown = screens.matches("ev\u{fffd}[2Jil\u{fffd}31m\u{fffd}").count();
    assert!(shown > 20, "{shown} times: {screens}");
    // A cell drops what it cannot draw: a name that was not made harmless shows without a sign of it.
    assert!(!screens.contains("ev[2J") && !screens.contains("il31m"), "{screens}");
    let is_hostile = |sign: char| (sign.is_control() && sign != '\n') || sign == '\u{202e}';
    assert!(!screens.contains(is_hostile));
}

#[test]
fn what_nothing_uses_is_marked_as_idle() {
    let mut inventory = account(1, |_| false);
    let lost = Volume {
        id: "vol-lost".to_owned(),
        kind: "gp3".to_owned(),
        size: 100,
        ..Volume::default()
    };
    let mut volumes = inventory.volumes.clone();
    volumes.push(lost);
    inventory.take(Part::Volumes, ago(4), Ok(Content::Volumes(volumes)));
    let mut model = shown(&inventory, 160, 50);
    press(&mut model, "5z");
    let screen = text(&model);
    let marked: Vec<&str> = screen.lines().filter(|line| line.contains("idle: ")).collect();
    let [line] = marked.as_slice() else { panic!("{screen}") };
    assert!(line.contains("idle: EBS gp3, attached to nothing"), "{line}");
    assert!(line.contains("vol-lost"), "{line}");
    // It is no part of what the environment costs.
    let whole = &model.costs.lines.iter().find(|line| line.name == "shop/production").unwrap();
    let without = shown(&account(1, |_| false), 160, 50);
    let before = without.costs.lines.iter().find(|line| line.name == "shop/production").unwrap();
    assert_eq!((whole.micro_usd, whole.at_least), (before.micro_usd, before.at_least));
}
