//! What the engine expects of a runtime, whichever it is: the same cases for simulated processes,
//! for processes of this machine and for containers.
//!
//! A case drives the port through the real executor, as the kernel does, and looks at what really
//! runs through a [`Ground`]. It knows nothing of how that is done.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pilothouse_core::effect::{
    Effect, EffectId, FaultKind, Input, InstanceOrder, Observation, Outcome,
};
use pilothouse_core::id::InstanceId;
use pilothouse_core::pipeline::Stop;
use pilothouse_core::routing::{HealthCheck, Role, StatusRange, Table, Target, TargetGroup};
use pilothouse_core::time::{Millis, Timestamp};
use pilothouse_core::wanted::Wanted;
use pilothouse_engine::executor::{Ended, Executor, Perform};
use tokio::time::{Instant, sleep_until, timeout};

/// The longest that anything is waited for, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long what never gets healthy is given.
const SHORT: Millis = Millis(3000);
/// How long a stop lets a program go on.
const GRACE: Millis = Millis(1000);
/// How much longer than the grace a stop may take, where a container's engine has much to do.
const SLACK: Duration = Duration::from_secs(20);

/// What an instance is to be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It answers.
    Well,
    /// It answers, and does not hear the signal that asks it to end.
    Deaf,
    /// It runs and never answers.
    Sick,
    /// There is no such program.
    Absent,
}

/// A place where instances run, and what a test sees and does there behind the engine's back.
pub trait Ground {
    /// The port as a new engine makes it.
    fn port(&mut self) -> Arc<dyn Perform>;
    /// The engine's time.
    fn now(&self) -> Timestamp;
    /// Lays out a release of one instance, which can then be started.
    fn order(&mut self, kind: Kind) -> InstanceOrder;
    /// How many of an instance really run.
    async fn running(&self, id: &InstanceId) -> usize;
    /// Ends an instance's program, as a crash would.
    async fn crash(&mut self, id: &InstanceId);
    /// Ends whatever keeps an instance alive.
    fn lose(&mut self, id: &InstanceId);
}

/// One engine's hold on the port.
pub struct Engine {
    executor: Executor,
    wanted: BTreeMap<EffectId, Effect>,
    seen: Vec<Observation>,
    tables: u64,
}

impl Engine {
    /// Begins, `life` counting the engines before it.
    pub fn begin(ground: &mut impl Ground, life: u64) -> Self {
        let executor = Executor::new(ground.port());
        let wanted = BTreeMap::from([(EffectId::Tend, Effect::Tend)]);
        Self { executor, wanted, seen: Vec::new(), tables: life * 100 }
    }

    /// Ends, and leaves what it started as it is.
    pub async fn end(mut self) {
        self.executor.stop(PATIENCE).await;
    }

    /// Does one thing until it is done or cannot be, as the kernel does.
    async fn does(&mut self, id: EffectId, effect: Effect) -> Ended {
        self.wanted.insert(id.clone(), effect);
        let ended = timeout(PATIENCE, async {
            loop {
                let Some(result) = self.turn(&id).await else { continue };
                match &result {
                    Err(fault) if fault.kind != FaultKind::Permanent => {}
                    Ok(_) | Err(_) => return result,
                }
            }
        });
        let ended = ended.await.unwrap_or_else(|_| panic!("{id:?} comes to no end"));
        self.wanted.remove(&id);
        ended
    }

    /// Waits for the next thing that happens; the outcome, if it is that of this effect.
    async fn turn(&mut self, id: &EffectId) -> Option<Ended> {
        let wanted = Wanted { effects: self.wanted.clone(), wake_at: None };
        let again = self.executor.reconcile(wanted);
        let input = tokio::select! {
            input = self.executor.next() => input?,
            () = sleep_until(again.unwrap_or_else(Instant::now)), if again.is_some() => return None,
        };
        match input {
            Input::Outcome { id: ended, result } if ended == *id => Some(result),
            Input::Observation(observation) => {
                self.seen.push(observation);
                None
            }
            _ => None,
        }
    }

