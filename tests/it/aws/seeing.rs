//! What is told of an account is what AWS's own command line says of it, and grows old where nobody can know.

use std::time::Instant;

use pilothouse_core::aws::seen::{Check, Ec2State, Rule, Target};
use pilothouse_core::aws::{Part, TroubleKind, words};
use pilothouse_core::time::Timestamp;
use serde_json::{Value, json};

use super::{ACCOUNT, Emulator, INTERVAL_MS, SHOP, seen, stage, watch};

/// The end of everything that was not read again since.
const NOW: Timestamp = Timestamp(0);

/// What AWS's own command line says of all load balancers' rules, target groups and hosts.
struct Theirs<'a>(&'a Emulator);

impl Theirs<'_> {
    fn instance(&self, id: &str) -> Value {
        let said = self.0.cli(&["ec2", "describe-instances", "--instance-ids", id]);
        said["Reservations"][0]["Instances"][0].clone()
    }

    fn balancer(&self) -> Value {
        let said = self.0.cli(&["elbv2", "describe-load-balancers", "--names", "shop"]);
        said["LoadBalancers"][0].clone()
    }

    /// Priorities of the rules of the first listener, in their order.
    fn rules(&self, balancer: &Value) -> Vec<String> {
        let arn = balancer["LoadBalancerArn"].as_str().unwrap();
        let said = self.0.cli(&["elbv2", "describe-listeners", "--load-balancer-arn", arn]);
        let listener = said["Listeners"][0]["ListenerArn"].as_str().unwrap();
        let said = self.0.cli(&["elbv2", "describe-rules", "--listener-arn", listener]);
        let priority = |rule: &Value| rule["Priority"].as_str().unwrap().to_owned();
        let mut all: Vec<String> = said["Rules"].as_array().unwrap().iter().map(priority).collect();
        all.sort_by_key(|priority| priority.parse::<u32>().unwrap_or(u32::MAX));
        all
    }

    /// The state of each target of a group, by its id.
    fn health(&self, arn: &str) -> Vec<(String, String)> {
        let said = self.0.cli(&["elbv2", "describe-target-health", "--target-group-arn", arn]);
        let one = |one: &Value| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&one["Target"]["Id"]), text(&one["TargetHealth"]["State"]))
        };
        let mut all: Vec<_> =
            said["TargetHealthDescriptions"].as_array().unwrap().iter().map(one).collect();
        all.sort();
        all
    }
}

