//! What belongs to whom, what it costs, and what it is called.

mod absent;
mod behind;
mod beside;
mod bill;
mod gap;
mod idle;
mod networks;
mod search;
mod tags;
mod tasks;
mod unasked;
mod unsaid;
mod untold;
mod volumes;
mod wanted;

use std::collections::BTreeMap;

use super::asking::{Ask, Content};
use super::seen::{
    Action, Address, Balancer, Condition, Ec2Instance, Ec2State, Gateway, Group, Metric, Rule,
    Series, Target, TargetState, Volume,
};
use super::{
    Access, AwsWatch, Belongings, Calls, Inventory, Part, ServiceName, Tags, Trouble, TroubleKind,
    Watched, policy, words,
};
use crate::deployment::EnvironmentKey;
use crate::time::{Millis, Timestamp};

const ALB: &str = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/shop/50dc";
const WEB: &str = "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/web/73e2";
const ADMIN: &str = "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/admin/9f01";

fn key() -> EnvironmentKey {
    EnvironmentKey { project: "shop".into(), name: "production".into() }
}

fn watch(belongings: Belongings) -> AwsWatch {
    let access = Access {
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        profile: None,
        role: None,
    };
    AwsWatch { access, belongings }
}

fn instance(id: &str, state: Ec2State, tags: &[(&str, &str)]) -> Ec2Instance {
    let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Ec2Instance {
        id: id.to_owned(),
        state,
        kind: "t3.medium".to_owned(),
        tags: tags.collect(),
        ..Ec2Instance::default()
    }
}

fn group(arn: &str, name: &str, behind: &[&str]) -> Group {
    Group {
        arn: arn.to_owned(),
        name: name.to_owned(),
        target_kind: "instance".to_owned(),
        check_path: Some("/up".to_owned()),
        check_matcher: Some("200".to_owned()),
        balancers: behind.iter().map(|one| (*one).to_owned()).collect(),
        ..Group::default()
    }
}

fn target(id: &str, state: TargetState, reason: Option<&str>) -> Target {
    let reason = reason.map(str::to_owned);
    Target { id: id.to_owned(), port: Some(8080), state, reason, ..Target::default() }
}

/// An account with a load balancer, two target groups, and hosts of two teams.
fn account() -> Inventory {
    let mut inventory = Inventory::default();
    let balancer = Balancer {
        arn: ALB.to_owned(),
        name: "shop".to_owned(),
        kind: "application".to_owned(),
        is_public: true,
        zones: vec!["us-east-1a".to_owned(), "us-east-1b".to_owned()],
        vpc: "vpc-1".to_owned(),
        ..Balancer::default()
    };
    let volume = |id: &str, instance: Option<&str>| Volume {
        id: id.to_owned(),
        kind: "gp3".to_owned(),
        size: 20,
        iops: Some(3000),
        throughput: Some(125),
        instance: instance.map(str::to_owned),
    };
    let gateway = Gateway {
        id: "nat-1".into(),
        state: "available".into(),
        vpc: "vpc-1".into(),
        ..Gateway::default()
    };
    let targets = BTreeMap::from([(
        WEB.to_owned(),
        vec![
            target("i-1", TargetState::Healthy, None),
            target("i-2", TargetState::Unhealthy, Some("Target.Timeout")),
        ],
    )]);
    let units = Series {
        metric: Metric::CapacityUnits,
        until: Timestamp(0),
        values: vec![Some(500), None, Some(1500)],
    };
    for (part, content) in [
        (
            Part::Instances,
            Content::Instances(vec![
                instance("i-1", Ec2State::Running, &[("app", "shop"), ("env", "production")]),
                instance("i-2", Ec2State::Running, &[]),
                instance("i-3", Ec2State::Stopped, &[("app", "shop"), ("env", "qa")]),
                instance("i-4", Ec2State::Running, &[("app", "other"), ("env", "production")]),
            ]),
        ),
        (Part::Balancers, Content::Balancers(vec![balancer])),
        (
            Part::Groups,
            Content::Groups(vec![group(WEB, "web", &[ALB]), group(ADMIN, "admin", &[])]),
        ),
        (Part::Health, Content::Health(targets)),
        (
            Part::Volumes,
            Content::Volumes(vec![
                volume("vol-1", Some("i-1")),
                volume("vol-2", None),
                volume("vol-3", Some("i-3")),
            ]),
        ),
        (
            Part::Addresses,
            Content::Addresses(vec![Address { ip: "198.51.100.7".into(), ..Address::default() }]),
        ),
        (Part::Gateways, Content::Gateways(vec![gateway])),
        (Part::Metrics, Content::Metrics(BTreeMap::from([(ALB.to_owned(), vec![units])]))),
    ] {
        inventory.take(part, Timestamp(1000), Ok(content));
    }
    inventory
}

