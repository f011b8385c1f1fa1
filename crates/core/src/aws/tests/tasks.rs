//! What tasks of ECS cost, by what they run on.

use std::collections::BTreeMap;

use super::super::asking::Content;
use super::super::bill::{self, Total};
use super::super::meter::{Meter, StorageClass};
use super::super::seen::{EcsDeployment, EcsService, Takes, Task};
use super::super::{Belongings, Calls, Inventory, Part, ServiceName};
use super::bill::lines;
use super::watched;
use crate::cost::NanoUsd;
use crate::time::{Millis, Timestamp};

#[test]
fn fargate_is_billed_by_what_runs_on_each_architecture() {
    for (is_arm, expected) in [(false, "$0.024685"), (true, "$0.01975")] {
        let bill = bill_of(EcsService {
            desired: 3,
            running: 2,
            vcpu_milli: Some(250),
            memory_mib: Some(512),
            is_arm,
            ..service("FARGATE", &[])
        });
        assert_eq!(bill.known().to_string(), expected, "{bill:?}");
    }
}

/// A service as ECS tells of it.
pub(super) fn service(launch: &str, providers: &[&str]) -> EcsService {
    EcsService {
        cluster: "shop".to_owned(),
        name: "web".to_owned(),
        running: 3,
        launch: launch.to_owned(),
        providers: providers.iter().map(|name| (*name).to_owned()).collect(),
        vcpu_milli: Some(1000),
        memory_mib: Some(1024),
        ..EcsService::default()
    }
}

pub(super) fn bill_of(service: EcsService) -> bill::Bill {
    let mut inventory = Inventory::default();
    inventory.take(Part::Services, Timestamp(1), Ok(Content::Services(vec![service])));
    let services = vec![ServiceName::parse("shop/web").unwrap()];
    watched(&inventory, Belongings { services, ..Belongings::default() }).bill
}

#[test]
fn what_has_one_name_in_two_regions_is_paid_twice_and_a_bucket_once() {
    let mut inventory = super::account();
    let running = vec![service("FARGATE", &[])];
    inventory.take(Part::Services, Timestamp(1), Ok(Content::Services(running)));
    let said = BTreeMap::from([(Meter::Stored(StorageClass::Standard), 730 << 30)]);
    inventory.meters.insert("shop-media".to_owned(), said);
    let of = |region: &str, belongings: &Belongings| {
        let mut watch = super::watch(belongings.clone());
        region.clone_into(&mut watch.access.region);
        inventory.watched(&super::key(), &watch, Millis::seconds(10), Calls::default())
    };
    let both = |belongings: &Belongings| {
        let both = ["us-east-1", "ap-northeast-2"].map(|region| of(region, belongings));
        let costs = both.each_ref().map(|one| one.bill.known());
        assert!(costs[0] > NanoUsd::ZERO && costs[1] > NanoUsd::ZERO, "{costs:?}");
        (costs, Total::of_all(both.iter(), Timestamp(1)).known.unwrap())
    };
    let services = vec![ServiceName::parse("shop/web").unwrap()];
    let (costs, sum) = both(&Belongings { services, ..Belongings::default() });
    assert_eq!(sum, costs[0] + costs[1]);
    let buckets = vec!["shop-media".to_owned()];
    let (costs, sum) = both(&Belongings { buckets, ..Belongings::default() });
    assert_eq!(sum, costs[0].max(costs[1]));
}

#[test]
fn what_may_run_on_spot_has_no_price_and_says_why() {
    let first = |service| first(&bill_of(service));
    let spot = "Fargate spot: spot capacity: its price moves";
    assert_eq!(first(service("FARGATE_SPOT", &["FARGATE_SPOT"])), spot);
    assert_eq!(
        first(service("FARGATE + FARGATE_SPOT", &["FARGATE", "FARGATE_SPOT"])),
        "Fargate and spot: some of its tasks may run on spot, whose price moves"
    );
    let on_hosts = "ECS service on hosts: paid with the cluster's instances";
    assert_eq!(first(service("hosts", &["hosts"])), on_hosts);
    // What it runs on is a list, whatever a provider is called and however people are told.
    let odd = "ECS service on on call + FARGATE_SPOT: paid with the cluster's instances";
    let name = "on call + FARGATE_SPOT";
    assert_eq!(first(service(name, &[name])), odd);
    for one in [service("FARGATE", &[]), service("by Fargate", &["FARGATE"])] {
        assert_eq!(bill_of(one).known().to_string(), "$0.134775");
    }
}

/// What a bill begins with, which has no price.
fn first(bill: &bill::Bill) -> String {
    let line = &bill.lines[0];
    assert_eq!(line.per_hour, None, "{line:?}");
    format!("{}: {}", line.what, line.note)
}

#[test]
fn tasks_of_which_nobody_knows_what_they_cost_keep_a_bill_open() {
    let first = |service| first(&bill_of(service));
    let windows = Some("WINDOWS_SERVER_2022_CORE".to_owned());
    assert_eq!(
        first(EcsService { system: windows, ..service("FARGATE", &[]) }),
        "Fargate: WINDOWS_SERVER_2022_CORE has a price of its own"
    );
    assert_eq!(
        first(service("EXTERNAL", &[])),
        "ECS service on EXTERNAL: each host of one's own has a price by the hour"
    );
    let unsaid = "ECS service: what its tasks run on was not said";
    assert_eq!(first(service("", &[])), unsaid);
    let of_disk = |gib| lines(&bill_of(EcsService { disk_gib: gib, ..service("FARGATE", &[]) }));
    let with = of_disk(Some(21));
    assert!(with.contains(&"Fargate disk unpriced".to_owned()), "{with:?}");
    for gib in [None, Some(20)] {
        assert!(!of_disk(gib).iter().any(|line| line.contains("disk")));
    }
}

