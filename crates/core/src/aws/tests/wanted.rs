//! What a file newly names, of an account that is looked at already.

use std::collections::BTreeMap;

use super::super::asking::Content;
use super::super::seen::EcsService;
use super::super::{Belongings, Inventory, Part, ServiceName, Trouble, TroubleKind};
use super::{ALB, account, group, watch, watched};
use crate::time::Timestamp;

fn mail() -> Belongings {
    Belongings {
        target_groups: vec!["crowd".to_owned()],
        services: vec![ServiceName::parse("shop/mail").unwrap()],
        buckets: vec!["shop-mail".to_owned()],
        ..Belongings::default()
    }
}

fn live() -> Belongings {
    Belongings {
        services: vec![ServiceName::parse("shop/web").unwrap()],
        buckets: vec!["shop-media".to_owned()],
        ..Belongings::default()
    }
}

/// An account that was read for another environment before this one was named.
fn read_for_another() -> Inventory {
    let mut inventory = account();
    inventory.want([&watch(live())].into_iter());
    for (part, content) in [
        (Part::Services, Content::Services(vec![])),
        (Part::Groups, Content::Groups(vec![group("arn:crowd", "crowd", &[ALB])])),
        (Part::Health, Content::Health(BTreeMap::new())),
        (Part::Meters, Content::Meters(BTreeMap::new())),
    ] {
        inventory.take(part, Timestamp(2000), Ok(content));
    }
    inventory.want([&watch(live()), &watch(mail())].into_iter());
    inventory
}

#[test]
fn what_is_newly_named_is_not_read_until_it_was_asked_for() {
    let mut inventory = read_for_another();
    let seen = watched(&inventory, mail());
    assert_eq!(seen.absent, Vec::<String>::new(), "nobody asked for it yet");
    for part in [Part::Services, Part::Health, Part::Groups] {
        assert_eq!(seen.stale_since(part, Timestamp(2000)), Some(Timestamp(0)), "{part:?}");
    }
    let unread = |seen: &super::Watched| -> Vec<String> {
        let open = seen.bill.unpriced().filter(|line| line.note == "not read yet");
        open.map(|line| line.what.clone()).collect()
    };
    assert_eq!(unread(&seen), ["target groups", "ECS services", "target health"]);
    let bucket = seen.bill.lines.iter().find(|line| line.what == "S3 stored").unwrap();
    assert!(bucket.is_unasked(), "{}", bucket.note);
    // The other environment was read for what it names.
    let other = watched(&inventory, live());
    assert_eq!(other.absent, ["there is no ECS service shop/web"]);
    assert_eq!(unread(&other), Vec::<String>::new());
    let bucket = other.bill.lines.iter().find(|line| line.what == "S3 stored").unwrap();
    assert!(!bucket.is_unasked(), "{}", bucket.note);
    // Once it was asked for, what is there is, and what is not is not.
    let one = EcsService { cluster: "shop".into(), name: "other".into(), ..EcsService::default() };
    inventory.take(Part::Services, Timestamp(3000), Ok(Content::Services(vec![one])));
    assert_eq!(watched(&inventory, mail()).absent, ["there is no ECS service shop/mail"]);
}

#[test]
fn what_could_not_be_asked_for_is_not_read_either_and_says_why() {
    let mut inventory = read_for_another();
    let denied = Trouble::new(TroubleKind::Denied, "ecs:DescribeServices", "");
    inventory.take(Part::Services, Timestamp(3000), Err(denied.clone()));
    let seen = watched(&inventory, mail());
    assert_eq!(seen.absent, Vec::<String>::new());
    let services = &seen.parts[&Part::Services];
    assert_eq!((services.at, services.trouble.as_ref()), (None, Some(&denied)));
}

#[test]
fn what_is_named_once_more_is_asked_for_once_more() {
    let mut inventory = read_for_another();
    inventory.take(Part::Services, Timestamp(3000), Ok(Content::Services(vec![])));
    inventory.want([&watch(live())].into_iter());
    inventory.want([&watch(live()), &watch(mail())].into_iter());
    assert_eq!(watched(&inventory, mail()).absent, Vec::<String>::new());
    // Where there is nothing to ask for, nothing is waited for.
    inventory.pass_over(Part::Services);
    assert_eq!(watched(&inventory, mail()).parts.get(&Part::Services), None);
}

#[test]
fn what_is_named_while_nothing_can_be_read_says_why_until_something_is() {
    let mut inventory = account();
    inventory.want([&watch(live())].into_iter());
    let gone = Trouble::new(TroubleKind::Unreachable, "ec2:DescribeInstances", "");
    inventory.fail_all(&gone);
    inventory.want([&watch(live()), &watch(mail())].into_iter());
    let of = |inventory: &Inventory| watched(inventory, mail()).parts[&Part::Services].clone();
    assert_eq!((of(&inventory).at, of(&inventory).trouble), (None, Some(gone)));
    let hosts = inventory.instances.clone();
    inventory.take(Part::Instances, Timestamp(3000), Ok(Content::Instances(hosts)));
    assert_eq!((of(&inventory).at, of(&inventory).trouble), (None, None));
}
