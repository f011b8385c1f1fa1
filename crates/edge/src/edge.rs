//! What all threads of an edge share.
//!
//! Responsible for the active table's atomic replacement and the change counter. Nothing here
//! waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use pilothouse_core::routing::{Table, TableSource};
use tokio::sync::watch;

use crate::counters::Totals;
use crate::live::Active;
use crate::settings::Settings;

/// What all threads of an edge share.
#[derive(Debug)]
pub(crate) struct Edge {
    pub(crate) settings: Settings,
    pub(crate) started_at_ms: u64,
    pub(crate) active: ArcSwap<Active>,
    pub(crate) totals: Totals,
    /// Grows after each replacement of the table; see `claim`.
    generation: AtomicU64,
    change: watch::Sender<u64>,
}

impl Edge {
    pub(crate) fn new(settings: Settings) -> Self {
        let nothing = Table::default().seal(0, 0);
        Self {
            settings,
            started_at_ms: now_ms(),
            active: ArcSwap::from_pointee(Active::new(nothing, TableSource::New, Vec::new())),
            totals: Totals::default(),
            generation: AtomicU64::new(0),
            change: watch::Sender::new(1),
        }
    }

    /// Replaces the active table. When this returns, no request begins by the old one.
    pub(crate) fn activate(&self, active: Active) {
        self.active.store(Arc::new(active));
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.changed();
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Tells whoever waits that a health state, the table or a drain has changed.
    pub(crate) fn changed(&self) {
        self.change.send_modify(|count| *count += 1);
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.change.subscribe()
    }

    pub(crate) fn change_count(&self) -> u64 {
        *self.change.borrow()
    }
}

/// The wall clock, in milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
