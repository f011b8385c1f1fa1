//! A world for one measurement: a directory, an engine, and everything that it starts.
//!
//! When it is dropped, the engine is told to halt, which stops instances and edge as well.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::time::{Duration, Instant};

use pilothouse_api::client::Client;
use pilothouse_core::command::Command;
use pilothouse_core::id::ProjectName;
use pilothouse_core::run::Trigger;
use pilothouse_core::state::State;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::repository::Repository;
use crate::{Outcome, process};

/// The longest that anything is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long an engine may take to stop all that it started, a hundred containers among it.
const HALT: Duration = Duration::from_secs(300);
/// Time between two looks at what is waited for.
const LOOK: Duration = Duration::from_millis(20);
/// Instances' ports that a world has.
const PORTS: u16 = 200;

/// A world for one measurement.
pub struct World {
    dir: TempDir,
    engine: Option<Child>,
    client: Client,
    runtime: Runtime,
}

impl World {
    /// Makes the directory; nothing runs yet.
    pub fn new() -> Outcome<Self> {
        // Short, because a socket's path may have 107 bytes (unix(7)).
        let dir = tempfile::Builder::new().prefix("phb").tempdir()?;
        std::fs::create_dir_all(dir.path().join("home"))?;
        let client = Client::new(dir.path().join("state/run/engine.sock"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { dir, engine: None, client, runtime })
    }

    /// A world whose engine answers.
    pub fn with_engine() -> Outcome<Self> {
        let mut world = Self::new()?;
        world.start()?;
        Ok(world)
    }

    /// A path below the world's own directory.
    pub fn path(&self, part: &str) -> PathBuf {
        self.dir.path().join(part)
    }

    /// The binary, told to use this world's directories and no others.
    pub fn environment(&self) -> [(&'static str, PathBuf); 3] {
        [
            ("HOME", self.path("home")),
            ("PILOTHOUSE_STATE", self.path("state")),
            ("PILOTHOUSE_CONFIG", self.path("config")),
        ]
    }

    /// Starts an engine; the time until it answers.
    pub fn start(&mut self) -> Outcome<Duration> {
        self.start_with(&[])
    }

    /// The same, with more variables.
    pub fn start_with(&mut self, more: &[(&str, String)]) -> Outcome<Duration> {
        let log = File::options().create(true).append(true).open(self.path("engine.log"))?;
        let slot = u16::try_from(std::process::id() * 7 % 50)?;
        let first = 21_000 + slot * PORTS;
        let ports = format!("{first}-{}", first + PORTS - 1);
        let begun = Instant::now();
        let engine = Process::new(env!("CARGO_BIN_EXE_pilothouse"))
            .args(["serve", "--ports", &ports])
            .envs(self.environment())
            .envs(more.iter().map(|(name, value)| (name, value)))
            .env_remove("PILOTHOUSE_SOCKET")
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.engine = Some(engine);
        let until = begun + PATIENCE;
        while self.runtime.block_on(self.client.version()).is_err() {
            if Instant::now() > until {
                let said = std::fs::read_to_string(self.path("engine.log")).unwrap_or_default();
                return Err(format!("the engine does not answer: {said}").into());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(begun.elapsed())
    }

    /// The engine's process.
    pub fn engine(&self) -> Outcome<u32> {
        Ok(self.engine.as_ref().ok_or("no engine runs")?.id())
    }

    /// The edge's process.
    pub fn edge(&self) -> Outcome<u32> {
        let dir = self.path("state/edge");
        process::with_arguments(&["edge", "--dir", &dir.display().to_string()])
    }

    /// Makes a repository.
    pub fn repository(&self, name: &str) -> Outcome<Repository> {
        Repository::create(self.path(name))
    }

    /// Makes an operator's file active.
    pub fn apply(&self, project: &str, text: &str) -> Outcome<()> {
        let spec = pilothouse_settings::operator::read(project, project, text)
            .map_err(|problems| format!("{problems:?}"))?;
        self.submit(Command::Apply { spec: Box::new(spec) })
    }

    /// Tells the engine to look at a repository now, as a hook would.
    pub fn look(&self, project: &str) -> Outcome<()> {
        let project = Some(ProjectName::new(project));
        self.submit(Command::Look { project, trigger: Trigger::Hook })
    }

    fn submit(&self, command: Command) -> Outcome<()> {
        self.runtime.block_on(self.client.submit(command))?;
        Ok(())
    }

    /// Asks the engine something.
    pub fn ask<T, F>(&self, question: impl FnOnce(Client) -> F) -> T
    where
        F: Future<Output = T>,
    {
        self.runtime.block_on(question(self.client.clone()))
    }

    /// What the engine knows.
    pub fn state(&self) -> Outcome<State> {
        Ok(self.runtime.block_on(self.client.state())?.state)
    }

    /// Waits until something holds of what the engine knows.
    pub fn wait(&self, what: &str, holds: impl Fn(&State) -> bool) -> Outcome<State> {
        self.wait_for(what, PATIENCE, holds)
    }

    /// The same, for so long at most.
    pub fn wait_for(
        &self,
        what: &str,
        patience: Duration,
        holds: impl Fn(&State) -> bool,
    ) -> Outcome<State> {
        let until = Instant::now() + patience;
        loop {
            let state = self.state()?;
            if holds(&state) {
                return Ok(state);
            }
            if Instant::now() > until {
                return Err(format!("waited in vain until {what}").into());
            }
            std::thread::sleep(LOOK);
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let Some(mut engine) = self.engine.take() else { return };
        let halted = self.submit(Command::Halt).is_ok();
        let until = Instant::now() + HALT;
        while halted && Instant::now() < until {
            if matches!(engine.try_wait(), Ok(Some(_))) {
                break;
            }
            std::thread::sleep(LOOK);
        }
        // It has ended already where the halt went well.
        let _ = engine.kill();
        let _ = engine.wait();
        // What cannot be opened cannot be removed, which costs only disk.
        let _ = open_up(self.dir.path());
    }
}

/// Lets a tree be removed whose directories are read-only, as a release's are.
fn open_up(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    if std::fs::symlink_metadata(path)?.is_dir() {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))?;
        for entry in std::fs::read_dir(path)? {
            open_up(&entry?.path())?;
        }
    }
    Ok(())
}

/// A port that nobody listens on now.
pub fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Waits until a file is there and has a line.
pub fn wait_for_line(path: &Path) -> Outcome<String> {
    let until = Instant::now() + PATIENCE;
    loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if text.ends_with('\n') {
            return Ok(text.trim().to_owned());
        }
        if Instant::now() > until {
            return Err(format!("{} was not written", path.display()).into());
        }
        std::thread::sleep(LOOK);
    }
}
