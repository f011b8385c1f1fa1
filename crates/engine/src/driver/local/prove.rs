//! Proves that an instance is itself and healthy.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pilothouse_core::effect::{Fault, FaultKind, Outcome};
use pilothouse_core::id::InstanceId;
use pilothouse_core::routing::TargetStatus;
use pilothouse_core::text::printable;
use pilothouse_core::time::{Millis, Timestamp};
use pilothouse_docker::Record;
use pilothouse_supervisor::{MainExit, SocketOwner, socket_owner};

use super::super::docker;
use super::super::unit::{Last, last};
use super::super::{blocking, cancelled};
use super::{Local, alive, proof, unit_of};
use crate::executor::{Attention, Ended};

/// Restarts in a row after which an instance that does not prove healthy is given up.
pub(super) const RESTARTS: u32 = 3;
/// How long a start counts as one that was only just made.
const FRESH: Duration = Duration::from_secs(3);
/// How long to wait for the edge's next word before the socket is looked at again.
const PATIENCE: Duration = Duration::from_millis(100);

/// What is missing for a proof.
enum Missing {
    /// It may come yet; a sentence says what it is.
    Yet(String),
    /// It never will.
    Ever(String),
}

/// Who answers at an instance's address.
enum Owner {
    /// Whose socket it is.
    Process(SocketOwner),
    /// The container that the instance's owner made.
    Container(Option<Record>),
}

/// The newest start of an instance, as its supervisor tells of it.
struct Newest {
    /// None where the supervisor is gone.
    owner: Option<Owner>,
    /// What names this start, once it is known.
    proof: Option<String>,
    in_a_row: u32,
    /// How long it has run, if it runs.
    ran_for: Option<Duration>,
    exit: Option<MainExit>,
}

impl Newest {
    fn of(home: &Path, address: SocketAddr) -> Result<Self, Fault> {
        let unit = unit_of(home);
        let Some((handle, status)) = alive(&unit)? else {
            return Ok(Self { owner: None, proof: None, in_a_row: 0, ran_for: None, exit: None });
        };
        let (in_a_row, exit) = (status.in_a_row, status.last_exit);
        let ran_for = status.main.and(status.main_started_ms).map(|began| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            now.saturating_sub(Duration::from_millis(began))
        });
        let (owner, proof) = if docker::is_container(home) {
            let record = match status.main {
                // One that is reached nowhere is over.
                Some(main) => {
                    docker::record_of(&unit, Some(main.pid))?.filter(|one| one.address.is_some())
                }
                None => None,
            };
            let proof = record.as_ref().map(docker::proof);
            (Owner::Container(record), proof)
        } else {
            let owner = socket_owner(&handle, address)
                .map_err(|error| Fault::transient(format!("cannot look at sockets: {error}")))?;
            (Owner::Process(owner), Some(proof(&status)))
        };
        Ok(Self { owner: Some(owner), proof, in_a_row, ran_for, exit })
    }
}

impl Local {
    /// Waits until the target passes its checks and its socket belongs to the instance's own
    /// processes.
    pub(in super::super) async fn prove(
        &self,
        id: &InstanceId,
        address: SocketAddr,
        min_healthy_time: Millis,
        deadline: Timestamp,
        attention: &Attention,
    ) -> Ended {
        let mut statuses = self.edge.statuses();
        let mut healthy_since: Option<Timestamp> = None;
        loop {
            let target = statuses.borrow_and_update().as_ref().and_then(|status| {
                status.newest().find(|target| target.id == id.as_str()).cloned()
            });
            let now = self.clock.now();
            let missing = match self.missing(id, address, target).await? {
                None => {
                    let since = *healthy_since.get_or_insert(now);
                    if now.since(since) >= min_healthy_time {
                        return Ok(Outcome::Done);
                    }
                    format!("healthy for less than {min_healthy_time}")
                }
                Some(Missing::Yet(why)) => {
                    healthy_since = None;
                    why
                }
                Some(Missing::Ever(why)) => return Err(Fault::permanent(why)),
            };
            if now >= deadline {
                return Err(Fault::permanent(self.late(id, &missing)));
            }
            tokio::select! {
                () = attention.cancelled.cancelled() => return cancelled(),
                // An edge driver that is gone has no more to say; the deadline decides then.
                _ = statuses.changed() => {}
                () = tokio::time::sleep(PATIENCE) => {}
            }
        }
    }

