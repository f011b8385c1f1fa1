//! Load balancers whose requests are answered by nobody, and parts of others: neither is well by
//! what else is, nor ill.

use std::collections::BTreeMap;

use pilothouse_api::types::Sighting;
use pilothouse_cockpit::model::Pane;
use pilothouse_cockpit::rows::Row;
use pilothouse_cockpit::rows::watched::rows;
use pilothouse_cockpit::theme::Mark;
use pilothouse_cockpit::{Model, Msg, update};
use pilothouse_core::aws::asking::Content;
use pilothouse_core::aws::seen::{Action, Check, Target, TargetState};
use pilothouse_core::aws::{AwsWatch, Belongings, Calls, Inventory, Part, Trouble, TroubleKind};
use pilothouse_core::spec::Runtime;

use super::known::well;
use super::{ALB, EVERY, account, shown, state, watch};
use crate::fixture::{NOW, ago, key, operator, press, text};

/// A screen of an environment that has these.
pub fn of(inventory: &Inventory, belongings: Belongings) -> Model {
    let watch = AwsWatch { belongings, ..watch() };
    let watched = inventory.watched(&key("production"), &watch, EVERY, Calls::default());
    let mut state = state();
    let own = state.environments.get_mut(&key("production")).unwrap();
    own.spec.runtime = Runtime::AwsWatch(Box::new(watch));
    let mut model = operator(state, 200, 60);
    update(&mut model, Msg::Sighting(Box::new(Sighting::Whole(Box::new(watched)))));
    model
}

fn line(model: &Model, begin: &str) -> String {
    let screen = text(model);
    let line = screen.lines().find(|line| line.starts_with(begin));
    line.unwrap_or_else(|| panic!("no {begin}:\n{screen}")).to_owned()
}

pub fn branch(model: &Model) -> String {
    line(model, "│ production")
}

#[test]
fn a_load_balancer_that_answers_nobody_is_never_well() {
    type Loses = fn(&mut Inventory);
    let all: [(Loses, &str); 2] = [
        (|one| one.listeners.values_mut().for_each(Vec::clear), "has no listener"),
        (
            |one| {
                let rules = &mut one.listeners.get_mut(ALB).unwrap()[0].rules;
                rules.truncate(1);
                rules[0].actions = vec![Action::Fixed("503".to_owned())];
            },
            "sends requests nowhere",
        ),
    ];
    for (loses, said) in all {
        let mut inventory = account(3, |_| false);
        loses(&mut inventory);
        inventory.groups.clear();
        inventory.targets.clear();
        let told = format!("the load balancer shop {said}");
        for belongings in [
            watch().belongings,
            Belongings { load_balancers: vec!["shop".to_owned()], ..Belongings::default() },
        ] {
            let model = of(&inventory, belongings);
            assert!(branch(&model).contains(&format!("✗ {told}")), "{}", branch(&model));
            let rows = rows(&model, Pane::Targets, 0, 100);
            let row = rows.iter().find(|row| row.cells[0].text.starts_with("shop (")).unwrap();
            assert_eq!(row.cells[1].mark, Some(Mark::Error));
            assert_eq!(row.cells[2].text, format!("it {said}"));
        }
        let mut model = shown(&inventory, 120, 50);
        press(&mut model, "4/shop (<Enter>");
        press(&mut model, "<Enter>");
        let screen = text(&model);
        assert!(screen.contains(&format!("it {said}")), "{screen}");
    }
}

#[test]
fn a_load_balancer_that_is_gone_is_worse_than_what_is_well_beside_it() {
    let mut inventory = account(3, |_| false);
    inventory.balancers.clear();
    let belongings =
        Belongings { target_groups: vec!["web".to_owned()], ..watch().belongings.clone() };
    let model = of(&inventory, belongings);
    let told = "✗ there is no load balancer shop";
    assert!(branch(&model).contains(told), "{}", branch(&model));
    assert!(text(&model).contains("● 3/3 targets"), "{}", text(&model));
}

#[test]
fn what_is_read_for_others_alone_makes_nothing_old() {
    let mut inventory = account(3, |_| false);
    let tags = Content::Tags(std::collections::BTreeMap::new());
    inventory.take(Part::Tags, NOW, Ok(tags));
    let alone = Belongings { load_balancers: vec!["shop".to_owned()], ..Belongings::default() };
    for part in [Part::Services, Part::Tags] {
        let denied = Trouble::new(TroubleKind::Denied, "ecs:DescribeServices", "");
        inventory.take(part, NOW, Err(denied));
    }
    let model = of(&inventory, alone);
    let screen = text(&model);
    assert!(!screen.contains("denied") && !screen.contains("was "), "{screen}");
    // A bucket is in no instance, and has no target.
    for part in [Part::Instances, Part::Health] {
        let late = Trouble::new(TroubleKind::Late, "ec2:DescribeInstances", "");
        inventory.take(part, NOW, Err(late));
    }
    let buckets = Belongings { buckets: vec!["media".to_owned()], ..Belongings::default() };
    let model = of(&inventory, buckets);
    let (row, top) = (branch(&model), text(&model).lines().nth(1).unwrap().to_owned());
    assert!(!row.contains("instances") && !row.contains("targets"), "{row}");
    assert!(!top.contains("instances") && !top.contains("was "), "{top}");
}

