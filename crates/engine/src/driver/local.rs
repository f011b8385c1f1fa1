//! Runs instances as processes of this machine, each under a supervisor of its own.

mod address;
mod inspect;
mod ports;
mod prove;
mod secret;
pub mod usage;
mod watch;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pilothouse_core::effect::{Fault, InstanceOrder, Outcome};
use pilothouse_core::id::InstanceId;
use pilothouse_core::pipeline::{Run, Stop, script_argv};
use pilothouse_core::spec::Runtime;
use pilothouse_supervisor::{
    Binary, Handle, Kind, Liveness, Outcome as UnitOutcome, Spec, StartError, Status,
    Stop as UnitStop, find, spawn, stop, write_regular,
};

use self::ports::Ports;
use super::docker::{self, Docker, OWNER_GRACE};
use super::edge::Edge;
use super::host::{base_env, engine_env, millis, supervisor};
use super::unit::{MOMENT, clean_up, held, leave_no_supervisor, look, over_within};
use super::{Surroundings, blocking};
use crate::clock::Clock;
use crate::executor::{Attention, Ended};
use crate::places::Places;
pub(super) use crate::places::unit_of;
use crate::remove;

/// The first and the longest wait before an instance is started again, and how long it must
/// run for the waits to begin anew.
const BACKOFF_MS: (u64, u64, u64) = (200, 30_000, 60_000);
/// The most log of one instance that is kept, in bytes.
const LOG: u64 = 64 << 20;
/// How much longer than its grace stopping an instance may take before that is done in its
/// supervisor's stead, which kills what does not go for 10 s and then gives up.
const STOP_SLACK: Duration = Duration::from_secs(12);
/// How long a process and a container have until they run.
const PROCESS: Duration = Duration::from_secs(2);
/// See [`PROCESS`]. The engine of containers may be busy, or be gone for a moment.
const CONTAINER: Duration = Duration::from_secs(60);
const TERM: i32 = 15;

/// Runs instances as processes of this machine.
pub struct Local {
    places: Places,
    clock: Clock,
    supervisor: Binary,
    ports: Arc<Ports>,
    edge: Arc<Edge>,
    docker: Arc<Docker>,
}

impl Local {
    pub(super) fn new(surroundings: &Surroundings, edge: Arc<Edge>, docker: Arc<Docker>) -> Self {
        Self {
            places: surroundings.places.clone(),
            clock: surroundings.clock,
            supervisor: supervisor(surroundings),
            ports: Arc::new(Ports::new(
                surroundings.engine_id.clone(),
                surroundings.ports.clone(),
                surroundings.places.instances(),
            )),
            edge,
            docker,
        }
    }

    pub(super) async fn start(&self, order: InstanceOrder, attention: &Attention) -> Ended {
        let home = self.places.instance(&order.id);
        let unit = unit_of(&home);
        for _ in 0..100 {
            match look(&unit)? {
                Liveness::Alive(handle, _) => return self.up(&order.id, &home, &handle).await,
                Liveness::Starting => tokio::time::sleep(MOMENT).await,
                Liveness::NeverStarted => {
                    return self.launch(order, home, unit, attention).await;
                }
                Liveness::Interrupted => {
                    blocking("clearing up", move || clean_up(&unit)).await?;
                    return Err(Fault::permanent("its supervisor died while it started"));
                }
                Liveness::Exited(_) | Liveness::OtherBoot => {
                    return Err(Fault::permanent("it ended while it started"));
                }
            }
        }
        Err(Fault::transient("its supervisor says nothing"))
    }

