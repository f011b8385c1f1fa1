//! The watch over a hundred containers, beside `docker stats` of the same ones.

use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use pilothouse_core::instance::Instance;
use pilothouse_core::routing::TargetState;
use pilothouse_core::state::State;

use super::{Base, docker_program};
use crate::Outcome;
use crate::cockpit::Cockpit;
use crate::process::{Watch, children};
use crate::table::Row;
use crate::world::{World, free_port};

/// Containers.
const CONTAINERS: usize = 100;
/// How many are started at once.
const STEP: usize = 10;
/// How long it may take until those are healthy.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long nothing changes before and while it is measured.
const REST: Duration = Duration::from_secs(10);
const LENGTH: Duration = Duration::from_secs(30);

/// Measures what engine and cockpit use, and then what `docker stats` does.
pub(super) fn measure(base: &Base) -> Outcome<Vec<Row>> {
    let world = World::with_engine()?;
    deploy(&world, base)?;
    let daemon = daemon()?;
    let own = own(&world, daemon)?;
    let running = format!("ancestor={}", base.name);
    let names = docker_program(&["ps", "--quiet", "--filter", &running])?;
    let names: Vec<&str> = names.lines().collect();
    if names.len() != CONTAINERS {
        return Err(format!("{} containers run", names.len()).into());
    }
    let stats = stats(&names, daemon)?;
    let (once, once_served) = once(&names, daemon)?;

    let minute = |time: Duration| time.as_secs_f64() * 60.0 / LENGTH.as_secs_f64();
    // Beyond what the daemon does for containers that nobody watches with it.
    let served = stats.daemon.saturating_sub(own.daemon);
    let (ours, theirs) = (minute(own.engine + own.cockpit), minute(stats.client + served));
    let what = "watching 100 containers: CPU beside docker stats";
    let share = |time: Duration| 100.0 * time.as_secs_f64() / LENGTH.as_secs_f64();
    let idle = share(own.engine + own.cockpit);
    Ok(vec![
        Row::most("100 containers, idle: CPU of what measures and shows them", idle, 0.1, "%")
            .note(format!(
                "engine {:.3} + cockpit {:.3} % over {} s; the edge's checks besides {:.3} %",
                share(own.engine),
                share(own.cockpit),
                LENGTH.as_secs(),
                share(own.edge)
            )),
        Row::most(what, ours / theirs, 1.0, "x")
            .note(format!(
                "seconds of CPU a minute: engine {:.2} + cockpit {:.2} beside docker stats {:.2} + \
                 what it makes dockerd do {:.2}",
                minute(own.engine),
                minute(own.cockpit),
                minute(stats.client),
                minute(served)
            ))
            .note(format!(
                "with ours besides: the edge's {CONTAINERS} checks each 5 s {:.2}, git {:.2}, dockerd \
                 {:.2}; docker stats --no-stream, once: {:.2} + {:.2} s",
                minute(own.edge),
                minute(own.git),
                minute(own.daemon),
                once.as_secs_f64(),
                once_served.as_secs_f64()
            )),
    ])
}

