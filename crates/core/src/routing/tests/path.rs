//! Tests of the one form of a path.

use std::borrow::Cow;

use proptest::prelude::*;

use super::*;
use crate::routing::path::normal;

fn form(sent: &str) -> String {
    path(sent).normal().iter().copied().map(char::from).collect()
}

#[test]
fn spellings_meet_in_one_form() {
    let spellings = [
        "/admin/x",
        "//admin///x",
        "/./admin/./x",
        "/%61dmin/%78",
        "/admin;a=b/x;c",
        "/;a/admin/x",
        "\\admin\\x",
        "/admin%2Fx",
        "/admin%5cx",
        "/admin%3ba/x",
        "/%2e/admin/%2E/x",
        "admin/x",
    ];
    for sent in spellings {
        assert_eq!(form(sent), "/admin/x", "{sent}");
        assert_eq!(path(sent).sent(), sent);
    }
}

#[test]
fn ends_and_odd_segments_have_their_form() {
    let forms = [
        ("", "/"),
        ("//", "/"),
        ("/a/", "/a/"),
        ("/a//", "/a/"),
        ("/a/.", "/a/"),
        ("/a;b", "/a"),
        ("/a/;b", "/a/"),
        ("/...", "/..."),
        ("/.a/..b/c.", "/.a/..b/c."),
        ("*", "*"),
        ("/*", "/*"),
    ];
    for (sent, expected) in forms {
        assert_eq!(form(sent), expected, "{sent}");
    }
}

#[test]
fn a_percent_sign_has_one_spelling_and_nothing_is_decoded_twice() {
    for (sent, expected) in [
        ("/100%", "/100%25"),
        ("/100%25", "/100%25"),
        ("/%2561", "/%2561"),
        ("/%%36%31", "/%2561"),
        ("/%zz", "/%25zz"),
        ("/%6", "/%256"),
        ("/%252e%252e/a", "/%252e%252e/a"),
    ] {
        assert_eq!(form(sent), expected, "{sent}");
    }
}

#[test]
fn bytes_that_are_no_text_stay() {
    assert_eq!(path("/%ff%c3%a9").normal(), b"/\xff\xc3\xa9");
    assert_eq!(path("/\u{e9}").normal(), path("/%C3%A9").normal());
}

#[test]
fn controls_and_parents_are_refused() {
    let unclear = [
        "/a%00",
        "/a%0a",
        "/%1f",
        "/%7F",
        "/a;%00",
        "/..",
        "/a/../b",
        "/a/b/..",
        "/a/%2e%2E/b",
        "/a/..;/b",
        "/a/..;",
        "/a%2f../b",
        "/a/..%2fb",
        "/a\\..\\b",
        "/a%5c%2e%2e/b",
    ];
    for sent in unclear {
        assert_eq!(RequestPath::read(sent), Err(UnclearPath), "{sent}");
    }
}

#[test]
fn two_slashes_may_begin_a_host() {
    let behind = |sent| {
        let sent = path(sent);
        let forms = sent.behind_host().map(|path| path.normal().to_vec());
        forms.map(|form| String::from_utf8(form).unwrap()).collect::<Vec<_>>()
    };
    for (sent, forms) in [
        ("//x/admin", ["/admin", "/admin"]),
        ("//x:80/admin", ["/admin", "/admin"]),
        ("/\\x/admin", ["/admin", "/admin"]),
        ("\\\\x\\admin", ["/", "/admin"]),
        // Python's `urlsplit` finds the first, browsers the second.
        ("//x\\y/admin", ["/admin", "/y/admin"]),
        ("///x//%61dmin;a", ["/admin", "/admin"]),
        ("//x/./admin/", ["/admin/", "/admin/"]),
        ("//x", ["/", "/"]),
        ("//", ["/", "/"]),
    ] {
        assert_eq!(behind(sent), forms, "{sent}");
    }
    for sent in ["/", "/x//admin", "/./x/admin", "x//y", "*", "/;//x"] {
        assert!(behind(sent).is_empty(), "{sent}");
    }
}

#[test]
fn ordinary_paths_are_borrowed() {
    for sent in ["/", "/a", "/a/b.c/d-e_f~g/", "/.well-known/x", "/a..b", "/...", "*", "/\u{e9}"] {
        assert!(matches!(normal(sent.as_bytes()), Ok(Cow::Borrowed(_))), "{sent}");
    }
}

#[test]
fn a_pattern_that_no_path_can_meet_is_known() {
    for pattern in ["/%61dmin", "/a;b", "//a", "/*//", "/./a", "/a/..", "/caf%C3%A9/*"] {
        assert!(is_beyond_paths(pattern), "{pattern}");
    }
    for pattern in ["*", "/", "/admin/*", "/100%25", "/a?b", "/.well-known/*", "/caf\u{e9}", "/%?1"]
    {
        assert!(!is_beyond_paths(pattern), "{pattern}");
    }
}

/// Mostly what makes spellings differ.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let odd = prop_oneof![
        Just(b"/".to_vec()),
        Just(b".".to_vec()),
        Just(b"%".to_vec()),
        Just(b"%25".to_vec()),
        Just(b"%2e".to_vec()),
        Just(b"%2F".to_vec()),
        Just(b"%5c".to_vec()),
        Just(b"%3b".to_vec()),
        Just(b"%61".to_vec()),
        Just(b"\\".to_vec()),
        Just(b";".to_vec()),
        Just(b"2e".to_vec()),
        Just(b"a".to_vec()),
        any::<u8>().prop_map(|byte| vec![byte]),
    ];
    prop::collection::vec(odd, 0..16).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_form_is_final_and_stays_below_the_root(sent in bytes()) {
        let Ok(form) = normal(&sent) else { return Ok(()) };
        let again = normal(&form);
        prop_assert_eq!(again.as_deref(), Ok(&*form));
        if sent != b"*" {
            prop_assert_eq!(form.first(), Some(&b'/'));
        }
        let segments: Vec<&[u8]> = form.split(|byte| *byte == b'/').skip(1).collect();
        for (at, segment) in segments.iter().enumerate() {
            let is_last = at + 1 == segments.len();
            prop_assert!(is_last || !segment.is_empty());
            prop_assert!(!matches!(*segment, b"." | b".."));
        }
        prop_assert!(!form.iter().any(|byte| matches!(byte, b';' | b'\\' | 0..b' ' | 0x7f)));
    }
}
