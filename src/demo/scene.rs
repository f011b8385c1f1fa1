//! The demonstration's own engine, in a directory of its own that goes with it.

use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::time::{Duration, Instant};

use color_eyre::Result;
use color_eyre::eyre::{WrapErr as _, bail};
use pilothouse_api::client::Client;
use pilothouse_core::command::Command;
use pilothouse_core::id::ProjectName;
use pilothouse_core::state::State;
use pilothouse_engine::left;
use pilothouse_engine::places::Places;

use super::asked::Asked;
use super::directory::{Directory, Note};
use super::image::Image;
use super::port::Port;
use super::repository::Repository;

/// The project's name.
pub const PROJECT: &str = "shop";
/// The domain of production.
pub const DOMAIN: &str = "shop.localhost";
/// The port that requests come in by where it is free.
const PORT: u16 = 8080;
/// How long the scene waits for anything.
const PATIENCE: Duration = Duration::from_secs(60);
/// Time between two looks while it waits.
const LOOK: Duration = Duration::from_millis(25);

/// What the demonstration's instances are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Runtime {
    /// Processes of this machine.
    Local,
    /// Containers of its Docker engine.
    Docker,
}

/// The demonstration's own engine and repository.
pub struct Scene {
    directory: Directory,
    binary: PathBuf,
    engine: Option<Child>,
    repository: Option<Repository>,
    repository_dir: PathBuf,
    /// Where requests come in, and what keeps other demonstrations from it.
    port: Port,
    client: Client,
    executor: tokio::runtime::Runtime,
    /// The image that everything runs in, where it runs in containers.
    image: Option<Image>,
    asked: Asked,
}

impl Scene {
    /// Makes the directory and the repository, and starts the engine. Whoever asks for the end
    /// interrupts whatever is waited for.
    pub fn set(runtime: Runtime, keep: bool, asked: &Asked) -> Result<Self> {
        let binary = std::env::current_exe().wrap_err("cannot find this program's own file")?;
        let executor = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let image = match runtime {
            Runtime::Local => None,
            Runtime::Docker => Some(executor.block_on(Image::make(&binary))?),
        };
        let name = image.as_ref().map(|image| image.name().to_owned());
        let note = Note { keep, image: name.clone() };
        let directory = Directory::make(&std::env::temp_dir(), note)?;
        let port = Port::find(PORT)?;
        let client = Client::new(directory.state().join("run/engine.sock"));
        // From here on everything goes with the scene, also where the rest fails.
        let mut scene = Self {
            repository_dir: directory.path().join("shop"),
            directory,
            binary,
            engine: None,
            repository: None,
            port,
            client,
            executor,
            image,
            asked: asked.clone(),
        };
        let root = scene.directory.path();
        let repository = Repository::create(root, &scene.binary, name.as_deref())?;
        repository.dir().clone_into(&mut scene.repository_dir);
        scene.repository = Some(repository);
        scene.start_engine()?;
        Ok(scene)
    }

    /// Where requests come in.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// The repository, while nobody took it.
    pub fn repository(&self) -> Result<&Repository> {
        self.repository.as_ref().ok_or_else(|| color_eyre::eyre::eyre!("the repository was taken"))
    }

    /// Gives the repository to somebody who pushes to it from elsewhere.
    pub fn take_repository(&mut self) -> Result<Repository> {
        self.repository.take().ok_or_else(|| color_eyre::eyre::eyre!("the repository was taken"))
    }

    /// Where the repository is.
    pub fn repository_dir(&self) -> &Path {
        &self.repository_dir
    }

    /// Somebody who looks at what the engine knows, from elsewhere.
    pub fn looker(&self) -> Looker {
        Looker { client: self.client.clone() }
    }

    /// What the instances are.
    pub fn runtime(&self) -> Runtime {
        if self.image.is_some() { Runtime::Docker } else { Runtime::Local }
    }

    /// A client of the engine.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// The engine's state directory.
    pub fn state_dir(&self) -> PathBuf {
        self.directory.state()
    }

    /// Where operator's files would be: there are none, and those of whoever watches are no part of
    /// it.
    pub fn config_dir(&self) -> PathBuf {
        self.directory.state().join("config")
    }

    /// What is said while all of it is ended.
    pub fn last_words(&self) -> String {
        let path = self.directory.path().display();
        let what = "stopping what the demonstration started";
        if self.directory.note().keep {
            return format!("{what}; its directory stays, as asked: {path}");
        }
        format!("{what} and removing its directory …")
    }

    /// Starts the engine, which finds what an earlier one left.
    pub fn start_engine(&mut self) -> Result<()> {
        self.spawn_engine()?;
        self.wait("the engine answers", |_| true).map(|_| ())
    }

