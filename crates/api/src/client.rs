//! Talks to the engine over one of its Unix sockets.
//!
//! Every request has a connection of its own, which on a Unix socket costs next to nothing and
//! leaves no state behind that could go stale. It decides nothing and keeps nothing. The sentence of
//! whoever answers is made printable here: it is shown as an error by many, and may be hostile.

mod error;
mod events;
mod exchange;
mod follow;
mod sse;

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use pilothouse_core::command::Command;
use pilothouse_core::id::{CommitId, InstanceId, ProjectName, RunId, Seq};
use pilothouse_core::text::printable;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::error::ClientError;
pub use self::events::{EventStream, StreamItem};
pub use self::follow::{Follow, Update};
pub use self::sse::{SseError, SseEvent, SseParser};
use crate::inspection::Inspection;
use crate::query::encode;
use crate::types::{
    API_VERSION, AuditEntry, CommandAccepted, CommandRequest, LogPage, LogQuery, LookRequest,
    STALE_AFTER, Snapshot, Verdict, Version,
};

/// The most lines of a tail, and the most pages beyond its first that it is put together of: short
/// lines are many, and long ones large.
const TAIL: usize = 10_000;
/// See [`TAIL`].
const TAIL_PAGES: usize = 32;

/// How long a client waits and how much it takes.
#[derive(Clone, Debug)]
pub struct ClientLimits {
    /// How long the engine may take to let a connection in.
    pub connect: Duration,
    /// How long the engine may take for an answer, beyond what was asked to be waited.
    pub answer: Duration,
    /// How long an event stream may be silent; the engine's heartbeats are far closer together.
    pub silence: Duration,
    /// The largest answer in bytes.
    pub answer_bytes: usize,
    /// The largest event in bytes.
    pub event_bytes: usize,
    /// Updates that wait for their reader at most; then the engine is made to wait, and resets.
    pub updates: usize,
    /// The first wait before connecting again; doubled with each failure.
    pub retry_first: Duration,
    /// The longest wait before connecting again.
    pub retry_most: Duration,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            answer: Duration::from_secs(35),
            silence: Duration::from_millis(STALE_AFTER.0),
            answer_bytes: 256 << 20,
            event_bytes: 16 << 20,
            updates: 256,
            retry_first: Duration::from_millis(100),
            retry_most: Duration::from_secs(5),
        }
    }
}

/// Talks to the engine that listens on a socket.
#[derive(Clone, Debug)]
pub struct Client {
    socket: PathBuf,
    limits: ClientLimits,
}

