//! What is told first of what is watched: in the branches, the line over the panes, and one row.

use std::collections::BTreeMap;

use pilothouse_api::types::Sighting;
use pilothouse_cockpit::model::Pane;
use pilothouse_cockpit::msg::Request;
use pilothouse_cockpit::rows::cost::summary;
use pilothouse_cockpit::rows::watched::rows;
use pilothouse_cockpit::theme::Mark;
use pilothouse_cockpit::{Model, Msg, update};
use pilothouse_core::aws::asking::Content;
use pilothouse_core::aws::seen::{Action, Check, Checks, Ec2State, Identity};
use pilothouse_core::aws::{Calls, Inventory, Part, ServiceName, Trouble, TroubleKind};

use super::lacks::of;
use super::{EVERY, account, shown, state, watch};
use crate::fixture::{NOW, ago, key, operator, press, text};

/// The row of an environment in the pane of branches.
fn branch(inventory: &Inventory) -> String {
    branch_in(&shown(inventory, 200, 60))
}

/// The same of a screen.
fn branch_in(model: &Model) -> String {
    let screen = text(model);
    let row = screen.lines().find(|line| line.starts_with("│ production"));
    row.unwrap_or_else(|| panic!("no row:\n{screen}")).to_owned()
}

/// An account in which nothing is missing or ill.
pub fn well() -> Inventory {
    let mut inventory = account(3, |_| false);
    let service = &mut inventory.services[0];
    (service.running, service.pending) = (2, 0);
    let one = super::targets(1, |_| false);
    inventory.targets.insert(super::ADMIN.to_owned(), one);
    inventory
}

/// The line over the panes.
fn top(inventory: &Inventory) -> String {
    text(&shown(inventory, 200, 60)).lines().nth(1).unwrap().to_owned()
}

#[test]
fn an_instance_of_which_nobody_knows_how_it_is_is_not_counted_as_one_that_is_well() {
    let top = |inventory: &Inventory| top(inventory);
    assert!(top(&well()).contains("● 5/5 instances"), "{}", top(&well()));
    let checks = |inventory: &mut Inventory, count, both: Option<Checks>| {
        let ids: Vec<String> = inventory.checks.keys().take(count).cloned().collect();
        for id in ids {
            inventory.checks.remove(&id);
            inventory.checks.extend(both.clone().map(|both| (id, both)));
        }
    };
    let of = |system| Some(Checks { system, instance: Check::Ok, volumes: None });
    for (both, told) in [
        (of(Check::Unknown), "? 4/5 instances, 1 unknown"),
        (None, "? 4/5 instances, 1 unknown"),
        (of(Check::Initializing), "◐ 4/5 instances"),
        (of(Check::Impaired), "◐ 4/5 instances"),
    ] {
        let mut inventory = well();
        checks(&mut inventory, 1, both.clone());
        assert!(top(&inventory).contains(told), "{told}: {}", top(&inventory));
        // Where none is left, what fails is told as such and what is unknown as that.
        checks(&mut inventory, 3, both);
        inventory.services[0].desired = 0;
        (inventory.services[0].running, inventory.services[0].tasks) = (0, Vec::new());
        let told = if told.contains('?') { "? instances unknown" } else { "✗ 0/3 instances" };
        assert!(top(&inventory).contains(told), "{told}: {}", top(&inventory));
    }
    // What was read before is told as it was, be it good or bad, and what never was not at all.
    let silent = Trouble::new(TroubleKind::Late, "ec2:DescribeInstanceStatus", "");
    for (both, told) in
        [(of(Check::Ok), "◌ was 5/5 instances"), (of(Check::Impaired), "◌ was 2/5 instances")]
    {
        let mut inventory = well();
        checks(&mut inventory, 3, both);
        inventory.take(Part::Checks, NOW, Err(silent.clone()));
        assert!(top(&inventory).contains(told), "{told}: {}", top(&inventory));
    }
    let mut inventory = well();
    (inventory.checks, inventory.parts) = (BTreeMap::default(), well().parts);
    inventory.parts.remove(&Part::Checks);
    inventory.take(Part::Checks, NOW, Err(silent));
    let told = "? 2/5 instances, 3 unknown";
    assert!(top(&inventory).contains(told), "{}", top(&inventory));
}

#[test]
fn what_a_service_has_beyond_what_it_should_stands_for_no_other() {
    let mut inventory = well();
    let mut down = inventory.services[0].clone();
    let more = 2 * down.desired;
    (inventory.services[0].running, inventory.services[0].pending) = (more, 0);
    down.name = "mail".to_owned();
    (down.running, down.pending, down.tasks) = (0, 0, Vec::new());
    let wanted = down.desired;
    let (hosts, desired) = (3, inventory.services[0].desired);
    inventory.services.push(down);
    let mut watch = watch().belongings;
    watch.services.push(ServiceName::parse("shop/mail").unwrap());
    let told = format!("◐ {}/{} instances", hosts + desired, hosts + desired + wanted);
    let screen = text(&of(&inventory, watch));
    assert!(screen.lines().nth(1).unwrap().contains(&told), "{told}: {screen}");
}

