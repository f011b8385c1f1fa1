//! Every kind of client and body.

use std::io::Write as _;

use super::support::client::field;
use super::support::*;

#[test]
fn http_1_0_gets_plain_bodies_and_a_closed_connection() {
    let (rig, origin) = one();
    let mut client = rig.client();
    let answer = client.ask(&["GET / HTTP/1.0"]);
    assert_eq!((answer.status, answer.text().as_str()), (200, "shop-0"));
    assert!(client.is_closed());
    assert!(origin.last_head().starts_with("GET / HTTP/1.1"));
    origin.open_gate();
    let answer = rig.client().ask(&["GET /chunks HTTP/1.0"]);
    assert_eq!(answer.field("transfer-encoding"), None);
    assert_eq!(answer.text(), "firstsecond");
}

#[test]
fn http_1_0_may_ask_to_keep_the_connection() {
    let (rig, _origin) = one();
    let mut client = rig.client();
    for _ in 0..2 {
        let answer = client.ask(&["GET / HTTP/1.0", "Connection: keep-alive"]);
        assert_eq!(answer.text(), "shop-0");
        assert_eq!(answer.field("connection"), Some("keep-alive"));
    }
    // The end of an answer without a length is the end of the connection.
    let answer = client.ask(&["GET /eof HTTP/1.0", "Connection: keep-alive"]);
    assert_eq!(answer.field("connection"), Some("close"));
    assert!(client.is_closed());
}

#[test]
fn answers_without_a_body_do_not_disturb_the_next_one() {
    let (rig, _origin) = one();
    let mut client = rig.client();
    client.send("HEAD /big?1000 HTTP/1.1\r\nHost: a\r\n\r\n");
    let head = client.read_head();
    assert_eq!((head.status, head.field("content-length")), (200, Some("1000")));
    assert_eq!(client.get("/bare?204").status, 204);
    let unchanged = client.get("/bare?304");
    assert_eq!(unchanged.status, 304);
    assert_eq!(client.get("/hints").text(), "hinted");
    assert_eq!(client.get("/").text(), "shop-0");
}

#[test]
fn an_empty_line_behind_a_body_is_none_of_the_next_request() {
    let (rig, origin) = one();
    let mut client = rig.client();
    let post = "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab\r\n";
    for _ in 0..2 {
        client.send(post);
        assert_eq!(client.read().text(), "2");
    }
    client.send(&format!("{post}{post}"));
    assert_eq!([client.read().text(), client.read().text()], ["2", "2"]);
    assert_eq!(client.get("/").text(), "shop-0");
    assert_eq!(origin.requests(), 5);
    // They have an end, as a head does.
    let endless = format!("{}GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n".repeat(100_000));
    // The edge may have closed before all was written.
    let _ = client.stream.write_all(endless.as_bytes());
    assert!(client.try_read(true).map_or(true, |answer| answer.status != 200));
}

#[test]
fn bodies_that_end_with_the_connection_arrive_whole() {
    let (rig, _origin) = one();
    let mut client = rig.client();
    assert_eq!(client.get("/eof").text(), "until the end");
    assert_eq!(client.get("/").text(), "shop-0");
}

