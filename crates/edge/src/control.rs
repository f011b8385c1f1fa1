//! The control socket: HTTP/1.1 over a Unix socket that only the edge's own user may open.
//!
//! Responsible for turning requests into asks to the applier, and for long polls. It decides
//! nothing about tables.
//!
//! - `PUT /v1/table` makes a table active: `Applied`, or `Refusal`.
//! - `GET /v1/table` tells the active table.
//! - `GET /v1/status` tells the state: `EdgeStatus`.
//! - `GET /v1/changes?after=N&wait_ms=M` tells the state once its change counter is not N, or
//!   after M milliseconds (at most a minute).
//! - `POST /v1/targets/{id}/cut` ends what is in flight on a target that gets no new requests.
//! - `POST /v1/stop` ends the edge as SIGTERM does.

use std::convert::Infallible;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use pilothouse_core::routing::{EdgeStatus, MAX_TABLE_BYTES, Refusal, RefusalKind, Table};
use serde::Serialize;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;

use crate::applier::Ask;
use crate::edge::Edge;
use crate::error::Error;
use crate::sparing::Sparing;

/// Connections at once.
const CONNECTIONS: usize = 64;
/// The longest that a long poll waits.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// The open control socket; it is removed when dropped.
#[derive(Debug)]
pub(crate) struct Control {
    listener: UnixListener,
    path: PathBuf,
    /// Which file it is at its path.
    file: Option<(u64, u64)>,
}

/// What every control connection needs.
struct Desk {
    edge: Arc<Edge>,
    asks: mpsc::Sender<Ask>,
    stop: mpsc::Sender<()>,
}

impl Control {
    /// Opens the socket so that nobody else can open it at any moment.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        if StdStream::connect(path).is_ok() {
            return Err(Error::SocketInUse(path.to_owned()));
        }
        let failed = |source: io::Error| Error::ControlSocket { path: path.to_owned(), source };
        // Bound beside its place and moved there once its mode is right: renaming is atomic,
        // and replaces a socket that a killed edge left behind.
        let mut fresh = path.as_os_str().to_owned();
        fresh.push(".new");
        let fresh = PathBuf::from(fresh);
        if let Err(error) = fs::remove_file(&fresh)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(failed(error));
        }
        let listener = UnixListener::bind(&fresh).map_err(failed)?;
        fs::set_permissions(&fresh, Permissions::from_mode(0o600)).map_err(failed)?;
        fs::rename(&fresh, path).map_err(failed)?;
        Ok(Self { listener, path: path.to_owned(), file: identity(path) })
    }

    /// Answers until it is dropped.
    pub(crate) async fn run(
        self,
        edge: Arc<Edge>,
        asks: mpsc::Sender<Ask>,
        stop: mpsc::Sender<()>,
    ) {
        let desk = Arc::new(Desk { edge, asks, stop });
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let warnings = Sparing::default();
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let desk = Arc::clone(&desk);
                    connections.spawn(async move {
                        talk(desk, stream).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    if let Some(held) = warnings.pass() {
                        tracing::warn!(%error, held, "a control connection could not be accepted");
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }
}

/// Which file is at a path.
fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

impl Drop for Control {
    fn drop(&mut self) {
        // Another edge may have its own there by now, as where the directory was put back from a copy.
        if self.file.is_none() || identity(&self.path) != self.file {
            return;
        }
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!(%error, "the control socket was gone already");
        }
    }
}

async fn talk(desk: Arc<Desk>, stream: UnixStream) {
    let service = service_fn(|request| reply(Arc::clone(&desk), request));
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(30));
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a control connection ended with an error");
    }
}

async fn reply(
    desk: Arc<Desk>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(route(&desk, request).await.unwrap_or_else(|refusal| {
        let status = match refusal.kind {
            RefusalKind::Malformed => StatusCode::BAD_REQUEST,
            RefusalKind::NotFound => StatusCode::NOT_FOUND,
            RefusalKind::Stale | RefusalKind::Bind | RefusalKind::InUse => StatusCode::CONFLICT,
            RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            RefusalKind::Storage => StatusCode::INSUFFICIENT_STORAGE,
            RefusalKind::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        };
        json(status, &refusal)
    }))
}

