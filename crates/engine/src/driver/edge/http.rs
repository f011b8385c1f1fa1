//! One HTTP/1.1 request on a connection of its own.

use std::path::Path;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use pilothouse_core::effect::Fault;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;

/// The longest answer that is taken, in bytes.
const ANSWER: usize = 16 << 20;

/// An answer.
pub(super) struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its fields.
    pub headers: HeaderMap,
    body: Bytes,
}

impl Reply {
    /// Whether the status is 200 to 299.
    pub fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// Reads the body as what it should be.
    pub fn json<T: DeserializeOwned>(&self, what: &str) -> Result<T, Fault> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Fault::unknown(format!("{what} (status {}) cannot be understood: {error}", self.status))
        })
    }
}

/// Asks over a Unix socket.
pub(super) async fn over_unix(
    socket: &Path,
    method: &'static str,
    path: &str,
    body: Vec<u8>,
) -> Result<Reply, Fault> {
    let stream = UnixStream::connect(socket).await.map_err(|error| {
        Fault::transient(format!("the edge does not answer on {}: {error}", socket.display()))
    })?;
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "edge")
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| Fault::permanent(format!("the request cannot be made: {error}")))?;
    ask(stream, request, "the edge").await
}

/// Sends a request on a fresh connection and takes the whole answer.
pub(super) async fn ask<S>(
    stream: S,
    request: Request<Full<Bytes>>,
    whom: &str,
) -> Result<Reply, Fault>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let failed = |error: hyper::Error| Fault::unknown(format!("{whom} broke off: {error}"));
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(failed)?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, ANSWER).collect().await.map_err(|error| {
            Fault::unknown(format!("{whom} sent an answer that cannot be taken: {error}"))
        })?;
        Ok(Reply { status: head.status, headers: head.headers, body: body.to_bytes() })
    };
    tokio::pin!(exchange);
    tokio::select! {
        reply = &mut exchange => reply,
        // A connection that ends first may have left the whole answer behind.
        _ = connection => exchange.await,
    }
}
