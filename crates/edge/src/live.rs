//! The active table together with what changes while it is active.
//!
//! Responsible for one target's live state and for which target is next. It must never change a
//! table: a new one makes a new `Active`, which shares the live targets that stayed the same.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use pilothouse_core::routing::{HealthCheck, Listener, Role, Table, TableSource, Target};
use tokio::sync::{Notify, watch};

use crate::counters::Counters;
use crate::health::{Health, Outcome};

const HEALTHY: u8 = 1;
const PROVEN: u8 = 2;

/// A target, its health and its counts. It stays the same object for as long as group, address,
/// release and proof stay the same.
#[derive(Debug)]
pub(crate) struct LiveTarget {
    /// Never used twice in a process, unlike ids and addresses.
    pub(crate) key: u64,
    pub(crate) group: String,
    pub(crate) target: Target,
    pub(crate) counters: Arc<Counters>,
    /// Requests and tunnels that are not finished.
    pub(crate) in_flight: AtomicU64,
    /// Wakes the checker before its time.
    pub(crate) kick: Notify,
    /// True unless it is active in the table: the end of its last request is news.
    pub(crate) leaving: AtomicBool,
    cut: watch::Sender<()>,
    /// How often the target was cut; counted before anybody is told.
    cuts: AtomicU64,
    flags: AtomicU8,
    health: Mutex<Health>,
}

impl LiveTarget {
    pub(crate) fn new(
        key: u64,
        group: &str,
        target: &Target,
        counters: Arc<Counters>,
        now_ms: u64,
    ) -> Self {
        Self {
            key,
            group: group.to_owned(),
            target: target.clone(),
            counters,
            in_flight: AtomicU64::new(0),
            kick: Notify::new(),
            leaving: AtomicBool::new(false),
            cut: watch::Sender::new(()),
            cuts: AtomicU64::new(0),
            flags: AtomicU8::new(0),
            health: Mutex::new(Health::new(now_ms)),
        }
    }

    /// Says whether what is known of this target also holds for the one in a new table.
    pub(crate) fn is_same(&self, group: &str, target: &Target) -> bool {
        self.is_in_place_of(group, target) && self.target.proof == target.proof
    }

    /// Says whether a target of a new table is this one or another start of it.
    fn is_in_place_of(&self, group: &str, target: &Target) -> bool {
        let own = &self.target;
        self.group == group
            && own.id == target.id
            && own.address == target.address
            && own.release == target.release
    }

    /// Says whether a target of a new table is this one, started anew and known to serve: only what
    /// was proved is active there, and had another start been checked meanwhile, that one would be
    /// the same.
    pub(crate) fn serves_on_as(&self, group: &str, target: &Target) -> bool {
        self.is_in_place_of(group, target) && target.role == Role::Active && !self.is_leaving()
    }

    /// Takes over what is known of the start before.
    pub(crate) fn inherit(&self, before: &Self) {
        *self.health.lock().unwrap_or_else(PoisonError::into_inner) = before.health();
        self.flags.store(before.flags.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    pub(crate) fn is_healthy(&self) -> bool {
        self.flags.load(Ordering::Relaxed) & HEALTHY != 0
    }

    pub(crate) fn is_proven(&self) -> bool {
        self.flags.load(Ordering::Relaxed) & PROVEN != 0
    }

    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }

    pub(crate) fn health(&self) -> Health {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes in a check's outcome; true when what people see has changed.
    pub(crate) fn observe(&self, outcome: Outcome, check: &HealthCheck, now_ms: u64) -> bool {
        self.change(|health| health.observe(outcome, check, now_ms))
    }

    /// Takes in that live traffic could not connect; true when that changed the state.
    pub(crate) fn suspect(&self, detail: &str, now_ms: u64) -> bool {
        let is_changed = self.change(|health| health.suspect(detail, now_ms));
        if is_changed {
            self.kick.notify_one();
        }
        is_changed
    }

    fn change(&self, change: impl FnOnce(&mut Health) -> bool) -> bool {
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        let is_changed = change(&mut health);
        let is_healthy = health.state == pilothouse_core::routing::TargetState::Healthy;
        let flags = (u8::from(is_healthy) * HEALTHY) | (u8::from(health.proven) * PROVEN);
        self.flags.store(flags, Ordering::Relaxed);
        is_changed
    }

    /// Ends every connection to the target that exists now.
    pub(crate) fn cut(&self) {
        self.cuts.fetch_add(1, Ordering::SeqCst);
        self.cut.send_replace(());
    }

    /// Watches for the next cut.
    pub(crate) fn cuts(&self) -> watch::Receiver<()> {
        self.cut.subscribe()
    }

    pub(crate) fn cut_count(&self) -> u64 {
        self.cuts.load(Ordering::SeqCst)
    }
}

/// A target in its place in a table.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) target: Arc<LiveTarget>,
    pub(crate) role: Role,
    /// Whether a check of its own fails.
    pub(crate) ill: bool,
}

/// A target group of the active table.
#[derive(Debug)]
pub(crate) struct LiveGroup {
    pub(crate) id: Arc<str>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) is_used: bool,
    next: AtomicUsize,
}

