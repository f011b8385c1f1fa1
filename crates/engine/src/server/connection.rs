//! Lets clients in, one door each, and hands what they ask for to what answers behind it.
//!
//! Every connection is a task that its door owns; there are never more than the limits say.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use pilothouse_core::command::RejectionKind;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::actor::{Actor, Door, Names};
use super::answer::{Answer, Body, Refusal};
use super::backend::{Backend, View};
use super::read::Reader;
use super::route::{COMMAND_ROUTES, Found, LOOK_ROUTES, Look, READ_ROUTES, Write, find};
use super::seat::{Seat, Seats};
use super::settings::ServeLimits;
use super::share::Shares;
use super::snapshot::Snapshots;
use super::stall::Stalling;
use super::{Bound, command, request};

/// How long to wait when the system lets nobody in, as when it has no file descriptors left.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// What all connections share.
struct House<B> {
    backend: Arc<B>,
    names: Names,
    snapshots: Snapshots,
    limits: ServeLimits,
    stop: CancellationToken,
}

/// What the clients of one door share.
pub(super) struct Shared {
    /// Turns at the disk.
    pub(super) reads: Shares,
    /// Bytes of answers.
    pub(super) answers: Shares,
}

impl Shared {
    fn new(limits: &ServeLimits) -> Arc<Self> {
        Arc::new(Self {
            reads: Shares::new(limits.reads, limits.reads_of_one),
            answers: Shares::new(limits.answers, limits.answers_of_one),
        })
    }
}

/// Answers on all sockets until told to stop.
pub(super) async fn serve<B: Backend>(
    mut bound: Bound,
    backend: Arc<B>,
    limits: ServeLimits,
    stop: CancellationToken,
) {
    let house = Arc::new(House {
        backend,
        names: Names::default(),
        snapshots: Snapshots::default(),
        limits,
        stop,
    });
    let mut doors = JoinSet::new();
    for (door, listener) in bound.listeners.drain(..) {
        doors.spawn(keep(Arc::clone(&house), door, listener));
    }
    while let Some(ended) = doors.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a socket's task failed");
        }
    }
}

/// Keeps one door.
async fn keep<B: Backend>(house: Arc<House<B>>, door: Door, listener: UnixListener) {
    let most_of_one = match door {
        Door::Operator => house.limits.connections_of_operator,
        Door::Watch | Door::Trigger => house.limits.connections_of_watcher,
    };
    let seats = Seats::new(house.limits.connections, most_of_one);
    let shared = Shared::new(&house.limits);
    let refusals = Arc::new(Semaphore::new(house.limits.refusals));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = house.stop.cancelled() => break,
            Some(ended) = connections.join_next(), if !connections.is_empty() => {
                note(ended);
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, ?door, "cannot let a client in");
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        // A client that was gone before it was let in has no name.
        let Ok(peer) = stream.peer_cred() else {
            continue;
        };
        match seats.take(peer.uid()) {
            Ok(seat) => {
                let (house, shared) = (Arc::clone(&house), Arc::clone(&shared));
                let client = (door, peer.uid());
                connections.spawn(connection(house, shared, client, stream, seat));
            }
            Err(why) => {
                if let Ok(seat) = Arc::clone(&refusals).try_acquire_owned() {
                    connections.spawn(refuse(Arc::clone(&house), stream, why, seat));
                }
            }
        }
    }
    drop(listener);
    let rest = async {
        while let Some(ended) = connections.join_next().await {
            note(ended);
        }
    };
    // What is not done by then is aborted with the set.
    let _ = tokio::time::timeout(house.limits.grace, rest).await;
}

fn note(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task failed");
    }
}

/// Answers one client until it goes.
async fn connection<B: Backend>(
    house: Arc<House<B>>,
    shared: Arc<Shared>,
    (door, uid): (Door, u32),
    stream: UnixStream,
    _seat: Seat,
) {
    let actor = Actor { name: house.names.of(uid).await, uid, door };
    talk(&house.limits, &house.stop, stream, |request| {
        answer(&house, &shared, actor.clone(), request)
    })
    .await;
}

/// Tells one client that there are too many.
async fn refuse<B: Backend>(
    house: Arc<House<B>>,
    stream: UnixStream,
    why: String,
    _seat: OwnedSemaphorePermit,
) {
    talk(&house.limits, &house.stop, stream, |_| async {
        let why = why.clone();
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let mut response = Refusal::new(status, RejectionKind::Full, why).response();
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
        response
    })
    .await;
}

/// Speaks HTTP/1.1 with a client, within the limits.
async fn talk<F: Future<Output = Response<Body>>>(
    limits: &ServeLimits,
    stop: &CancellationToken,
    stream: UnixStream,
    answer: impl Fn(Request<Incoming>) -> F,
) {
    let service = service_fn(|request| {
        let answer = answer(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_within)
        .max_buf_size(limits.head_bytes.max(8192))
        .max_headers(limits.headers)
        .serve_connection(TokioIo::new(Stalling::new(stream, limits.stall)), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        biased;
        ended = &mut connection => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

async fn answer<B: Backend>(
    house: &House<B>,
    shared: &Shared,
    actor: Actor,
    request: Request<Incoming>,
) -> Response<Body> {
    let reader = Reader {
        view: &house.backend,
        shared,
        snapshots: &house.snapshots,
        limits: &house.limits,
        stop: &house.stop,
    };
    let answer = match actor.door {
        Door::Operator => operator(house, &reader, actor, request).await,
        Door::Watch => watch(&reader, &actor, &request).await,
        Door::Trigger => trigger(house, actor, request).await,
    };
    answer.unwrap_or_else(Refusal::response)
}

async fn operator<B: Backend>(
    house: &House<B>,
    reader: &Reader<'_, B>,
    actor: Actor,
    request: Request<Incoming>,
) -> Answer {
    let path = request::versioned(request.uri().path())?;
    match find(&COMMAND_ROUTES, request.method(), path) {
        Found::Nothing => read(reader, &actor, &request).await,
        found @ (Found::Route(..) | Found::OtherMethod(_)) => match request::only(found, path)?.0 {
            Write::Commands => {
                command::command(&*house.backend, &house.limits, actor, request).await
            }
        },
    }
}

/// Answers at the watchers' door. It is given nothing that could change anything.
async fn watch<V: View>(
    reader: &Reader<'_, V>,
    actor: &Actor,
    request: &Request<Incoming>,
) -> Answer {
    let path = request::versioned(request.uri().path())?;
    if find(&COMMAND_ROUTES, request.method(), path) != Found::Nothing {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            RejectionKind::Forbidden,
            "this is the watchers' socket, and watching changes nothing; commands go to engine.sock",
        ));
    }
    read(reader, actor, request).await
}

async fn read<V: View>(
    reader: &Reader<'_, V>,
    actor: &Actor,
    request: &Request<Incoming>,
) -> Answer {
    let path = request::versioned(request.uri().path())?;
    let (route, id) = request::only(find(&READ_ROUTES, request.method(), path), path)?;
    reader.answer(route, id, actor, request).await
}

async fn trigger<B: Backend>(house: &House<B>, actor: Actor, request: Request<Incoming>) -> Answer {
    let path = request::versioned(request.uri().path())?;
    match request::only(find(&LOOK_ROUTES, request.method(), path), path)?.0 {
        Look::Look => command::look(&*house.backend, &house.limits, actor, request).await,
    }
}
