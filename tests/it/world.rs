//! A world for one test: directories of its own, a git repository, free ports, and an engine
//! that ends with it.
//!
//! Everything that a test starts is ended when its world is dropped: the engine by its process
//! id, after it was asked to stop all instances and the edge.

pub mod repository;
pub mod service;

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The longest that anything is waited for, on a machine that has other things to do.
pub const WITHIN: Duration = Duration::from_secs(120);
/// Time between two looks at what is waited for.
const STEP: Duration = Duration::from_millis(50);

/// What a program said and how it ended.
#[derive(Debug)]
pub struct Said {
    /// The exit code; -1 where a signal ended it.
    pub code: i32,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Said {
    /// Panics with everything that was said unless the exit code is the expected one.
    #[track_caller]
    pub fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "out:\n{}\nerr:\n{}", self.out, self.err);
        self
    }

    /// The output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A program that runs; it is killed where the test ends before it.
pub struct Begun(Option<Child>);

impl Begun {
    /// Waits for its end. Output of more than a pipe holds is read as it comes.
    pub fn end(mut self) -> Said {
        let child = self.0.take().expect("it has not ended yet");
        child.wait_with_output().unwrap().into()
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A world for one test.
pub struct World {
    dir: TempDir,
    /// The port of the load balancer.
    pub port: u16,
    engine: Option<Child>,
    ports: (u16, u16),
}

impl World {
    /// Makes the directories. Nothing runs yet.
    pub fn new() -> Self {
        // Short, because a socket's path may have 107 bytes (unix(7)).
        let dir = tempfile::Builder::new().prefix("ph").tempdir_in("/tmp").unwrap();
        Self { dir, port: free_port(), engine: None, ports: port_range() }
    }

    /// A world whose engine answers.
    pub fn with_engine() -> Self {
        let mut world = Self::new();
        world.start();
        world
    }

    /// A path below the world's own directory.
    pub fn path(&self, part: &str) -> PathBuf {
        self.dir.path().join(part)
    }

    /// The engine's state directory.
    pub fn state_dir(&self) -> PathBuf {
        self.path("state")
    }

    /// One of the engine's sockets, such as `watch.sock`.
    pub fn socket(&self, name: &str) -> PathBuf {
        self.state_dir().join("run").join(name)
    }

    /// The binary, told to use this world's directories and no others.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pilothouse"));
        command
            .env("HOME", self.dir.path())
            .env("PILOTHOUSE_STATE", self.state_dir())
            .env("PILOTHOUSE_CONFIG", self.path("config"))
            .env("NO_COLOR", "1")
            .env_remove("PILOTHOUSE_SOCKET")
            .env_remove("RUST_LOG")
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end.
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.command().args(arguments).output().unwrap().into()
    }

    /// Starts the binary and does not wait for its end.
    pub fn begin(&self, arguments: &[&str]) -> Begun {
        let mut command = self.command();
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        Begun(Some(command.spawn().unwrap()))
    }

    /// Starts an engine and waits until it answers.
    pub fn start(&mut self) {
        let log = File::options().create(true).append(true).open(self.path("engine.log")).unwrap();
        let (first, last) = self.ports;
        let child = self
            .command()
            .args(["serve", "--retry-ms", "50", "--ports", &format!("{first}-{last}")])
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.engine = Some(child);
        wait_until("the engine answers", || {
            let ended = self.engine.as_mut().and_then(|engine| engine.try_wait().unwrap());
            assert!(ended.is_none(), "the engine ended with {ended:?}:\n{}", self.engine_log());
            std::os::unix::net::UnixStream::connect(self.socket("engine.sock")).is_ok()
        });
    }

    /// Kills the engine as a crash would, and waits until it is gone.
    pub fn kill_engine(&mut self) {
        if let Some(mut engine) = self.engine.take() {
            engine.kill().unwrap();
            engine.wait().unwrap();
        }
    }

    /// Waits until the engine has ended by itself.
    pub fn wait_for_engine(&mut self) {
        let mut engine = self.engine.take().expect("an engine was started");
        wait_until("the engine ends", || engine.try_wait().unwrap().is_some());
    }

    /// What the engine wrote.
    pub fn engine_log(&self) -> String {
        std::fs::read_to_string(self.path("engine.log")).unwrap_or_default()
    }

    /// Writes the operator's file of a project.
    pub fn write_project(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path("config/projects").join(format!("{name}.toml"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// What `status --json` says of an environment, written `PROJECT/NAME`; null where there is
    /// none.
    pub fn environment(&self, name: &str) -> Value {
        let said = self.run(&["status", "--json"]).ends_with(0).json();
        let projects = said["projects"].as_array().unwrap().clone();
        projects
            .iter()
            .flat_map(|project| project["environments"].as_array().unwrap().clone())
            .find(|environment| environment["environment"] == name)
            .unwrap_or(Value::Null)
    }

    /// Waits until an environment's JSON fits, and gives it.
    #[track_caller]
    pub fn wait_for_environment(
        &self,
        name: &str,
        what: &str,
        fits: impl Fn(&Value) -> bool,
    ) -> Value {
        let mut last = Value::Null;
        let until = Instant::now() + WITHIN;
        while Instant::now() < until {
            last = self.environment(name);
            if fits(&last) {
                return last;
            }
            std::thread::park_timeout(STEP);
        }
        panic!("{what} did not come: {last:#}\n{}", self.engine_log());
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let is_there = std::os::unix::net::UnixStream::connect(self.socket("engine.sock")).is_ok();
        if !is_there && self.state_dir().join("journal").is_dir() && !std::thread::panicking() {
            // Instances outlive an engine that was killed; only an engine can end them.
            self.kill_engine();
            self.start();
        }
        let halted = self.command().args(["down", "--all", "--yes"]).output();
        if let Some(mut engine) = self.engine.take() {
            let is_halted = halted.is_ok_and(|output| output.status.success());
            if !is_halted {
                let _ = engine.kill();
            }
            let _ = engine.wait();
        }
    }
}

/// Waits until something holds, and panics where it does not in time.
#[track_caller]
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + WITHIN;
    while !holds() {
        assert!(Instant::now() < until, "waited in vain until {what}");
        std::thread::park_timeout(STEP);
    }
}

/// A port that nobody listens on now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// Ports for one world's instances, apart from those of the other worlds of this process.
fn port_range() -> (u16, u16) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    const EACH: u16 = 100;
    // Below what the system hands out for port 0 (from 32768 on), and spread by process.
    let slots = 100;
    let slot = (std::process::id().wrapping_mul(7) + NEXT.fetch_add(1, Ordering::Relaxed)) % slots;
    let first = 21_000 + u16::try_from(slot).unwrap() * EACH;
    (first, first + EACH - 1)
}

/// Sends a request to a port of this machine under a domain, and gives status and body.
pub fn get(port: u16, domain: &str, path: &str) -> std::io::Result<(u16, String)> {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(WITHIN))?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {domain}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status, body.to_owned()))
}

/// Whether a path is there.
pub fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
