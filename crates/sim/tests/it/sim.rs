//! Runs engines in a world, one life after the other, and judges all that they do.

mod rest;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use pilothouse_core::apply::apply;
use pilothouse_core::command::{Command, Rejection, Reply};
use pilothouse_core::event::Recorded;
use pilothouse_core::id::Seq;
use pilothouse_core::invariant::{Guard, Violation};
use pilothouse_core::state::{Limits, State};
use pilothouse_core::table;
use pilothouse_core::time::Timestamp;
use pilothouse_core::wanted::wanted;
use pilothouse_engine::clock::Clock;
use pilothouse_engine::failpoint;
use pilothouse_engine::journal::{Disk, Faults, Step, Verdict};
use pilothouse_engine::kernel::{Answer, Handle, Kernel, Ledger, Listen};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::world::{BEGIN, Weather, World};
pub use rest::{fates, settled};

/// A disk that can be full.
#[derive(Default)]
pub struct SimDisk {
    pub full: AtomicBool,
}

impl Faults for SimDisk {
    fn judge(&self, step: Step, _: &Path) -> Verdict {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        match step {
            Step::Write if self.full.load(Ordering::Relaxed) => Verdict::Short(10, full()),
            Step::Create if self.full.load(Ordering::Relaxed) => Verdict::Fail(full()),
            Step::Sync => Verdict::Skip,
            _ => Verdict::Go,
        }
    }
}

/// Follows what an engine tells and says what is broken.
#[derive(Default)]
pub struct Judge {
    guard: Guard,
    /// The fold of all that was told.
    pub state: State,
    pub journal: Vec<Recorded>,
    pub turns: u64,
    pub degraded: Option<String>,
    pub broken: Vec<String>,
}

impl Judge {
    fn complain(&mut self, found: &[Violation]) {
        let at = self.state.seq;
        self.broken.extend(found.iter().map(|violation| format!("at {at}: {violation}")));
    }

    fn hear(&mut self, records: &[Recorded], state: &State, now: Timestamp) {
        self.turns += 1;
        for recorded in records {
            let before = self.guard.before(&self.state, recorded);
            apply(&mut self.state, recorded);
            let found = self.guard.after(before, recorded, &self.state);
            self.complain(&found);
            self.journal.push(recorded.clone());
        }
        if records.is_empty() || state.seq != self.state.seq {
            return;
        }
        if *state != self.state {
            self.broken.push(format!("at {} the records are not the state", state.seq));
        }
        let found = self.guard.settled(state, now);
        self.complain(&found);
        let found = self.guard.wanted(state, &wanted(state, now));
        self.complain(&found);
    }
}

struct Ear {
    judge: Arc<Mutex<Judge>>,
    world: World,
    changed: watch::Sender<u64>,
}

impl Listen for Ear {
    fn records(&mut self, records: &[Recorded], state: &State) {
        let now = self.world.now();
        self.judge.lock().unwrap().hear(records, state, now);
        self.world.look().halting = state.halting;
        self.changed.send_modify(|changes| *changes += 1);
    }

    fn degraded(&mut self, why: Option<&str>) {
        self.judge.lock().unwrap().degraded = why.map(str::to_owned);
        self.changed.send_modify(|changes| *changes += 1);
    }

    fn asked(&mut self, _: Timestamp, _: &str, _: &Command, _: &Result<Reply, Rejection>) {}
}

/// Where the engine is to be killed, and what it has passed.
#[derive(Default)]
pub struct Points {
    pub passed: BTreeMap<String, u32>,
    pub kill_at: Option<(String, u32)>,
}

