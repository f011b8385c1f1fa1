//! A simulated world: what really runs, whatever the engine believes.
//!
//! It outlives engines, as processes, the edge and the disk do.

mod edge;
mod perform;
mod process;
mod weather;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::effect::Subject;
use pilothouse_core::id::{
    ArtifactDigest, BranchName, CommitId, InstanceId, ProjectName, ReleaseNumber, RunId,
};
use pilothouse_core::state::Commit;
use pilothouse_core::time::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;

pub use edge::Edge;
pub use process::{Process, StepUnit, Trouble};
pub use weather::{Bad, Weather};

/// The time at which every simulation begins.
pub const BEGIN: Timestamp = Timestamp(1_000_000);

/// What is really there.
pub struct Things {
    pub origin: Instant,
    pub repositories: BTreeMap<ProjectName, BTreeMap<BranchName, Commit>>,
    pub troubles: BTreeMap<CommitId, BTreeSet<Trouble>>,
    pub workspaces: BTreeMap<RunId, CommitId>,
    pub steps: BTreeMap<(RunId, u32), StepUnit>,
    pub artifacts: BTreeMap<ArtifactDigest, CommitId>,
    pub releases: BTreeSet<(EnvironmentKey, ReleaseNumber)>,
    pub processes: BTreeMap<InstanceId, Process>,
    /// How many instances were launched.
    pub launches: u32,
    /// Instances that were told to end, and are never to begin again.
    pub stopped: BTreeSet<InstanceId>,
    pub edge: Edge,
    pub weather: Weather,
    /// What an effect is working on right now.
    pub busy: BTreeSet<Subject>,
    /// Instances that their effects gave up, so that nobody waits for their requests.
    pub given_up: BTreeSet<InstanceId>,
    /// Runs whose workspace could not be removed: the tidying's to find.
    pub unclean: BTreeSet<RunId>,
    /// The engine was killed: nothing of it does anything any more.
    pub killed: bool,
    pub halting: bool,
    /// How many effects began.
    pub begun: u64,
    pub violations: Vec<String>,
}

impl Things {
    pub fn now(&self) -> Timestamp {
        let passed = self.origin.elapsed().as_millis();
        Timestamp(BEGIN.0 + u64::try_from(passed).unwrap())
    }

    pub fn violate(&mut self, what: impl Into<String>) {
        let what = format!("{}: {}", self.now().0 - BEGIN.0, what.into());
        self.violations.push(what);
    }

    fn has(&self, commit: &CommitId, trouble: Trouble) -> bool {
        self.troubles.get(commit).is_some_and(|troubles| troubles.contains(&trouble))
    }

    /// Puts a commit at a branch's head.
    pub fn push(&mut self, project: &str, branch: &str, id: &str, troubles: &[Trouble]) {
        let commit = crate::specs::commit(id, id, self.now());
        self.troubles.insert(commit.id.clone(), troubles.iter().copied().collect());
        let heads = self.repositories.entry(ProjectName::new(project)).or_default();
        heads.insert(crate::specs::branch(branch), commit);
    }
}

/// The world, shared by everything in it.
#[derive(Clone)]
pub struct World {
    things: Arc<Mutex<Things>>,
    /// Wakes in the order of waiting, so that a seed always plays the same.
    changed: Arc<Notify>,
}

impl World {
    pub fn new(weather: Weather) -> Self {
        let things = Things {
            origin: Instant::now(),
            repositories: BTreeMap::new(),
            troubles: BTreeMap::new(),
            workspaces: BTreeMap::new(),
            steps: BTreeMap::new(),
            artifacts: BTreeMap::new(),
            releases: BTreeSet::new(),
            processes: BTreeMap::new(),
            launches: 0,
            stopped: BTreeSet::new(),
            edge: Edge::default(),
            weather,
            busy: BTreeSet::new(),
            given_up: BTreeSet::new(),
            unclean: BTreeSet::new(),
            killed: false,
            halting: false,
            begun: 0,
            violations: Vec::new(),
        };
        Self { things: Arc::new(Mutex::new(things)), changed: Arc::default() }
    }

    pub fn now(&self) -> Timestamp {
        self.look().now()
    }

    /// Looks without changing anything.
    pub fn look(&self) -> MutexGuard<'_, Things> {
        self.things.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something and wakes whoever waits for a change.
    pub fn change<T>(&self, with: impl FnOnce(&mut Things) -> T) -> T {
        let result = with(&mut self.look());
        self.changed.notify_waiters();
        result
    }

    /// Waits until something is so, by a change or by time.
    pub async fn wait<T>(&self, mut so: impl FnMut(&mut Things) -> Option<T>) -> T {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let next = {
                let mut things = self.look();
                things.age();
                if let Some(result) = so(&mut things) {
                    return result;
                }
                things.next_change()
            };
            match next {
                Some(at) => tokio::select! {
                    biased;
                    () = changed => {}
                    () = tokio::time::sleep_until(self.instant(at)) => {}
                },
                None => changed.await,
            }
        }
    }

    pub fn instant(&self, at: Timestamp) -> Instant {
        let origin = self.look().origin;
        origin + Duration::from_millis(at.0.saturating_sub(BEGIN.0))
    }

    /// The engine was killed, or another starts.
    pub fn killed(&self, killed: bool) {
        self.look().killed = killed;
    }
}
