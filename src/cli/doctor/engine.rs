//! Whether the engine and the load balancer answer.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use color_eyre::Result;
use pilothouse_api::client::ClientError;
use pilothouse_api::types::Snapshot;
use pilothouse_cockpit::age;
use pilothouse_cockpit::rows::{look, words};
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::instance::{Instance, Role};
use pilothouse_core::routing::{EdgeStatus, TargetState};
use pilothouse_core::state::{Environment, State};
use pilothouse_core::text::printable;
use pilothouse_core::time::{Millis, Timestamp};
use pilothouse_engine::left::{self, LivingEdge};
use pilothouse_engine::places::Places;

use super::{Check, Level, system};
use crate::cli::status::serves;
use crate::clock::wall;
use crate::find::Place;
use crate::{ask, out};

/// How long the load balancer may take for an answer.
const EDGE: Duration = Duration::from_secs(2);
/// How far the engine's clock may be from the wall's without a word.
const APART: Millis = Millis::seconds(60);
/// The largest answer of the load balancer that is taken, in bytes.
const ANSWER: u64 = 16 << 20;

/// What the load balancer says of itself.
#[derive(Debug)]
pub enum Balancer {
    /// This.
    Told(Box<EdgeStatus>),
    /// It tells the engine's user alone, which this is not.
    Hidden,
    /// Nothing, and it lives.
    Deaf(LivingEdge),
    /// Nothing, and processes run on whose state directory is another by now: it may be one.
    Displaced,
    /// Nothing: it is not there.
    Away,
}

impl Balancer {
    fn of(place: &Place, answer: &std::io::Result<EdgeStatus>, found: &[Check]) -> Self {
        match answer {
            Ok(status) => return Self::Told(Box::new(status.clone())),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Self::Hidden,
            Err(_) => {}
        }
        let is_own = system::is_own_state(place);
        let living = is_own.then(|| left::edge(&Places::new(place.state_dir())));
        match living.and_then(Result::ok).flatten() {
            Some(living) => Self::Deaf(living),
            None if found.iter().any(Check::is_displaced) => Self::Displaced,
            None => Self::Away,
        }
    }
}

/// What ends a load balancer that lives and does not answer.
pub fn end_deaf(living: &LivingEdge) -> String {
    let ends = match living.process {
        Some(pid) => format!("`kill -KILL {pid}` ends it"),
        None => format!("`lsof {}` names it, to be ended by `kill`", out::path(&living.lock)),
    };
    format!(
        "{ends}; an engine that runs starts another at once, and requests are refused until then"
    )
}

/// That the engine does not answer, and what mends it.
fn unreachable(error: &color_eyre::Report, others: &[Check]) -> Check {
    let is_of_state = |one: &&Check| matches!(one.what, "state" | "records");
    let is_refused = others.iter().filter(is_of_state).any(|one| one.level == Level::Fail);
    let is_displaced = others.iter().any(Check::is_displaced);
    let mend = match error.downcast_ref::<ClientError>() {
        Some(ClientError::Version { .. }) => "update the older of the two",
        Some(ClientError::NotPermitted { .. }) => "ask the engine's owner for the group",
        Some(ClientError::Timeout { .. }) => {
            "see the end of its log; if it hangs, end its process and run `pilothouse`: traffic goes \
             on"
        }
        // None is started where the directory is not safe to work in, or its journal not whole.
        _ if is_refused => "mend the state directory first",
        _ if is_displaced => "see to the processes that run on first",
        _ => "pilothouse",
    };
    Check::fail("engine", error.to_string(), mend)
}