#[test]
fn an_account_of_which_only_measures_are_read_is_not_seen() {
    let mut inventory = well();
    let denied = Trouble::new(TroubleKind::Denied, "ec2:DescribeInstances", "");
    for (part, fresh) in &mut inventory.parts {
        if !matches!(part, Part::Identity | Part::Metrics) {
            fresh.trouble = Some(denied.clone());
        }
    }
    assert!(top(&inventory).contains("✗ 123456789012 us-east-1 denied"), "{}", top(&inventory));
}

#[test]
fn what_ended_for_ever_is_wanted_no_more() {
    let mut inventory = well();
    for (state, told) in [
        (Ec2State::Terminated, "● 4/4 instances"),
        (Ec2State::ShuttingDown, "● 4/4 instances"),
        (Ec2State::Stopped, "◐ 4/5 instances"),
        (Ec2State::Unsaid, "? 4/5 instances, 1 unknown"),
    ] {
        inventory.instances[0].state = state;
        assert!(top(&inventory).contains(told), "{told}: {}", top(&inventory));
    }
}

#[test]
fn what_is_missing_is_told_beside_what_is_well() {
    type Loses = fn(&mut Inventory);
    let all: [(Loses, &str, &str); 6] = [
        (|one| one.balancers[0].name = "other".to_owned(), "✗", "there is no load balancer shop"),
        (|one| one.services.clear(), "◐", "there is no ECS service shop/worker"),
        (
            |one| {
                let service = &mut one.services[0];
                (service.state, service.desired) = ("INACTIVE".to_owned(), 0);
                (service.running, service.tasks) = (0, Vec::new());
            },
            "◐",
            "the ECS service shop/worker was deleted",
        ),
        (
            |one| one.balancers[0].state = "failed".to_owned(),
            "✗",
            "the load balancer shop is failed",
        ),
        (
            |one| one.balancers[0].state.clear(),
            "◐",
            "the load balancer shop is in an unknown state",
        ),
        (
            |one| drop(one.targets.insert(super::ADMIN.to_owned(), Vec::new())),
            "◐",
            "the target group admin has no target",
        ),
    ];
    assert!(!branch(&well()).contains("missing"));
    for (loses, mark, told) in all {
        let mut inventory = well();
        loses(&mut inventory);
        let row = branch(&inventory);
        assert!(row.contains(&format!("{mark} {told}")), "{told}: {row}");
        let top = top(&inventory);
        assert!(top.contains(&format!("{mark} 1 missing")) || top.contains(told), "{top}");
    }
    // A group that a rule has by name alone, with no weight, gets nothing.
    let mut inventory = well();
    inventory.targets.insert(super::ADMIN.to_owned(), Vec::new());
    let rules = &mut inventory.listeners.get_mut(super::ALB).unwrap()[0].rules;
    rules[0].actions = vec![Action::Forward(vec![(super::ADMIN.to_owned(), 0)])];
    assert!(branch(&inventory).contains("● 3/3 targets"), "{}", branch(&inventory));
    // Nor is it known what a load balancer sends whose rules nobody read, or which is another's.
    for unknown in ["rules", "balancer"] {
        let mut inventory = well();
        inventory.targets.insert(super::ADMIN.to_owned(), Vec::new());
        match unknown {
            "rules" => inventory.listeners.clear(),
            _ => inventory.balancers[0].arn = "another".to_owned(),
        }
        let row = branch(&inventory);
        assert!(!row.contains("admin has no target"), "{unknown}: {row}");
    }
    // Where nothing is left it is bad, and not merely nothing.
    inventory.services.clear();
    inventory.instances.clear();
    inventory.targets.clear();
    assert!(branch(&inventory).contains("✗"), "{}", branch(&inventory));
    // What was read long ago is told as it was.
    let denied = Trouble::new(TroubleKind::Denied, "ecs:DescribeServices", "");
    let mut inventory = well();
    inventory.services.clear();
    inventory.take(Part::Services, NOW, Err(denied));
    let row = branch(&inventory);
    assert!(!row.contains("●") && row.contains("was"), "{row}");
}

