//! Requests whose bytes are this crate's own.
//!
//! Some connections become streams: bollard reads all such streams as pieces with a header each. What
//! a program writes to a terminal has none, and where it begins with the bytes of a header, it would
//! be taken for one. And it gives up on an engine that reads an archive for longer than an answer may
//! take.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bollard::errors::Error as Raw;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http_body_util::{BodyExt as _, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1;
use hyper::upgrade::Upgraded;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::sync::mpsc::Receiver;

use crate::context::Piece;
use crate::engine::{ANSWER, Docker};
use crate::error::{Error, Kind, from};

/// The most of an answer that is read where the engine says no, in bytes.
const REFUSAL: usize = 64 << 10;

/// Bytes in both directions, as a program reads and writes them.
pub(crate) type Stream = TokioIo<Upgraded>;

impl Docker {
    /// Asks for something whose answer is a stream; `what` reads after "cannot".
    pub(crate) async fn stream(
        &self,
        what: &str,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<Stream, Error> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("/v{}{path}", self.client.client_version()))
            .header(header::HOST, "docker")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "tcp")
            .body(Full::new(Bytes::from(body.to_string())))
            .map_err(|error| from(what, &error.into()))?;
        let limit = Duration::from_secs(ANSWER);
        let answered = tokio::time::timeout(limit, self.upgrade(request)).await;
        answered.unwrap_or(Err(Raw::RequestTimeoutError)).map_err(|raw| from(what, &raw))
    }

    /// Sends an archive and gives on the pieces of the answer; behind the last one, none. However
    /// long it takes: whoever asks has a limit.
    pub(crate) async fn upload(
        &self,
        what: &str,
        path: &str,
        mut pieces: Receiver<Piece>,
        hear: impl AsyncFnMut(Option<Bytes>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let failed = |raw: Raw| from(what, &raw);
        // What keeps it from being read is no error of the engine's, which is told nothing of it.
        let unread = Arc::new(OnceLock::new());
        let note = Arc::clone(&unread);
        let pieces = futures_util::stream::poll_fn(move |cx| pieces.poll_recv(cx));
        let pieces = pieces.inspect_err(move |error| {
            let _ = note.set(error.to_string());
        });
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("/v{}{path}", self.client.client_version()))
            .header(header::HOST, "docker")
            .header(header::CONTENT_TYPE, "application/x-tar")
            .body(StreamBody::new(pieces.map_ok(Frame::data)))
            .map_err(|error| failed(error.into()))?;
        let socket = UnixStream::connect(&self.socket).await;
        let socket = socket.map_err(|error| failed(error.into()))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(socket)).await.map_err(|error| failed(error.into()))?;
        let exchange = async {
            let response = sender.send_request(request).await;
            let response = response.map_err(|error| failed(error.into()))?;
            if !response.status().is_success() {
                return Err(failed(refusal(response).await));
            }
            heard(what, response.into_body(), hear).await
        };
        tokio::pin!(exchange, connection);
        let done = tokio::select! {
            biased;
            done = &mut exchange => done,
            // A connection that is over has left its answer, or its error, behind.
            _ = &mut connection => exchange.await,
        };
        match unread.get() {
            Some(why) => Err(Error::new(Kind::Unread, format!("cannot {what}: {why}"))),
            None => done,
        }
    }

    async fn upgrade(&self, request: Request<Full<Bytes>>) -> Result<Stream, Raw> {
        let socket = UnixStream::connect(&self.socket).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
        let exchange = async move {
            let response = sender.send_request(request).await?;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                return Ok(TokioIo::new(hyper::upgrade::on(response).await?));
            }
            Err(refusal(response).await)
        };
        // The connection does its work beside it, and is over once it is handed on or has said no;
        // what went wrong with it is what the exchange says.
        let (_, exchanged) = tokio::join!(connection.with_upgrades(), exchange);
        exchanged
    }
}

async fn heard(
    what: &str,
    mut body: Incoming,
    mut hear: impl AsyncFnMut(Option<Bytes>) -> Result<(), Error>,
) -> Result<(), Error> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| from(what, &error.into()))?;
        if let Ok(piece) = frame.into_data() {
            hear(Some(piece)).await?;
        }
    }
    hear(None).await
}

/// What the engine said instead.
async fn refusal(response: Response<Incoming>) -> Raw {
    let status_code = response.status().as_u16();
    let body = Limited::new(response.into_body(), REFUSAL).collect().await;
    let said = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let told: Option<serde_json::Value> = serde_json::from_slice(&said).ok();
    let message = told.as_ref().and_then(|told| told.get("message")?.as_str());
    let message =
        message.map_or_else(|| String::from_utf8_lossy(&said).into_owned(), str::to_owned);
    Raw::DockerResponseServerError { status_code, message }
}
