//! The engine's clock and the wall's, where they do not agree.

use pilothouse_api::types::{Access, STALE_AFTER};
use pilothouse_cockpit::model::Toast;
use pilothouse_cockpit::{Keymap, Model, Msg, next_tick, update};
use pilothouse_core::state::State;
use pilothouse_core::time::{Millis, Timestamp};

use crate::fixture::{NOW, ago, lose, normal, operator, samples, snapshot, text, tick};

const HOURS: Millis = Millis::seconds(8 * 3600);

/// The wall's time, 8 hours ahead of the engine's and as far behind it.
const JUMPED: [(Timestamp, &str); 2] =
    [(Timestamp(NOW.0 + HOURS.0), "02:04"), (Timestamp(NOW.0 - HOURS.0), "10:04")];

/// A snapshot of an engine that was restarted, by whose clock it is this time.
fn restarted(now: Timestamp) -> Msg {
    let state = State { started_at: now, ..normal() };
    let mut snapshot = snapshot(state, Access::Operator);
    snapshot.now = now;
    Msg::Snapshot(Box::new(snapshot))
}

#[test]
fn a_wall_that_jumps_moves_the_time_of_day_alone() {
    let before = text(&operator(normal(), 160, 40));
    assert!(before.contains("up 12d") && before.contains("18:04"), "{before}");
    for (wall, clock) in JUMPED {
        let mut model = operator(normal(), 160, 40);
        update(&mut model, Msg::Tick { now: NOW, wall });
        assert_eq!(text(&model), before.replacen("18:04", clock, 1));
    }
}

#[test]
fn measurements_grow_old_whatever_the_wall_says() {
    for (wall, _) in JUMPED {
        let mut model = operator(normal(), 160, 40);
        update(&mut model, Msg::Tick { now: Timestamp(NOW.0 + STALE_AFTER.0), wall });
        assert!(model.fresh_samples().is_some());
        update(&mut model, Msg::Tick { now: Timestamp(NOW.0 + STALE_AFTER.0 + 1), wall });
        assert!(model.fresh_samples().is_none());
    }
}

#[test]
fn the_time_of_day_moves_with_the_minutes_of_the_wall() {
    let mut state = normal();
    state.live_runs.clear();
    state.live_deployments.clear();
    let mut model = operator(state, 80, 24);
    let (now, wall) = (Timestamp(NOW.0 + STALE_AFTER.0 + 1), Timestamp(NOW.0 + HOURS.0 + 3_000));
    update(&mut model, Msg::Tick { now, wall });
    assert_eq!((wall.0 + next_tick(&model).unwrap().0) % 60_000, 0);
}

#[test]
fn the_first_snapshot_sets_the_clock_of_a_cockpit_that_had_the_wall_alone() {
    for (wall, clock) in JUMPED {
        let mut model = Model::new(Keymap::default(), wall);
        let said = "The engine does not answer yet.".to_owned();
        model.ui.toast = Some(Toast { text: said, is_error: true, at: wall, about: None });
        (model.ui.width, model.ui.height) = (160, 40);
        update(&mut model, Msg::Snapshot(Box::new(snapshot(normal(), Access::Operator))));
        assert_eq!((model.now, model.wall), (NOW, wall));
        let screen = text(&model);
        assert!(screen.contains("up 12d") && screen.contains(clock), "{screen}");
        // What was said is over in time as well.
        update(&mut model, tick(Timestamp(NOW.0 + 9_000)));
        assert!(!text(&model).contains("does not answer yet"), "{}", text(&model));
    }
}

#[test]
fn an_engine_that_goes_on_earlier_takes_the_cockpit_along() {
    let earlier = Timestamp(NOW.0 - HOURS.0);
    let mut model = operator(normal(), 160, 40);
    lose(&mut model);
    update(&mut model, restarted(earlier));
    assert_eq!(model.now, earlier);
    assert!(text(&model).contains("up <1m"), "{}", text(&model));
    // Measurements of a time that is yet to come would never grow old.
    assert!(model.fresh_samples().is_none());
    let mut fresh = samples(&model.replica);
    fresh.at = earlier;
    update(&mut model, Msg::Samples(Box::new(fresh)));
    assert!(model.fresh_samples().is_some());
    update(&mut model, tick(Timestamp(earlier.0 + STALE_AFTER.0 + 1)));
    assert!(model.fresh_samples().is_none());
}

#[test]
fn what_happened_meanwhile_is_told_by_an_engine_that_goes_on_earlier() {
    // It was seen until 2 hours from now, by the clock of the engine that there was then.
    let until = Timestamp(NOW.0 + 7_200_000);
    let mut state = normal();
    state.started_at = ago(86_400);
    let mut model = operator(state.clone(), 120, 40);
    update(&mut model, Msg::Away { since: until });
    assert!(!model.ui.away.is_empty(), "{:?}", model.ui.away);
    // A cockpit that stayed goes on from there too.
    let mut model = operator(state, 120, 40);
    model.ui.seen = until;
    update(&mut model, restarted(ago(60)));
    assert_eq!(model.ui.seen, ago(60));
}