/// Looks at them, and gives what the load balancer says.
pub async fn checks(place: &Place, checks: &mut Vec<Check>) -> Result<Balancer> {
    let (client, snapshot) = match ask::look(place).await {
        Ok(answer) => answer,
        Err(error) => {
            checks.push(unreachable(&error, checks));
            // The load balancer outlives the engine, and the ports that it has are no stranger's.
            let socket = place.operator_socket().with_file_name("edge.sock");
            return Ok(Balancer::of(place, &status(&socket), checks));
        }
    };
    let own = env!("CARGO_PKG_VERSION");
    let found = format!("release {} answers at {}", snapshot.engine, client.socket().display());
    checks.push(if snapshot.engine == own {
        Check::ok("engine", found)
    } else {
        let mend = format!("this program is release {own}: start the engine anew");
        Check::warn("engine", found, mend)
    });
    checks.extend(clock(snapshot.now, wall()));
    checks.push(journal(&snapshot));
    let socket = client.socket().with_file_name("edge.sock");
    let status = status(&socket);
    let balancer = Balancer::of(place, &status, checks);
    if snapshot.state.projects.is_empty() {
        checks.extend(unknown(&status));
        return Ok(balancer);
    }
    let refused = words::refused_table(&snapshot.state.edge);
    checks.push(match (&status, snapshot.state.edge.connected) {
        (_, true) if refused.is_some() => {
            let found = refused.unwrap_or_default();
            Check::fail("edge", found, "mend what it names; the engine asks it again")
        }
        (Ok(status), true) => {
            let found = format!("the load balancer answers, table version {}", status.version);
            Check::ok("edge", found)
        }
        (Ok(_), false) => {
            let why = snapshot.state.edge.error.clone().unwrap_or_default();
            let found = format!("it answers here, and not the engine: {why}");
            Check::fail("edge", found, "`pilothouse down` and start again; traffic goes on")
        }
        (Err(_), _) if let Balancer::Deaf(living) = &balancer => {
            let found = "the load balancer lives and does not answer: nothing may be served";
            Check::fail("edge", found, end_deaf(living))
        }
        // A watcher may not open its socket; the engine's word is as good.
        (Err(_), true) => Check::ok("edge", "the load balancer answers the engine"),
        (Err(error), false) => {
            let found = format!("the load balancer does not answer: {error}");
            Check::fail("edge", found, "the engine starts it again; its log says what is wrong")
        }
    });
    checks.extend(unserved(&snapshot.state));
    for one in &snapshot.state.edge.left_out {
        let found = format!("{}: {}", one.environment, printable(&one.why, 400));
        checks.push(Check::fail("routes", found, "mend its file and `pilothouse apply`"));
    }
    // What this program finds at its own DOCKER_HOST may be another than the engine's.
    let away = snapshot.state.containers.away.as_ref();
    if let Some(away) = away {
        let why = printable(&away.why, 800);
        checks.push(if away.elsewhere {
            Check::fail("docker", why, "do one of the two")
        } else {
            let found = format!("the Docker engine with the containers does not answer: {why}");
            Check::fail("docker", found, "start it; containers are judged once it is back")
        });
    }
    repositories(place, &snapshot.state, snapshot.now, checks);
    Ok(balancer)
}

/// That a load balancer serves what an engine of before gave it, where this one knows of nothing that
/// is to be served, as after records were lost.
fn unknown(status: &std::io::Result<EdgeStatus>) -> Option<Check> {
    let status = status.as_ref().ok()?;
    let bound = status.listeners.iter().find_map(|one| one.bound)?;
    let found = format!(
        "the load balancer serves on at {bound} by the table that it had, and the engine knows of no project"
    );
    let mend = "`pilothouse apply` makes the operator's files active; what serves now gets no requests from \
                then on";
    Some(Check::warn("edge", found, mend))
}

/// The environments of which no instance is well.
fn unserved(state: &State) -> Vec<Check> {
    let serving = state.environments.iter().filter(|(_, one)| one.wanted() > 0 && !one.removing);
    let none = |(key, one): (&EnvironmentKey, &Environment)| {
        let release = serves(state, key, one).filter(|_| state.edge.connected)?;
        let is_well =
            |one: &Instance| one.role == Role::Active && one.own_health() == TargetState::Healthy;
        let found = format!("{key} has {release}, and no instance of it is healthy");
        let mend = format!("`pilothouse instances {key}` says why");
        (!state.instances_of(key).any(is_well)).then(|| Check::fail("serving", found, mend))
    };
    serving.filter_map(none).collect()
}

