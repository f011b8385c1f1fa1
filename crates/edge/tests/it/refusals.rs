//! What is refused, so that two servers never read one request in two ways.

use super::support::*;

/// Sends raw bytes and tells the status; the connection must then be closed.
fn refused(bytes: &str) -> u16 {
    let (rig, origin) = one();
    let mut client = rig.client();
    client.send(bytes);
    let answer = client.read();
    assert!(client.is_closed(), "{bytes}");
    assert_eq!(origin.requests(), 0, "{bytes}");
    answer.status
}

#[test]
fn a_length_and_an_encoding_are_refused_in_either_order() {
    let post = "POST / HTTP/1.1\r\nHost: a\r\n";
    let (length, chunked) = ("Content-Length: 4\r\n", "Transfer-Encoding: chunked\r\n");
    assert_eq!(refused(&format!("{post}{length}{chunked}\r\n0\r\n\r\n")), 400);
    assert_eq!(refused(&format!("{post}{chunked}{length}\r\n0\r\n\r\n")), 400);
}

#[test]
fn unclear_lengths_are_refused() {
    let post = "POST / HTTP/1.1\r\nHost: a\r\n";
    assert_eq!(refused(&format!("{post}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde")), 400);
    assert_eq!(refused(&format!("{post}Content-Length: +4\r\n\r\nabcd")), 400);
    assert_eq!(refused(&format!("{post}Transfer-Encoding: chunked, identity\r\n\r\n")), 400);
    assert_eq!(refused(&format!("{post}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n")), 400);
}

#[test]
fn an_encoding_that_would_be_lost_is_refused() {
    let encodings = [
        "gzip, chunked",
        "chunked, chunked",
        "x, chunked",
        ", chunked",
        "gzip\r\nTransfer-Encoding: chunked",
        "chunked\r\nTransfer-Encoding: chunked",
    ];
    for encoding in encodings {
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {encoding}");
        assert_eq!(refused(&format!("{head}\r\n\r\n5\r\nhello\r\n0\r\n\r\n")), 501, "{encoding}");
    }
}

