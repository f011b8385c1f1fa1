//! An engine that is none of ours answers.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};

use pilothouse_api::client::{Client, ClientError};
use pilothouse_core::text::is_plain;

/// Sets the clipboard, clears the screen and turns the text around.
const HOSTILE: &str = r"no\u001b]52;c;cm0=\u0007\u001b[2J\u202egnp";

/// Gives one answer, and tells how many bytes of it went out.
fn engine(name: &str, head: &str, body: String) -> (PathBuf, JoinHandle<usize>) {
    let socket =
        std::env::temp_dir().join(format!("pilothouse-{}-{name}.sock", std::process::id()));
    let _ = std::fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket).unwrap();
    let head = format!("HTTP/1.1 {head}\r\nconnection: close\r\n\r\n");
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = [0; 4096];
        let _ = stream.read(&mut asked).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut sent = 0;
        for piece in body.as_bytes().chunks(4096) {
            match stream.write(piece) {
                Ok(count) => sent += count,
                Err(_) => break,
            }
        }
        sent
    });
    (socket, served)
}

fn ask(socket: &PathBuf) -> ClientError {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(Client::new(socket).state()).unwrap_err();
    std::fs::remove_file(socket).unwrap();
    error
}

#[test]
fn its_words_move_no_cursor() {
    let body = format!(r#"{{"kind":"forbidden","why":"{HOSTILE}"}}"#);
    let (socket, _) = engine("refuses", "403 Forbidden", body);
    let error = ask(&socket);
    assert!(matches!(error, ClientError::Rejected(_)), "{error:?}");
    let said = error.to_string();
    assert!(said.contains("]52") && said.chars().all(is_plain), "{said:?}");
    // What cannot be read is cited.
    let (socket, _) = engine("lies", "200 OK", format!(r#"{{"access":"{HOSTILE}"}}"#));
    let said = ask(&socket).to_string();
    assert!(said.contains("]52") && said.chars().all(is_plain), "{said:?}");
}

#[test]
fn an_answer_that_says_that_it_is_too_long_is_not_read() {
    let body = " ".repeat(8 << 20);
    let (socket, served) = engine("long", "200 OK\r\ncontent-length: 300000000", body);
    let error = ask(&socket);
    assert!(error.to_string().contains("its answer has more than"), "{error}");
    let sent = served.join().unwrap();
    assert!(sent < 4 << 20, "{sent} bytes were taken");
}

#[test]
fn a_refusal_is_a_sentence() {
    let (socket, served) = engine("talks", "403 Forbidden", " ".repeat(8 << 20));
    let error = ask(&socket);
    assert!(matches!(error, ClientError::Protocol { .. }), "{error:?}");
    let sent = served.join().unwrap();
    assert!(sent < 4 << 20, "{sent} bytes were taken");
}

#[test]
fn an_engine_that_dies_with_a_question_in_its_hands_is_none() {
    let socket = std::env::temp_dir().join(format!("pilothouse-{}-dies.sock", std::process::id()));
    let _ = std::fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket).unwrap();
    let died = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        drop(listener);
        drop(stream);
    });
    let error = ask(&socket);
    died.join().unwrap();
    assert!(matches!(error, ClientError::EngineUnreachable { .. }), "{error:?}");
}