/// What a task takes that runs there.
fn takes(on: &str, vcpu_milli: u32, is_arm: bool) -> Takes {
    let (vcpu_milli, memory_mib) = (Some(vcpu_milli), Some(1024));
    Takes { on: vec![on.to_owned()], vcpu_milli, memory_mib, is_arm, ..Takes::default() }
}

fn task(state: &str, takes: Takes) -> Task {
    Task { state: state.to_owned(), takes: Some(takes), ..Task::default() }
}

/// The vCPUs that a bill has, by what they are, and what has no price.
fn vcpus(service: EcsService) -> Vec<String> {
    let bill = bill_of(service);
    let is_it = |what: &str| what.ends_with("vCPU") || what == "public IPv4";
    let lines = bill.lines.iter().filter(|line| is_it(&line.what));
    lines.map(|line| format!("{} {}", line.what, line.quantity)).collect()
}

#[test]
fn in_a_rollout_each_task_is_paid_by_what_it_takes_itself() {
    // The newest definition is of ARM, with half a vCPU; two tasks of the old one run on.
    let newest = |running| EcsService {
        running,
        is_arm: true,
        vcpu_milli: Some(500),
        is_public: true,
        ..service("FARGATE", &[])
    };
    let tasks = vec![
        task("RUNNING", takes("FARGATE", 1000, false)),
        task("RUNNING", takes("FARGATE", 1000, false)),
        task("RUNNING", takes("FARGATE", 500, true)),
        task("STOPPED", takes("FARGATE", 500, true)),
    ];
    let both = ["Fargate vCPU 2", "public IPv4 3", "Fargate ARM vCPU 0.5"];
    let sorted = |mut all: Vec<String>| {
        all.sort();
        all
    };
    let both = sorted(both.map(ToOwned::to_owned).to_vec());
    let listed = EcsService { tasks: tasks.clone(), ..newest(3) };
    assert_eq!(sorted(vcpus(listed)), both);
    // Where not all are told of, it is known how many of each deployment run.
    let deployment = |running, takes| EcsDeployment { running, pending: 0, takes };
    let old = deployment(2, takes("FARGATE", 1000, false));
    let new = deployment(1, Takes { on: Vec::new(), ..takes("", 500, true) });
    let by_deployment = EcsService {
        tasks: tasks.into_iter().take(2).collect(),
        deployments: vec![new, old.clone()],
        ..newest(3)
    };
    assert_eq!(sorted(vcpus(by_deployment)), both);
    // What neither says is paid as the newest: none of it is left out.
    let rest = EcsService { deployments: vec![old], ..newest(3) };
    assert_eq!(sorted(vcpus(rest)), both);
}

#[test]
fn of_tasks_on_fargate_and_on_spot_only_those_on_spot_have_no_price() {
    let tasks = vec![
        task("RUNNING", takes("FARGATE", 1000, false)),
        task("RUNNING", takes("FARGATE_SPOT", 1000, false)),
        task("RUNNING", takes("FARGATE_SPOT", 2000, false)),
    ];
    let both = service("FARGATE + FARGATE_SPOT", &["FARGATE", "FARGATE_SPOT"]);
    let bill = bill_of(EcsService { tasks, ..both });
    assert_eq!(
        lines(&bill)[..3],
        ["Fargate vCPU $0.04048", "Fargate memory $0.004445", "Fargate spot unpriced"]
    );
    assert_eq!(bill.lines[2].count, 1, "one service, however much each task takes");
}

#[test]
fn tasks_on_their_way_are_paid_as_those_that_run() {
    let own = |tasks: Vec<Task>| EcsService {
        desired: 3,
        running: 1,
        pending: 2,
        is_public: true,
        tasks,
        ..service("FARGATE", &[])
    };
    let takes = || takes("FARGATE", 500, false);
    let states = ["RUNNING", "PENDING", "ACTIVATING", "STOPPED"];
    let listed = own(states.map(|state| task(state, takes())).to_vec());
    assert_eq!(vcpus(listed), ["Fargate vCPU 1.5", "public IPv4 3"]);
    // Of those that are not told of, their deployment says what they take, or the newest definition.
    let deployments = vec![EcsDeployment { running: 1, pending: 2, takes: takes() }];
    let by_deployment = EcsService { deployments, ..own(Vec::new()) };
    assert_eq!(vcpus(by_deployment), ["Fargate vCPU 1.5", "public IPv4 3"]);
    assert_eq!(vcpus(own(Vec::new())), ["Fargate vCPU 3", "public IPv4 3"]);
    // One that runs is paid by what it takes itself, also while others are not told of yet.
    let one = own(vec![task("RUNNING", self::takes("FARGATE", 1000, true))]);
    let mut paid = vcpus(one);
    paid.sort();
    assert_eq!(paid, ["Fargate ARM vCPU 1", "Fargate vCPU 2", "public IPv4 3"]);
    // What nobody knows of keeps the sum open.
    let unknown = EcsService { running: 0, vcpu_milli: None, ..own(Vec::new()) };
    assert!(bill_of(unknown).is_open());
}
