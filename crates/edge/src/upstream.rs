//! Connections to targets.
//!
//! Responsible for opening them, for keeping idle ones per worker, and for ending them when
//! their target is cut. A connection never leaves its worker.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use hyper::client::conn::http1::Builder;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::unconstrained;

use crate::claim::Claim;
use crate::clock::coarse_ms;
use crate::line::{Line, TargetIo};
use crate::live::LiveTarget;
use crate::placed::Placed;
use crate::settings::Limits;

/// Why a target could not be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectError {
    /// Nobody listens there, or there is no way there: the target is at fault.
    Refused,
    /// It took too long.
    Timeout,
    /// Something else, such as too many open files here.
    Other,
}

impl ConnectError {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Refused => "connection refused",
            Self::Timeout => "connecting timed out",
            Self::Other => "connecting failed",
        }
    }
}

/// Opens a connection; its driver is a task of this worker and ends when the target is cut.
pub(crate) async fn connect(
    claim: &Claim,
    pool: &Pool,
    limits: &Limits,
) -> Result<Line, ConnectError> {
    // Subscribed before looking, so that no cut since the claim is missed.
    let mut cuts = claim.target.cuts();
    if claim.is_cut() {
        return Err(ConnectError::Other);
    }
    let opening = async {
        let place = pool.place().await?;
        let stream = TcpStream::connect(claim.target.target.address).await?;
        stream.set_nodelay(true)?;
        Ok::<_, io::Error>(Placed::new(stream, place))
    };
    let stream = tokio::select! {
        opened = tokio::time::timeout(limits.connect_timeout, opening) => match opened {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(kind_of(&error)),
            Err(_) => return Err(ConnectError::Timeout),
        },
        _ = cuts.changed() => return Err(ConnectError::Other),
    };
    // A head may be as large as the buffer; what comes before it may be as much again.
    let io = TargetIo::new(stream, 2 * limits.buffer_bytes() as u64);
    let awaited = io.awaited();
    let (sender, connection) = Builder::new()
        .max_buf_size(limits.buffer_bytes())
        .handshake(TokioIo::new(io))
        .await
        .map_err(|_| ConnectError::Other)?;
    let line = Line::new(sender, awaited);
    let target = Arc::clone(&claim.target);
    let before = claim.cuts;
    tokio::task::spawn_local(async move {
        let mut connection = pin!(connection.with_upgrades());
        let mut cut = pin!(unconstrained(cuts.changed()));
        let mut is_watching = false;
        poll_fn(|cx| {
            if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                if let Err(error) = ended {
                    tracing::debug!(%error, "an upstream connection failed");
                }
                return Poll::Ready(());
            }
            // Who waits for a cut once is woken by it, and the count grows before that. So the
            // count is all that has to be asked with each request.
            if target.cut_count() != before {
                return Poll::Ready(());
            }
            if is_watching {
                return Poll::Pending;
            }
            is_watching = true;
            cut.as_mut().poll(cx).map(drop)
        })
        .await;
    });
    Ok(line)
}

fn kind_of(error: &io::Error) -> ConnectError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::NetworkDown => ConnectError::Refused,
        io::ErrorKind::TimedOut => ConnectError::Timeout,
        _ => ConnectError::Other,
    }
}

/// The connections of one worker.
pub(crate) struct Pool {
    /// By the target's key. They are few, so that looking at each is cheaper than hashing.
    idle: RefCell<Vec<(u64, Vec<Idle>)>>,
    /// One for each client, so that each can have a connection of its own.
    places: Arc<Semaphore>,
    most: usize,
    /// Milliseconds.
    longest: u64,
}

struct Idle {
    line: Line,
    /// By the coarse clock.
    since: u64,
    target: Arc<LiveTarget>,
}

impl Pool {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            idle: RefCell::default(),
            places: Arc::new(Semaphore::new(limits.connections)),
            most: limits.idle_upstreams,
            longest: u64::try_from(limits.upstream_idle_timeout.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// Waits for a place for a new connection; an idle one makes way if there is none.
    async fn place(&self) -> io::Result<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        self.end_idlest();
        Arc::clone(&self.places).acquire_owned().await.map_err(io::Error::other)
    }

    /// Closes the connection that has been idle longest.
    fn end_idlest(&self) {
        let mut pools = self.idle.borrow_mut();
        // The one that was used last is the last of its target.
        let oldest = pools
            .iter_mut()
            .filter(|(_, idle)| !idle.is_empty())
            .min_by_key(|(_, idle)| idle.first().map(|one| one.since));
        if let Some((_, idle)) = oldest {
            idle.remove(0);
        }
    }

    /// Takes the connection that was used last and can take a request now.
    pub(crate) fn take(&self, target: &LiveTarget) -> Option<Line> {
        let mut pools = self.idle.borrow_mut();
        let (_, idle) = pools.iter_mut().find(|(key, _)| *key == target.key)?;
        let now = coarse_ms();
        let mut busy = Vec::new();
        let mut found = None;
        while let Some(mut candidate) = idle.pop() {
            if now.saturating_sub(candidate.since) >= self.longest {
                continue;
            }
            let mut context = Context::from_waker(Waker::noop());
            match candidate.line.poll_ready(&mut context) {
                Poll::Ready(Ok(())) => {
                    found = Some(candidate.line);
                    break;
                }
                Poll::Ready(Err(_)) => {}
                Poll::Pending => busy.push(candidate),
            }
        }
        idle.extend(busy);
        found
    }

    /// Keeps a connection whose answer has ended, unless there are enough.
    pub(crate) fn put(&self, target: &Arc<LiveTarget>, line: Line) {
        if line.is_closed() || target.is_leaving() {
            return;
        }
        let mut pools = self.idle.borrow_mut();
        let one = Idle { line, since: coarse_ms(), target: Arc::clone(target) };
        match pools.iter_mut().find(|(key, _)| *key == target.key) {
            Some((_, idle)) if idle.len() < self.most => idle.push(one),
            Some(_) => {}
            None => pools.push((target.key, vec![one])),
        }
    }

    /// Closes what was idle too long, and everything to targets that leave.
    pub(crate) fn sweep(&self) {
        let now = coarse_ms();
        self.idle.borrow_mut().retain_mut(|(_, idle)| {
            idle.retain(|one| {
                let is_young = now.saturating_sub(one.since) < self.longest;
                is_young && !one.target.is_leaving() && !one.line.is_closed()
            });
            !idle.is_empty()
        });
    }
}
