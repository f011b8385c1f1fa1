//! Which NAT gateways an environment pays for: those of the networks that it has something in.

use super::super::asking::Content;
use super::super::seen::{Ec2State, EcsService, Gateway};
use super::super::{Belongings, Inventory, Part, ServiceName};
use super::bill::lines;
use super::{WEB, account, instance, watched};
use crate::time::Timestamp;

/// What a bill says of NAT gateways.
fn told(inventory: &Inventory, belongings: Belongings) -> Vec<String> {
    let all = lines(&watched(inventory, belongings).bill).into_iter();
    all.filter(|line| line.starts_with("NAT gateway")).collect()
}

fn service(groups: &[&str]) -> EcsService {
    EcsService {
        cluster: "shop".to_owned(),
        name: "web".to_owned(),
        state: "ACTIVE".to_owned(),
        desired: 1,
        launch: "FARGATE".to_owned(),
        groups: groups.iter().map(|arn| (*arn).to_owned()).collect(),
        ..EcsService::default()
    }
}

fn named() -> Belongings {
    let services = vec![ServiceName::parse("shop/web").unwrap()];
    Belongings { services, ..Belongings::default() }
}

const BILLED: [&str; 2] = ["NAT gateway $0.045", "NAT gateway bytes unpriced"];

#[test]
fn instances_and_target_groups_are_in_a_network_as_a_load_balancer_is() {
    let mut inventory = account();
    let of_instance = || Belongings { instances: vec!["i-4".to_owned()], ..Belongings::default() };
    assert_eq!(told(&inventory, of_instance()), Vec::<String>::new());
    inventory.instances[3].vpc = "vpc-1".to_owned();
    assert_eq!(told(&inventory, of_instance()), BILLED);
    inventory.instances[3].vpc = "vpc-2".to_owned();
    assert_eq!(told(&inventory, of_instance()), Vec::<String>::new(), "of another network");
    // One that is gone for ever is in none.
    inventory.instances[3] = instance("i-4", Ec2State::Terminated, &[]);
    inventory.instances[3].vpc = "vpc-1".to_owned();
    assert_eq!(told(&inventory, of_instance()), Vec::<String>::new());
    let of_group =
        || Belongings { target_groups: vec!["admin".to_owned()], ..Belongings::default() };
    assert_eq!(told(&inventory, of_group()), Vec::<String>::new());
    inventory.groups[1].vpc = "vpc-1".to_owned();
    assert_eq!(told(&inventory, of_group()), BILLED);
}

#[test]
fn a_service_whose_network_nobody_names_keeps_a_bill_open_where_there_is_a_gateway() {
    let mut inventory = account();
    let take = |inventory: &mut Inventory, service| {
        let services = Content::Services(vec![service]);
        inventory.take(Part::Services, Timestamp(1), Ok(services));
    };
    take(&mut inventory, service(&[]));
    assert_eq!(told(&inventory, named()), ["NAT gateway unpriced"]);
    let line =
        watched(&inventory, named()).bill.lines.into_iter().find(|line| !line.note.is_empty());
    let note = "1 in the region may be its tasks', whose VPC ECS does not name";
    assert_eq!(line.unwrap().note, note);
    // Its target group tells where it is, and so the gateway is its own or not.
    inventory.groups[0].vpc = "vpc-1".to_owned();
    take(&mut inventory, service(&[WEB]));
    assert_eq!(told(&inventory, named()), BILLED);
    inventory.groups[0].vpc = "vpc-2".to_owned();
    assert_eq!(told(&inventory, named()), Vec::<String>::new());
    // Where there is no gateway none is left out, nor of what has no tasks or is not at AWS.
    for service in [
        EcsService { desired: 0, ..service(&[]) },
        EcsService { state: "INACTIVE".to_owned(), ..service(&[]) },
        EcsService { launch: "EXTERNAL".to_owned(), ..service(&[]) },
    ] {
        take(&mut inventory, service);
        assert_eq!(told(&inventory, named()), Vec::<String>::new());
    }
    take(&mut inventory, service(&[]));
    let gone = Gateway { state: "deleted".to_owned(), ..inventory.gateways[0].clone() };
    inventory.take(Part::Gateways, Timestamp(1), Ok(Content::Gateways(vec![gone])));
    assert_eq!(told(&inventory, named()), Vec::<String>::new());
}
