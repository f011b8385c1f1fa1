//! Screens as text: states by sizes.

use pilothouse_api::types::Access;
use pilothouse_core::state::State;

use crate::fixture::{failing, lose, model, normal, operator, overflow, text};

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
