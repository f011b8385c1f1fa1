//! Keeps a copy of the engine's state while a verb waits for something in it.

use std::time::Duration;

use color_eyre::Result;
use pilothouse_api::client::{Client, Follow, Update};
use pilothouse_api::types::{Degraded, Snapshot};
use pilothouse_core::apply::apply;
use pilothouse_core::state::State;
use pilothouse_core::text::printable;
use tokio::time::Instant;

use crate::exit::{Failure, failed};
use crate::out;

/// How long the engine may be away, as it is while it is being replaced by a newer one.
const AWAY: Duration = Duration::from_secs(60);

/// A copy of the state that follows the engine's.
pub struct Copy {
    follow: Follow,
    state: State,
    lost: Option<Instant>,
    /// Whether the engine follows nothing, because its journal cannot be written.
    is_held: bool,
}

impl Copy {
    /// Takes a first copy.
    pub async fn of(client: &Client) -> Result<Self> {
        // Samples tell whether the engine follows what happens: without them a full disk would pass
        // for something that takes long.
        let follow = client.follow(true);
        let mut copy = Self { follow, state: State::default(), lost: None, is_held: false };
        match copy.follow.next().await {
            Some(Update::Snapshot(snapshot)) => copy.take(*snapshot),
            Some(Update::Lost { why }) => return Err(why.into()),
            Some(Update::Live | Update::Record(_) | Update::Samples(_) | Update::Sighting(_))
            | None => {
                return Err(failed(Failure::Failed, "the engine sent no snapshot; try again"));
            }
        }
        Ok(copy)
    }

    /// The state as it is known.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Waits for the next change. An engine that is away is waited for, within limits.
    pub async fn change(&mut self) -> Result<()> {
        loop {
            let until = self.lost.map_or_else(far, |lost| lost + AWAY);
            let Ok(update) = tokio::time::timeout_at(until, self.follow.next()).await else {
                let why = "the engine has been away for a minute, so how this ended is not known; \
                           look with `pilothouse status` once it is back";
                return Err(failed(Failure::Unreachable, why));
            };
            match update {
                None => return Err(failed(Failure::Failed, "this program is being ended")),
                Some(Update::Snapshot(snapshot)) => {
                    self.back();
                    self.take(*snapshot);
                    return Ok(());
                }
                Some(Update::Record(record)) => {
                    // What is told is on disk.
                    self.hold(None);
                    apply(&mut self.state, &record);
                    return Ok(());
                }
                Some(Update::Live) => self.back(),
                Some(Update::Samples(samples)) => self.hold(samples.degraded.as_ref()),
                Some(Update::Sighting(_)) => {}
                Some(Update::Lost { .. }) => {
                    if self.lost.is_none() {
                        out::error("the engine does not answer; waiting for it to come back");
                        self.lost = Some(Instant::now());
                    }
                }
            }
        }
    }

    fn take(&mut self, snapshot: Snapshot) {
        self.hold(snapshot.degraded.as_ref());
        self.state = snapshot.state;
    }

    /// Says once why nothing goes on, and once that it does again.
    fn hold(&mut self, degraded: Option<&Degraded>) {
        match degraded {
            Some(degraded) if !self.is_held => out::error(&format!(
                "waiting: the engine follows nothing, because its journal cannot be written: {}; \
                 remove files or mend the disk, and it goes on by itself",
                printable(&degraded.why, 400)
            )),
            None if self.is_held => out::error("the engine's journal is written again"),
            Some(_) | None => {}
        }
        self.is_held = degraded.is_some();
    }

    fn back(&mut self) {
        if self.lost.take().is_some() {
            out::error("the engine answers again");
        }
    }
}

fn far() -> Instant {
    Instant::now() + Duration::from_secs(86_400)
}