fn watched(inventory: &Inventory, belongings: Belongings) -> Watched {
    inventory.watched(&key(), &watch(belongings), Millis::seconds(10), Calls::default())
}

/// What is answered where nothing that is asked for its tags has any but these.
fn tags_alone(inventory: &Inventory, some: BTreeMap<String, Tags>) -> Content {
    let balancers = inventory.balancers.iter().map(|one| one.arn.clone());
    let all = balancers.chain(inventory.groups.iter().map(|one| one.arn.clone()));
    let mut told: BTreeMap<String, Tags> = all.map(|arn| (arn, Tags::new())).collect();
    told.extend(some);
    Content::Tags(told)
}

fn balancer_alone() -> Belongings {
    Belongings { load_balancers: vec!["shop".to_owned()], ..Belongings::default() }
}

#[test]
fn a_load_balancer_brings_its_groups_and_their_instances() {
    let watched = watched(&account(), balancer_alone());
    let names: Vec<&str> = watched.groups.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["web"]);
    let ids: Vec<&str> = watched.instances.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["i-1", "i-2"]);
    assert_eq!(watched.groups[0].targets.len(), 2);
}

#[test]
fn tags_must_all_fit_and_none_fit_nothing() {
    let tags = [("app", "shop"), ("env", "production")];
    let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let tagged = Belongings { tags: BTreeMap::from(tags), ..Belongings::default() };
    let ids: Vec<String> =
        watched(&account(), tagged).instances.into_iter().map(|one| one.id).collect();
    assert_eq!(ids, ["i-1"]);
    assert!(watched(&account(), Belongings::default()).instances.is_empty());
}

#[test]
fn what_is_named_and_not_there_is_said_once_it_was_looked_for() {
    let belongings = Belongings {
        load_balancers: vec!["shoop".to_owned()],
        services: vec![ServiceName::parse("shop/web").unwrap()],
        ..Belongings::default()
    };
    // Services were never read: nobody knows whether it is there.
    assert_eq!(watched(&account(), belongings).absent, ["there is no load balancer shoop"]);
}

#[test]
fn a_named_instance_that_is_gone_for_ever_is_missing_while_ec2_still_tells_of_it() {
    let mut inventory = account();
    let id = inventory.instances[0].id.clone();
    let belongings = Belongings { instances: vec![id.clone()], ..Belongings::default() };
    for (state, end) in [
        (Ec2State::Running, None),
        (Ec2State::Stopped, None),
        (Ec2State::ShuttingDown, Some("is being terminated")),
        (Ec2State::Terminated, Some("was terminated")),
    ] {
        inventory.instances[0].state = state;
        let wanted: Vec<_> = end.iter().map(|end| format!("the EC2 instance {id} {end}")).collect();
        assert_eq!(watched(&inventory, belongings.clone()).absent, wanted);
    }
}

#[test]
fn only_what_belongs_to_somebody_is_asked_for() {
    let inventory = account();
    let (named, other) = (watch(balancer_alone()), watch(Belongings::default()));
    let both = [&named, &other];
    assert_eq!(inventory.ask(Part::Health, &both), Some(Ask::Health(vec![WEB.to_owned()])));
    let checked = Ask::Checks(vec!["i-1".to_owned(), "i-2".to_owned()]);
    assert_eq!(inventory.ask(Part::Checks, &both), Some(checked));
    assert_eq!(inventory.ask(Part::Balancers, &[&other]), None);
    assert_eq!(inventory.ask(Part::Services, &both), None);
    let Some(Ask::Metrics(queries)) = inventory.ask(Part::Metrics, &both) else { panic!() };
    assert_eq!(queries.len(), 8, "seven of the load balancer, one of its group");
}

