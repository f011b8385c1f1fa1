//! Screens as text: states by sizes.

use pilothouse_api::types::Access;
use pilothouse_cockpit::cost::{CostLine, CostView, Elsewhere, NOTHING};
use pilothouse_core::instance::Lost;
use pilothouse_core::routing::TargetState;
use pilothouse_core::state::State;
use pilothouse_core::time::Timestamp;

use crate::fixture::{NOW, failing, key, lose, model, normal, operator, overflow, press, text};

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (200, 60), (40, 12)];

fn check(name: &str, screen: impl Fn(u16, u16) -> String) {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen(width, height));
    }
}

#[test]
fn empty() {
    check("empty", |width, height| text(&operator(State::default(), width, height)));
}

#[test]
fn normal_state() {
    check("normal", |width, height| text(&operator(normal(), width, height)));
}

#[test]
fn overflowing() {
    check("overflow", |width, height| text(&operator(overflow(60, 60, 40), width, height)));
}

#[test]
fn stale() {
    check("stale", |width, height| {
        let mut model = operator(normal(), width, height);
        lose(&mut model);
        text(&model)
    });
}

#[test]
fn read_only() {
    check("read_only", |width, height| text(&model(normal(), Access::Watcher, width, height)));
}

#[test]
fn failing_state() {
    check("failing", |width, height| text(&operator(failing(), width, height)));
}

#[test]
fn an_outage_is_said_above_all_panes() {
    let mut state = failing();
    for instance in state.instances.values_mut() {
        if instance.environment.name.as_str() == "production" {
            instance.health.state = TargetState::Unhealthy;
            instance.health.detail = "did not answer within 2s".to_owned();
        }
    }
    let banner = "shop/production: none of 3 targets is healthy. x b rolls it back. r41-0: did not \
                  answer within 2s";
    assert!(text(&operator(state.clone(), 120, 40)).contains(banner));
    let watched = text(&model(state.clone(), Access::Watcher, 120, 40));
    assert!(watched.contains("is healthy. r41-0: did"), "{watched}");
    // What stands first in the operator's file is told first.
    let mut all = state.clone();
    for instance in all.instances.values_mut() {
        instance.health.state = TargetState::Unhealthy;
    }
    let screen = text(&operator(all, 120, 40));
    assert!(screen.contains("shop/production (and 2 more): none of"), "{screen}");
    // Why none comes up in its place says more.
    let production = state.environments.get_mut(&key("production")).unwrap();
    (production.replace_failures, production.replace_at) = (2, Timestamp(NOW.0 + 120_000));
    production.lost = Some(Lost {
        id: "shop-production-r41-0.7".into(),
        why: "its container does not run: the image is gone".to_owned(),
        at: Timestamp(NOW.0 - 180_000),
        follows: false,
        slot: None,
    });
    let screen = text(&operator(state.clone(), 200, 60));
    let told = "none of 3 targets is healthy. x b rolls it back. shop-production-r41-0.7 was lost 3m \
                ago (2 in a row), the next try in 2m: its container does not run: the image is gone";
    assert!(screen.contains(told), "{screen}");
    // While the edge says nothing, nobody knows, and that is told on the smallest screen as well.
    state.edge.connected = false;
    state.edge.error = Some("the edge did not answer in time".to_owned());
    assert!(!text(&operator(state.clone(), 120, 40)).contains("targets is healthy"));
    for (width, height) in [(120, 40), (80, 24), (40, 12)] {
        let screen = text(&operator(state.clone(), width, height));
        assert!(screen.contains("Nothing may be served: the load"), "{screen}");
    }
}

#[test]
fn a_file_that_is_not_applied_is_named_where_there_is_no_project() {
    let mut model = operator(State::default(), 200, 60);
    for (files, told) in [
        (vec!["shop.toml"], "shop.toml is not applied"),
        (vec!["shop.toml", "blog.toml"], "shop.toml and 1 more are not"),
    ] {
        model.files = files.into_iter().map(str::to_owned).collect();
        let screen = text(&model);
        assert!(screen.contains(told) && screen.contains("`pilothouse apply`"), "{screen}");
        assert!(!screen.contains("pilothouse add"), "{screen}");
    }
}

#[test]
fn what_runs_nothing_says_so_beside_a_price_elsewhere() {
    fn price(_: &State) -> CostView {
        let line = |label: &str, shape: &str, elsewhere: Vec<Elsewhere>| CostLine {
            name: label.to_owned(),
            label: label.to_owned(),
            shape: shape.to_owned(),
            micro_usd: Some(0),
            at_least: None,
            shared: 0,
            is_stale: false,
            is_part: false,
            elsewhere,
            note: String::new(),
        };
        let other = |name: &str| Elsewhere { name: name.to_owned(), micro_usd: 12_345 };
        let lines = vec![
            line("production", "2 × local", vec![other("Fargate + ALB"), other("EC2 + ALB")]),
            line("qa", NOTHING, Vec::new()),
        ];
        CostView { lines, source: "local processes are not billed".to_owned() }
    }
    let mut model = operator(normal(), 80, 40);
    model.price = price;
    model.costs = price(&model.replica);
    press(&mut model, "5z");
    let screen = text(&model);
    // Where a shorter form of the prices leaves it room, it is said in full.
    assert!(screen.contains("nothing runs  $0.000/h"), "{screen}");
    let mut model = operator(normal(), 60, 40);
    model.price = price;
    model.costs = price(&model.replica);
    press(&mut model, "5z");
    let screen = text(&model);
    assert!(screen.contains("none") && !screen.contains("nothin"), "{screen}");
}
