//! Target groups that are found by the instances that are named, and by what ECS services say.

use std::collections::BTreeMap;
use std::time::Duration;

use pilothouse_core::aws::seen::{EcsService, Group, Target, TargetState};
use pilothouse_core::aws::{AwsWatch, Belongings, Part, ServiceName, TroubleKind};
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::time::Timestamp;

use super::{INTERVAL, Made, World};

/// The same target in each group.
pub(super) fn targets(arns: Vec<String>) -> BTreeMap<String, Vec<Target>> {
    let target = Target { id: "i-1".into(), state: TargetState::Healthy, ..Target::default() };
    arns.into_iter().map(|arn| (arn, vec![target.clone()])).collect()
}

/// A group that may have the instance.
pub(super) fn group() -> Group {
    Group {
        arn: "arn:web".into(),
        name: "web".into(),
        target_kind: "instance".into(),
        vpc: "vpc-1".into(),
        ..Group::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_found_has_its_health_at_once_and_is_looked_for_seldom() {
    let made = Made::default();
    made.groups.lock().unwrap().push(group());
    let belongings = Belongings { instances: vec!["i-1".into()], ..Belongings::default() };
    let mut world = World::on(made, belongings, true);
    world.passes(Duration::from_secs(1)).await;
    let seen = world.seen();
    assert_eq!(seen.groups[0].targets[0].state, TargetState::Healthy, "in the first round");
    assert!(seen.parts.contains_key(&Part::Health));
    world.made.taken();
    world.passes(INTERVAL * 24).await;
    let asked = world.made.taken();
    let count = |part| asked.iter().filter(|one| **one == part).count();
    assert_eq!(count(Part::Health), 24, "in every round");
    assert_eq!(count(Part::Registrations), 0, "{asked:?}");
    world.passes(INTERVAL * 6).await;
    assert!(world.made.taken().contains(&Part::Registrations), "now and then");
}

/// A service that is registered in a group.
fn service(group: &str) -> EcsService {
    let (cluster, name) = ("shop".to_owned(), "mail".to_owned());
    EcsService { cluster, name, groups: vec![group.to_owned()], ..EcsService::default() }
}

/// Another group, of which nothing else speaks.
fn other(name: &str) -> Group {
    Group { arn: format!("arn:{name}"), name: name.to_owned(), ..group() }
}

fn mail() -> Belongings {
    let services = vec![ServiceName::parse("shop/mail").unwrap()];
    Belongings { services, ..Belongings::default() }
}

/// The groups that are told of an environment, with how many targets, where that is known.
fn told(world: &World, name: &str) -> Vec<(String, Option<usize>)> {
    let groups = world.seen_of(name).groups.iter();
    groups.map(|one| (one.name.clone(), (!one.is_unread).then_some(one.targets.len()))).collect()
}

#[tokio::test(start_paused = true)]
async fn a_group_that_a_service_brings_has_its_health_in_the_first_round() {
    let made = Made::default();
    made.groups.lock().unwrap().extend([group(), other("mail")]);
    made.services.lock().unwrap().push(service("arn:mail"));
    let named = Belongings { target_groups: vec!["web".into()], ..Belongings::default() };
    let mut world = World::on(made, named, true);
    world.passes(INTERVAL + Duration::from_secs(1)).await;
    // Health was read already, of the group of others.
    world.watches.send_modify(|watches| {
        let access = watches.of.values().next().unwrap().access.clone();
        let key = EnvironmentKey { project: "shop".into(), name: "mail".into() };
        watches.of.insert(key, AwsWatch { access, belongings: mail() });
    });
    world.passes(Duration::from_secs(1)).await;
    assert_eq!(told(&world, "mail"), [("mail".to_owned(), Some(1))]);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_a_service_moves_to_has_its_health_at_once() {
    let made = Made::default();
    made.groups.lock().unwrap().extend([group(), other("mail")]);
    made.services.lock().unwrap().push(service("arn:mail"));
    let mut world = World::on(made, mail(), true);
    world.passes(Duration::from_secs(1)).await;
    assert_eq!(told(&world, "production"), [("mail".to_owned(), Some(1))]);
    *world.made.services.lock().unwrap() = vec![service("arn:web")];
    world.passes(INTERVAL).await;
    assert_eq!(told(&world, "production"), [("web".to_owned(), Some(1))]);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_comes_while_health_fails_is_not_read_and_not_empty() {
    let made = Made::default();
    let named = vec!["web".into(), "new".into()];
    made.groups.lock().unwrap().push(group());
    let named = Belongings { target_groups: named, ..Belongings::default() };
    let mut world = World::on(made, named, true);
    world.passes(Duration::from_secs(1)).await;
    world.made.fails(Part::Health.name(), TroubleKind::Late);
    world.made.groups.lock().unwrap().push(other("new"));
    world.passes(INTERVAL * 6).await;
    let all = [("web".to_owned(), Some(1)), ("new".to_owned(), None)];
    assert_eq!(told(&world, "production"), all);
    assert!(world.seen().bill.is_open());
    assert!(world.seen().missing(Timestamp(1_061_000)).is_empty());
    world.made.is_well();
    world.passes(INTERVAL).await;
    assert_eq!(told(&world, "production")[1].1, Some(1));
}
