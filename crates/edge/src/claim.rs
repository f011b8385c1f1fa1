//! A request's claim on a target.
//!
//! Responsible for the rule that nothing begins on a target after a table without it became
//! active: a claim counts itself in flight first, and then makes sure that the table it chose
//! by is still the active one. Whoever replaces the table does it the other way round, so one
//! of the two always sees the other.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::counters::add;
use crate::edge::Edge;
use crate::live::{Active, LiveTarget};

/// How often a claim chooses anew because the table was replaced meanwhile.
const ROUNDS: usize = 100;

/// Counts as in flight on its target until it is dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) target: Arc<LiveTarget>,
    pub(crate) started: Instant,
    /// How often the target had been cut when the claim began.
    pub(crate) cuts: u64,
    edge: Arc<Edge>,
}

impl Claim {
    fn new(edge: &Arc<Edge>, target: Arc<LiveTarget>) -> Self {
        target.in_flight.fetch_add(1, Ordering::SeqCst);
        let cuts = target.cut_count();
        Self { target, started: Instant::now(), cuts, edge: Arc::clone(edge) }
    }

    /// Chooses by one load of the table, again if it was replaced before the claim counted.
    ///
    /// `choose` gives the target, if any, and what else the caller wants from that very table.
    pub(crate) fn take<T>(
        edge: &Arc<Edge>,
        mut choose: impl FnMut(&Active) -> (Option<Arc<LiveTarget>>, T),
    ) -> (Option<Self>, T) {
        let mut round = 0;
        loop {
            let generation = edge.generation();
            let (target, rest) = choose(&edge.active.load());
            let Some(target) = target else {
                return (None, rest);
            };
            let claim = Self::new(edge, target);
            if edge.generation() == generation {
                add(&claim.target.counters.requests);
                return (Some(claim), rest);
            }
            drop(claim);
            round += 1;
            if round == ROUNDS {
                return (None, rest);
            }
        }
    }

    /// Claims another target of a group, which may have changed meanwhile.
    pub(crate) fn take_other(edge: &Arc<Edge>, group: &str, tried: &[u64]) -> Option<Self> {
        let choose = |active: &Active| {
            let group = active.groups.get(group);
            (group.and_then(|group| group.choose(tried)).cloned(), ())
        };
        Self::take(edge, choose).0
    }

    /// Counts that the target left the request without a whole answer.
    pub(crate) fn failed(&self) {
        add(&self.target.counters.failed);
    }

    /// Says whether the target was cut since the claim began.
    pub(crate) fn is_cut(&self) -> bool {
        self.target.cut_count() != self.cuts
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let before = self.target.in_flight.fetch_sub(1, Ordering::SeqCst);
        if before == 1 && self.target.is_leaving() {
            self.edge.changed();
        }
    }
}

#[cfg(test)]
mod tests;
