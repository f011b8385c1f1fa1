//! What is seen at AWS, from nothing to five hundred targets, well and not.

mod aged;
mod hostile;
mod known;
mod lacks;
mod prices;
mod signs;
mod truth;
mod untold;
mod whose;

use std::collections::BTreeMap;

use pilothouse_api::types::Sighting;
use pilothouse_cockpit::{Model, Msg, update};
use pilothouse_core::aws::asking::Content;
use pilothouse_core::aws::seen::{
    Action, Balancer, Check, Checks, Condition, Ec2Instance, Ec2State, EcsService, Group, Identity,
    Listener, Metric, Rule, Series, Target, TargetState, Task, Volume,
};
use pilothouse_core::aws::{
    Access, AwsWatch, Belongings, Calls, Inventory, Part, ServiceName, Trouble, TroubleKind,
};
use pilothouse_core::spec::{DeployMode, Runtime};
use pilothouse_core::state::State;
use pilothouse_core::time::{Millis, Timestamp};

use crate::fixture::parts::spec;
use crate::fixture::{NOW, ago, key, normal, operator, press, text, tick};

const ALB: &str = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/shop/50dc";
const WEB: &str = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/73e2";
const ADMIN: &str = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/admin/9f01";

/// How long from one look to the next.
const EVERY: Millis = Millis::seconds(10);

fn watch() -> AwsWatch {
    AwsWatch {
        access: Access {
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            profile: None,
            role: Some("arn:aws:iam::123456789012:role/pilothouse-watch".to_owned()),
        },
        belongings: Belongings {
            load_balancers: vec!["shop".to_owned()],
            services: vec![ServiceName::parse("shop/worker").unwrap()],
            ..Belongings::default()
        },
    }
}

/// A project whose production is watched at AWS.
fn state() -> State {
    let mut state = normal();
    let mut production = spec("production", "main", 0, DeployMode::Manual);
    production.runtime = Runtime::AwsWatch(Box::new(watch()));
    production.domain = None;
    production.budget_micro_usd_per_hour = Some(273_972);
    let own = state.environments.get_mut(&key("production")).unwrap();
    (own.spec, own.current, own.ready, own.running) = (production, None, None, None);
    state.live_deployments.clear();
    state.instances.retain(|_, one| one.environment != key("production"));
    state
}

fn instances(count: usize) -> Vec<Ec2Instance> {
    let one = |place: usize| Ec2Instance {
        id: format!("i-{place:017x}"),
        name: format!("web-{place}"),
        state: Ec2State::Running,
        kind: "t3.medium".to_owned(),
        zone: format!("us-east-1{}", ["a", "b"][place % 2]),
        launched_at: Some(ago(86_400 * 3)),
        private_ip: Some(format!("10.0.{}.{}", place / 200, place % 200 + 10)),
        ..Ec2Instance::default()
    };
    (0..count).map(one).collect()
}

fn targets(count: usize, is_ill: impl Fn(usize) -> bool) -> Vec<Target> {
    let one = |place: usize| Target {
        id: format!("i-{place:017x}"),
        port: Some(8080),
        state: if is_ill(place) { TargetState::Unhealthy } else { TargetState::Healthy },
        reason: is_ill(place).then(|| "Target.ResponseCodeMismatch".to_owned()),
        said: is_ill(place).then(|| "Health checks failed with these codes: [503]".to_owned()),
        ..Target::default()
    };
    (0..count).map(one).collect()
}

fn balancer() -> Balancer {
    Balancer {
        arn: ALB.to_owned(),
        name: "shop".to_owned(),
        kind: "application".to_owned(),
        state: "active".to_owned(),
        is_public: true,
        zones: vec!["us-east-1a".to_owned(), "us-east-1b".to_owned()],
        domain: "shop-1234.us-east-1.elb.amazonaws.com".to_owned(),
        vpc: "vpc-1".to_owned(),
        ..Balancer::default()
    }
}

