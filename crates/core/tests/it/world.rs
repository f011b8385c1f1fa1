//! A deterministic world: it carries out every effect in virtual time.
//!
//! It stands where the kernel, the drivers and the edge stand. What it holds apart from the
//! state, its processes and the edge's table, is the truth that the state is compared with.

mod containers;
mod edge;
mod effects;
mod process;

use std::collections::{BTreeMap, BTreeSet};

use pilothouse_core::apply::apply;
use pilothouse_core::command::{Command, Rejection, Reply};
use pilothouse_core::decide::decide;
use pilothouse_core::effect::{Effect, EffectId, Input, Observation};
use pilothouse_core::event::Recorded;
use pilothouse_core::id::{BranchName, CommitId, InstanceId, ProjectName, RunId};
use pilothouse_core::invariant::Guard;
use pilothouse_core::settle::settle;
use pilothouse_core::state::{Commit, Limits, State};
use pilothouse_core::time::{Millis, Timestamp};
use pilothouse_core::wanted::wanted;

pub use containers::Containers;
pub use edge::Edge;
pub use process::{Place, Process, Trouble};

/// More rounds of settling than this in one turn mean that it does not end.
const SETTLE_BOUND: usize = 4000;

/// An effect that is going on.
pub struct Flight {
    pub effect: Effect,
    /// It does not end before.
    pub due: Timestamp,
}

