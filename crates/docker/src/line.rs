//! A line to one engine, which breaks when that one goes, whichever follows it.
//!
//! What asks an engine by its socket cannot tell whether another answers than before, and where
//! the socket is held for it, as by systemd, it cannot tell that none does. What is told on it is
//! that containers lose addresses.

use std::pin::Pin;
use std::time::Duration;

use bollard::errors::Error as Raw;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, Connection};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use crate::engine::{ANSWER, Docker};
use crate::error::{Error, from};

/// What an engine tells: `{"type":["network"],"event":["disconnect"]}`.
const DISCONNECTED: &str = "%7B%22type%22%3A%5B%22network%22%5D%2C\
                            %22event%22%3A%5B%22disconnect%22%5D%7D";

/// What an engine tells where its list of containers changes:
/// `{"type":["container"],"event":["create","start","die","destroy","rename","pause","unpause"]}`.
const LISTED: &str = "%7B%22type%22%3A%5B%22container%22%5D%2C%22event%22%3A%5B%22create%22%2C\
                      %22start%22%2C%22die%22%2C%22destroy%22%2C%22rename%22%2C%22pause%22%2C\
                      %22unpause%22%5D%7D";
/// How much is taken at once of what was told. What is left is there the next time.
const TAKEN: usize = 1024;

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

/// Tells whether an engine's list of containers has changed.
pub struct Changes(Line);

impl std::fmt::Debug for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Changes").finish()
    }
}

impl Changes {
    /// Whether the list may have changed since this was asked last, or since the beginning. Waits
    /// for nothing. Once it is not known any more it stays so.
    pub fn happened(&mut self) -> bool {
        let mut happened = false;
        // What is read by the first look that finds nothing is there for the second.
        let mut looks = 0;
        for _ in 0..TAKEN {
            match self.0.told().now_or_never() {
                Some(true) => happened = true,
                Some(false) => return true,
                None => looks += 1,
            }
            if looks == 2 {
                break;
            }
        }
        happened
    }
}

impl Docker {
    /// Opens a line that tells when the list of containers changes.
    pub async fn changes(&self) -> Result<Changes, Error> {
        self.line_of(LISTED).await.map(Changes)
    }

    /// Opens a line to the engine that answers now.
    pub(crate) async fn line(&self) -> Result<Line, Error> {
        self.line_of(DISCONNECTED).await
    }

    /// Opens a line that tells when the image's own check says something else of a container:
    /// `{"event":["health_status"],"container":[ID]}`.
    pub(crate) async fn line_of_health(&self, id: &str) -> Result<Line, Error> {
        let event = "%22event%22%3A%5B%22health_status%22%5D";
        let container = format!("%22container%22%3A%5B%22{id}%22%5D");
        self.line_of(&format!("%7B{event}%2C{container}%7D")).await
    }

    /// Opens a line that tells of the events that these filters let through.
    async fn line_of(&self, filters: &str) -> Result<Line, Error> {
        let what = "listen to the Docker engine";
        let limit = Duration::from_secs(ANSWER);
        let opened = tokio::time::timeout(limit, self.open_line(filters)).await;
        opened.unwrap_or(Err(Raw::RequestTimeoutError)).map_err(|raw| from(what, &raw))
    }

    async fn open_line(&self, filters: &str) -> Result<Line, Raw> {
        let socket = UnixStream::connect(&self.socket).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
        let mut connection = Box::pin(connection);
        let request = Request::builder()
            .uri(format!("/v{}/events?filters={filters}", self.client.client_version()))
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
        while let Some(piece) = self.piece().await {
            // An event can come in pieces.
            if named(&mut self.heard, &piece, id.as_bytes()) {
                return Told::Left;
            }
        }
        Told::Broken
    }

    /// Waits until the line is broken.
    pub(crate) async fn broken(&mut self) {
        while self.told().await {}
    }

    /// Waits until something is told; false where the line is broken.
    pub(crate) async fn told(&mut self) -> bool {
        self.piece().await.is_some()
    }

    /// The next piece of what is told; none where the line is broken.
    async fn piece(&mut self) -> Option<Bytes> {
        if self.is_broken {
            return None;
        }
        let piece = tokio::select! {
            _ = &mut self.connection => None,
            told = self.told.frame() => match told {
                Some(Ok(frame)) => Some(frame.into_data().unwrap_or_default()),
                Some(Err(_)) | None => None,
            },
        };
        self.is_broken = piece.is_none();
        piece
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
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// An engine that answers one question with pieces, as they are given, and then goes.
    async fn engine(
        listener: tokio::net::UnixListener,
        mut pieces: tokio::sync::mpsc::Receiver<&'static str>,
    ) {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            asked.push(socket.read_u8().await.unwrap());
        }
        let asked = String::from_utf8(asked).unwrap();
        assert!(asked.contains("/events?filters=%7B%22type%22"), "{asked}");
        socket.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
        while let Some(piece) = pieces.recv().await {
            let chunk = format!("{:x}\r\n{piece}\r\n", piece.len());
            socket.write_all(chunk.as_bytes()).await.unwrap();
        }
    }

    async fn until_happened(changes: &mut Changes) {
        let happens = async {
            while !changes.happened() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), happens).await.expect("nothing is told");
    }

    #[tokio::test]
    async fn a_changed_list_is_told_once_and_an_engine_that_went_for_ever() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("docker.sock");
        let listener = tokio::net::UnixListener::bind(&path).unwrap();
        let (say, pieces) = tokio::sync::mpsc::channel(1);
        let serving = tokio::spawn(engine(listener, pieces));
        let docker = Docker::at(path.to_str().unwrap()).unwrap();
        let mut changes = docker.changes().await.unwrap();
        assert!(!changes.happened());
        say.send("{\"status\":\"start\"}\n").await.unwrap();
        until_happened(&mut changes).await;
        assert!(!changes.happened(), "it is told twice");
        drop(say);
        serving.await.unwrap();
        until_happened(&mut changes).await;
        assert!(changes.happened(), "nobody tells any more");
    }

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
