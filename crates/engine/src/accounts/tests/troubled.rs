//! Trouble that is one service's, and trouble that is all of the account's.

use std::time::Duration;

use pilothouse_core::aws::{Part, TroubleKind};

use super::{INTERVAL, World};

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
    world.made.fails(Part::Instances.name(), TroubleKind::Throttled);
    // A round is over, and who we are was asked half-way to the next one.
    world.passes(INTERVAL * 6).await;
    let kinds = |world: &World| -> Vec<Option<TroubleKind>> {
        let parts = world.seen().parts.iter().filter(|(part, _)| **part != Part::Identity);
        parts.map(|(_, fresh)| fresh.trouble.as_ref().map(|trouble| trouble.kind)).collect()
    };
    for _ in 0..6 {
        world.passes(INTERVAL).await;
        let kinds = kinds(&world);
        assert!(kinds.iter().all(|kind| *kind == Some(TroubleKind::Throttled)), "{kinds:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn throttling_is_answered_with_patience() {
    let mut world = World::new(true);
    world.made.fails(Part::Instances.name(), TroubleKind::Throttled);
    world.passes(Duration::from_secs(300)).await;
    let asked = world.made.taken();
    let tries = asked.iter().filter(|part| **part == Part::Instances).count();
    assert!((3..=6).contains(&tries), "{tries} tries in five minutes instead of 30");
}
