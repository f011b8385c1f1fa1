//! One account, looked at again and again.
//!
//! Who we are comes first, and nothing is asked of an account that is not the pinned one. Parts
//! that change from one moment to the next are read in every round, others in every sixth, and
//! what costs something only while somebody looks.

use std::time::Duration;

use pilothouse_core::aws::belongs::ORDER;
use pilothouse_core::aws::{
    Access, AwsWatch, Calls, Freshness, Inventory, Part, Trouble, TroubleKind,
};
use pilothouse_core::time::{Millis, Timestamp};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Account, Watches};
use crate::clock::Clock;
use crate::publish::Publisher;

/// Every how many rounds everything is read.
const SELDOM: u64 = 6;
/// How much rarer rounds are while nobody looks.
const UNATTENDED: u32 = 30;
/// The longest wait between two rounds.
const LONGEST: Duration = Duration::from_secs(300);
/// How long one part may take, all of its pages together.
const WITHIN: Duration = Duration::from_secs(60);
/// Parts in a row that may bring no answer in time before the rest of a round is given up.
const LATE: u32 = 2;

/// Looks at one account.
pub(super) struct Poller {
    account: Box<dyn Account>,
    access: Access,
    watches: watch::Receiver<Watches>,
    publisher: Publisher,
    clock: Clock,
    interval: Duration,
    inventory: Inventory,
    since: Timestamp,
    round: u64,
    /// Rounds in a row that ended in what asking again soon does not mend.
    failures: u32,
}

impl Poller {
    pub(super) fn new(
        account: Box<dyn Account>,
        access: Access,
        watches: watch::Receiver<Watches>,
        (publisher, clock): (Publisher, Clock),
        interval: Duration,
    ) -> Self {
        Self {
            account,
            access,
            watches,
            publisher,
            clock,
            interval,
            inventory: Inventory::default(),
            since: clock.now(),
            round: 0,
            failures: 0,
        }
    }

    /// Looks until stopped.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut arrivals = self.publisher.arrivals();
        // What is known of it, which is where it is and who is to be there, is shown at once.
        self.publish();
        loop {
            arrivals.mark_unchanged();
            self.watches.mark_unchanged();
            let attended = self.publisher.wants_samples();
            let begun = Instant::now();
            tokio::select! {
                () = stop.cancelled() => return,
                ended = self.look(attended) => self.judge(ended.as_ref()),
            }
            self.publish();
            self.round += 1;
            let wait = self.wait(attended);
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep_until(begun + wait) => {}
                // Whoever comes sees what is so now, not what was so while nobody looked.
                _ = arrivals.changed(), if !attended => {}
                changed = self.watches.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    // What belongs to an environment now may never have been read.
                    self.round = 0;
                }
            }
        }
    }

    /// How long from one round to the next.
    fn wait(&self, attended: bool) -> Duration {
        let usual = if attended { self.interval } else { self.interval * UNATTENDED };
        let patient = self.interval.saturating_mul(1 << self.failures.min(8));
        usual.max(patient).min(LONGEST.max(self.interval))
    }

    /// Reads what is due, and says which trouble ended the round early.
    async fn look(&mut self, attended: bool) -> Option<Trouble> {
        let is_full = self.round.is_multiple_of(SELDOM);
        let is_unsure = self.inventory.stopped.is_some() || self.inventory.identity.is_none();
        if (is_full || is_unsure)
            && let Err(trouble) = self.identify().await
        {
            return Some(trouble);
        }
        let mut late = 0;
        for part in ORDER {
            if !self.is_due(part, is_full, attended) {
                continue;
            }
            let Some(trouble) = self.read(part).await else {
                late = 0;
                continue;
            };
            late = if trouble.kind == TroubleKind::Late { late + 1 } else { 0 };
            if trouble.kind.is_of_all() || late == LATE {
                self.inventory.fail_all(&trouble);
                return Some(trouble);
            }
        }
        None
    }

    /// Finds out who we are, and stops where that is somebody else than it should be.
    async fn identify(&mut self) -> Result<(), Trouble> {
        let failed = self.read(Part::Identity).await;
        let trouble = failed.or_else(|| self.inventory.refusal(&self.access.account));
        self.inventory.stopped.clone_from(&trouble);
        if let Some(trouble) = trouble {
            self.inventory.fail_all(&trouble);
            return Err(trouble);
        }
        // Who we are stands on the screen before anything that was asked.
        self.publish();
        Ok(())
    }

    fn is_due(&self, part: Part, is_full: bool, attended: bool) -> bool {
        if part == Part::Metrics && !attended {
            return false;
        }
        let fresh = self.inventory.parts.get(&part);
        let is_new = fresh.is_none_or(|fresh: &Freshness| fresh.at.is_none());
        match fresh.and_then(|fresh| fresh.trouble.as_ref()).map(|trouble| trouble.kind) {
            // What is denied or missing stays so for a while.
            Some(TroubleKind::Denied | TroubleKind::NotOffered) => is_full,
            Some(_) => true,
            None => part.is_quick() || is_full || is_new,
        }
    }

    /// Reads one part, and says why it could not where it could not.
    async fn read(&mut self, part: Part) -> Option<Trouble> {
        let ask = {
            let watches = self.watches.borrow();
            let all: Vec<&AwsWatch> = watches.values().collect();
            self.inventory.ask(part, &all)
        };
        let Some(ask) = ask else {
            // Nothing of it is watched, so that nothing of it can be stale.
            self.inventory.parts.remove(&part);
            return None;
        };
        let came = tokio::time::timeout(WITHIN, self.account.read(ask)).await;
        let came = came.unwrap_or_else(|_| {
            let said = format!("it took more than {} s", WITHIN.as_secs());
            Err(Trouble::new(TroubleKind::Late, part.name(), &said))
        });
        let trouble = came.as_ref().err().cloned();
        self.inventory.take(part, self.clock.now(), came);
        trouble
    }

    fn judge(&mut self, ended: Option<&Trouble>) {
        let patient = ended.is_some_and(|trouble| trouble.kind.wants_patience());
        self.failures = if patient { self.failures.saturating_add(1) } else { 0 };
    }

    fn publish(&self) {
        let sent = self.account.sent();
        let calls = Calls { since: self.since, requests: sent.requests, metrics: sent.metrics };
        let every = self.wait(self.publisher.wants_samples());
        let every = Millis(u64::try_from(every.as_millis()).unwrap_or(u64::MAX));
        for (key, watch) in self.watches.borrow().iter() {
            self.publisher.publish_watched(self.inventory.watched(key, watch, every, calls));
        }
    }
}
