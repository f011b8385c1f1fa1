//! Tests of which rule a request meets.

use super::*;

/// Which rule's number answers, or "default".
fn answer(listener: &Listener, request: &RequestView<'_>) -> String {
    match listener.route(request) {
        Action::Fixed(fixed) if fixed.status == 200 => fixed.body.clone(),
        Action::Fixed(_) => "default".to_owned(),
        Action::Forward(_) | Action::Redirect(_) => "other".to_owned(),
    }
}

fn holds(condition: &Condition, request: &RequestView<'_>) -> bool {
    condition.holds(request)
}

#[test]
fn host_ignores_case_and_takes_wildcards() {
    let host = Condition::Host { patterns: texts(&["*.shop.test", "Shop?.localhost"]) };
    let at = |host| RequestView { host, ..GET };
    assert!(holds(&host, &at("a.b.SHOP.test")));
    assert!(holds(&host, &at("shop1.LOCALHOST")));
    assert!(!holds(&host, &at("shop.localhost")));
    assert!(!holds(&host, &at("shop.test")));
    assert!(!holds(&host, &at("a.shop.test.evil")));
}

#[test]
fn path_keeps_case_and_ignores_the_query() {
    let condition = Condition::Path { patterns: texts(&["/admin/*", "/v?/up"]) };
    let at = |sent| {
        holds(&condition, &RequestView { path: &path(sent), query: Some("x=/admin/"), ..GET })
    };
    assert!(at("/admin/"));
    assert!(at("/admin/a/b"));
    assert!(at("/v2/up"));
    assert!(at("//v%32/./up;x"));
    assert!(!at("/Admin/a"));
    assert!(!at("/admin"));
    assert!(!at("/v22/up"));
}

#[test]
fn method_is_exact() {
    let method = Condition::Method { methods: texts(&["GET", "HEAD"]) };
    assert!(holds(&method, &GET));
    assert!(!holds(&method, &RequestView { method: "get", ..GET }));
    assert!(!holds(&method, &RequestView { method: "POST", ..GET }));
}

#[test]
fn header_looks_at_every_line() {
    let header = Condition::Header { name: "X-Team".to_owned(), patterns: texts(&["blue*"]) };
    let with =
        |fields: &[(&str, &str)]| holds(&header, &RequestView { headers: &Fields(fields), ..GET });
    assert!(with(&[("x-team", "red"), ("x-team", "BLUE-2")]));
    assert!(!with(&[("x-team", "red")]));
    assert!(!with(&[("x-other", "blue")]));
}

#[test]
fn query_matches_a_pair() {
    let pair = |key: Option<&str>, value: &str| QueryPattern {
        key: key.map(str::to_owned),
        value: value.to_owned(),
    };
    let condition =
        Condition::Query { pairs: vec![pair(Some("version"), "v1*"), pair(None, "be\\*ta")] };
    let with = |query| holds(&condition, &RequestView { query, ..GET });
    assert!(with(Some("a=b&Version=V12")));
    assert!(with(Some("x=be*ta")));
    assert!(!with(Some("x=beXta")));
    assert!(!with(Some("version=2&x=v1")));
    assert!(!with(Some("")));
    assert!(!with(None));
}

#[test]
fn source_is_matched_by_block() {
    let blocks = ["192.0.2.0/29", "2001:db8::/32"].map(|block| block.parse().unwrap()).to_vec();
    let condition = Condition::SourceIp { blocks };
    let from =
        |source: &str| holds(&condition, &RequestView { source: source.parse().unwrap(), ..GET });
    assert!(from("192.0.2.7"));
    assert!(from("::ffff:192.0.2.7"));
    assert!(from("2001:db8:1::9"));
    assert!(!from("192.0.2.8"));
    assert!(!from("2001:db9::1"));
}

#[test]
fn blocks_of_every_length() {
    let block = |text: &str| text.parse::<Cidr>();
    assert!(block("0.0.0.0/0").unwrap().contains("203.0.113.9".parse().unwrap()));
    assert!(!block("0.0.0.0/0").unwrap().contains("2001:db8::1".parse().unwrap()));
    assert!(block("::/0").unwrap().contains("2001:db8::1".parse().unwrap()));
    assert_eq!(block("10.1.2.3/8").unwrap().to_string(), "10.0.0.0/8");
    assert_eq!(block("::1").unwrap().to_string(), "::1/128");
    assert!(matches!(block("10.0.0.0/33"), Err(CidrError::Prefix(_))));
    assert!(matches!(block("ten/8"), Err(CidrError::Address(_))));
}

#[test]
fn lowest_priority_number_wins_whatever_the_order() {
    let at = |pattern: &str| Condition::Path { patterns: texts(&[pattern]) };
    let web = listener(vec![
        rule(30, vec![at("*")]),
        rule(10, vec![at("/a*"), Condition::Method { methods: texts(&["GET"]) }]),
        rule(20, vec![at("/a/b")]),
    ]);
    assert_eq!(answer(&web, &RequestView { path: &path("/a/b"), ..GET }), "10");
    assert_eq!(answer(&web, &RequestView { path: &path("/a/b"), method: "PUT", ..GET }), "20");
    assert_eq!(answer(&web, &RequestView { path: &path("/c"), ..GET }), "30");
    assert_eq!(answer(&listener(Vec::new()), &GET), "default");
}

