//! A line to one engine, which breaks when that one goes, whichever follows it.
//!
//! What asks an engine by its socket cannot tell whether another answers than before, and where
//! the socket is held for it, as by systemd, it cannot tell that none does.

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

/// What an engine tells of itself, which is next to nothing: `{"type":["daemon"]}`.
const DAEMON: &str = "%7B%22type%22%3A%5B%22daemon%22%5D%7D";

/// A line to one engine.
pub(crate) struct Line {
    connection: Pin<Box<Connection<TokioIo<UnixStream>, Empty<Bytes>>>>,
    told: Incoming,
    is_broken: bool,
}

impl Docker {
    /// Opens a line to the engine that answers now.
    pub(crate) async fn line(&self) -> Result<Line, Error> {
        self.line_of(DAEMON).await
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
        Ok(Line { connection, told: response.into_body(), is_broken: false })
    }
}

impl Line {
    /// Waits until the line is broken. May be dropped while it waits without losing anything.
    pub(crate) async fn broken(&mut self) {
        while self.told().await {}
    }

    /// Waits until something is told; false where the line is broken.
    pub(crate) async fn told(&mut self) -> bool {
        if !self.is_broken {
            tokio::select! {
                _ = &mut self.connection => self.is_broken = true,
                told = self.told.frame() => self.is_broken = !matches!(told, Some(Ok(_))),
            }
        }
        !self.is_broken
    }
}