#[test]
fn what_could_not_be_read_stays_and_grows_old() {
    let mut inventory = account();
    let trouble = Trouble::new(TroubleKind::Unreachable, "ec2:DescribeInstances", "refused");
    inventory.take(Part::Instances, Timestamp(9000), Err(trouble.clone()));
    let watched = watched(&inventory, balancer_alone());
    assert_eq!(watched.instances.len(), 2);
    assert_eq!(watched.stale_since(Part::Instances, Timestamp(9000)), Some(Timestamp(1000)));
    assert_eq!(watched.stale_since(Part::Health, Timestamp(9000)), None);
    assert_eq!(watched.trouble(), Some(trouble));
    // Whoever tells nothing any more makes everything old, too.
    let later = Timestamp(1000 + 81_000);
    assert_eq!(watched.stale_since(Part::Health, later), Some(Timestamp(1000)));
    assert_eq!(watched.stale_since(Part::Services, later), Some(Timestamp(0)), "never read");
}

#[test]
fn a_wrong_account_is_refused_by_name() {
    let mut inventory = Inventory::default();
    assert_eq!(inventory.refusal("123456789012"), None, "nobody knows yet");
    let identity = super::seen::Identity { account: "999999999999".into(), arn: "arn".into() };
    inventory.take(Part::Identity, Timestamp(1), Ok(Content::Identity(identity)));
    let refusal = inventory.refusal("123456789012").unwrap();
    assert_eq!(refusal.kind, TroubleKind::WrongAccount);
    assert!(refusal.said.contains("999999999999") && refusal.said.contains("123456789012"));
    assert_eq!(inventory.refusal("999999999999"), None);
}

#[test]
fn a_trouble_says_who_said_it_and_where_it_was_asked() {
    let (kind, action) = (TroubleKind::Denied, "ec2:DescribeVolumes");
    let denied = Trouble::by_aws(kind, action, "kim may not").asked_in("us-east-1");
    assert_eq!(
        denied.to_string(),
        "ec2:DescribeVolumes (denied): `pilothouse iam-policy` prints what the role needs. AWS \
         said: kim may not"
    );
    let own = Trouble::new(TroubleKind::WrongAccount, policy::GET_CALLER_IDENTITY.name(), "of 9");
    assert!(own.to_string().ends_with("and apply. Why: of 9"), "{own}");
    // What may be met because the wrong place is asked says which it was.
    let html = Trouble::new(TroubleKind::NotOffered, action, "a page");
    let html = html.asked_in("xx-nowhere-1 at http://127.0.0.1:5000").to_string();
    let begin = "ec2:DescribeVolumes in xx-nowhere-1 at http://127.0.0.1:5000 (not offered here): ";
    assert!(html.starts_with(begin) && html.contains("whether the region"), "{html}");
    let role = Trouble::by_aws(kind, policy::ASSUME_ROLE, "no").to_string();
    assert!(role.contains("trusts these credentials") && !role.contains("iam-policy"), "{role}");
    // An engine of before says neither.
    let old = r#"{"kind":"denied","action":"a","said":"b"}"#;
    let old: Trouble = serde_json::from_str(old).unwrap();
    assert!(!old.is_by_aws && old.place.is_empty());
}

#[test]
fn rules_are_told_as_a_request_is_written() {
    let groups = [group(WEB, "web", &[]), group(ADMIN, "admin", &[])];
    let texts = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    let said = |conditions: Vec<Condition>, action: Action| {
        words::rule(&Rule { priority: Some(1), conditions, actions: vec![action] }, &groups)
    };
    let admin = || Action::Forward(vec![(ADMIN.to_owned(), 1)]);
    assert_eq!(
        said(
            vec![
                Condition::Source(texts(&["10.0.0.0/8"])),
                Condition::Path(texts(&["/admin/*"])),
                Condition::Method(texts(&["GET"])),
            ],
            admin()
        ),
        "GET /admin/* from 10.0.0.0/8 → admin"
    );
    // What is an expression is told apart from the host before it, and any weights add up.
    assert_eq!(
        said(
            vec![Condition::Path(texts(&["~^/a"])), Condition::Host(texts(&["shop.example.com"]))],
            Action::Forward(vec![(ADMIN.to_owned(), u32::MAX), (WEB.to_owned(), u32::MAX)])
        ),
        "shop.example.com ~^/a → admin 50% + web 50%"
    );
    assert_eq!(
        said(
            vec![Condition::Path(texts(&["/a"])), Condition::Host(texts(&["shop.example.com"]))],
            Action::Redirect("301".into(), "https://shop.example.com:443/b".into())
        ),
        "shop.example.com/a → 301 https://shop.example.com:443/b"
    );
    let split = Action::Forward(vec![(WEB.to_owned(), 90), (ADMIN.to_owned(), 10)]);
    assert_eq!(said(vec![], split), "all else → web 90% + admin 10%");
    let never = Action::Forward(vec![(WEB.to_owned(), 0), (ADMIN.to_owned(), 0)]);
    assert_eq!(said(vec![], never), "all else → web 0% + admin 0%");
    assert_eq!(said(vec![], Action::Fixed("404".into())), "all else → answers 404");
}

