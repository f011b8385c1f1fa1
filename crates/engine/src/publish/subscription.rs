//! One listening client: a place in the ring, and nothing that could grow.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use pilothouse_api::types::Access;
use pilothouse_core::id::Seq;
use tokio::sync::watch;

use super::sightings::{Seen, Sightings};
use super::{Reset, Shared};

/// What a listening client is sent, written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A record.
    Record(Bytes),
    /// The newest samples, or what was seen at AWS.
    Samples(Bytes),
    /// The client fell behind. Nothing follows but this again.
    Reset(Reset),
}

/// One listening client. Dropping it is how it stops.
#[derive(Debug)]
pub struct Subscription {
    shared: Arc<Shared>,
    access: Access,
    place: Seq,
    taken: VecDeque<Bytes>,
    wake: watch::Receiver<Seq>,
    samples: Option<watch::Receiver<Option<Bytes>>>,
    sightings: Option<watch::Receiver<Arc<Sightings>>>,
    seen: Seen,
}

impl Subscription {
    pub(super) fn begin(
        shared: &Arc<Shared>,
        access: Access,
        after: Option<Seq>,
        samples: bool,
    ) -> Result<Self, Reset> {
        let place = {
            let ring = shared.ring();
            let place = after.unwrap_or_else(|| ring.newest());
            ring.after(place)?;
            place
        };
        let samples = samples.then(|| {
            let mut samples = shared.samples.subscribe();
            // What was measured last for others is shown at once, marked with its time.
            samples.mark_changed();
            samples
        });
        let sightings = samples.is_some().then(|| {
            let mut sightings = shared.sightings.subscribe();
            sightings.mark_changed();
            shared.arrivals.send_modify(|count| *count += 1);
            sightings
        });
        let subscription = Self {
            wake: shared.newest.subscribe(),
            shared: Arc::clone(shared),
            access,
            place,
            taken: VecDeque::new(),
            samples,
            sightings,
            seen: Seen::default(),
        };
        for counter in subscription.counters().into_iter().flatten() {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        Ok(subscription)
    }

    /// Waits for what the client is to be sent next. May be dropped while it waits without losing
    /// anything.
    pub async fn next(&mut self) -> Item {
        loop {
            if let Some(samples) = self.new_samples() {
                return Item::Samples(samples);
            }
            if let Some(sighting) = self.new_sighting() {
                return Item::Samples(sighting);
            }
            if let Some(record) = self.taken.pop_front() {
                self.place = self.place.next();
                return Item::Record(record);
            }
            // Seen before the ring is read: what comes in between wakes again.
            self.wake.borrow_and_update();
            match self.shared.ring().after(self.place) {
                Err(reset) => return Item::Reset(reset),
                Ok(records) => self.taken.extend(records),
            }
            if self.taken.is_empty() {
                self.wait().await;
            }
        }
    }

    /// Waits until something may be there. The senders live as long as this does.
    async fn wait(&mut self) {
        let samples = async {
            match &mut self.samples {
                Some(samples) => samples.changed().await.map(|()| samples.mark_changed()),
                None => pending().await,
            }
        };
        let sightings = async {
            match &mut self.sightings {
                Some(sightings) => sightings.changed().await.map(|()| sightings.mark_changed()),
                None => pending().await,
            }
        };
        tokio::select! {
            _ = self.wake.changed() => {}
            _ = samples => {}
            _ = sightings => {}
        }
    }

    /// What this client has not seen yet of what is seen at AWS, one at a time.
    fn new_sighting(&mut self) -> Option<Bytes> {
        let sightings = self.sightings.as_mut()?;
        if !sightings.has_changed().unwrap_or(false) {
            return None;
        }
        // Marked as seen before it is looked at, so that nothing that comes meanwhile is lost.
        let all = Arc::clone(&sightings.borrow_and_update());
        let frame = self.seen.next(&all);
        if frame.is_some() {
            sightings.mark_changed();
        }
        frame
    }

    fn new_samples(&mut self) -> Option<Bytes> {
        let samples = self.samples.as_mut()?;
        samples.has_changed().unwrap_or(false).then(|| samples.borrow_and_update().clone())?
    }

    fn counters(&self) -> [Option<&AtomicU32>; 2] {
        let attached = match self.access {
            Access::Operator => &self.shared.operators,
            Access::Watcher => &self.shared.watchers,
        };
        let samples = self.samples.as_ref().map(|_| &self.shared.samplers);
        [Some(attached), samples]
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        for counter in self.counters().into_iter().flatten() {
            counter.fetch_sub(1, Ordering::Relaxed);
        }
        // Nobody measures from here on: whoever comes next is not to be told how it was.
        if self.samples.is_some() && self.shared.samplers.load(Ordering::Relaxed) == 0 {
            self.shared.samples.send_replace(None);
        }
    }
}
