//! A request that shows the probe token is routed by its domain alone.

use pilothouse_core::routing::{Action, Condition, Redirect, Rule, Table};

use super::support::*;

fn host(domain: &str) -> Condition {
    Condition::Host { patterns: vec![domain.to_owned()] }
}

/// A table as an engine makes it: the operator's own rules before the one that forwards.
fn table(origin: &Origin) -> Table {
    let home = Condition::Path { patterns: vec!["/".to_owned()] };
    let office = Condition::SourceIp { blocks: vec!["192.0.2.0/24".parse().unwrap()] };
    let moved = Redirect { status: 302, path: Some("/start".to_owned()), ..Redirect::default() };
    let rule = |priority, conditions, action| Rule { priority, conditions, action };
    let mut table = shop(vec![active(origin)]);
    table.listeners[0].rules = vec![
        rule(1, vec![host("shop.test"), home], Action::Redirect(moved)),
        rule(2, vec![host("shop.test"), office], Action::forward("shop")),
        rule(3, vec![host("shop.test")], Action::fixed(403, "not from here")),
        rule(4, vec![host("shop.test")], Action::forward("shop")),
    ];
    table.listeners[0].default = Action::fixed(404, "no rule matched");
    table
}

#[test]
fn the_operators_rules_do_not_answer_a_proof() {
    let (mut rig, origin) = one();
    rig.publish(table(&origin));
    let probe = format!("X-Pilothouse-Probe: {TOKEN}");
    let ask = |host: &str, probe: &str| rig.client().ask(&["GET / HTTP/1.1", host, probe]);
    let seen = ask("Host: shop.test", &probe);
    assert_eq!(seen.status, 200);
    assert_eq!(seen.field("x-pilothouse-release"), Some("release-of-shop-0"));
    let elsewhere = ask("Host: other.test", &probe);
    assert_eq!(elsewhere.status, 404);
    assert_eq!(elsewhere.field("x-pilothouse-digest"), Some(rig.status().digest.as_str()));
    for wrong in ["X-Pilothouse-Probe: 0123456789abcdef-prob!", "X-Pilothouse-Probe: ", "X: 1"] {
        let seen = ask("Host: shop.test", wrong);
        assert_eq!(seen.status, 302, "{wrong}");
    }
}
