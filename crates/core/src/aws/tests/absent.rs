//! Of when what is not there is: as old as what tells of it, and nothing else.

use std::collections::BTreeMap;

use super::super::asking::Content;
use super::super::bill::Total;
use super::super::seen::EcsService;
use super::super::{Belongings, Inventory, Part, ServiceName, Trouble, TroubleKind, Watched};
use super::{account, balancer_alone, watched};
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp(9000);

/// One of each kind that is named and not there.
fn named() -> Belongings {
    Belongings {
        load_balancers: vec!["shoop".to_owned()],
        target_groups: vec!["crowd".to_owned()],
        instances: vec!["i-9".to_owned()],
        services: vec![ServiceName::parse("shop/mail").unwrap()],
        ..Belongings::default()
    }
}

/// The account in which a part is throttled and all others were read once more.
fn throttled(part: Part) -> Inventory {
    let mut inventory = account();
    for (part, content) in [
        (Part::Services, Content::Services(Vec::new())),
        (Part::Tags, super::tags_alone(&inventory, BTreeMap::new())),
        (Part::ServiceTags, Content::ServiceTags(BTreeMap::new())),
    ] {
        inventory.take(part, Timestamp(1000), Ok(content));
    }
    let action = "ecs:DescribeServices";
    inventory.take(part, NOW, Err(Trouble::new(TroubleKind::Throttled, action, "")));
    inventory
}

fn old(watched: &Watched) -> Vec<(String, Option<Timestamp>)> {
    let old = watched.missing(NOW).into_iter().filter(|one| one.since.is_some());
    old.map(|one| (one.what, one.since)).collect()
}

#[test]
fn what_is_not_there_is_as_old_as_the_part_that_tells_of_it() {
    for (part, what) in [
        (Part::Balancers, "there is no load balancer shoop"),
        (Part::Groups, "there is no target group crowd"),
        (Part::Instances, "there is no EC2 instance i-9"),
        (Part::Services, "there is no ECS service shop/mail"),
    ] {
        let told = watched(&throttled(part), named());
        assert_eq!(told.absent.len(), 4);
        assert_eq!(old(&told), [(what.to_owned(), Some(Timestamp(1000)))]);
    }
    // What tags choose may be of any kind.
    let tags = BTreeMap::from([("app".to_owned(), "none".to_owned())]);
    for part in [Part::Balancers, Part::Groups, Part::Instances, Part::Tags, Part::ServiceTags] {
        let tags = Belongings { tags: tags.clone(), ..Belongings::default() };
        let told = watched(&throttled(part), tags);
        let what = "nothing has the tag app=none".to_owned();
        assert_eq!(old(&told), [(what, Some(Timestamp(1000)))], "{part:?}");
    }
}

/// What an engine would have told that did not say by which part each is known.
fn before(told: &Watched) -> Watched {
    let mut value = serde_json::to_value(told).unwrap();
    assert!(value.as_object_mut().unwrap().remove("absent_by").is_some());
    serde_json::from_value(value).unwrap()
}

#[test]
fn of_an_engine_of_before_all_are_as_old_as_the_oldest_part_that_is_its_own() {
    let told = before(&watched(&throttled(Part::Services), named()));
    assert_eq!(old(&told).len(), 4, "any part may tell of it");
    // What is read for others alone tells nothing of it.
    let alone = Belongings { load_balancers: vec!["shoop".to_owned()], ..balancer_alone() };
    let told = before(&watched(&throttled(Part::Services), alone));
    assert_eq!((told.absent.len(), old(&told)), (1, Vec::new()));
}

#[test]
fn what_is_named_and_not_there_is_on_the_bill_and_never_costs_nothing() {
    let mail = || Belongings { services: named().services, ..Belongings::default() };
    let gone = EcsService {
        cluster: "shop".to_owned(),
        name: "mail".to_owned(),
        state: "INACTIVE".to_owned(),
        ..EcsService::default()
    };
    for (services, what) in [
        (Vec::new(), "there is no ECS service shop/mail"),
        (vec![gone], "the ECS service shop/mail was deleted"),
    ] {
        let mut inventory = account();
        inventory.gateways.clear();
        inventory.take(Part::Services, NOW, Ok(Content::Services(services)));
        let told = watched(&inventory, mail());
        let lines = told.bill.unpriced().map(|line| (line.what.as_str(), line.note.as_str()));
        assert_eq!(lines.collect::<Vec<_>>(), [("missing", what)]);
        assert_eq!(Total::of(&told, NOW).known, None, "a sum of nothing is not known");
    }
}