#[test]
fn a_host_is_needed_exactly_once() {
    assert_eq!(refused("GET / HTTP/1.1\r\n\r\n"), 400);
    assert_eq!(refused("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
    assert_eq!(refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
    assert_eq!(refused("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400);
    assert_eq!(refused("GET http://b/ HTTP/1.1\r\n\r\n"), 400);
}

#[test]
fn connect_is_refused() {
    assert_eq!(refused("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"), 405);
}

#[test]
fn a_target_that_is_no_path_is_refused() {
    for target in ["*", "a:80", "a", "ftp://a/", "x://a/"] {
        assert_eq!(refused(&format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")), 400, "{target}");
    }
    assert_eq!(refused("OPTIONS a:80 HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    let (rig, origin) = one();
    assert_eq!(rig.client().ask(&["OPTIONS * HTTP/1.1", "Host: a"]).status, 200);
    assert!(origin.last_head().starts_with("OPTIONS * HTTP/1.1"));
}

#[test]
fn a_folded_field_is_refused() {
    assert_eq!(refused("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n"), 400);
}

#[test]
fn a_line_that_ends_with_a_line_feed_alone_is_refused() {
    for head in ["GET / HTTP/1.1\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"] {
        assert_eq!(refused(head), 400, "{head:?}");
        assert_eq!(refused(&format!("\r\n{head}")), 400, "{head:?}");
    }
    assert_eq!(refused("GET / HTTP/1.1\r\nHost: a\r\n\n"), 400);
}

#[test]
fn a_head_behind_another_is_judged_as_a_first_one() {
    let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
    let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n";
    let (rig, _origin) = one();
    let whole = format!("{chunked}\r\n3\r\nabc\r\n0\r\n\r\n");
    for first in [get, post, &format!("{get}{post}"), &whole, &format!("{whole}{post}{whole}")] {
        for (second, status) in [
            (format!("{chunked}\r\n0\r\n\r\n"), 200),
            (format!("{chunked}Content-Length: 40\r\n\r\n0\r\n\r\n{get}"), 400),
            ("GET / HTTP/1.1\nHost: a\r\n\r\n".to_owned(), 400),
        ] {
            let mut client = rig.client();
            client.send(&format!("{first}{second}"));
            for _ in 0..first.matches("HTTP").count() {
                assert_eq!(client.read().status, 200);
            }
            assert_eq!(client.read().status, status, "{second:?} behind {first:?}");
            assert!(status == 200 || client.is_closed());
        }
    }
}

#[test]
fn chunked_requests_may_follow_each_other_unanswered() {
    let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let (rig, _origin) = one();
    let mut client = rig.client();
    for together in [1, 1, 2, 3] {
        client.send(&chunked.repeat(together));
        for _ in 0..together {
            assert_eq!(client.read().status, 200);
        }
    }
}

/// However a head comes, behind which bodies, it is judged by all of its bytes.
#[test]
fn a_head_that_comes_in_parts_behind_a_body_is_judged_as_a_whole() {
    let chunked =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let large = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n{}",
        "a\n".repeat(30_000)
    );
    let legal =
        format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n{}", "a\n".repeat(1000));
    let both = "POST / HTTP/1.1\r\nContent-Length: 5\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let bare = "GET / HTTP/1.1\nHost: a\r\n\r\n";
    let (rig, _origin) = one();
    for first in [chunked, &large, &legal] {
        for (second, status) in [(&*legal, 200), (chunked, 200), (both, 400), (bare, 400)] {
            let head = second.find("\r\n\r\n").unwrap() + 4;
            for cut in [1, 15, 16, head - 3, head - 2, head - 1, head] {
                let mut client = rig.client();
                client.send(&format!("{first}{}", &second[..cut]));
                assert_eq!(client.read().status, 200);
                client.send(&second[cut..]);
                assert_eq!(client.read().status, status, "{second:?} cut at {cut}");
                if status == 200 {
                    client.send(chunked);
                    assert_eq!(client.read().status, 200, "behind {second:?} cut at {cut}");
                }
            }
        }
    }
}

#[test]
fn a_chunked_request_behind_another_cannot_hide_a_length() {
    let (rig, origin) = one();
    let mut client = rig.client();
    client.send(
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n\
         POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 40\r\n\r\n\
         0\r\n\r\n\
         GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    assert_eq!(client.read().status, 200);
    client.read();
    assert!(client.is_closed(), "what follows is not read");
    let heads = origin.shared.heads.lock().unwrap().join("");
    assert!(!heads.contains("smuggled"), "{heads}");
}

#[test]
fn a_body_that_looks_like_a_head_is_a_body() {
    let (rig, _origin) = one();
    let mut client = rig.client();
    let body = "--x\r\nContent-Length: 4\r\n\r\nabcd\r\n--x--";
    let size = body.len();
    client.send(&format!(
        "POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
         {size:x}\r\n{body}\r\n0\r\n\r\n"
    ));
    assert_eq!(client.read().text(), size.to_string());
}

#[test]
fn a_target_that_switches_protocols_unasked_is_a_bad_gateway() {
    let (rig, _origin) = one();
    assert_eq!(rig.get("/unasked").status, 502);
    assert_eq!(rig.get("/garbage").status, 502);
    assert_eq!(rig.status().counters.bad_gateway, 2);
}

#[test]
fn a_target_that_announces_its_answer_without_end_keeps_nobody_waiting() {
    let (rig, target_of) = one();
    assert_eq!(rig.get("/announced?100").text(), "at last");
    let endless: Vec<_> = (0..8)
        .map(|_| {
            let mut client = rig.client();
            client.send("GET /announced?endless HTTP/1.1\r\nHost: shop.localhost\r\n\r\n");
            client
        })
        .collect();
    let began = std::time::Instant::now();
    for _ in 0..10 {
        assert_eq!(rig.get("/").text(), "shop-0");
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    for mut client in endless {
        assert_eq!(client.read().status, 502);
    }
    // Nor is what came before one answer counted against the next one.
    let mut client = rig.client();
    for _ in 0..20 {
        assert_eq!(client.get("/announced?2000").text(), "at last");
    }
    target_of.set_health(origin::ANNOUNCES);
    let said = "said too much before an answer";
    rig.wait(said, |status| target(status, "shop-0").detail == said);
}