/// A deterministic world.
pub struct World {
    pub state: State,
    pub journal: Vec<Recorded>,
    /// How long the journal was after each turn: where a crash can cut it.
    pub turns: Vec<usize>,
    pub now: Timestamp,
    pub guard: Guard,
    pub flights: BTreeMap<EffectId, Flight>,
    pub cooling: BTreeMap<EffectId, Timestamp>,
    pub processes: BTreeMap<InstanceId, Process>,
    pub edge: Edge,
    pub containers: Containers,
    pub repositories: BTreeMap<ProjectName, BTreeMap<BranchName, Commit>>,
    /// Commits that were pushed in the place of their branch's history.
    pub replaced: BTreeSet<CommitId>,
    /// What is wrong with a commit.
    pub troubles: BTreeMap<CommitId, BTreeSet<Trouble>>,
    /// Steps that run or ran, so that finding them again is not running them again.
    pub steps: BTreeMap<(RunId, u32), u32>,
    /// Effects of this kind fail so often, by the first word of their id.
    pub faults: BTreeMap<String, Vec<pilothouse_core::effect::Fault>>,
    /// Effects that began once.
    pub past: Vec<EffectId>,
    /// Instances that did not prove themselves in time.
    pub given_up: BTreeSet<InstanceId>,
    /// What the truth says against the promises.
    pub violations: Vec<String>,
    pub limits: Limits,
    pub starts: u64,
    random: u64,
    observations: Vec<Observation>,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut world = Self {
            state: State::default(),
            journal: Vec::new(),
            turns: Vec::new(),
            now: Timestamp(1_000_000),
            guard: Guard::default(),
            flights: BTreeMap::new(),
            cooling: BTreeMap::new(),
            processes: BTreeMap::new(),
            edge: Edge::default(),
            containers: Containers::default(),
            repositories: BTreeMap::new(),
            replaced: BTreeSet::new(),
            troubles: BTreeMap::new(),
            steps: BTreeMap::new(),
            faults: BTreeMap::new(),
            past: Vec::new(),
            given_up: BTreeSet::new(),
            violations: Vec::new(),
            limits: Limits::default(),
            starts: 0,
            random: seed,
            observations: Vec::new(),
        };
        world.start();
        world
    }

    fn start(&mut self) {
        let epoch = self.state.epoch + 1;
        let limits = self.limits.clone();
        self.turn(&Input::Started { epoch, limits });
    }

    /// The next number of a sequence that the seed fixes (splitmix64).
    pub fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn chance(&mut self, of: u64) -> bool {
        self.random().is_multiple_of(of)
    }

    /// Somebody asks for something.
    pub fn ask(&mut self, command: Command) -> Result<Reply, Rejection> {
        let input = Input::Command { actor: "kim".to_owned(), command };
        self.turn(&input).expect("a command is answered")
    }

    /// One turn of the kernel: decide, settle, apply, append, reconcile.
    pub fn turn(&mut self, input: &Input) -> Option<Result<Reply, Rejection>> {
        let decision = decide(&self.state, input, self.now);
        let seq = self.state.seq;
        for event in decision.events {
            self.record(event);
        }
        let mut rounds = 0;
        loop {
            let events = settle(&self.state, self.now);
            if events.is_empty() {
                break;
            }
            for event in events {
                self.record(event);
            }
            rounds += 1;
            assert!(rounds < SETTLE_BOUND, "settling does not end:\n{}", self.tail(30));
        }
        let found = self.guard.settled(&self.state, self.now);
        self.complain(&found);
        if let Input::Outcome { id, .. } = input
            && self.state.seq == seq
        {
            self.cooling.insert(id.clone(), self.now.after(Millis(500)));
        }
        self.turns.push(self.journal.len());
        self.reconcile();
        decision.reply
    }

    fn record(&mut self, event: pilothouse_core::event::Event) {
        let recorded = Recorded { seq: self.state.seq.next(), at: self.now, event };
        let before = self.guard.before(&self.state, &recorded);
        apply(&mut self.state, &recorded);
        let found = self.guard.after(before, &recorded, &self.state);
        self.journal.push(recorded);
        self.complain(&found);
    }

    fn complain(&self, found: &[pilothouse_core::invariant::Violation]) {
        if let Some(first) = found.first() {
            panic!("{first}\n{}", self.tail(40));
        }
    }

    /// The last lines of the trace.
    pub fn tail(&self, lines: usize) -> String {
        let all = crate::trace::lines(&self.journal, 0, Timestamp(1_000_000));
        let from = all.len().saturating_sub(lines);
        all[from..].join("\n")
    }

    fn reconcile(&mut self) {
        // Who halts does not wait for requests.
        if self.state.halting {
            self.given_up.extend(self.state.instances.keys().cloned());
        }
        self.give_up_what_is_taken_away();
        self.edge_drops();
        let wanted = wanted(&self.state, self.now);
        let found = self.guard.wanted(&self.state, &wanted);
        self.complain(&found);
        self.flights.retain(|id, _| wanted.effects.contains_key(id));
        let now = self.now;
        self.cooling.retain(|id, until| *until > now && wanted.effects.contains_key(id));
        for (id, effect) in wanted.effects {
            let busy = self.flights.keys().any(|other| other.subject() == id.subject());
            if busy || self.cooling.contains_key(&id) {
                continue;
            }
            self.begin(id, effect);
        }
    }

    /// Lets the next thing happen; false where nothing is left but waiting for the world.
    pub fn step(&mut self) -> bool {
        self.observe();
        if !self.observations.is_empty() {
            let observation = self.observations.remove(0);
            self.turn(&Input::Observation(observation));
            return true;
        }
        let ready: Vec<EffectId> = self
            .flights
            .iter()
            .filter(|(_, flight)| flight.due <= self.now)
            .map(|(id, _)| id.clone())
            .collect();
        let from = usize::try_from(self.random() % ready.len().max(1) as u64).unwrap_or(0);
        for place in 0..ready.len() {
            let id = ready[(from + place) % ready.len()].clone();
            let Some(result) = self.end(&id) else { continue };
            self.flights.remove(&id);
            if let (EffectId::Prove(instance), Err(_)) = (&id, &result) {
                self.given_up.insert(instance.clone());
            }
            self.turn(&Input::Outcome { id, result });
            return true;
        }
        self.sleep()
    }

    /// Moves time to the next point at which something can happen.
    fn sleep(&mut self) -> bool {
        let next = self.next_time();
        let Some(next) = next else { return false };
        self.now = next;
        self.turn(&Input::Deadline);
        true
    }

    /// Goes on until nothing moves any more or the time is over.
    pub fn run_for(&mut self, length: Millis) {
        let end = self.now.after(length);
        for count in 0.. {
            assert!(count < 20_000, "it never comes to rest:\n{}", self.tail(40));
            if self.next_at().is_none_or(|at| at > end) {
                break;
            }
            if !self.step() {
                break;
            }
        }
        self.now = self.now.max(end);
        self.turn(&Input::Deadline);
    }

    /// When the next step would happen.
    fn next_at(&mut self) -> Option<Timestamp> {
        self.observe();
        if !self.observations.is_empty() {
            return Some(self.now);
        }
        let ids: Vec<EffectId> = self.flights.keys().cloned().collect();
        for id in ids {
            if self.flights[&id].due <= self.now && self.would_end(&id) {
                return Some(self.now);
            }
        }
        self.next_time()
    }

    /// The next point in time at which something can happen.
    fn next_time(&self) -> Option<Timestamp> {
        let wake = wanted(&self.state, self.now).wake_at;
        self.flights
            .values()
            .flat_map(|flight| [Some(flight.due), Self::deadline(&flight.effect)])
            .flatten()
            .chain(wake)
            .chain(self.cooling.values().copied())
            .chain(self.processes.values().flat_map(Process::changes))
            .filter(|at| *at > self.now)
            .min()
    }

    /// An end comes late, of an effect that nobody wants any more.
    pub fn late(&mut self, place: usize) {
        let wanted = wanted(&self.state, self.now).effects;
        let stale: Vec<&EffectId> =
            self.past.iter().filter(|id| !wanted.contains_key(*id)).collect();
        let Some(id) = stale.get(place % stale.len().max(1)).map(|id| (*id).clone()) else {
            return;
        };
        // Of these an end that did not happen would be a lie, which no one is safe from.
        let lie = |id: &EffectId| {
            matches!(
                id,
                EffectId::Look(..) | EffectId::Stop(_) | EffectId::Watch(_) | EffectId::Drain(_)
            )
        };
        if lie(&id) {
            return;
        }
        let result = Ok(Self::late_outcome(&id));
        self.turn(&Input::Outcome { id, result });
    }

    /// The engine is killed: what is in flight is lost, done or not, and the journal is read again.
    pub fn crash(&mut self) {
        let flights = std::mem::take(&mut self.flights);
        for (id, flight) in flights {
            if self.chance(2) {
                self.do_quietly(&id, &flight);
            }
        }
        self.cooling.clear();
        self.observations.clear();
        self.edge.reported.clear();
        self.edge.refused = 0;
        self.edge.reported_connected = None;
        self.containers.reported = None;
        self.state = fold(&self.journal);
        self.start();
    }

    /// The machine is started again: every process is gone, the engine too.
    pub fn reboot(&mut self) {
        self.flights.clear();
        for process in self.processes.values_mut() {
            process.alive = false;
        }
        self.crash();
    }
}

/// The state that the journal means, by both ways to read it.
pub fn fold(journal: &[Recorded]) -> State {
    let mut state = State::default();
    for recorded in journal {
        apply(&mut state, recorded);
    }
    assert_eq!(pilothouse_core::apply::fold(State::default(), journal), state, "the fast fold");
    state
}
