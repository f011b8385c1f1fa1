//! Keeps in flight what is wanted: starts it, cancels it, and reports how it ended.
//!
//! It decides nothing. An effect starts only when no other works on the same subject, so that a
//! cancelled one has let go before its successor begins.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use pilothouse_core::effect::{Effect, EffectId, Fault, Input, Observation, Outcome, Subject};
use pilothouse_core::wanted::Wanted;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::failpoint;

/// What an effect came to.
pub type Ended = Result<Outcome, Fault>;
/// An effect under way.
pub type Underway = Pin<Box<dyn Future<Output = Ended> + Send>>;

/// Does what is wanted. The engine's drivers implement it, and so do simulated worlds.
pub trait Perform: Send + Sync + 'static {
    /// Does one effect. It looks first whether it was done already, and returns soon once
    /// cancelled, having let go of its subject.
    fn perform(&self, id: &EffectId, effect: Effect, attention: Attention) -> Underway;
}

/// What an effect under way listens and talks to.
#[derive(Clone, Debug)]
pub struct Attention {
    /// Tells that the effect is no longer wanted.
    pub cancelled: CancellationToken,
    observations: mpsc::Sender<Observation>,
}

impl Attention {
    /// Tells the kernel what the effect noticed; waits while the kernel is behind, unless the
    /// effect is no longer wanted.
    pub async fn observe(&self, observation: Observation) {
        tokio::select! {
            biased;
            // A kernel that is gone wants to know nothing any more.
            _ = self.observations.send(observation) => {}
            // One that stops reads nothing any more, and waits for this to let go.
            () = self.cancelled.cancelled() => {}
        }
    }
}

/// How long an effect that ended in a fault waits at least before it starts again.
const COOLDOWN: Duration = Duration::from_millis(500);
/// Faults of an effect in a row after which its last is noted: some are a moment's, and what is tried
/// for ever without a word is never mended.
const PATIENCE: u32 = 10;
/// Observations that may wait for the kernel.
const OBSERVATIONS: usize = 1024;

struct Running {
    subject: Subject,
    cancelled: CancellationToken,
}

/// Keeps in flight what is wanted.
pub struct Executor {
    performer: Arc<dyn Perform>,
    running: BTreeMap<EffectId, Running>,
    tasks: JoinSet<(EffectId, Ended)>,
    names: BTreeMap<tokio::task::Id, EffectId>,
    cooling: BTreeMap<EffectId, Instant>,
    faults: BTreeMap<EffectId, u32>,
    observations: mpsc::Receiver<Observation>,
    attention: mpsc::Sender<Observation>,
}

impl Executor {
    /// Begins with nothing in flight.
    pub fn new(performer: Arc<dyn Perform>) -> Self {
        let (attention, observations) = mpsc::channel(OBSERVATIONS);
        Self {
            performer,
            running: BTreeMap::new(),
            tasks: JoinSet::new(),
            names: BTreeMap::new(),
            cooling: BTreeMap::new(),
            faults: BTreeMap::new(),
            observations,
            attention,
        }
    }

    /// Starts what is wanted and not in flight, and cancels what is in flight and not wanted.
    ///
    /// Returns when to ask again because of an effect that must wait a little before it starts
    /// anew.
    pub fn reconcile(&mut self, wanted: Wanted) -> Option<Instant> {
        for (id, running) in &self.running {
            if !wanted.effects.contains_key(id) {
                running.cancelled.cancel();
            }
        }
        let now = Instant::now();
        self.cooling.retain(|id, until| *until > now && wanted.effects.contains_key(id));
        self.faults.retain(|id, _| wanted.effects.contains_key(id));
        let mut busy: BTreeSet<Subject> =
            self.running.values().map(|running| running.subject.clone()).collect();
        for (id, effect) in wanted.effects {
            let subject = id.subject();
            if self.cooling.contains_key(&id) || busy.contains(&subject) {
                continue;
            }
            busy.insert(subject);
            self.start(&id, effect);
        }
        self.cooling.values().min().copied()
    }

    fn start(&mut self, id: &EffectId, effect: Effect) {
        let cancelled = CancellationToken::new();
        let attention =
            Attention { cancelled: cancelled.clone(), observations: self.attention.clone() };
        let (performer, name) = (Arc::clone(&self.performer), id.clone());
        let handle = self.tasks.spawn(async move {
            failpoint::pass(&format!("{}/{}", failpoint::BEFORE_EFFECT, kind(&name)));
            let ended = performer.perform(&name, effect, attention).await;
            failpoint::pass(&format!("{}/{}", failpoint::AFTER_EFFECT, kind(&name)));
            (name, ended)
        });
        self.names.insert(handle.id(), id.clone());
        self.running.insert(id.clone(), Running { subject: id.subject(), cancelled });
    }

