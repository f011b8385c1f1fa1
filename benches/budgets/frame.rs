//! One frame of the cockpit with a large state.

use std::time::{Duration, Instant};

use pilothouse_cockpit::theme::Depth;
use pilothouse_cockpit::{Msg, Theme, update, view};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::Outcome;
use crate::table::{Row, median, place, text};

#[path = "../../crates/cockpit/tests/it/fixture.rs"]
#[expect(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    reason = "only some of what tests need is measured"
)]
mod fixture;

/// Frames that are drawn.
const FRAMES: usize = 400;

/// Containers whose measurements come with each frame.
const CONTAINERS: u32 = 100;

/// Measures a frame, one with all environments' instances, and the pane of many containers.
pub fn measure() -> Outcome<Vec<Row>> {
    let theme = Theme::built_in("dark", Depth::True).map_err(|problems| format!("{problems:?}"))?;
    Ok(vec![large(&theme), contained(&theme)])
}

fn large(theme: &Theme) -> Row {
    let area = Rect::new(0, 0, 200, 60);
    let mut buffer = Buffer::empty(area);
    let mut model = fixture::operator(fixture::overflow(1000, 10_000, 500), 200, 60);
    let mut frames = |model: &pilothouse_cockpit::Model| -> Vec<Duration> {
        let frame = |_| {
            let begun = Instant::now();
            view(model, theme, area, &mut buffer);
            begun.elapsed()
        };
        (0..FRAMES).map(frame).collect()
    };
    let one = frames(&model);
    model.ui.all_environments = true;
    update(&mut model, Msg::Tick { now: fixture::NOW, wall: fixture::NOW });
    let all = frames(&model);
    let (first, second) = (median(&one), median(&all));
    let what = "frame 200x60: 1,000 branches, 10,000 runs, 500 instances";
    Row::time(what, first.max(second), Duration::from_millis(2)).note(format!(
        "median of {FRAMES}: one environment {}, all environments {}; p99 {} and {}",
        text(first),
        text(second),
        text(place(&one, 99)),
        text(place(&all, 99))
    ))
}

/// The pane of containers over the whole screen, by CPU, with new measurements of all of them.
fn contained(theme: &Theme) -> Row {
    let area = Rect::new(0, 0, 200, 60);
    let mut buffer = Buffer::empty(area);
    let mut state = fixture::overflow(0, 0, CONTAINERS - 3);
    let production = fixture::key("production");
    if let Some(containers) = fixture::contained().environments.remove(&production) {
        state.environments.insert(production, containers);
    }
    let samples = fixture::contained_samples(&state);
    let mut model = fixture::operator(state, 200, 60);
    fixture::press(&mut model, "3zo");
    let frame = |_| {
        let begun = Instant::now();
        update(&mut model, Msg::Samples(Box::new(samples.clone())));
        view(&model, theme, area, &mut buffer);
        begun.elapsed()
    };
    let all: Vec<Duration> = (0..FRAMES).map(frame).collect();
    let what = "measurements of 100 containers to a frame 200x60 of their pane";
    Row::time(what, median(&all), Duration::from_millis(2))
        .note(format!("median of {FRAMES}; p99 {}", text(place(&all, 99))))
}
