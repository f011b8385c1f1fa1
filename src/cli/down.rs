//! `pilothouse down`: ends the engine, or everything.

mod ended;
mod images;

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;
use pilothouse_api::client::ClientError;
use pilothouse_cockpit::age;
use pilothouse_core::command::Command;
use pilothouse_core::state::State;
use pilothouse_core::time::Millis;
use pilothouse_engine::engine::StartError;
use pilothouse_engine::left;
use pilothouse_engine::places::Places;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::exit::{Failure, failed};
use crate::find::Place;
use crate::{ask, out, start};

/// How much is to end.
#[derive(Debug, clap::Args)]
pub struct Down {
    /// Stop every instance and the load balancer too: nothing is served any more
    #[arg(long)]
    all: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Seconds to wait at most
    #[arg(long, value_name = "SECONDS", default_value_t = WITHIN.as_secs())]
    timeout: u64,
}

/// How often it is tried again to stop everything where nobody looks on.
const TRIES: u32 = 5;
/// Time between two tries.
const STEP: Duration = Duration::from_millis(300);
/// The time to end that nobody is told of.
const USUAL: Millis = Millis::seconds(10);
/// How long everything may take to end.
const WITHIN: Duration = Duration::from_secs(120);

/// Ends it, and waits until it is gone.
pub fn run(place: &Place, down: &Down) -> Result<()> {
    if !down.all && place.is_installed() {
        let why = "this engine is a service of the system: `systemctl stop pilothouse` ends it";
        return Err(failed(Failure::Refused, why));
    }
    if down.all && place.socket.is_none() && !place.is_installed() {
        let answers = UnixStream::connect(place.operator_socket()).is_ok();
        let places = Places::new(place.state_dir());
        let displaced = left::displaced(&places);
        // No engine would start beside them, and one that runs ends what it knows.
        if !answers && !displaced.is_empty() {
            return Err(failed(Failure::Failed, ended::still_runs(&displaced)));
        }
        if let Some(original) = left::original(&places).filter(|_| !answers) {
            let copied = StartError::Copied { state: place.state_dir(), original };
            return Err(failed(Failure::Failed, copied.to_string()));
        }
    }
    let is_revived = down.all && revive(place)?;
    ask::run(async {
        let client = ask::operator(place);
        let snapshot = ask::patiently(&client, client.state()).await?;
        ask::may_change(&snapshot)?;
        let engine = Engine::of(place)?;
        if down.all {
            plan(place, &snapshot.state).await;
            let confirmed = ask::confirm(down.yes, "stop everything?");
            if confirmed.is_err() && is_revived {
                engine.terminate()?;
            }
            confirmed?;
            client.submit(Command::Halt).await?;
            let state = &snapshot.state;
            if state.instances.values().any(|one| !one.is_gone() && state.is_out_of_reach(one)) {
                out::line(
                    "waits for Docker, which does not answer: its containers cannot be ended",
                );
            }
        } else {
            engine.terminate()?;
        }
        let within = Duration::from_secs(down.timeout);
        if !engine.is_gone(within)? {
            let why =
                format!("the engine is still there after {within:?}; see `pilothouse status`");
            return Err(failed(Failure::Timeout, why));
        }
        out::line(if down.all {
            ended::ended(place, &snapshot.state)?
        } else {
            "the engine has stopped; instances and the load balancer serve on"
        });
        for id in snapshot.state.live_deployments.iter().filter(|_| !down.all) {
            out::line(&format!("deployment {id} stands still until an engine runs again"));
        }
        Ok(())
    })
}

/// Stops everything of a personal engine, asking nobody, also where that engine is dead. Where
/// nothing runs there is nothing to do.
pub fn halt(place: &Place) -> Result<()> {
    let mut tries = TRIES;
    loop {
        match halt_once(place) {
            // An engine that was killed a moment ago can still be taking connections.
            Err(_) if tries > 0 => {
                tries -= 1;
                std::thread::park_timeout(STEP);
            }
            ended => return ended,
        }
    }
}

