//! The kernel: the only one that changes the state.
//!
//! A turn drains the inputs, decides, appends to the journal and syncs, tells those who asked
//! and those who listen, and reconciles what is in flight with what is wanted. It never waits
//! for a client.

mod ledger;
mod turn;

use std::sync::Arc;
use std::time::Duration;

use pilothouse_core::command::{Command, Rejection, RejectionKind, Reply};
use pilothouse_core::effect::{EffectId, Input};
use pilothouse_core::event::Recorded;
use pilothouse_core::id::Seq;
use pilothouse_core::state::{Limits, State};
use pilothouse_core::time::Timestamp;
use pilothouse_core::wanted::wanted;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::executor::{Executor, Perform};
pub use ledger::{Ledger, OpenError, look};

/// Commands and questions that may wait for the kernel.
const REQUESTS: usize = 256;
/// Inputs that one turn takes at most.
const INPUTS: usize = 256;
/// Requests that are answered between two turns at most.
const ANSWERS: usize = 16;
/// How long effects have to let go when the engine stops.
const STOP_LIMIT: Duration = Duration::from_secs(5);
/// How long to wait before the disk is tried again after it had no room for the journal.
const DISK_RETRY: Duration = Duration::from_millis(500);

/// Told what happened, once it is durable. It must not wait.
pub trait Listen: Send + 'static {
    /// Tells of records that are durable.
    fn records(&mut self, records: &[Recorded], state: &State);
    /// Tells whether the journal can be written, and if not, why.
    fn degraded(&mut self, why: Option<&str>);
    /// Tells who asked for what and what was answered.
    fn asked(
        &mut self,
        at: Timestamp,
        actor: &str,
        command: &Command,
        answer: &Result<Reply, Rejection>,
    );
}

enum Request {
    Command { actor: String, command: Command, answer: oneshot::Sender<Answer> },
    State { answer: oneshot::Sender<Arc<State>> },
}

/// An acceptance with the last record that it is durable at, or a refusal.
pub type Answer = Result<(Reply, Seq), Rejection>;

/// Talks to the kernel. Clones talk to the same one.
#[derive(Clone)]
pub struct Handle {
    requests: mpsc::Sender<Request>,
    clock: Clock,
    halted: watch::Receiver<bool>,
}

impl Handle {
    /// Asks for something and waits until it is durable or refused.
    pub async fn submit(&self, actor: &str, command: Command) -> Answer {
        let (answer, answered) = oneshot::channel();
        let request = Request::Command { actor: actor.to_owned(), command, answer };
        if self.requests.send(request).await.is_err() {
            return Err(stopping());
        }
        answered.await.unwrap_or_else(|_| Err(stopping()))
    }

    /// The state as it is now; none once the kernel has stopped.
    pub async fn state(&self) -> Option<Arc<State>> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(Request::State { answer }).await.ok()?;
        answered.await.ok()
    }

    /// The engine's clock.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Waits until everything was stopped, as a halt asks for.
    pub async fn halted(&mut self) {
        // A kernel that is gone has nothing left to stop.
        let _ = self.halted.wait_for(|halted| *halted).await;
    }
}

fn stopping() -> Rejection {
    Rejection::new(RejectionKind::Conflict, "the engine is stopping; ask again once it runs")
}

/// The kernel, ready to run.
pub struct Kernel<L: Listen> {
    ledger: Ledger,
    clock: Clock,
    executor: Executor,
    listener: L,
    requests: mpsc::Receiver<Request>,
    /// Durable snapshots of the state are shared until the next change.
    shared: Option<Arc<State>>,
    halted: watch::Sender<bool>,
    limits: Limits,
    /// When the disk is tried again.
    disk_retry: Option<Instant>,
}

impl<L: Listen> Kernel<L> {
    /// Makes a kernel of what the journal remembers.
    pub fn new(
        ledger: Ledger,
        performer: Arc<dyn Perform>,
        listener: L,
        limits: Limits,
        clock: Clock,
    ) -> (Self, Handle) {
        let (sender, requests) = mpsc::channel(REQUESTS);
        let (halted, is_halted) = watch::channel(false);
        let handle = Handle { requests: sender, clock, halted: is_halted };
        let executor = Executor::new(performer);
        let kernel = Self {
            ledger,
            clock,
            executor,
            listener,
            requests,
            shared: None,
            halted,
            limits,
            disk_retry: None,
        };
        (kernel, handle)
    }