fn listeners() -> BTreeMap<String, Vec<Listener>> {
    let rule = |priority, conditions, action| Rule { priority, conditions, actions: vec![action] };
    let rules = vec![
        rule(
            Some(10),
            vec![
                Condition::Path(vec!["/admin/*".to_owned()]),
                Condition::Source(vec!["10.0.0.0/8".to_owned()]),
            ],
            Action::Forward(vec![(ADMIN.to_owned(), 1)]),
        ),
        rule(None, Vec::new(), Action::Forward(vec![(WEB.to_owned(), 1)])),
    ];
    let listener =
        Listener { arn: "listener".to_owned(), protocol: "HTTPS".to_owned(), port: 443, rules };
    BTreeMap::from([(ALB.to_owned(), vec![listener])])
}

fn groups() -> Vec<Group> {
    let one = |arn: &str, name: &str, path: &str| Group {
        arn: arn.to_owned(),
        name: name.to_owned(),
        protocol: "HTTP".to_owned(),
        port: Some(8080),
        target_kind: "instance".to_owned(),
        check_path: Some(path.to_owned()),
        check_matcher: Some("200".to_owned()),
        balancers: vec![ALB.to_owned()],
        ..Group::default()
    };
    vec![one(WEB, "web", "/up"), one(ADMIN, "admin", "/admin/up")]
}

fn metrics() -> BTreeMap<String, Vec<Series>> {
    let series = |metric, values: &[u64]| Series {
        metric,
        until: NOW,
        values: values.iter().map(|value| Some(*value)).collect(),
    };
    let all = vec![
        series(Metric::Requests, &[120_000, 240_000, 480_000, 960_000, 912_000]),
        series(Metric::LatencyMedian, &[8000, 9000]),
        series(Metric::LatencyHigh, &[40_000, 212_000]),
        series(Metric::Target5xx, &[0, 3000]),
        series(Metric::CapacityUnits, &[400, 600]),
    ];
    let hosts = vec![series(Metric::HealthyHosts, &[3000, 3000, 2000, 3000])];
    BTreeMap::from([(ALB.to_owned(), all), (WEB.to_owned(), hosts)])
}

fn service() -> EcsService {
    let task = |id: &str, state: &str, stopped: Option<&str>| Task {
        id: id.to_owned(),
        state: state.to_owned(),
        health: "UNKNOWN".to_owned(),
        definition: "worker:12".to_owned(),
        zone: "us-east-1a".to_owned(),
        started_at: Some(ago(7200)),
        ip: Some("10.0.3.7".to_owned()),
        stopped: stopped.map(str::to_owned),
        ..Task::default()
    };
    EcsService {
        cluster: "shop".to_owned(),
        name: "worker".to_owned(),
        state: "ACTIVE".to_owned(),
        desired: 2,
        running: 1,
        pending: 1,
        launch: "FARGATE".to_owned(),
        definition: "worker:12".to_owned(),
        images: vec!["123456789012.dkr.ecr.us-east-1.amazonaws.com/worker:4f1c2aa".to_owned()],
        vcpu_milli: Some(250),
        memory_mib: Some(512),
        rollout: Some(("IN_PROGRESS".to_owned(), "ECS deployment in progress.".to_owned())),
        tasks: vec![
            task("0f9de17a6465404e8b1b2356dc13c2f8", "RUNNING", None),
            task(
                "a7ee17a6465404e8b1b2356dc13c2f81",
                "STOPPED",
                Some("Essential container in task exited (OutOfMemoryError)"),
            ),
        ],
        ..EcsService::default()
    }
}

