//! A stage for one test: directories of its own, ports of its own, a git repository, and an
//! engine by the real binary.
//!
//! [`Stage::end`] halts everything and then proves by `/proc` that nothing of it is left.

pub mod ended;
pub mod load;
pub mod processes;
pub mod repository;
pub mod stranger;
mod tree;

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use pilothouse_api::client::{Client, ClientError};
use pilothouse_core::command::{Command, Reply};
use pilothouse_core::deployment::{Deployment, DeploymentResult, EnvironmentKey, Phase};
use pilothouse_core::id::{DeploymentId, EnvironmentName, ProjectName};
use pilothouse_core::run::Trigger;
use pilothouse_core::state::State;
use tempfile::TempDir;

use self::repository::Repository;
use self::tree::{give_tree, open_to_all, open_tree};

/// The project's name.
pub const PROJECT: &str = "shop";
/// The domain of production.
pub const DOMAIN: &str = "shop.localhost";
/// The longest that anything is waited for, on a machine that has other things to do.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Time between two looks at what is waited for.
const LOOK: Duration = Duration::from_millis(10);

/// A stage for one test.
pub struct Stage {
    dir: TempDir,
    engine: Option<Child>,
    /// Where requests come in.
    pub address: SocketAddr,
    ports: (u16, u16),
    docker_host: Option<String>,
    /// The user that engines run as, and their copy of the binary.
    user: Option<(u32, PathBuf)>,
    client: Client,
    runtime: tokio::runtime::Runtime,
}

