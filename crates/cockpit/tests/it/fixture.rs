//! A cockpit to look at, and what to look with.

#[path = "fixture/more.rs"]
pub mod more;
#[path = "fixture/parts.rs"]
pub mod parts;
#[path = "fixture/state.rs"]
pub mod state;

pub use more::{contained, contained_samples, failing, overflow, samples};
pub use state::normal;

use pilothouse_api::types::{Access, Snapshot};
use pilothouse_cockpit::key::keys;
use pilothouse_cockpit::msg::{Input, Line};
use pilothouse_cockpit::theme::Depth;
use pilothouse_cockpit::{Keymap, Model, Msg, Request, Theme, update, view};
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::event::environment_key;
use pilothouse_core::state::State;
use pilothouse_core::time::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// 2026-11-22 18:04:11 UTC.
pub const NOW: Timestamp = Timestamp(1_795_370_651_000);

pub fn ago(seconds: u64) -> Timestamp {
    Timestamp(NOW.0 - seconds * 1000)
}

pub fn key(name: &str) -> EnvironmentKey {
    environment_key(&"shop".into(), &name.into())
}

pub fn model(state: State, access: Access, width: u16, height: u16) -> Model {
    let mut model = Model::new(Keymap::default(), NOW);
    update(&mut model, Msg::Input(Input::Resize { width, height }));
    let samples = samples(&state);
    update(&mut model, Msg::Snapshot(Box::new(snapshot(state, access))));
    update(&mut model, Msg::Samples(Box::new(samples)));
    model
}

/// What the engine answers to who asks for all of it.
pub fn snapshot(state: State, access: Access) -> Snapshot {
    Snapshot {
        api: 1,
        engine: "0.1.0".to_owned(),
        access,
        actor: "kim".to_owned(),
        now: NOW,
        degraded: None,
        room: None,
        seq: state.seq,
        state,
    }
}

pub fn operator(state: State, width: u16, height: u16) -> Model {
    model(state, Access::Operator, width, height)
}

/// The time, where both clocks agree.
pub fn tick(at: Timestamp) -> Msg {
    Msg::Tick { now: at, wall: at }
}

pub fn lose(model: &mut Model) {
    update(model, Msg::Line(Line::Lost { why: "connection reset".to_owned() }));
    update(model, tick(Timestamp(NOW.0 + 130_000)));
}

/// Presses keys; gives what was asked for.
pub fn press(model: &mut Model, text: &str) -> Vec<Request> {
    keys(text)
        .unwrap()
        .into_iter()
        .flat_map(|key| update(model, Msg::Input(Input::Key(key))))
        .collect()
}

pub fn buffer(model: &Model, theme: &Theme) -> Buffer {
    let area = Rect::new(0, 0, model.ui.width, model.ui.height);
    let mut buffer = Buffer::empty(area);
    view(model, theme, area, &mut buffer);
    buffer
}

pub fn theme(name: &str) -> Theme {
    Theme::built_in(name, Depth::True).unwrap()
}

/// The screen as text, a line for each row.
pub fn text(model: &Model) -> String {
    lines(&buffer(model, &theme("dark")))
}

pub fn lines(buffer: &Buffer) -> String {
    let area = buffer.area();
    let mut out = String::new();
    for y in area.top()..area.bottom() {
        let mut line = String::new();
        let mut skip = 0;
        for x in area.left()..area.right() {
            let symbol = buffer[(x, y)].symbol();
            if skip == 0 {
                line.push_str(symbol);
                skip = pilothouse_cockpit::width::of(symbol).saturating_sub(1);
            } else {
                skip -= 1;
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