    /// What is missing for a proof now: the process first, then the socket, then the check.
    async fn missing(
        &self,
        id: &InstanceId,
        address: SocketAddr,
        target: Option<TargetStatus>,
    ) -> Result<Option<Missing>, Fault> {
        let home = self.places.instance(id);
        let look = move || Newest::of(&home, address);
        let Newest { owner, proof, in_a_row, ran_for, exit } =
            blocking("looking at the instance", look).await?;
        // One that listens or goes on by now may be well, however often it was started before.
        let listens = matches!(owner, Some(Owner::Process(SocketOwner::Unit)));
        let is_fresh = !listens && ran_for.is_none_or(|ran| ran < FRESH);
        if in_a_row >= RESTARTS && is_fresh {
            return Ok(Some(Missing::Ever(self.given_up(id, exit)?)));
        }
        // It may have been started anew elsewhere since this was asked for.
        let address = match &owner {
            Some(Owner::Container(Some(record))) => record.address.unwrap_or(address),
            Some(Owner::Container(None) | Owner::Process(_)) | None => address,
        };
        // What the edge says of an earlier start says nothing of this one.
        let is_other = target.as_ref().is_some_and(|target| {
            target.address != address || target.proof.is_some() && target.proof != proof
        });
        let is_passing = target.as_ref().is_some_and(|target| target.passing) && !is_other;
        let stranger = match owner {
            None => Some("its supervisor is gone".to_owned()),
            Some(Owner::Process(SocketOwner::Nobody)) => {
                Some(format!("nothing listens on {address}"))
            }
            Some(Owner::Process(SocketOwner::Stranger)) => {
                Some(format!("another program listens on {address}"))
            }
            Some(Owner::Process(SocketOwner::Unit)) => None,
            Some(Owner::Container(None)) => Some("its container is only starting".to_owned()),
            // Asked last: it takes longer than all else, and the check decides most of the time.
            Some(Owner::Container(Some(_))) if !is_passing => None,
            Some(Owner::Container(Some(record))) => {
                match self.docker.stranger(id, &record, address).await {
                    Ok(stranger) => stranger,
                    // The engine of containers may be back before the deadline.
                    Err(fault) if fault.kind == FaultKind::Transient => Some(fault.why),
                    Err(fault) => return Err(fault),
                }
            }
        };
        let missing = stranger.or_else(|| match target {
            Some(_) if is_passing => None,
            Some(_) if is_other => Some("the edge does not check this start of it yet".to_owned()),
            Some(target) => Some(format!("its check says: {}", target.detail)),
            None => Some("the edge does not check it yet".to_owned()),
        });
        Ok(missing.map(Missing::Yet))
    }

    fn late(&self, id: &InstanceId, missing: &str) -> String {
        let why = format!("not healthy by its start deadline: {missing}");
        // What it says itself is that it listens, which is not what is wrong.
        match self.docker.heard_within(id) {
            Some(within) => format!("{why}; {within}"),
            None => self.with_log(id, &why),
        }
    }

    /// What is said of an instance that ended again and again. Where there was no container to end,
    /// its owner knows why, and how the owner ended says nothing.
    pub(super) fn given_up(
        &self,
        id: &InstanceId,
        exit: Option<MainExit>,
    ) -> Result<String, Fault> {
        Ok(match self.noted(id)? {
            Some(Noted::CannotRun(why)) => why,
            Some(Noted::Cause(cause)) => format!("it ended again and again: {cause}"),
            None => self.with_log(id, &how_ended(exit)),
        })
    }

    /// What is said of an instance that ended and is to be started again.
    pub(super) fn why_ended(
        &self,
        id: &InstanceId,
        exit: Option<MainExit>,
    ) -> Result<String, Fault> {
        let how =
            || exit.map_or_else(|| "it ended".to_owned(), |exit| format!("it {}", said(exit)));
        Ok(match self.noted(id)? {
            Some(Noted::CannotRun(why) | Noted::Cause(why)) => why,
            None => self.with_log(id, &how()),
        })
    }

    /// What its owner noted of why there is no container, or why it ended.
    fn noted(&self, id: &InstanceId) -> Result<Option<Noted>, Fault> {
        let Some(record) = docker::record_of(&unit_of(&self.places.instance(id)), None)? else {
            return Ok(None);
        };
        let none = |why: String| {
            Noted::CannotRun(format!("its container does not run: {}", printable(&why, 400)))
        };
        let cause = |why: String| Noted::Cause(printable(&why, 400));
        Ok(record.why_not.map(none).or(record.cause.map(cause)))
    }

    pub(super) fn with_log(&self, id: &InstanceId, why: &str) -> String {
        match last(&unit_of(&self.places.instance(id))) {
            Some(Last::Printed(line)) => format!("{why}; its last line: {line}"),
            Some(Last::Owner(sentence)) => format!("{why}; {sentence}"),
            None => format!("{why}; it printed nothing"),
        }
    }
}

/// What a container's owner noted.
enum Noted {
    /// Why there is none, a sentence.
    CannotRun(String),
    /// Why it ended, where more is known than a status.
    Cause(String),
}

fn how_ended(exit: Option<MainExit>) -> String {
    // How it ended before that is not known here.
    exit.map_or_else(
        || "it ended again and again".to_owned(),
        |exit| format!("it ended again and again: the last time it {}", said(exit)),
    )
}

fn said(exit: MainExit) -> String {
    match exit {
        MainExit::Code(code) => format!("ended with status {code}"),
        MainExit::Signal(signal) => format!("was ended by signal {signal}"),
        MainExit::NotStarted => "could not be started".to_owned(),
    }
}