    pub async fn starts(&mut self, order: &InstanceOrder) -> Ended {
        let id = EffectId::Start(order.id.clone());
        self.does(id, Effect::Start(Box::new(order.clone()))).await
    }

    /// Starts what must start; where it is reached, and what names this start.
    async fn start(&mut self, order: &InstanceOrder) -> (SocketAddr, String) {
        match self.starts(order).await {
            Ok(Outcome::Started { address, proof }) => (address, proof),
            other => panic!("{} did not start: {other:?}", order.id),
        }
    }

    /// Publishes a table with one instance, which is checked and gets no requests.
    async fn check(&mut self, id: &InstanceId, (address, proof): &(SocketAddr, String)) {
        let health = HealthCheck {
            interval: Duration::from_millis(100),
            healthy_threshold: 1,
            matcher: vec![StatusRange { from: 200, to: 399 }],
            ..HealthCheck::default()
        };
        let target = Target {
            id: id.to_string(),
            address: *address,
            release: "r1".to_owned(),
            role: Role::Standby,
            proof: proof.clone(),
            ill: false,
            health: None,
        };
        self.publish(vec![TargetGroup {
            id: "group".to_owned(),
            environment: "group".to_owned(),
            health,
            targets: vec![target],
        }])
        .await;
    }

    async fn publish(&mut self, target_groups: Vec<TargetGroup>) {
        self.tables += 1;
        let table = Table { target_groups, ..Table::default() }.seal(1, self.tables);
        let effect = Effect::Publish { table: Box::new(table) };
        self.does(EffectId::Publish(self.tables), effect).await.expect("it is published");
    }

    /// Watches until it is told that an instance was started again; what names that start.
    async fn restarts(&mut self, order: &InstanceOrder) -> String {
        let watch = EffectId::Watch(order.id.clone());
        self.wanted.insert(watch.clone(), Effect::Watch { id: order.id.clone() });
        let told = async {
            loop {
                let ended = self.turn(&watch).await;
                assert!(ended.is_none(), "the watch is over: {ended:?}");
                for observation in &self.seen {
                    if let Observation::InstanceRestarted { id, restarts: 1.., proof, .. } =
                        observation
                        && *id == order.id
                    {
                        return proof.clone();
                    }
                }
            }
        };
        let told = timeout(PATIENCE, told).await;
        let proof = told.unwrap_or_else(|_| panic!("nobody tells of the crash"));
        self.wanted.remove(&watch);
        proof
    }

    async fn proves(&mut self, id: &InstanceId, address: SocketAddr, deadline: Timestamp) -> Ended {
        let effect =
            Effect::Prove { id: id.clone(), address, min_healthy_time: Millis(0), deadline };
        self.does(EffectId::Prove(id.clone()), effect).await
    }

    /// Takes an instance out of the table and stops it.
    pub async fn stop(&mut self, id: &InstanceId) {
        self.publish(Vec::new()).await;
        let stop = Stop { grace: GRACE, ..Stop::default() };
        let effect = Effect::Stop { id: id.clone(), stop };
        assert_eq!(self.does(EffectId::Stop(id.clone()), effect).await, Ok(Outcome::Done));
    }
}

fn is_permanent(ended: &Ended) -> bool {
    ended.as_ref().is_err_and(|fault| fault.kind == FaultKind::Permanent)
}

/// What is started runs, and is proved once it is checked and answers.
pub async fn what_answers_is_proved(ground: &mut impl Ground) {
    let order = ground.order(Kind::Well);
    let mut engine = Engine::begin(ground, 0);
    let start = engine.start(&order).await;
    assert_eq!(ground.running(&order.id).await, 1);
    engine.check(&order.id, &start).await;
    let deadline = ground.now().after(Millis::minutes(1));
    assert_eq!(engine.proves(&order.id, start.0, deadline).await, Ok(Outcome::Done));
    engine.stop(&order.id).await;
    assert_eq!(ground.running(&order.id).await, 0);
    engine.end().await;
}