impl Stage {
    /// Makes the directories. Nothing runs yet.
    pub fn new() -> Self {
        // Short, because a socket's path may have 107 bytes (unix(7)).
        let dir = tempfile::Builder::new().prefix("phe").tempdir_in("/tmp").unwrap();
        open_to_all(dir.path());
        std::fs::create_dir(dir.path().join("home")).unwrap();
        let first = block_of_ports();
        let port = (first..first + 10)
            .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
            .expect("a port is free");
        let client = Client::new(dir.path().join("state/run/engine.sock"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self {
            dir,
            engine: None,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            ports: (first + 10, first + 99),
            docker_host: None,
            user: None,
            client,
            runtime,
        }
    }

    /// A stage with an engine.
    pub fn with_engine() -> Self {
        let mut stage = Self::new();
        stage.start();
        stage
    }

    /// Tells engines that are started from now on where their engine of containers is.
    pub fn use_docker(&mut self, host: String) {
        self.docker_host = Some(host);
    }

    /// Gives all that is there to a user, whom engines that are started from now on run as.
    pub fn belong_to(&mut self, user: u32) {
        // The binary may lie where others cannot look.
        let binary = self.path("pilothouse");
        std::fs::copy(env!("CARGO_BIN_EXE_pilothouse"), &binary).unwrap();
        give_tree(self.dir.path(), user).unwrap();
        self.user = Some((user, binary));
    }

    /// A path below the stage's own directory.
    pub fn path(&self, part: &str) -> PathBuf {
        self.dir.path().join(part)
    }

    /// The engine's state directory.
    pub fn state_dir(&self) -> PathBuf {
        self.path("state")
    }

    /// The binary with this stage's directories and no others.
    pub fn binary(&self) -> Process {
        self.command(Path::new(env!("CARGO_BIN_EXE_pilothouse")))
    }

    /// What an engine that refuses to start says. One that starts after all is ended, and its test with it.
    pub fn refusal(&self) -> String {
        let binary = env!("CARGO_BIN_EXE_pilothouse");
        let mut command = self.command(Path::new("timeout"));
        let output = command.args(["60", binary, "serve"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        said
    }

    /// The same as whoever owns the stage.
    pub fn user_binary(&self) -> Process {
        let Some((user, binary)) = &self.user else { return self.binary() };
        let mut command = self.command(binary);
        command.uid(*user).gid(*user);
        command
    }

    fn command(&self, binary: &Path) -> Process {
        let mut command = Process::new(binary);
        command
            .env("HOME", self.path("home"))
            .env("PILOTHOUSE_STATE", self.state_dir())
            .env("PILOTHOUSE_CONFIG", self.path("config"))
            .env_remove("PILOTHOUSE_SOCKET")
            .env_remove("RUST_LOG")
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        if let Some(host) = &self.docker_host {
            command.env("DOCKER_HOST", host);
        }
        command
    }

    /// The binary, told to be this stage's engine.
    pub fn serve(&self) -> Process {
        let log = File::options().create(true).append(true).open(self.path("engine.log")).unwrap();
        let mut command = self.user_binary();
        command
            .args(["serve", "--retry-ms", "50", "--ports"])
            .arg(format!("{}-{}", self.ports.0, self.ports.1))
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        command
    }

    /// Starts the engine and waits until it answers.
    pub fn start(&mut self) {
        let mut command = self.serve();
        self.start_as(&mut command);
        self.wait("the engine answers", |_| true);
    }

    /// Starts an engine by a command of the test's own. Waits for nothing.
    pub fn start_as(&mut self, command: &mut Process) {
        assert!(self.engine.is_none(), "one engine at a time");
        self.engine = Some(command.spawn().unwrap());
    }

    /// Ends the engine as a crash would.
    pub fn kill_engine(&mut self) {
        if let Some(mut engine) = self.engine.take() {
            engine.kill().unwrap();
            engine.wait().unwrap();
        }
    }

    /// Tells the engine to go and leaves all else as it is.
    pub fn stop_engine(&mut self) {
        if let Some(engine) = &self.engine {
            processes::signal(engine.id(), rustix::process::Signal::TERM);
            self.engine_ends();
        }
    }

    /// Waits until the engine has ended by itself.
    pub fn engine_ends(&mut self) -> ExitStatus {
        let engine = self.engine.as_mut().expect("an engine was started");
        let log = self.dir.path().join("engine.log");
        let what = || format!("the engine ends\n{}", std::fs::read_to_string(&log).unwrap());
        let mut ended = None;
        wait_until(what, || {
            ended = engine.try_wait().unwrap();
            ended.is_some()
        });
        self.engine = None;
        ended.unwrap()
    }

    /// Whether the engine that was started still runs.
    pub fn engine_runs(&mut self) -> bool {
        self.engine.as_mut().is_some_and(|engine| engine.try_wait().unwrap().is_none())
    }

    /// The engine's process.
    pub fn engine_pid(&self) -> u32 {
        self.engine.as_ref().expect("an engine was started").id()
    }

    /// What the engines of this stage wrote.
    pub fn engine_log(&self) -> String {
        std::fs::read_to_string(self.path("engine.log")).unwrap_or_default()
    }

    /// Asks the engine for something.
    pub fn submit(&self, command: Command) -> Result<Reply, ClientError> {
        self.runtime.block_on(self.client.submit(command)).map(|accepted| accepted.reply)
    }

    /// A client's question, answered.
    pub fn ask<T>(&self, question: impl AsyncFnOnce(&Client) -> T) -> T {
        self.runtime.block_on(question(&self.client))
    }

    /// Makes an operator's file active.
    pub fn apply(&self, text: &str) {
        self.apply_as(PROJECT, text);
    }

    /// Makes the operator's file of any project active.
    pub fn apply_as(&self, project: &str, text: &str) {
        let spec = pilothouse_settings::operator::read(project, "project.toml", text).unwrap();
        self.submit(Command::Apply { spec: Box::new(spec) }).unwrap();
    }

    /// The operator's file of a project with production alone, of two instances.
    pub fn project(&self, repository: &Path) -> String {
        let (repository, address) = (repository.display(), self.address);
        format!(
            "repository = '{repository}'\npoll = \"100ms\"\ntrusted = true\n\
             [load_balancer]\nlisten = [\"{address}\"]\n\
             [environment.production]\nbranch = \"main\"\ndomain = \"{DOMAIN}\"\n\
             instances = 2\ndeploy = \"auto\"\ndrain = \"1s\"\nbake = \"50ms\"\n"
        )
    }

    /// A repository whose first version is deployed and serves.
    pub fn deployed(&self, version: &str) -> Repository {
        let repository = Repository::new(self);
        repository.commit(version);
        self.apply(&self.project(repository.dir()));
        self.succeeds(DeploymentId(0));
        self.shows(version);
        repository
    }

    /// Tells the engine to look at the repository now.
    pub fn look(&self) {
        let project = Some(ProjectName::from(PROJECT));
        self.submit(Command::Look { project, trigger: Trigger::Hook }).unwrap();
    }

    /// What the engine knows now.
    pub fn state(&self) -> State {
        self.ask(async |client| client.state().await).unwrap().state
    }

    /// Waits until something holds of what the engine knows.
    #[track_caller]
    pub fn wait(&self, what: &str, holds: impl Fn(&State) -> bool) -> State {
        let until = Instant::now() + PATIENCE;
        loop {
            let state = self.ask(async |client| client.state().await).map(|answer| answer.state);
            match &state {
                Ok(found) if holds(found) => return found.clone(),
                _ if Instant::now() < until => std::thread::park_timeout(LOOK),
                Ok(found) => panic!("waited in vain until {what}\n{}", self.told(found)),
                Err(error) => panic!("waited in vain until {what}: {error}\n{}", self.engine_log()),
            }
        }
    }

    /// What a person needs to find out why a test failed.
    fn told(&self, state: &State) -> String {
        let runs = state.runs.values().next_back().map(|run| &run.phase);
        let deployment = state.deployments.values().next_back();
        let instances: Vec<_> =
            state.instances.values().map(|i| (&i.id, &i.phase, i.role, &i.health)).collect();
        format!(
            "run: {runs:#?}\ndeployment: {deployment:#?}\ninstances: {instances:#?}\nedge: {:#?}\n{}",
            state.edge,
            self.engine_log()
        )
    }

    /// Waits for the end of the deployments after one.
    #[track_caller]
    pub fn ended(&self, before: DeploymentId) -> Deployment {
        let state = self.wait("the deployment has ended", |state| {
            state.last_deployment > before && state.live_deployments.is_empty()
        });
        state.deployments.values().next_back().unwrap().clone()
    }

    /// Waits for the end of the deployments after one, the last of which must succeed.
    #[track_caller]
    pub fn succeeds(&self, before: DeploymentId) -> Deployment {
        let deployment = self.ended(before);
        let Phase::Ended { result, .. } = &deployment.phase else { panic!("it has not ended") };
        let log = || self.engine_log();
        assert_eq!(*result, DeploymentResult::Succeeded, "{deployment:#?}\n{}", log());
        deployment
    }

    /// The domain shows this version.
    #[track_caller]
    pub fn shows(&self, version: &str) {
        let (status, body) = load::ask(self.address, DOMAIN, "/").unwrap();
        assert!(status == 200 && body.contains(&format!("<p>{version}</p>")), "{status}: {body}");
    }

    /// Stops everything, and proves that nothing is left.
    pub fn end(mut self) {
        self.halt();
    }

    /// Stops everything, and proves that nothing is left, while the directories stay.
    pub fn halt(&mut self) {
        if self.engine.is_none() {
            self.start();
        }
        self.submit(Command::Halt).unwrap();
        self.engine_ends();
        let root = self.dir.path().to_owned();
        let left = || format!("nothing is left: {:#?}", processes::of(&root));
        wait_until(left, || processes::of(&root).is_empty());
    }
}

impl Drop for Stage {
    /// What a failed test left is ended one by one.
    fn drop(&mut self) {
        ended::note(&self.state_dir());
        if let Some(mut engine) = self.engine.take() {
            let _ = engine.kill();
            let _ = engine.wait();
        }
        // The engine is gone; supervisors go first, so that none starts an instance again.
        for _ in 0..100 {
            let mut left = processes::of(self.dir.path());
            if left.is_empty() {
                break;
            }
            left.sort_by_key(|process| !process.line.contains("supervise"));
            for process in left {
                processes::signal(process.pid, rustix::process::Signal::KILL);
            }
            std::thread::park_timeout(LOOK);
        }
        let _ = open_tree(self.dir.path());
    }
}

/// The environment that `main` feeds.
pub fn production() -> EnvironmentKey {
    EnvironmentKey {
        project: ProjectName::from(PROJECT),
        name: EnvironmentName::from("production"),
    }
}

/// Waits until something holds, and panics where it does not in time.
#[track_caller]
pub fn wait_until(what: impl Fn() -> String, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "waited in vain until {}", what());
        std::thread::park_timeout(LOOK);
    }
}

/// The first of a hundred ports, below those that the system hands out, and apart from those of
/// the other stages of this process.
fn block_of_ports() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let spread = u16::try_from(std::process::id() % 97).unwrap();
    10_000 + (spread + NEXT.fetch_add(1, Ordering::Relaxed)) % 100 * 100
}
