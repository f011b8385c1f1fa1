//! Commands: accepted, refused with the right status, or too late.

use std::sync::atomic::Ordering;
use std::time::Duration;

use pilothouse_api::client::{ClientError, ClientLimits};
use pilothouse_core::command::{Command, Reply};
use pilothouse_core::id::RunId;
use pilothouse_engine::publish::PublishLimits;
use pilothouse_engine::server::{Door, ServeLimits};

use super::house::{House, request, until};

fn start() -> Command {
    Command::StartRun { project: "shop".into(), branch: "main".into() }
}

#[tokio::test]
async fn an_accepted_command_names_its_place_and_its_actor() {
    let house = House::open().await;
    let client = house.client(Door::Operator);
    let accepted = client.submit(start()).await.unwrap();
    assert_eq!(accepted.reply, Reply::RunQueued(RunId(1)));
    assert_eq!(accepted.seq, client.state().await.unwrap().seq);
    let submitted = house.memory.submitted.lock().unwrap();
    let (actor, command) = &submitted[0];
    assert_eq!(command, &start());
    assert_eq!((actor.uid, actor.door), (nix::unistd::getuid().as_raw(), Door::Operator));
}

#[tokio::test]
async fn every_kind_of_refusal_has_its_status() {
    let house = House::open().await;
    let client = house.client(Door::Operator);
    for (id, status) in [404, 409, 409, 422, 429, 403, 503].into_iter().enumerate() {
        let body = format!("{{\"command\":{{\"cancel_run\":{{\"id\":{id}}}}}}}");
        let raw = house.raw(Door::Operator, &request("POST", "/v1/commands", &body)).await;
        assert!(raw.starts_with(&format!("HTTP/1.1 {status}")), "{raw}");
        let id = RunId(u64::try_from(id).unwrap());
        let refused = client.submit(Command::CancelRun { id }).await.unwrap_err();
        assert!(matches!(refused, ClientError::Rejected(_)), "{refused}");
    }
}

#[tokio::test]
async fn a_field_that_nobody_knows_is_refused_and_nothing_is_done() {
    let house = House::open().await;
    // A misspelt plan would deploy whatever is ready by now.
    let deploy = "{\"deploy\":{\"environment\":{\"project\":\"shop\",\"name\":\"production\"},\
                  \"what\":\"ready\",\"plann\":\"x\"}}";
    let asked = [
        (format!("{{\"command\":{deploy}}}"), "plann"),
        ("{\"command\":\"halt\",\"iff\":1}".to_owned(), "iff"),
        (apply(&with("budget", "/environments/0")), "no field environments[0].budget\""),
        (apply(&with("fulfil", "/load_balancer")), "no field load_balancer.fulfil\""),
        (apply(&with("keep", "/environments/0/strategy")), "environments[0].strategy.keep\""),
    ];
    for (body, unknown) in asked {
        let raw = house.raw(Door::Operator, &request("POST", "/v1/commands", &body)).await;
        assert!(raw.starts_with("HTTP/1.1 422") && raw.contains(unknown), "{raw}");
    }
    assert!(house.memory.submitted.lock().unwrap().is_empty());
    let raw = house.raw(Door::Operator, &request("POST", "/v1/commands", &apply(&spec()))).await;
    assert!(raw.starts_with("HTTP/1.1 200"), "{raw}");
}

/// A specification as it is sent.
fn spec() -> serde_json::Value {
    serde_json::json!({
        "name": "shop", "repository": "/srv/shop", "poll": 5000, "trusted": true, "keep_runs": 20,
        "load_balancer": { "listen": ["127.0.0.1:8080"], "trusted_proxies": [] }, "step_env": {},
        "environments": [{
            "name": "production", "branches": ["main"], "preview": false, "domain": "shop.test",
            "instances": 2, "deploy": "auto", "rules": [], "env": {}, "secrets": {},
            "keep_releases": 5, "budget_micro_usd_per_hour": null,
            "strategy": { "min_healthy_percent": 100, "max_percent": 200, "drain": 0, "bake": 0,
                          "auto_rollback": true } }] })
}

fn with(field: &str, place: &str) -> serde_json::Value {
    let mut spec = spec();
    spec.pointer_mut(place).unwrap()[field] = serde_json::json!(1);
    spec
}

fn apply(spec: &serde_json::Value) -> String {
    serde_json::json!({ "command": { "apply": { "spec": spec } } }).to_string()
}

#[tokio::test]
async fn a_command_without_an_answer_is_unknown_and_not_refused() {
    let limits = ServeLimits { answer_within: Duration::from_millis(50), ..ServeLimits::default() };
    let house = House::with(limits, PublishLimits::default()).await;
    house.memory.stuck.store(true, Ordering::Relaxed);
    let error = house.client(Door::Operator).submit(start()).await.unwrap_err();
    assert!(matches!(error, ClientError::Timeout { .. }), "{error}");
    assert!(error.is_outcome_unknown());
    let limits = ClientLimits { answer: Duration::from_millis(10), ..ClientLimits::default() };
    let hasty = house.client_with(Door::Operator, limits);
    let error = hasty.submit(start()).await.unwrap_err();
    assert!(matches!(error, ClientError::Timeout { .. }), "{error}");
}

#[tokio::test]
async fn stopping_waits_for_no_stuck_command_longer_than_its_grace() {
    let limits = ServeLimits { grace: Duration::from_millis(50), ..ServeLimits::default() };
    let mut house = House::with(limits, PublishLimits::default()).await;
    house.memory.stuck.store(true, Ordering::Relaxed);
    let client = house.client(Door::Operator);
    let asked = tokio::spawn(async move { client.submit(start()).await });
    let memory = house.memory.clone();
    until(|| !memory.submitted.lock().unwrap().is_empty()).await;
    house.close().await;
    let error = asked.await.unwrap().unwrap_err();
    assert!(error.is_outcome_unknown(), "{error}");
    assert!(!house.settings.path(Door::Operator).exists());
}