    /// Waits for the next thing to tell the kernel; never returns while nothing happens.
    ///
    /// None means that a cancelled effect has let go: there is nothing to tell, but what waited
    /// for its subject can start.
    pub async fn next(&mut self) -> Option<Input> {
        tokio::select! {
            biased;
            Some(ended) = self.tasks.join_next_with_id(), if !self.tasks.is_empty() => {
                self.ended(ended)
            }
            Some(observation) = self.observations.recv() => {
                Some(Input::Observation(observation))
            }
        }
    }

    /// Takes what is there to tell without waiting.
    pub fn try_next(&mut self) -> Option<Input> {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            if let Some(input) = self.ended(ended) {
                return Some(input);
            }
        }
        self.observations.try_recv().ok().map(Input::Observation)
    }

    /// An effect that was cancelled has no outcome; one that panicked has a fault.
    fn ended(
        &mut self,
        ended: Result<(tokio::task::Id, (EffectId, Ended)), tokio::task::JoinError>,
    ) -> Option<Input> {
        let (task, result) = match ended {
            Ok((task, (_, result))) => (task, result),
            Err(error) => {
                let why = format!("the effect broke off: {error}");
                tracing::error!(%why);
                (error.id(), Err(Fault::unknown(why)))
            }
        };
        let id = self.names.remove(&task)?;
        let running = self.running.remove(&id)?;
        if running.cancelled.is_cancelled() {
            return None;
        }
        match &result {
            Ok(_) => drop(self.faults.remove(&id)),
            Err(fault) => {
                self.note(&id, &fault.why);
                self.cool(&id);
            }
        }
        Some(Input::Outcome { id, result })
    }

    /// Writes down what keeps an effect from being done, once it has for a while.
    fn note(&mut self, id: &EffectId, why: &str) {
        let count = self.faults.entry(id.clone()).or_default();
        *count = count.saturating_add(1);
        if *count == PATIENCE {
            tracing::warn!(effect = ?id, %why, "fails again and again, and is tried on");
        }
    }

    /// Holds an effect back for a little, should it be wanted again: its end changed nothing, and
    /// it would be started over and over.
    pub fn cool(&mut self, id: &EffectId) {
        self.cooling.insert(id.clone(), Instant::now() + COOLDOWN);
    }

    /// Whether an effect is in flight.
    pub fn is_in_flight(&self, id: &EffectId) -> bool {
        self.running.contains_key(id)
    }

    /// How many effects are in flight.
    pub fn in_flight(&self) -> usize {
        self.running.len()
    }

    /// Cancels everything and waits until it has let go, for so long at most.
    pub async fn stop(&mut self, limit: Duration) {
        for running in self.running.values() {
            running.cancelled.cancel();
        }
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(limit, all).await.is_err() {
            tracing::warn!("effects that did not let go in time were cut off");
            self.tasks.abort_all();
        }
    }
}

/// All kinds of effects, as failpoints and traces name them.
pub const KINDS: [&str; 15] = [
    "look",
    "check-out",
    "run-step",
    "end-step",
    "seal",
    "clean",
    "stage",
    "start",
    "prove",
    "watch",
    "drain",
    "stop",
    "tend",
    "publish",
    "verify",
];

/// An effect's kind, as failpoints and traces name it.
pub fn kind(id: &EffectId) -> &'static str {
    match id {
        EffectId::Look(..) => "look",
        EffectId::CheckOut(_) => "check-out",
        EffectId::RunStep(..) => "run-step",
        EffectId::EndStep(..) => "end-step",
        EffectId::Seal(_) => "seal",
        EffectId::Clean(_) => "clean",
        EffectId::Stage(_) => "stage",
        EffectId::Start(_) => "start",
        EffectId::Prove(_) => "prove",
        EffectId::Watch(_) => "watch",
        EffectId::Drain(_) => "drain",
        EffectId::Stop(_) => "stop",
        EffectId::Tend => "tend",
        EffectId::Listen => "listen",
        EffectId::Publish(_) => "publish",
        EffectId::Verify(_) => "verify",
    }
}