#[test]
fn what_was_never_read_is_not_well_by_what_runs_beside_it() {
    let denied = || Trouble::new(TroubleKind::Denied, "elasticloadbalancing:Describe", "");
    for part in [Part::Balancers, Part::Groups] {
        let mut inventory = account(3, |_| false);
        inventory.groups.clear();
        inventory.targets.clear();
        inventory.balancers.retain(|_| part != Part::Balancers);
        inventory.listeners.retain(|_, _| part != Part::Balancers);
        inventory.parts.remove(&part);
        inventory.take(part, NOW, Err(denied()));
        let model = of(&inventory, watch().belongings);
        assert!(branch(&model).contains("? targets unknown"), "{part:?}: {}", branch(&model));
    }
    // Whoever has no load balancer and no group is not doubted for what is said of targets.
    let mut inventory = account(3, |_| false);
    inventory.parts.remove(&Part::Health);
    inventory.take(Part::Health, NOW, Err(denied()));
    for service in &mut inventory.services {
        service.groups.clear();
    }
    let services = watch().belongings.services;
    let model = of(&inventory, Belongings { services, ..Belongings::default() });
    assert!(!branch(&model).contains("targets"), "{}", branch(&model));
}

/// An account with instances that are well, in which a part was never read.
pub fn never(part: Part) -> Inventory {
    let mut inventory = account(1, |_| false);
    let tags = BTreeMap::from([("app".to_owned(), "shop".to_owned())]);
    for one in &mut inventory.instances {
        (one.vpc, one.tags) = ("vpc-1".to_owned(), tags.clone());
    }
    // The second group has no target, which is told before all else.
    inventory.groups.truncate(1);
    inventory.groups[0].vpc = "vpc-1".to_owned();
    inventory.listeners.get_mut(ALB).unwrap()[0].rules.remove(0);
    let tags = inventory.groups.iter().map(|one| (one.arn.clone(), tags.clone())).collect();
    inventory.take(Part::Tags, NOW, Ok(Content::Tags(tags)));
    inventory.take(Part::ServiceTags, NOW, Ok(Content::ServiceTags(BTreeMap::new())));
    inventory.take(Part::Registrations, NOW, Ok(Content::Registrations(BTreeMap::new())));
    match part {
        // Without groups there is nothing to ask of their targets.
        Part::Groups => {
            (inventory.groups, inventory.targets) = (Vec::new(), BTreeMap::new());
            inventory.pass_over(Part::Health);
            inventory.pass_over(Part::Registrations);
        }
        Part::Tags => inventory.tags.clear(),
        _ => {}
    }
    inventory.pass_over(part);
    let denied = Trouble::new(TroubleKind::Denied, "elasticloadbalancing:Describe", "");
    inventory.take(part, NOW, Err(denied));
    inventory
}

#[test]
fn an_instance_that_is_named_is_well_once_its_targets_were_read() {
    let id = account(1, |_| false).instances[0].id.clone();
    let alone = || Belongings { instances: vec![id.clone()], ..Belongings::default() };
    // Health was read, for the groups of others.
    for part in [Part::Groups, Part::Registrations] {
        let model = of(&never(part), alone());
        assert!(branch(&model).contains("? targets unknown"), "{part:?}: {}", branch(&model));
        assert!(text(&model).contains("● 1/1 instances"), "{}", text(&model));
    }
    let model = of(&never(Part::Volumes), alone());
    assert!(branch(&model).contains("● 1/1 instances"), "{}", branch(&model));
}

