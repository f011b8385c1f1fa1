//! Notices that the engine of containers goes away and comes back.

use std::sync::atomic::Ordering;
use std::time::Duration;

use pilothouse_core::effect::{Fault, FaultKind, Observation};
use pilothouse_core::text::printable;
use pilothouse_docker::Docker as Client;

use super::{Docker, ENGINE};
use crate::driver::cancelled;
use crate::executor::{Attention, Ended};

/// Time between two questions whether it is back.
const AGAIN: Duration = Duration::from_millis(250);
/// The same, where another one answers, which says at length what it is.
const ANOTHER: Duration = Duration::from_secs(2);
/// How long it is waited for by what cannot go on without it.
const PATIENCE: Duration = Duration::from_secs(120);

impl Docker {
    /// Tells each time that the engine of containers went away, and that it is back. Another one
    /// that answers in its stead is not taken for it.
    pub(in super::super) async fn listen(&self, attention: &Attention) -> Ended {
        loop {
            let (why, elsewhere) = tokio::select! {
                () = attention.cancelled.cancelled() => return cancelled(),
                gone = self.until_gone(attention) => gone,
            };
            attention.observe(Observation::ContainersLost { why, elsewhere }).await;
            tokio::select! {
                () = attention.cancelled.cancelled() => return cancelled(),
                () = tokio::time::sleep(if elsewhere { ANOTHER } else { AGAIN }) => {}
            }
        }
    }

    /// Why nobody gets at the containers, once that is so, and whether it is because another engine
    /// answers than theirs.
    async fn until_gone(&self, attention: &Attention) -> (String, bool) {
        // Whoever answers now may be another than before.
        self.is_home.store(false, Ordering::Relaxed);
        let client = match self.connect().await {
            Ok(client) => client,
            Err(fault) => return (fault.why, false),
        };
        match self.come_home(&client).await {
            Ok(None) => {}
            Ok(Some(why)) => return (why, true),
            Err(fault) => return (fault.why, false),
        }
        attention.observe(Observation::ContainersReached).await;
        let gone = client.until_away(&format!("{ENGINE}={}", self.engine_id)).await;
        (printable(&gone.why, 400), false)
    }

    /// Connects to the engine, and waits for one that is away, though not without end.
    pub(super) async fn patient_client(&self, attention: &Attention) -> Result<Client, Fault> {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            match self.client().await {
                Err(fault)
                    if fault.kind == FaultKind::Transient
                        && tokio::time::Instant::now() < until => {}
                asked => return asked,
            }
            tokio::select! {
                () = attention.cancelled.cancelled() => {
                    return Err(Fault::unknown("no longer wanted"));
                }
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    }
}