async fn route(desk: &Desk, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Refusal> {
    let path = request.uri().path().to_owned();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match (request.method(), parts.as_slice()) {
        (&Method::PUT, ["v1", "table"]) => {
            let table = Box::new(read_table(request).await?);
            let applied = ask(desk, |reply| Ask::Apply(table, reply)).await??;
            Ok(json(StatusCode::OK, &applied))
        }
        (&Method::GET, ["v1", "table"]) => Ok(json(StatusCode::OK, &desk.edge.active.load().table)),
        (&Method::GET, ["v1", "status"]) => {
            Ok(json(StatusCode::OK, &ask(desk, Ask::Status).await?))
        }
        (&Method::GET, ["v1", "changes"]) => {
            let (after, wait) = poll(request.uri().query().unwrap_or_default())?;
            Ok(json(StatusCode::OK, &changes(desk, after, wait).await?))
        }
        (&Method::POST, ["v1", "targets", id, "cut"]) => {
            let id = (*id).to_owned();
            let status = ask(desk, |reply| Ask::Cut(id, reply)).await??;
            Ok(json(StatusCode::OK, &status))
        }
        (&Method::POST, ["v1", "stop"]) => {
            // A full queue means that somebody else has asked already.
            let _ = desk.stop.try_send(());
            Ok(json(StatusCode::ACCEPTED, &ask(desk, Ask::Status).await?))
        }
        (method, _) => {
            let message = format!("there is no {method} {path} here");
            Err(refusal(RefusalKind::NotFound, message))
        }
    }
}

/// Asks the applier and waits for its reply.
async fn ask<T>(desk: &Desk, make: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, Refusal> {
    let gone = || refusal(RefusalKind::Stopping, "the edge is stopping".to_owned());
    let (reply, answer) = oneshot::channel();
    desk.asks.send(make(reply)).await.map_err(|_| gone())?;
    answer.await.map_err(|_| gone())
}

async fn read_table(request: Request<Incoming>) -> Result<Table, Refusal> {
    let malformed = |message| refusal(RefusalKind::Malformed, message);
    let body = Limited::new(request.into_body(), MAX_TABLE_BYTES)
        .collect()
        .await
        .map_err(|error| malformed(format!("the table could not be read: {error}")))?
        .to_bytes();
    serde_json::from_slice(&body).map_err(|error| malformed(format!("this is no table: {error}")))
}

fn poll(query: &str) -> Result<(u64, Duration), Refusal> {
    let (mut after, mut wait_ms) = (0, 0);
    for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let number = value.parse::<u64>().map_err(|_| {
            refusal(RefusalKind::Malformed, format!("{key} is a number, not {value:?}"))
        });
        match key {
            "after" => after = number?,
            "wait_ms" => wait_ms = number?,
            _ => {}
        }
    }
    Ok((after, Duration::from_millis(wait_ms).min(LONGEST_WAIT)))
}

/// Waits until the change counter is another than the caller knows.
async fn changes(desk: &Desk, after: u64, wait: Duration) -> Result<EdgeStatus, Refusal> {
    let mut counter = desk.edge.changes();
    let is_news = |count: &u64| *count != after;
    // Neither a timeout nor the end of the edge is an error here: the state is told anyway.
    let _ = tokio::time::timeout(wait, counter.wait_for(is_news)).await;
    ask(desk, Ask::Status).await
}

fn json<T: Serialize>(status: StatusCode, value: &T) -> Response<Full<Bytes>> {
    let (status, text) = match serde_json::to_vec(value) {
        Ok(text) => (status, text),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string().into_bytes()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn refusal(kind: RefusalKind, message: String) -> Refusal {
    Refusal { kind, message, problems: Vec::new() }
}
