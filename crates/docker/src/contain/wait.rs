//! From a running container to its end.

use std::cell::Cell;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::errors::Error as Raw;
use bollard::query_parameters::{AttachContainerOptionsBuilder, WaitContainerOptions};
use futures_util::{Stream, StreamExt as _};

use super::owned::Owned;
use super::{Asked, Hide, patiently};
use crate::container::{Container, Health};
use crate::engine::Docker;
use crate::error::{Error, Kind, from};
use crate::line::{Line, Told};
use crate::output::{pass, say};
use crate::record;
use crate::spec::ContainerSpec;

/// Time until what the image's own check says is listened to again, where that broke off.
const CHECKS: Duration = Duration::from_millis(500);
/// How long the last words of a container that has ended may take to arrive.
const LAST: Duration = Duration::from_secs(2);
/// How long an engine that lets nobody in may take until it is gone.
const GOING: Duration = Duration::from_secs(60);
const KILL: i32 = 9;

/// What a container says, as it says it.
pub(super) struct Output(Pin<Box<dyn Stream<Item = Result<LogOutput, Raw>> + Send>>);

impl Output {
    /// Listens to a container from now on.
    pub(super) async fn of(docker: &Docker, id: &str) -> Result<Self, Error> {
        let options = AttachContainerOptionsBuilder::default()
            .stdout(true)
            .stderr(true)
            .stream(true)
            .logs(false)
            .build();
        let attached = docker.client.attach_container(id, Some(options)).await;
        Ok(Self(attached.map_err(|raw| from("listen to the container", &raw))?.output))
    }

    /// Passes the next piece on; false once there is no more.
    async fn pass(&mut self) -> Result<bool, Error> {
        match self.0.next().await {
            Some(Ok(piece)) => {
                let passed = pass(&piece);
                passed
                    .map_err(|error| Error::new(Kind::Broken, format!("cannot write: {error}")))?;
                Ok(true)
            }
            Some(Err(_)) | None => Ok(false),
        }
    }
}

/// What became of a container that ran.
pub(super) enum Over {
    /// It ended, by itself or because it was asked to.
    Ended(Box<Container>),
    /// Its engine went away; it may have gone with it.
    WithEngine,
    /// Somebody else started it again, as by `docker restart`.
    StartedAgain,
    /// It runs, and is not where it was reached any more.
    Displaced,
}

