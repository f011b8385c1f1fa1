//! Trouble that is one service's, and trouble that is all of the account's.

use std::time::Duration;

use pilothouse_core::aws::{Belongings, Freshness, Part, TroubleKind};
use pilothouse_core::time::{Millis, Timestamp};

use super::registered::group;
use super::{INTERVAL, Made, World};

#[tokio::test(start_paused = true)]
async fn a_service_that_is_not_reached_blinds_nothing_else() {
    let mut world = World::new(true);
    world.made.fails(Part::Balancers.name(), TroubleKind::Unreachable);
    world.passes(Duration::from_secs(1)).await;
    let troubled = |world: &World| -> Vec<Part> {
        let parts = world.seen().parts.iter().filter(|(_, fresh)| fresh.trouble.is_some());
        parts.map(|(part, _)| *part).collect()
    };
    assert_eq!(troubled(&world), [Part::Balancers]);
    assert!(world.made.taken().contains(&Part::Gateways), "the round went on");
    world.passes(INTERVAL * 3).await;
    assert_eq!(troubled(&world), [Part::Balancers]);
    // Where who we are is not answered either, nobody is there.
    world.made.fails(Part::Identity.name(), TroubleKind::Unreachable);
    world.passes(INTERVAL).await;
    let seen = world.seen();
    assert_eq!(troubled(&world).len(), seen.parts.len(), "{:?}", seen.parts);
}

#[tokio::test(start_paused = true)]
async fn who_we_are_heals_nothing_but_itself() {
    let mut world = World::new(true);
    world.passes(Duration::from_secs(65)).await;
    world.made.fails(Part::Instances.name(), TroubleKind::Expired);
    // A round is over, and who we are was asked half-way to the next one.
    world.passes(INTERVAL * 6).await;
    let kinds = |world: &World| -> Vec<Option<TroubleKind>> {
        let parts = world.seen().parts.iter().filter(|(part, _)| **part != Part::Identity);
        parts.map(|(_, fresh)| fresh.trouble.as_ref().map(|trouble| trouble.kind)).collect()
    };
    for _ in 0..6 {
        world.passes(INTERVAL).await;
        let kinds = kinds(&world);
        assert!(kinds.iter().all(|kind| *kind == Some(TroubleKind::Expired)), "{kinds:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn throttling_is_answered_with_patience() {
    let mut world = World::new(true);
    world.made.fails(Part::Instances.name(), TroubleKind::Throttled);
    world.passes(Duration::from_secs(300)).await;
    let asked = world.made.taken();
    let tries = |part: Part| asked.iter().filter(|one| **one == part).count();
    let throttled = tries(Part::Instances);
    assert!((3..=6).contains(&throttled), "{throttled} tries in five minutes instead of 30");
    // What is not throttled goes on as it did.
    assert_eq!(tries(Part::Volumes), 5, "{asked:?}");
    assert_eq!(world.seen().every, Millis::seconds(10));
}

#[tokio::test(start_paused = true)]
async fn an_action_that_is_throttled_blinds_nothing_else() {
    let made = Made::default();
    made.groups.lock().unwrap().push(group());
    made.fails(Part::Health.name(), TroubleKind::Throttled);
    let mut world = World::on(made, belongings(), true);
    world.passes(Duration::from_secs(1)).await;
    let troubled = |world: &World| -> Vec<(Part, TroubleKind)> {
        let parts = world.seen().parts.iter();
        let kind = |fresh: &Freshness| fresh.trouble.as_ref().map(|trouble| trouble.kind);
        parts.filter_map(|(part, fresh)| Some((*part, kind(fresh)?))).collect()
    };
    let alone = [(Part::Health, TroubleKind::Throttled)];
    assert_eq!(troubled(&world), alone);
    let first = world.made.taken();
    for part in [Part::Instances, Part::Registrations, Part::Rules, Part::Volumes, Part::Gateways] {
        assert!(first.contains(&part), "the round went on: {first:?}");
    }
    // It is asked again after 20, 40 and 80 s, however often others are read.
    world.passes(Duration::from_secs(145)).await;
    assert_eq!(troubled(&world), alone);
    let now = Timestamp(1_000_000 + 146_000);
    assert_eq!(world.seen().stale_since(Part::Instances, now), None, "{:?}", world.seen().parts);
    let asked = world.made.taken();
    let tries = asked.iter().filter(|part| **part == Part::Health).count();
    assert_eq!(tries, 3, "{asked:?}");
    // Who asks for a look has it asked at once.
    world.watches.send_modify(|watches| watches.asks += 1);
    world.passes(Duration::from_secs(1)).await;
    assert!(world.made.taken().contains(&Part::Health));
    world.made.is_well();
    world.passes(Duration::from_secs(300)).await;
    assert_eq!(troubled(&world), []);
    world.made.taken();
    world.passes(INTERVAL * 3).await;
    let asked = world.made.taken();
    assert_eq!(asked.iter().filter(|part| **part == Part::Health).count(), 3, "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn who_we_are_that_is_throttled_is_of_all() {
    let mut world = World::new(true);
    world.made.fails(Part::Identity.name(), TroubleKind::Throttled);
    world.passes(Duration::from_secs(300)).await;
    let asked = world.made.taken();
    assert!(asked.iter().all(|part| *part == Part::Identity), "{asked:?}");
    assert!((3..=12).contains(&asked.len()), "{} tries in five minutes", asked.len());
    assert_eq!(world.seen().stopped.as_ref().unwrap().kind, TroubleKind::Throttled);
}

/// What is asked for as much as there is.
fn belongings() -> Belongings {
    Belongings {
        load_balancers: vec!["shop".into()],
        instances: vec!["i-1".into()],
        ..Belongings::default()
    }
}
