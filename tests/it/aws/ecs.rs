//! ECS services with tasks that run, and what was measured: ministack has both.

use pilothouse_core::aws::seen::Metric;
use pilothouse_core::aws::{Part, ServiceName};

use super::super::docker::image::Base;
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
    for task in &service.tasks {
        assert_eq!(task.state, "RUNNING", "{task:?}");
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
    moto.account(&["fill", "1"]);
    let ministack = Emulator::ministack();
    let arn = moto.account(&["ask"])["balancers"]["shop"]["arn"].as_str().unwrap().to_owned();
    let tail = arn.split_once("loadbalancer/").unwrap().1.to_owned();
    ministack.account(&["measure", &tail]);
    let measures = ministack.endpoint();
    let stage = stage_with(&moto.endpoint(), &[("AWS_ENDPOINT_URL_CLOUDWATCH", &measures)]);
    watch(&stage, ACCOUNT, SHOP);
    let told = seen(&stage, "metrics", |one| {
        one.balancers.iter().any(|balancer| {
            balancer.metrics.iter().any(|series| series.values.iter().any(Option::is_some))
        })
    });
    let balancer = &told.balancers[0];
    let newest = |metric| {
        let series = balancer.metrics.iter().find(|one| one.metric == metric).unwrap();
        series.values.iter().rev().find_map(|value| *value)
    };
    assert_eq!(newest(Metric::Requests), Some(1_200_000));
    assert_eq!(newest(Metric::LatencyHigh), Some(25_000), "microseconds");
    assert_eq!(newest(Metric::Target5xx), Some(3000));
    assert!(told.parts[&Part::Metrics].trouble.is_none());
    assert!(told.calls.metrics >= 7, "{:?}", told.calls);
    let units = told.bill.lines.iter().find(|line| line.what == "ALB capacity").unwrap();
    assert_eq!(units.per_hour.unwrap().to_string(), "$0.004", "half a unit at $0.008");
    stage.end();
}