/// What never answers is given up at its deadline and not before.
pub async fn what_never_answers_is_given_up_at_its_deadline(ground: &mut impl Ground) {
    let order = ground.order(Kind::Sick);
    let mut engine = Engine::begin(ground, 0);
    let start = engine.start(&order).await;
    engine.check(&order.id, &start).await;
    let deadline = ground.now().after(SHORT);
    let ended = engine.proves(&order.id, start.0, deadline).await;
    assert!(is_permanent(&ended), "{ended:?}");
    assert!(ground.now() >= deadline, "it was given up early");
    engine.stop(&order.id).await;
    engine.end().await;
}

/// An address where another instance answers proves nothing.
pub async fn another_ones_answer_proves_nothing(ground: &mut impl Ground) {
    let (order, other) = (ground.order(Kind::Well), ground.order(Kind::Well));
    let mut engine = Engine::begin(ground, 0);
    let (_, proof) = engine.start(&order).await;
    let (there, _) = engine.start(&other).await;
    engine.check(&order.id, &(there, proof)).await;
    let deadline = ground.now().after(SHORT);
    let ended = engine.proves(&order.id, there, deadline).await;
    assert!(is_permanent(&ended), "{ended:?}");
    for id in [&order.id, &other.id] {
        engine.stop(id).await;
    }
    engine.end().await;
}

/// Starting what runs finds it: there is one, and it is the same start.
pub async fn starting_twice_is_starting_once(ground: &mut impl Ground) {
    let order = ground.order(Kind::Well);
    let mut engine = Engine::begin(ground, 0);
    let first = engine.start(&order).await;
    assert_eq!(engine.start(&order).await, first);
    assert_eq!(ground.running(&order.id).await, 1);
    engine.stop(&order.id).await;
    engine.end().await;
}

/// An engine's end ends no instance, and the next engine finds it.
pub async fn the_next_engine_finds_what_runs(ground: &mut impl Ground) {
    let order = ground.order(Kind::Well);
    let mut engine = Engine::begin(ground, 0);
    let first = engine.start(&order).await;
    engine.end().await;
    assert_eq!(ground.running(&order.id).await, 1);
    let mut engine = Engine::begin(ground, 1);
    assert_eq!(engine.start(&order).await, first);
    assert_eq!(ground.running(&order.id).await, 1);
    engine.check(&order.id, &first).await;
    let deadline = ground.now().after(Millis::minutes(1));
    assert_eq!(engine.proves(&order.id, first.0, deadline).await, Ok(Outcome::Done));
    engine.stop(&order.id).await;
    engine.end().await;
}

/// What does not hear that it should end is ended after its grace.
pub async fn what_is_deaf_is_ended_after_its_grace(ground: &mut impl Ground) {
    let order = ground.order(Kind::Deaf);
    let mut engine = Engine::begin(ground, 0);
    let start = engine.start(&order).await;
    // Only once it answers does it surely ignore the signal.
    engine.check(&order.id, &start).await;
    let deadline = ground.now().after(Millis::minutes(1));
    assert_eq!(engine.proves(&order.id, start.0, deadline).await, Ok(Outcome::Done));
    let since = Instant::now();
    engine.stop(&order.id).await;
    let took = since.elapsed();
    assert!(took >= GRACE.duration(), "its grace was cut short: {took:?}");
    assert!(took < GRACE.duration() + SLACK, "it was ended late: {took:?}");
    assert_eq!(ground.running(&order.id).await, 0);
    engine.end().await;
}

/// Stopping what never ran, or what was stopped, is done at once; what was stopped stays so.
pub async fn stopping_what_is_not_there_is_done(ground: &mut impl Ground) {
    let (order, never) = (ground.order(Kind::Well), ground.order(Kind::Well));
    let mut engine = Engine::begin(ground, 0);
    engine.stop(&never.id).await;
    engine.start(&order).await;
    engine.stop(&order.id).await;
    engine.stop(&order.id).await;
    let again = engine.starts(&order).await;
    assert!(is_permanent(&again), "it was started under a name that was used: {again:?}");
    assert_eq!(ground.running(&order.id).await, 0);
    engine.end().await;
}

