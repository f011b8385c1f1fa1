//! Target groups that are found by the instances that are named.

use std::collections::BTreeMap;
use std::time::Duration;

use pilothouse_core::aws::seen::{Group, Target, TargetState};
use pilothouse_core::aws::{Belongings, Part};

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
