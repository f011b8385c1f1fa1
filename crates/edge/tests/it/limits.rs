//! Limits of size and time.

use std::time::{Duration, Instant};

use super::support::*;

#[test]
fn a_slow_head_is_told_so_and_ends_the_connection() {
    let (rig, _origin) = one_with(|limits| limits.head_timeout = Duration::from_millis(100));
    let mut client = rig.client();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ");
    let answer = client.read();
    assert_eq!((answer.status, answer.field("connection")), (408, Some("close")));
    assert_eq!(answer.text(), "408: the request's head did not arrive in time\n");
    assert!(client.is_closed());
    assert_eq!(rig.status().counters.refused, 1);
}

#[test]
fn a_slow_head_behind_a_whole_request_has_no_more_time_than_another() {
    let (rig, _origin) = one_with(|limits| limits.head_timeout = Duration::from_millis(100));
    for first in ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let mut client = rig.client();
        client.send(&format!("{first}GET / HTTP/1.1\r\nHo"));
        assert_ne!(client.read().status, 408);
        assert_eq!(client.read().status, 408);
        assert!(client.is_closed());
    }
}

#[test]
fn a_client_between_requests_has_more_time_than_for_a_head() {
    let (rig, _origin) = one_with(|limits| {
        limits.head_timeout = Duration::from_millis(100);
        limits.idle_timeout = Duration::from_millis(700);
    });
    let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
    for request in ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", post] {
        let mut client = rig.client();
        let since = Instant::now();
        client.send(request);
        assert_eq!(client.read().status, 200);
        assert!(client.is_closed(), "without a word");
        assert!(since.elapsed() > Duration::from_millis(600), "{:?}", since.elapsed());
    }
}

#[test]
fn an_empty_line_between_requests_is_no_head() {
    let (rig, _origin) = one_with(|limits| {
        limits.head_timeout = Duration::from_millis(100);
        limits.idle_timeout = Duration::from_millis(700);
    });
    let mut client = rig.client();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.read().status, 200);
    client.send("\r\n");
    assert!(client.is_closed(), "without a word");
    for request in
        ["\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n"]
    {
        client = rig.client();
        let since = Instant::now();
        client.send(request);
        assert_eq!(client.read().status, 200);
        assert!(client.is_closed(), "without a word behind {request:?}");
        assert!(since.elapsed() > Duration::from_millis(600), "{request:?} {:?}", since.elapsed());
    }
    client = rig.client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab\r\n");
    assert_eq!(client.read().status, 200);
    assert!(client.is_closed(), "without a word");
    assert_eq!(rig.status().counters.refused, 0);
}

#[test]
fn empty_lines_keep_no_connection_open() {
    let (rig, _origin) = one_with(|limits| limits.idle_timeout = Duration::from_millis(100));
    let mut client = rig.client();
    client.send("\r\n\r\n");
    assert!(client.is_closed(), "without a word");
}

#[test]
fn a_silent_connection_is_closed_when_idle_too_long() {
    let (rig, _origin) = one_with(|limits| limits.idle_timeout = Duration::from_millis(100));
    let mut client = rig.client();
    assert_eq!(client.get("/").status, 200);
    assert!(client.is_closed());
}

#[test]
fn a_slow_target_is_a_gateway_timeout_and_is_not_asked_again() {
    let (rig, origin) = one_with(|limits| limits.response_timeout = Duration::from_millis(100));
    assert_eq!(rig.get("/gate").status, 504);
    assert_eq!(origin.requests(), 1);
    let status = rig.status();
    assert_eq!(target(&status, "shop-0").failed, 1);
    assert_eq!(status.counters.timed_out, 1);
}

#[test]
fn a_body_that_does_not_come_is_the_clients_fault() {
    let (rig, _origin) = one_with(|limits| limits.response_timeout = Duration::from_millis(100));
    let mut client = rig.client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nab");
    assert_eq!(client.read().status, 408);
    assert!(client.is_closed());
    let status = rig.status();
    assert_eq!(target(&status, "shop-0").failed, 0);
    assert_eq!(status.counters.timed_out, 0);
}

#[test]
fn a_large_head_is_refused() {
    let (rig, _origin) = one_with(|limits| limits.head_bytes = 8 * 1024);
    let mut client = rig.client();
    client.send(&format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(10_000)));
    assert_eq!(client.read().status, 431);
}

#[test]
fn a_head_has_one_limit_however_much_the_codec_reads_at_once() {
    let (rig, _origin) = one_with(|limits| limits.head_bytes = 16 * 1024);
    let ask = |fill: usize| {
        let mut client = rig.client();
        client.send(&format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(fill)));
        client.read().status
    };
    assert_eq!([ask(16_300), ask(16_400), ask(22_000)], [200, 431, 431]);
}

#[test]
fn a_head_of_32_kib_is_the_largest() {
    let (rig, _origin) = one();
    let ask = |fill: usize| {
        let mut client = rig.client();
        client.send(&format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(fill)));
        client.read().status
    };
    assert_eq!([ask(32_000), ask(33_000)], [200, 431]);
}

#[test]
fn a_large_body_is_refused_whether_announced_or_not() {
    let (rig, origin) = one_with(|limits| limits.body_bytes = 1000);
    let mut client = rig.client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
    assert_eq!(client.read().status, 413);
    assert_eq!(origin.requests(), 0);
    let mut client = rig.client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send(&format!("3e9\r\n{}\r\n0\r\n\r\n", "x".repeat(1001)));
    assert_eq!(client.read().status, 413);
    assert_eq!(target(&rig.status(), "shop-0").failed, 0, "not the target's fault");
}

#[test]
fn a_silent_tunnel_is_closed_when_idle_too_long() {
    let (rig, _origin) = one_with(|limits| limits.tunnel_timeout = Duration::from_millis(100));
    let mut client = rig.client();
    client.send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
    client.head();
    client.send("x");
    assert_eq!(client.bytes(1), b"x");
    assert!(client.is_closed());
}
