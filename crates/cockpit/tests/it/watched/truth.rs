//! One row tells one count, and nothing that is stale is told as it is, wherever it is opened.

use std::collections::BTreeMap;

use pilothouse_api::types::{Sighting, Snapshot};
use pilothouse_cockpit::model::Pane;
use pilothouse_cockpit::rows::watched::{looking, rows};
use pilothouse_cockpit::theme::Mark;
use pilothouse_cockpit::{Msg, age, update};
use pilothouse_core::aws::meter::Meter;
use pilothouse_core::aws::seen::Gateway;
use pilothouse_core::aws::{
    Calls, Freshness, Inventory, Lately, Part, Trouble, TroubleKind, Unregistered, Watched,
};
use pilothouse_core::cost::NanoUsd;

use super::{account, balancer, shown, state};
use crate::fixture::{NOW, ago, key, lose, normal, operator, press, text};

/// The count and the note of the line of a bill.
#[track_caller]
fn line(inventory: &Inventory, what: &str) -> (String, String) {
    let lines = shown(inventory, 200, 60).costs.lines;
    let line = lines.iter().find(|line| line.label.trim() == what);
    let line = line.unwrap_or_else(|| panic!("there is no {what}: {lines:#?}"));
    (line.shape.clone(), line.note.clone())
}

#[test]
fn a_row_of_a_bill_tells_one_count() {
    let mut inventory = account(2, |_| false);
    for host in &mut inventory.instances {
        host.public_ip = Some("203.0.113.7".to_owned());
    }
    inventory.instances[1].is_spot = true;
    // Of two hosts and of the load balancer's two zones: three resources, and four addresses.
    let (count, note) = line(&inventory, "public IPv4");
    assert_eq!(count, "");
    assert!(note.starts_with("4 × $0.005 per hour · web-0 web-1 shop · one for each"), "{note}");
    inventory.instances[0].is_spot = true;
    let (count, note) = line(&inventory, "EC2 t3.medium");
    assert_eq!((count.as_str(), note.contains('×')), ("2 resources", false), "{note}");
}

#[test]
fn what_has_a_price_in_part_opens_each_by_itself() {
    let mut inventory = account(2, |_| false);
    inventory.instances[1].is_spot = true;
    let lines = shown(&inventory, 200, 60).costs.lines;
    let names = lines.iter().map(|line| line.name.as_str());
    let hosts: Vec<&str> = names.filter(|name| name.contains("EC2 t3.medium")).collect();
    assert_eq!(hosts, ["shop/production EC2 t3.medium", "shop/production EC2 t3.medium (2)"]);
}

#[test]
fn what_is_measured_is_told_as_it_was_once_that_is_old() {
    let mut inventory = account(1, |_| false);
    let stale = |inventory: &Inventory| -> Vec<String> {
        let lines = shown(inventory, 200, 60).costs.lines;
        let own = lines.into_iter().filter(|line| line.name.starts_with("shop/production"));
        own.filter(|line| line.is_stale).map(|line| line.label.trim().to_owned()).collect()
    };
    assert_eq!(stale(&inventory), Vec::<String>::new());
    let nat = Gateway {
        id: "nat-1".to_owned(),
        state: "available".to_owned(),
        vpc: balancer().vpc,
        addresses: 0,
    };
    inventory.gateways.push(nat);
    let said = BTreeMap::from([(Meter::FromInside, 1 << 30), (Meter::FromOutside, 0)]);
    inventory.meters.insert("nat-1".to_owned(), said);
    for (part, what) in [(Part::Metrics, "ALB capacity"), (Part::Meters, "NAT gateway bytes")] {
        let mut inventory = inventory.clone();
        inventory.parts.insert(Part::Meters, Freshness { at: Some(ago(4)), trouble: None });
        let denied = Trouble::new(TroubleKind::Denied, "cloudwatch:GetMetricData", "");
        inventory.take(part, NOW, Err(denied));
        assert_eq!(stale(&inventory), ["production", what]);
    }
}

#[test]
fn a_budget_of_which_not_all_is_known_is_used_at_least_so_far() {
    let mut inventory = account(1, |_| false);
    let note = |inventory: &Inventory| line(inventory, "production").1;
    assert!(!note(&inventory).contains("at least"), "{}", note(&inventory));
    inventory.metrics.clear();
    let note = note(&inventory);
    assert!(note.contains("░ at least 37% of $200/month"), "{note}");
}

#[test]
fn what_costs_little_is_not_shown_as_nothing() {
    let shown = [0, 1, 31, 499, 500, 1499].map(age::dollars);
    let expected =
        ["$0.000/h", "$0.000001/h", "$0.000031/h", "$0.000499/h", "$0.001/h", "$0.001/h"];
    assert_eq!(shown, expected);
}