#[test]
fn the_branches_say_what_is_seen_of_an_environment_that_is_watched() {
    let row = branch(&well());
    assert!(row.contains("● 4/4 targets") && !row.contains("no run yet"), "{row}");
    let row = branch(&account(3, |_| true));
    assert!(row.contains("✗ 0/3 targets"), "{row}");
    let mut inventory = account(3, |_| false);
    inventory.fail_all(&Trouble::new(TroubleKind::Unreachable, "ec2:DescribeInstances", ""));
    let row = branch(&inventory);
    assert!(row.contains("✗ unreachable"), "{row}");
    let row = branch_in(&operator(state(), 200, 60));
    assert!(row.contains("▶ asking") && !row.contains("passed"), "{row}");
}

#[test]
fn the_branches_tell_what_is_worst() {
    // Where all targets are well, a service without any task is not.
    let mut inventory = account(3, |_| false);
    inventory.instances.clear();
    (inventory.services[0].running, inventory.services[0].tasks) = (0, Vec::new());
    let row = branch(&inventory);
    assert!(row.contains("✗ 0/2 instances"), "{row}");
    // One target that fails is less than that.
    let targets = super::targets(3, |place| place == 1);
    inventory.targets.insert(super::WEB.to_owned(), targets);
    let row = branch(&inventory);
    assert!(row.contains("✗ 0/2 instances"), "{row}");
    inventory.targets.insert(super::WEB.to_owned(), super::targets(3, |_| true));
    let row = branch(&inventory);
    assert!(row.contains("✗ 0/3 targets"), "of two that are as bad, what answers: {row}");
}

#[test]
fn tasks_that_are_not_looked_at_are_told_and_not_known_to_be_well() {
    let mut inventory = account(0, |_| false);
    let service = &mut inventory.services[0];
    (service.desired, service.running, service.pending) = (1500, 1500, 0);
    let row = |inventory: &Inventory| {
        let model = shown(inventory, 200, 60);
        let cells = rows(&model, Pane::Containers, 2, 1).remove(0).cells;
        (cells[1].mark, cells[6].text.clone())
    };
    let (mark, said) = row(&inventory);
    assert_eq!((mark, said.contains("more tasks")), (Some(Mark::Ok), false), "{said}");
    inventory.services[0].has_more = true;
    let (mark, said) = row(&inventory);
    assert_eq!(mark, Some(Mark::Unknown));
    assert!(said.contains("1499 more tasks are not looked at"), "{said}");
    let mut model = shown(&inventory, 120, 40);
    press(&mut model, "3jj<Enter>");
    assert!(text(&model).contains("; 1499 more are not looked at"), "{}", text(&model));
}

#[test]
fn what_an_account_was_asked_is_told_once() {
    let calls = Calls { since: ago(3600), requests: 1200, metrics: 0, lately: None };
    let inventory = account(0, |_| false);
    let mut model = operator(state(), 200, 60);
    let looks = |model: &Model| -> Vec<String> {
        let rows = rows(model, Pane::Containers, 0, 100).into_iter();
        let said = rows.filter_map(|row| Some(row.cells.get(6)?.text.clone()));
        said.filter(|said| said.starts_with("looks every")).collect()
    };
    let both = ["production", "qa"];
    let spec = model.replica.environments[&key("production")].spec.clone();
    model.replica.environments.get_mut(&key("qa")).unwrap().spec.runtime = spec.runtime;
    for name in both {
        let watched = inventory.watched(&key(name), &watch(), EVERY, calls);
        update(&mut model, Msg::Sighting(Box::new(Sighting::Whole(Box::new(watched)))));
    }
    press(&mut model, "e");
    let all = looks(&model);
    assert_eq!(all, ["looks every 10s · 1200 calls/h, $0/h over the last 1h", "looks every 10s"]);
    // One that is reached otherwise is asked for by itself.
    let mut other = watch();
    other.access.region = "eu-west-1".to_owned();
    let watched = inventory.watched(&key("qa"), &other, EVERY, calls);
    update(&mut model, Msg::Sighting(Box::new(Sighting::Whole(Box::new(watched)))));
    let all = looks(&model);
    assert!(all.len() == 2 && all.iter().all(|said| said.contains("calls/h")), "{all:?}");
}

#[test]
fn a_host_whose_checks_fail_is_none_of_those_that_are_there() {
    let mut inventory = account(3, |_| false);
    let failed = Checks { system: Check::Ok, instance: Check::Impaired, volumes: None };
    inventory.checks.insert(inventory.instances[1].id.clone(), failed);
    let screen = text(&shown(&inventory, 200, 60));
    let journey = screen.lines().nth(1).unwrap();
    // The service's tasks are counted with them.
    let well = text(&shown(&account(3, |_| false), 200, 60));
    let count = |line: &str| -> String {
        let before = line.split(" instances").next().unwrap();
        before.rsplit(' ').next().unwrap().to_owned()
    };
    let (have, want) = (count(journey), count(well.lines().nth(1).unwrap()));
    let number = |count: &str| count.split('/').next().unwrap().parse::<u32>().unwrap();
    assert_eq!(number(&have) + 1, number(&want), "{have} {want}");
}

