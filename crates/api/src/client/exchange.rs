//! One request and its answer on a connection of its own.

use std::io::ErrorKind;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::{self, Connection};
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use pilothouse_core::command::Rejection;
use pilothouse_core::text::printable;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::{Client, ClientError};
use crate::types::{API_HEADER, API_VERSION};

/// The longest sentence of an engine that is shown, in characters.
pub(super) const WORDS: usize = 4000;
/// The longest answer that is no success, in bytes.
pub(super) const SENTENCE: usize = 64 << 10;

/// A connection's own work: polled beside whoever waits for its answer, so that no task of its
/// own is needed.
pub(super) type Driver = Pin<Box<Connection<TokioIo<UnixStream>, Full<Bytes>>>>;

/// Sends a request and takes its whole answer, within a time.
pub(super) async fn answer(
    client: &Client,
    method: Method,
    path: &str,
    body: Bytes,
    within: Duration,
) -> Result<Bytes, ClientError> {
    let stream = connect(client).await?;
    let whole = async {
        let (response, mut driver) = send(client, stream, method, path, body, None).await?;
        let status = response.status();
        let version = version_of(&response);
        // What is no success is a sentence.
        let most = if status.is_success() { client.limits.answer_bytes } else { SENTENCE };
        let body = collect(client, response.into_body(), &mut driver, most).await?;
        judge(client, status, version, &body)?;
        Ok(body)
    };
    timeout(within, whole).await.unwrap_or_else(|_| Err(late(client, within)))
}

/// What a question came to that got no answer: an engine that died with it in its hands is no
/// engine that answers badly. Of a command that is not said, because it may have been accepted.
async fn unanswered(client: &Client, error: ClientError) -> ClientError {
    match connect(client).await {
        Err(gone @ ClientError::EngineUnreachable { .. }) => gone,
        _ => error,
    }
}

/// Opens a connection.
pub(super) async fn connect(client: &Client) -> Result<UnixStream, ClientError> {
    let unreachable =
        |why: String| ClientError::EngineUnreachable { socket: client.socket.clone(), why };
    let error = match timeout(client.limits.connect, UnixStream::connect(&client.socket)).await {
        Ok(Ok(stream)) => return Ok(stream),
        Ok(Err(error)) => error,
        Err(_) => return Err(unreachable("it lets nobody in".to_owned())),
    };
    Err(match error.kind() {
        ErrorKind::NotFound => unreachable("there is no such socket".to_owned()),
        ErrorKind::ConnectionRefused if !is_socket(&client.socket) => {
            unreachable("it is no socket".to_owned())
        }
        ErrorKind::ConnectionRefused => unreachable("nobody listens on it any more".to_owned()),
        ErrorKind::WouldBlock => unreachable("too many wait to be let in".to_owned()),
        ErrorKind::PermissionDenied => ClientError::NotPermitted { socket: client.socket.clone() },
        _ => unreachable(error.to_string()),
    })
}

fn is_socket(path: &std::path::Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    std::fs::metadata(path).is_ok_and(|found| found.file_type().is_socket())
}

/// Sends a request and waits for the head of its answer.
pub(super) async fn send(
    client: &Client,
    stream: UnixStream,
    method: Method,
    path: &str,
    body: Bytes,
    last_event: Option<u64>,
) -> Result<(Response<Incoming>, Driver), ClientError> {
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| client.protocol(&error))?;
    let mut driver: Driver = Box::pin(connection);
    let is_question = method == Method::GET;
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/v{API_VERSION}{path}"))
        .header(header::HOST, "pilothouse")
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(id) = last_event {
        request = request.header("last-event-id", id);
    }
    let request = request.body(Full::new(body)).map_err(|error| client.protocol(&error))?;
    let response = sender.send_request(request);
    tokio::pin!(response);
    let response = tokio::select! {
        biased;
        response = &mut response => response,
        // A connection that is over has left its answer, or its error, behind.
        _ = &mut driver => response.await,
    };
    match response {
        Ok(response) => Ok((response, driver)),
        Err(error) if is_question && !error.is_parse() => {
            Err(unanswered(client, client.protocol(&error)).await)
        }
        Err(error) => Err(client.protocol(&error)),
    }
}

/// Takes the rest of an answer.
pub(super) async fn collect(
    client: &Client,
    body: Incoming,
    driver: &mut Driver,
    most: usize,
) -> Result<Bytes, ClientError> {
    // What says that it is too long is not read at all.
    if usize::try_from(body.size_hint().lower()).map_or(true, |bytes| bytes > most) {
        return Err(client.protocol(&format!("its answer has more than {most} bytes")));
    }
    let collected = Limited::new(body, most).collect();
    tokio::pin!(collected);
    let collected = tokio::select! {
        biased;
        collected = &mut collected => collected,
        _ = driver => collected.await,
    };
    match collected {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) => Err(client.protocol(&error)),
    }
}

/// The version of the contract that an answer claims to keep.
pub(super) fn version_of(response: &Response<Incoming>) -> Option<u32> {
    let text = response.headers().get(API_HEADER)?.to_str().ok()?;
    text.parse().ok()
}

/// Tells what an answer's head means.
pub(super) fn judge(
    client: &Client,
    status: StatusCode,
    version: Option<u32>,
    body: &[u8],
) -> Result<(), ClientError> {
    if let Some(engine) = version.filter(|version| *version != API_VERSION) {
        return Err(ClientError::Version { client: API_VERSION, engine });
    }
    if status == StatusCode::GATEWAY_TIMEOUT {
        return Err(late(client, client.limits.answer));
    }
    if status.is_success() {
        return Ok(());
    }
    match serde_json::from_slice::<Rejection>(body) {
        Ok(rejection) => {
            let why = printable(&rejection.why, WORDS);
            Err(ClientError::Rejected(Rejection { why, ..rejection }))
        }
        Err(_) => Err(client.protocol(&format!("status {status}"))),
    }
}

pub(super) fn late(client: &Client, after: Duration) -> ClientError {
    ClientError::Timeout { socket: client.socket.clone(), after }
}
