//! What is tried again, and what is not.

use std::sync::atomic::Ordering;

use super::support::*;

/// Two healthy targets.
fn two() -> (Rig, Origin, Origin) {
    let (a, b) = (Origin::new("a"), Origin::new("b"));
    let mut rig = Rig::new();
    rig.publish(shop(vec![active(&a), active(&b)]));
    rig.wait_healthy("a");
    rig.wait_healthy("b");
    (rig, a, b)
}

#[test]
fn a_killed_target_costs_no_request() {
    let (rig, mut a, _b) = two();
    let mut client = rig.client();
    let first: Vec<_> = (0..4).map(|_| client.get("/").text()).collect();
    assert!(first.contains(&"a".to_owned()) && first.contains(&"b".to_owned()), "{first:?}");
    a.kill();
    for _ in 0..20 {
        assert_eq!(client.get("/").text(), "b");
    }
    let status = rig.status();
    assert!(!target(&status, "a").passing, "out before a check could notice");
    assert_eq!(target(&status, "a").detail.split(' ').next(), Some("connection"));
}

#[test]
fn a_request_in_flight_on_a_killed_target_is_answered_by_another() {
    let (rig, mut a, mut b) = two();
    let mut client = rig.client();
    client.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
    let is_a = eventually("it arrives", || match (a.requests(), b.requests()) {
        (1, 0) => Some(true),
        (0, 1) => Some(false),
        _ => None,
    });
    let (dying, living) = if is_a { (&mut a, &b) } else { (&mut b, &a) };
    living.open_gate();
    dying.kill();
    assert_eq!(client.read().text(), "opened");
}

#[test]
fn even_a_post_goes_elsewhere_when_nobody_listens() {
    let (rig, mut a, _b) = two();
    a.kill();
    for _ in 0..4 {
        let mut client = rig.client();
        client.send("POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        assert_eq!(client.read().text(), "5");
    }
}

#[test]
fn a_post_that_was_sent_is_not_sent_again() {
    let (rig, origin) = one();
    let mut client = rig.client();
    client.send("POST /close HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!(client.read().status, 502);
    assert_eq!(origin.requests(), 1);
    assert_eq!(target(&rig.status(), "shop-0").failed, 1);
}

#[test]
fn a_post_without_a_body_is_not_sent_again_either() {
    let (rig, origin) = one();
    let answer = rig.client().ask(&["POST /close HTTP/1.1", "Host: a", "Content-Length: 0"]);
    assert_eq!((answer.status, origin.requests()), (502, 1));
}

#[test]
fn a_get_is_sent_again_once() {
    let (rig, origin) = one();
    assert_eq!(rig.get("/close").status, 502);
    assert_eq!(origin.requests(), 2);
}

#[test]
fn a_target_that_takes_requests_and_answers_none_costs_no_request() {
    let (rig, a, b) = two();
    let mut client = rig.client();
    for _ in 0..4 {
        assert_eq!(client.get("/").status, 200);
    }
    a.shared.is_dying.store(true, Ordering::SeqCst);
    for _ in 0..10 {
        assert_eq!(client.get("/").text(), "b");
    }
    // A request that ends whoever takes it ends one more, and not all of them.
    b.shared.is_dying.store(true, Ordering::SeqCst);
    let before = a.requests() + b.requests();
    assert_eq!(client.get("/").status, 502);
    assert_eq!(a.requests() + b.requests() - before, 3);
}

#[test]
fn a_kept_connection_that_the_target_closed_costs_no_request() {
    let (rig, origin) = one();
    let mut client = rig.client();
    for round in 0..50 {
        assert_eq!(client.get("/").status, 200, "round {round}");
        origin.close_connections();
    }
    assert_eq!(target(&rig.status(), "shop-0").failed, 0);
    assert!(origin.shared.accepted.load(Ordering::SeqCst) >= 50);
}
