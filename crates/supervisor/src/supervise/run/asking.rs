//! How a unit is brought to its end: wishes, requests, kills.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::{MAX_GRACE_MS, Supervision};
use crate::ending::{ask, freeze_and_kill};
use crate::proc::tree::descendants_of;
use crate::record::{Outcome, Phase};
use crate::spec::Kind;
use crate::supervise::states::{KILL_INTERVAL, LEFTOVER_GRACE, State};
use crate::unit::{self, StopWish};

impl Supervision {
    /// Does what the engine left in `stop.json`, or what a bare signal means.
    pub(super) fn stop_wished(&mut self) {
        let wish = unit::read_json::<StopWish>(&unit::stop_path(&self.unit)).ok().flatten();
        let grace = wish.and_then(|wish| wish.grace_ms).unwrap_or(self.stored.spec.stop.grace_ms);
        let grace = grace.min(MAX_GRACE_MS);
        if self.end.is_none() {
            self.end = match self.stored.spec.kind {
                // A step whose main process ended first keeps its own outcome; only its
                // leftovers are being ended any more.
                Kind::Step { .. } if self.status.main.is_none() => None,
                Kind::Step { .. } => Some(Outcome::Cancelled),
                Kind::Instance { .. } => Some(Outcome::Stopped),
            };
        }
        match self.state {
            State::Running { .. } | State::Settling { .. } => {
                self.sink.log.note("asked to stop; everything is being ended");
                self.ask_to_end(grace);
            }
            // A second wish may only shorten the first one's grace.
            State::Asking { until } => {
                let until = until.min(Instant::now() + Duration::from_millis(grace));
                self.state = State::Asking { until };
            }
            State::BackingOff { .. } => self.state = State::Over,
            State::Killing { .. } | State::Over => {}
        }
    }

    /// Sends the stop signal to the whole tree, as a service manager does.
    pub(super) fn ask_to_end(&mut self, grace_ms: u64) {
        let signal = Signal::from_named_raw(self.stored.spec.stop.signal).unwrap_or(Signal::TERM);
        let mut tree = descendants_of(self.status.supervisor.pid).unwrap_or_default();
        if let Some(group) = self.status.main.and_then(|main| Pid::from_raw(main.pid)) {
            // At once for the whole group, so that nobody starts a replacement for who
            // went first. The number is still ours, because main was not reaped. The
            // group may be gone already. A stopped process hears nothing until it goes on.
            let _ = rustix::process::kill_process_group(group, signal);
            let _ = rustix::process::kill_process_group(group, Signal::CONT);
            tree.retain(|stat| stat.group != group.as_raw_pid());
        }
        ask(&tree, signal);
        let grace = Duration::from_millis(grace_ms.min(MAX_GRACE_MS));
        self.state = State::Asking { until: Instant::now() + grace };
        self.write_status(Phase::Stopping);
    }

    /// Ends what the main process left behind when it ended by itself.
    pub(super) fn end_leftovers(&mut self) {
        let tree = descendants_of(self.status.supervisor.pid).unwrap_or_default();
        let count = u32::try_from(tree.len()).unwrap_or(u32::MAX);
        self.leftovers = self.leftovers.saturating_add(count);
        self.sink.log.note(&format!("{count} processes outlived the main process and are ended"));
        ask(&tree, Signal::TERM);
        let grace = Duration::from_millis(self.stored.spec.stop.grace_ms).min(LEFTOVER_GRACE);
        self.state = State::Asking { until: Instant::now() + grace };
    }

    pub(super) fn kill(&mut self) {
        let own = self.status.supervisor.pid;
        if let Err(error) = freeze_and_kill(|| descendants_of(own)) {
            self.sink.log.note(&format!("processes could not be listed: {error}"));
        }
        if let State::Killing { next, .. } = &mut self.state {
            *next = Instant::now() + KILL_INTERVAL;
        }
    }
}