#[test]
fn a_proof_is_routed_by_the_rule_that_forwards_its_host() {
    let host = |pattern: &str| Condition::Host { patterns: texts(&[pattern]) };
    let home = || Condition::Path { patterns: texts(&["/"]) };
    let office = || Condition::SourceIp { blocks: vec!["10.0.0.0/8".parse().unwrap()] };
    let forward = |priority, conditions| Rule {
        priority,
        conditions,
        action: Action::forward(format!("group-{priority}")),
    };
    let web = listener(vec![
        forward(70, vec![host("both.test"), office()]),
        rule(10, vec![host("shop.test"), home()]),
        forward(20, vec![host("shop.test"), host("shop.*"), office()]),
        rule(30, vec![host("shop.test")]),
        forward(40, vec![host("SHOP.test")]),
        forward(50, vec![host("*.test")]),
        forward(60, vec![office()]),
        forward(80, vec![host("office.example"), office()]),
    ]);
    let to = |group: &str| Action::forward(group);
    assert_eq!(web.route_proof("shop.test"), &to("group-40"));
    assert_eq!(web.route_proof("both.test"), &to("group-50"));
    assert_eq!(web.route_proof("office.example"), &to("group-80"));
    assert_eq!(web.route_proof("elsewhere.example"), &web.default);
}

#[test]
fn weights_share_exactly() {
    let group = |name: &str, weight| WeightedGroup { group: name.to_owned(), weight };
    let forward = Forward { groups: vec![group("a", 1), group("b", 0), group("c", 3)] };
    let chosen: Vec<_> = (0..8).map(|n| forward.choose(n).unwrap()).collect();
    assert_eq!(chosen, ["a", "c", "c", "c", "a", "c", "c", "c"]);
    assert_eq!(Forward { groups: vec![group("a", 0), group("b", 0)] }.choose(1), None);
    assert_eq!(Forward { groups: vec![group("a", 0)] }.choose(1), None);
    assert_eq!(Forward { groups: Vec::new() }.choose(1), None);
}

#[test]
fn client_is_the_last_that_is_no_trusted_proxy() {
    let mut web = listener(Vec::new());
    let ip = |text: &str| text.parse::<std::net::IpAddr>().unwrap();
    assert_eq!(web.client_ip(ip("10.0.0.1"), "203.0.113.9"), ip("10.0.0.1"));
    web.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    assert_eq!(web.client_ip(ip("10.0.0.1"), "1.1.1.1, 203.0.113.9, 10.0.0.2"), ip("203.0.113.9"));
    assert_eq!(web.client_ip(ip("10.0.0.1"), "1.1.1.1, unknown, 10.0.0.2"), ip("10.0.0.2"));
    assert_eq!(web.client_ip(ip("10.0.0.1"), ""), ip("10.0.0.1"));
    assert_eq!(web.client_ip(ip("10.0.0.1"), "[2001:db8::1]:443"), ip("2001:db8::1"));
    assert_eq!(web.client_ip(ip("198.51.100.1"), "1.1.1.1"), ip("198.51.100.1"));
}

#[test]
fn redirect_fills_its_parts_once() {
    let sent = path("/a/#{host}");
    let request = RequestView { path: &sent, query: Some("q=1"), ..GET };
    let to_https = Redirect {
        status: 301,
        scheme: Some("https".into()),
        port: Some("443".into()),
        ..Redirect::default()
    };
    assert_eq!(to_https.location(&request, "http", 8080), "https://shop.localhost/a/#{host}?q=1");
    let moved = Redirect {
        status: 302,
        host: Some("new.#{host}".into()),
        path: Some("/old/#{path}".into()),
        query: Some(String::new()),
        ..Redirect::default()
    };
    let sent = path("/x//%61;b");
    let plain = RequestView { path: &sent, query: Some("q=1"), ..GET };
    assert_eq!(moved.location(&plain, "http", 8080), "http://new.shop.localhost:8080/old/x//%61;b");
}

#[test]
fn latencies_fall_into_their_buckets() {
    use std::time::Duration;
    for micros in (0..200_000).chain([90_000_000, u64::MAX]) {
        let latency = Duration::from_micros(micros);
        let bucket = latency_bucket(latency);
        let is_last = bucket == LATENCY_BUCKETS - 1;
        assert!(is_last || latency < latency_bound(bucket), "{micros} above bucket {bucket}");
        assert!(bucket == 0 || latency >= latency_bound(bucket - 1), "{micros} below {bucket}");
    }
    let mut counts = vec![0; LATENCY_BUCKETS];
    assert_eq!(latency_quantile(&counts, 500), None);
    counts[latency_bucket(Duration::from_millis(1))] = 99;
    counts[latency_bucket(Duration::from_millis(80))] = 1;
    assert!(latency_quantile(&counts, 990).unwrap() < Duration::from_millis(2));
    assert!(latency_quantile(&counts, 999).unwrap() > Duration::from_millis(80));
}