#[test]
fn what_tags_bring_is_not_known_before_they_were_read() {
    let tags = BTreeMap::from([("app".to_owned(), "shop".to_owned())]);
    let by_tags = || Belongings { tags: tags.clone(), ..Belongings::default() };
    let beside = || Belongings { load_balancers: vec!["shop".to_owned()], ..by_tags() };
    for belongings in [by_tags(), beside()] {
        for part in [Part::Tags, Part::ServiceTags] {
            let model = of(&never(part), belongings.clone());
            let screen = text(&model);
            assert!(branch(&model).contains("unknown"), "{part:?}: {}", branch(&model));
            for told in ["? targets unknown", "? instances unknown"] {
                assert!(screen.contains(told), "{part:?}, {told}:\n{screen}");
            }
        }
        let model = of(&never(Part::Volumes), belongings);
        assert!(branch(&model).contains("● 1/1 targets"), "{}", branch(&model));
    }
    // Whoever names no tags is not doubted for them.
    let alone = Belongings { load_balancers: vec!["shop".to_owned()], ..Belongings::default() };
    let model = of(&never(Part::Tags), alone);
    assert!(branch(&model).contains("● 1/1 targets"), "{}", branch(&model));
}

#[test]
fn what_is_missing_is_told_as_it_was_once_it_cannot_be_read_any_more() {
    let mut inventory = account(1, |_| false);
    inventory.services.clear();
    let row = |inventory: &Inventory| {
        let model = shown(inventory, 200, 60);
        let rows = rows(&model, Pane::Containers, 0, 100);
        let is_it = |row: &&Row| row.cells.last().unwrap().text.contains("ECS service shop/worker");
        let cells = &rows.iter().find(is_it).unwrap().cells;
        (cells[0].mark, cells[0].text.clone(), cells[4].text.clone())
    };
    assert_eq!(row(&inventory), (Some(Mark::Warn), "missing".to_owned(), String::new()));
    for fresh in inventory.parts.values_mut() {
        fresh.at = Some(ago(120));
    }
    inventory.fail_all(&Trouble::new(TroubleKind::Expired, "ec2:DescribeInstances", ""));
    assert_eq!(row(&inventory), (Some(Mark::Stale), "was missing".to_owned(), "2m".to_owned()));
    let mut model = shown(&inventory, 120, 40);
    press(&mut model, "3<Enter>");
    let screen = text(&model);
    let told = "◌ was, as of 2m ago: there is no ECS service shop/worker";
    assert!(screen.contains(told), "{screen}");
    // What brings nothing was read all the same.
    inventory.balancers.clear();
    inventory.groups.clear();
    inventory.listeners.clear();
    let screen = text(&shown(&inventory, 200, 60));
    assert!(!screen.contains("Nothing was read of"), "{screen}");
    let told =
        "production had nothing here when it was last read; since then: credentials expired.";
    assert!(screen.contains(told), "{screen}");
}

#[test]
fn what_is_missing_now_is_not_told_as_old_because_something_else_is() {
    let mut inventory = account(1, |_| false);
    inventory.services.clear();
    inventory.balancers.clear();
    for fresh in inventory.parts.values_mut() {
        fresh.at = Some(ago(10));
    }
    inventory.parts.get_mut(&Part::Services).unwrap().at = Some(ago(300));
    let throttled = || Trouble::new(TroubleKind::Throttled, "ecs:DescribeServices", "");
    inventory.take(Part::Services, NOW, Err(throttled()));
    let row = |inventory: &Inventory, what: &str| {
        let rows = rows(&shown(inventory, 200, 60), Pane::Containers, 0, 100);
        let row = rows.iter().find(|row| row.cells.last().unwrap().text.contains(what)).unwrap();
        (row.cells[0].mark, row.cells[0].text.clone(), row.cells[4].text.clone())
    };
    let now = (Some(Mark::Warn), "missing".to_owned(), String::new());
    let old = (Some(Mark::Stale), "was missing".to_owned(), "5m".to_owned());
    assert_eq!(row(&inventory, "no load balancer shop"), now);
    assert_eq!(row(&inventory, "no ECS service shop/worker"), old);
    let mut model = shown(&inventory, 200, 60);
    let told = "✗ there is no load balancer shop and was 1 more";
    assert!(branch(&model).contains(told), "{}", branch(&model));
    press(&mut model, "3<Enter>");
    let screen = text(&model);
    assert!(screen.contains("◐ there is no load balancer shop"), "{screen}");
    assert!(screen.contains("◌ was, as of 5m ago: there is no ECS service"), "{screen}");
    // A load balancer that was not there makes nothing worse than it is now.
    let mut inventory = account(1, |_| false);
    inventory.services.clear();
    inventory.balancers.clear();
    inventory.take(Part::Balancers, NOW, Err(throttled()));
    let web = vec!["web".to_owned()];
    let model = of(&inventory, Belongings { target_groups: web, ..watch().belongings });
    let told = "◐ there is no ECS service shop/worker and was 1 more";
    assert!(text(&model).contains(told), "{}", text(&model));
}

