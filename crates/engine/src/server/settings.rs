//! Limits of the API: nothing that a client does takes unbounded time, memory or places.

use std::time::Duration;

/// Limits of the API.
#[derive(Clone, Debug)]
pub struct ServeLimits {
    /// Connections per socket at once.
    pub connections: usize,
    /// Connections of one operator at once, so that none shuts the others out.
    pub connections_of_operator: usize,
    /// Connections of one user at once who only watches or triggers: anybody may be one, so that
    /// two together shut nobody out.
    pub connections_of_watcher: usize,
    /// Connections beyond those that are told so; further ones are closed without a word.
    pub refusals: usize,
    /// The largest body of a request in bytes.
    pub body_bytes: usize,
    /// The largest head of a request in bytes; at least 8192, which hyper demands.
    pub head_bytes: usize,
    /// The most headers of a request.
    pub headers: usize,
    /// How long a client may take for a head, and be idle between two requests.
    pub head_within: Duration,
    /// How long a client may take for a body.
    pub body_within: Duration,
    /// How long the engine may take for an answer.
    pub answer_within: Duration,
    /// The longest wait for log lines that a client may ask for.
    pub wait_most: Duration,
    /// Time between two signs of life on a silent event stream.
    pub heartbeat: Duration,
    /// How long a client may take nothing of what it is sent.
    pub stall: Duration,
    /// How long requests may go on when the engine stops.
    pub grace: Duration,
    /// The most entries of the audit log at once.
    pub audit: u32,
    /// Pages of logs, and of the audit log, that are read at once for the clients of a socket. Each
    /// takes a thread of those that drivers use too, and some megabytes.
    pub reads: u32,
    /// As many for one user: two together keep nobody waiting.
    pub reads_of_one: u32,
    /// Bytes of answers that the clients of a socket have not taken.
    pub answers: u32,
    /// As many of one user: two together keep nobody waiting.
    pub answers_of_one: u32,
    /// How long an answer waits until others are taken and there is memory for it.
    pub room_within: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections: 256,
            connections_of_operator: 192,
            connections_of_watcher: 120,
            refusals: 16,
            body_bytes: 1 << 20,
            head_bytes: 16 << 10,
            headers: 64,
            head_within: Duration::from_secs(10),
            body_within: Duration::from_secs(10),
            answer_within: Duration::from_secs(30),
            wait_most: Duration::from_secs(30),
            heartbeat: Duration::from_secs(3),
            stall: Duration::from_secs(30),
            grace: Duration::from_secs(3),
            audit: 1000,
            reads: 6,
            reads_of_one: 2,
            answers: 48 << 20,
            answers_of_one: 16 << 20,
            room_within: Duration::from_secs(10),
        }
    }
}
