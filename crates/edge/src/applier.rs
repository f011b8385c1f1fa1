//! The one place that replaces the table.
//!
//! Responsible for doing it one table at a time and in this order: check, bind, save, activate,
//! acknowledge. Health checks and sockets follow the active table.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use pilothouse_core::routing::{
    Applied, EdgeStatus, HealthCheck, Reason, Refusal, RefusalKind, Role, Table, TableSource,
    Target,
};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use crate::counters::Counters;
use crate::edge::{Edge, now_ms};
use crate::health::checker;
use crate::live::{Active, LiveGroup, LiveTarget, Slot};
use crate::ports::{self, Ports};
use crate::status;
use crate::store::Store;
use crate::worker::Order;

/// How long a starting edge lets the first health checks run before it accepts requests.
const FIRST_ROUND: Duration = Duration::from_secs(2);

/// What the control socket asks for.
#[derive(Debug)]
pub(crate) enum Ask {
    /// Make a table the active one.
    Apply(Box<Table>, oneshot::Sender<Result<Applied, Refusal>>),
    /// Tell the state.
    Status(oneshot::Sender<EdgeStatus>),
    /// End everything in flight on a target that gets no new requests.
    Cut(String, oneshot::Sender<Result<EdgeStatus, Refusal>>),
}

/// Owns the live targets, the health checks and the sockets.
pub(crate) struct Applier {
    edge: Arc<Edge>,
    store: Arc<Store>,
    next_key: u64,
    /// Every target of the table, and removed ones with requests in flight.
    known: Vec<Arc<LiveTarget>>,
    counters: HashMap<String, Weak<Counters>>,
    checks: HashMap<u64, (HealthCheck, AbortHandle)>,
    checkers: JoinSet<()>,
    ports: Ports,
}

impl Applier {
    pub(crate) fn new(
        edge: Arc<Edge>,
        store: Arc<Store>,
        workers: Vec<mpsc::Sender<Order>>,
    ) -> Self {
        Self {
            edge,
            store,
            ports: Ports::new(workers),
            next_key: 0,
            known: Vec::new(),
            counters: HashMap::new(),
            checks: HashMap::new(),
            checkers: JoinSet::new(),
        }
    }

    /// Serves the saved table, and then whatever is asked until nobody can ask any more.
    pub(crate) async fn run(mut self, mut asks: mpsc::Receiver<Ask>) {
        self.restore().await;
        // Kept from turn to turn: however often somebody asks, its time comes.
        let mut bind_again = Instant::now() + ports::BIND_AGAIN;
        loop {
            let has_unbound = self.ports.has_unbound();
            let ask = tokio::select! {
                ask = asks.recv() => ask,
                () = tokio::time::sleep_until(bind_again), if has_unbound => {
                    bind_again = Instant::now() + ports::BIND_AGAIN;
                    if self.ports.bind_again().await {
                        self.edge.changed();
                    }
                    continue;
                }
                Some(ended) = self.checkers.join_next() => {
                    if let Err(error) = ended && error.is_panic() {
                        tracing::error!(%error, "a health checker failed");
                    }
                    continue;
                }
            };
            // Whoever asked may have left; what was done stays done.
            match ask {
                None => return,
                Some(Ask::Apply(table, reply)) => {
                    let _ = reply.send(self.apply(*table).await);
                }
                Some(Ask::Status(reply)) => {
                    let _ = reply.send(self.status());
                }
                Some(Ask::Cut(id, reply)) => {
                    let _ = reply.send(self.cut(&id));
                }
            }
        }
    }

    async fn restore(&mut self) {
        let (table, source) = self.store.load();
        match &source {
            TableSource::Published | TableSource::Saved | TableSource::New => {}
            TableSource::Previous { problem } => {
                tracing::error!(problem, "serving the previous table: the newest is unreadable");
            }
            TableSource::Lost { problem } => {
                tracing::error!(problem, "serving nothing: no saved table can be read");
            }
        }
        let opened = self.ports.open_possible(&table);
        self.activate(table, source);
        self.first_round().await;
        self.ports.listen(opened).await;
    }

    /// Waits until every active target was checked once: until then connections wait in the
    /// kernel instead of being refused.
    async fn first_round(&self) {
        let deadline = Instant::now() + FIRST_ROUND;
        let mut changes = self.edge.changes();
        let is_fresh = |target: &Arc<LiveTarget>| {
            !target.is_leaving() && target.health().reason == Some(Reason::RegistrationInProgress)
        };
        while self.known.iter().any(is_fresh) {
            if tokio::time::timeout_at(deadline, changes.changed()).await.is_err() {
                return;
            }
        }
    }