impl Client {
    /// Names the socket. Nothing is opened yet.
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self::with_limits(socket, ClientLimits::default())
    }

    /// Names the socket, with limits other than the usual ones.
    pub fn with_limits(socket: impl Into<PathBuf>, limits: ClientLimits) -> Self {
        Self { socket: socket.into(), limits }
    }

    /// The socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Asks who answers.
    pub async fn version(&self) -> Result<Version, ClientError> {
        let version: Version = self.get("/version").await?;
        Ok(Version { engine: printable(&version.engine, 40), ..version })
    }

    /// Fetches all that the engine knows.
    pub async fn state(&self) -> Result<Snapshot, ClientError> {
        let snapshot: Snapshot = self.get("/state").await?;
        if snapshot.api == API_VERSION {
            Ok(snapshot)
        } else {
            Err(ClientError::Version { client: API_VERSION, engine: snapshot.api })
        }
    }

    /// Gives a command. An error for which [`ClientError::is_outcome_unknown`] holds leaves open
    /// whether it was accepted; it is not sent again by itself.
    pub async fn submit(&self, command: Command) -> Result<CommandAccepted, ClientError> {
        self.post("/commands", &CommandRequest { command }).await
    }

    /// Asks the engine to look at a repository now, or at all of them; on the trigger socket.
    pub async fn look(&self, project: Option<ProjectName>) -> Result<CommandAccepted, ClientError> {
        self.post("/look", &LookRequest { project }).await
    }

    /// Listens to what happens after a place in the journal, or from now on.
    pub async fn events(
        &self,
        after: Option<Seq>,
        samples: bool,
    ) -> Result<EventStream, ClientError> {
        events::open(self, after, samples).await
    }

    /// Keeps a copy of the state current, over lost connections and engine restarts.
    ///
    /// Must be called within a tokio runtime; the work ends when the returned value is dropped.
    pub fn follow(&self, samples: bool) -> Follow {
        follow::start(self.clone(), samples)
    }

    /// Reads the log of a run, or of one of its steps: a page, or as many as a tail
    /// of up to 10,000 lines takes.
    pub async fn run_log(
        &self,
        id: RunId,
        step: Option<u32>,
        query: &LogQuery,
    ) -> Result<LogPage, ClientError> {
        let step = step.map(|step| format!("step={step}"));
        self.log(&format!("/runs/{}/log", id.0), step, query).await
    }

    /// Reads the log of an instance, as [`Self::run_log`] does.
    pub async fn instance_log(
        &self,
        id: &InstanceId,
        query: &LogQuery,
    ) -> Result<LogPage, ClientError> {
        let path = format!("/instances/{}/log", encode(id.as_str()));
        self.log(&path, None, query).await
    }

    /// Asks what the container engine or the system says of an instance now.
    pub async fn inspect(&self, id: &InstanceId) -> Result<Inspection, ClientError> {
        self.get(&format!("/instances/{}/inspect", encode(id.as_str()))).await
    }

    /// Asks what is said of a commit before anything of it ran.
    pub async fn verdict(
        &self,
        project: &ProjectName,
        commit: &CommitId,
    ) -> Result<Verdict, ClientError> {
        let (commit, project) = (encode(commit.as_str()), encode(project.as_str()));
        self.get(&format!("/commits/{commit}/verdict?project={project}")).await
    }

    /// Reads the newest entries of the audit log, oldest first.
    pub async fn audit(&self, last: u32) -> Result<Vec<AuditEntry>, ClientError> {
        self.get(&format!("/audit?last={last}")).await
    }

    /// Reads a page. Of a tail, which may not fit into one, as many pages as it takes.
    async fn log(
        &self,
        path: &str,
        step: Option<String>,
        query: &LogQuery,
    ) -> Result<LogPage, ClientError> {
        let mut page = self.log_page(path, step.clone(), query).await?;
        let (None, None, Some(tail)) = (&query.after, &query.before, query.tail) else {
            return Ok(page);
        };
        let most = usize::try_from(tail).unwrap_or(usize::MAX).min(TAIL);
        for _ in 0..TAIL_PAGES {
            if !page.older || page.lines.is_empty() || page.lines.len() >= most {
                break;
            }
            let left = most - page.lines.len();
            let (before, tail) = (Some(page.first.clone()), u64::try_from(left).ok());
            let query = LogQuery { before, tail, ..LogQuery::default() };
            let earlier = self.log_page(path, step.clone(), &query).await?;
            // An engine that does not know a tail before a place tells more than was asked for.
            if earlier.lines.is_empty() || earlier.lines.len() > left {
                break;
            }
            page.lines.splice(0..0, earlier.lines);
            (page.first, page.older) = (earlier.first, earlier.older);
            page.skipped = if page.older { page.skipped.max(1) } else { 0 };
        }
        Ok(page)
    }

    async fn log_page(
        &self,
        path: &str,
        step: Option<String>,
        query: &LogQuery,
    ) -> Result<LogPage, ClientError> {
        let after = query.after.as_deref();
        let before = query.before.as_deref();
        let pairs: Vec<String> = step
            .into_iter()
            .chain(after.map(|after| format!("after={}", encode(after))))
            .chain(before.map(|before| format!("before={}", encode(before))))
            .chain(query.tail.map(|tail| format!("tail={tail}")))
            .chain((query.wait.0 > 0).then(|| format!("wait_ms={}", query.wait.0)))
            .collect();
        let path = format!("{path}?{}", pairs.join("&"));
        let within = self.limits.answer + query.wait.duration();
        let body = exchange::answer(self, Method::GET, &path, Bytes::new(), within).await?;
        self.read(&body)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let within = self.limits.answer;
        let body = exchange::answer(self, Method::GET, path, Bytes::new(), within).await?;
        self.read(&body)
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        what: &impl Serialize,
    ) -> Result<T, ClientError> {
        let within = self.limits.answer;
        let body = serde_json::to_vec(what).map_err(|error| self.protocol(&error))?;
        let body = exchange::answer(self, Method::POST, path, body.into(), within).await?;
        self.read(&body)
    }

    fn read<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, ClientError> {
        serde_json::from_slice(body).map_err(|error| self.protocol(&error))
    }

    fn protocol(&self, what: &(impl ToString + ?Sized)) -> ClientError {
        // Whose answer cannot be read is often cited by what could not read it.
        let what = printable(&what.to_string(), exchange::WORDS);
        ClientError::Protocol { socket: self.socket.clone(), what }
    }
}
