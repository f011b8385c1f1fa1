//! A request whose connection becomes a stream of raw bytes.
//!
//! bollard reads all such streams as pieces with a header each. What a program writes to a terminal
//! has none, and where it begins with the bytes of a header, it would be taken for one.

use std::time::Duration;

use bollard::errors::Error as Raw;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::upgrade::Upgraded;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use crate::engine::{ANSWER, Docker};
use crate::error::{Error, from};

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
