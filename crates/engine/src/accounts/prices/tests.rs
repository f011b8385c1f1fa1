//! A reader of prices on a made-up list, with time that stands still.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pilothouse_core::aws::TroubleKind;
use pilothouse_core::time::Timestamp;
use tokio_util::sync::CancellationToken;

use super::super::tests::Made;
use super::{Prices, prices};
use crate::clock::Clock;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn reader(made: &Made, dir: Option<&Path>, now: u64) -> (Prices, CancellationToken) {
    let account = Arc::new(made.clone());
    let (prices, reader) = prices(account, "eu-north-1", dir, Clock::at(Timestamp(now)));
    let stop = CancellationToken::new();
    tokio::spawn(reader.run(stop.clone()));
    (prices, stop)
}

fn skus(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|sku| (*sku).to_owned()).collect()
}

/// Lets time pass, which is virtual.
async fn passes(time: Duration) {
    let _ = tokio::time::timeout(time, std::future::pending::<()>()).await;
}

#[tokio::test(start_paused = true)]
async fn each_price_is_asked_once_a_day_and_so_is_one_that_the_list_does_not_have() {
    let made = Made::default();
    let (mut prices, _stop) = reader(&made, None, 0);
    prices.want(skus(&["BoxUsage:t3.nano", "TimedStorage-ByteHrs (first 50 TB)"]));
    passes(Duration::from_secs(23 * 60 * 60)).await;
    assert_eq!(made.list.lock().unwrap().asked.len(), 2);
    let known = prices.known();
    assert_eq!(known.book.price("BoxUsage:t3.nano").unwrap().usd.to_string(), "$0.05");
    assert_eq!(known.book.price("TimedStorage-ByteHrs (first 50 TB)"), None);
    assert!(known.fresh.at.is_some() && known.fresh.trouble.is_none());
    // What comes to be wanted is asked at once, and the others when they are a day old.
    prices.want(skus(&["BoxUsage:t3.nano", "BoxUsage:t3.micro"]));
    passes(Duration::from_secs(1)).await;
    assert_eq!(made.list.lock().unwrap().asked.last().unwrap(), "BoxUsage:t3.micro");
    passes(Duration::from_secs(2 * 60 * 60)).await;
    assert_eq!(made.list.lock().unwrap().asked.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_cannot_be_read_is_left_alone_ever_longer_and_what_is_known_stays() {
    let made = Made::default();
    let (mut prices, _stop) = reader(&made, None, 0);
    prices.want(skus(&["BoxUsage:t3.nano"]));
    passes(Duration::from_secs(1)).await;
    for (kind, is_silent) in [(TroubleKind::Denied, false), (TroubleKind::Late, true)] {
        {
            let mut list = made.list.lock().unwrap();
            (list.trouble, list.is_silent) = ((!is_silent).then_some(kind), is_silent);
            list.asked.clear();
        }
        prices.want(skus(&["BoxUsage:t3.nano", "BoxUsage:a", "BoxUsage:b", "BoxUsage:c"]));
        passes(DAY).await;
        let asked = made.list.lock().unwrap().asked.len();
        assert!((3..=13).contains(&asked), "{asked} questions in a day");
        let known = prices.known();
        let trouble = known.fresh.trouble.unwrap();
        assert_eq!((trouble.kind, trouble.action.as_str()), (kind, "pricing:GetProducts"));
        assert!(known.book.price("BoxUsage:t3.nano").is_some());
        // That more is wanted of it makes it no readier.
        prices.want(skus(&["BoxUsage:t3.nano", "BoxUsage:d"]));
        passes(Duration::from_secs(1)).await;
        assert_eq!(made.list.lock().unwrap().asked.len(), asked);
    }
    {
        let mut list = made.list.lock().unwrap();
        (list.trouble, list.is_silent) = (None, false);
    }
    passes(super::LONGEST + super::WITHIN).await;
    let known = prices.known();
    assert_eq!(known.fresh.trouble, None);
    assert!(known.book.price("BoxUsage:d").is_some());
}

#[tokio::test(start_paused = true)]
async fn prices_are_kept_on_disk_with_their_dates_and_asked_again_when_they_are_old() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("prices/eu-north-1.json");
    let made = Made::default();
    let (prices, stop) = reader(&made, file.parent(), 1_795_370_651_000);
    prices.want(skus(&["BoxUsage:t3.nano", "Requests-Tier2 (GET)"]));
    while !file.exists() {
        passes(Duration::from_millis(10)).await;
    }
    stop.cancel();
    // Byte for byte: files of earlier versions are read for ever.
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        r#"{"version":1,"book":{"BoxUsage:t3.nano":{"at":1795370651000,"price":{"unit":"hour","usd":50000000,"date":"2026-11-01"}},"Requests-Tier2 (GET)":{"at":1795370651000,"price":null}}}"#
    );
    // An engine that starts within the day asks for nothing, and one that starts later for all.
    for (later, asked) in [(1000, 0), (super::super::prices::tests::DAY.as_millis(), 2)] {
        made.list.lock().unwrap().asked.clear();
        let now = 1_795_370_651_000 + u64::try_from(later).unwrap();
        let (mut prices, stop) = reader(&made, file.parent(), now);
        prices.want(skus(&["BoxUsage:t3.nano", "Requests-Tier2 (GET)"]));
        passes(Duration::from_secs(1)).await;
        assert_eq!(made.list.lock().unwrap().asked.len(), asked);
        assert!(prices.known().book.price("BoxUsage:t3.nano").is_some());
        stop.cancel();
    }
    // A broken file is as good as none.
    std::fs::write(&file, "{\"version\":1,\"book\":").unwrap();
    made.list.lock().unwrap().asked.clear();
    let (prices, _stop) = reader(&made, file.parent(), 1_795_370_651_000);
    prices.want(skus(&["BoxUsage:t3.nano"]));
    passes(Duration::from_secs(1)).await;
    assert_eq!(made.list.lock().unwrap().asked.len(), 1);
}
