//! Whose prices are shown, what is old of them, and what a pane says that knows nothing.

use std::collections::BTreeMap;

use pilothouse_api::types::Sighting;
use pilothouse_cockpit::{Msg, update};
use pilothouse_core::aws::book::{Book, Listed};
use pilothouse_core::aws::{Belongings, Calls, Freshness, Inventory, Part, Trouble, TroubleKind};
use pilothouse_core::cost::NanoUsd;
use pilothouse_core::time::Millis;

use super::{account, instances, shown, state, watch};
use crate::fixture::{NOW, ago, key, operator, press, text};

#[test]
fn a_cost_that_was_open_is_told_as_one_that_was() {
    let mut inventory = account(1, |_| false);
    inventory.metrics.clear();
    let screen = text(&shown(&inventory, 200, 60));
    assert!(screen.contains("? ≥$0.101/h") && !screen.contains("was ≥"), "{screen}");
    let trouble = Trouble::new(TroubleKind::Unreachable, "ec2:DescribeInstances", "refused");
    inventory.fail_all(&trouble);
    let screen = text(&shown(&inventory, 200, 60));
    let journey = screen.lines().nth(1).unwrap();
    assert!(journey.contains("◌ was ≥$0.101/h"), "{journey}");
    assert!(!screen.contains("? ≥"), "{screen}");
}

#[test]
fn a_cost_of_which_one_part_is_stale_is_told_as_one_that_was_when_that_was_read() {
    for part in [Part::Instances, Part::Volumes, Part::Gateways] {
        let mut inventory = account(1, |_| false);
        assert!(shown(&inventory, 200, 60).costs.lines.iter().all(|line| !line.is_stale));
        inventory.parts.insert(part, Freshness { at: Some(ago(7200)), trouble: None });
        inventory.take(part, NOW, Err(Trouble::new(TroubleKind::Denied, "", "")));
        let line = shown(&inventory, 200, 60).costs.lines;
        let line = line.iter().find(|line| line.name == key("production").to_string()).unwrap();
        assert!(line.is_stale && line.note.ends_with("as of 2h ago"), "{part:?}: {line:?}");
    }
}

#[test]
fn what_two_environments_of_one_account_have_is_counted_once() {
    let inventory = account(2, |_| false);
    let one = shown(&inventory, 200, 60);
    let alone = one.costs.sum();
    let mut model = operator(state(), 200, 60);
    for name in ["production", "qa"] {
        let watched = inventory.watched(&key(name), &watch(), Millis(10_000), Calls::default());
        update(&mut model, Msg::Sighting(Box::new(Sighting::Whole(Box::new(watched)))));
    }
    let lines = one.costs.lines.iter().find(|line| line.name == "shop/production").unwrap();
    let known = lines.micro_usd.or(lines.at_least).unwrap();
    let mut watched: pilothouse_cockpit::model::Sightings = model.watched.clone();
    let twin = watched[&key("production")].clone();
    watched.insert(key("qa"), twin.clone());
    let sum = |watched: &pilothouse_cockpit::model::Sightings| {
        let view = pilothouse_cockpit::cost::local(&model.replica);
        pilothouse_cockpit::cost::with_watched(view, watched, &model.replica, NOW).sum()
    };
    let both = sum(&watched);
    let of = |line: &pilothouse_cockpit::cost::CostLine| line.micro_usd.or(line.at_least).unwrap();
    assert_eq!((of(&both), of(&alone)), (known, known), "each thing is paid once");
    // The same names in another account are other things.
    watched.get_mut(&key("qa")).unwrap().access.account = "999999999999".to_owned();
    assert_eq!(of(&sum(&watched)), known * 2);
}

#[test]
fn what_is_watched_and_not_seen_yet_costs_what_nobody_knows() {
    let model = operator(state(), 200, 60);
    let line = model.costs.lines.iter().find(|line| line.name == "shop/production").unwrap();
    assert_eq!((line.micro_usd, line.shape.as_str()), (None, "nothing seen"));
    let sum = model.costs.sum();
    assert_eq!((sum.micro_usd, sum.at_least), (None, None), "and so does all of it");
}