/// Deploys the containers, some at a time, so that none waits long for the others.
fn deploy(world: &World, base: &Base) -> Outcome<()> {
    let repository = world.repository("shop")?;
    let image = &base.name;
    std::fs::write(repository.dir().join("site/index.html"), "<p>v1</p>\n")?;
    std::fs::write(
        repository.dir().join("pilothouse.toml"),
        format!(
            "image = \"{image}\"\nartifact = \"site\"\n[[stage]]\nname = \"test\"\nrun = \"true\"\n\
             [service]\nrun = [\"/bin/busybox\", \"httpd\", \"-f\", \"-p\", \"8000\", \"-h\", \"site\"]\n\
             image = \"{image}\"\nport = 8000\nstop = {{ grace = \"1s\" }}\n\
             health = {{ path = \"/\", interval = \"5s\", timeout = \"2s\", start_deadline = \"5m\" }}\n"
        ),
    )?;
    repository.git(&["add", "--all"])?;
    repository.git(&["commit", "--quiet", "--message", "first"])?;
    let (dir, port) = (repository.dir().display(), free_port()?);
    for count in (STEP..=CONTAINERS).step_by(STEP) {
        world.apply(
            "shop",
            &format!(
                "repository = '{dir}'\npoll = \"15s\"\n\
                 [load_balancer]\nlisten = [\"127.0.0.1:{port}\"]\n\
                 [environment.production]\nbranch = \"main\"\ndomain = \"shop.localhost\"\n\
                 runtime = \"docker\"\ninstances = {count}\ndeploy = \"auto\"\n\
                 drain = \"0s\"\nbake = \"0s\"\n"
            ),
        )?;
        let are_healthy = |state: &State| {
            let mut instances = state.instances.values();
            let is_healthy = |one: &Instance| one.health.state == TargetState::Healthy;
            state.live_deployments.is_empty()
                && state.instances.len() == count
                && instances.all(is_healthy)
        };
        world.wait_for("the containers are healthy", PATIENCE, are_healthy)?;
    }
    Ok(())
}

/// What was used of the processor while our own programs watch.
struct Own {
    engine: Duration,
    cockpit: Duration,
    edge: Duration,
    git: Duration,
    daemon: Duration,
}

fn own(world: &World, daemon: u32) -> Outcome<Own> {
    let shown = Cockpit::open(&world.environment(), vec!["5 Hourly cost".to_owned()])?;
    shown.wait()?;
    let (engine, edge, cockpit) = (world.engine()?, world.edge()?, shown.process()?);
    Watch::begin(&[engine]).on(REST);
    let git = children(engine)?;
    let mut watch = Watch::begin(&[engine, cockpit, edge, daemon]);
    watch.on(LENGTH);
    Ok(Own {
        engine: watch.used(engine),
        cockpit: watch.used(cockpit),
        edge: watch.used(edge),
        git: children(engine)?.saturating_sub(git),
        daemon: watch.used(daemon),
    })
}

/// What was used of the processor while `docker stats` watches.
struct Stats {
    client: Duration,
    daemon: Duration,
}

fn stats(names: &[&str], daemon: u32) -> Outcome<Stats> {
    let stream = Stream::begin(names)?;
    let client = stream.0.id();
    Watch::begin(&[daemon]).on(REST);
    let mut watch = Watch::begin(&[client, daemon]);
    watch.on(LENGTH);
    Ok(Stats { client: watch.used(client), daemon: watch.used(daemon) })
}

/// What one look by `docker stats --no-stream` uses, by itself and in the daemon.
fn once(names: &[&str], daemon: u32) -> Outcome<(Duration, Duration)> {
    let mut watch = Watch::begin(&[daemon]);
    let before = children(std::process::id())?;
    docker_program(&[&["stats", "--no-stream"], names].concat())?;
    // One look is taken even if nothing is waited for.
    watch.on(Duration::from_millis(1));
    Ok((children(std::process::id())?.saturating_sub(before), watch.used(daemon)))
}

/// The Docker engine's process: the one at the other end of its socket (unix(7), `SO_PEERCRED`).
fn daemon() -> Outcome<u32> {
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    let path = host.strip_prefix("unix://").unwrap_or("/var/run/docker.sock");
    let peer = rustix::net::sockopt::socket_peercred(UnixStream::connect(path)?)?;
    Ok(peer.pid.as_raw_nonzero().get().try_into()?)
}

/// A `docker stats` that goes on until it is dropped.
struct Stream(Child);

impl Stream {
    fn begin(names: &[&str]) -> Outcome<Self> {
        let mut command = Command::new("docker");
        command.arg("stats").args(names).stdin(Stdio::null()).stdout(Stdio::null());
        Ok(Self(command.spawn()?))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