    /// Runs until stopped. What is in flight is let go, not ended: supervisors and the edge go
    /// on, and the next engine finds them.
    pub async fn run(mut self, stop: CancellationToken) {
        let epoch = self.ledger.epoch();
        let lost = self.ledger.loss.take().map(Input::RecordsLost);
        let started = Input::Started { epoch, limits: self.limits.clone() };
        let inputs: Vec<Input> = lost.into_iter().chain([started]).collect();
        self.take(&inputs);
        loop {
            let again = self.reconcile();
            // The order is fixed, and nobody starves: requests are answered in every round, and
            // a time that has come is noticed in every turn.
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                input = self.executor.next(), if !self.ledger.is_degraded() => {
                    if let Some(input) = input {
                        self.inputs(input);
                    }
                }
                () = tokio::time::sleep_until(again.unwrap_or_else(far)), if again.is_some() => {
                    self.wake();
                }
                Some(request) = self.requests.recv() => self.request(request),
            }
            for _ in 0..ANSWERS {
                let Ok(request) = self.requests.try_recv() else { break };
                self.request(request);
            }
        }
        self.executor.stop(STOP_LIMIT).await;
        self.ledger.close();
    }

    /// Brings what is in flight in line with what is wanted; nothing new begins while the
    /// journal cannot be written, and what effects have to tell waits in their bounded queues.
    fn reconcile(&mut self) -> Option<Instant> {
        let (is_degraded, is_short) = (self.ledger.is_degraded(), self.ledger.is_short());
        // Not pushed out by requests that come meanwhile.
        let retry = (is_degraded || is_short)
            .then(|| *self.disk_retry.get_or_insert_with(|| Instant::now() + DISK_RETRY));
        if is_degraded {
            return retry;
        }
        let state = self.ledger.state();
        self.halted.send_if_modified(|halted| {
            let all = state.halting && state.instances.is_empty() && state.live_runs.is_empty();
            std::mem::replace(halted, all) != all
        });
        let mut wanted = wanted(state, self.clock.now());
        if is_short {
            wanted.effects.retain(|id, _| !begins(id) || self.executor.is_in_flight(id));
        }
        let wake = wanted.wake_at.map(|at| self.clock.instant(at));
        let cool = self.executor.reconcile(wanted);
        [wake, cool, retry].into_iter().flatten().min()
    }

    /// A time has come: to try the disk again, or one that the state waits for.
    fn wake(&mut self) {
        self.disk_retry.take_if(|at| *at <= Instant::now());
        if self.ledger.is_degraded() {
            let records = self.ledger.retry();
            self.listener.records(&records, self.ledger.state());
            self.listener.degraded(self.ledger.degraded());
            if self.ledger.is_degraded() {
                return;
            }
        } else if self.ledger.is_short() {
            self.ledger.keep_ahead();
        }
        self.take(&[Input::Deadline]);
    }

    /// Drains what has come together with the first input, outcomes before observations.
    fn inputs(&mut self, first: Input) {
        let mut inputs = vec![first];
        while inputs.len() < INPUTS {
            match self.executor.try_next() {
                Some(input) => inputs.push(input),
                None => break,
            }
        }
        inputs.sort_by_key(|input| matches!(input, Input::Observation(_)));
        self.take(&inputs);
    }

    fn take(&mut self, inputs: &[Input]) {
        self.shared = None;
        let now = self.clock.now();
        let before = self.ledger.state().seq;
        let records = self.ledger.turn(inputs, now);
        self.listener.records(&records, self.ledger.state());
        self.listener.degraded(self.ledger.degraded());
        if self.ledger.state().seq == before {
            for input in inputs {
                if let Input::Outcome { id, .. } = input {
                    self.executor.cool(id);
                }
            }
        }
    }

    fn request(&mut self, request: Request) {
        match request {
            Request::State { answer } => {
                let state =
                    self.shared.get_or_insert_with(|| Arc::new(self.ledger.state().clone()));
                // A client that went away needs no answer.
                let _ = answer.send(Arc::clone(state));
            }
            Request::Command { actor, command, answer } => {
                self.shared = None;
                let now = self.clock.now();
                let outcome = self.ledger.command(&actor, &command, now);
                self.listener.records(&outcome.records, self.ledger.state());
                self.listener.degraded(self.ledger.degraded());
                self.listener.asked(now, &actor, &command, &outcome.answer);
                let seq = self.ledger.state().seq;
                // A client that went away finds what it asked for in the state.
                let _ = answer.send(outcome.answer.map(|reply| (reply, seq)));
            }
        }
    }
}

/// Whether an effect is the beginning of runs: of what fills the disk and the journal on.
fn begins(id: &EffectId) -> bool {
    matches!(id, EffectId::Look(..) | EffectId::CheckOut(_))
}

fn far() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}
