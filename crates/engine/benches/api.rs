//! Measures attaching and watching: `cargo bench -p pilothouse-engine --bench api`.
//!
//! Prints figures and judges nothing: timed tests fail on busy machines.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement prints, and stops where it cannot go on"
)]

use std::time::{Duration, Instant};

use pilothouse_api::client::Update;
use pilothouse_core::event::{Event, RunEvent};
use pilothouse_core::run::RunResult;
use pilothouse_engine::server::{Door, View};

#[path = "../tests/it/api/house.rs"]
#[expect(dead_code, reason = "a measurement needs less than the tests")]
mod house;

use house::House;

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let house = House::open().await;
        watchers(&house).await;
        fill(&house, 10_000);
        attach(&house).await;
        fan_out(&house).await;
    });
}

/// Runs that have ended, as most of those that are kept have.
fn fill(house: &House, count: u64) {
    let events = (1..=count).flat_map(|id| {
        let id = pilothouse_core::id::RunId(id);
        let run = Box::new(house::queued(id));
        let result = RunResult::Cancelled { by: "kim".to_owned() };
        [RunEvent::Queued { run }, RunEvent::Ended { id, result }].map(Event::Run)
    });
    house.memory.happen_all(events);
}

async fn attach(house: &House) {
    let client = house.client(Door::Watch);
    let mut took = Vec::new();
    let mut fetched = Vec::new();
    for _ in 0..20 {
        let began = Instant::now();
        let snapshot = client.state().await.unwrap();
        fetched.push(began.elapsed());
        assert_eq!(snapshot.state.runs.len(), 10_000);
        let began = Instant::now();
        let mut follow = client.follow(false);
        assert!(matches!(follow.next().await, Some(Update::Snapshot(_))));
        house::until(|| house.memory.publisher().attached().watchers == 1).await;
        house.memory.publish_small();
        assert!(matches!(follow.next().await, Some(Update::Record(_))));
        took.push(began.elapsed());
        drop(follow);
        house::until(|| house.memory.publisher().attached().watchers == 0).await;
    }
    let bytes = serde_json::to_vec(&house.memory.state()).unwrap().len();
    println!("state of 10,000 runs: {bytes} bytes of JSON");
    println!("fetch the state: {}", figures(fetched));
    println!("attach, state and first event: {}", figures(took));
    let mut alone = Vec::new();
    let state = house.memory.state();
    let text = serde_json::to_vec(&state).unwrap();
    for _ in 0..20 {
        let began = Instant::now();
        assert_eq!(serde_json::to_vec(&state).unwrap().len(), bytes);
        let written = began.elapsed();
        let began = Instant::now();
        let read: pilothouse_core::state::State = serde_json::from_slice(&text).unwrap();
        assert_eq!(read.seq, state.seq);
        alone.push((written, began.elapsed()));
    }
    let (written, read): (Vec<_>, Vec<_>) = alone.into_iter().unzip();
    println!("of which writing {}; reading {}", figures(written), figures(read));
}

/// Measured before anything else, while no freed memory lies about.
async fn watchers(house: &House) {
    // What is made once is not a watcher's.
    drop(house.client(Door::Watch).events(None, true).await.unwrap());
    let before = resident();
    let mut sockets = Vec::new();
    let listen = "GET /v1/events?samples=1 HTTP/1.1\r\nhost: x\r\n\r\n";
    for _ in 0..250 {
        let mut stream = house.connect(Door::Watch).await;
        tokio::io::AsyncWriteExt::write_all(&mut stream, listen.as_bytes()).await.unwrap();
        sockets.push(stream);
    }
    house::until(|| house.memory.publisher().attached().watchers == 250).await;
    let each = (resident().saturating_sub(before)) / 250;
    println!("memory per watcher: about {each} bytes, the measuring side's socket included");
    drop(sockets);
    house::until(|| house.memory.publisher().attached().watchers == 0).await;
}

async fn fan_out(house: &House) {
    let client = house.client(Door::Watch);
    let mut streams = Vec::new();
    for _ in 0..100 {
        streams.push(client.events(None, false).await.unwrap());
    }
    let mut published = Vec::new();
    let began = Instant::now();
    for _ in 0..100 {
        let one = Instant::now();
        house.memory.publish_small();
        published.push(one.elapsed());
        for stream in &mut streams {
            assert!(stream.next().await.unwrap().is_some());
        }
    }
    let all = began.elapsed() / 100;
    println!("publish to 100 watchers: {}", figures(published));
    println!("until all 100 have it, on the same two threads: {all:?}");
}

fn figures(mut took: Vec<Duration>) -> String {
    took.sort();
    let (least, median, most) = (took[0], took[took.len() / 2], took[took.len() - 1]);
    format!("median {median:?}, least {least:?}, most {most:?}")
}

/// Resident memory in bytes (proc(5), statm).
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}
