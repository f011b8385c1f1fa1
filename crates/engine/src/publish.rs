//! Tells clients what happened, without ever waiting for one.
//!
//! The kernel puts records in; each is written out once, into a bounded ring that all clients
//! share. A client is a place in that ring: one that falls out of it is told to fetch a fresh
//! snapshot. Nothing here touches a socket.

mod frame;
mod ring;
mod sightings;
mod subscription;

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use pilothouse_api::types::{Access, Degraded, Samples};
use pilothouse_core::aws::Watched;
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::event::Recorded;
use pilothouse_core::id::Seq;
use pilothouse_core::room::Room;
use pilothouse_core::state::State;
use pilothouse_core::time::Timestamp;
use tokio::sync::watch;

pub(crate) use self::frame::{HEARTBEAT, reset as reset_frame};
use self::ring::Ring;
use self::sightings::Sightings;
pub use self::subscription::{Item, Subscription};

/// How much is kept for clients that are behind.
#[derive(Clone, Debug)]
pub struct PublishLimits {
    /// Records.
    pub records: usize,
    /// Bytes of written records; the newest record is kept whatever its size.
    pub bytes: usize,
}

impl Default for PublishLimits {
    fn default() -> Self {
        Self { records: 10_000, bytes: 8 << 20 }
    }
}

/// What a client holds is no place to go on from: it must fetch a fresh snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reset {
    /// The records that follow its place are no longer kept.
    #[error("the records after this place are no longer kept; fetch a fresh snapshot")]
    Behind,
    /// Its place lies ahead of everything that happened: it belongs to another journal.
    #[error("this place is in no journal of this engine; fetch a fresh snapshot")]
    Ahead,
}

/// How many clients listen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attached {
    /// On the operators' socket.
    pub operators: u32,
    /// On the watchers' socket.
    pub watchers: u32,
    /// Of both, those that want samples.
    pub samples: u32,
}

/// Tells clients what happened. Clones share one ring.
#[derive(Clone, Debug)]
pub struct Publisher {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    ring: Mutex<Ring>,
    /// The newest record's place: wakes those who wait.
    newest: watch::Sender<Seq>,
    /// The newest samples, written out: newest wins.
    samples: watch::Sender<Option<Bytes>>,
    degraded: Mutex<Option<Degraded>>,
    room: Mutex<Option<Room>>,
    /// What is seen at AWS, written out: newest wins, for each environment.
    sightings: watch::Sender<Arc<Sightings>>,
    /// Grows with each client that begins to want samples.
    arrivals: watch::Sender<u64>,
    operators: AtomicU32,
    watchers: AtomicU32,
    samplers: AtomicU32,
}

impl Publisher {
    /// Begins after the given state, with an empty ring.
    pub fn new(limits: PublishLimits, state: Arc<State>) -> Self {
        let newest = watch::Sender::new(state.seq);
        Self {
            shared: Arc::new(Shared {
                ring: Mutex::new(Ring::new(limits, state)),
                newest,
                samples: watch::Sender::new(None),
                degraded: Mutex::new(None),
                room: Mutex::new(None),
                sightings: watch::Sender::new(Arc::default()),
                arrivals: watch::Sender::new(0),
                operators: AtomicU32::new(0),
                watchers: AtomicU32::new(0),
                samplers: AtomicU32::new(0),
            }),
        }
    }

    /// Tells what happened. The records must be durable and follow those that were told before;
    /// one that was told already is left out, a gap makes every client start anew.
    pub fn publish(&self, records: &[Recorded]) {
        // Written before the lock is taken, so that no reader waits for it.
        let frames: Vec<_> = records
            .iter()
            .filter_map(|record| Some((record.seq, frame::record(record)?)))
            .collect();
        let newest = {
            let mut ring = self.shared.ring();
            for (seq, frame) in frames {
                ring.push(seq, frame);
            }
            ring.follow(records);
            ring.newest()
        };
        self.shared.newest.send_replace(newest);
    }

    /// Replaces the state that snapshots are made of, which otherwise follows the records. Before or after the records that led to it:
    /// a snapshot carries its own place, so that both orders are consistent.
    pub fn set_state(&self, state: Arc<State>) {
        self.shared.ring().set_state(state);
    }

    /// The newest state.
    pub fn state(&self) -> Arc<State> {
        self.shared.ring().state()
    }

    /// Tells of everything that happens from now on.
    pub fn happened(&self) -> watch::Receiver<Seq> {
        self.shared.newest.subscribe()
    }

    /// Whether anybody would see samples, so that nobody measures for nothing.
    pub fn wants_samples(&self) -> bool {
        self.attached().samples > 0
    }

    /// Shows what is measured now, with the number of those who are attached filled in.
    pub fn publish_samples(&self, samples: Samples) {
        let attached = self.attached();
        // The last one left while it was measured.
        if attached.samples == 0 {
            return;
        }
        let samples =
            Samples { operators: attached.operators, watchers: attached.watchers, ..samples };
        if let Some(frame) = frame::samples(&samples) {
            self.shared.samples.send_replace(Some(frame));
        }
    }

    /// Tells whether the journal can be written now, and if not, why.
    pub fn set_degraded(&self, why: Option<&str>, now: Timestamp) {
        let mut degraded = self.shared.degraded();
        let since = degraded.as_ref().map_or(now, |known| known.since);
        *degraded = why.map(|why| Degraded { since, why: why.to_owned() });
    }

    /// Why the journal cannot be written, where it cannot.
    pub fn degraded(&self) -> Option<Degraded> {
        self.shared.degraded().clone()
    }

    /// Tells how much room the state directory's filesystem has.
    pub fn set_room(&self, room: Option<Room>) {
        *self.shared.room.lock().unwrap_or_else(PoisonError::into_inner) = room;
    }

    /// How much room the state directory's filesystem has; none where that is not known.
    pub fn room(&self) -> Option<Room> {
        *self.shared.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows what is seen at AWS of an environment; nothing is sent where nothing changed.
    pub fn publish_watched(&self, watched: Watched) {
        self.shared.sightings.send_if_modified(|all| Arc::make_mut(all).put(watched));
    }

    /// Forgets what was seen of all environments but these.
    pub fn keep_watched(&self, keep: impl Fn(&EnvironmentKey) -> bool) {
        self.shared.sightings.send_if_modified(|all| Arc::make_mut(all).keep(keep));
    }

    /// Tells of each client that begins to want samples.
    pub fn arrivals(&self) -> watch::Receiver<u64> {
        self.shared.arrivals.subscribe()
    }

    /// How many listen.
    pub fn attached(&self) -> Attached {
        Attached {
            operators: self.shared.operators.load(Ordering::Relaxed),
            watchers: self.shared.watchers.load(Ordering::Relaxed),
            samples: self.shared.samplers.load(Ordering::Relaxed),
        }
    }

    /// Begins to listen after a place; none means from now on.
    pub fn subscribe(
        &self,
        access: Access,
        after: Option<Seq>,
        samples: bool,
    ) -> Result<Subscription, Reset> {
        Subscription::begin(&self.shared, access, after, samples)
    }
}

impl Shared {
    /// Locks the ring. Whoever panicked while holding it left it whole: every change is one step.
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn degraded(&self) -> MutexGuard<'_, Option<Degraded>> {
        self.degraded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
