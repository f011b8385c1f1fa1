//! Hostile names, links and manifests.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use super::*;
use crate::artifact::manifest::{Entry, decode, stays};

#[test]
fn hostile_names_come_back_and_forge_no_line() {
    let place = place();
    let tree = place.path("tree");
    fs::create_dir(&tree).unwrap();
    let names: [&[u8]; 7] = [
        b"a\nf 755 0 x evil",
        b"sp ace",
        b"\xff\xfe not utf-8",
        b"%2e%2e",
        b"\x1b[2J",
        "\u{202e}txt".as_bytes(),
        b"-rf",
    ];
    for name in names {
        fs::write(tree.join(OsStr::from_bytes(name)), name).unwrap();
    }
    symlink(OsStr::from_bytes(b"sp ace"), tree.join(OsStr::from_bytes(b"l\n"))).unwrap();
    let sealed = place.seal(&tree).unwrap();
    let manifest = place.manifest(sealed.digest);
    assert_eq!(manifest.lines().count(), 9);
    assert!(manifest.bytes().all(|b| b == b'\n' || (0x20..0x7f).contains(&b)), "{manifest}");
    assert!(manifest.contains(" %252e%252e\n"), "{manifest}");
    let dest = place.path("release");
    place.store.unpack(sealed.digest, &dest).unwrap();
    for name in names {
        assert_eq!(fs::read(dest.join(OsStr::from_bytes(name))).unwrap(), name);
    }
    assert_eq!(fs::read(dest.join("l\n")).unwrap(), b"sp ace");
}

#[test]
fn links_that_could_leave_the_tree_are_refused() {
    for (target, depth, is_inside) in [
        ("a", 0, true),
        ("./a//b", 0, true),
        ("..", 0, false),
        ("..", 1, true),
        ("../../a", 1, false),
        (".././../a", 2, true),
        ("a/..", 5, false),
        ("../a/../..", 5, false),
        ("/etc/passwd", 5, false),
        ("", 0, false),
    ] {
        assert_eq!(stays(target.as_bytes(), depth), is_inside, "{target} at {depth}");
    }
    let place = place();
    for target in ["/etc/passwd", "../outside", "bin/../../outside"] {
        let tree = place.tree("tree");
        symlink(target, tree.join("evil")).unwrap();
        let error = place.seal(&tree).unwrap_err();
        assert!(matches!(error, SealError::Link { .. }), "{error}");
        assert_eq!(count(&place.path("store/manifests")), 0);
        fs::remove_dir_all(tree).unwrap();
    }
}

#[test]
fn paths_that_leave_the_tree_or_go_through_a_link_are_refused() {
    let place = place();
    let tree = place.tree("tree");
    fs::create_dir(place.path("outside")).unwrap();
    fs::write(place.path("outside/secret"), "secret").unwrap();
    symlink(place.path("outside"), tree.join("door")).unwrap();
    for path in ["", "/etc", "../outside", "bin/../../outside", "door/secret", "share/a/b"] {
        let error = place.store.seal(&tree, &[PathBuf::from(path)], &|| false).unwrap_err();
        assert!(matches!(error, SealError::Path { .. }), "{path:?}: {error}");
    }
    assert!(matches!(place.store.seal(&tree, &[], &|| false).unwrap_err(), SealError::Path { .. }));
    // A step can put a link in its workspace's own place.
    fs::rename(&tree, place.path("away")).unwrap();
    symlink(place.path("outside"), &tree).unwrap();
    assert!(place.store.seal(&tree, &[PathBuf::from("secret")], &|| false).is_err());
}

#[test]
fn pipes_and_sockets_are_refused_without_waiting_for_them() {
    let place = place();
    let tree = place.tree("tree");
    let listener = std::os::unix::net::UnixListener::bind(tree.join("socket")).unwrap();
    assert!(matches!(place.seal(&tree).unwrap_err(), SealError::Kind { .. }));
    drop(listener);
    fs::remove_file(tree.join("socket")).unwrap();
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    let kind = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, tree.join("pipe"), kind, mode, 0).unwrap();
    let error = place.seal(&tree).unwrap_err();
    assert!(error.to_string().contains("neither a file, a directory nor a link"), "{error}");
}

#[test]
fn the_mark_of_an_unpacked_artifact_is_reserved() {
    let place = place();
    let tree = place.tree("tree");
    fs::write(tree.join(".pilothouse-artifact"), "x").unwrap();
    assert!(matches!(place.seal(&tree).unwrap_err(), SealError::Path { .. }));
}

#[test]
fn a_forged_manifest_is_refused() {
    let digest = "0".repeat(64);
    let limits = Limits { entries: 3, bytes: 100, depth: 3, path_bytes: 20 };
    let good = format!("d - - - a\nf 644 1 {digest} a/b\n");
    let text = |lines: &str| format!("pilothouse-artifact 1\n{lines}");
    let entries = decode(&text(&good), &limits).unwrap();
    assert_eq!(entries[&b"a"[..]], Entry::Directory);
    for bad in [
        format!("f 644 1 {digest} a/b\n"),
        format!("f 644 1 {digest} ../b\n"),
        format!("f 644 1 {digest} /b\n"),
        format!("f 644 1 {digest} .\n"),
        format!("f 644 1 {digest} a%00\n"),
        format!("f 644 1 {digest} %61\n"),
        format!("f 600 1 {digest} a\n"),
        format!("f 644 01 {digest} a\n"),
        format!("f 644 101 {digest} a\n"),
        format!("f 644 1 {digest} .pilothouse-artifact\n"),
        format!("f 644 1 {} a\n", "G".repeat(64)),
        format!("f 644 1 {digest} a"),
        format!("f 644 1 {digest} aaaaaaaaaaaaaaaaaaaaa\n"),
        "l - - .. a\n".to_owned(),
        "l - - /etc a\n".to_owned(),
        format!("l - - . a\nf 644 1 {digest} a/b\n"),
        "d - - - b\nd - - - a\n".to_owned(),
        "d - - - a\nd - - - a\n".to_owned(),
        "d - - - a\nd - - - b\nd - - - c\nd - - - d\n".to_owned(),
        "d - - - a\nd - - - a/a\nd - - - a/a/a\nd - - - a/a/a/a\n".to_owned(),
    ] {
        assert!(decode(&text(&bad), &limits).is_err(), "{bad}");
    }
    assert!(decode(&good, &limits).is_err());
}

#[test]
fn unpacking_touches_nothing_that_is_something_else() {
    let place = place();
    let sealed = place.seal(&place.tree("tree")).unwrap();
    let other = place.path("other");
    fs::create_dir(&other).unwrap();
    symlink(&other, place.path("link")).unwrap();
    fs::write(place.path("file"), "x").unwrap();
    for name in ["other", "link", "file"] {
        let error = place.store.unpack(sealed.digest, &place.path(name)).unwrap_err();
        assert!(matches!(error, ArtifactError::Occupied { .. }), "{error}");
    }
    assert_eq!(count(&other), 0);
    let error = place.store.unpack(sealed.digest, &place.path("no/parent")).unwrap_err();
    assert!(matches!(error, ArtifactError::NoPlace { .. }), "{error}");
}
