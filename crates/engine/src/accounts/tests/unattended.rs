//! While nobody looks, and for whoever comes then.

use std::time::Duration;

use pilothouse_api::types::Access as Door;
use pilothouse_core::apply::apply;
use pilothouse_core::aws::Part;
use pilothouse_core::command::Command;
use pilothouse_core::decide::decide;
use pilothouse_core::effect::Input;
use pilothouse_core::event::Recorded;
use pilothouse_core::run::Trigger;
use pilothouse_core::state::State;
use pilothouse_core::time::Timestamp;

use super::super::wanted;
use super::{INTERVAL, World};

#[tokio::test(start_paused = true)]
async fn nobody_looks_often_while_nobody_watches() {
    let mut world = World::new(false);
    world.passes(Duration::from_secs(290)).await;
    let asked = world.made.taken();
    assert_eq!(asked.iter().filter(|part| **part == Part::Identity).count(), 1);
    assert!(!asked.contains(&Part::Metrics), "what costs something is not asked for");
    // Whoever comes sees what is so now.
    world.client = Some(world.publisher.subscribe(Door::Watcher, None, true).unwrap());
    world.passes(Duration::from_secs(1)).await;
    assert!(world.made.taken().contains(&Part::Metrics));
    assert_eq!(world.seen().balancers.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn all_but_what_costs_is_read_in_every_round_while_nobody_watches() {
    let mut world = World::new(false);
    world.passes(Duration::from_secs(1)).await;
    world.made.taken();
    world.passes(INTERVAL * 30).await;
    let asked = world.made.taken();
    for part in [Part::Instances, Part::Volumes, Part::Balancers, Part::Rules, Part::Gateways] {
        assert_eq!(asked.iter().filter(|asked| **asked == part).count(), 1, "{part:?}");
    }
    assert!(!asked.contains(&Part::Metrics) && !asked.contains(&Part::Meters), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_sees_a_healthy_account_as_it_is_from_the_first_moment() {
    let mut world = World::new(false);
    // Four minutes after the second round.
    world.passes(Duration::from_secs(540)).await;
    world.made.taken();
    // Part by part comes late enough that what is told in between is seen.
    world.made.silent.lock().unwrap().push(Part::Balancers);
    world.client = Some(world.publisher.subscribe(Door::Watcher, None, true).unwrap());
    world.passes(Duration::from_secs(1)).await;
    let now = Timestamp(1_000_000 + 541_000);
    for part in [Part::Balancers, Part::Instances, Part::Volumes, Part::Rules] {
        assert_eq!(world.seen().stale_since(part, now), None, "{part:?}");
    }
    world.made.silent.lock().unwrap().clear();
    world.passes(INTERVAL * 7).await;
    let asked = world.made.taken();
    assert!(asked.contains(&Part::Volumes), "{asked:?}");
    assert_eq!(world.seen().every.0, 10_000);
}

#[tokio::test(start_paused = true)]
async fn an_arrival_makes_the_next_round_a_whole_one() {
    let mut world = World::new(false);
    world.passes(Duration::from_secs(310)).await;
    world.made.taken();
    world.client = Some(world.publisher.subscribe(Door::Watcher, None, true).unwrap());
    world.passes(Duration::from_secs(1)).await;
    let asked = world.made.taken();
    for part in [Part::Identity, Part::Instances, Part::Volumes, Part::Meters] {
        assert!(asked.contains(&part), "{part:?}: {asked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_of_late_are_those_of_the_last_hour() {
    let mut world = World::new(true);
    let hour = Duration::from_secs(3600);
    world.passes(hour * 3).await;
    let calls = world.seen().calls;
    let lately = calls.lately.unwrap();
    let now = Timestamp(1_000_000 + 3 * 3_600_000);
    let length = lately.length(now).0;
    assert!((3_600_000..3_700_000).contains(&length), "{length}");
    // The same pace all the time: a third of all.
    assert!(lately.requests * 5 < calls.requests * 2, "{calls:?}");
    assert!(lately.requests * 4 > calls.requests, "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_look_that_somebody_asks_for_is_a_whole_one_at_once() {
    for attended in [true, false] {
        let mut world = World::new(attended);
        world.passes(Duration::from_secs(2)).await;
        world.made.taken();
        world.watches.send_modify(|watches| watches.asks += 1);
        world.passes(Duration::from_secs(1)).await;
        let asked = world.made.taken();
        assert!(asked.contains(&Part::Instances) && asked.contains(&Part::Volumes), "{asked:?}");
    }
}

#[test]
fn what_a_hook_asks_for_asks_no_account() {
    let text = "repository = \"/srv/shop\"\n[environment.live]\nruntime = \"aws-watch\"\n\
                [environment.live.aws]\naccount = \"123456789012\"\nregion = \"us-east-1\"\n\
                load_balancers = [\"shop\"]\n";
    let spec = pilothouse_settings::operator::read("shop", "shop.toml", text).unwrap();
    let mut state = State::default();
    let mut asks = |command| {
        let input = Input::Command { actor: "kim".to_owned(), command };
        for event in decide(&state, &input, Timestamp(1)).events {
            let seq = state.seq.next();
            apply(&mut state, &Recorded { seq, at: Timestamp(1), event });
        }
        let watches: Vec<_> = wanted(&state).into_values().collect();
        assert_eq!(watches.len(), 1, "{watches:?}");
        watches[0].asks
    };
    let look = |trigger| Command::Look { project: None, trigger };
    let before = asks(Command::Apply { spec: Box::new(spec) });
    assert_eq!(asks(look(Trigger::Hook)), before);
    assert_eq!(asks(look(Trigger::Manual)), before + 1);
}
