//! A line to one engine, which breaks when that one goes, whichever follows it.
//!
//! What asks an engine by its socket cannot tell whether another answers than before, and where
//! the socket is held for it, as by systemd, it cannot tell that none does. What is told on it is
//! that containers lose addresses.

use std::pin::Pin;
use std::time::Duration;

use bollard::errors::Error as Raw;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, Connection};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use crate::engine::{ANSWER, Docker};
use crate::error::{Error, from};

/// What an engine tells: `{"type":["network"],"event":["disconnect"]}`.
const EVENTS: &str = "/events?filters=%7B%22type%22%3A%5B%22network%22%5D%2C\
                      %22event%22%3A%5B%22disconnect%22%5D%7D";

/// What a line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It is broken: the engine went.
    Broken,
    /// The container left a network.
    Left,
}

/// A line to one engine.
pub(crate) struct Line {
    connection: Pin<Box<Connection<TokioIo<UnixStream>, Empty<Bytes>>>>,
    told: Incoming,
    is_broken: bool,
    /// What was told last, in which the beginning of a name may stand.
    heard: Vec<u8>,
}

impl Docker {
    /// Opens a line to the engine that answers now.
    pub(crate) async fn line(&self) -> Result<Line, Error> {
        let what = "listen to the Docker engine";
        let limit = Duration::from_secs(ANSWER);
        let opened = tokio::time::timeout(limit, self.open_line()).await;
        opened.unwrap_or(Err(Raw::RequestTimeoutError)).map_err(|raw| from(what, &raw))
    }

    async fn open_line(&self) -> Result<Line, Raw> {
        let socket = UnixStream::connect(&self.socket).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
        let mut connection = Box::pin(connection);
        let request = Request::builder()
            .uri(format!("/v{}{EVENTS}", self.client.client_version()))
            .header(header::HOST, "docker")
            .body(Empty::new())?;
        let response = sender.send_request(request);
        tokio::pin!(response);
        let response = tokio::select! {
            biased;
            response = &mut response => response,
            // A connection that is over has left its answer, or its error, behind.
            _ = &mut connection => response.await,
        };
        let response = response?;
        if !response.status().is_success() {
            let message = "it does not say what it does".to_owned();
            let status_code = response.status().as_u16();
            return Err(Raw::DockerResponseServerError { status_code, message });
        }
        let told = response.into_body();
        Ok(Line { connection, told, is_broken: false, heard: Vec::new() })
    }
}

impl Line {
    /// Waits until the line is broken, or tells that the container of this id left a network. May
    /// be dropped while it waits without losing anything.
    pub(crate) async fn next(&mut self, id: &str) -> Told {
        while !self.is_broken {
            tokio::select! {
                _ = &mut self.connection => self.is_broken = true,
                told = self.told.frame() => match told {
                    Some(Ok(frame)) => {
                        let piece = frame.into_data().unwrap_or_default();
                        // An event can come in pieces.
                        if named(&mut self.heard, &piece, id.as_bytes()) {
                            return Told::Left;
                        }
                    }
                    Some(Err(_)) | None => self.is_broken = true,
                },
            }
        }
        Told::Broken
    }

    /// Waits until the line is broken.
    pub(crate) async fn broken(&mut self, id: &str) {
        while self.next(id).await != Told::Broken {}
    }
}

/// Whether an id stands in what was heard with the next piece of it.
fn named(heard: &mut Vec<u8>, piece: &[u8], id: &[u8]) -> bool {
    heard.extend_from_slice(piece);
    let is_named = !id.is_empty() && heard.windows(id.len()).any(|part| part == id);
    // Of one that was named only what follows can name it again.
    let rest = if is_named { 0 } else { id.len().saturating_sub(1) };
    heard.drain(..heard.len().saturating_sub(rest));
    is_named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_seen_in_pieces_and_once() {
        let mut heard = Vec::new();
        let mut told = |piece: &str| named(&mut heard, piece.as_bytes(), b"c0ffee");
        assert!(!told("{\"container\":\"c0f"));
        assert!(told("fee\"}\n"));
        assert!(!told("{\"container\":\"c0ffe1\"}\n"));
        assert!(told("{\"container\":\"c0ffee\"}\n"));
        assert!(!told("ffee"));
    }
}
