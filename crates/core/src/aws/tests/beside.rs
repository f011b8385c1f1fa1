//! Parts that are read for others of an account.

use std::collections::BTreeMap;

use super::super::asking::Content;
use super::super::bill::{Total, idle_since};
use super::super::{Belongings, Inventory, Part, ServiceName, Trouble, TroubleKind};
use super::{account, balancer_alone, group, target, watched};
use crate::aws::seen::TargetState;
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp(1000);

/// The account in which everything was read for somebody, and then nothing more.
fn silent() -> Inventory {
    let mut inventory = account();
    for (part, content) in [
        (Part::Services, Content::Services(Vec::new())),
        (Part::ServiceTags, Content::ServiceTags(BTreeMap::new())),
        (Part::Tags, Content::Tags(BTreeMap::new())),
        (Part::Checks, Content::Checks(BTreeMap::new())),
        (Part::Rules, Content::Rules(BTreeMap::new())),
        (Part::Meters, Content::Meters(BTreeMap::new())),
    ] {
        inventory.take(part, NOW, Ok(content));
    }
    for (part, fresh) in &mut inventory.parts {
        if *part != Part::Meters {
            fresh.trouble = Some(Trouble::new(TroubleKind::Denied, part.name(), ""));
        }
    }
    inventory
}

fn own(inventory: &Inventory, belongings: Belongings) -> Vec<Part> {
    watched(inventory, belongings).own_parts().map(|(part, _)| part).collect()
}

#[test]
fn only_parts_that_something_of_an_environment_is_in_count_for_it() {
    let buckets = || Belongings { buckets: vec!["media".to_owned()], ..Belongings::default() };
    let inventory = silent();
    let told = watched(&inventory, buckets());
    assert_eq!(own(&inventory, buckets()), [Part::Meters]);
    assert_eq!(told.trouble(), None);
    assert_eq!(Total::of(&told, NOW).stale_since, None);
    // What is idle in the account is of whoever may be in it.
    assert_eq!(idle_since(&told, NOW), Some(NOW));
    // Neither services nor tags are asked for by a load balancer.
    let parts = own(&inventory, balancer_alone());
    for part in [Part::Services, Part::ServiceTags, Part::Tags] {
        assert!(!parts.contains(&part), "{parts:?}");
    }
    for part in [Part::Balancers, Part::Groups, Part::Health, Part::Rules, Part::Instances] {
        assert!(parts.contains(&part), "{parts:?}");
    }
    let tags = BTreeMap::from([("app".to_owned(), "shop".to_owned())]);
    let parts = own(&inventory, Belongings { tags, ..Belongings::default() });
    for part in [Part::ServiceTags, Part::Tags, Part::Instances] {
        assert!(parts.contains(&part), "{parts:?}");
    }
}

#[test]
fn instances_are_of_an_environment_whose_targets_they_may_be() {
    let web = || Belongings {
        services: vec![ServiceName::parse("shop/web").unwrap()],
        ..Belongings::default()
    };
    let mut inventory = silent();
    assert_eq!(
        own(&inventory, web()),
        [Part::Gateways, Part::Groups, Part::Services, Part::Meters]
    );
    // Of what its target groups have nobody knows before they were read.
    inventory.parts.get_mut(&Part::Groups).unwrap().at = None;
    assert!(own(&inventory, web()).contains(&Part::Instances));
    // Targets that are addresses are no instances.
    let mut inventory = silent();
    for group in &mut inventory.groups {
        "ip".clone_into(&mut group.target_kind);
    }
    assert!(!own(&inventory, balancer_alone()).contains(&Part::Instances));
    // An instance by itself has no targets, whoever else has some.
    let mut inventory = silent();
    inventory.groups = vec![group("arn:other", "other", &[])];
    let targets = vec![target("i-9", TargetState::Healthy, None)];
    inventory.targets = BTreeMap::from([("arn:other".to_owned(), targets)]);
    let host = Belongings { instances: vec!["i-4".to_owned()], ..Belongings::default() };
    let parts = own(&inventory, host);
    assert!(!parts.contains(&Part::Health) && parts.contains(&Part::Instances), "{parts:?}");
}