/// The last line of the fifth pane's sheet on a whole environment, which says whose prices it has.
fn sources(inventory: &Inventory) -> String {
    let mut model = shown(inventory, 160, 50);
    press(&mut model, "5<Enter>");
    let screen = text(&model);
    let lines = screen.lines().map(|line| line.trim_matches(['│', ' ']));
    let said = lines.filter(|line| line.contains("shipped") || line.contains("price list"));
    said.collect::<Vec<_>>().join("\n")
}

#[test]
fn prices_say_whether_they_are_awss_own_or_those_that_are_shipped() {
    let mut inventory = account(1, |_| false);
    let shipped = "AWS list prices of 2024-07-01 or later, shipped with this version";
    assert_eq!(sources(&inventory), shipped);
    let denied = Trouble::new(TroubleKind::Denied, "pricing:GetProducts", "not authorized");
    inventory.prices.trouble = Some(denied);
    assert_eq!(
        sources(&inventory),
        format!("{shipped}; the list is not read: pricing:GetProducts (denied)")
    );
    inventory.prices.trouble = None;
    let usd = NanoUsd::parse("0.05").unwrap();
    let listed = Listed { unit: "hour".to_owned(), usd, date: "2026-11-01".to_owned() };
    inventory.book.put("BoxUsage:t3.medium", NOW, Some(listed.clone()));
    assert_eq!(
        sources(&inventory),
        "1 by AWS's price list, of 2026-11-01 or later; 6 shipped with this version, of 2024-07-01 \
         or later"
    );
    let notes = shown(&inventory, 200, 60).costs.lines;
    let says = |said: &str| notes.iter().any(|line| line.note.ends_with(said));
    assert!(says("web-0 · price of 2026-11-01 from AWS's price list"), "{notes:#?}");
    let shipped = notes.iter().filter(|line| line.note.contains(" · shipped price of 202"));
    assert_eq!(shipped.count(), 6);
    // Nothing of it is shipped: all is of the list.
    let mut inventory = Inventory { book: Book::default(), ..account(0, |_| false) };
    (inventory.services, inventory.balancers) = (Vec::new(), Vec::new());
    inventory.instances = instances(1);
    inventory.volumes.clear();
    inventory.book.put("BoxUsage:t3.medium", NOW, Some(listed));
    let tags = [("app".to_owned(), "shop".to_owned())];
    inventory.instances[0].tags = BTreeMap::from(tags.clone());
    let mut watch = watch();
    watch.belongings = Belongings { tags: BTreeMap::from(tags), ..Belongings::default() };
    let (every, calls) = (Millis::seconds(10), Calls::default());
    let watched = inventory.watched(&key("production"), &watch, every, calls);
    let mut model = operator(state(), 160, 50);
    update(&mut model, Msg::Sighting(Box::new(Sighting::Whole(Box::new(watched)))));
    assert_eq!(model.costs.source, "AWS's price list, of 2026-11-01 or later");
}

#[test]
fn the_accounts_sheet_says_how_fresh_the_price_list_is() {
    let mut inventory = account(1, |_| false);
    let told = |inventory: &Inventory| {
        let mut model = shown(inventory, 120, 40);
        press(&mut model, "3<Enter>");
        text(&model)
    };
    assert!(!told(&inventory).contains("price list"), "it was not asked yet");
    inventory.prices.at = Some(ago(7200));
    assert!(told(&inventory).contains("● read 2h ago"), "{}", told(&inventory));
    let denied = Trouble::new(TroubleKind::Denied, "pricing:GetProducts", "not authorized");
    inventory.prices.trouble = Some(denied);
    let screen = told(&inventory);
    assert!(screen.contains("pricing:GetProducts (denied)"), "{screen}");
    assert!(screen.contains("◌ read 2h ago"), "{screen}");
    inventory.prices.at = None;
    assert!(told(&inventory).contains("never read: those that are shipped count"));
}

