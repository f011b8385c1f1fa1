//! Writes what travels on an event stream (WHATWG HTML, section 9.2.6).
//!
//! JSON as serde writes it has no line feeds, so that one `data` line carries it whole.

use bytes::Bytes;
use pilothouse_api::types::{ResetNotice, Samples, Sighting};
use pilothouse_core::event::Recorded;
use serde::Serialize;

use super::Reset;

/// A comment that keeps the connection known to be alive.
pub(crate) const HEARTBEAT: Bytes = Bytes::from_static(b":\n\n");

/// Writes a record, with its place as the event's id.
pub(super) fn record(record: &Recorded) -> Option<Bytes> {
    frame(&format!("id: {}\nevent: record\n", record.seq), record)
}

/// Writes samples. They have no id: a resume must not lose its place to them.
pub(super) fn samples(samples: &Samples) -> Option<Bytes> {
    frame("event: samples\n", samples)
}

/// Writes what is seen at AWS.
pub(super) fn sighting(sighting: &Sighting) -> Option<Bytes> {
    frame("event: sighting\n", sighting)
}

/// Writes that a fresh snapshot is needed.
pub(crate) fn reset(why: Reset) -> Option<Bytes> {
    let notice = ResetNotice { why: why.to_string() };
    frame("event: reset\n", &notice)
}

fn frame(head: &str, data: &impl Serialize) -> Option<Bytes> {
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(b"data: ");
    match serde_json::to_writer(&mut out, data) {
        Ok(()) => {
            out.extend_from_slice(b"\n\n");
            Some(out.into())
        }
        Err(error) => {
            // Only a map with keys that are no text fails to be written. The gap that this leaves
            // makes every client fetch a snapshot, which is right and slow.
            tracing::error!(%error, "a record could not be written for clients");
            None
        }
    }
}