impl LiveGroup {
    pub(crate) fn new(id: &str, slots: Vec<Slot>, is_used: bool) -> Self {
        Self { id: id.into(), slots, is_used, next: AtomicUsize::new(0) }
    }

    /// Chooses the target with the fewest requests in flight, in turn among equals.
    ///
    /// Only healthy active targets are asked, one whose own check fails only where no other is
    /// left; when there is none, those that were healthy before in this process (fail open),
    /// never one that has not proven itself.
    pub(crate) fn choose(&self, tried: &[u64]) -> Option<&Arc<LiveTarget>> {
        let is_free = |slot: &Slot| slot.role == Role::Active && !tried.contains(&slot.target.key);
        let is_healthy = |slot: &Slot| is_free(slot) && slot.target.is_healthy();
        let start = self.next.fetch_add(1, Ordering::Relaxed);
        let healthy = self
            .least(start, |slot| is_healthy(slot) && !slot.ill)
            .or_else(|| self.least(start, is_healthy));
        if healthy.is_some() || self.has_healthy() {
            return healthy;
        }
        self.least(start, |slot| is_free(slot) && slot.target.is_proven())
    }

    /// The target with the fewest requests in flight of those that may be asked. The turn goes round
    /// among them alone: over the places of others it would come to the next one again and again.
    fn least(&self, start: usize, may: impl Fn(&Slot) -> bool) -> Option<&Arc<LiveTarget>> {
        let all = || self.slots.iter().filter(|slot| may(slot)).map(|slot| &slot.target);
        let at = start.checked_rem(all().count())?;
        let in_turn = all().skip(at).chain(all().take(at));
        in_turn.min_by_key(|target| target.in_flight.load(Ordering::Relaxed))
    }

    pub(crate) fn has_healthy(&self) -> bool {
        self.active().any(|target| target.is_healthy())
    }

    pub(crate) fn is_fail_open(&self) -> bool {
        !self.has_healthy() && self.active().any(|target| target.is_proven())
    }

    pub(crate) fn active(&self) -> impl Iterator<Item = &Arc<LiveTarget>> {
        self.slots.iter().filter(|slot| slot.role == Role::Active).map(|slot| &slot.target)
    }
}

/// The active table, ready to serve.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) table: Table,
    pub(crate) source: TableSource,
    pub(crate) groups: HashMap<Arc<str>, Arc<LiveGroup>>,
    /// Few, so that looking at each is cheaper than hashing.
    listeners: Vec<(SocketAddr, usize)>,
}

impl Active {
    pub(crate) fn new(table: Table, source: TableSource, groups: Vec<LiveGroup>) -> Self {
        let mut listeners = Vec::new();
        for (index, listener) in table.listeners.iter().enumerate() {
            listeners.extend(listener.addresses.iter().map(|address| (*address, index)));
        }
        let groups =
            groups.into_iter().map(|group| (Arc::clone(&group.id), Arc::new(group))).collect();
        Self { table, source, groups, listeners }
    }

    /// Finds the listener that has an address, as the table writes it.
    pub(crate) fn listener_at(&self, address: SocketAddr) -> Option<&Listener> {
        let (_, index) = self.listeners.iter().find(|(own, _)| *own == address)?;
        self.table.listeners.get(*index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A slot whose target is healthy.
    fn slot(key: u64, role: Role, ill: bool) -> Slot {
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        let target = Target {
            id: format!("t{key}"),
            address,
            release: "r1".to_owned(),
            proof: String::new(),
            role,
            ill,
            health: None,
        };
        let target = LiveTarget::new(key, "group", &target, Arc::default(), 0);
        target.flags.store(HEALTHY | PROVEN, Ordering::Relaxed);
        Slot { target: Arc::new(target), role, ill }
    }

    #[test]
    fn what_may_not_be_asked_leaves_its_turn_to_nobody_in_particular() {
        let draining = (0..5).map(|key| slot(key, Role::Draining, false));
        let ill = (5..8).map(|key| slot(key, Role::Active, true));
        let well = (8..13).map(|key| slot(key, Role::Active, false));
        let group = LiveGroup::new("group", draining.chain(ill).chain(well).collect(), true);
        let mut counts = HashMap::new();
        for _ in 0..100 {
            *counts.entry(group.choose(&[]).unwrap().key).or_insert(0) += 1;
        }
        let expected: HashMap<u64, i32> = (8..13).map(|key| (key, 20)).collect();
        assert_eq!(counts, expected);
        // Whom it was tried with in vain is asked no more, and what is ill only where no other is left.
        let tried: Vec<u64> = (8..13).collect();
        assert!((5..8).contains(&group.choose(&tried).unwrap().key));
        assert!(group.choose(&(5..13).collect::<Vec<_>>()).is_none());
    }
}