    async fn apply(&mut self, table: Table) -> Result<Applied, Refusal> {
        let (epoch, version, digest) = {
            let active = self.edge.active.load();
            (active.table.epoch, active.table.version, active.table.digest.clone())
        };
        if (table.epoch, table.version) == (epoch, version) && table.digest == digest {
            return Ok(Applied { changed: false, status: self.status() });
        }
        if (table.epoch, table.version) <= (epoch, version) {
            let message = format!(
                "table {} of epoch {} is not newer than the active table {version} of epoch \
                 {epoch}; read the status and publish a newer one",
                table.version, table.epoch
            );
            return Err(refusal(RefusalKind::Stale, message));
        }
        let problems = table.check();
        if !problems.is_empty() {
            let count = problems.len();
            let are = if count == 1 { "problem" } else { "problems" };
            let message = format!("the table has {count} {are} and stays unused:");
            return Err(Refusal { kind: RefusalKind::Invalid, message, problems });
        }
        let opened = self.ports.open_possible(&table);
        let store = Arc::clone(&self.store);
        let saved = tokio::task::spawn_blocking(move || (store.save(&table), table)).await;
        let table = match saved {
            Ok((Ok(()), table)) => table,
            Ok((Err(error), _)) => {
                let message = format!("the table cannot be saved and stays unused: {error}");
                return Err(refusal(RefusalKind::Storage, message));
            }
            Err(error) => {
                return Err(refusal(RefusalKind::Storage, format!("saving failed: {error}")));
            }
        };
        tracing::info!(table.epoch, table.version, table.digest, "a table becomes active");
        let wanted = ports::addresses(&table);
        self.activate(table, TableSource::Published);
        self.ports.listen(opened).await;
        self.ports.close_others(&wanted).await;
        Ok(Applied { changed: true, status: self.status() })
    }

    fn activate(&mut self, table: Table, source: TableSource) {
        let mut groups = Vec::new();
        let mut checks = Vec::new();
        let mut current = Vec::new();
        for group in &table.target_groups {
            let mut slots = Vec::new();
            for target in &group.targets {
                let live = self.live(&group.id, target);
                // Set before the table is active, so that no end of a last request is missed.
                live.leaving.store(target.role != Role::Active, Ordering::SeqCst);
                checks.push((Arc::clone(&live), group.health_of(target).clone()));
                current.push(live.key);
                slots.push(Slot { target: live, role: target.role, ill: target.ill });
            }
            groups.push(LiveGroup::new(&group.id, slots, table.uses_group(&group.id)));
        }
        for gone in self.known.iter().filter(|known| !current.contains(&known.key)) {
            gone.leaving.store(true, Ordering::SeqCst);
        }
        self.edge.activate(Active::new(table, source, groups));
        self.check(checks);
        self.forget(&current);
    }

    /// Finds the live target for one of a table, or begins a new one.
    fn live(&mut self, group: &str, target: &Target) -> Arc<LiveTarget> {
        if let Some(same) = self.known.iter().find(|known| known.is_same(group, target)) {
            return Arc::clone(same);
        }
        let counters = self.counters.get(&target.id).and_then(Weak::upgrade).unwrap_or_default();
        self.counters.insert(target.id.clone(), Arc::downgrade(&counters));
        self.next_key += 1;
        let live = LiveTarget::new(self.next_key, group, target, counters, now_ms());
        if let Some(before) = self.known.iter().find(|known| known.serves_on_as(group, target)) {
            live.inherit(before);
        }
        let live = Arc::new(live);
        self.known.push(Arc::clone(&live));
        live
    }

    fn check(&mut self, wanted: Vec<(Arc<LiveTarget>, HealthCheck)>) {
        let keys: Vec<u64> = wanted.iter().map(|(target, _)| target.key).collect();
        self.checks.retain(|key, (_, task)| {
            let stays = keys.contains(key);
            if !stays {
                task.abort();
            }
            stays
        });
        for (target, check) in wanted {
            if self.checks.get(&target.key).is_some_and(|(running, _)| *running == check) {
                continue;
            }
            let key = target.key;
            let checker = checker::run(Arc::clone(&self.edge), target, check.clone());
            let task = self.checkers.spawn(checker);
            if let Some((_, old)) = self.checks.insert(key, (check, task)) {
                old.abort();
            }
        }
    }

    /// Forgets targets that left the table and have nothing in flight.
    fn forget(&mut self, current: &[u64]) {
        self.known.retain(|target| {
            current.contains(&target.key) || target.in_flight.load(Ordering::SeqCst) > 0
        });
        self.counters.retain(|_, counters| counters.strong_count() > 0);
    }

    fn status(&mut self) -> EdgeStatus {
        let active = self.edge.active.load_full();
        let slots = active.groups.values().flat_map(|group| &group.slots);
        let current: Vec<u64> = slots.map(|slot| slot.target.key).collect();
        self.forget(&current);
        let leaving: Vec<&Arc<LiveTarget>> =
            self.known.iter().filter(|target| !current.contains(&target.key)).collect();
        let listeners = self.ports.status(&active.table);
        status::read(&self.edge, listeners, &leaving)
    }

    fn cut(&mut self, id: &str) -> Result<EdgeStatus, Refusal> {
        let named: Vec<_> = self.known.iter().filter(|known| known.target.id == id).collect();
        if named.is_empty() {
            let message = format!("there is no target {id}, or nothing is left in flight on it");
            return Err(refusal(RefusalKind::NotFound, message));
        }
        let mut leaving = named.iter().filter(|target| target.is_leaving()).peekable();
        if leaving.peek().is_none() {
            let message = format!("target {id} still gets requests; publish it as draining first");
            return Err(refusal(RefusalKind::InUse, message));
        }
        for target in leaving {
            tracing::info!(target_id = id, address = %target.target.address, "a target is cut");
            target.cut();
        }
        Ok(self.status())
    }
}

/// Refuses for a reason other than the table's content.
pub(crate) fn refusal(kind: RefusalKind, message: String) -> Refusal {
    Refusal { kind, message, problems: Vec::new() }
}
