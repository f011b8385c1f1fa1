//! What is chosen by its tags.

use std::collections::BTreeMap;

use super::super::asking::{Ask, Content};
use super::super::seen::EcsService;
use super::super::{Belongings, Inventory, Part, ServiceName, Tags};
use super::{ADMIN, ALB, WEB, account, balancer_alone, tags_alone, watch, watched};
use crate::time::Timestamp;

fn tags(env: &str) -> Tags {
    Tags::from([("app".to_owned(), "shop".to_owned()), ("env".to_owned(), env.to_owned())])
}

fn production() -> Belongings {
    Belongings { tags: tags("production"), ..Belongings::default() }
}

#[test]
fn load_balancers_target_groups_and_services_are_chosen_by_tags() {
    let mut inventory = account();
    let service = ServiceName::parse("shop/worker").unwrap();
    let (at, other) = (Timestamp(1), ServiceName::parse("shop/other").unwrap());
    let arns = BTreeMap::from([
        (ALB.to_owned(), tags("qa")),
        (WEB.to_owned(), tags("qa")),
        (ADMIN.to_owned(), tags("production")),
    ]);
    inventory.take(Part::Tags, at, Ok(Content::Tags(arns)));
    let services = BTreeMap::from([(service.clone(), tags("production")), (other, tags("qa"))]);
    inventory.take(Part::ServiceTags, at, Ok(Content::ServiceTags(services)));
    let watch = watch(production());
    assert_eq!(inventory.ask(Part::Services, &[&watch]), Some(Ask::Services(vec![service])));
    assert_eq!(inventory.ask(Part::Health, &[&watch]), Some(Ask::Health(vec![ADMIN.to_owned()])));
    let named = |name: &str| EcsService {
        cluster: "shop".to_owned(),
        name: name.to_owned(),
        ..EcsService::default()
    };
    let services = vec![named("worker"), named("other")];
    inventory.take(Part::Services, at, Ok(Content::Services(services)));
    let told = watched(&inventory, production());
    assert_eq!(told.balancers.len(), 0, "it is tagged for another environment");
    let names: Vec<&str> = told.groups.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["admin"]);
    let names: Vec<&str> = told.services.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["worker"]);
    // A load balancer with the tags brings what it would bring by its name.
    let arns = BTreeMap::from([(ALB.to_owned(), tags("production"))]);
    inventory.take(Part::Tags, at, Ok(Content::Tags(arns)));
    let told = watched(&inventory, production());
    assert_eq!((told.balancers.len(), told.groups.len(), told.instances.len()), (1, 1, 2));
}

#[test]
fn tags_are_asked_for_only_where_something_is_chosen_by_them() {
    let inventory = account();
    let (tagged, named) = (watch(production()), watch(balancer_alone()));
    for part in [Part::Tags, Part::ServiceTags] {
        assert_eq!(inventory.ask(part, &[&named]), None, "{part:?}");
        assert!(inventory.ask(part, &[&tagged, &named]).is_some(), "{part:?}");
    }
    let all = Ask::Tags(vec![ALB.to_owned(), ADMIN.to_owned(), WEB.to_owned()]);
    assert_eq!(inventory.ask(Part::Tags, &[&tagged]), Some(all));
    assert_eq!(inventory.ask(Part::Balancers, &[&tagged]), Some(Ask::Balancers));
    assert_eq!(inventory.ask(Part::Groups, &[&tagged]), Some(Ask::Groups));
}

#[test]
fn tags_that_nothing_has_are_told_once_all_that_may_have_them_was_read() {
    let mut inventory = account();
    let none = || Belongings { tags: tags("staging"), ..Belongings::default() };
    inventory.want([&watch(none())].into_iter());
    let absent = |inventory: &Inventory| watched(inventory, none()).absent;
    let at = Timestamp(2);
    for (part, content) in [
        (Part::Balancers, Content::Balancers(inventory.balancers.clone())),
        (Part::Groups, Content::Groups(inventory.groups.clone())),
        (
            Part::Tags,
            tags_alone(&inventory, BTreeMap::from([(ALB.to_owned(), tags("production"))])),
        ),
        (Part::ServiceTags, Content::ServiceTags(BTreeMap::new())),
        (Part::Instances, Content::Instances(inventory.instances.clone())),
    ] {
        assert_eq!(absent(&inventory), Vec::<String>::new(), "{part:?} may have them");
        inventory.take(part, at, Ok(content));
    }
    assert_eq!(absent(&inventory), ["nothing has all of the tags app=shop, env=staging"]);
    let had = inventory.clone();
    // What is read again has the tags that it had; what came since may have them, and costs.
    let is_open = |inventory: &Inventory| {
        let bill = watched(inventory, none()).bill;
        bill.unpriced().any(|line| line.what == Part::Tags.name())
    };
    for part in [Part::Balancers, Part::Groups] {
        let mut inventory = had.clone();
        for (is_new, told) in [(false, 1), (true, 0)] {
            if is_new {
                match part {
                    Part::Balancers => inventory.balancers[0].arn.push('2'),
                    _ => inventory.groups[0].arn.push('2'),
                }
            }
            let again = match part {
                Part::Balancers => Content::Balancers(inventory.balancers.clone()),
                _ => Content::Groups(inventory.groups.clone()),
            };
            inventory.take(part, Timestamp(3), Ok(again));
            assert_eq!(absent(&inventory).len(), told, "{part:?}");
            assert_eq!(is_open(&inventory), is_new, "{part:?}");
        }
    }
    inventory = had.clone();
    // Whatever has them, it is there.
    inventory.instances[0].tags = tags("staging");
    assert_eq!(absent(&inventory), Vec::<String>::new());
    inventory = had.clone();
    inventory.tags.insert(WEB.to_owned(), tags("staging"));
    assert_eq!(absent(&inventory), Vec::<String>::new());
    inventory = had;
    inventory.service_tags.insert(ServiceName::parse("shop/web").unwrap(), tags("staging"));
    assert_eq!(absent(&inventory), Vec::<String>::new());
    // Where there is nothing that could have tags of its own, none are asked for.
    let mut bare = Inventory::default();
    bare.want([&watch(none())].into_iter());
    for (part, content) in [
        (Part::Balancers, Content::Balancers(Vec::new())),
        (Part::Groups, Content::Groups(Vec::new())),
        (Part::ServiceTags, Content::ServiceTags(BTreeMap::new())),
        (Part::Instances, Content::Instances(Vec::new())),
    ] {
        bare.take(part, at, Ok(content));
    }
    bare.pass_over(Part::Tags);
    assert_eq!(absent(&bare).len(), 1);
}