impl Owned<'_> {
    /// Waits for the container's end, and tells how it ended.
    pub(super) async fn ended(&mut self, asked: &mut Asked, hide: Hide<'_>) -> Result<Over, Error> {
        let mut is_asked = false;
        let mut is_talking = true;
        let mut kill_at = None;
        loop {
            let (docker, id) = (self.docker.clone(), self.id.clone());
            let what = (&*id, self.pid, self.address);
            let mut end = Box::pin(until_over(&docker, what, &mut self.line));
            // Not begun anew with each word that the container says.
            let mut check = Box::pin(checked(&docker, &id, (self.is_found, self.is_ill)));
            let over = loop {
                tokio::select! {
                    over = &mut end => break over,
                    more = self.output.pass(), if is_talking => is_talking = more?,
                    () = asked.come(), if !is_asked => {
                        is_asked = true;
                        self.docker.signal(&self.id, self.spec.stop_signal).await?;
                        let grace = Duration::from_millis(self.spec.grace_ms);
                        kill_at = Some(tokio::time::Instant::now() + grace);
                    }
                    () = until(kill_at), if kill_at.is_some() => {
                        kill_at = None;
                        self.docker.signal(&self.id, KILL).await?;
                    }
                    said = &mut check, if self.spec.by_image && !is_asked => {
                        if note(self.spec, &said, hide) {
                            self.is_ill = !self.is_ill;
                            check.set(checked(&docker, &id, (true, self.is_ill)));
                        } else {
                            self.docker.signal(&self.id, KILL).await?;
                            is_asked = true;
                        }
                    }
                }
            };
            drop((end, check));
            match over {
                Ok(Over::Ended(found)) => {
                    let last = async {
                        while is_talking && self.output.pass().await? {}
                        Ok(())
                    };
                    // Somebody else may hold its output open; its end is its end all the same.
                    if let Ok(Err(error)) = tokio::time::timeout(LAST, last).await {
                        return Err(error);
                    }
                    return Ok(Over::Ended(found));
                }
                Ok(Over::StartedAgain) => return Ok(Over::StartedAgain),
                Ok(Over::Displaced) => return Ok(Over::Displaced),
                Ok(Over::WithEngine) => {
                    let (found, is_taken) = self.outlast(self.runs()).await?;
                    if found.is_running {
                        self.output = patiently(|| Output::of(&self.docker, &self.id)).await?;
                        self.line = patiently(|| self.docker.line()).await?;
                        is_talking = true;
                        // What its check said before is not known any more.
                        self.is_found = true;
                    } else if !is_taken || is_asked {
                        return Ok(Over::Ended(Box::new(found)));
                    } else {
                        super::gone(self.spec);
                        patiently(|| self.docker.remove(&self.id)).await?;
                        return Ok(Over::WithEngine);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl Owned<'_> {
    /// Waits until the engine is back; what is left of the container then, and whether the engine
    /// may have ended it.
    ///
    /// An engine that is told to go ends its containers, so that only what ran when it `was_left`
    /// may have ended by itself since. One that starts ends what still runs, before it answers: a
    /// container that ran until then did not end by itself, and its status says nothing.
    async fn outlast(&self, was_left: bool) -> Result<(Container, bool), Error> {
        let ran = [Cell::new(true), Cell::new(true)];
        let found = patiently(|| {
            ran[0].set(ran[1].get());
            ran[1].set(self.runs());
            async { self.docker.container(&self.id).await?.ok_or_else(|| vanished(&self.id)) }
        })
        .await?;
        say("the Docker engine is back; what was printed meanwhile may be missing here");
        let is_taken = !found.is_running && (!was_left || ran.iter().any(Cell::get));
        Ok((found, is_taken))
    }

    /// Whether the container's first process is there, whoever answers for it.
    fn runs(&self) -> bool {
        self.pid != 0 && Path::new("/proc").join(self.pid.to_string()).exists()
    }
}

fn vanished(id: &str) -> Error {
    let short = id.get(..12).unwrap_or(id);
    Error::new(Kind::NotFound, format!("the container {short} was removed by somebody else"))
}

/// Waits until a container, whose first process has this number, does not run any more, or is not
/// reached at its address any more, and tells how it ended.
///
/// An engine that is told to go lets nobody in any more, then ends its containers, and then goes.
/// What ended meanwhile ended with it.
async fn until_over(
    docker: &Docker,
    (id, pid, address): (&str, i32, Option<SocketAddr>),
    line: &mut Line,
) -> Result<Over, Error> {
    let ended = async {
        let mut waiting = docker.client.wait_container(id, None::<WaitContainerOptions>);
        match waiting.next().await {
            Some(Ok(_) | Err(Raw::DockerContainerWaitError { .. })) | None => {}
            Some(Err(raw)) => return Err(from("wait for the container", &raw)),
        }
        docker.container(id).await?.ok_or_else(|| vanished(id))
    };
    tokio::pin!(ended);
    // What happened before anybody listened is seen at once.
    let mut is_open = address.is_some();
    let ended = loop {
        if std::mem::take(&mut is_open) && is_displaced(docker, (id, pid), address).await {
            return Ok(Over::Displaced);
        }
        tokio::select! {
            biased;
            told = line.next(id) => match told {
                Told::Broken => return Ok(Over::WithEngine),
                Told::Left => is_open = address.is_some(),
            },
            ended = &mut ended => break ended,
        }
    };
    match ended {
        Ok(found) if !found.is_running => Ok(Over::Ended(Box::new(found))),
        // An engine that goes starts nothing.
        Ok(found) if found.pid != pid && pid != 0 => Ok(Over::StartedAgain),
        Err(error) if error.kind != Kind::Unreachable => Err(error),
        // It lets nobody in, or broke off, and is not gone before its containers are.
        Ok(_) | Err(_) => {
            let _ = tokio::time::timeout(GOING, line.broken()).await;
            Ok(Over::WithEngine)
        }
    }
}

/// Whether a container runs, and is not at its address any more. One that ends leaves its networks
/// too, and one that nobody can tell of is there until somebody can.
async fn is_displaced(
    docker: &Docker,
    (id, pid): (&str, i32),
    address: Option<SocketAddr>,
) -> bool {
    match (docker.container(id).await, address) {
        (Ok(Some(found)), Some(address)) => {
            found.is_running && found.pid == pid && !found.is_at(address)
        }
        _ => false,
    }
}

async fn until(at: Option<tokio::time::Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// What the image's own check says that it did not say before.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// It failed as often as it may.
    Fails {
        /// What it printed.
        printed: String,
        /// Whether it passed before, so that the container may serve.
        was_well: bool,
    },
    /// It passes again.
    Passes,
}

/// Notes what the image's own check says; false where the container is to end. One that passed
/// before may serve: what becomes of it is the engine's to say.
fn note(spec: &ContainerSpec, said: &Said, hide: Hide<'_>) -> bool {
    match said {
        Said::Fails { printed, was_well } => {
            // Before anything is taken out of it that stands within a secret.
            let told = told(&hide(printed));
            say(&told);
            let noted = if *was_well {
                record::note_ill(&spec.record, &told)
            } else {
                // It is ended for that, and its status tells of the end alone.
                record::note_cause(&spec.record, &told)
            };
            super::noted(spec, noted);
            *was_well
        }
        Said::Passes => {
            say("its HEALTHCHECK passes again");
            super::noted(spec, record::note_well(&spec.record));
            true
        }
    }
}

/// Waits until the image's own check says something new of a container: whether it ever was well
/// is known, and whether it is ill.
async fn checked(docker: &Docker, id: &str, (mut was_well, is_ill): (bool, bool)) -> Said {
    loop {
        // Listened to before it is looked at, so that nothing is said in between.
        let mut line = docker.line_of_health(id).await;
        loop {
            if let Ok(Some(found)) = docker.container(id).await {
                was_well |= found.health == Health::Healthy;
                if let Some(said) = news(found, was_well, is_ill) {
                    return said;
                }
            }
            let is_told = match &mut line {
                Ok(line) => line.told().await,
                Err(_) => false,
            };
            if !is_told {
                break;
            }
        }
        tokio::time::sleep(CHECKS).await;
    }
}

/// What is new of what the image's own check says now. What starts says nothing yet.
fn news(found: Container, was_well: bool, is_ill: bool) -> Option<Said> {
    match found.health {
        Health::Unhealthy if !is_ill => Some(Said::Fails { printed: found.health_said, was_well }),
        Health::Healthy if is_ill => Some(Said::Passes),
        Health::None | Health::Starting | Health::Healthy | Health::Unhealthy => None,
    }
}

/// What a check printed, told as its own words: it may print what we would say.
fn told(printed: &str) -> String {
    match printed.trim() {
        "" => "its HEALTHCHECK failed and printed nothing".to_owned(),
        printed => format!("its HEALTHCHECK says: {printed}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_check_printed_is_told_also_where_that_is_nothing() {
        assert_eq!(told(" no such file\n"), "its HEALTHCHECK says: no such file");
        assert_eq!(told("\n"), "its HEALTHCHECK failed and printed nothing");
    }

    #[test]
    fn only_what_the_check_did_not_say_before_is_news() {
        let new = |health, was_well, is_ill| {
            let health_said = "no database".to_owned();
            let news =
                news(Container { health, health_said, ..Container::default() }, was_well, is_ill);
            news.map(|said| match said {
                Said::Fails { printed, was_well } => format!("{printed} {was_well}"),
                Said::Passes => "passes".to_owned(),
            })
        };
        let fails = |was_well| Some(format!("no database {was_well}"));
        for health in [Health::None, Health::Starting, Health::Healthy] {
            assert_eq!(new(health, true, false), None);
        }
        assert_eq!(new(Health::Unhealthy, false, false), fails(false));
        assert_eq!(new(Health::Unhealthy, true, false), fails(true));
        assert_eq!(new(Health::Unhealthy, true, true), None);
        assert_eq!(new(Health::Starting, true, true), None);
        assert_eq!(new(Health::Healthy, true, true), Some("passes".to_owned()));
    }
}
