//! Screens as text: states by sizes.

use pilothouse_api::types::Access;
use pilothouse_core::instance::Lost;
use pilothouse_core::routing::TargetState;
use pilothouse_core::state::State;
use pilothouse_core::time::Timestamp;

use crate::fixture::{NOW, failing, key, lose, model, normal, operator, overflow, text};

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
    // Why none comes up in its place says more.
    let production = state.environments.get_mut(&key("production")).unwrap();
    (production.replace_failures, production.replace_at) = (2, Timestamp(NOW.0 + 120_000));
    production.lost = Some(Lost {
        id: "shop-production-r41-0.7".into(),
        why: "its container does not run: the image is gone".to_owned(),
        at: Timestamp(NOW.0 - 180_000),
    });
    let screen = text(&operator(state.clone(), 200, 60));
    let told = "none of 3 targets is healthy. x b rolls it back. shop-production-r41-0.7 was lost 3m \
                ago (2 in a row), the next try in 2m: its container does not run: the image is gone";
    assert!(screen.contains(told), "{screen}");
    // While the edge says nothing, nobody knows.
    state.edge.connected = false;
    assert!(!text(&operator(state, 120, 40)).contains("targets is healthy"));
}
