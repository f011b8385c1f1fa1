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
const EVENTS: &str = "/events?filters=%7B%22type%22%3A%5B%22daemon%22%5D%7D";

/// A line to one engine.
pub(crate) struct Line {
    connection: Pin<Box<Connection<TokioIo<UnixStream>, Empty<Bytes>>>>,
    told: Incoming,
    is_broken: bool,
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
        Ok(Line { connection, told: response.into_body(), is_broken: false })
    }
}

impl Line {
    /// Waits until the line is broken. May be dropped while it waits without losing anything.
    pub(crate) async fn broken(&mut self) {
        while !self.is_broken {
            tokio::select! {
                _ = &mut self.connection => self.is_broken = true,
                told = self.told.frame() => self.is_broken = !matches!(told, Some(Ok(_))),
            }
        }
    }
}