    /// A group of its own keeps the engine from the signals of the terminal: it is told to end.
    fn spawn_engine(&mut self) -> Result<()> {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.directory.path().join("engine.log"))?;
        let engine = Process::new(&self.binary)
            .args(["serve", "--retry-ms", "100", "--state"])
            .arg(self.state_dir())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .wrap_err("cannot start the engine")?;
        self.engine = Some(engine);
        Ok(())
    }

    /// Ends the engine as a crash would.
    pub fn kill_engine(&mut self) -> Result<()> {
        if let Some(mut engine) = self.engine.take() {
            engine.kill()?;
            engine.wait()?;
        }
        Ok(())
    }

    /// The edge's process, as its own lock names it.
    pub fn edge_pid(&self) -> Result<i32> {
        let dir = self.state_dir().join("edge");
        process_with(&["edge", "--dir", &dir.display().to_string()])
    }

    /// The process of an instance's start: its proof names the boot and the process, or the
    /// container.
    pub fn process_of(&self, proof: &str) -> Result<i32> {
        let wrong = || color_eyre::eyre::eyre!("no process in {proof}");
        let mut parts = proof.split('/');
        let (kind, name) = (parts.next(), parts.next().ok_or_else(wrong)?);
        if kind == Some("docker") {
            let image = self.image.as_ref().ok_or_else(wrong)?;
            return self.executor.block_on(image.process_of(name));
        }
        name.parse().map_err(|_| wrong())
    }

    /// Asks the engine for something.
    pub fn submit(&self, command: Command) -> Result<pilothouse_core::command::Reply> {
        Ok(self.executor.block_on(self.client.submit(command))?.reply)
    }

    /// Makes a specification active.
    pub fn apply(&self, text: &str) -> Result<()> {
        let spec = pilothouse_settings::operator::read(PROJECT, "shop.toml", text)
            .map_err(|problems| color_eyre::eyre::eyre!("{problems:?}"))?;
        self.submit(Command::Apply { spec: Box::new(spec) }).map(|_| ())
    }

    /// Tells the engine to look at the repository now, as a hook would.
    pub fn look(&self) -> Result<()> {
        let project = Some(ProjectName::from(PROJECT));
        let trigger = pilothouse_core::run::Trigger::Hook;
        self.submit(Command::Look { project, trigger }).map(|_| ())
    }

    /// What the engine knows now.
    pub fn state(&self) -> Result<State> {
        Ok(self.executor.block_on(self.client.state())?.state)
    }

    /// Fails once somebody asked for the end.
    pub fn goes_on(&self) -> Result<()> {
        self.asked.check()
    }

    /// Waits until something holds of what the engine knows.
    pub fn wait(&self, what: &str, holds: impl Fn(&State) -> bool) -> Result<State> {
        self.wait_while(what, holds, || self.goes_on())
    }

    fn wait_while(
        &self,
        what: &str,
        holds: impl Fn(&State) -> bool,
        goes_on: impl Fn() -> Result<()>,
    ) -> Result<State> {
        let until = Instant::now() + PATIENCE;
        loop {
            goes_on()?;
            let state = self.state();
            if let Ok(state) = &state
                && holds(state)
            {
                return Ok(state.clone());
            }
            if Instant::now() >= until {
                let why = state.err().map(|error| format!(" ({error})")).unwrap_or_default();
                bail!("waited {} s in vain until {what}{why}", PATIENCE.as_secs());
            }
            std::thread::park_timeout(LOOK);
        }
    }
}

/// Looks at what the engine knows, from a thread of its own.
pub struct Looker {
    client: Client,
}

impl Looker {
    /// What the engine knows now.
    pub fn state(&self) -> Result<State> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(runtime.block_on(self.client.state())?.state)
    }
}

impl Drop for Scene {
    /// Stops everything that the scene started and leaves its directory.
    fn drop(&mut self) {
        // What a killed engine left running is found and stopped by a new one.
        if self.engine.is_none()
            && self.state_dir().exists()
            && let Err(error) = self.spawn_engine()
        {
            crate::out::error(&format!("instances may be left running: {error}"));
        }
        if self.engine.is_some() {
            self.halt();
        }
        let engine_id = std::fs::read_to_string(self.state_dir().join(Places::ENGINE_ID));
        if let Some(image) = self.image.take()
            && let Err(error) =
                self.executor.block_on(image.remove(engine_id.unwrap_or_default().trim()))
        {
            crate::out::error(&format!("the demonstration's image is left: {error}"));
        }
        if let Err(error) = self.directory.leave() {
            let path = self.directory.path().display();
            crate::out::error(&format!("cannot clear up {path}: {error}"));
        }
    }
}

impl Scene {
    /// Tells the engine to stop everything, and waits for its end.
    fn halt(&mut self) {
        // Whoever asked for the end waits for this one.
        let answers = self.wait_while("the engine answers", |_| true, || Ok(()));
        let halted = answers.and_then(|_| {
            Ok(self.executor.block_on(self.client.submit(Command::Halt)).map(drop)?)
        });
        if let Err(error) = &halted {
            crate::out::error(&format!("instances may be left running: {error}"));
        }
        let Some(mut engine) = self.engine.take() else { return };
        let until = Instant::now() + PATIENCE;
        while halted.is_ok() && Instant::now() < until {
            if let Ok(Some(ended)) = engine.try_wait() {
                let places = Places::new(self.state_dir());
                if !ended.success()
                    && let Ok(Some(living)) = left::edge(&places)
                {
                    crate::out::error(&format!("all instances have stopped, and {living}"));
                }
                break;
            }
            std::thread::park_timeout(LOOK);
        }
        // It has ended already where the halt went well.
        let _ = engine.kill();
        let _ = engine.wait();
    }
}

/// The one process whose arguments contain these, in this order.
fn process_with(wanted: &[&str]) -> Result<i32> {
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        let Ok(line) = std::fs::read(entry.path().join("cmdline")) else { continue };
        let arguments: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
        let found = arguments
            .windows(wanted.len())
            .any(|window| window.iter().zip(wanted).all(|(have, want)| *have == want.as_bytes()));
        if found {
            return Ok(pid);
        }
    }
    bail!("there is no process {}", wanted.join(" "))
}

/// Ends a process as `kill -9` does.
pub fn kill(pid: i32) -> Result<()> {
    let pid = rustix::process::Pid::from_raw(pid)
        .ok_or_else(|| color_eyre::eyre::eyre!("{pid} is no process"))?;
    rustix::process::kill_process(pid, rustix::process::Signal::KILL)?;
    Ok(())
}
