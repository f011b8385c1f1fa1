//! The three panes on a real terminal.

use serde_json::Value;
use vt100::Screen;

use super::super::attach::terminal::{Setup, Terminal};
use super::super::docker::image::Base;
use super::{ACCOUNT, Emulator, SHOP, stage, stage_with, watch};

#[test]
fn the_panes_show_the_account_first_and_then_what_is_in_it() {
    let moto = Emulator::moto();
    moto.account(&["fill", "2"]);
    let stage = stage(&moto.endpoint());
    watch(&stage, ACCOUNT, SHOP);
    // From a shell the same rows, and an end that says whether anything could be seen.
    let told = stage.binary().args(["aws", "production"]).output().unwrap();
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    for shown in ["123456789012 us-east-1", "2/2 healthy", "GET /admin/* from 10.0.0.0/8"] {
        assert!(text.contains(shown), "{shown} is missing:\n{text}");
    }
    let setup = Setup { size: (180, 56), ..Setup::default() };
    let places = [stage.state_dir(), stage.path("config")];
    let mut terminal = Terminal::start_in(&stage.path("home"), places, &setup);
    terminal.sees("123456789012 us-east-1");
    for shown in [
        "web-0",
        "running",
        "t3.medium",
        "2/2 checks",
        "shop-web",
        "2/2 healthy",
        "GET /admin/* from 10.0.0.0/8 → shop-admin",
        "EC2 t3.medium",
        "unpriced",
    ] {
        terminal.sees(shown);
    }
    // Pulling the plug turns all of it into what it was.
    let address = moto.end();
    terminal.sees("was running");
    terminal.sees("was 2/2 healthy");
    terminal.sees("unreachable");
    let _moto = Emulator::moto_at(address);
    terminal.sees("there is no load balancer shop");
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
    terminal.is_restored();
    stage.end();
}

/// The row of something, as far as the screen has it: it is looked at while it is drawn.
fn row(screen: &Screen, name: &str) -> Option<String> {
    let begins = |line: &&str| {
        let line = line.trim_start_matches(['│', ' ']);
        line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' '))
    };
    screen.contents().lines().find(begins).map(str::to_owned)
}

#[track_caller]
fn shows(terminal: &Terminal, name: &str, what: &[&str]) {
    let has = |row: String| what.iter().all(|what| row.replace('█', "▇").contains(what));
    let expected = format!("{what:?} in the row of {name}");
    terminal.wait(&expected, |screen| row(screen, name).is_some_and(has));
}

fn text<'a>(value: &'a Value, at: &str) -> &'a str {
    value.pointer(at).and_then(Value::as_str).unwrap_or_else(|| panic!("no {at} in {value}"))
}

/// What belongs to the shop, and its service and bucket.
const TEAM: &str = "services = [\"shop/worker\"]\nbuckets = [\"shop-media\"]\n";

#[test]
fn all_three_panes_show_what_awss_own_command_line_says() {
    let base = Base::make("panes");
    let (moto, ministack) = (Emulator::moto(), Emulator::ministack());
    let made = moto.account(&["fill", "3"]);
    ministack.account(&["services", base.name()]);
    let balancer = moto.cli(&["elbv2", "describe-load-balancers", "--names", "shop"]);
    let arn = text(&balancer, "/LoadBalancers/0/LoadBalancerArn");
    let tail = arn.split_once("loadbalancer/").unwrap().1;
    ministack.account(&["measure", tail, "none", text(&made, "/gateway")]);
    let other = ministack.endpoint();
    let others = [("AWS_ENDPOINT_URL_ECS", &*other), ("AWS_ENDPOINT_URL_CLOUDWATCH", &*other)];
    let stage = stage_with(&moto.endpoint(), &others);
    watch(&stage, ACCOUNT, &format!("{SHOP}{TEAM}"));
    let setup = Setup { size: (200, 60), ..Setup::default() };
    let places = [stage.state_dir(), stage.path("config")];
    let mut terminal = Terminal::start_in(&stage.path("home"), places, &setup);
    // Containers: hosts and tasks.
    terminal.press("3z");
    terminal.sees("2/2 tasks");
    terminal.sees("2/2 checks");
    let filters = ["Name=tag:app,Values=shop", "Name=tag:env,Values=production"];
    let said = moto.cli(&["ec2", "describe-instances", "--filters", filters[0], filters[1]]);
    let reservations = said["Reservations"].as_array().unwrap();
    let hosts = reservations.iter().flat_map(|one| one["Instances"].as_array().unwrap());
    let hosts: Vec<&Value> = hosts.collect();
    assert_eq!(hosts.len(), 5);
    for host in &hosts {
        let is_name = |tag: &&Value| tag["Key"] == "Name";
        let tags = host["Tags"].as_array().unwrap();
        let name = text(tags.iter().find(is_name).unwrap(), "/Value");
        let address = host["PublicIpAddress"].as_str();
        let address = address.unwrap_or_else(|| text(host, "/PrivateIpAddress"));
        let (state, kind) = (text(host, "/State/Name"), text(host, "/InstanceType"));
        let zone = text(host, "/Placement/AvailabilityZone");
        shows(&terminal, name, &[state, kind, zone, address, text(host, "/InstanceId")]);
    }
    let of = ["ecs", "describe-services", "--cluster", "shop", "--services", "worker"];
    let said = ministack.cli(&of);
    let service = &said["services"][0];
    let count = format!("{}/{} tasks", service["runningCount"], service["desiredCount"]);
    let definition = text(service, "/taskDefinition").rsplit_once('/').unwrap().1;
    shows(&terminal, "shop/worker", &[&count, definition, base.name(), "fargate"]);
    let said = ministack.cli(&["ecs", "list-tasks", "--cluster", "shop"]);
    for task in said["taskArns"].as_array().unwrap() {
        let id = task.as_str().unwrap().rsplit_once('/').unwrap().1;
        shows(&terminal, &id[..12], &["● running"]);
    }
    targets(&moto, &terminal, arn);
    costs(&moto, &terminal, &hosts);
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
    ministack.account(&["stop"]);
    stage.end();
}

