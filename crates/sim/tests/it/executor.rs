//! The executor alone: one effect per subject, no busy loops, no effect that takes it down.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use pilothouse_core::effect::{Effect, EffectId, Fault, FaultKind, Input, Observation, Outcome};
use pilothouse_core::id::RunId;
use pilothouse_core::wanted::Wanted;
use pilothouse_engine::executor::{Attention, Executor, Perform, Underway};
use tokio::time::Instant;

struct Script<F>(F);

impl<F> Perform for Script<F>
where
    F: Fn(EffectId, Attention) -> Underway + Send + Sync + 'static,
{
    fn perform(&self, id: &EffectId, _: Effect, attention: Attention) -> Underway {
        (self.0)(id.clone(), attention)
    }
}

fn executor(script: impl Fn(EffectId, Attention) -> Underway + Send + Sync + 'static) -> Executor {
    Executor::new(Arc::new(Script(script)))
}

fn wants(ids: &[EffectId]) -> Wanted {
    let effects = ids.iter().map(|id| (id.clone(), Effect::Clean { run: RunId(1) }));
    Wanted { effects: effects.collect::<BTreeMap<_, _>>(), wake_at: None }
}

const SEAL: EffectId = EffectId::Seal(RunId(1));
const CLEAN: EffectId = EffectId::Clean(RunId(1));

#[tokio::test(start_paused = true)]
async fn a_successor_begins_only_once_a_cancelled_predecessor_has_let_go() {
    let mut executor = executor(|id, attention| {
        Box::pin(async move {
            if id == SEAL {
                attention.cancelled.cancelled().await;
                tokio::time::sleep(Duration::from_secs(9)).await;
            }
            Ok(Outcome::Done)
        })
    });
    let begin = Instant::now();
    executor.reconcile(wants(&[SEAL]));
    executor.reconcile(wants(&[CLEAN]));
    assert_eq!(executor.in_flight(), 1, "both are in flight");
    assert_eq!(executor.next().await, None, "what was cancelled has no outcome");
    assert_eq!(begin.elapsed(), Duration::from_secs(9));
    executor.reconcile(wants(&[CLEAN]));
    let input = executor.next().await;
    assert_eq!(input, Some(Input::Outcome { id: CLEAN, result: Ok(Outcome::Done) }));
}

#[tokio::test(start_paused = true)]
async fn what_is_wanted_again_before_it_let_go_starts_again_at_once() {
    let mut executor = executor(|_, attention| {
        Box::pin(async move {
            attention.cancelled.cancelled().await;
            Err(Fault::unknown("no longer wanted"))
        })
    });
    executor.reconcile(wants(&[SEAL]));
    executor.reconcile(wants(&[]));
    executor.reconcile(wants(&[SEAL]));
    assert_eq!(executor.next().await, None);
    let again = executor.reconcile(wants(&[SEAL]));
    assert_eq!((again, executor.in_flight()), (None, 1), "being cancelled is no fault");
}

#[tokio::test(start_paused = true)]
async fn a_fault_and_a_panic_wait_before_they_are_tried_again() {
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    let mut executor = executor(move |_, _| {
        let n = counted.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            assert!(n.is_multiple_of(2), "the effect panics");
            Err(Fault::transient("it may pass"))
        })
    });
    let begin = Instant::now();
    for expected in [FaultKind::Transient, FaultKind::Unknown, FaultKind::Transient] {
        while let Some(again) = executor.reconcile(wants(&[SEAL])) {
            tokio::time::sleep_until(again).await;
        }
        let Some(Input::Outcome { id: SEAL, result: Err(fault) }) = executor.next().await else {
            panic!("no fault");
        };
        assert_eq!(fault.kind, expected);
    }
    assert_eq!(begin.elapsed(), Duration::from_secs(1), "two waits of half a second");
    assert_eq!(count.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn stopping_waits_so_long_and_no_longer() {
    let mut executor = executor(|_, _| Box::pin(std::future::pending()));
    executor.reconcile(wants(&[SEAL]));
    let begin = Instant::now();
    executor.stop(Duration::from_secs(5)).await;
    assert_eq!(begin.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn observations_wait_in_a_bounded_queue_that_stopping_does_not_wait_for() {
    let told = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&told);
    let mut executor = executor(move |_, attention| {
        let told = Arc::clone(&counted);
        Box::pin(async move {
            while !attention.cancelled.is_cancelled() {
                let why = "again".to_owned();
                attention.observe(Observation::EdgeDisconnected { why }).await;
                told.fetch_add(1, Ordering::Relaxed);
            }
            Err(Fault::unknown("no longer wanted"))
        })
    });
    executor.reconcile(wants(&[SEAL]));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(told.load(Ordering::Relaxed), 1024, "the queue has no end");
    let begin = Instant::now();
    executor.stop(Duration::from_secs(5)).await;
    assert_eq!(begin.elapsed(), Duration::ZERO, "a full queue held the stop up");
}