#[test]
fn a_body_that_breaks_off_is_not_passed_as_whole() {
    let (rig, _origin) = one();
    let mut client = rig.client();
    client.send("GET /half HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(client.try_read(true).is_err());
    eventually("it counts as failed", || {
        (target(&rig.status(), "shop-0").failed == 1).then_some(())
    });
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let (rig, _origin) = one();
    let mut client = rig.client();
    let requests = ["/status?201", "/", "/status?202", "/length"]
        .map(|path| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
    client.send(&requests.concat());
    let answers: Vec<_> = (0..4).map(|_| client.read()).collect();
    assert_eq!(answers.iter().map(|a| a.status).collect::<Vec<_>>(), [201, 200, 202, 200]);
    assert_eq!(answers[1].text(), "shop-0");
    assert_eq!(answers[3].text(), "0");
}

#[test]
fn expect_continue_is_answered_here_and_not_passed_on() {
    let (rig, origin) = one();
    let mut client = rig.client();
    client.send(
        "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
    );
    assert!(client.head().starts_with("HTTP/1.1 100"));
    client.send("hello");
    assert_eq!(client.read().text(), "5");
    assert_eq!(field(&origin.last_head(), "expect"), None);
}

#[test]
fn chunks_stream_before_the_answer_is_whole() {
    let (rig, origin) = one();
    let mut client = rig.client();
    client.send("GET /chunks HTTP/1.1\r\nHost: a\r\n\r\n");
    client.head();
    let mut body = Vec::new();
    client.chunk(&mut body).unwrap();
    assert_eq!(body, b"first", "before the gate is open");
    origin.open_gate();
    client.chunk(&mut body).unwrap();
    assert_eq!(client.chunk(&mut body).unwrap(), 0);
    assert_eq!(body, b"firstsecond");
}

#[test]
fn chunked_requests_are_passed_on() {
    let (rig, origin) = one();
    let mut client = rig.client();
    client.send("POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("5\r\nhello\r\n");
    client.send("6\r\n world\r\n0\r\n\r\n");
    assert_eq!(client.read().text(), "11");
    assert_eq!(field(&origin.last_head(), "transfer-encoding"), Some("chunked"));
    assert_eq!(client.get("/").text(), "shop-0", "the connection goes on");
}

#[test]
fn a_chunked_body_is_passed_on_whatever_the_method() {
    let (rig, origin) = one();
    let mut client = rig.client();
    for method in ["GET", "DELETE", "OPTIONS", "SEARCH"] {
        client.send(&format!("{method} /length HTTP/1.1\r\nHost: a\r\n"));
        client.send("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
        assert_eq!(client.read().text(), "5", "{method}");
        assert_eq!(field(&origin.last_head(), "transfer-encoding"), Some("chunked"));
    }
    client.send("HEAD /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("5\r\nhello\r\n0\r\n\r\n");
    assert_eq!(client.read_head().status, 200);
    assert_eq!(field(&origin.last_head(), "transfer-encoding"), Some("chunked"));
    assert_eq!(client.get("/").text(), "shop-0", "the connection goes on");
    assert_eq!(field(&origin.last_head(), "transfer-encoding"), None);
}

#[test]
fn big_bodies_pass_both_ways() {
    let (rig, _origin) = one();
    let mut client = rig.client();
    let size = 20_000_000;
    assert_eq!(client.get(&format!("/big?{size}")).body.len(), size);
    let mut writer = client.stream.try_clone().unwrap();
    let sending = std::thread::spawn(move || {
        write!(writer, "PUT /length HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n")
            .unwrap();
        writer.write_all(&vec![b'y'; size]).unwrap();
    });
    assert_eq!(client.read().text(), size.to_string());
    sending.join().unwrap();
}

#[test]
fn an_answer_before_the_whole_request_reaches_the_client() {
    let (rig, _origin) = one();
    let mut client = rig.client();
    client.send("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nstart");
    assert_eq!(client.read().status, 403);
}

#[test]
fn an_answer_in_an_encoding_that_nobody_asked_for_is_a_bad_gateway() {
    let (rig, _origin) = one();
    assert_eq!(rig.get("/encoded").status, 502);
    assert_eq!(target(&rig.status(), "shop-0").failed, 1);
}

#[test]
fn an_answer_with_two_framings_reaches_the_client_with_one() {
    let (rig, _origin) = one();
    let mut client = rig.client();
    let answer = client.get("/both");
    assert_eq!((answer.text().as_str(), answer.field("content-length")), ("hello", None));
    assert_eq!(client.get("/").text(), "shop-0");
}

#[test]
fn large_bodies_follow_each_other_on_a_connection() {
    let (rig, _origin) = one();
    for size in [20_000, 33_000, 45_000, 70_000, 150_000] {
        let mut client = rig.client();
        let body = "x".repeat(size);
        let length = format!("Host: a\r\nContent-Length: {size}\r\n\r\n{body}");
        let chunks =
            format!("Host: a\r\nTransfer-Encoding: chunked\r\n\r\n{size:x}\r\n{body}\r\n0\r\n\r\n");
        for turn in 0..30 {
            let framed = if turn % 3 == 0 { &chunks } else { &length };
            client.send(&format!("POST /length HTTP/1.1\r\n{framed}"));
            let answer = client.read();
            assert_eq!((answer.status, answer.text()), (200, size.to_string()), "{turn}");
            assert_eq!(client.get("/").status, 200);
        }
        // And hide nothing of what comes behind them.
        client.send("POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 26\r\n\r\nPOST /length HTTP/1.1\r\nHos");
        assert_eq!(client.read().status, 200);
        client.send(
            "POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n\
             3\r\nabc\r\n0\r\n\r\n",
        );
        assert_eq!(client.read().status, 400);
    }
}
