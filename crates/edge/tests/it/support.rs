//! An edge for one test, with its own directory and ports.

pub mod client;
pub mod origin;
pub mod process;

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use pilothouse_core::routing::{
    Action, Applied, EdgeStatus, HealthCheck, Listener, Refusal, Role, StatusRange, Table, Target,
    TargetGroup, TargetState, TargetStatus,
};
use pilothouse_edge::{Error, Limits, Settings, serve};

pub use client::{Answer, Client};
pub use origin::Origin;
pub use process::Process;

pub const TOKEN: &str = "0123456789abcdef-probe";
/// How long anything may take before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running edge.
pub struct Rig {
    pub dir: tempfile::TempDir,
    socket: PathBuf,
    thread: Option<JoinHandle<Result<(), Error>>>,
    version: u64,
}

impl Rig {
    pub fn new() -> Self {
        Self::with(|_| ())
    }

    /// Starts an edge with other limits than the usual ones.
    pub fn with(change: impl FnOnce(&mut Limits)) -> Self {
        Self::start(tempfile::tempdir().unwrap(), change)
    }

    pub fn start(dir: tempfile::TempDir, change: impl FnOnce(&mut Limits)) -> Self {
        let settings = settings(dir.path(), change);
        Self::of(dir, settings)
    }

    /// Starts an edge with these settings.
    pub fn of(dir: tempfile::TempDir, settings: Settings) -> Self {
        let thread = Some(std::thread::spawn(move || serve(settings)));
        let mut rig = Self::beside(dir);
        rig.thread = thread;
        rig
    }

    /// Talks to an edge that somebody else starts and ends.
    pub fn beside(dir: tempfile::TempDir) -> Self {
        let socket = settings(dir.path(), |_| ()).control_socket;
        eventually("the control socket answers", || UnixStream::connect(&socket).ok());
        Self { dir, socket, thread: None, version: 0 }
    }

    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Publishes the next version and waits for the acknowledgement.
    pub fn publish(&mut self, table: Table) -> EdgeStatus {
        self.version += 1;
        self.put(&table.seal(1, self.version)).unwrap().status
    }

    pub fn put(&self, table: &Table) -> Result<Applied, Refusal> {
        let (status, body) = self.ask("PUT", "/v1/table", &serde_json::to_string(table).unwrap());
        match status {
            200 => Ok(serde_json::from_str(&body).unwrap()),
            _ => Err(serde_json::from_str(&body).unwrap()),
        }
    }

    pub fn status(&self) -> EdgeStatus {
        serde_json::from_str(&self.ask("GET", "/v1/status", "").1).unwrap()
    }

    pub fn cut(&self, id: &str) -> Result<EdgeStatus, Refusal> {
        let (status, body) = self.ask("POST", &format!("/v1/targets/{id}/cut"), "");
        match status {
            200 => Ok(serde_json::from_str(&body).unwrap()),
            _ => Err(serde_json::from_str(&body).unwrap()),
        }
    }

    pub fn changes(&self, after: u64, wait_ms: u64) -> EdgeStatus {
        let path = format!("/v1/changes?after={after}&wait_ms={wait_ms}");
        serde_json::from_str(&self.ask("GET", &path, "").1).unwrap()
    }

    /// Waits for a state by the edge's own long poll.
    pub fn wait(&self, what: &str, mut is_so: impl FnMut(&EdgeStatus) -> bool) -> EdgeStatus {
        let deadline = Instant::now() + PATIENCE;
        let mut status = self.status();
        while !is_so(&status) {
            assert!(Instant::now() < deadline, "not in time: {what}; {status:#?}");
            status = self.changes(status.change, 200);
        }
        status
    }

    pub fn wait_healthy(&self, id: &str) -> EdgeStatus {
        self.wait(&format!("{id} healthy"), |status| target(status, id).passing)
    }

    pub fn address(&self) -> SocketAddr {
        self.status().listeners[0].bound.unwrap()
    }

    pub fn client(&self) -> Client {
        Client::connect(self.address())
    }

    /// Sends one request on a connection of its own.
    pub fn get(&self, path: &str) -> Answer {
        self.client().get(path)
    }

    /// One request to the control socket: the status and the body.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = UnixStream::connect(&self.socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: edge\r\nConnection: close\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Stops the edge and gives its directory back.
    pub fn stop(mut self) -> (tempfile::TempDir, Result<(), Error>) {
        self.ask("POST", "/v1/stop", "");
        let ended = self.thread.take().unwrap().join().unwrap();
        let dir = std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap());
        (dir, ended)
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take()
            && !std::thread::panicking()
        {
            self.ask("POST", "/v1/stop", "");
            thread.join().unwrap().unwrap();
        }
    }
}

pub fn settings(dir: &Path, change: impl FnOnce(&mut Limits)) -> Settings {
    let mut limits = Limits { stop_timeout: Duration::from_millis(200), ..Limits::default() };
    change(&mut limits);
    Settings {
        state_dir: dir.join("state"),
        control_socket: dir.join("edge.sock"),
        workers: NonZeroUsize::new(2).unwrap(),
        limits,
    }
}

/// A table with one listener whose default sends everything to the group `shop`.
pub fn shop(targets: Vec<Target>) -> Table {
    let group = TargetGroup {
        id: "shop".to_owned(),
        environment: "production".to_owned(),
        health: HealthCheck {
            path: "/up".to_owned(),
            interval: Duration::from_millis(50),
            timeout: Duration::from_millis(500),
            healthy_threshold: 2,
            unhealthy_threshold: 2,
            matcher: vec![StatusRange { from: 200, to: 299 }],
        },
        targets,
    };
    let web = Listener {
        id: "web".to_owned(),
        addresses: vec!["127.0.0.1:0".parse().unwrap()],
        rules: Vec::new(),
        default: Action::forward("shop"),
        trusted_proxies: Vec::new(),
    };
    Table {
        listeners: vec![web],
        target_groups: vec![group],
        probe_token: TOKEN.to_owned(),
        ..Table::default()
    }
}

pub fn active(origin: &Origin) -> Target {
    Target {
        id: origin.name.clone(),
        address: origin.address,
        release: format!("release-of-{}", origin.name),
        role: Role::Active,
        proof: "first".to_owned(),
        ill: false,
        health: None,
    }
}

pub fn with_role(origin: &Origin, role: Role) -> Target {
    Target { role, ..active(origin) }
}

/// An edge with one healthy target.
pub fn one() -> (Rig, Origin) {
    one_with(|_| ())
}

pub fn one_with(change: impl FnOnce(&mut Limits)) -> (Rig, Origin) {
    let origin = Origin::new("shop-0");
    let mut rig = Rig::with(change);
    rig.publish(shop(vec![active(&origin)]));
    rig.wait_healthy("shop-0");
    (rig, origin)
}

pub fn target<'a>(status: &'a EdgeStatus, id: &str) -> &'a TargetStatus {
    status.targets.iter().find(|target| target.id == id).unwrap()
}

pub fn state(status: &EdgeStatus, id: &str) -> TargetState {
    target(status, id).state
}

/// Tries until there is something, or fails the test.
pub fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::yield_now();
    }
}