/// Target health: groups with their targets, the load balancer with its rules in order.
fn targets(moto: &Emulator, terminal: &Terminal, balancer: &str) {
    terminal.press("z4z");
    terminal.sees("1200/min");
    let said = moto.cli(&["elbv2", "describe-target-groups", "--load-balancer-arn", balancer]);
    for group in said["TargetGroups"].as_array().unwrap() {
        let arn = text(group, "/TargetGroupArn");
        let said = moto.cli(&["elbv2", "describe-target-health", "--target-group-arn", arn]);
        let health = said["TargetHealthDescriptions"].as_array().unwrap();
        let states = health.iter().map(|one| text(one, "/TargetHealth/State"));
        let well = states.clone().filter(|state| *state == "healthy").count();
        let count = format!("{well}/{} healthy", health.len());
        shows(terminal, text(group, "/TargetGroupName"), &[&count]);
    }
    for (name, state) in [("web-0:8080", "● healthy"), ("worker:8080", "○ unused")] {
        shows(terminal, name, &[state]);
    }
    let measured = ["● active", "1200/min", "p50 25ms", "p99", "5xx", "▇"];
    shows(terminal, "shop (application)", &measured);
    let said = moto.cli(&["elbv2", "describe-listeners", "--load-balancer-arn", balancer]);
    let listener = text(&said, "/Listeners/0/ListenerArn");
    let said = moto.cli(&["elbv2", "describe-rules", "--listener-arn", listener]);
    let mut order: Vec<&str> =
        said["Rules"].as_array().unwrap().iter().map(|rule| text(rule, "/Priority")).collect();
    order.sort_by_key(|order| order.parse::<u32>().unwrap_or(u32::MAX));
    let shown = terminal.look(|screen| {
        let contents = screen.contents();
        let rules = contents.lines().filter_map(|line| line.split_once("HTTP:80 "));
        rules.map(|(_, rest)| rest.split(' ').next().unwrap_or("").to_owned()).collect::<Vec<_>>()
    });
    assert_eq!(shown, order);
}

/// Hourly cost: as many as there are, as large as they are.
fn costs(moto: &Emulator, terminal: &Terminal, hosts: &[&Value]) {
    terminal.press("z5z");
    terminal.sees("S3 transfer out");
    let running = |kind: &str| {
        let is_it = |host: &&&Value| {
            text(host, "/InstanceType") == kind && text(host, "/State/Name") == "running"
        };
        hosts.iter().filter(is_it).count()
    };
    assert_eq!(running("t3.medium"), 3);
    shows(terminal, "EC2 t3.medium", &["$0.125/h", "3 × $0.0416 per hour"]);
    shows(terminal, "EC2 x1e.32xlarge", &["unpriced"]);
    let said = moto.cli(&["ec2", "describe-volumes"]);
    let size = |wanted: &str| {
        let of = |one: &&Value| {
            let id = one["Attachments"][0]["InstanceId"].as_str();
            let host = hosts.iter().find(|host| Some(text(host, "/InstanceId")) == id);
            host.is_some_and(|host| text(host, "/State/Name") == wanted)
        };
        let all = said["Volumes"].as_array().unwrap().iter().filter(of);
        all.map(|one| one["Size"].as_u64().unwrap()).sum::<u64>()
    };
    shows(terminal, "EBS gp3", &[&format!("{} × $0.08 per GB-month", size("running"))]);
    let stopped = format!("{} × $0.08 per GB-month", size("stopped"));
    shows(terminal, "EBS gp3 of a stopped instance", &[&stopped]);
    for (name, price) in [
        ("Fargate ARM vCPU", "$0.016/h"),
        ("Fargate ARM memory", "$0.004/h"),
        ("ALB hours", "$0.023/h"),
        ("ALB capacity", "$0.004/h"),
        ("NAT gateway", "$0.045/h"),
        ("NAT gateway bytes", "$0.180/h"),
        ("S3 stored", "$0.023/h"),
        ("idle: EBS gp3, attached to nothing", "100 × $0.08 per GB-month"),
        ("idle: public IPv4, used by nothing", "$0.005/h"),
    ] {
        shows(terminal, name, &[price]);
    }
    shows(terminal, "production", &["≥$", "unpriced", "/month", "% of $500/mon"]);
}
