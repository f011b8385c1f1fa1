//! The processes of the world: what is really running.

use pilothouse_core::id::CommitId;
use pilothouse_core::run::StepExit;
use pilothouse_core::time::{Millis, Timestamp};

use super::Things;

/// What is wrong with a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// Its build fails.
    Fails,
    /// Its build hangs until it is ended.
    Hangs,
    /// Its instances cannot be started.
    Unstartable,
    /// Its instances are never healthy.
    Sick,
    /// Its instances turn unhealthy soon after they began to serve.
    Turns,
    /// Its instances are started again soon after they began to serve.
    Restarts,
    /// Its instances are lost soon after they began to serve.
    Dies,
    /// Its instances never run out of requests.
    Busy,
    /// Its instances do not hear that they should end.
    Deaf,
}

impl Trouble {
    pub const ALL: [Self; 9] = [
        Self::Fails,
        Self::Hangs,
        Self::Unstartable,
        Self::Sick,
        Self::Turns,
        Self::Restarts,
        Self::Dies,
        Self::Busy,
        Self::Deaf,
    ];
}

/// A step's supervisor.
#[derive(Clone, Debug)]
pub struct StepUnit {
    /// When it ends; never where none.
    pub ends_at: Option<Timestamp>,
    pub exit: StepExit,
    pub over: bool,
}

/// One real process with its supervisor.
#[derive(Clone, Debug)]
pub struct Process {
    pub port: u16,
    pub proof: String,
    pub commit: CommitId,
    pub restarts: u32,
    pub alive: bool,
    /// Healthy from then on; never where none.
    pub healthy_at: Option<Timestamp>,
    /// Unhealthy from then on.
    pub turns_at: Option<Timestamp>,
    /// Healthy again from then on.
    pub recovers_at: Option<Timestamp>,
    /// Started again by its supervisor then.
    pub restarts_at: Option<Timestamp>,
    /// Lost then.
    pub dies_at: Option<Timestamp>,
    /// Whether it ever served, and has drained since.
    pub served: bool,
    pub drained: bool,
}

impl Process {
    pub fn is_healthy(&self, now: Timestamp) -> bool {
        self.alive
            && self.healthy_at.is_some_and(|at| at <= now)
            && (self.turns_at.is_none_or(|at| at > now)
                || self.recovers_at.is_some_and(|at| at <= now))
    }

    fn changes(&self) -> impl Iterator<Item = Timestamp> + use<> {
        [self.healthy_at, self.turns_at, self.recovers_at, self.restarts_at, self.dies_at]
            .into_iter()
            .flatten()
    }
}

impl Things {
    /// Lets happen what time brings.
    pub fn age(&mut self) {
        let now = self.now();
        for process in self.processes.values_mut().filter(|process| process.alive) {
            if process.dies_at.is_some_and(|at| at <= now) {
                process.alive = false;
                continue;
            }
            if process.restarts_at.is_some_and(|at| at <= now) {
                process.restarts_at = None;
                process.restarts += 1;
                process.proof = format!("{}+{}", process.proof, process.restarts);
                process.healthy_at = process.healthy_at.map(|_| now.after(Millis::seconds(2)));
            }
        }
        for unit in self.steps.values_mut() {
            unit.over |= unit.ends_at.is_some_and(|at| at <= now);
        }
    }

    /// When time brings something next.
    pub fn next_change(&self) -> Option<Timestamp> {
        let now = self.now();
        let processes = self.processes.values().filter(|p| p.alive).flat_map(Process::changes);
        let steps = self.steps.values().filter(|unit| !unit.over).filter_map(|unit| unit.ends_at);
        processes.chain(steps).filter(|at| *at > now).min()
    }
}
