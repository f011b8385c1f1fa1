//! Measures how long a frame and an update take with a large state, at 200×60.
//!
//! `cargo run --release -p pilothouse-cockpit --example frame`

#![expect(clippy::disallowed_methods, reason = "it measures")]
#![expect(clippy::print_stdout, reason = "a measurement prints what it measured")]

use std::time::{Duration, Instant};

use pilothouse_cockpit::model::{Order, Pane};
use pilothouse_cockpit::msg::Input;
use pilothouse_cockpit::theme::Depth;
use pilothouse_cockpit::{Key, Msg, Theme, update, view};
use pilothouse_core::event::{Event, ProjectEvent, Recorded, RunEvent};
use pilothouse_core::id::{RunId, Seq};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

#[path = "../tests/it/fixture.rs"]
#[expect(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    reason = "only some of what tests need is measured"
)]
mod fixture;

fn median(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort();
    let place =
        |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    (place(50), place(99))
}

fn measure(name: &str, mut run: impl FnMut()) {
    let times = (0..400).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed()
    });
    let (half, most) = median(times.collect());
    println!("{name:<44} median {half:>10.1?}   p99 {most:>10.1?}");
}

fn main() {
    let theme = Theme::built_in("dark", Depth::True).unwrap_or_else(|problems| {
        println!("{problems:?}");
        std::process::exit(1)
    });
    let area = Rect::new(0, 0, 200, 60);
    let mut buffer = Buffer::empty(area);
    let mut model = fixture::operator(fixture::overflow(1000, 10_000, 500), 200, 60);
    println!("1,000 branches, 10,000 runs, 500 instances, 200×60");
    measure("frame", || view(&model, &theme, area, &mut buffer));
    model.ui.all_environments = true;
    update(&mut model, Msg::Tick { now: fixture::NOW, wall: fixture::NOW });
    measure("frame, all environments", || {
        view(&model, &theme, area, &mut buffer);
    });
    let samples = fixture::samples(&model.replica);
    measure("update, key j", || {
        update(&mut model, Msg::Input(Input::Key(Key::char('j'))));
    });
    measure("update, samples", || {
        update(&mut model, Msg::Samples(Box::new(samples.clone())));
    });
    // 500 containers of which all is known, in an order that measurements decide.
    let samples = fixture::contained_samples(&model.replica);
    model.ui.order = Order::Cpu;
    measure("update, samples of containers by CPU", || {
        update(&mut model, Msg::Samples(Box::new(samples.clone())));
    });
    (model.ui.focus, model.ui.zoomed) = (Pane::Containers, true);
    measure("frame, containers alone", || view(&model, &theme, area, &mut buffer));
    (model.ui.focus, model.ui.zoomed) = (Pane::Branches, false);
    let mut seq = model.replica.seq;
    measure("update, one event", || {
        seq = seq.next();
        let event = step_started(seq);
        update(&mut model, Msg::Event(Box::new(event)));
    });
    measure("update, one moved branch", || {
        seq = seq.next();
        let event = branch_moved(seq);
        update(&mut model, Msg::Event(Box::new(event)));
    });
    fixture::press(&mut model, "2/cancelled<Enter>");
    measure("update, one event under a filter", || {
        seq = seq.next();
        let event = step_started(seq);
        update(&mut model, Msg::Event(Box::new(event)));
    });
    measure("frame under a filter", || {
        view(&model, &theme, area, &mut buffer);
    });
}

fn step_started(seq: Seq) -> Recorded {
    let event = Event::Run(RunEvent::StepStarted { id: RunId(88), step: 0 });
    Recorded { seq, at: fixture::NOW, event }
}

fn branch_moved(seq: Seq) -> Recorded {
    let event = Event::Project(ProjectEvent::BranchMoved {
        project: "shop".into(),
        name: "main".into(),
        branch: Box::new(fixture::parts::branch(
            "4f1c2aa9",
            "결제 수정",
            Some("production"),
            87,
            120,
        )),
    });
    Recorded { seq, at: fixture::NOW, event }
}
