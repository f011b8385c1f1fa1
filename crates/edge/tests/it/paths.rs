//! Path rules hold however a path is spelled, and targets see it as it was sent.

use pilothouse_core::routing::{Action, Condition, Redirect, Rule};

use super::support::*;

/// An edge that answers `/admin` itself and sends everything else to a target.
fn fenced() -> (Rig, Origin) {
    let (mut rig, origin) = one();
    let mut table = shop(vec![active(&origin)]);
    let rule = |priority, patterns: &[&str], action| Rule {
        priority,
        conditions: vec![Condition::Path {
            patterns: patterns.iter().map(|&pattern| pattern.to_owned()).collect(),
        }],
        action,
    };
    let secure = Redirect {
        status: 301,
        scheme: Some("https".to_owned()),
        port: Some("443".to_owned()),
        ..Redirect::default()
    };
    table.listeners[0].rules = vec![
        rule(1, &["/admin", "/admin/*"], Action::fixed(403, "not from here")),
        rule(2, &["/old/*"], Action::Redirect(secure)),
    ];
    rig.publish(table);
    (rig, origin)
}

#[test]
fn no_spelling_of_a_path_passes_its_rule() {
    let (rig, origin) = fenced();
    let spellings = [
        "/admin/x",
        "//admin/x",
        "/./admin/x",
        "/%61dmin/x",
        "/%61%64%6D%69%6e",
        "/admin;a=b/x",
        "/;/admin/x",
        "/admin;a=b",
        "/\\admin/x",
        "/admin\\x",
        "/admin%5cx",
        "/admin%2fx",
        "/%2Fadmin%2F%2Fx",
        "http://shop.localhost//admin/x",
    ];
    for path in spellings {
        assert_eq!(rig.get(path).status, 403, "{path}");
    }
    assert_eq!(origin.requests(), 0);
}

#[test]
fn a_path_that_two_servers_would_read_in_two_ways_is_refused() {
    let (rig, origin) = fenced();
    let unclear = [
        "/a%00b",
        "/a%0d%0ab",
        "/%7f",
        "/admin%2f..%2fx",
        "/admin/..;/x",
        "/admin\\..\\x",
        "/admin/..",
        "/a/../admin/x",
        "/a/%2e%2E/x",
        "/..",
        "//x/admin",
        "/\\x/admin/y",
        "//x\\y/admin",
        "//x:80/./%61dmin",
        "http://shop.localhost//x/admin",
    ];
    for path in unclear {
        assert_eq!(rig.get(path).status, 400, "{path}");
    }
    assert_eq!(origin.requests(), 0);
}

#[test]
fn a_target_and_a_redirect_get_the_path_as_it_was_sent() {
    let (rig, origin) = fenced();
    for path in ["//a/./b;v=1/%7Euser?c=%61//..", "/%2561dmin/x", "/100%", "/.well-known/x"] {
        assert_eq!(rig.get(path).status, 200, "{path}");
        let head = origin.last_head();
        assert!(head.starts_with(&format!("GET {path} HTTP/1.1\r\n")), "{head}");
    }
    let moved = rig.get("//old/%61;b/./c?d=e");
    assert_eq!(moved.status, 301);
    assert_eq!(moved.field("location"), Some("https://shop.localhost//old/%61;b/./c?d=e"));
}