/// Whether each project has its file, and its repository can be looked at.
fn repositories(place: &Place, state: &State, now: Timestamp, checks: &mut Vec<Check>) {
    for (name, project) in state.projects.iter().filter(|(_, one)| !one.removing) {
        // A watcher may not be able to look into the operator's directory, and that of an engine
        // that somebody named is not known.
        let file = place.project_file(name.as_str());
        let is_its_own = place.socket.is_none() && !place.is_anothers() || place.config.is_some();
        let is_gone = is_its_own && file.try_exists().is_ok_and(|exists| !exists);
        if is_gone {
            let found = format!("{name} has no file any more");
            checks.push(Check::warn("project", found, format!("pilothouse remove {name}")));
        }
        checks.push(match (&project.poll.error, look::first(name.as_str(), project, now)) {
            (None, Some(found)) => {
                let mend = format!("wait for it; `pilothouse look {name}` begins anew");
                Check::warn("repository", found, mend)
            }
            (None, None) => Check::ok("repository", format!("{name} can be looked at")),
            (Some(error), _) => {
                let found = format!("{name} cannot be looked at: {error}");
                let mend = if is_gone {
                    format!("mend the repository, or `pilothouse remove {name}`")
                } else {
                    format!("see `repository` in {name}.toml")
                };
                Check::fail("repository", found, mend)
            }
        });
    }
}

/// Whether the engine's clock has come apart from the wall's, which was set or ran while this machine
/// slept.
fn clock(engine: Timestamp, wall: Timestamp) -> Option<Check> {
    let (behind, ahead) = (wall.since(engine), engine.since(wall));
    let (apart, how, mend) = if behind > ahead {
        (behind, "behind", "`pilothouse down` and start again; instances serve on")
    } else {
        // It never goes back behind what was recorded.
        let mend =
            "it passes once this machine's has come as far; until then nothing is lost by it";
        (ahead, "ahead of", mend)
    };
    let found = format!(
        "the engine's clock is {} {how} this machine's: ages of what happened here are right; times \
         of day, and ages of commits and of what others started, are off by that",
        age::length(apart)
    );
    (apart > APART).then(|| Check::warn("clock", found, mend))
}

/// Whether the journal can be written, and for how long there is room.
fn journal(snapshot: &Snapshot) -> Check {
    if let Some(degraded) = &snapshot.degraded {
        let mend = "remove files or mend the disk; the engine then goes on by itself";
        return Check::fail(
            "journal",
            format!("the engine accepts nothing: {}", degraded.why),
            mend,
        );
    }
    match snapshot.room.and_then(words::little_room) {
        None => Check::ok("journal", "it is written"),
        Some(found) => Check::warn("journal", found, "see to the disk"),
    }
}

/// Asks the load balancer's control socket.
fn status(socket: &Path) -> std::io::Result<EdgeStatus> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(EDGE))?;
    stream.set_write_timeout(Some(EDGE))?;
    stream.write_all(b"GET /v1/status HTTP/1.1\r\nhost: edge\r\nconnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(ANSWER).read_to_end(&mut answer)?;
    let head = answer.windows(4).position(|end| end == b"\r\n\r\n").map(|at| at + 4);
    let body = answer.get(head.unwrap_or(answer.len())..).unwrap_or_default();
    serde_json::from_slice(body).map_err(std::io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_has_come_apart_from_the_walls_is_told() {
        let wall = Timestamp(1_795_370_651_000);
        let found = |engine: u64| clock(Timestamp(engine), wall).map(|check| check.found);
        assert_eq!([wall.0, wall.0 + 60_000, wall.0 - 60_000].map(found), [None, None, None]);
        let behind = found(wall.0 - 8 * 3_600_000).unwrap();
        assert!(
            behind.starts_with("the engine's clock is 8h00 behind this machine's:"),
            "{behind}"
        );
        let ahead = found(wall.0 + 61_000).unwrap();
        assert!(
            ahead.starts_with("the engine's clock is 1:01 ahead of this machine's:"),
            "{ahead}"
        );
    }
}