/// An account with so many targets, of which some are ill.
fn account(count: usize, is_ill: impl Fn(usize) -> bool) -> Inventory {
    let mut inventory = Inventory::default();
    let arn = "arn:aws:sts::123456789012:assumed-role/pilothouse-watch/pilothouse".to_owned();
    let identity = Identity { account: "123456789012".to_owned(), arn };
    let checks = |one: &Ec2Instance| {
        (one.id.clone(), Checks { system: Check::Ok, instance: Check::Ok, volumes: None })
    };
    let instances = instances(count);
    let volume = |one: &Ec2Instance| Volume {
        id: format!("vol-{}", one.id),
        kind: "gp3".to_owned(),
        size: 20,
        iops: Some(3000),
        throughput: Some(125),
        instance: Some(one.id.clone()),
    };
    let health =
        BTreeMap::from([(WEB.to_owned(), targets(count, is_ill)), (ADMIN.to_owned(), Vec::new())]);
    for content in [
        (Part::Identity, Content::Identity(identity)),
        (Part::Checks, Content::Checks(instances.iter().map(checks).collect())),
        (Part::Volumes, Content::Volumes(instances.iter().map(volume).collect())),
        (Part::Instances, Content::Instances(instances)),
        (Part::Balancers, Content::Balancers(vec![balancer()])),
        (Part::Rules, Content::Rules(listeners())),
        (Part::Groups, Content::Groups(groups())),
        (Part::Health, Content::Health(health)),
        (Part::Services, Content::Services(vec![service()])),
        (Part::Addresses, Content::Addresses(Vec::new())),
        (Part::Gateways, Content::Gateways(Vec::new())),
        (Part::Metrics, Content::Metrics(metrics())),
    ] {
        inventory.take(content.0, ago(4), Ok(content.1));
    }
    inventory
}

fn shown(inventory: &Inventory, width: u16, height: u16) -> Model {
    let calls = Calls { since: ago(3600), requests: 1200, metrics: 480, lately: None };
    let watched = inventory.watched(&key("production"), &watch(), EVERY, calls);
    let mut model = operator(state(), width, height);
    update(&mut model, Msg::Sighting(Box::new(Sighting::Whole(Box::new(watched)))));
    model
}

fn check(name: &str, inventory: &Inventory) {
    for (width, height) in [(80, 24), (120, 40), (200, 60), (40, 12)] {
        let mut model = shown(inventory, width, height);
        if width == 40 {
            press(&mut model, "4");
        }
        insta::assert_snapshot!(format!("aws_{name}_{width}x{height}"), text(&model));
    }
}

#[test]
fn no_target_one_and_many() {
    check("0", &account(0, |_| false));
    check("1", &account(1, |_| false));
    check("50", &account(50, |place| place == 17));
    check("500", &account(500, |place| place % 100 == 3));
}

#[test]
fn everything_red() {
    check("red", &account(5, |_| true));
}

#[test]
fn half_denied() {
    let mut inventory = account(3, |_| false);
    for (part, action) in [
        (Part::Health, "elasticloadbalancing:DescribeTargetHealth"),
        (Part::Services, "ecs:DescribeServices"),
        (Part::Volumes, "ec2:DescribeVolumes"),
        (Part::Metrics, "cloudwatch:GetMetricData"),
    ] {
        let said = "User: arn:aws:iam::123456789012:user/kim is not authorized";
        let trouble = Trouble::by_aws(TroubleKind::Denied, action, said);
        inventory.parts.remove(&part);
        inventory.take(part, NOW, Err(trouble));
    }
    inventory.services.clear();
    inventory.targets.clear();
    inventory.metrics.clear();
    check("denied", &inventory);
}

/// All screens that show it: the panes, and each pane alone.
fn everywhere(model: &mut Model) -> String {
    let mut screens = text(model);
    for pane in ["3z", "z4z", "z5z"] {
        press(model, pane);
        screens += &text(model);
    }
    press(model, "z");
    screens
}

#[test]
fn what_cannot_be_read_any_more_is_told_as_it_was_and_never_as_it_is() {
    let mut inventory = account(3, |place| place == 1);
    let said = "connection refused";
    let trouble = Trouble::new(TroubleKind::Unreachable, "ec2:DescribeInstances", said);
    inventory.stopped = Some(trouble.clone());
    inventory.fail_all(&trouble);
    check("stale", &inventory);
    let screens = everywhere(&mut shown(&inventory, 200, 60));
    for word in ["running", "healthy", "unhealthy", "2/3 healthy", "active", "1/2 tasks"] {
        assert!(screens.contains(&format!("◌ was {word}")), "{word} is not told");
        for mark in ['●', '✗', '◐', '▶', '?'] {
            assert!(!screens.contains(&format!("{mark} {word}")), "{mark} {word} is told as now");
        }
    }
}