struct Life {
    handle: Handle,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// A world with an engine in it.
pub struct Sim {
    pub world: World,
    pub disk: Arc<SimDisk>,
    pub points: Rc<RefCell<Points>>,
    pub limits: Limits,
    /// How long nobody starts an engine that was killed.
    pub down: Duration,
    pub lives: u32,
    pub acknowledged: Seq,
    judge: Arc<Mutex<Judge>>,
    changed: watch::Sender<u64>,
    life: Option<Life>,
    dir: tempfile::TempDir,
    _watch: failpoint::Watch,
}

/// Runs a simulation on a runtime of its own, in virtual time.
pub fn simulate<T>(weather: Weather, with: impl AsyncFnOnce(&mut Sim) -> T) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut sim = Sim::new(weather);
        sim.start();
        let result = with(&mut sim).await;
        sim.stop().await;
        result
    })
}

impl Sim {
    fn new(weather: Weather) -> Self {
        let world = World::new(weather);
        let points = Rc::new(RefCell::new(Points::default()));
        let changed = watch::Sender::new(0);
        let hook = {
            let (world, points, changed) = (world.clone(), Rc::clone(&points), changed.clone());
            move |name: &str| {
                let mut points = points.borrow_mut();
                if !world.look().killed {
                    let passed = points.passed.entry(name.to_owned()).or_default();
                    *passed += 1;
                    let here = (name.to_owned(), *passed);
                    if points.kill_at.as_ref() != Some(&here) {
                        return;
                    }
                    world.killed(true);
                    changed.send_modify(|changes| *changes += 1);
                }
                drop(points);
                std::panic::resume_unwind(Box::new("killed"));
            }
        };
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        Self {
            world,
            disk: Arc::new(SimDisk::default()),
            points,
            limits: Limits::default(),
            down: Duration::ZERO,
            lives: 0,
            acknowledged: Seq(0),
            judge: Arc::new(Mutex::new(Judge::default())),
            changed,
            life: None,
            dir: dir.unwrap(),
            _watch: failpoint::watch(hook),
        }
    }

