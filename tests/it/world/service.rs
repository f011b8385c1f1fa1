//! The service that tests deploy: this very test binary, asked for one ignored test.
//!
//! It needs no interpreter and starts within milliseconds. It answers every path with the file
//! `page` of its release; the variables say how it misbehaves:
//! `SICK=1` answers 500, `DEAF=1` never listens, `SICK_FILE=PATH` answers 500 once the file is there.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

/// The test's name as the test binary knows it.
pub const TEST: &str = "world::service::serves";

#[test]
fn serves() {
    let Ok(port) = std::env::var("PORT") else { return };
    if std::env::var_os("PILOTHOUSE_INSTANCE").is_none() {
        return;
    }
    if is_set("DEAF") {
        loop {
            std::thread::park();
        }
    }
    let port: u16 = port.parse().unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    let page = std::fs::read_to_string("page").unwrap_or_default();
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let page = page.clone();
        // A client that goes away in the middle is no failure of the service.
        std::thread::spawn(move || drop(answer(stream, &page)));
    }
}

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

fn answer(mut stream: std::net::TcpStream, page: &str) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    loop {
        let count = stream.read(&mut piece)?;
        if count == 0 {
            return Ok(());
        }
        head.extend_from_slice(&piece[..count]);
        if !head.windows(4).any(|end| end == b"\r\n\r\n") {
            continue;
        }
        head.clear();
        let is_sick = is_set("SICK")
            || std::env::var_os("SICK_FILE").is_some_and(|path| Path::new(&path).exists());
        let status = if is_sick { "500 Internal Server Error" } else { "200 OK" };
        let release = std::env::var("PILOTHOUSE_RELEASE").unwrap_or_default();
        let body = format!("{release} {page}");
        write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())?;
    }
}