#[test]
fn an_instance_is_not_known_to_be_well_by_checks_of_long_ago() {
    let mut inventory = account(1, |_| false);
    let mark = |inventory: &Inventory| {
        let model = shown(inventory, 200, 60);
        let rows = rows(&model, Pane::Containers, 0, 100);
        rows.iter().find(|row| row.cells[0].text == "web-0").unwrap().cells[1].mark
    };
    assert_eq!(mark(&inventory), Some(Mark::Ok));
    let denied = Trouble::new(TroubleKind::Denied, "ec2:DescribeInstanceStatus", "");
    inventory.take(Part::Checks, NOW, Err(denied));
    assert_eq!(mark(&inventory), Some(Mark::Unknown));
}

#[test]
fn rules_that_cannot_be_read_any_more_are_told_as_they_were_and_since_when() {
    let mut inventory = account(1, |_| false);
    let all = |inventory: &Inventory| {
        let model = shown(inventory, 200, 60);
        let rows = rows(&model, Pane::Targets, 0, 100).into_iter();
        let told = rows.map(|row| row.cells.iter().map(|cell| cell.text.clone()).collect());
        told.collect::<Vec<Vec<String>>>()
    };
    let of_rules = |rows: Vec<Vec<String>>| -> Vec<Vec<String>> {
        rows.into_iter().filter(|row| row[2].contains('→')).collect()
    };
    let fresh = of_rules(all(&inventory));
    assert!(!fresh.is_empty() && fresh.iter().all(|row| row[1].is_empty()), "{fresh:?}");
    let action = "elasticloadbalancing:DescribeRules";
    let denied = Trouble::by_aws(TroubleKind::Denied, action, "kim may not");
    inventory.parts.insert(Part::Rules, Freshness { at: Some(ago(240)), trouble: Some(denied) });
    let stale = all(&inventory);
    let row = stale.iter().find(|row| row[0] == "rules").unwrap();
    assert!(row[2].starts_with("as of 4m ago · elasticloadbalancing:DescribeRules"), "{row:?}");
    let stale = of_rules(stale);
    assert!(!stale.is_empty() && stale.iter().all(|row| row[1] == "was"), "{stale:?}");
    // And where the load balancer is opened.
    let mut model = shown(&inventory, 120, 50);
    press(&mut model, "4jjjj<Enter>");
    let screen = text(&model);
    assert!(screen.contains("was all else →"), "{screen}");
    // What was never read is of no time.
    inventory.parts.get_mut(&Part::Rules).unwrap().at = None;
    let rows = all(&inventory);
    let row = rows.iter().find(|row| row[0] == "rules").unwrap();
    assert!(row[2].starts_with(action), "{row:?}");
}

#[test]
fn what_is_opened_is_told_as_it_was_too() {
    let mut inventory = account(1, |_| false);
    let opened = |inventory: &Inventory, keys: &str| {
        let mut model = shown(inventory, 120, 50);
        press(&mut model, keys);
        text(&model)
    };
    // An instance, its service, a group, a target and the load balancer.
    let all = [
        ("3jj<Enter>", "running"),
        ("3jj<Enter>", "2/2 checks"),
        ("3jjj<Enter>", "1 of 2 tasks run, 1 pending"),
        ("4j<Enter>", "1 of 1 healthy"),
        ("4j<Enter>", "shop, active"),
        ("4jj<Enter>", "healthy"),
        ("4jjj<Enter>", "active"),
        ("4jjj<Enter>", "912/min"),
    ];
    for (keys, said) in all {
        let screen = opened(&inventory, keys);
        assert!(screen.contains(said), "{keys} does not tell {said}:\n{screen}");
    }
    inventory.fail_all(&Trouble::new(TroubleKind::Unreachable, "all", "refused"));
    for (keys, said) in all {
        let screen = opened(&inventory, keys);
        let said = said.replace("shop, ", "shop, was ");
        let was = if said.contains("was") { said } else { format!("was {said}") };
        assert!(screen.contains(&was), "{keys} does not tell {was}:\n{screen}");
    }
}

