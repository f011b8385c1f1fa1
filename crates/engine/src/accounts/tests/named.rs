//! What a file newly names while an account is looked at already.

use std::time::Duration;

use pilothouse_core::aws::{AwsWatch, Belongings, Part, ServiceName};
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::time::Timestamp;

use super::{INTERVAL, World};

/// A second environment on the same account.
fn add(world: &World) {
    world.watches.send_modify(|watches| {
        let access = watches.of.values().next().unwrap().access.clone();
        let services = vec![ServiceName::parse("shop/mail").unwrap()];
        let belongings = Belongings { services, ..Belongings::default() };
        let key = EnvironmentKey { project: "shop".into(), name: "mail".into() };
        watches.of.insert(key, AwsWatch { access, belongings });
    });
}

#[tokio::test(start_paused = true)]
async fn a_second_environment_is_told_as_not_read_before_it_was_asked_for() {
    let mut world = World::new(true);
    world.passes(INTERVAL * 3 + Duration::from_secs(1)).await;
    // What is asked first of it brings no answer for a while.
    world.made.silent.lock().unwrap().push(Part::Balancers);
    add(&world);
    world.passes(Duration::from_secs(1)).await;
    let seen = world.seen_of("mail");
    assert_eq!(seen.absent, Vec::<String>::new());
    assert_eq!(seen.stale_since(Part::Services, Timestamp(1_032_000)), Some(Timestamp(0)));
    assert!(seen.bill.is_open(), "{:?}", seen.bill);
    world.made.silent.lock().unwrap().clear();
    // The part that is slow is given up after a minute.
    world.passes(INTERVAL * 7).await;
    let seen = world.seen_of("mail");
    assert_eq!(seen.absent, ["there is no ECS service shop/mail"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_named_in_the_middle_of_a_round_begins_one_of_its_own() {
    let mut world = World::new(true);
    world.made.silent.lock().unwrap().push(Part::Balancers);
    world.passes(Duration::from_secs(1)).await;
    world.made.taken();
    add(&world);
    world.made.silent.lock().unwrap().clear();
    // The part that is slow is given up after a minute.
    world.passes(Duration::from_secs(62)).await;
    let asked = world.made.taken();
    let first = asked.iter().position(|part| *part == Part::Balancers).unwrap();
    let before = asked.get(..first).unwrap();
    assert!(!before.contains(&Part::Instances), "the old round went on: {asked:?}");
    assert_eq!(world.seen_of("mail").absent, ["there is no ECS service shop/mail"]);
}
