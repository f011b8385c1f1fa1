//! An engine in memory behind the real server, and what the tests share.

// The benchmarks take this file alone, and look for what it consists of beside it.
#[path = "house/shelf.rs"]
mod shelf;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use self::shelf::Shelf;
use pilothouse_api::client::{Client, ClientLimits};
use pilothouse_api::inspection::{Inspection, ProcessFacts};
use pilothouse_api::types::{
    AuditEntry, CommandAccepted, LogLine, LogPage, LogQuery, Stream, Verdict,
};
use pilothouse_core::apply::apply;
use pilothouse_core::command::{Command, Rejection, RejectionKind, Reply};
use pilothouse_core::event::{EdgeEvent, EngineEvent, Event, ProjectEvent, Recorded, RunEvent};
use pilothouse_core::id::{CommitId, InstanceId, ProjectName, RunId};
use pilothouse_core::run::{Run, RunPhase, Trigger};
use pilothouse_core::state::{Limits, State};
use pilothouse_core::time::Timestamp;
use pilothouse_engine::publish::{PublishLimits, Publisher};
use pilothouse_engine::server::{Actor, Backend, Bound, Door, ServeLimits, SocketSettings, View};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long a test waits for what must come.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// An engine that forgets everything, with a backend's promises kept.
pub struct Memory {
    publisher: Publisher,
    state: Mutex<State>,
    pub submitted: Mutex<Vec<(Actor, Command)>>,
    /// Whether commands get no answer.
    pub stuck: AtomicBool,
    /// The log of every run, once there is one.
    pub shelf: Shelf,
}

impl Memory {
    pub fn new(limits: PublishLimits) -> Arc<Self> {
        let state = State::default();
        let memory = Self {
            publisher: Publisher::new(limits, Arc::new(state.clone())),
            state: Mutex::new(state),
            submitted: Mutex::default(),
            stuck: AtomicBool::new(false),
            shelf: Shelf::default(),
        };
        memory.start(1);
        Arc::new(memory)
    }

    /// Begins a life.
    pub fn start(&self, epoch: u64) {
        let limits = Limits::default();
        self.happen(Event::Engine(EngineEvent::Started { epoch, limits }));
    }

    pub fn happen(&self, event: Event) {
        self.happen_all([event]);
    }

    pub fn happen_all(&self, events: impl IntoIterator<Item = Event>) {
        let mut state = self.state.lock().unwrap();
        for event in events {
            self.publisher.publish(&[fold(&mut state, event)]);
        }
        self.publisher.set_state(Arc::new(state.clone()));
    }

    /// Tells of something small, without a new state for snapshots.
    pub fn publish_small(&self) {
        let mut state = self.state.lock().unwrap();
        self.publisher.publish(&[fold(&mut state, small())]);
    }

    pub fn queue_run(&self) -> RunId {
        let id = self.state().last_run.next();
        let run = Box::new(queued(id));
        self.happen(Event::Run(RunEvent::Queued { run }));
        id
    }

    /// Something small happens.
    pub fn tick(&self) {
        self.happen(small());
    }

    pub fn state(&self) -> State {
        self.state.lock().unwrap().clone()
    }
}

fn small() -> Event {
    let why = "no answer".to_owned();
    Event::Edge(EdgeEvent::Disconnected { why })
}

fn fold(state: &mut State, event: Event) -> Recorded {
    let record = Recorded { seq: state.seq.next(), at: Timestamp(1000 + state.seq.0), event };
    apply(state, &record);
    record
}

pub fn queued(id: RunId) -> Run {
    Run {
        id,
        project: "shop".into(),
        branch: "main".into(),
        environment: Some("production".into()),
        commit: "4f1c2aa0000000000000000000000000000000000".into(),
        subject: "결제 수정".to_owned(),
        trigger: Trigger::Poll,
        queued_at: Timestamp(1),
        started_at: None,
        phase: RunPhase::Queued,
        cancelled_by: None,
        pipeline: None,
        service: None,
        steps: Vec::new(),
    }
}

impl View for Memory {
    fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    fn now(&self) -> Timestamp {
        Timestamp(42)
    }

    async fn run_log(
        &self,
        id: RunId,
        step: Option<u32>,
        query: LogQuery,
    ) -> Result<LogPage, Rejection> {
        if let Some(page) = self.shelf.page(&query) {
            return page.await;
        }
        let line = LogLine {
            step: step.unwrap_or(0),
            at: Timestamp(1),
            stream: Stream::Out,
            text: format!("{id} {query:?}"),
        };
        Ok(LogPage { lines: vec![line], next: "1.7&x".to_owned(), ..LogPage::default() })
    }

    async fn instance_log(&self, id: InstanceId, _: LogQuery) -> Result<LogPage, Rejection> {
        let why = format!("there is no instance {id}");
        Err(Rejection::new(RejectionKind::NotFound, why))
    }