#[test]
fn an_engine_that_falls_silent_about_it_makes_it_stale_by_itself() {
    let mut model = shown(&account(2, |_| false), 200, 60);
    assert!(text(&model).contains("● healthy"));
    let wait = pilothouse_cockpit::next_tick(&model).unwrap();
    assert!(wait.0 <= 76_001, "it is drawn anew once it is stale: {wait}");
    update(&mut model, tick(Timestamp(NOW.0 + 77_000)));
    let screen = text(&model);
    assert!(!screen.contains("● healthy") && screen.contains("was healthy"), "{screen}");
}

#[test]
fn a_wrong_account_is_said_above_everything() {
    let mut inventory = Inventory::default();
    let identity = Identity { account: "999999999999".to_owned(), arn: "arn".to_owned() };
    inventory.take(Part::Identity, ago(4), Ok(Content::Identity(identity)));
    inventory.stopped = inventory.refusal("123456789012");
    let screen = text(&shown(&inventory, 120, 40));
    let banner = screen.lines().nth(2).unwrap();
    assert!(banner.contains("shop/production: sts:GetCallerIdentity (wrong account)"), "{banner}");
    let production =
        screen.lines().find(|line| line.contains("│ production       nothing")).unwrap();
    assert!(production.contains("unknown") && !production.contains("/h"), "{production}");
    check("wrong_account", &inventory);
}

#[test]
fn enter_tells_the_chain_to_a_red_target() {
    let mut model = shown(&account(2, |place| place == 1), 120, 40);
    // Below its group the target that is ill comes first.
    press(&mut model, "4j<Enter>");
    insta::assert_snapshot!("aws_chain", text(&model));
    let mut model = shown(&account(2, |_| false), 120, 40);
    press(&mut model, "3<Enter>");
    insta::assert_snapshot!("aws_parts", text(&model));
    // A price with all that is known of it: how much of what, where it was read, and when.
    press(&mut model, "<Esc>5jj<Enter>");
    let screen = text(&model);
    for said in ["40 × $0.08 per GB-month", "price of 2024-07-01", "infracost"] {
        assert!(screen.contains(said), "{said} is missing:\n{screen}");
    }
}

#[test]
fn the_chain_to_a_target_has_the_rules_that_send_to_its_group_alone() {
    let mut inventory = account(1, |_| true);
    let rules = &mut inventory.listeners.get_mut(ALB).unwrap()[0].rules;
    // Its name begins as the other's does, and what has no weight gets nothing.
    inventory.groups.iter_mut().find(|one| one.arn == ADMIN).unwrap().name = "web-next".to_owned();
    let path = |path: &str| vec![Condition::Path(vec![path.to_owned()])];
    let none = vec![Action::Forward(vec![(WEB.to_owned(), 0), (ADMIN.to_owned(), 1)])];
    rules.insert(0, Rule { priority: Some(5), conditions: path("/none/*"), actions: none });
    let some = vec![Action::Forward(vec![(WEB.to_owned(), 1), (ADMIN.to_owned(), 9)])];
    rules.insert(1, Rule { priority: Some(6), conditions: path("/some/*"), actions: some });
    let mut model = shown(&inventory, 120, 40);
    press(&mut model, "4j<Enter>");
    let screen = text(&model);
    assert!(screen.contains("all else") && screen.contains("/some/*"), "{screen}");
    assert!(!screen.contains("/admin/*") && !screen.contains("/none/*"), "{screen}");
}

#[test]
fn a_filter_finds_what_is_seen_and_nothing_is_deployed_to_it() {
    let mut model = shown(&account(50, |_| false), 120, 40);
    press(&mut model, "3/web-17<Enter>");
    let screen = text(&model);
    assert!(screen.contains("web-17") && !screen.contains("web-18"), "{screen}");
    press(&mut model, "xd");
    let screen = text(&model);
    assert!(screen.contains("only watched at AWS"), "{screen}");
}