/// What cannot be run is said to be so by its start or by its proof, before its deadline, and
/// nothing of it is left.
pub async fn what_cannot_run_is_told_and_leaves_nothing(ground: &mut impl Ground) {
    let order = ground.order(Kind::Absent);
    let mut engine = Engine::begin(ground, 0);
    let deadline = ground.now().after(Millis::minutes(1));
    let ended = match engine.starts(&order).await {
        // A container can be started whose program is not there.
        Ok(Outcome::Started { address, .. }) => engine.proves(&order.id, address, deadline).await,
        ended => ended,
    };
    assert!(is_permanent(&ended), "{ended:?}");
    assert!(ground.now() < deadline, "nobody noticed before the deadline: {ended:?}");
    engine.stop(&order.id).await;
    assert_eq!(ground.running(&order.id).await, 0);
    engine.end().await;
}

/// What crashed is started again, and whoever watches is told: it is another start.
pub async fn what_crashed_is_started_again_and_told(ground: &mut impl Ground) {
    let order = ground.order(Kind::Well);
    let mut engine = Engine::begin(ground, 0);
    let (_, first) = engine.start(&order).await;
    ground.crash(&order.id).await;
    let proof = engine.restarts(&order).await;
    assert_ne!(proof, first, "another start has the same proof");
    assert_eq!(ground.running(&order.id).await, 1);
    engine.stop(&order.id).await;
    engine.end().await;
}

/// What was started again is proved once the edge checks this very start, and not by what it says
/// of the start before.
pub async fn what_was_started_again_is_proved_anew(ground: &mut impl Ground) {
    let order = ground.order(Kind::Well);
    let mut engine = Engine::begin(ground, 0);
    let first = engine.start(&order).await;
    engine.check(&order.id, &first).await;
    let long = ground.now().after(Millis::minutes(2));
    assert_eq!(engine.proves(&order.id, first.0, long).await, Ok(Outcome::Done));
    ground.crash(&order.id).await;
    let proof = engine.restarts(&order).await;
    let soon = ground.now().after(SHORT);
    let ended = engine.proves(&order.id, first.0, soon).await;
    assert!(is_permanent(&ended), "the start before vouches for it: {ended:?}");
    engine.check(&order.id, &(first.0, proof)).await;
    assert_eq!(engine.proves(&order.id, first.0, long).await, Ok(Outcome::Done));
    engine.stop(&order.id).await;
    engine.end().await;
}

/// What lost all that kept it alive is told to be lost, and nothing of it is left.
pub async fn what_is_lost_is_told_and_leaves_nothing(ground: &mut impl Ground) {
    let order = ground.order(Kind::Well);
    let mut engine = Engine::begin(ground, 0);
    engine.start(&order).await;
    let watch = EffectId::Watch(order.id.clone());
    ground.lose(&order.id);
    let ended = engine.does(watch, Effect::Watch { id: order.id.clone() }).await;
    assert!(matches!(ended, Ok(Outcome::Lost { .. })), "{ended:?}");
    assert_eq!(ground.running(&order.id).await, 0);
    engine.stop(&order.id).await;
    engine.end().await;
}

/// Makes a test of each case; `$with` plays one on a ground of its own.
macro_rules! tests {
    ($with:path) => {
        $crate::contract::tests!($with:
            what_answers_is_proved
            what_never_answers_is_given_up_at_its_deadline
            another_ones_answer_proves_nothing
            starting_twice_is_starting_once
            the_next_engine_finds_what_runs
            what_is_deaf_is_ended_after_its_grace
            stopping_what_is_not_there_is_done
            what_cannot_run_is_told_and_leaves_nothing
            what_crashed_is_started_again_and_told
            what_was_started_again_is_proved_anew
            what_is_lost_is_told_and_leaves_nothing
        );
    };
    ($with:path: $($case:ident)+) => {
        $(#[test]
        fn $case() {
            $with(async |ground| $crate::contract::$case(ground).await);
        })+
    };
}

pub(crate) use tests;
