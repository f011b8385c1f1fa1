//! Clients that are broken, slow, greedy or too many.

use std::time::Duration;

use pilothouse_api::client::ClientError;
use pilothouse_core::command::RejectionKind;
use pilothouse_engine::publish::PublishLimits;
use pilothouse_engine::server::{Door, ServeLimits, View};
use tokio::io::AsyncWriteExt;

use super::house::{House, in_time, read_to_end, request, until};

async fn hasty() -> House {
    let limits = ServeLimits {
        head_within: Duration::from_millis(200),
        body_within: Duration::from_millis(200),
        stall: Duration::from_millis(50),
        heartbeat: Duration::from_millis(50),
        ..ServeLimits::default()
    };
    House::with(limits, PublishLimits::default()).await
}

#[tokio::test]
async fn garbage_is_refused() {
    let house = House::open().await;
    for (garbage, status) in [
        ("\x16\x03\x01\x02\x00\x01\x00\x01\n\n\r\n\r\n".to_owned(), "400"),
        ("GET /v1/state HTTP/9.9\r\n\r\n".to_owned(), "400"),
        (request("GET", "/", ""), "404"),
        (request("GET", "/v1", ""), "404"),
        (request("GET", "/v1/../v1/state", ""), "404"),
        (request("GET", "/vx/state", ""), "404"),
        (request("GET", "/v99999999999999/state", ""), "404"),
        (request("GET", "/v+1/state", ""), "404"),
        (request("GET", "/v1/audit?last=1&last=2", ""), "422"),
        (request("DELETE", "/v1/state", ""), "405"),
        (request("GET", "/v1/events?after=x", ""), "422"),
        (request("GET", "/v1/events?aftr=1", ""), "422"),
        (request("GET", "/v1/audit?last=%ff", ""), "422"),
        (request("GET", "/v1/runs/1%2f2/log", ""), "422"),
        (request("GET", "/v1/runs/+1/log", ""), "422"),
        (request("GET", "/v1/audit?last=+1", ""), "422"),
        (request("GET", "/v1/audit?last=%2b1", ""), "422"),
        (request("GET", "/v1/state?x=1", ""), "422"),
        (request("GET", "/v1/version?x", ""), "422"),
        (request("GET", "/v1/openapi.json?x=", ""), "422"),
        (request("POST", "/v1/commands?force=1", "{\"command\":\"halt\"}"), "422"),
        (request("POST", "/v1/commands", "[\"halt\"]"), "422"),
        (request("POST", "/v1/commands", "{\"command\":"), "422"),
        (request("POST", "/v1/commands", "{\"command\":\"nothing\"}"), "422"),
        (request("POST", "/v1/commands", &"[".repeat(10_000)), "422"),
    ] {
        let raw = house.raw(Door::Operator, &garbage).await;
        let expected = format!("HTTP/1.1 {status}");
        assert!(raw.starts_with(&expected), "{garbage:?}: {raw}");
    }
    assert!(house.memory.submitted.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let house = House::open().await;
    let announced = "POST /v1/commands HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 1048577\r\n\r\n{}";
    let raw = house.raw(Door::Operator, announced).await;
    assert!(raw.starts_with("HTTP/1.1 413"), "{raw}");
    let large = request("POST", "/v1/commands", &" ".repeat((1 << 20) + 1));
    let raw = house.raw(Door::Operator, &large).await;
    assert!(raw.starts_with("HTTP/1.1 413"), "{raw}");
    let head = format!("GET /v1/state HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(20_000));
    let raw = house.raw(Door::Operator, &head).await;
    assert!(raw.starts_with("HTTP/1.1 431"), "{raw}");
    let many = format!("GET /v1/state HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(65));
    let raw = house.raw(Door::Operator, &many).await;
    assert!(raw.starts_with("HTTP/1.1 431"), "{raw}");
}

#[tokio::test]
async fn who_is_slow_is_cut_off() {
    let house = hasty().await;
    for (sent, answer) in [
        ("", ""),
        ("GET /v1/sta", ""),
        (
            "POST /v1/commands HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 9\r\n\r\n{",
            "HTTP/1.1 408",
        ),
        // Idle after an answer.
        ("GET /v1/version HTTP/1.1\r\nhost: x\r\n\r\n", "HTTP/1.1 200"),
    ] {
        let raw = house.raw(Door::Operator, sent).await;
        assert!(raw.starts_with(answer), "{sent:?}: {raw}");
        assert_eq!(raw.is_empty(), answer.is_empty(), "{sent:?}: {raw}");
    }
}

#[tokio::test]
async fn who_takes_nothing_is_cut_off() {
    let house = hasty().await;
    let mut stream = house.connect(Door::Watch).await;
    let listen = "GET /v1/events HTTP/1.1\r\nhost: x\r\n\r\n";
    stream.write_all(listen.as_bytes()).await.unwrap();
    let attached = || house.memory.publisher().attached().watchers;
    until(|| attached() == 1).await;
    until(|| {
        house.memory.queue_run();
        attached() == 0
    })
    .await;
    read_to_end(&mut stream).await;
}

#[tokio::test]
async fn one_too_many_is_told_so_and_the_next_finds_a_seat() {
    let limits = ServeLimits { connections: 2, refusals: 1, ..ServeLimits::default() };
    let house = House::with(limits, PublishLimits::default()).await;
    let client = house.client(Door::Watch);
    let one = client.events(None, false).await.unwrap();
    let two = client.events(None, false).await.unwrap();
    let refused = in_time(client.state()).await.unwrap_err();
    let ClientError::Rejected(rejection) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(rejection.kind, RejectionKind::Full);
    let raw = house.raw(Door::Watch, &request("GET", "/v1/state", "")).await;
    assert!(raw.starts_with("HTTP/1.1 503"), "{raw}");
    // The operators' seats are their own.
    house.client(Door::Operator).state().await.unwrap();
    drop((one, two));
    until(|| house.memory.publisher().attached().watchers == 0).await;
    in_time(async {
        // The seat is free once the task that held it is gone, shortly after.
        while client.state().await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
