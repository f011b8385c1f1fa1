//! An endpoint that does not answer, as a whole or in part.

use std::time::Duration;

use pilothouse_core::aws::{Part, TroubleKind};

use super::{INTERVAL, ORDER, World};

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_never_answers_makes_all_stale_within_an_interval() {
    let mut world = World::new(true);
    world.passes(Duration::from_secs(65)).await;
    world.made.taken();
    *world.made.silent.lock().unwrap() = vec![Part::Identity, Part::Instances, Part::Balancers];
    world.passes(INTERVAL * 6).await;
    assert!(!world.seen().parts.is_empty());
    for (part, fresh) in &world.seen().parts {
        assert_eq!(fresh.trouble.as_ref().unwrap().kind, TroubleKind::Late, "{part:?}");
    }
    let asked = world.made.taken();
    assert!(asked.len() <= 7, "few questions into the void: {asked:?}");
    assert!(asked.iter().all(|part| *part == Part::Identity), "{asked:?}");
    world.made.silent.lock().unwrap().clear();
    world.passes(INTERVAL * 3).await;
    assert_eq!(world.seen().trouble(), None, "{:?}", world.seen().parts);
}

#[tokio::test(start_paused = true)]
async fn whenever_the_plug_is_pulled_all_is_stale_within_an_interval() {
    // Rounds begin at every tenth second, and who we are is asked five seconds later.
    for after in [60, 61, 62, 64, 65, 66, 68, 69] {
        for trouble in [None, Some(TroubleKind::Unreachable)] {
            let mut world = World::new(true);
            world.passes(Duration::from_millis(after * 1000 + 1)).await;
            match trouble {
                None => {
                    let mut silent = world.made.silent.lock().unwrap();
                    silent.push(Part::Identity);
                    silent.extend(ORDER);
                }
                Some(kind) => world.made.fails("all", kind),
            }
            world.passes(INTERVAL).await;
            let well = world.seen().parts.iter().find(|(_, fresh)| fresh.trouble.is_none());
            assert_eq!(well, None, "{trouble:?} after {after} s");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn silence_in_the_middle_of_a_round_is_told_from_one_slow_part() {
    let mut world = World::new(true);
    // One part alone brings no answer: the others are read all the same.
    *world.made.silent.lock().unwrap() = vec![Part::Volumes];
    world.passes(Duration::from_secs(70)).await;
    let asked = world.made.taken();
    let place = |part: Part| asked.iter().position(|one| *one == part);
    let (volumes, gateways) = (place(Part::Volumes), place(Part::Gateways));
    assert!(volumes < gateways && gateways.is_some(), "{asked:?}");
    assert_eq!(asked[volumes.unwrap() + 1], Part::Identity, "whether anybody is there");
    let late: Vec<&Part> = world
        .seen()
        .parts
        .iter()
        .filter(|(_, fresh)| fresh.trouble.is_some())
        .map(|(part, _)| part)
        .collect();
    assert_eq!(late, [&Part::Volumes]);
    // Nobody is there: the rest of the round is not tried.
    world.passes(Duration::from_secs(1)).await;
    *world.made.silent.lock().unwrap() = vec![Part::Volumes, Part::Identity];
    world.passes(INTERVAL * 6).await;
    let troubles = world.seen().parts.values().filter(|fresh| fresh.trouble.is_none()).count();
    assert_eq!(troubles, 0, "{:?}", world.seen().parts);
}
