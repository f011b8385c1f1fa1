//! Replacing tables under load, draining and cutting.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use pilothouse_core::routing::{Reason, RefusalKind, Role, TargetState};
use pilothouse_edge::Settings;

use super::support::*;

#[test]
fn a_hundred_swaps_under_load_lose_no_request() {
    let (a, b) = (Origin::new("a"), Origin::new("b"));
    let mut rig = Rig::new();
    rig.publish(shop(vec![active(&a), with_role(&b, Role::Standby)]));
    rig.wait_healthy("a");
    rig.wait_healthy("b");
    let address = rig.address();
    let is_over = Arc::new(AtomicBool::new(false));
    let answered = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (is_over, answered) = (Arc::clone(&is_over), Arc::clone(&answered));
            std::thread::spawn(move || {
                let mut client = Client::connect(address);
                while !is_over.load(Ordering::SeqCst) {
                    assert_eq!(client.get("/").status, 200);
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    for round in 0..100 {
        let (to, from) = if round % 2 == 0 { (&b, &a) } else { (&a, &b) };
        rig.publish(shop(vec![active(to), with_role(from, Role::Draining)]));
        rig.wait("drained", |status| target(status, &from.name).in_flight == 0);
        let before = from.requests();
        let served = answered.load(Ordering::SeqCst);
        eventually("some are answered", || {
            (answered.load(Ordering::SeqCst) >= served + 10).then_some(())
        });
        assert_eq!(from.requests(), before, "nothing begins on a drained target");
    }
    is_over.store(true, Ordering::SeqCst);
    for client in clients {
        client.join().unwrap();
    }
    let status = rig.status();
    assert_eq!(target(&status, "a").failed + target(&status, "b").failed, 0);
}

#[test]
fn what_is_in_flight_goes_on_while_draining() {
    let (old, new) = (Origin::new("old"), Origin::new("new"));
    let mut rig = Rig::new();
    rig.publish(shop(vec![active(&old), with_role(&new, Role::Standby)]));
    rig.wait_healthy("old");
    rig.wait_healthy("new");
    let mut client = rig.client();
    client.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually("it arrives", || (old.requests() == 1).then_some(()));
    let status = rig.publish(shop(vec![with_role(&old, Role::Draining), active(&new)]));
    let seen = target(&status, "old");
    assert_eq!((seen.state, seen.in_flight), (TargetState::Draining, 1));
    assert_eq!(seen.reason, Some(Reason::DeregistrationInProgress));
    let status = rig.publish(shop(vec![active(&new)]));
    let seen = target(&status, "old");
    assert_eq!((seen.in_table, seen.in_flight), (false, 1), "removed, but not forgotten");
    let before = rig.status().change;
    old.open_gate();
    assert_eq!(client.read().text(), "opened");
    let after = rig.changes(before, 60_000);
    assert!(after.targets.iter().all(|target| target.id != "old"), "now it is forgotten");
    assert_eq!(client.get("/").text(), "new");
}

#[test]
fn a_websocket_survives_the_drain_until_it_is_cut() {
    let (old, new) = (Origin::new("old"), Origin::new("new"));
    let mut rig = Rig::new();
    rig.publish(shop(vec![active(&old), with_role(&new, Role::Standby)]));
    rig.wait_healthy("old");
    rig.wait_healthy("new");
    let mut client = rig.client();
    client.send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
    client.head();
    assert_eq!(rig.cut("old").unwrap_err().kind, RefusalKind::InUse);
    rig.publish(shop(vec![with_role(&old, Role::Draining), active(&new)]));
    client.send("hello");
    assert_eq!(client.bytes(5), b"hello");
    assert_eq!(target(&rig.status(), "old").in_flight, 1);
    rig.cut("old").unwrap();
    assert!(client.is_closed());
    rig.wait("nothing in flight", |status| target(status, "old").in_flight == 0);
    assert_eq!(rig.cut("nobody").unwrap_err().kind, RefusalKind::NotFound);
}

#[test]
fn a_cut_answers_what_waits_and_a_later_return_serves_again() {
    let (old, new) = (Origin::new("old"), Origin::new("new"));
    let mut rig = Rig::new();
    rig.publish(shop(vec![active(&old), with_role(&new, Role::Standby)]));
    rig.wait_healthy("old");
    rig.wait_healthy("new");
    let mut client = rig.client();
    client.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually("it arrives", || (old.requests() == 1).then_some(()));
    rig.publish(shop(vec![with_role(&old, Role::Draining), active(&new)]));
    rig.cut("old").unwrap();
    assert_eq!(client.read().status, 504);
    rig.publish(shop(vec![active(&old), with_role(&new, Role::Draining)]));
    assert_eq!(client.get("/").text(), "old", "rolled back");
}

#[test]
fn stopping_lets_requests_finish() {
    let origin = Origin::new("shop-0");
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path(), |limits| limits.stop_timeout = PATIENCE);
    // The end of the idle connection says that its worker stops, and nothing of another one.
    let mut rig = Rig::of(dir, Settings { workers: NonZeroUsize::MIN, ..settings });
    rig.publish(shop(vec![active(&origin)]));
    rig.wait_healthy("shop-0");
    let mut client = rig.client();
    let mut idle = rig.client();
    assert_eq!(idle.get("/").status, 200);
    client.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually("it arrives", || (origin.requests() == 2).then_some(()));
    let stopping = std::thread::spawn(move || rig.stop());
    assert!(idle.is_closed(), "idle ones end at once");
    origin.open_gate();
    let answer = client.read();
    assert_eq!((answer.text().as_str(), answer.field("connection")), ("opened", Some("close")));
    assert!(stopping.join().unwrap().1.is_ok());
}
