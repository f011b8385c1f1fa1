//! What travels between the engine and its clients.

use std::collections::BTreeMap;

use pilothouse_core::aws::{Watched, WatchedAge};
use pilothouse_core::command::{Command, Reply};
use pilothouse_core::id::{InstanceId, ProjectName, Seq};
use pilothouse_core::room::Room;
use pilothouse_core::state::State;
use pilothouse_core::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};

/// The contract's version. Grows only with a change that an older side cannot understand.
pub const API_VERSION: u32 = 1;

/// The response header that carries the contract's version that the engine speaks.
pub const API_HEADER: &str = "pilothouse-api";

/// The response header that names one life of the engine, from start to end: see [`life_of`].
pub const LIFE_HEADER: &str = "pilothouse-life";

/// Names the life of the engine that a state was made in.
///
/// A place in the journal means the same thing only as long as the journal is the same one, and
/// an engine that was started anew may have been given another. A client that resumes compares.
pub fn life_of(state: &State) -> String {
    format!("{}-{}", state.epoch, state.started_at.0)
}

/// `GET /v1/version`: who answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The contract's version that the engine speaks.
    pub api: u32,
    /// The engine's release, for people.
    pub engine: String,
}

/// What a client may do; the socket it came through decides, never its own word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Sees everything and may give commands.
    Operator,
    /// Sees everything and changes nothing.
    Watcher,
}

/// `GET /v1/state`: all that the engine knows, at one place of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The contract's version that the engine speaks.
    pub api: u32,
    /// The engine's release, for people.
    pub engine: String,
    /// What this client may do.
    pub access: Access,
    /// The name under which the audit log knows this client.
    pub actor: String,
    /// The engine's clock.
    pub now: Timestamp,
    /// Why the engine accepts no command, where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degraded: Option<Degraded>,
    /// How much room there is where the engine keeps its state; none where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<Room>,
    /// The last record that the state holds; events go on after it.
    pub seq: Seq,
    /// The state.
    pub state: State,
}

/// The engine's journal cannot be written. Until it can, the engine accepts no command, and the
/// state is what it was: what happened since is held back and known to nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Degraded {
    /// Since when.
    pub since: Timestamp,
    /// What the disk said.
    pub why: String,
}

/// A measurement that is shown and forgotten; it has no place in the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Samples {
    /// When it was taken.
    pub at: Timestamp,
    /// Per instance.
    pub instances: BTreeMap<InstanceId, InstanceSample>,
    /// Per target, by its instance.
    pub targets: BTreeMap<InstanceId, TargetSample>,
    /// When each project's repository was last looked at with success.
    #[serde(default)]
    pub looked: BTreeMap<ProjectName, Timestamp>,
    /// Attached operators.
    pub operators: u32,
    /// Attached watchers.
    pub watchers: u32,
    /// Why the engine accepts no command, where it does not.
    pub degraded: Option<Degraded>,
    /// How much room there is where the engine keeps its state; none where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<Room>,
    /// Containers on the same Docker engine that are somebody else's; none where they were not
    /// listed this time, which is seldom done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub others: Option<Vec<OtherContainer>>,
}

/// What is told of an environment that is watched at AWS. Like samples it has no place in the
/// journal; whoever begins to listen is told of each such environment at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sighting {
    /// Everything anew.
    Whole(Box<Watched>),
    /// Nothing changed but this.
    Age(WatchedAge),
}

/// A container that is somebody else's: it is seen, and nothing is ever asked of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherContainer {
    /// Its name, printable.
    pub name: String,
    /// The image it was made from, printable.
    pub image: String,
    /// What the engine calls its state, such as `running`, printable.
    pub state: String,
    /// Ports of the host that are mapped to ports of it, as in `:8080>80`.
    pub ports: Vec<String>,
}

/// What an instance uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceSample {
    /// CPU in thousandths of one core since the sample before.
    pub cpu_milli: u32,
    /// Resident memory in bytes, of all its processes.
    pub memory: u64,
    /// What it receives and sends; none where nobody counts it: processes share their host's
    /// network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkSample>,
}