    async fn inspect(&self, id: InstanceId) -> Result<Inspection, Rejection> {
        let facts = ProcessFacts { argv: vec![id.to_string()], ..ProcessFacts::default() };
        Ok(Inspection::Process(Box::new(facts)))
    }

    async fn verdict(&self, project: ProjectName, commit: CommitId) -> Result<Verdict, Rejection> {
        Ok(Verdict { lines: vec![format!("{commit} of {project}")] })
    }

    async fn audit(&self, last: u32) -> Result<Vec<AuditEntry>, Rejection> {
        Ok(vec![AuditEntry {
            at: Timestamp(1),
            actor: "kim".to_owned(),
            what: format!("asked for {last}"),
            refused: None,
        }])
    }
}

impl Backend for Memory {
    async fn submit(&self, actor: Actor, command: Command) -> Result<CommandAccepted, Rejection> {
        self.submitted.lock().unwrap().push((actor, command.clone()));
        if self.stuck.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        let reply = match command {
            Command::StartRun { .. } => Reply::RunQueued(self.queue_run()),
            Command::Look { project, trigger } => {
                let project = project.unwrap_or_else(|| ProjectName::new("all"));
                self.happen(Event::Project(ProjectEvent::LookAsked { project, trigger }));
                Reply::Accepted
            }
            Command::CancelRun { id } => {
                let kind = [
                    RejectionKind::NotFound,
                    RejectionKind::Conflict,
                    RejectionKind::PlanChanged,
                    RejectionKind::Invalid,
                    RejectionKind::Full,
                    RejectionKind::Forbidden,
                    RejectionKind::Degraded,
                ][usize::try_from(id.0).unwrap()];
                return Err(Rejection::new(kind, "no"));
            }
            Command::Apply { .. }
            | Command::Deploy { .. }
            | Command::CancelDeployment { .. }
            | Command::RestartInstance { .. }
            | Command::CallOff { .. }
            | Command::StopInstance { .. }
            | Command::OpenShell { .. }
            | Command::StartInstances { .. }
            | Command::RemoveProject { .. }
            | Command::Halt => Reply::Accepted,
        };
        let seq = self.state().seq;
        Ok(CommandAccepted { reply, seq })
    }
}

/// The engine, its sockets, and its server.
pub struct House {
    pub memory: Arc<Memory>,
    pub settings: SocketSettings,
    pub limits: ServeLimits,
    served: Option<(CancellationToken, JoinHandle<()>)>,
    _directory: tempfile::TempDir,
}

impl House {
    pub async fn open() -> Self {
        Self::with(ServeLimits::default(), PublishLimits::default()).await
    }

    pub async fn with(limits: ServeLimits, ring: PublishLimits) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut house = Self {
            memory: Memory::new(ring),
            settings: SocketSettings::personal(directory.path().join("run")),
            limits,
            served: None,
            _directory: directory,
        };
        house.serve().await;
        house
    }

    /// Opens the sockets and answers on them.
    pub async fn serve(&mut self) {
        let bound = Bound::open(&self.settings).await.unwrap();
        let stop = CancellationToken::new();
        let memory = Arc::clone(&self.memory);
        let serving = bound.serve(memory, self.limits.clone(), stop.clone());
        self.served = Some((stop, tokio::spawn(serving)));
    }

    /// Stops answering, as an engine does that ends.
    pub async fn close(&mut self) {
        if let Some((stop, task)) = self.served.take() {
            stop.cancel();
            in_time(task).await.unwrap();
        }
    }

    pub fn client(&self, door: Door) -> Client {
        let limits = ClientLimits {
            retry_first: Duration::from_millis(1),
            retry_most: Duration::from_millis(5),
            ..ClientLimits::default()
        };
        self.client_with(door, limits)
    }

    pub fn client_with(&self, door: Door, limits: ClientLimits) -> Client {
        Client::with_limits(self.settings.path(door), limits)
    }

    pub async fn connect(&self, door: Door) -> UnixStream {
        UnixStream::connect(self.settings.path(door)).await.unwrap()
    }

    /// Sends bytes as they are and reads until the server closes.
    pub async fn raw(&self, door: Door, request: &str) -> String {
        let mut stream = self.connect(door).await;
        // A server that refuses early may close before everything is written.
        let _ = stream.write_all(request.as_bytes()).await;
        read_to_end(&mut stream).await
    }
}

pub async fn read_to_end(stream: &mut UnixStream) -> String {
    let mut out = Vec::new();
    // A reset after the answer is as good as an end.
    let _ = in_time(stream.read_to_end(&mut out)).await;
    String::from_utf8_lossy(&out).into_owned()
}

/// Waits for what must come.
pub async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, what).await.expect("did not come in time")
}

/// Waits until something holds.
pub async fn until(mut holds: impl FnMut() -> bool) {
    let mut beat = tokio::time::interval(Duration::from_millis(2));
    in_time(async {
        while !holds() {
            beat.tick().await;
        }
    })
    .await;
}

/// A request's text, after which the server is to close.
pub fn request(method: &str, path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}