    async fn launch(
        &self,
        order: InstanceOrder,
        home: PathBuf,
        unit: PathBuf,
        attention: &Attention,
    ) -> Ended {
        let secrets = secret::of(&order, attention).await?;
        let (ports, name) = (Arc::clone(&self.ports), order.id.to_string());
        let chosen = blocking("choosing a port", move || {
            ports.choose(&name).ok_or_else(|| {
                Fault::permanent("no port of the range for instances is free on 127.0.0.1")
            })
        })
        .await?;
        let address = chosen.address;
        let binary = self.supervisor.clone();
        let script = match &order.service.run {
            Run::Script(script) => Some(script.clone()),
            Run::Argv(_) | Run::Image => None,
        };
        let (place, id) = (home.clone(), order.id.clone());
        let made = unit.clone();
        blocking("preparing the instance", move || {
            prepare(&place, &made, address, script.as_deref())
        })
        .await?;
        let spec = self.spec(&order, address, &home)?;
        let started = blocking("starting the instance", move || {
            match spawn(&binary, &unit, &spec, &secrets) {
                Ok(handle) => Ok(handle),
                Err(StartError::LaunchFailed(why)) => Err(Fault::permanent(why.message)),
                Err(error) => Err(Fault::transient(error.to_string())),
            }
        })
        .await;
        // Its directory says it now, as long as its supervisor lives.
        drop(chosen);
        self.up(&id, &home, &started?).await
    }

    /// Waits until an instance whose supervisor lives runs, and tells where.
    async fn up(&self, id: &InstanceId, home: &Path, handle: &Handle) -> Ended {
        let is_container = docker::is_container(home);
        let until = tokio::time::Instant::now() + if is_container { CONTAINER } else { PROCESS };
        while tokio::time::Instant::now() < until {
            match look(&handle.dir)? {
                Liveness::Alive(_, status) => {
                    if let Some((address, proof)) = reached(home, &handle.dir, &status)? {
                        return Ok(Outcome::Started { address, proof });
                    }
                    if status.in_a_row >= prove::RESTARTS {
                        return Err(Fault::permanent(self.given_up(id, status.last_exit)?));
                    }
                }
                Liveness::Starting => {}
                Liveness::Exited(_)
                | Liveness::Interrupted
                | Liveness::OtherBoot
                | Liveness::NeverStarted => {
                    return Err(Fault::permanent(self.with_log(id, "it ended while it started")));
                }
            }
            tokio::time::sleep(MOMENT).await;
        }
        Err(Fault::permanent(self.with_log(id, "it was not up in time")))
    }

    fn spec(&self, order: &InstanceOrder, address: SocketAddr, home: &Path) -> Result<Spec, Fault> {
        let mut stop = unit_stop(&order.service.stop);
        let mut env = base_env();
        let mut dir = self.places.release(&order.environment, order.release);
        let argv = match (&order.runtime, &order.service.run) {
            (Runtime::Docker(settings), _) => {
                env.extend(engine_env());
                home.clone_into(&mut dir);
                let signal = stop.signal;
                // The owner is asked to end, and passes the signal that the service knows on.
                stop = UnitStop {
                    signal: TERM,
                    grace_ms: stop.grace_ms.saturating_add(millis(OWNER_GRACE)),
                };
                self.docker.instance(order, settings, Some(address), home, signal)?
            }
            (Runtime::AwsWatch(_), _) => {
                return Err(Fault::permanent("what is only watched at AWS is not started here"));
            }
            (Runtime::Local, run) => {
                env.extend(variables(order, address.port()));
                match run {
                    Run::Argv(argv) => argv.clone(),
                    Run::Script(text) => {
                        script_argv(text, &home.join("script").display().to_string())
                    }
                    Run::Image => {
                        return Err(Fault::permanent("a process of the host has no image to run"));
                    }
                }
            }
        };
        Ok(Spec {
            id: order.id.to_string(),
            kind: Kind::Instance {
                backoff_min_ms: BACKOFF_MS.0,
                backoff_max_ms: BACKOFF_MS.1,
                stable_after_ms: BACKOFF_MS.2,
                max_log_bytes: LOG,
            },
            argv,
            dir,
            env,
            stop,
            umask: 0o022,
            max_open_files: None,
            is_owner: matches!(order.runtime, Runtime::Docker(_)),
        })
    }

    pub(super) async fn stop(&self, id: &InstanceId, how: &Stop) -> Ended {
        let home = self.places.instance(id);
        let unit = unit_of(&home);
        let ended = self.end(&home, &unit, how).await;
        // A program may have taken away what its supervisor is found by; then its arguments tell.
        leave_no_supervisor(&unit).await?;
        match (ended, find(&unit)) {
            // Where its files cannot be read at all, nothing of it runs by now.
            (Ok(()), _) | (Err(_), Err(_)) => {}
            (Err(fault), Ok(_)) => return Err(fault),
        }
        self.leave_no_container(id, &home).await?;
        Ok(Outcome::Done)
    }

