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
        let (mut is_asked, mut is_ill) = (false, false);
        let mut is_talking = true;
        let mut kill_at = None;
        loop {
            let (docker, id) = (self.docker.clone(), self.id.clone());
            let what = (&*id, self.pid, self.address);
            let mut end = Box::pin(until_over(&docker, what, &mut self.line));
            // Not begun anew with each word that the container says.
            let mut ill = Box::pin(unhealthy(&docker, &id, self.is_found));
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
                    failed = &mut ill, if self.spec.by_image && !is_asked && !is_ill => {
                        // Before anything is taken out of it that stands within a secret.
                        let said = told(&hide(&failed.said));
                        say(&said);
                        is_ill = failed.was_well;
                        if is_ill {
                            // It may serve, and goes once a successor does: the engine sees to it.
                            super::noted(self.spec, record::note_ill(&self.spec.record, &said));
                        } else {
                            self.docker.signal(&self.id, KILL).await?;
                            is_asked = true;
                        }
                    }
                }
            };
            drop((end, ill));
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
        say("the Docker engine is back");
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

/// What the image's own check says where it fails.
struct Ill {
    /// What it printed.
    said: String,
    /// Whether it passed before, so that the container may serve.
    was_well: bool,
}

/// Waits until the image's own check has failed as often as it may.
async fn unhealthy(docker: &Docker, id: &str, mut was_well: bool) -> Ill {
    loop {
        // Listened to before it is looked at, so that nothing is said in between.
        let mut line = docker.line_of_health(id).await;
        loop {
            if let Ok(Some(found)) = docker.container(id).await {
                was_well |= found.health == Health::Healthy;
                if found.health == Health::Unhealthy {
                    return Ill { said: found.health_said, was_well };
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
}