#[test]
fn a_load_balancer_that_answered_nobody_makes_nothing_worse_than_it_is_now() {
    let lacking = || {
        let mut inventory = account(3, |_| false);
        inventory.services.clear();
        let rules = &mut inventory.listeners.get_mut(ALB).unwrap()[0].rules;
        rules.truncate(1);
        rules[0].actions = vec![Action::Fixed("503".to_owned())];
        inventory.groups.truncate(1);
        inventory
    };
    let told = "there is no ECS service shop/worker";
    let is_told_as = |inventory: &Inventory, mark: &str| {
        let screen = text(&of(inventory, watch().belongings));
        assert!(screen.contains(&format!("{mark} {told}")), "no {mark}:\n{screen}");
    };
    is_told_as(&lacking(), "✗");
    for part in [Part::Balancers, Part::Rules] {
        let mut inventory = lacking();
        let throttled = Trouble::new(TroubleKind::Throttled, "elasticloadbalancing:Describe", "");
        inventory.take(part, NOW, Err(throttled));
        is_told_as(&inventory, "◐");
    }
}

#[test]
fn a_target_that_nobody_checks_is_counted_as_unknown_and_keeps_the_sum_open() {
    let mut inventory = account(3, |_| false);
    inventory.groups.truncate(1);
    let group = &mut inventory.groups[0];
    group.target_kind = "lambda".to_owned();
    let arn = group.arn.clone();
    let alone = || Belongings { target_groups: vec!["web".to_owned()], ..Belongings::default() };
    let function = |state| Target { id: "admin".to_owned(), state, ..Target::default() };
    inventory.services.clear();
    inventory.targets = BTreeMap::from([(arn.clone(), vec![function(TargetState::Unavailable)])]);
    let model = of(&inventory, alone());
    assert!(branch(&model).contains("? targets unknown"), "{}", branch(&model));
    let screen = text(&model);
    assert!(!screen.contains("0/1") && screen.contains("? cost unknown"), "{screen}");
    // One that is ill beside it is told all the same.
    let both = vec![function(TargetState::Unavailable), function(TargetState::Unhealthy)];
    inventory.targets = BTreeMap::from([(arn, both)]);
    let model = of(&inventory, alone());
    assert!(branch(&model).contains("◐ 0/2 targets, 1 unknown"), "{}", branch(&model));
}

#[test]
fn what_nobody_checks_hides_nothing_that_is_missing_or_ill() {
    let unchecked = |inventory: &mut Inventory| {
        inventory.groups.truncate(1);
        let target = inventory.targets.get_mut(&inventory.groups[0].arn).unwrap();
        target[0].state = TargetState::Unavailable;
    };
    let mut inventory = account(3, |_| false);
    unchecked(&mut inventory);
    inventory.services.clear();
    let told = "◐ there is no ECS service shop/worker";
    let model = of(&inventory, watch().belongings);
    assert!(branch(&model).contains(told), "{}", branch(&model));
    // An instance that fails its checks, where nothing is missing.
    let mut inventory = account(3, |_| false);
    unchecked(&mut inventory);
    let ill = inventory.instances[1].id.clone();
    inventory.checks.get_mut(&ill).unwrap().system = Check::Impaired;
    for _ in ["one", "all"] {
        let named = Belongings { target_groups: vec!["web".to_owned()], ..Belongings::default() };
        let model = of(&inventory, named);
        assert!(branch(&model).contains("◐ 2/3 instances"), "{}", branch(&model));
        for target in inventory.targets.values_mut().flatten() {
            target.state = TargetState::Unavailable;
        }
    }
}

#[test]
fn a_rollout_that_failed_is_told_where_all_is_seen() {
    let mut inventory = well();
    inventory.services[0].rollout = Some(("FAILED".to_owned(), "tasks failed to start".to_owned()));
    let model = of(&inventory, watch().belongings);
    let told = "◐ the rollout of the ECS service shop/worker failed: tasks";
    assert!(text(&model).contains(told), "{}", text(&model));
    assert!(branch(&model).contains("◐ rollout failed"), "{}", branch(&model));
}

#[test]
fn targets_that_are_hosts_which_were_not_read_are_more_than_those_that_were() {
    let mut inventory = account(3, |_| false);
    inventory.groups.truncate(1);
    let new = Target { id: "i-new".to_owned(), state: TargetState::Healthy, ..Target::default() };
    let arn = inventory.groups[0].arn.clone();
    inventory.targets.get_mut(&arn).unwrap().push(new);
    let groups = vec!["web".to_owned()];
    let model = of(&inventory, Belongings { target_groups: groups, ..Belongings::default() });
    let screen = text(&model);
    assert!(screen.contains("? 3/3 instances, in part"), "{screen}");
    assert!(screen.contains("● 4/4 targets") && screen.contains("≥$"), "{screen}");
}