    pub fn judge(&self) -> MutexGuard<'_, Judge> {
        self.judge.lock().unwrap()
    }

    /// Starts an engine on what the last one left behind.
    pub fn start(&mut self) {
        // Without room for its epoch no engine starts at all.
        self.disk.full.store(false, Ordering::Relaxed);
        self.world.killed(false);
        self.lives += 1;
        let disk = Disk::with_faults(Arc::clone(&self.disk) as _);
        let ledger = Ledger::open(self.dir.path(), disk).unwrap();
        {
            let mut judge = self.judge();
            let (told, read) = (judge.state.seq, ledger.state().seq);
            assert!(read >= told.max(self.acknowledged), "{told} was told, {read} was read");
            assert!(read > told || *ledger.state() == judge.state, "another state was read");
            judge.state = ledger.state().clone();
        }
        let ear = Ear {
            judge: Arc::clone(&self.judge),
            world: self.world.clone(),
            changed: self.changed.clone(),
        };
        let clock = Clock::at(self.world.now());
        let performer = Arc::new(self.world.clone());
        let (kernel, handle) = Kernel::new(ledger, performer, ear, self.limits.clone(), clock);
        let stop = CancellationToken::new();
        let task = tokio::spawn(kernel.run(stop.clone()));
        self.life = Some(Life { handle, stop, task });
    }

    /// Kills the engine, wherever it is.
    pub async fn kill(&mut self) {
        self.world.killed(true);
        let Some(life) = self.life.take() else { return };
        life.task.abort();
        // It ended by being killed, however it came to that.
        let _ = life.task.await;
        for _ in 0..10_000 {
            if self.world.look().busy.is_empty() {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("effects outlive their engine: {:?}", self.world.look().busy);
    }

    pub async fn kill_and_start(&mut self) {
        self.kill().await;
        tokio::time::sleep(self.down).await;
        self.start();
    }

    /// Stops the engine in good order.
    pub async fn stop(&mut self) {
        if let Some(life) = self.life.take() {
            life.stop.cancel();
            let _ = life.task.await;
        }
    }

    pub fn is_dead(&self) -> bool {
        self.world.look().killed || self.life.as_ref().is_none_or(|life| life.task.is_finished())
    }

    /// Starts an engine again if it was killed.
    pub async fn revive(&mut self) {
        if self.is_dead() {
            let finished = self.life.as_ref().is_some_and(|life| life.task.is_finished());
            let killed = self.world.look().killed;
            assert!(killed || !finished, "the kernel broke off by itself");
            self.kill_and_start().await;
        }
    }

    pub fn handle(&self) -> Handle {
        self.life.as_ref().unwrap().handle.clone()
    }

    /// Asks for something; none where the engine was killed over it.
    pub async fn ask(&mut self, command: Command) -> Option<Answer> {
        let handle = self.handle();
        let mut changed = self.changed.subscribe();
        let submit = handle.submit("kim", command);
        tokio::pin!(submit);
        let answer = loop {
            if self.is_dead() {
                return None;
            }
            tokio::select! {
                biased;
                answer = &mut submit => break answer,
                _ = changed.changed() => {}
            }
        };
        if answer.is_err() && self.is_dead() {
            return None;
        }
        if let Ok((_, seq)) = &answer {
            self.acknowledged = self.acknowledged.max(*seq);
        }
        Some(answer)
    }

    /// Asks until it was accepted, unless the state shows that it was.
    pub async fn insist(&mut self, command: Command, was: impl Fn(&State) -> bool) {
        loop {
            self.revive().await;
            if was(&self.judge().state) {
                return;
            }
            match self.ask(command.clone()).await {
                Some(Ok(_)) => return,
                Some(Err(rejection)) => panic!("{command:?}: {rejection}"),
                None => {}
            }
        }
    }

    /// Waits until the state is so, through however many lives.
    pub async fn until(&mut self, what: &str, so: impl Fn(&State) -> bool) {
        let end = tokio::time::Instant::now() + Duration::from_secs(3600);
        let mut changed = self.changed.subscribe();
        loop {
            self.revive().await;
            if so(&self.judge().state) {
                return;
            }
            tokio::select! {
                biased;
                _ = changed.changed() => {}
                () = tokio::time::sleep_until(end) => {
                    panic!("it never came to this: {what}\n{}", self.tail(40))
                }
            }
        }
    }

    pub async fn pass(&mut self, length: Duration) {
        let end = tokio::time::Instant::now() + length;
        let mut changed = self.changed.subscribe();
        loop {
            self.revive().await;
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(end) => return,
                _ = changed.changed() => {}
            }
        }
    }

    /// The last things that happened.
    pub fn tail(&self, lines: usize) -> String {
        format!("{}\nbusy: {:?}", last(&self.judge(), lines), self.world.look().busy)
    }

    /// Nothing broken, and what really runs is what is known.
    pub fn at_rest(&self) {
        let judge = self.judge();
        let state = &judge.state;
        let things = self.world.look();
        assert!(judge.broken.is_empty(), "{:#?}\n{}", judge.broken, last(&judge, 400));
        assert!(things.violations.is_empty(), "{:#?}", things.violations);
        let alive = things.processes.iter().filter(|(_, process)| process.alive);
        let real: Vec<_> = alive.map(|(id, _)| id).collect();
        let known: Vec<_> = state.instances.keys().collect();
        assert_eq!(known, real, "what runs is not what is known");
        let table = things.edge.table.as_ref();
        if !state.projects.is_empty() {
            let wanted = table::wanted(state).digest;
            assert_eq!(table.map(|table| &table.digest), Some(&wanted), "another table serves");
        }
        assert!(things.steps.values().all(|unit| unit.over), "a step runs on");
        let left = things.workspaces.keys().find(|run| !things.unclean.contains(run));
        assert_eq!(left, None, "a workspace is left");
    }
}

fn last(judge: &Judge, lines: usize) -> String {
    let from = judge.journal.len().saturating_sub(lines);
    let lines = judge.journal[from..].iter().map(|recorded| {
        let mut text = format!("{:?}", recorded.event);
        text.truncate(text.floor_char_boundary(200));
        format!("{:>8} {} {text}", recorded.at.0 - BEGIN.0, recorded.seq)
    });
    lines.collect::<Vec<_>>().join("\n")
}
