//! What a target and a client see of each other.

use pilothouse_core::routing::{Action, Condition, Redirect, Rule};

use super::support::client::field;
use super::support::*;

#[test]
fn keep_alive_serves_many_requests_on_one_connection_each_way() {
    let (rig, origin) = one();
    let mut client = rig.client();
    for _ in 0..20 {
        assert_eq!(client.get("/").text(), "shop-0");
    }
    assert_eq!(origin.requests(), 20);
    let connections = origin.shared.used.load(std::sync::atomic::Ordering::SeqCst);
    assert!(connections <= 3, "{connections} connections for one client");
    assert_eq!(target(&rig.status(), "shop-0").requests, 20);
}

#[test]
fn forwarded_fields_of_a_stranger_are_replaced() {
    let (rig, _origin) = one();
    let seen = rig.client().ask(&[
        "GET /echo HTTP/1.1",
        "Host: shop.localhost",
        "X-Forwarded-For: 203.0.113.9",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Host: evil.test",
        "Forwarded: for=203.0.113.9",
        "X-Real-IP: 203.0.113.9",
    ]);
    let head = seen.text();
    assert_eq!(field(&head, "x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(field(&head, "x-forwarded-proto"), Some("http"));
    assert_eq!(field(&head, "x-forwarded-host"), Some("shop.localhost"));
    assert_eq!(field(&head, "x-forwarded-port"), Some(rig.address().port().to_string().as_str()));
    assert_eq!(field(&head, "forwarded"), None);
    assert_eq!(field(&head, "x-real-ip"), None);
}

#[test]
fn a_stranger_cannot_forge_fields_that_only_proxies_write() {
    let (rig, _origin) = one();
    let forged = [
        "X-Forwarded-Prefix",
        "X-Forwarded-Client-Cert",
        "X-Forwarded-User",
        "X_Forwarded_For",
        "X-Forwarded_Host",
        "x_real-ip",
        "X-Real-IP",
        "Forwarded",
        "X-Pilothouse-Release",
        "X_Pilothouse_Anything",
        "Content_Length",
        "Transfer_Encoding",
        "Proxy",
    ];
    let mut lines = vec!["GET /echo HTTP/1.1".to_owned(), "Host: a".to_owned()];
    lines.extend(forged.iter().map(|name| format!("{name}: forged")));
    lines.push("X-Forward: kept".to_owned());
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let head = rig.client().ask(&lines).text();
    assert!(!head.contains("forged"), "{head}");
    assert_eq!(field(&head, "x-forward"), Some("kept"));
    assert_eq!(field(&head, "x-forwarded-for"), Some("127.0.0.1"));
}

#[test]
fn a_trusted_proxy_is_believed_and_appended_to() {
    let (mut rig, origin) = one();
    let mut table = shop(vec![active(&origin)]);
    table.listeners[0].trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let blocks = vec!["203.0.113.0/24".parse().unwrap()];
    table.listeners[0].rules = vec![Rule {
        priority: 1,
        conditions: vec![
            Condition::SourceIp { blocks },
            Condition::Path { patterns: vec!["/who".to_owned()] },
        ],
        action: Action::fixed(200, "known"),
    }];
    rig.publish(table);
    let lines = |path: &'static str| {
        [
            path,
            "Host: a",
            "X-Forwarded-For: 1.1.1.1, 203.0.113.9",
            "X-Forwarded-Proto: https",
            "X-Forwarded-Prefix: /shop",
            "X_Forwarded_For: forged",
            "X_Real_IP: forged",
        ]
    };
    let head = rig.client().ask(&lines("GET /echo HTTP/1.1")).text();
    assert_eq!(field(&head, "x-forwarded-for"), Some("1.1.1.1, 203.0.113.9, 127.0.0.1"));
    assert_eq!(field(&head, "x-forwarded-proto"), Some("https"));
    assert_eq!(field(&head, "x-forwarded-prefix"), Some("/shop"));
    // Programs that read `_` for `-` would take these for the proxy's own.
    assert!(!head.contains("forged"), "{head}");
    assert_eq!(rig.client().ask(&lines("GET /who HTTP/1.1")).text(), "known");
}

#[test]
fn hop_by_hop_fields_go_first_so_that_no_client_can_erase_what_is_added() {
    let (rig, _origin) = one();
    let seen = rig.client().ask(&[
        "GET /echo HTTP/1.1",
        "Host: shop.localhost",
        "Connection: x-forwarded-for, x-secret, host",
        "X-Secret: 1",
        "TE: trailers",
        "Proxy-Authorization: x",
        "Keep-Alive: 5",
    ]);
    let head = seen.text();
    assert_eq!(field(&head, "x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(field(&head, "host"), Some("shop.localhost"));
    for gone in ["x-secret", "te", "proxy-authorization", "keep-alive", "connection"] {
        assert_eq!(field(&head, gone), None, "{gone}");
    }
}

#[test]
fn an_absolute_target_becomes_an_origin_target_and_its_host_counts() {
    let (rig, _origin) = one();
    let seen = rig.client().ask(&["GET http://other.test:81/echo?a=1 HTTP/1.1", "Host: lies.test"]);
    let head = seen.text();
    assert!(head.starts_with("GET /echo?a=1 HTTP/1.1\r\n"), "{head}");
    assert_eq!(field(&head, "host"), Some("other.test:81"));
}

#[test]
fn an_absolute_target_without_a_path_gets_one() {
    let (rig, origin) = one();
    for (target, origin_form) in [
        ("http://shop.localhost?q=1", "/?q=1"),
        ("http://shop.localhost", "/"),
        ("http://shop.localhost:80/?q", "/?q"),
    ] {
        rig.client().ask(&[&format!("GET {target} HTTP/1.1"), "Host: a"]);
        let head = origin.last_head();
        assert!(head.starts_with(&format!("GET {origin_form} HTTP/1.1\r\n")), "{head}");
    }
}

#[test]
fn a_probe_learns_who_answered_and_nobody_else_does() {
    let (rig, origin) = one();
    let probe = format!("X-Pilothouse-Probe: {TOKEN}");
    let seen = rig.client().ask(&["GET /forged HTTP/1.1", "Host: a", &probe]);
    assert_eq!(seen.field("x-pilothouse-release"), Some("release-of-shop-0"));
    assert_eq!(seen.field("x-pilothouse-target"), Some("shop-0"));
    assert_eq!(seen.field("x-pilothouse-digest"), Some(rig.status().digest.as_str()));
    assert_eq!(field(&origin.last_head(), "x-pilothouse-probe"), None, "the token stays here");
    assert_eq!(seen.field("x-hop"), None);
    for wrong in ["X-Pilothouse-Probe: wrong", "X-Other: 1"] {
        let seen = rig.client().ask(&["GET /forged HTTP/1.1", "Host: a", wrong]);
        assert!(!seen.head.to_lowercase().contains("x-pilothouse"), "{}", seen.head);
    }
}

#[test]
fn fixed_answers_and_redirects_need_no_target() {
    let mut rig = Rig::new();
    let mut table = shop(Vec::new());
    let rule = |priority, path: &str, action| Rule {
        priority,
        conditions: vec![Condition::Path { patterns: vec![path.to_owned()] }],
        action,
    };
    let redirect = Redirect {
        status: 301,
        scheme: Some("https".to_owned()),
        port: Some("443".to_owned()),
        ..Redirect::default()
    };
    table.listeners[0].rules = vec![
        rule(1, "/fixed", Action::fixed(418, "teapot")),
        rule(2, "/old/*", Action::Redirect(redirect)),
    ];
    rig.publish(table);
    let fixed = rig.get("/fixed");
    assert_eq!((fixed.status, fixed.text().as_str()), (418, "teapot"));
    assert_eq!(fixed.field("x-pilothouse-digest"), None);
    let moved = rig.client().ask(&["GET /old/a?b=c HTTP/1.1", "Host: shop.localhost:8080"]);
    assert_eq!(moved.status, 301);
    assert_eq!(moved.field("location"), Some("https://shop.localhost/old/a?b=c"));
    assert_eq!(rig.get("/").status, 503, "no target, no answer");
    // A body that nobody reads ends the connection, which is said.
    for (path, status) in [("/fixed", 418), ("/old/a", 301), ("/", 503)] {
        let mut client = rig.client();
        client.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf"
        ));
        let answer = client.read();
        assert_eq!((answer.status, answer.field("connection")), (status, Some("close")), "{path}");
    }
}

#[test]
fn ipv6_listens_beside_ipv4() {
    let mut rig = Rig::new();
    let origin = Origin::at("six", "[::1]:0".parse().unwrap());
    let mut table = shop(vec![active(&origin)]);
    table.listeners[0].addresses.push("[::1]:0".parse().unwrap());
    rig.publish(table);
    let status = rig.wait_healthy("six");
    for listener in &status.listeners {
        let seen = Client::connect(listener.bound.unwrap()).get("/echo");
        let from = if listener.address.is_ipv6() { "::1" } else { "127.0.0.1" };
        assert_eq!(field(&seen.text(), "x-forwarded-for"), Some(from));
    }
}

#[test]
fn websockets_pass_both_ways() {
    let (rig, origin) = one();
    let mut client = rig.client();
    client.send(
        "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    assert_eq!(field(&head, "upgrade"), Some("websocket"));
    assert_eq!(field(&origin.last_head(), "upgrade"), Some("websocket"));
    for message in ["hello", "again"] {
        client.send(message);
        assert_eq!(client.bytes(5), message.as_bytes());
    }
    assert_eq!(target(&rig.status(), "shop-0").in_flight, 1);
    drop(client);
    eventually("the tunnel ends", || {
        (target(&rig.status(), "shop-0").in_flight == 0).then_some(())
    });
}

#[test]
fn h2c_is_not_taken_part_in() {
    let (rig, origin) = one();
    let answer = rig.client().ask(&[
        "GET / HTTP/1.1",
        "Host: a",
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        "HTTP2-Settings: AAMAAABkAAQAAP__",
    ]);
    assert_eq!(answer.status, 200);
    assert_eq!(field(&origin.last_head(), "upgrade"), None);
}

#[test]
fn a_redirect_leads_to_where_a_trusted_proxy_was_asked() {
    let mut rig = Rig::new();
    let redirect = Redirect { status: 302, path: Some("/new".into()), ..Redirect::default() };
    let conditions = vec![Condition::Path { patterns: vec!["/old".to_owned()] }];
    let mut table = shop(Vec::new());
    table.listeners[0].rules =
        vec![Rule { priority: 1, conditions, action: Action::Redirect(redirect) }];
    let lines = ["GET /old HTTP/1.1", "Host: a", "X-Forwarded-Proto: HTTPS"];
    let asked = |rig: &Rig, more: &[&str]| {
        let answer = rig.client().ask(&[&lines[..], more].concat());
        answer.field("location").unwrap().to_owned()
    };
    rig.publish(table.clone());
    assert!(asked(&rig, &[]).starts_with("http://a:"), "a stranger's word counts for nothing");
    table.listeners[0].trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    rig.publish(table);
    assert_eq!(asked(&rig, &[]), "https://a/new");
    assert_eq!(asked(&rig, &["X-Forwarded-Port: 8443"]), "https://a:8443/new");
}