#[test]
fn an_empty_pane_says_why_it_knows_nothing() {
    let empty = |inventory: &Inventory| {
        let screen = text(&shown(inventory, 160, 50));
        let text = screen.lines().filter(|line| line.contains("││")).collect::<String>();
        assert!(!text.contains("No target serves"), "{text}");
        text
    };
    let mut inventory = Inventory::default();
    assert!(empty(&inventory).contains("is being looked at for the first time"));
    let trouble = Trouble::new(TroubleKind::Expired, "sts:GetCallerIdentity", "expired");
    inventory.stopped = Some(trouble);
    assert!(empty(&inventory).contains("Nothing was read of production yet: credentials expired."));
}

#[test]
fn a_sum_of_nothing_but_what_has_no_price_is_unknown_and_not_nothing() {
    let mut watch = watch();
    watch.access.region = "eu-central-9".to_owned();
    let told = |inventory: &Inventory| {
        let watched =
            inventory.watched(&key("production"), &watch, Millis::seconds(10), Calls::default());
        let mut model = operator(state(), 120, 40);
        update(&mut model, Msg::Sighting(Box::new(Sighting::Whole(Box::new(watched)))));
        model
    };
    let mut inventory = account(2, |_| false);
    for is_stale in [false, true] {
        if is_stale {
            inventory.fail_all(&Trouble::new(TroubleKind::Unreachable, "all", "refused"));
        }
        let mut model = told(&inventory);
        let line = model.costs.lines.iter().find(|line| line.name == "shop/production").unwrap();
        assert_eq!((line.micro_usd, line.at_least), (None, None), "{line:?}");
        assert!(
            line.note.ends_with(if is_stale {
                " ago"
            } else {
                "7 unpriced · how much of $200/month is unknown"
            }),
            "{line:?}"
        );
        let screen = text(&model);
        assert!(screen.lines().nth(1).unwrap().contains("? cost unknown"), "{screen}");
        let row = screen.lines().find(|line| line.contains("│ production       2 EC2")).unwrap();
        assert!(row.contains("  unknown  ") && !row.contains("/h"), "{row}");
        press(&mut model, "5<Enter>");
        let sheet = text(&model);
        assert!(sheet.contains("unknown") && !sheet.contains("at least"), "{sheet}");
    }
    // One price is enough for a sum that says at least how much it is.
    let usd = NanoUsd::parse("0.05").unwrap();
    let listed = Listed { unit: "hour".to_owned(), usd, date: "2026-11-01".to_owned() };
    inventory.book.put("BoxUsage:t3.medium", NOW, Some(listed));
    let line = told(&inventory).costs.lines;
    let line = line.iter().find(|line| line.name == "shop/production").unwrap();
    assert_eq!(line.at_least, Some(100_000));
}

#[test]
fn a_share_of_a_budget_is_rounded_as_amounts_are() {
    let note = |micro: u64| {
        let mut state = state();
        let own = state.environments.get_mut(&key("production")).unwrap();
        own.spec.budget_micro_usd_per_hour = Some(micro);
        let mut model = operator(state, 200, 60);
        let (every, calls) = (Millis::seconds(10), Calls::default());
        let watched = account(1, |_| false).watched(&key("production"), &watch(), every, calls);
        update(&mut model, Msg::Sighting(Box::new(Sighting::Whole(Box::new(watched)))));
        let lines = model.costs.lines;
        lines.iter().find(|line| line.name == "shop/production").unwrap().note.clone()
    };
    // $76.63 of $49.75 are 154.02 %, of $49.82 153.8 %, of $49.92 153.5 %, of $50.09 153.0 %.
    for (micro, said) in [(68_150, 154), (68_244, 154), (68_384, 154), (68_616, 153)] {
        let note = note(micro);
        assert!(note.contains(&format!("████████ {said}% of $")), "{note}");
    }
    // A bar is full where all of it is used, and not before.
    let note = note(105_166);
    assert!(note.contains("███████░ 100% of $76."), "{note}");
}
