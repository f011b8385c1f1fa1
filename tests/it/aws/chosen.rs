//! What belongs to an environment by its tags alone, or by its instances alone.

use pilothouse_core::aws::Part;

use super::{ACCOUNT, Emulator, seen, stage, watch};

#[test]
fn tags_alone_choose_load_balancers_with_all_behind_them_and_services() {
    let moto = Emulator::moto();
    moto.account(&["fill", "2"]);
    moto.account(&["tagged"]);
    let stage = stage(&moto.endpoint());
    watch(&stage, ACCOUNT, "tags = { app = \"shop\", env = \"production\" }\n");
    let told = seen(&stage, "what has the tags", |one| {
        let read = |part: &Part| one.parts.get(part).is_some_and(|fresh| fresh.at.is_some());
        [Part::Tags, Part::ServiceTags, Part::Services, Part::Rules].iter().all(read)
    });
    let names: Vec<&str> = told.balancers.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["shop"]);
    let groups: Vec<&str> = told.groups.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(groups.len(), 2, "{groups:?}");
    let services: Vec<String> =
        told.services.iter().map(|one| format!("{}/{}", one.cluster, one.name)).collect();
    assert_eq!(services, ["shop/web"]);
    assert_eq!(told.instances.len(), 4, "two of the web, the worker, the odd one");
    // moto has no metrics that the SDK can read, and all else.
    let trouble = told.trouble().map(|one| one.action);
    assert!(matches!(trouble.as_deref(), None | Some("cloudwatch:GetMetricData")), "{trouble:?}");
    stage.end();
}

#[test]
fn instances_alone_bring_the_health_of_the_groups_that_have_them() {
    let moto = Emulator::moto();
    let made = moto.account(&["fill", "2"]);
    let stage = stage(&moto.endpoint());
    let (web, odd) = (made["web"][0].as_str().unwrap(), made["odd"].as_str().unwrap());
    watch(&stage, ACCOUNT, &format!("instances = [\"{web}\", \"{odd}\"]\n"));
    let told = seen(&stage, "a target's health", |one| {
        one.groups.iter().any(|group| !group.targets.is_empty())
    });
    // The group is told whole, and who else is in it belongs to somebody else.
    let [group] = told.groups.as_slice() else { panic!("{told:#?}") };
    assert_eq!((group.name.as_str(), group.targets.len()), ("shop-web", 2));
    assert_eq!(told.instances.len(), 2);
    assert!(told.balancers.is_empty());
    assert_eq!(told.unregistered.unwrap().instances, [odd]);
    stage.end();
}
