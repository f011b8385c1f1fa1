//! The event stream on the wire.

use std::time::Duration;

use pilothouse_api::client::{ClientError, ClientLimits, EventStream, StreamItem};
use pilothouse_api::types::{Samples, life_of};
use pilothouse_core::id::Seq;
use pilothouse_engine::publish::PublishLimits;
use pilothouse_engine::server::{Door, ServeLimits, View};
use tokio::io::AsyncWriteExt;

use super::house::{House, in_time, read_to_end, until};

async fn seq(stream: &mut EventStream) -> u64 {
    match in_time(stream.next()).await.unwrap() {
        Some(StreamItem::Record(record)) => record.seq.0,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_hundred_watchers_get_everything() {
    let house = House::open().await;
    let client = house.client(Door::Watch);
    let mut streams = Vec::new();
    for _ in 0..100 {
        streams.push(client.events(Some(Seq(0)), false).await.unwrap());
    }
    assert_eq!(house.memory.publisher().attached().watchers, 100);
    for _ in 0..49 {
        house.memory.tick();
    }
    for stream in &mut streams {
        for expected in 1..=50 {
            assert_eq!(seq(stream).await, expected);
        }
    }
}

#[tokio::test]
async fn a_resume_goes_on_where_it_was() {
    let house = House::open().await;
    let client = house.client(Door::Watch);
    let mut stream = client.events(Some(Seq(0)), false).await.unwrap();
    assert_eq!(stream.life(), life_of(&house.memory.state()));
    house.memory.tick();
    assert_eq!((seq(&mut stream).await, seq(&mut stream).await), (1, 2));
    let last = stream.last();
    drop(stream);
    house.memory.tick();
    let mut stream = client.events(last, false).await.unwrap();
    assert_eq!(seq(&mut stream).await, 3);
    let mut fresh = client.events(None, false).await.unwrap();
    house.memory.tick();
    assert_eq!((seq(&mut stream).await, seq(&mut fresh).await), (4, 4));
}

#[tokio::test]
async fn who_falls_behind_or_comes_from_elsewhere_is_reset() {
    let ring = PublishLimits { records: 100, ..PublishLimits::default() };
    let house = House::with(ServeLimits::default(), ring).await;
    let client = house.client(Door::Watch);
    let mut slow = client.events(None, false).await.unwrap();
    // The server's task gets no turn meanwhile, as if the client took nothing.
    for _ in 0..101 {
        house.memory.tick();
    }
    assert_eq!(in_time(slow.next()).await.unwrap(), Some(StreamItem::Reset));
    assert_eq!(in_time(slow.next()).await.unwrap(), None);
    for place in [0, 1, 1000] {
        let mut stream = client.events(Some(Seq(place)), false).await.unwrap();
        let item = in_time(stream.next()).await.unwrap();
        assert_eq!(item, Some(StreamItem::Reset), "{place}");
    }
}

#[tokio::test]
async fn the_wire_is_what_the_standard_says() {
    let mut house = House::open().await;
    house.memory.tick();
    let mut stream = house.connect(Door::Watch).await;
    let listen = "GET /v1/events?after=7 HTTP/1.1\r\nhost: x\r\nlast-event-id: 1\r\n\r\n";
    stream.write_all(listen.as_bytes()).await.unwrap();
    let publisher = house.memory.publisher().clone();
    until(|| publisher.attached().watchers == 1).await;
    house.close().await;
    let raw = read_to_end(&mut stream).await;
    assert!(raw.contains("content-type: text/event-stream\r\n"), "{raw}");
    assert!(raw.contains("\r\n:\n\n\r\n"), "{raw}");
    let frame = "id: 2\nevent: record\ndata: {\"seq\":2,\"at\":1001,\"event\":{\"edge\":{\"disconnected\":{\"why\":\"no answer\"}}}}\n\n";
    assert!(raw.contains(frame) && !raw.contains("id: 1\n"), "{raw}");
}

#[tokio::test]
async fn samples_come_to_those_who_ask() {
    let house = House::open().await;
    let client = house.client(Door::Operator);
    let mut with = client.events(None, true).await.unwrap();
    let mut without = client.events(None, false).await.unwrap();
    assert!(house.memory.publisher().wants_samples());
    house.memory.publisher().publish_samples(Samples::default());
    let samples = Samples { operators: 2, ..Samples::default() };
    let item = in_time(with.next()).await.unwrap();
    assert_eq!(item, Some(StreamItem::Samples(Box::new(samples))));
    house.memory.tick();
    assert_eq!((seq(&mut with).await, seq(&mut without).await), (2, 2));
}

#[tokio::test]
async fn heartbeats_keep_a_quiet_stream_and_silence_ends_it() {
    let limits = ServeLimits { heartbeat: Duration::from_millis(50), ..ServeLimits::default() };
    let mut house = House::with(limits, PublishLimits::default()).await;
    let short = ClientLimits { silence: Duration::from_millis(400), ..ClientLimits::default() };
    let client = house.client_with(Door::Watch, short.clone());
    let mut stream = client.events(None, false).await.unwrap();
    let quiet = tokio::time::timeout(Duration::from_millis(900), stream.next()).await;
    assert!(quiet.is_err(), "{quiet:?}");
    house.memory.tick();
    assert_eq!(seq(&mut stream).await, 2);
    // Without heartbeats the same silence is an error.
    house.close().await;
    house.limits.heartbeat = Duration::from_mins(1);
    house.serve().await;
    let mut stream = client.events(None, false).await.unwrap();
    let error = in_time(stream.next()).await.unwrap_err();
    assert!(matches!(error, ClientError::Timeout { .. }), "{error}");
}

#[tokio::test]
async fn stopping_ends_every_stream() {
    let mut house = House::open().await;
    let mut stream = house.client(Door::Watch).events(None, true).await.unwrap();
    house.close().await;
    assert_eq!(in_time(stream.next()).await.unwrap(), None);
    assert!(!house.settings.path(Door::Watch).exists());
}
