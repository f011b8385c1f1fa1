//! Following: what a follower folds is what the engine knows, whatever happens in between.

use pilothouse_api::client::{ClientError, ClientLimits, Follow, Update};
use pilothouse_core::apply::apply;
use pilothouse_core::state::State;
use pilothouse_engine::publish::PublishLimits;
use pilothouse_engine::server::{Door, ServeLimits, View};
use proptest::prelude::*;

use super::house::{House, in_time, until};

/// What a cockpit does with updates.
#[derive(Default)]
struct Copy {
    state: State,
    snapshots: u32,
    seqs: Vec<u64>,
    lost: Option<ClientError>,
}

impl Copy {
    fn take(&mut self, update: Update) {
        match update {
            Update::Snapshot(snapshot) => {
                assert_eq!(snapshot.seq, snapshot.state.seq);
                self.state = snapshot.state;
                self.snapshots += 1;
                self.lost = None;
            }
            Update::Record(record) => {
                assert_eq!(record.seq, self.state.seq.next(), "a gap or a double");
                self.seqs.push(record.seq.0);
                apply(&mut self.state, &record);
            }
            Update::Samples(_) | Update::Sighting(_) => {}
            Update::Live => self.lost = None,
            Update::Lost { why } => self.lost = Some(why),
        }
    }

    async fn take_until(&mut self, follow: &mut Follow, holds: impl Fn(&Self) -> bool) {
        while !holds(self) {
            let update = in_time(follow.next()).await.unwrap();
            self.take(update);
        }
    }
}

#[tokio::test]
async fn a_lost_connection_is_resumed_without_gap_or_double() {
    let mut house = House::open().await;
    let mut follow = house.client(Door::Operator).follow(true);
    let mut copy = Copy::default();
    house.memory.queue_run();
    let end = house.memory.state();
    copy.take_until(&mut follow, |copy| copy.state == end).await;
    for _ in 0..3 {
        house.close().await;
        copy.take_until(&mut follow, |copy| copy.lost.is_some()).await;
        house.memory.queue_run();
        house.serve().await;
        house.memory.queue_run();
        let end = house.memory.state();
        copy.take_until(&mut follow, |copy| copy.state == end && copy.lost.is_none()).await;
    }
    assert_eq!(copy.snapshots, 1);
    assert!(copy.seqs.ends_with(&[3, 4, 5, 6, 7, 8]), "{:?}", copy.seqs);
}

#[tokio::test]
async fn another_life_of_the_engine_is_followed_from_a_fresh_snapshot() {
    let mut house = House::open().await;
    let mut follow = house.client(Door::Operator).follow(false);
    let mut copy = Copy::default();
    copy.take_until(&mut follow, |copy| copy.snapshots == 1).await;
    house.close().await;
    // Another journal, at the same place: only its life tells it apart.
    house.memory = super::house::Memory::new(PublishLimits::default());
    house.memory.start(2);
    house.serve().await;
    house.memory.queue_run();
    let end = house.memory.state();
    copy.take_until(&mut follow, |copy| copy.state == end).await;
    assert_eq!(copy.snapshots, 2);
}

#[tokio::test]
async fn an_engine_that_is_not_there_yet_is_waited_for() {
    let mut house = House::open().await;
    house.close().await;
    let mut follow = house.client(Door::Watch).follow(false);
    let mut copy = Copy::default();
    copy.take_until(&mut follow, |copy| copy.lost.is_some()).await;
    assert!(matches!(copy.lost, Some(ClientError::EngineUnreachable { .. })));
    house.serve().await;
    copy.take_until(&mut follow, |copy| copy.snapshots == 1).await;
}

/// What happens in one step of the property.
#[derive(Clone, Debug)]
enum Step {
    Happen(usize),
    Read(usize),
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1usize..60).prop_map(Step::Happen),
        4 => (1usize..20).prop_map(Step::Read),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 1..25)
}

fn small_ring() -> PublishLimits {
    PublishLimits { records: 16, ..PublishLimits::default() }
}

async fn run(steps: &[Step]) {
    let mut house = House::with(ServeLimits::default(), small_ring()).await;
    let limits = ClientLimits {
        updates: 2,
        retry_first: std::time::Duration::from_millis(1),
        retry_most: std::time::Duration::from_millis(1),
        ..ClientLimits::default()
    };
    let mut follow = house.client_with(Door::Watch, limits).follow(true);
    let mut copy = Copy::default();
    for step in steps {
        match step {
            Step::Happen(count) => {
                for n in 0..*count {
                    if n % 7 == 0 {
                        house.memory.queue_run();
                    } else if n % 7 == 3 {
                        // A snapshot that is taken now is behind what was told.
                        house.memory.publish_small();
                    } else {
                        house.memory.tick();
                    }
                }
                tokio::task::yield_now().await;
            }
            Step::Read(count) => {
                for _ in 0..*count {
                    tokio::task::yield_now().await;
                    if let Some(update) = follow.try_next() {
                        copy.take(update);
                    }
                }
            }
            Step::Restart => {
                house.close().await;
                house.serve().await;
            }
        }
    }
    let end = house.memory.state();
    copy.take_until(&mut follow, |copy| copy.state == end).await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_fold_is_the_state(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(run(&steps));
    }
}

#[tokio::test]
async fn a_slow_reader_is_brought_up_by_a_snapshot() {
    let house = House::with(ServeLimits::default(), small_ring()).await;
    let mut follow = house.client(Door::Watch).follow(false);
    let mut copy = Copy::default();
    copy.take_until(&mut follow, |copy| copy.snapshots == 1).await;
    until(|| house.memory.publisher().attached().watchers == 1).await;
    // More than is kept, while the server's task gets no turn.
    for _ in 0..17 {
        house.memory.tick();
    }
    let end = house.memory.state();
    copy.take_until(&mut follow, |copy| copy.state == end).await;
    assert_eq!((copy.snapshots, copy.seqs.len()), (2, 0));
}