fn halt_once(place: &Place) -> Result<()> {
    if UnixStream::connect(place.operator_socket()).is_err() && !revive(place)? {
        return Ok(());
    }
    ask::run(async {
        let (engine, client) = (Engine::of(place)?, ask::operator(place));
        let state = client.state().await?.state;
        client.submit(Command::Halt).await?;
        if engine.is_gone(WITHIN)? {
            return ended::ended(place, &state).map(drop);
        }
        Err(failed(Failure::Timeout, format!("the engine is still there after {WITHIN:?}")))
    })
}

/// Starts an engine where a dead one left something running, which only an engine can end. Tells
/// whether it did.
fn revive(place: &Place) -> Result<bool> {
    let is_personal = place.socket.is_none() && !place.is_installed();
    let answers = UnixStream::connect(place.operator_socket()).is_ok();
    if !is_personal || answers || !is_anything_left(&place.state_dir()) {
        return Ok(false);
    }
    start::ensure_engine(place)?;
    Ok(true)
}

/// Whether the load balancer, an instance or a step lives below a state directory.
fn is_anything_left(state: &Path) -> bool {
    let places = Places::new(state);
    left::edge(&places).is_ok_and(|living| living.is_some())
        || left::units(&places).any(|unit| left::lives(&unit))
}

async fn plan(place: &Place, state: &State) {
    out::line("this stops");
    for (key, environment) in &state.environments {
        let living = state.instances_of(key).filter(|one| !one.is_gone());
        let releases = living.map(|one| environment.releases.get(&one.release));
        let graces: Vec<Millis> =
            releases.map(|one| one.map_or(USUAL, |one| one.service.stop.grace)).collect();
        if let Some(longest) = graces.iter().copied().max() {
            let domain = environment.spec.domain.as_deref().unwrap_or("no domain");
            let slow = format!(", and has up to {} to end", age::length(longest));
            let slow = if longest > USUAL { slow.as_str() } else { "" };
            out::line(&format!("  {} × {key}, which serves {domain}{slow}", graces.len()));
        }
    }
    for id in &state.live_deployments {
        let deployment = state.deployments.get(id);
        let back = deployment.filter(|one| one.shifted && one.old.is_empty());
        let back = back.and_then(|one| one.previous).map_or_else(String::new, |previous| {
            format!("; {previous}, which was stopped, is what the environment comes back with")
        });
        out::line(&format!("  deployment {id}, which is cancelled{back}"));
    }
    for id in &state.live_runs {
        out::line(&format!("  run {id}"));
    }
    out::line("  the load balancer and the engine");
    if let Some(stays) = images::stay(place, state).await {
        out::line(&stays);
    }
    out::line(
        "undo: start the engine again; it brings every environment back as it was, or as it was \
         before a deployment that this cancels, and runs that this cancels are started again by \
         `pilothouse run BRANCH`",
    );
}

/// The process that listens on the socket, held so that its number cannot become another's.
struct Engine {
    process: OwnedFd,
}

impl Engine {
    /// Asks the system who listens (unix(7), `SO_PEERCRED`): no file has to be believed.
    fn of(place: &Place) -> Result<Self> {
        let socket = place.operator_socket();
        let unreachable = |error: std::io::Error| ClientError::EngineUnreachable {
            socket: socket.clone(),
            why: error.to_string(),
        };
        let stream = UnixStream::connect(&socket).map_err(unreachable)?;
        let peer = rustix::net::sockopt::socket_peercred(&stream)
            .wrap_err("cannot find out which process the engine is")?;
        let process = pidfd_open(peer.pid, PidfdFlags::empty())
            .wrap_err("cannot get hold of the engine's process")?;
        Ok(Self { process })
    }

    fn terminate(&self) -> Result<()> {
        pidfd_send_signal(&self.process, Signal::TERM).wrap_err("cannot tell the engine to stop")
    }

    /// Waits until the process has ended (`pidfd_open(2)`: it is readable then), and tells whether
    /// it did in time.
    fn is_gone(&self, within: Duration) -> Result<bool> {
        let until = Instant::now() + within;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).wrap_err("the timeout is too long")?;
            let mut watched = [PollFd::new(&self.process, PollFlags::IN)];
            match poll(&mut watched, Some(&left)) {
                Ok(count) => return Ok(count > 0),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error).wrap_err("cannot wait for the engine's end"),
            }
        }
    }
}
