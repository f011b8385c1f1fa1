//! What answers at the socket is no engine of ours, and what is looked at no common repository.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;

use pilothouse_core::text::is_plain;

use crate::world::World;
use crate::world::repository::Repository;

/// Sets the clipboard, clears the screen and turns the text around.
const HOSTILE: &str = r"no\u001b]52;c;cm0=\u0007\u001b[2J\u202egnp";

/// A snapshot of an engine whose project has a name that no file could give it.
fn named() -> String {
    let golden = include_str!("../../../crates/api/tests/golden/v1/snapshot.json");
    golden.replace("\"shop", &format!("\"shop{HOSTILE}"))
}

/// Answers at a socket with a status and a body for what was asked.
fn answer_with(socket: &Path, body_of: fn(&str) -> (&'static str, String)) {
    let listener = UnixListener::bind(socket).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = [0; 4096];
            let count = stream.read(&mut asked).unwrap();
            let (status, body) = body_of(&String::from_utf8_lossy(&asked[..count]));
            let answer = format!(
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            // Who asked may have gone.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
}

#[test]
fn its_names_reach_no_terminal_as_they_are() {
    let world = World::new();
    let socket = world.path("strange.sock");
    answer_with(&socket, |_| ("200 OK", named()));
    let verbs: [&[&str]; 5] =
        [&["status"], &["cost"], &["branches"], &["runs"], &["deploy", "nothing"]];
    for verb in verbs {
        let mut arguments = vec!["--socket", socket.to_str().unwrap()];
        arguments.extend(verb);
        let said = world.run(&arguments);
        let text = format!("{}{}", said.out, said.err);
        assert!(text.contains("shopno"), "{verb:?}: {text:?}");
        assert!(text.lines().all(|line| line.chars().all(is_plain)), "{verb:?}: {text:?}");
    }
}

#[test]
fn its_words_reach_no_terminal_as_they_are() {
    let world = World::new();
    let socket = world.path("strange.sock");
    answer_with(&socket, |asked| {
        if asked.contains("/version ") {
            ("200 OK", format!(r#"{{"api":1,"engine":"{HOSTILE}"}}"#))
        } else {
            ("403 Forbidden", format!(r#"{{"kind":"forbidden","why":"{HOSTILE}"}}"#))
        }
    });
    let socket = socket.to_str().unwrap();
    let verbs: [(&[&str], i32); 5] = [
        (&["status"], 5),
        (&["logs", "1"], 5),
        (&["run", "main"], 5),
        (&["branches", "--json"], 5),
        (&["version"], 0),
    ];
    for (verb, code) in verbs {
        let arguments: Vec<&str> = ["--socket", socket].iter().chain(verb).copied().collect();
        let said = world.run(&arguments).ends_with(code);
        let text = format!("{}{}", said.out, said.err);
        assert!(text.contains("]52;c;"), "{verb:?}: {text:?}");
        assert!(text.lines().all(|line| line.chars().all(is_plain)), "{verb:?}: {text:?}");
    }
}

#[test]
fn pipes_and_names_of_a_repository_harm_nobody_who_looks_at_it() {
    let world = World::new();
    let dir = world.path("shop");
    let repository = Repository::empty(dir.clone());
    for name in ["Jenkinsfile", "package.json", "Cargo.toml"] {
        std::fs::write(dir.join(name), "{}").unwrap();
        repository.git(&["add", name]);
        std::fs::remove_file(dir.join(name)).unwrap();
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mkfifoat(rustix::fs::CWD, dir.join(name), mode).unwrap();
    }
    let said = world.run(&["init", dir.to_str().unwrap()]);
    let text = format!("{}{}", said.out, said.err);
    assert!(text.contains("Jenkinsfile"), "{text:?}");
    // What nobody named is not waited for either.
    let told = world.command().arg("check").current_dir(&dir).output().unwrap();
    let told = String::from_utf8([told.stdout, told.stderr].concat()).unwrap();
    assert!(told.contains("it is no file"), "{told}");
    // No file could name it: it would be refused there.
    let odd = world.path("shop \u{202e}gnp");
    Repository::empty(odd.clone());
    let said = world.run(&["init", odd.to_str().unwrap(), "--name", "odd"]).ends_with(2);
    assert!(said.err.contains("holds control characters"), "{}", said.err);
    assert!([text, said.out, said.err].concat().chars().all(|c| c == '\n' || is_plain(c)));
}