#[test]
fn calls_are_told_by_the_hour_as_they_were_of_late() {
    let inventory = account(0, |_| false);
    let told = |calls: Calls| {
        let mut watched = inventory.watched(&key("p"), &super::watch(), super::EVERY, calls);
        watched.metric_price = NanoUsd::parse("0.01");
        looking(&watched, NOW)
    };
    // A day of which only the last hour was quiet.
    let lately = Some(Lately { since: ago(3600), requests: 60, metrics: 24 });
    let calls = Calls { since: ago(86_400), requests: 240_000, metrics: 96_000, lately };
    assert_eq!(told(calls), "looks every 10s · 60 calls/h, $0.00024/h over the last 1h");
    let lately = Some(Lately { since: ago(4), requests: 20, metrics: 0 });
    let began = Calls { since: ago(4), requests: 20, metrics: 0, lately };
    assert_eq!(told(began), "looks every 10s · 20 calls, $0 in the first 1:00");
    let lately = Some(Lately { since: ago(290), requests: 70, metrics: 24 });
    let began = Calls { since: ago(290), requests: 70, metrics: 24, lately };
    assert_eq!(told(began), "looks every 10s · 70 calls, $0.00024 in the first 4:50");
    let lately = Some(Lately { since: ago(300), requests: 70, metrics: 24 });
    let began = Calls { since: ago(300), requests: 70, metrics: 24, lately };
    assert_eq!(told(began), "looks every 10s · 840 calls/h, $0.00288/h over the last 5m");
    assert_eq!(told(Calls::default()), "looks every 10s", "nothing was sent");
    // An engine that does not say of late said it in all.
    let old = Calls { lately: None, ..calls };
    assert_eq!(told(old), "looks every 10s · 10000 calls/h, $0.04/h over the last 24h");
}

#[test]
fn a_line_that_is_back_does_not_make_true_what_was_read_at_aws() {
    for (state, is_all) in [(normal(), true), (state(), false)] {
        let mut model = operator(state.clone(), 120, 40);
        let watched = account(1, |_| false).watched(
            &key("production"),
            &super::watch(),
            super::EVERY,
            Calls::default(),
        );
        if !is_all {
            let whole = |watched: Watched| Sighting::Whole(Box::new(watched));
            update(&mut model, Msg::Sighting(Box::new(whole(watched))));
        }
        lose(&mut model);
        let snapshot = Snapshot { state, ..crate::keys::snapshot(normal()) };
        update(&mut model, Msg::Snapshot(Box::new(snapshot)));
        let screen = text(&model);
        assert_eq!(screen.contains("all that is shown is true again"), is_all, "{screen}");
        assert_eq!(screen.contains("at AWS all is shown as it was last read"), !is_all, "{screen}");
    }
}

#[test]
fn instances_that_no_target_group_has_say_so_where_targets_are_told() {
    let with = |instances: &[&str], searched| {
        let inventory = account(1, |_| false);
        let mut watched =
            inventory.watched(&key("production"), &super::watch(), super::EVERY, Calls::default());
        (watched.groups, watched.balancers) = (Vec::new(), Vec::new());
        let fresh = Freshness { at: Some(ago(4)), trouble: None };
        watched.parts.insert(Part::Registrations, fresh);
        let instances = instances.iter().map(|id| (*id).to_owned()).collect();
        watched.unregistered = Some(Unregistered { instances, searched, candidates: 62 });
        let mut model = operator(state(), 200, 60);
        update(&mut model, Msg::Sighting(Box::new(Sighting::Whole(Box::new(watched)))));
        press(&mut model, "4");
        model
    };
    let row = |model: &_| {
        let cells = rows(model, Pane::Targets, 0, 1).remove(0).cells;
        cells.into_iter().map(|cell| cell.text).collect::<Vec<_>>()
    };
    let mut one = with(&["i-00000000000000000"], 62);
    let said = "no target group of its VPC has it, so that no load balancer checks it";
    assert_eq!(row(&one), ["web-0", "in no group", said]);
    let more = with(&["i-1", "i-2", "i-3"], 50);
    // What says so was read in other parts as well.
    let mut old = account(1, |_| false);
    let trouble = Trouble::new(TroubleKind::Unreachable, "ec2:DescribeInstances", "refused");
    old.take(Part::Instances, ago(1), Err(trouble));
    let mut watched =
        old.watched(&key("production"), &super::watch(), super::EVERY, Calls::default());
    (watched.groups, watched.balancers) = (Vec::new(), Vec::new());
    watched.parts.remove(&Part::Registrations);
    let instances = vec!["i-00000000000000000".to_owned()];
    watched.unregistered = Some(Unregistered { instances, searched: 0, candidates: 0 });
    let mut model = operator(state(), 200, 60);
    update(&mut model, Msg::Sighting(Box::new(Sighting::Whole(Box::new(watched)))));
    let told = rows(&model, Pane::Targets, 0, 9).into_iter().map(|row| row.text());
    assert!(
        told.clone().any(|row| row.contains("was in no group")),
        "{:?}",
        told.collect::<Vec<_>>()
    );
    let limit = "not found in 50 of the 62 target groups of their VPC: name their groups in \
                `target_groups`";
    assert_eq!(row(&more), ["i-1 and 2 more", "in no group", limit]);
    press(&mut one, "<Enter>");
    let screen = text(&one);
    let told = |line: &str| line.contains("instance ") && line.contains(" i-00000000000000000");
    assert!(screen.lines().any(told) && screen.contains(said), "{screen}");
}