#[test]
fn a_sum_of_which_something_has_no_price_is_at_least_what_is_known() {
    let mut inventory = account(1, |_| false);
    inventory.metrics.clear();
    let model = shown(&inventory, 80, 24);
    let told = summary(&model.costs, 70).cells[0].text.clone();
    assert_eq!(told, "all ≥$0.101/h");
}

#[test]
fn what_can_be_done_with_a_watched_environment_is_what_is_offered() {
    let mut model = shown(&account(1, |_| false), 120, 40);
    press(&mut model, "1ggxp");
    let screen = text(&model);
    assert!(screen.contains("production serves no release that could be promoted"), "{screen}");
    press(&mut model, "x");
    assert!(!text(&model).contains("promote "), "{}", text(&model));
    let mut model = shown(&account(1, |_| false), 120, 40);
    for pane in ["1gg", "3", "4"] {
        press(&mut model, pane);
        let copied = press(&mut model, "y");
        let is_it = |one: &Request| matches!(one, Request::Copy(it) if it == "pilothouse aws shop/production");
        assert!(copied.iter().any(is_it), "{pane}: {copied:?}");
    }
    press(&mut model, "R");
    assert!(text(&model).contains("Looking at the repository and at AWS."), "{}", text(&model));
}

#[test]
fn who_we_are_makes_no_account_that_is_seen_of_one_that_is_not() {
    let mut inventory = account(1, |_| false);
    let trouble = Trouble::new(TroubleKind::Throttled, "ec2:DescribeInstances", "");
    inventory.fail_all(&trouble);
    // Half-way to the next round it is asked who we are.
    let identity = Identity { account: "123456789012".to_owned(), arn: String::new() };
    inventory.take(Part::Identity, NOW, Ok(Content::Identity(identity.clone())));
    let model = shown(&inventory, 200, 60);
    let cells = &rows(&model, Pane::Containers, 0, 1)[0].cells;
    assert_eq!(cells[1].text, "throttled");
    let screen = text(&model);
    assert_eq!(screen.matches("(throttled)").count(), 2, "above, and in its row:\n{screen}");
    // Where all but that is refused, nothing was ever seen, whatever each refusal is.
    let mut inventory = Inventory::default();
    inventory.take(Part::Identity, NOW, Ok(Content::Identity(identity)));
    for (part, kind) in
        [(Part::Instances, TroubleKind::Denied), (Part::Services, TroubleKind::NotOffered)]
    {
        inventory.take(part, NOW, Err(Trouble::new(kind, "some:Action", "")));
    }
    let model = shown(&inventory, 200, 60);
    let cells = &rows(&model, Pane::Containers, 0, 1)[0].cells;
    assert_eq!(cells[1].text, "denied");
}

#[test]
fn an_account_that_is_another_one_was_never_seen() {
    let mut inventory = Inventory::default();
    let identity = Identity { account: "999999999999".to_owned(), arn: String::new() };
    let who = |inventory: &Inventory| {
        inventory.watched(&key("production"), &watch(), EVERY, Calls::default()).seen_at()
    };
    inventory.take(Part::Identity, NOW, Ok(Content::Identity(identity)));
    assert_eq!(who(&inventory), None);
    assert_eq!(who(&account(1, |_| false)), Some(ago(4)));
}

#[test]
fn target_health_that_comes_late_is_told_so_and_soon_as_it_was() {
    let told = |seconds: u64| {
        let mut inventory = account(3, |_| false);
        let health = inventory.parts.get_mut(&Part::Health).unwrap();
        health.at = Some(ago(seconds));
        let watched = inventory.watched(&key("production"), &watch(), EVERY, Calls::default());
        let mut model = operator(state(), 200, 60);
        update(&mut model, Msg::Sighting(Box::new(Sighting::Whole(Box::new(watched)))));
        let looks = rows(&model, Pane::Containers, 0, 1)[0].cells[6].text.clone();
        let group = rows(&model, Pane::Targets, 0, 1)[0].cells[1].text.clone();
        (looks, group)
    };
    let (looks, group) = told(9);
    assert!(looks == "looks every 10s" && !group.contains("was"), "{looks} {group}");
    let (looks, group) = told(31);
    assert!(looks.starts_with("looks every 10s, late: target health as of <1m ago"), "{looks}");
    assert!(!group.contains("was"), "{group}");
    let (_, group) = told(41);
    assert!(group.starts_with("was "), "{group}");
}