    async fn end(&self, home: &Path, unit: &Path, how: &Stop) -> Result<(), Fault> {
        let handle = match look(unit)? {
            Liveness::Alive(handle, _) => Some(handle),
            // It may be for long, where its program put something in the place of its status.
            Liveness::Starting => held(unit)?,
            Liveness::Interrupted => {
                let unit = unit.to_owned();
                return blocking("clearing up", move || clean_up(&unit)).await;
            }
            Liveness::Exited(_) | Liveness::OtherBoot | Liveness::NeverStarted => None,
        };
        let Some(handle) = handle else { return Ok(()) };
        let own = how.grace.duration();
        let grace = if docker::is_container(home) { own + OWNER_GRACE } else { own };
        stop(&handle, Some(grace)).map_err(|error| Fault::transient(error.to_string()))?;
        over_within(&handle, grace + STOP_SLACK, UnitOutcome::Stopped).await
    }

    /// Whoever owned the instance's container may have died before it: then it goes now.
    async fn leave_no_container(&self, id: &InstanceId, home: &Path) -> Result<(), Fault> {
        if docker::is_container(home) {
            self.docker.remove_instance(id, &unit_of(home)).await?;
        }
        Ok(())
    }
}

/// The variables that an instance gets; it listens on `port`.
pub(super) fn variables(order: &InstanceOrder, port: u16) -> BTreeMap<String, String> {
    let mut env = order.service.env.clone();
    env.extend(order.env.clone());
    env.extend(
        [
            ("PORT", port.to_string()),
            ("PILOTHOUSE_RELEASE", order.release.to_string()),
            ("PILOTHOUSE_ENVIRONMENT", order.environment.name.to_string()),
            ("PILOTHOUSE_INSTANCE", order.id.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    env
}

/// Names one start of an instance's process: no other process ever has the same.
fn proof(status: &Status) -> String {
    match status.main {
        Some(main) => format!("{}/{}/{}", status.boot_id, main.pid, main.start_time),
        None => format!("{}/{}/none", status.boot_id, status.restarts),
    }
}

/// Where the newest start of an instance is reached, and what names it. What is reached nowhere has
/// ended already, and is started again.
fn reached(
    home: &Path,
    unit: &Path,
    status: &Status,
) -> Result<Option<(SocketAddr, String)>, Fault> {
    let Some(main) = status.main else { return Ok(None) };
    if !docker::is_container(home) {
        return Ok(Some((address::read(home)?, proof(status))));
    }
    let record = docker::record_of(unit, Some(main.pid))?;
    let Some((record, address)) = record.and_then(|one| one.address.map(|at| (one, at))) else {
        return Ok(None);
    };
    address::write(home, address)?;
    Ok(Some((address, docker::proof(&record))))
}

fn prepare(
    home: &Path,
    unit: &Path,
    address: SocketAddr,
    script: Option<&str>,
) -> Result<(), Fault> {
    let failed = |error: std::io::Error| {
        Fault::transient(format!("cannot prepare {}: {error}", home.display()))
    };
    std::fs::create_dir_all(home).map_err(failed)?;
    remove::tree(unit).map_err(failed)?;
    if let Some(script) = script {
        write_regular(&home.join("script"), script.as_bytes()).map_err(failed)?;
    }
    address::write(home, address)
}

fn unit_stop(stop: &Stop) -> UnitStop {
    UnitStop { signal: signal_number(&stop.signal), grace_ms: stop.grace.0 }
}

/// The number of a stop signal; settings accept no other names.
fn signal_number(name: &str) -> i32 {
    match name {
        "HUP" => 1,
        "INT" => 2,
        "QUIT" => 3,
        "KILL" => 9,
        "USR1" => 10,
        "USR2" => 12,
        _ => 15,
    }
}

/// The supervisor of an instance, while it lives.
fn alive(unit: &Path) -> Result<Option<(Handle, Box<Status>)>, Fault> {
    match look(unit)? {
        Liveness::Alive(handle, status) => Ok(Some((handle, status))),
        Liveness::Starting
        | Liveness::Exited(_)
        | Liveness::Interrupted
        | Liveness::OtherBoot
        | Liveness::NeverStarted => Ok(None),
    }
}
