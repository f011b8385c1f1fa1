//! What a start does about records that are lost.
//!
//! Responsible for refusing what nobody accepted, and for telling what was accepted, where people
//! look. It must not end what runs.

use pilothouse_core::event::Loss;

use crate::audit::{Audit, Entry};
use crate::clock::Clock;
use crate::journal::Losses;
use crate::kernel::Ledger;
use crate::left;
use crate::places::Places;

use super::{Settings, StartError, listener};

/// Refuses a journal that is behind what was done, or tells of the loss that was accepted and of what
/// runs unknown to the journal.
pub(super) fn note(
    settings: &Settings,
    places: &Places,
    ledger: &mut Ledger,
    audit: &mut Audit,
    clock: Clock,
) -> Result<(), StartError> {
    let later = left::later_run(places, ledger.state());
    if let (Losses::Refuse, Some(run)) = (settings.losses, later) {
        let (run, last) = (places.run(run), ledger.state().last_run);
        return Err(StartError::Behind { run, last });
    }
    let known = ledger.loss().cloned().or_else(|| {
        let seq = ledger.state().seq;
        later.map(|_| Loss { after: seq, to: seq, ..Loss::default() })
    });
    for stranger in left::strangers(places, ledger.state()) {
        tracing::warn!("{stranger}; it is left alone, `pilothouse doctor` says how to end it");
    }
    let Some(known) = known else {
        if settings.losses == Losses::Accept {
            tracing::warn!("no record is lost: leave --accept-lost-records out from now on");
        }
        return Ok(());
    };
    let loss = left::passed_over(places, ledger.state(), &known);
    let entry = Entry {
        at: listener::rfc3339(clock.now()),
        actor: "whoever started the engine".to_owned(),
        command: "go on without lost records (serve --accept-lost-records)".to_owned(),
        result: format!("accepted: {}", listener::json(&loss)),
    };
    audit.append(&entry)?;
    tracing::warn!(
        after = loss.after.0, to = loss.to.0, last_run = %loss.last_run, last_deployment = %loss.last_deployment,
        "the engine goes on without lost records, behind the numbers that they may have given"
    );
    ledger.record_loss(loss);
    Ok(())
}
