//! Notices that the engine of containers goes away and comes back.

use std::time::Duration;

use pilothouse_core::effect::{Fault, FaultKind, Observation};
use pilothouse_core::text::printable;
use pilothouse_docker::Docker as Client;

use super::{Docker, ENGINE};
use crate::driver::cancelled;
use crate::executor::{Attention, Ended};

/// Time between two questions whether it is back.
const AGAIN: Duration = Duration::from_millis(250);
/// How long it is waited for by what cannot go on without it.
const PATIENCE: Duration = Duration::from_secs(120);

impl Docker {
    /// Tells each time that the engine of containers went away, and that it is back.
    pub(in super::super) async fn listen(&self, attention: &Attention) -> Ended {
        let own = format!("{ENGINE}={}", self.engine_id);
        loop {
            let asked = tokio::select! {
                () = attention.cancelled.cancelled() => return cancelled(),
                asked = self.client() => asked,
            };
            let why = match asked {
                Ok(client) => {
                    attention.observe(Observation::ContainersReached).await;
                    tokio::select! {
                        () = attention.cancelled.cancelled() => return cancelled(),
                        gone = client.until_away(&own) => printable(&gone.why, 400),
                    }
                }
                Err(fault) => fault.why,
            };
            attention.observe(Observation::ContainersLost { why }).await;
            tokio::select! {
                () = attention.cancelled.cancelled() => return cancelled(),
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
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
