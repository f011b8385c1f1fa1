//! What an edge is told when it starts.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

/// Where an edge keeps its state, and how much it allows.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The directory of the saved table; one edge at a time may hold it. It is created if it
    /// does not exist.
    pub state_dir: PathBuf,
    /// The Unix socket on which the engine publishes tables.
    pub control_socket: PathBuf,
    /// How many threads serve; one per core is right.
    pub workers: NonZeroUsize,
    /// What the edge allows clients and targets.
    pub limits: Limits,
}

/// What the edge allows clients and targets.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The largest request head, in bytes. At least 8 KiB, which is what is meant by less.
    pub head_bytes: usize,
    /// The largest response head, in bytes; also the size of body buffers. At least as large as
    /// a request head.
    pub buffer_bytes: usize,
    /// The largest request body, in bytes.
    pub body_bytes: u64,
    /// From the first byte of a request to the end of its head.
    pub head_timeout: Duration,
    /// How long a client connection may be silent between requests, and how long a body may
    /// make no progress.
    pub idle_timeout: Duration,
    /// How long connecting to a target may take.
    pub connect_timeout: Duration,
    /// How long a target may take to begin its answer once it has the request.
    pub response_timeout: Duration,
    /// How long an upgraded connection may be silent.
    pub tunnel_timeout: Duration,
    /// How long requests in flight may go on once the edge was asked to stop.
    pub stop_timeout: Duration,
    /// Client connections per worker, and as many to targets. It is fewer where the process may
    /// not open so many files. More clients wait to be accepted.
    pub connections: usize,
    /// Idle upstream connections per worker and target.
    pub idle_upstreams: usize,
    /// How long an idle upstream connection is kept. Shorter than the 5 s after which common
    /// application servers close one, so that a request seldom meets a closing connection.
    pub upstream_idle_timeout: Duration,
}

impl Limits {
    /// The largest request head as the codec is told.
    pub(crate) fn head_bytes(&self) -> usize {
        self.head_bytes.max(8 * 1024)
    }

    /// The buffers as the codec is told, which takes none below 8 KiB.
    pub(crate) fn buffer_bytes(&self) -> usize {
        self.buffer_bytes.max(self.head_bytes())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 32 * 1024,
            buffer_bytes: 64 * 1024,
            body_bytes: 1024 * 1024 * 1024,
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_mins(1),
            connect_timeout: Duration::from_secs(5),
            response_timeout: Duration::from_mins(1),
            tunnel_timeout: Duration::from_hours(1),
            stop_timeout: Duration::from_secs(30),
            connections: 20_000,
            idle_upstreams: 256,
            upstream_idle_timeout: Duration::from_secs(4),
        }
    }
}