#[test]
fn what_is_seen_is_what_awss_own_command_line_sees() {
    let moto = Emulator::moto();
    let made = moto.account(&["fill", "3"]);
    let stage = stage(&moto.endpoint());
    watch(&stage, ACCOUNT, SHOP);
    let told = seen(&stage, "everything", |one| {
        let read = |part: &Part| one.parts.get(part).is_some_and(|fresh| fresh.at.is_some());
        [Part::Health, Part::Rules, Part::Checks, Part::Gateways].iter().all(read)
    });
    let theirs = Theirs(&moto);
    // Who we are, and whose it is.
    let identity = told.identity.as_ref().unwrap();
    assert_eq!(identity.account, ACCOUNT);
    let said = moto.cli(&["sts", "get-caller-identity"]);
    assert_eq!((&said["Account"], &said["Arn"]), (&json!(identity.account), &json!(identity.arn)));
    // Instances: those of the tags and those behind the load balancer, and no others.
    let mut ids: Vec<&str> = told.instances.iter().map(|one| one.id.as_str()).collect();
    let mut expected: Vec<&str> =
        made["web"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    expected.extend([made["worker"].as_str().unwrap(), made["odd"].as_str().unwrap()]);
    ids.sort_unstable();
    expected.sort_unstable();
    assert_eq!(ids, expected);
    for one in &told.instances {
        let theirs = theirs.instance(&one.id);
        assert_eq!(words::instance(&one.state), theirs["State"]["Name"], "{}", one.id);
        assert_eq!(one.kind, theirs["InstanceType"].as_str().unwrap());
        assert_eq!(one.zone, theirs["Placement"]["AvailabilityZone"].as_str().unwrap());
        assert_eq!(one.private_ip.as_deref(), theirs["PrivateIpAddress"].as_str());
        assert_eq!(one.public_ip.as_deref(), theirs["PublicIpAddress"].as_str());
        if one.state == Ec2State::Running {
            assert_eq!(one.checks.as_ref().unwrap().system, Check::Ok, "{}", one.id);
        }
    }
    // The load balancer, its rules in their order and in words.
    let [balancer] = told.balancers.as_slice() else { panic!("{:?}", told.balancers) };
    let their = theirs.balancer();
    assert_eq!(balancer.domain, their["DNSName"].as_str().unwrap());
    assert_eq!(balancer.state, their["State"]["Code"].as_str().unwrap());
    let ours = &balancer.listeners[0].rules;
    let order = |rule: &Rule| rule.priority.map_or("default".to_owned(), |one| one.to_string());
    assert_eq!(ours.iter().map(order).collect::<Vec<_>>(), theirs.rules(&their));
    let rules: Vec<String> = ours.iter().map(|rule| words::rule(rule, &told.groups)).collect();
    assert_eq!(
        rules,
        [
            "GET /admin/* from 10.0.0.0/8 → shop-admin",
            "/old/* → 301 https://#{host}:443/#{path}",
            "/admin/* → answers 403",
            "all else → shop-web",
        ]
    );
    // Target groups and each target's state.
    assert_eq!(told.groups.len(), 2);
    for group in &told.groups {
        let state = |one: &Target| (one.id.clone(), words::target(&one.state).to_owned());
        let mut ours: Vec<(String, String)> = group.targets.iter().map(state).collect();
        ours.sort();
        assert_eq!(ours, theirs.health(&group.arn), "{}", group.name);
    }
    // What is paid for by size is as large as they say.
    let said = moto.cli(&["ec2", "describe-volumes"]);
    let is_own =
        |one: &&Value| ids.contains(&one["Attachments"][0]["InstanceId"].as_str().unwrap_or(""));
    let size = |one: &Value| one["Size"].as_u64().unwrap();
    let gigabytes: u64 = said["Volumes"].as_array().unwrap().iter().filter(is_own).map(size).sum();
    let ours = told.bill.lines.iter().filter(|line| line.usage == "EBS:VolumeUsage.gp3");
    assert_eq!(ours.map(|line| line.quantity.0).sum::<u64>(), gigabytes * 1000);
    assert!(told.calls.requests > 8, "{:?}", told.calls);
    stage.end();
}

#[test]
fn what_it_costs_is_the_sum_of_priced_things_and_says_what_has_no_price() {
    let moto = Emulator::moto();
    moto.account(&["fill", "2"]);
    let stage = stage(&moto.endpoint());
    watch(&stage, ACCOUNT, SHOP);
    let told = seen(&stage, "a bill with volumes", |one| {
        one.bill.lines.iter().any(|line| line.what == "EBS gp3") && !one.bill.idle.is_empty()
    });
    let amount = |what: &str| {
        let line = told.bill.lines.iter().find(|line| line.what == what);
        let line = line.unwrap_or_else(|| panic!("no {what}: {:#?}", told.bill));
        line.per_hour.map_or("unpriced".to_owned(), |price| price.to_string())
    };
    assert_eq!(amount("EC2 t3.medium"), "$0.0832");
    assert_eq!(amount("ALB hours"), "$0.0225");
    assert_eq!(amount("EC2 x1e.32xlarge"), "unpriced");
    assert_eq!(amount("ALB capacity"), "unpriced", "moto measures nothing that the SDK can read");
    // Four hosts have 20 GB each: the stopped one is paid for, too, and once.
    assert_eq!(amount("EBS gp3"), "$0.006575342");
    assert_eq!(amount("EBS gp3 of a stopped instance"), "$0.002191781");
    let idle: Vec<&str> = told.bill.idle.iter().map(|line| line.what.as_str()).collect();
    assert!(idle.contains(&"EBS gp3, attached to nothing"), "{idle:?}");
    assert!(idle.contains(&"public IPv4, used by nothing"), "{idle:?}");
    assert!(!idle.iter().any(|what| what.contains("stopped")), "{idle:?}");
    stage.end();
}

#[test]
fn a_pulled_plug_makes_everything_stale_within_an_interval_and_back_again() {
    let moto = Emulator::moto();
    moto.account(&["fill", "2"]);
    let stage = stage(&moto.endpoint());
    watch(&stage, ACCOUNT, SHOP);
    seen(&stage, "targets", |one| one.groups.iter().any(|group| !group.targets.is_empty()));
    let address = moto.end();
    let pulled = Instant::now();
    // What it was about to answer is cut, which is told as something else for a moment.
    let told = seen(&stage, "trouble everywhere", |one| {
        let kinds = one.parts.values().map(|fresh| Some(fresh.trouble.as_ref()?.kind));
        kinds.eq(one.parts.keys().map(|_| Some(TroubleKind::Unreachable)))
    });
    let took = pulled.elapsed().as_millis();
    // An interval, and what the machine takes for a refused connection.
    assert!(took < u128::from(INTERVAL_MS) + 1500, "{took} ms");
    for part in told.parts.keys() {
        assert!(told.stale_since(*part, NOW).is_some(), "{part:?}");
    }
    assert!(told.groups.iter().any(|group| !group.targets.is_empty()), "what was seen stays");
    // One that comes back empty is believed.
    let _moto = Emulator::moto_at(address);
    let told = seen(&stage, "what is there now", |one| {
        one.trouble().is_none_or(|trouble| trouble.kind == TroubleKind::NotOffered)
    });
    assert_eq!(told.absent, ["there is no load balancer shop"]);
    stage.end();
}

#[test]
fn a_wrong_account_stops_it_with_a_sentence_and_nothing_is_read() {
    let moto = Emulator::moto();
    moto.account(&["fill", "1"]);
    let stage = stage(&moto.endpoint());
    watch(&stage, "210987654321", SHOP);
    let told = seen(&stage, "a refusal", |one| one.stopped.is_some());
    let stopped = told.stopped.as_ref().unwrap();
    assert_eq!(stopped.kind, TroubleKind::WrongAccount);
    let said = stopped.to_string();
    assert!(said.contains(ACCOUNT) && said.contains("210987654321"), "{said}");
    assert!(told.instances.is_empty() && told.balancers.is_empty());
    assert_eq!(told.calls.requests, 1, "who we are, and nothing else");
    stage.end();
}

#[test]
fn what_the_endpoint_does_not_offer_is_said_and_hides_nothing_else() {
    let moto = Emulator::moto();
    moto.account(&["fill", "1"]);
    let stage = stage(&moto.endpoint());
    watch(&stage, ACCOUNT, SHOP);
    let told = seen(&stage, "no metrics", |one| {
        one.parts.get(&Part::Metrics).is_some_and(|fresh| fresh.trouble.is_some())
    });
    let trouble = told.parts[&Part::Metrics].trouble.as_ref().unwrap();
    assert_eq!(trouble.kind, TroubleKind::NotOffered, "{trouble}");
    assert_eq!(trouble.action, "cloudwatch:GetMetricData");
    let health = &told.parts[&Part::Health];
    assert!(health.trouble.is_none() && health.at.is_some(), "{health:?}");
    stage.end();
}

#[test]
fn what_does_not_fit_on_a_page_is_seen_whole() {
    let moto = Emulator::moto();
    moto.account(&["crowd", "501"]);
    let stage = stage(&moto.endpoint());
    watch(&stage, ACCOUNT, "tags = { app = \"crowd\" }\ntarget_groups = [\"crowd-400\"]\n");
    let told = seen(&stage, "all pages", |one| {
        let read = |part: &Part| one.parts.get(part).is_some_and(|fresh| fresh.at.is_some());
        [Part::Checks, Part::Volumes].iter().all(read)
    });
    assert_eq!(told.instances.len(), 501);
    assert!(told.instances.iter().all(|one| one.checks.is_some()), "asked for by the hundred");
    assert_eq!(told.groups.len(), 1, "it is on the second page");
    let hosts = told.bill.lines.iter().find(|line| line.what == "EC2 t3.nano").unwrap();
    assert_eq!((hosts.count, hosts.per_hour.unwrap().to_string().as_str()), (501, "$2.6052"));
    stage.end();
}
