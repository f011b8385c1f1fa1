//! One serving thread.
//!
//! Responsible for accepting connections, for driving them, and for ending them when they wait
//! too long or the edge stops. Everything it starts lives in its own runtime and ends with it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::HeaderValue;
use hyper::server::conn::http1::Builder as Http;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::edge::Edge;
use crate::heads::Unfinished;
use crate::link::{ClientIo, Link, Phase, Verdict, is_empty_lines};
use crate::page::{HEAD_LATE, HEAD_TOO_MUCH};
use crate::placed::Placed;
use crate::plan::Entry;
use crate::proxy::answer;
use crate::session::Session;
use crate::sparing::Sparing;
use crate::tunnel::Tunnel;
use crate::upstream::Pool;

/// How long a client that says nothing keeps a place that another one waits for.
const GRACE: Duration = Duration::from_millis(250);
/// How often a connection without a place looks for one that makes way.
const LOOK: Duration = Duration::from_millis(50);

/// What a worker is told.
#[derive(Debug)]
pub(crate) enum Order {
    /// Accept connections here.
    Listen {
        /// The address as the table writes it.
        address: SocketAddr,
        /// This worker's own socket.
        listener: StdListener,
    },
    /// Accept no more here; what was accepted goes on.
    Close(SocketAddr),
    /// Accept nothing more, finish what is in flight, and end.
    Stop,
}

/// What the tasks of one serving thread share.
pub(crate) struct Worker {
    pub(crate) edge: Arc<Edge>,
    pub(crate) pool: Pool,
    random: Cell<u64>,
    links: RefCell<HashMap<u64, Arc<Link>>>,
    next_link: Cell<u64>,
    tunnels: Cell<usize>,
    is_stopping: Cell<bool>,
    /// One for each client's connection.
    places: Arc<Semaphore>,
    unfinished: Unfinished,
    listening: RefCell<HashMap<SocketAddr, oneshot::Sender<()>>>,
}

/// Serves until told to stop; runs on a thread of its own.
pub(crate) fn run(edge: Arc<Edge>, orders: mpsc::Receiver<Order>) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    let worker = Rc::new(Worker::new(edge));
    runtime.block_on(work(worker, orders));
    Ok(())
}

async fn work(worker: Rc<Worker>, mut orders: mpsc::Receiver<Order>) {
    let limits = &worker.edge.settings.limits;
    let shortest = limits
        .head_timeout
        .min(limits.idle_timeout)
        .min(limits.upstream_idle_timeout)
        .min(limits.response_timeout);
    let period = (shortest / 4).clamp(Duration::from_millis(20), Duration::from_secs(1));
    let mut sweeps = tokio::time::interval(period);
    sweeps.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Listen { address, listener }) => worker.listen(address, listener),
                Some(Order::Close(address)) => {
                    // Dropping the sender tells the accepting task.
                    worker.listening.borrow_mut().remove(&address);
                }
                Some(Order::Stop) | None => break,
            },
            _ = sweeps.tick() => worker.sweep(),
        }
    }
    worker.stop().await;
}

impl Worker {
    fn new(edge: Arc<Edge>) -> Self {
        let limits = &edge.settings.limits;
        let pool = Pool::new(limits);
        let places = Arc::new(Semaphore::new(limits.connections));
        Self {
            pool,
            random: Cell::new(RandomState::new().hash_one(0) | 1),
            links: RefCell::default(),
            next_link: Cell::new(0),
            tunnels: Cell::new(0),
            is_stopping: Cell::new(false),
            places,
            unfinished: Unfinished::default(),
            listening: RefCell::default(),
            edge,
        }
    }

    /// Draws the next number; evenly spread, not secret (xorshift64*, Vigna 2016).
    pub(crate) fn random(&self) -> u64 {
        let mut x = self.random.get();
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.random.set(x);
        x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    /// Starts a tunnel.
    pub(crate) fn start(self: &Rc<Self>, tunnel: Tunnel) {
        self.tunnels.set(self.tunnels.get() + 1);
        let worker = Rc::clone(self);
        tokio::task::spawn_local(async move {
            tunnel.run().await;
            worker.tunnels.set(worker.tunnels.get().saturating_sub(1));
        });
    }

    fn listen(self: &Rc<Self>, address: SocketAddr, listener: StdListener) {
        let port = listener.local_addr().map_or(address.port(), |bound| bound.port());
        match TcpListener::from_std(listener) {
            Ok(listener) => {
                let (open, closing) = oneshot::channel();
                self.listening.borrow_mut().insert(address, open);
                tokio::task::spawn_local(accept(Rc::clone(self), address, port, listener, closing));
            }
            Err(error) => tracing::error!(%address, %error, "a listener could not be taken over"),
        }
    }

    /// Waits for a place for a client; a connection that has been idle for long makes way.
    async fn place(&self) -> io::Result<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        loop {
            self.end_idlest();
            let place = Arc::clone(&self.places).acquire_owned();
            if let Ok(place) = tokio::time::timeout(LOOK, place).await {
                return place.map_err(io::Error::other);
            }
        }
    }

    /// Ends the connection that has been idle longest, if it had time enough to say something.
    fn end_idlest(&self) {
        let links = self.links.borrow();
        let idle = links.values().filter_map(|link| Some((link.idle()?, link)));
        if let Some((_, link)) =
            idle.filter(|(idle, _)| *idle >= GRACE).max_by_key(|(idle, _)| *idle)
        {
            link.judge(Verdict::Finish);
        }
    }

