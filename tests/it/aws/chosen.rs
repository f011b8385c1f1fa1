//! What belongs to an environment by its tags alone.

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
    let trouble = told.trouble().map(|one| one.action.as_str());
    assert!(matches!(trouble, None | Some("cloudwatch:GetMetricData")), "{trouble:?}");
    stage.end();
}
