//! ECS services with tasks that run, and what was measured: ministack has both.

use pilothouse_core::aws::seen::Metric;
use pilothouse_core::aws::{Part, ServiceName};

use super::super::docker::image::Base;
use super::proxy::Proxy;
use super::{ACCOUNT, Emulator, SHOP, seen, stage, stage_with, watch};

/// ministack's account.
const ITS_ACCOUNT: &str = "000000000000";

#[test]
fn a_service_is_seen_with_its_tasks_and_billed_by_what_runs() {
    let base = Base::make("ecs");
    let ministack = Emulator::ministack();
    ministack.account(&["services", base.name()]);
    let stage = stage(&ministack.endpoint());
    watch(&stage, ITS_ACCOUNT, "services = [\"shop/worker\"]\n");
    let told = seen(&stage, "two tasks that run", |one| {
        one.services.iter().any(|service| service.running == 2 && service.tasks.len() == 2)
    });
    let service = &told.services[0];
    assert_eq!((service.desired, service.launch.as_str()), (2, "FARGATE"));
    assert!(service.definition.starts_with("worker:"), "{service:?}");
    assert_eq!(service.images, [base.name()]);
    assert_eq!((service.vcpu_milli, service.memory_mib), (Some(250), Some(512)));
    // As AWS's own command line has it.
    let of = ["--cluster", "shop"];
    let theirs = ministack.cli(&["ecs", "describe-services", of[0], of[1], "--services", "worker"]);
    let theirs = &theirs["services"][0];
    assert_eq!(theirs["runningCount"], service.running);
    assert_eq!(theirs["desiredCount"], service.desired);
    assert!(theirs["taskDefinition"].as_str().unwrap().ends_with(&service.definition));
    let arns = ministack.cli(&["ecs", "list-tasks", of[0], of[1], "--service-name", "worker"]);
    let arns: Vec<&str> =
        arns["taskArns"].as_array().unwrap().iter().map(|arn| arn.as_str().unwrap()).collect();
    for task in &service.tasks {
        assert_eq!(task.state, "RUNNING", "{task:?}");
        assert!(arns.iter().any(|arn| arn.ends_with(&task.id)), "{task:?} {arns:?}");
    }
    assert!(told.absent.is_empty());
    let fargate: Vec<&str> = told.bill.lines.iter().map(|line| line.what.as_str()).collect();
    assert!(fargate.contains(&"Fargate ARM vCPU"), "{fargate:?}");
    ministack.account(&["stop"]);
    seen(&stage, "none that runs", |one| {
        let name = ServiceName::parse("shop/worker").unwrap();
        let service = one.services.iter().find(|service| service.name == name.service);
        service.is_none_or(|service| service.running == 0)
    });
    stage.end();
}

#[test]
fn what_was_measured_is_shown_and_capacity_is_billed_by_it() {
    let moto = Emulator::moto();
    let made = moto.account(&["fill", "1"]);
    let ministack = Emulator::ministack();
    let balancers = moto.cli(&["elbv2", "describe-load-balancers", "--names", "shop"]);
    let arn = balancers["LoadBalancers"][0]["LoadBalancerArn"].as_str().unwrap();
    let tail = arn.split_once("loadbalancer/").unwrap().1;
    let groups = moto.cli(&["elbv2", "describe-target-groups", "--names", "shop-web"]);
    let group = groups["TargetGroups"][0]["TargetGroupArn"].as_str().unwrap();
    let group = group.rsplit_once(':').unwrap().1;
    ministack.account(&["measure", tail, group, made["gateway"].as_str().unwrap()]);
    let proxy = Proxy::before(ministack.address());
    let measures = proxy.endpoint();
    let stage = stage_with(&moto.endpoint(), &[("AWS_ENDPOINT_URL_CLOUDWATCH", &measures)]);
    watch(&stage, ACCOUNT, &format!("buckets = [\"shop-media\"]\n{SHOP}"));
    let told = seen(&stage, "metrics", |one| {
        one.parts.get(&Part::Meters).is_some_and(|fresh| fresh.at.is_some())
            && one.balancers.iter().any(|balancer| {
                balancer.metrics.iter().any(|series| series.values.iter().any(Option::is_some))
            })
    });
    // All metrics go in one request, and what is paid by use in one for each period.
    let asked = proxy.asked();
    let asked: Vec<&String> = asked.iter().filter(|action| *action == "GetMetricData").collect();
    assert!((3..=4).contains(&asked.len()), "{asked:?}");
    assert!(told.calls.metrics >= 9 + 2 + 33, "{:?}", told.calls);
    let group = told.groups.iter().find(|group| group.name == "shop-web").unwrap();
    assert_eq!(group.metrics[0].metric, Metric::HealthyHosts);
    assert_eq!(group.metrics[0].values.iter().flatten().count(), 5, "{group:?}");
    let balancer = &told.balancers[0];
    let newest = |metric| {
        let series = balancer.metrics.iter().find(|one| one.metric == metric).unwrap();
        series.values.iter().rev().find_map(|value| *value)
    };
    assert_eq!(newest(Metric::Requests), Some(1_200_000));
    assert_eq!(newest(Metric::LatencyHigh), Some(25_000), "microseconds");
    assert_eq!(newest(Metric::Target5xx), Some(3000));
    assert!(told.parts[&Part::Metrics].trouble.is_none());
    let units = told.bill.lines.iter().find(|line| line.what == "ALB capacity").unwrap();
    assert_eq!(units.per_hour.unwrap().to_string(), "$0.004", "half a unit at $0.008");
    // What passed the NAT gateway in the last hour, and the three meters of the bucket.
    for (what, price) in [
        ("NAT gateway bytes", "$0.18"),
        ("S3 stored", "$0.023"),
        ("S3 requests, PUT POST LIST", "$0.005"),
        ("S3 requests, GET HEAD", "$0.004"),
        ("S3 transfer out", "$0.18"),
    ] {
        let line = told.bill.lines.iter().find(|line| line.what == what);
        let line = line.unwrap_or_else(|| panic!("no {what}: {:#?}", told.bill));
        assert_eq!(line.per_hour.map(|price| price.to_string()).as_deref(), Some(price), "{what}");
    }
    stage.end();
}