    fn sweep(&self) {
        self.pool.sweep();
        let limits = &self.edge.settings.limits;
        for link in self.links.borrow().values() {
            link.sweep(limits);
        }
    }

    async fn stop(&self) {
        self.is_stopping.set(true);
        self.listening.borrow_mut().clear();
        // One turn for the accepting tasks to take what the kernel has accepted already.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        for link in self.links.borrow().values() {
            link.judge(Verdict::Finish);
        }
        let deadline = tokio::time::Instant::now() + self.edge.settings.limits.stop_timeout;
        let mut looks = tokio::time::interval(Duration::from_millis(10));
        while tokio::time::Instant::now() < deadline {
            if self.links.borrow().is_empty() && self.tunnels.get() == 0 {
                break;
            }
            looks.tick().await;
        }
    }
}

/// Accepts connections until told to close, and then those that the kernel took already.
async fn accept(
    worker: Rc<Worker>,
    address: SocketAddr,
    port: u16,
    listener: TcpListener,
    mut closing: oneshot::Receiver<()>,
) {
    let warnings = Sparing::default();
    let mut unplaced = None;
    loop {
        let accepted = tokio::select! {
            biased;
            _ = &mut closing => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                if let Some(held) = warnings.pass() {
                    tracing::warn!(%address, %error, held, "a connection could not be accepted");
                }
                // Such as too many open files: waiting lets some close.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // A connection without a place waits here, and those behind it in the kernel.
        tokio::select! {
            biased;
            place = worker.place() => match place {
                Ok(place) => start(&worker, address, port, stream, peer, place),
                Err(error) => tracing::debug!(%error, "a connection found no place"),
            },
            _ = &mut closing => {
                unplaced = Some((stream, peer));
                break;
            }
        }
    }
    let mut context = Context::from_waker(Waker::noop());
    while let Ok(place) = Arc::clone(&worker.places).try_acquire_owned() {
        let next = unplaced.take().or_else(|| match listener.poll_accept(&mut context) {
            Poll::Ready(accepted) => accepted.ok(),
            Poll::Pending => None,
        });
        let Some((stream, peer)) = next else { break };
        start(&worker, address, port, stream, peer, place);
    }
}

/// Starts a connection's task.
fn start(
    worker: &Rc<Worker>,
    address: SocketAddr,
    port: u16,
    stream: TcpStream,
    peer: SocketAddr,
    place: OwnedSemaphorePermit,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a client left at once");
        return;
    }
    let limits = &worker.edge.settings.limits;
    let peer = peer.ip().to_canonical();
    let Ok(peer_text) = HeaderValue::try_from(peer.to_string()) else {
        return;
    };
    // The codec reads ahead of what it has begun, by somewhat more than its buffer at most.
    let kept = limits.head_bytes() + 4 * limits.buffer_bytes();
    let link = Arc::new(Link::new(kept, worker.unfinished.clone()));
    if worker.is_stopping.get() {
        link.judge(Verdict::Finish);
    }
    let number = worker.next_link.get();
    worker.next_link.set(number + 1);
    worker.links.borrow_mut().insert(number, Arc::clone(&link));
    let entry = Entry { address, port, peer, peer_text, port_text: HeaderValue::from(port) };
    let worker = Rc::clone(worker);
    tokio::task::spawn_local(async move {
        let session = Session { worker: Rc::clone(&worker), link, entry };
        drive(Rc::new(session), Placed::new(stream, place)).await;
        worker.links.borrow_mut().remove(&number);
    });
}

async fn drive(session: Rc<Session>, stream: Placed) {
    let limits = &session.worker.edge.settings.limits;
    let link = &session.link;
    let io = TokioIo::new(ClientIo::new(stream, Arc::clone(link)));
    let service = service_fn(|request| answer(&session, request));
    let mut builder = Http::new();
    // The worker's sweep ends slow clients, which is cheaper than a timer per request.
    builder
        .header_read_timeout(None)
        .max_header_size(limits.head_bytes())
        .max_buf_size(limits.buffer_bytes());
    let mut connection = builder.serve_connection(io, service).with_upgrades();
    let mut followed = Verdict::Keep;
    let told = poll_fn(|cx| {
        link.driven_by(cx.waker());
        loop {
            // Also polls a request whose target is late.
            if let Poll::Ready(ended) = Pin::new(&mut connection).poll(cx) {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a client's connection ended with an error");
                }
                return Poll::Ready(None);
            }
            if link.is_too_much() {
                let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
                return Poll::Ready(Some((status, HEAD_TOO_MUCH)));
            }
            let verdict = link.verdict();
            if verdict == followed {
                return Poll::Pending;
            }
            followed = verdict;
            match verdict {
                Verdict::Finish if link.phase() != Phase::Upgraded => {
                    Pin::new(&mut connection).graceful_shutdown();
                }
                Verdict::Keep | Verdict::Finish => {}
                // The codec knows no answer to part of a head (RFC 9110, section 15.5.9).
                Verdict::Abort => {
                    return Poll::Ready(Some((StatusCode::REQUEST_TIMEOUT, HEAD_LATE)));
                }
            }
        }
    });
    if let Some((status, answer)) = told.await
        && link.is_in_head()
        && let Some(parts) = connection.into_parts()
        // Behind a body an empty line cannot be told from part of a head any sooner.
        && !is_empty_lines(&parts.read_buf)
    {
        session.worker.edge.totals.answered(status.as_u16());
        parts.io.into_inner().send_last(answer);
    }
}