/// What goes over an instance's network, in bytes per second since the sample before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkSample {
    /// Received.
    pub received: u64,
    /// Sent.
    pub sent: u64,
}

/// What a target did since the sample before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetSample {
    /// Requests per second, in thousandths.
    pub requests_milli: u64,
    /// Answers of 400 to 499 since the edge started.
    pub errors_4xx: u64,
    /// Answers of 500 to 599 since the edge started.
    pub errors_5xx: u64,
    /// Requests without an answer since the edge started.
    pub failed: u64,
    /// Requests in flight.
    pub in_flight: u64,
    /// The median latency in microseconds since the edge started.
    pub p50_micros: u64,
    /// The latency in microseconds that 99 of 100 requests stay below.
    pub p99_micros: u64,
}

/// `POST /v1/commands`. A field that is not known is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandRequest {
    /// What is asked for.
    pub command: Command,
}

/// The answer to an accepted command: what was asked for is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandAccepted {
    /// What the engine says.
    pub reply: Reply,
    /// The journal's last record once it was accepted.
    pub seq: Seq,
}

/// `POST /v1/look` on the trigger socket. An empty body means all projects. A field that is not
/// known is refused: it may name the one that is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookRequest {
    /// The project; none means all.
    pub project: Option<ProjectName>,
}

/// The data of a `reset` event: what the client holds is no longer a place to go on from, and it
/// must fetch a fresh snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetNotice {
    /// A sentence that says why.
    pub why: String,
}

/// Which part of a log is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// Only what follows this place: a page's `next`. None means from the beginning.
    pub after: Option<String>,
    /// Only what precedes this place: a page's `first`. The lines come in their order, those
    /// that are nearest.
    pub before: Option<String>,
    /// Only the newest lines, so many. None means all, a page at a time. Beside `after` what
    /// follows that place, and the newest lines alone where that is too much to catch up with.
    /// Beside `before` so many at most.
    pub tail: Option<u64>,
    /// How long to wait for the first line, where none is there and some can still come.
    pub wait: Millis,
}

/// Who wrote a line: which of a process's two output streams, or Pilothouse itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
    /// The supervisor, or what owns a container in a process's stead: a sentence about the process
    /// or the container, which neither can write.
    Note,
}

/// One line of a step's or an instance's log, made printable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// The step's index in a run; 0 in an instance's log.
    pub step: u32,
    /// When its first byte was read.
    pub at: Timestamp,
    /// Where it was written.
    pub stream: Stream,
    /// The text, printable; colour sequences are removed.
    pub text: String,
}

/// `GET /v1/runs/{id}/log` and `GET /v1/instances/{id}/log`: a bounded part of what was asked for,
/// and where the rest is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPage {
    /// The lines, oldest first.
    pub lines: Vec<LogLine>,
    /// What to pass as `after` to get the lines that follow.
    pub next: String,
    /// Whether more lines can still come.
    pub open: bool,
    /// More than 0 where lines before these were left out because only a tail was asked for. How
    /// many there are is not known, but where `after` was asked for beside it: as many as end
    /// between that place and these.
    pub skipped: u64,
    /// What to pass as `before` to get the lines that precede.
    #[serde(default)]
    pub first: String,
    /// Whether lines precede these in what was asked for.
    #[serde(default)]
    pub older: bool,
}

/// `GET /v1/commits/{id}/verdict?project=NAME`: what is said of a commit before anything of it ran.
/// Nothing of it is in the state: it is asked for when somebody wants to see it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What its Jenkinsfile is, the level first; none where it has a pipeline of ours, or neither. All texts are
    /// printable.
    pub lines: Vec<String>,
}

/// One entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What was asked for, as a sentence.
    pub what: String,
    /// Why it was refused; none where it was accepted.
    pub refused: Option<String>,
}

/// How old something may be before the screen calls it stale. While nothing moves the engine measures
/// every six of its intervals, and a machine under load may be late.
pub const STALE_AFTER: Millis = Millis::seconds(10);
