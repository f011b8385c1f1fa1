//! The process that owns one container: makes it or finds it, passes its output on, hands
//! signals on, and ends as it ends.
//!
//! It runs under a supervisor of ours, which keeps the output and the record of the end, starts
//! it again and ends it, exactly as it does with a process of the host. Being killed costs the
//! container nothing: the next one finds it by its name. An engine that goes away is waited for.

mod owned;
mod port;
mod wait;

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::engine::Docker;
use crate::error::{Error, Kind};
use crate::output::say;
use crate::record;
use crate::spec::ContainerSpec;

/// What the process ends with where there was no container to end with: Docker's own number for
/// that.
pub(crate) const NO_CONTAINER: u8 = 125;
/// Said of a container that somebody else restarted.
const STARTED_AGAIN: &str = "somebody else started the container again; it was removed";
/// Said of a container that was taken out of its network.
pub(crate) const DISPLACED: &str =
    "somebody took the container out of its network, so that nobody reached it; it was removed";
/// How long an engine that went away is waited for: long enough for a person to mend it. Whoever
/// cannot wait as long ends this process.
pub(crate) const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);
/// Time between two questions whether it is back.
pub(crate) const AGAIN: Duration = Duration::from_millis(250);

/// How the owning process is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contained {
    /// With this status, which is the container's, or 125 where none could be run.
    Status(u8),
}

/// How a container ended.
pub(crate) enum End {
    /// By itself, or because it was asked to: its status.
    Own(i64),
    /// With its engine, which went away and ended it on the way.
    WithEngine,
    /// By this process, because somebody took its address from it: that one is anybody's now.
    Displaced,
    /// By somebody else, who started it again. Nobody knows what it does now, or listened to it, and
    /// it was removed.
    StartedAgain,
}

/// Signals that ask the owning process to end.
pub(crate) struct Asked {
    term: Signal,
    interrupt: Signal,
}

impl Asked {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits until somebody asks. May be dropped while it waits without losing anything.
    pub(crate) async fn come(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Takes the secrets' values out of a sentence.
pub type Hide<'a> = &'a dyn Fn(&str) -> String;

/// Runs one container from beginning to end, or goes on with one that runs already. What it notes of
/// what the container or its engine said goes through `hide`: others read it.
pub async fn contain(spec: &ContainerSpec, hide: Hide<'_>) -> Contained {
    let mut asked = match Asked::listen() {
        Ok(asked) => asked,
        Err(error) => {
            say(&format!("cannot listen for signals: {error}"));
            return Contained::Status(NO_CONTAINER);
        }
    };
    loop {
        // Each part of it finds what an earlier try has done.
        let owning = patiently(|| async {
            let docker = Docker::local()?.ready().await?;
            let image = crate::image::find_or_pull(&docker, &spec.image).await?;
            owned::find_or_create(docker, spec, image).await
        });
        let owned = tokio::select! {
            owned = owning => owned,
            () = asked.come() => {
                // What was created and not started is removed by whoever asked for the end.
                return Contained::Status(NO_CONTAINER);
            }
        };
        let ended = match owned {
            Ok(owned::Found::Runs(owned)) => owned.end(&mut asked, hide).await,
            Ok(owned::Found::Over) => Ok(End::WithEngine),
            Err(error) => Err(error),
        };
        match ended {
            Ok(End::Own(code)) => {
                return Contained::Status(u8::try_from(code).unwrap_or(u8::MAX));
            }
            Ok(End::WithEngine) if spec.is_service => {
                say("the Docker engine took the container with it; it is started anew");
                noted(spec, record::note_renewal(&spec.record));
            }
            // What it did is not known, and doing it twice is not ours to decide.
            Ok(End::WithEngine) => {
                say("the Docker engine took the container with it, so nobody knows what it did");
                noted(spec, record::note_taken(&spec.record));
                return Contained::Status(NO_CONTAINER);
            }
            Ok(End::Displaced) => return without(spec, (DISPLACED, hide)),
            Ok(End::StartedAgain) if spec.is_service => {
                return without(spec, (STARTED_AGAIN, hide));
            }
            // Its record would say that it never ran.
            Ok(End::StartedAgain) => {
                say(STARTED_AGAIN);
                return Contained::Status(NO_CONTAINER);
            }
            Err(error) => return without(spec, (&error.why, hide)),
        }
    }
}

/// There is no container any more to end with, for this reason.
fn without(spec: &ContainerSpec, (why, hide): (&str, Hide<'_>)) -> Contained {
    let why = hide(why);
    say(&why);
    noted(spec, record::note_why_not(&spec.record, &why));
    Contained::Status(NO_CONTAINER)
}

/// What has a port is reached nowhere any more.
pub(crate) fn gone(spec: &ContainerSpec) {
    if spec.publish.is_some() {
        noted(spec, record::note_gone(&spec.record));
    }
}

pub(crate) fn noted(spec: &ContainerSpec, written: std::io::Result<()>) {
    if let Err(error) = written {
        say(&format!("cannot write {}: {error}", spec.record.display()));
    }
}

/// Asks until the engine answers, for as long as it is worth it.
pub(crate) async fn patiently<T, F>(mut ask: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let until = tokio::time::Instant::now() + PATIENCE;
    let mut is_said = false;
    loop {
        match ask().await {
            Err(error) if error.kind == Kind::Unreachable => {
                if tokio::time::Instant::now() > until {
                    return Err(error);
                }
                if !std::mem::replace(&mut is_said, true) {
                    say(&format!("waits for the Docker engine: {}", error.why));
                }
                tokio::time::sleep(AGAIN).await;
            }
            other => return other,
        }
    }
}