#[test]
fn reasons_are_sentences_and_unknown_ones_stay_as_they_are() {
    let group = group(WEB, "web", &[]);
    let mut mismatch = target("i-1", TargetState::Unhealthy, Some("Target.ResponseCodeMismatch"));
    mismatch.said = Some("Health checks failed with these codes: [503]".to_owned());
    let said = words::reason(&mismatch, &group).unwrap();
    assert_eq!(said, "/up answered 503, and 200 is wanted");
    let mut odd = target("i-1", TargetState::Unhealthy, Some("Target.Moody"));
    assert_eq!(words::reason(&odd, &group).unwrap(), "Target.Moody");
    odd.said = Some("It is moody".to_owned());
    assert_eq!(words::reason(&odd, &group).unwrap(), "It is moody (Target.Moody)");
    assert_eq!(words::reason(&target("i-1", TargetState::Healthy, None), &group), None);
}

#[test]
fn all_that_is_denied_is_named_and_none_hides_behind_another() {
    let denied = |action: &str| Trouble::new(TroubleKind::Denied, action, "");
    let named = |all: &[Trouble]| Trouble::together(all.iter()).map(|one| one.shortly());
    assert_eq!(named(&[]), None);
    let [one, two] = [denied("ecs:ListTasks"), denied("ecs:DescribeTaskDefinition")];
    let both = "ecs:ListTasks, ecs:DescribeTaskDefinition (denied)";
    assert_eq!(named(&[one.clone(), one.clone(), two.clone()]).unwrap(), both);
    // Of another kind the first says enough.
    let late = Trouble::new(TroubleKind::Late, "ec2:DescribeVolumes", "");
    assert_eq!(
        named(&[late.clone(), one.clone()]).unwrap(),
        "ec2:DescribeVolumes (no answer in time)"
    );
    let many: Vec<Trouble> = (0..9).map(|place| denied(&format!("ec2:{place}"))).collect();
    assert_eq!(named(&many).unwrap(), "ec2:0, ec2:1, ec2:2, ec2:3 and 5 more (denied)");
    // What an environment meets is told so.
    let mut inventory = account();
    inventory.take(Part::Checks, Timestamp(9), Err(one));
    inventory.take(Part::Volumes, Timestamp(9), Err(late));
    inventory.take(Part::Services, Timestamp(9), Err(two));
    let services = vec![ServiceName::parse("shop/web").unwrap()];
    let belongings = Belongings { services, ..balancer_alone() };
    let trouble = watched(&inventory, belongings).trouble().unwrap();
    assert_eq!(trouble.shortly(), both);
    assert!(trouble.to_string().contains("`pilothouse iam-policy` prints"), "{trouble}");
}

#[test]
fn the_policy_allows_looking_and_nothing_else() {
    let policy: serde_json::Value = serde_json::from_str(&policy::policy()).unwrap();
    let actions = policy["Statement"][0]["Action"].as_array().unwrap();
    assert_eq!(actions.len(), policy::ALL.len() - 1, "everybody may ask who they are");
    for action in actions {
        let (_, verb) = action.as_str().unwrap().split_once(':').unwrap();
        let looks = ["Describe", "List", "Get"].iter().any(|begin| verb.starts_with(begin));
        assert!(looks, "{action}");
    }
}
