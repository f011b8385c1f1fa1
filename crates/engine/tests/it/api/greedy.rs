//! Clients that ask for much and take nothing, or leave.

use std::time::Duration;

use pilothouse_api::client::ClientError;
use pilothouse_api::types::LogQuery;
use pilothouse_core::command::RejectionKind;
use pilothouse_core::event::{Event, RunEvent};
use pilothouse_core::id::RunId;
use pilothouse_core::run::Run;
use pilothouse_core::time::Millis;
use pilothouse_engine::publish::PublishLimits;
use pilothouse_engine::server::{Door, ServeLimits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::house::{House, in_time, queued, until};

const RUN: RunId = RunId(1);

async fn house(limits: ServeLimits) -> House {
    House::with(limits, PublishLimits::default()).await
}

/// A log of so many lines that are large once they are printable.
fn fill(house: &House, lines: usize) {
    let line = [vec![0xff; 400], vec![b'\n']].concat();
    let frames: Vec<_> = vec![line; lines].chunks(100).map(<[Vec<u8>]>::concat).collect();
    house.memory.shelf.put(house.settings.directory.join("unit"), false, &frames);
}

/// Asks for something on a connection of its own, and reads nothing.
async fn ask(house: &House, door: Door, path: &str) -> UnixStream {
    let mut stream = house.connect(door).await;
    let request = format!("GET /v1{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// The status of an answer, of which no more is read.
async fn status(stream: &mut UnixStream) -> String {
    let mut line = [0; 12];
    in_time(stream.read_exact(&mut line)).await.unwrap();
    String::from_utf8(line[9..].to_vec()).unwrap()
}

#[tokio::test]
async fn who_asks_for_a_log_and_leaves_takes_no_more_threads_than_who_stays() {
    let house = house(ServeLimits { reads_of_one: 2, ..ServeLimits::default() }).await;
    fill(&house, 1);
    let shelf = &house.memory.shelf;
    shelf.shut(true);
    for asked in 1..=20 {
        let stream = ask(&house, Door::Watch, "/runs/1/log?wait_ms=30000").await;
        until(|| shelf.begun() >= asked.min(2)).await;
        // What came before is being answered once this is.
        house.client(Door::Watch).version().await.unwrap();
        drop(stream);
    }
    assert_eq!(shelf.begun(), 2);
    // The operators' turns are their own.
    let operator = tokio::spawn({
        let client = house.client(Door::Operator);
        async move { client.run_log(RUN, None, &LogQuery::default()).await }
    });
    until(|| shelf.begun() == 3).await;
    shelf.shut(false);
    assert_eq!(in_time(operator).await.unwrap().unwrap().lines.len(), 1);
    let page = in_time(house.client(Door::Watch).run_log(RUN, None, &LogQuery::default())).await;
    assert_eq!(page.unwrap().lines.len(), 1);
}

#[tokio::test]
async fn a_wait_for_lines_takes_no_turn() {
    let house = house(ServeLimits { reads_of_one: 1, ..ServeLimits::default() }).await;
    let shelf = &house.memory.shelf;
    let unit = house.settings.directory.join("unit");
    shelf.put(unit.clone(), true, &[]);
    let waiting: Vec<_> = (0..5)
        .map(|_| {
            let client = house.client(Door::Watch);
            let query = LogQuery { wait: Millis::seconds(30), ..LogQuery::default() };
            tokio::spawn(async move { client.run_log(RUN, None, &query).await })
        })
        .collect();
    until(|| shelf.begun() > 10).await;
    let now = in_time(house.client(Door::Watch).run_log(RUN, None, &LogQuery::default())).await;
    assert!(now.unwrap().lines.is_empty());
    shelf.put(unit, true, &[b"one\n".to_vec()]);
    for one in waiting {
        assert_eq!(in_time(one).await.unwrap().unwrap().lines[0].text, "one");
    }
}

#[tokio::test]
async fn nobody_waits_for_lines_longer_than_the_engine_lets_them() {
    let house = house(ServeLimits { wait_most: Duration::ZERO, ..ServeLimits::default() }).await;
    house.memory.shelf.put(house.settings.directory.join("unit"), true, &[]);
    let query = LogQuery { wait: Millis::seconds(60), ..LogQuery::default() };
    let page = in_time(house.client(Door::Watch).run_log(RUN, None, &query)).await.unwrap();
    assert!(page.lines.is_empty());
}

#[tokio::test]
async fn who_asks_where_a_log_goes_on_is_told_at_once_and_misses_nothing() {
    let house = house(ServeLimits::default()).await;
    let (shelf, unit) = (&house.memory.shelf, house.settings.directory.join("unit"));
    let (one, two) = (b"one\n".to_vec(), b"two\n".to_vec());
    shelf.put(unit.clone(), true, std::slice::from_ref(&one));
    let wait = Millis::seconds(30);
    let query = LogQuery { tail: Some(0), wait, ..LogQuery::default() };
    let client = house.client(Door::Watch);
    let page = in_time(client.run_log(RUN, None, &query)).await.unwrap();
    assert!(page.lines.is_empty() && page.open);
    shelf.put(unit, true, &[one, two]);
    let query = LogQuery { after: Some(page.next), wait, ..LogQuery::default() };
    let page = in_time(client.run_log(RUN, None, &query)).await.unwrap();
    assert_eq!(page.lines.iter().map(|line| &line.text).collect::<Vec<_>>(), ["two"]);
}

/// Answers of half a mebibyte each, of which a user has room for few.
fn narrow() -> ServeLimits {
    ServeLimits {
        answers: 12 << 20,
        answers_of_one: 4 << 20,
        room_within: Duration::ZERO,
        ..ServeLimits::default()
    }
}

#[tokio::test]
async fn pages_that_nobody_takes_are_few() {
    let house = house(narrow()).await;
    fill(&house, 10_000);
    let path = "/runs/1/log?tail=10000";
    let mut streams = Vec::new();
    let mut answered = Vec::new();
    for _ in 0..20 {
        let mut stream = ask(&house, Door::Watch, path).await;
        answered.push(status(&mut stream).await);
        streams.push(stream);
    }
    // Each has half a mebibyte, and is given one until its length is known.
    assert_eq!(answered[..7], ["200"; 7], "{answered:?}");
    assert_eq!(answered[7..], ["429"; 13]);
    let state = in_time(house.client(Door::Watch).state()).await.unwrap_err();
    let ClientError::Rejected(rejection) = state else { panic!("{state:?}") };
    assert_eq!(rejection.kind, RejectionKind::Full);
    // The operators' room is their own.
    let query = LogQuery { tail: Some(10), ..LogQuery::default() };
    in_time(house.client(Door::Operator).run_log(RUN, None, &query)).await.unwrap();
    // It comes back once they are gone.
    drop(streams);
    in_time(async { while house.client(Door::Watch).run_log(RUN, None, &query).await.is_err() {} })
        .await;
}

#[tokio::test]
async fn a_page_waits_until_others_are_taken() {
    let limits = ServeLimits { answers_of_one: 1 << 20, ..ServeLimits::default() };
    let house = house(limits).await;
    fill(&house, 10_000);
    let path = "/runs/1/log?tail=10000";
    let mut one = ask(&house, Door::Watch, path).await;
    assert_eq!(status(&mut one).await, "200");
    let mut two = ask(&house, Door::Watch, path).await;
    in_time(house.client(Door::Watch).version()).await.unwrap();
    assert_eq!(house.memory.shelf.begun(), 1);
    let mut rest = Vec::new();
    in_time(one.read_to_end(&mut rest)).await.unwrap();
    assert_eq!(status(&mut two).await, "200");
}

#[tokio::test]
async fn states_that_nobody_takes_are_few() {
    let house = house(narrow()).await;
    let run = Box::new(Run { subject: "x".repeat(1 << 20), ..queued(RUN) });
    house.memory.happen(Event::Run(RunEvent::Queued { run }));
    let mut answered = Vec::new();
    let mut streams = Vec::new();
    for _ in 0..6 {
        house.memory.tick();
        let mut stream = ask(&house, Door::Watch, "/state").await;
        answered.push(status(&mut stream).await);
        streams.push(stream);
    }
    assert_eq!(answered, ["200", "200", "200", "429", "429", "429"]);
    house.client(Door::Operator).state().await.unwrap();
    let mut rest = Vec::new();
    in_time(streams.remove(0).read_to_end(&mut rest)).await.unwrap();
    assert!(rest.len() > 1 << 20);
    in_time(house.client(Door::Watch).state()).await.unwrap();
}

#[tokio::test]
async fn a_tail_that_does_not_fit_into_a_page_comes_whole() {
    let house = house(ServeLimits::default()).await;
    let frames: Vec<_> = (0..12_000)
        .map(|number| format!("{number} {}\n", "x".repeat(number % 300)).into_bytes())
        .collect();
    house.memory.shelf.put(house.settings.directory.join("unit"), false, &frames);
    let client = house.client(Door::Watch);
    for (tail, first) in [(1, 11_999), (9_000, 3_000), (20_000, 2_000)] {
        let query = LogQuery { tail: Some(tail), ..LogQuery::default() };
        let page = client.run_log(RUN, None, &query).await.unwrap();
        let numbers = page.lines.iter().map(|line| line.text.split(' ').next().unwrap());
        assert!(numbers.eq((first..12_000).map(|number| number.to_string())), "{tail}");
        assert!(page.older && page.skipped > 0);
        // What precedes it is where it says.
        let before = LogQuery { before: Some(page.first), ..LogQuery::default() };
        let before = client.run_log(RUN, None, &before).await.unwrap();
        let last = before.lines.last().unwrap().text.split(' ').next();
        assert_eq!(last, Some((first - 1).to_string().as_str()));
    }
}
