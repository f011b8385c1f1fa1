//! The ring's promises: no gap, no double, no waiting, bounded.

use std::sync::Arc;

use pilothouse_api::types::{Access, Samples};
use pilothouse_core::event::{EdgeEvent, Event, Recorded};
use pilothouse_core::id::Seq;
use pilothouse_core::state::State;
use pilothouse_core::time::Timestamp;

use super::{Item, PublishLimits, Publisher, Reset};

fn record(seq: u64) -> Recorded {
    Recorded {
        seq: Seq(seq),
        at: Timestamp(seq),
        event: Event::Edge(EdgeEvent::Disconnected { why: "gone".to_owned() }),
    }
}

fn publisher(records: usize) -> Publisher {
    let limits = PublishLimits { records, ..PublishLimits::default() };
    Publisher::new(limits, Arc::new(State::default()))
}

fn tell(publisher: &Publisher, seqs: impl IntoIterator<Item = u64>) {
    let records: Vec<_> = seqs.into_iter().map(record).collect();
    publisher.publish(&records);
}

/// Takes what is there without waiting: ids, `samples` or `reset`.
fn take(subscription: &mut super::Subscription) -> Vec<String> {
    let mut out = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        loop {
            let item = tokio::select! {
                biased;
                item = subscription.next() => item,
                () = std::future::ready(()) => return,
            };
            match item {
                Item::Record(frame) => {
                    let text = String::from_utf8(frame.to_vec()).unwrap();
                    let id = text.lines().next().unwrap();
                    out.push(id.trim_start_matches("id: ").to_owned());
                }
                Item::Samples(_) => out.push("samples".to_owned()),
                Item::Reset(_) => {
                    out.push("reset".to_owned());
                    return;
                }
            }
        }
    });
    out
}

#[test]
fn a_resume_gets_exactly_what_it_missed() {
    let publisher = publisher(10);
    tell(&publisher, 1..=5);
    let mut resumed = publisher.subscribe(Access::Operator, Some(Seq(3)), false).unwrap();
    let mut fresh = publisher.subscribe(Access::Operator, None, false).unwrap();
    assert_eq!(take(&mut resumed), ["4", "5"]);
    tell(&publisher, [5, 6]);
    assert_eq!(take(&mut resumed), ["6"]);
    assert_eq!(take(&mut fresh), ["6"]);
}

#[test]
fn a_slow_client_is_reset_and_a_fast_one_is_not() {
    let publisher = publisher(10);
    let begin = || publisher.subscribe(Access::Watcher, Some(Seq(0)), false);
    let (mut slow, mut fast) = (begin().unwrap(), begin().unwrap());
    for seq in 1..=11 {
        tell(&publisher, [seq]);
        assert_eq!(take(&mut fast), [seq.to_string()]);
    }
    assert_eq!(take(&mut slow), ["reset"]);
    assert_eq!(begin().unwrap_err(), Reset::Behind);
}

#[test]
fn the_ring_is_bounded_in_bytes_and_keeps_the_newest() {
    let limits = PublishLimits { records: 10, bytes: 1 };
    let publisher = Publisher::new(limits, Arc::new(State::default()));
    tell(&publisher, 1..=3);
    let resume = |seq| publisher.subscribe(Access::Watcher, Some(Seq(seq)), false);
    assert_eq!(resume(1).unwrap_err(), Reset::Behind);
    assert_eq!(take(&mut resume(2).unwrap()), ["3"]);
}

#[test]
fn a_gap_makes_everybody_start_anew() {
    let publisher = publisher(10);
    tell(&publisher, 1..=3);
    let mut listening = publisher.subscribe(Access::Watcher, Some(Seq(3)), false).unwrap();
    tell(&publisher, [9]);
    assert_eq!(take(&mut listening), ["reset"]);
}

#[test]
fn a_place_ahead_is_a_snapshot_s_or_of_another_journal() {
    let publisher = publisher(10);
    tell(&publisher, 1..=3);
    let ahead = || publisher.subscribe(Access::Watcher, Some(Seq(4)), false);
    assert_eq!(ahead().unwrap_err(), Reset::Ahead);
    publisher.set_state(Arc::new(State { seq: Seq(4), ..State::default() }));
    let mut early = ahead().unwrap();
    tell(&publisher, [4, 5]);
    assert_eq!(take(&mut early), ["5"]);
}

#[test]
fn samples_are_newest_wins_and_counted() {
    let publisher = publisher(10);
    assert!(!publisher.wants_samples());
    let mut one = publisher.subscribe(Access::Operator, None, true).unwrap();
    let mut none = publisher.subscribe(Access::Watcher, None, false).unwrap();
    assert!(publisher.wants_samples());
    assert!(take(&mut one).is_empty());
    for _ in 0..3 {
        publisher.publish_samples(Samples::default());
    }
    tell(&publisher, [1]);
    assert_eq!(take(&mut one), ["samples", "1"]);
    assert_eq!(take(&mut none), ["1"]);
    let attached = publisher.attached();
    assert_eq!((attached.operators, attached.watchers), (1, 1));
    drop((one, none));
    assert_eq!(publisher.attached(), super::Attached::default());
    // How it was when somebody last looked is nothing that is told to the next.
    let mut next = publisher.subscribe(Access::Watcher, None, true).unwrap();
    assert!(take(&mut next).is_empty());
    drop(next);
    publisher.publish_samples(Samples::default());
    let mut next = publisher.subscribe(Access::Watcher, None, true).unwrap();
    assert!(take(&mut next).is_empty());
}

#[test]
fn however_it_comes_in_everything_comes_out_once() {
    let publisher = publisher(1000);
    let mut listening = publisher.subscribe(Access::Watcher, Some(Seq(0)), false).unwrap();
    let mut next = 1;
    for count in [1, 39, 1, 63, 64, 65, 128, 1, 200, 2] {
        let seqs = next..next + count;
        tell(&publisher, seqs.clone());
        let expected: Vec<_> = seqs.map(|seq| seq.to_string()).collect();
        assert_eq!(take(&mut listening), expected);
        next += count;
    }
}

#[test]
fn a_kernel_on_another_thread_loses_nothing() {
    let publisher = publisher(20_000);
    let mut listening = publisher.subscribe(Access::Watcher, Some(Seq(0)), false).unwrap();
    let kernel = std::thread::spawn(move || {
        for seq in 1..=10_000 {
            tell(&publisher, [seq]);
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        for seq in 1..=10_000 {
            let waited = tokio::time::timeout(std::time::Duration::from_secs(10), listening.next());
            let Ok(Item::Record(frame)) = waited.await else {
                panic!("record {seq} did not come");
            };
            assert!(frame.starts_with(format!("id: {seq}\n").as_bytes()));
        }
    });
    kernel.join().unwrap();
}
