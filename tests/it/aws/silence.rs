//! What takes requests and never answers them: all is stale, and nothing waits for it.

use std::time::{Duration, Instant};

use pilothouse_core::aws::{Part, TroubleKind};
use pilothouse_core::time::Timestamp;

use super::super::stage::Stage;
use super::proxy::Proxy;
use super::{ACCOUNT, Emulator, INTERVAL_MS, SHOP, seen, stage, start_at, watch};

/// How long a part that brings no answer is waited for, and then who we are.
const GIVEN_UP: Duration = Duration::from_secs(5);

#[test]
fn an_endpoint_that_never_answers_makes_all_stale_as_soon_as_that_is_known() {
    let moto = Emulator::moto();
    moto.account(&["fill", "2"]);
    let proxy = Proxy::before(moto.address());
    let stage = stage(&proxy.endpoint());
    watch(&stage, ACCOUNT, SHOP);
    let is_seen = |one: &pilothouse_core::aws::Watched| {
        one.groups.iter().any(|group| !group.targets.is_empty())
            && one.parts.get(&Part::Health).is_some_and(|fresh| fresh.trouble.is_none())
    };
    seen(&stage, "targets", is_seen);
    proxy.silences("*");
    let silent = Instant::now();
    let told = seen(&stage, "trouble everywhere", |one| {
        one.parts.values().all(|fresh| fresh.trouble.is_some())
    });
    let took = silent.elapsed();
    let longest = GIVEN_UP + Duration::from_millis(INTERVAL_MS + 1500);
    assert!(took < longest, "{took:?}");
    assert_eq!(told.trouble().unwrap().kind, TroubleKind::Late);
    for part in told.parts.keys() {
        assert!(told.stale_since(*part, Timestamp(0)).is_some(), "{part:?}");
    }
    assert!(told.groups.iter().any(|group| !group.targets.is_empty()), "what was seen stays");
    proxy.heals();
    seen(&stage, "targets again", is_seen);
    stage.end();
}

#[test]
fn at_the_usual_pace_an_endpoint_that_falls_silent_is_told_within_an_interval() {
    const USUAL: Duration = Duration::from_secs(10);
    let moto = Emulator::moto();
    moto.account(&["fill", "2"]);
    let proxy = Proxy::before(moto.address());
    let mut stage = Stage::new();
    start_at(&mut stage, &proxy.endpoint(), 10_000, &[]);
    watch(&stage, ACCOUNT, SHOP);
    // The last part of the first round was tried: that is the longest before anything is asked again.
    seen(&stage, "a whole round", |one| {
        let is_tried = |part: &Part| {
            one.parts.get(part).is_some_and(|fresh| fresh.at.is_some() || fresh.trouble.is_some())
        };
        [Part::Health, Part::Metrics].iter().all(is_tried)
    });
    proxy.silences("*");
    let silent = Instant::now();
    seen(&stage, "trouble everywhere", |one| {
        one.parts.values().all(|fresh| fresh.trouble.is_some())
    });
    let took = silent.elapsed();
    // What the machine takes for its turns is no part of the promise.
    assert!(took < USUAL + Duration::from_millis(500), "{took:?}");
    proxy.heals();
    stage.end();
}
