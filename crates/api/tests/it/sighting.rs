//! What is told of an account at AWS, byte for byte.

use std::collections::BTreeMap;

use pilothouse_api::types::Sighting;
use pilothouse_core::aws::bill::{Bill, Line};
use pilothouse_core::aws::book::Origin;
use pilothouse_core::aws::seen::{
    Action, Balancer, Check, Checks, Condition, Ec2Instance, Ec2State, EcsService, Group, Identity,
    Listener, Metric, Rule, Series, Target, TargetState, Task,
};
use pilothouse_core::aws::{Access, Calls, Freshness, Lately, Part, Trouble, TroubleKind, Watched};
use pilothouse_core::cost::{NanoUsd, Quantity};
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::time::{Millis, Timestamp};

use crate::golden::check;

fn watched() -> Watched {
    let key = EnvironmentKey { project: "shop".into(), name: "production".into() };
    let access = Access {
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        profile: Some("shop".to_owned()),
        role: None,
    };
    let mut watched = Watched::new(key, access);
    let arn = "arn:aws:iam::123456789012:user/kim".to_owned();
    watched.identity = Some(Identity { account: "123456789012".to_owned(), arn });
    let fresh = Freshness { at: Some(Timestamp(1_795_370_651_000)), trouble: None };
    let action = "elasticloadbalancing:DescribeTargetHealth";
    let denied = Freshness {
        at: None,
        trouble: Some(Trouble::by_aws(TroubleKind::Denied, action, "not authorized")),
    };
    watched.parts = BTreeMap::from([(Part::Instances, fresh), (Part::Health, denied)]);
    watched.every = Millis::seconds(10);
    let since = Timestamp(1_795_370_000_000);
    let lately = Some(Lately { since: Timestamp(1_795_370_600_000), requests: 2, metrics: 1 });
    watched.calls = Calls { since, requests: 12, metrics: 8, lately };
    watched.prices = Freshness { at: Some(Timestamp(1_795_370_600_000)), trouble: None };
    watched.metric_price = NanoUsd::parse("0.01");
    watched.absent = vec!["there is no load balancer shoop".to_owned()];
    watched.absent_by = BTreeMap::from([(watched.absent[0].clone(), [Part::Balancers].into())]);
    watched
}

fn line() -> Line {
    Line {
        what: "EC2 t3.medium".to_owned(),
        whose: vec!["web-1".to_owned()],
        count: 1,
        quantity: Quantity::whole(1),
        unit: "hour".to_owned(),
        unit_price: NanoUsd::parse("0.0416"),
        per_hour: NanoUsd::parse("0.0416"),
        usage: "BoxUsage:t3.medium".to_owned(),
        origin: Origin::Listed,
        source: "the price list".to_owned(),
        date: "2026-07-20".to_owned(),
        note: String::new(),
        measured: None,
    }
}

fn full() -> Watched {
    let mut watched = watched();
    watched.instances.push(Ec2Instance {
        id: "i-1".to_owned(),
        name: "web-1".to_owned(),
        state: Ec2State::Running,
        kind: "t3.medium".to_owned(),
        zone: "us-east-1a".to_owned(),
        vpc: "vpc-1".to_owned(),
        launched_at: Some(Timestamp(1_795_000_000_000)),
        private_ip: Some("10.0.1.10".to_owned()),
        public_ip: None,
        checks: Some(Checks { system: Check::Ok, instance: Check::Initializing, volumes: None }),
        platform: None,
        is_spot: false,
        volumes: vec!["vol-1".to_owned()],
        tags: BTreeMap::from([("app".to_owned(), "shop".to_owned())]),
    });
    watched.services.push(EcsService {
        cluster: "shop".to_owned(),
        name: "web".to_owned(),
        launch: "FARGATE".to_owned(),
        providers: vec!["FARGATE".to_owned()],
        system: None,
        disk_gib: Some(21),
        rollout: Some(("COMPLETED".to_owned(), String::new())),
        tasks: vec![Task { id: "0f9d".to_owned(), state: "RUNNING".to_owned(), ..Task::default() }],
        ..EcsService::default()
    });
    let forward = Action::Forward(vec![("web".to_owned(), 1)]);
    let conditions = vec![
        Condition::Path(vec!["/a".to_owned()]),
        Condition::Header("X".to_owned(), vec!["y".to_owned()]),
    ];
    let rules = vec![Rule { priority: Some(1), conditions, actions: vec![forward] }];
    let listener = Listener { arn: "l".to_owned(), protocol: "HTTP".to_owned(), port: 80, rules };
    let series = Series {
        metric: Metric::Requests,
        until: Timestamp(1_795_370_640_000),
        values: vec![None, Some(1000)],
    };
    watched.balancers.push(Balancer {
        arn: "alb".to_owned(),
        name: "shop".to_owned(),
        listeners: vec![listener],
        metrics: vec![series],
        ..Balancer::default()
    });
    let target = Target {
        id: "i-1".to_owned(),
        port: Some(8080),
        state: TargetState::Other("odd".to_owned()),
        ..Target::default()
    };
    watched.groups.push(Group {
        arn: "web".to_owned(),
        name: "web".to_owned(),
        targets: vec![target],
        ..Group::default()
    });
    let unpriced = Line {
        what: "ALB capacity".to_owned(),
        count: 1,
        measured: Some(Part::Metrics),
        ..Line::default()
    };
    watched.bill = Bill { lines: vec![line(), unpriced], ..Bill::default() };
    watched
}

#[test]
fn sightings() {
    check("sighting", &Sighting::Whole(Box::new(full())));
    check("sighting_age", &Sighting::Age(watched().age()));
}

#[test]
fn what_an_engine_of_before_told_of_what_is_missing_is_read() {
    let mut value = serde_json::to_value(full()).unwrap();
    value.as_object_mut().unwrap().remove("absent_by").unwrap();
    let read: Watched = serde_json::from_value(value).unwrap();
    assert_eq!(read, Watched { absent_by: BTreeMap::new(), ..full() });
}
