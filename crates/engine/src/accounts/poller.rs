//! One account, looked at again and again.
//!
//! Who we are comes first, and nothing is asked of an account that is not the pinned one. Parts
//! that change from one moment to the next are read in every round, others in every sixth. While
//! nobody looks rounds are rare, and all is read in each but what costs something. Where a part
//! brings no answer, or its endpoint is not reached, who we are is asked beside it: where that
//! brings none either, nobody is there, and all is stale. A part that is throttled is asked for less
//! often for a while, alone. While somebody looks, who we are is asked half-way between two rounds,
//! too, so that an account that is gone is told within one interval.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use pilothouse_core::aws::asking::{Ask, Content, ORDER};
use pilothouse_core::aws::{
    Access, AwsWatch, Calls, Freshness, Inventory, Part, Recent, Trouble, TroubleKind, Watched,
    bill, policy,
};
use pilothouse_core::time::{Millis, Timestamp};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::patience::{self, Patience};
use super::prices::Prices;
use super::{Account, Watches};
use crate::clock::Clock;
use crate::publish::Publisher;

/// Every how many rounds everything is read.
const SELDOM: u64 = 6;
/// Every how many rounds what changes slowly is read.
const SLOW: u64 = 30;
/// How much rarer rounds are while nobody looks.
const UNATTENDED: u32 = 30;
/// How long one part may take, all of its pages together.
const WITHIN: Duration = Duration::from_secs(60);
/// How long a part may bring no answer before somebody else is asked whether anybody is there,
/// and how long that may take.
const DOUBT: Duration = Duration::from_secs(2);
/// See [`DOUBT`].
const LAST: Duration = Duration::from_secs(3);

/// Looks at one account.
pub(super) struct Poller {
    account: Arc<dyn Account>,
    prices: Prices,
    access: Access,
    watches: watch::Receiver<Watches>,
    publisher: Publisher,
    clock: Clock,
    interval: Duration,
    inventory: Inventory,
    since: Timestamp,
    recent: Recent,
    round: u64,
    /// How long after the last round the next one was due, by which what was read counts as stale.
    pace: Duration,
    /// Rounds in a row that ended in what asking again soon does not mend.
    failures: u32,
    /// The parts that are asked for less often for a while.
    patience: Patience,
    /// When the last round began.
    begun: Instant,
}

impl Poller {
    pub(super) fn new(
        (account, prices): (Arc<dyn Account>, Prices),
        access: Access,
        watches: watch::Receiver<Watches>,
        (publisher, clock): (Publisher, Clock),
        interval: Duration,
    ) -> Self {
        Self {
            account,
            prices,
            access,
            watches,
            publisher,
            clock,
            interval,
            inventory: Inventory::default(),
            since: clock.now(),
            recent: Recent::new(clock.now()),
            round: 0,
            pace: interval,
            failures: 0,
            patience: Patience::default(),
            begun: Instant::now(),
        }
    }

    /// Looks until stopped.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut arrivals = self.publisher.arrivals();
        self.pace = self.wait(self.publisher.wants_samples());
        // What is known of it, which is where it is and who is to be there, is shown at once.
        self.publish();
        loop {
            arrivals.mark_unchanged();
            self.watches.mark_unchanged();
            let attended = self.publisher.wants_samples();
            let begun = Instant::now();
            self.begun = begun;
            tokio::select! {
                () = stop.cancelled() => return,
                ended = self.look(attended) => self.judge(ended.as_ref()),
            }
            self.pace = self.wait(attended);
            self.publish();
            self.round += 1;
            let until = begun + self.pace;
            // A round may ask nothing at all, and silence is known only after a while.
            let half_way = begun + self.interval / 2;
            let mut is_unsure = attended && self.inventory.stopped.is_none();
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep_until(until) => break,
                    () = tokio::time::sleep_until(half_way), if is_unsure => {
                        is_unsure = false;
                        tokio::select! {
                            () = stop.cancelled() => return,
                            // What it finds is told and kept, and the next round begins with it.
                            _ = self.identify() => self.publish(),
                        }
                    }
                    // Whoever comes sees what is so now, not what was so while nobody looked.
                    _ = arrivals.changed(), if !attended => {
                        self.round = 0;
                        break;
                    }
                    () = self.prices.changed() => self.publish(),
                    changed = self.watches.changed() => {
                        if changed.is_err() {
                            return;
                        }
                        // What belongs to an environment now may never have been read, or
                        // somebody asked for a look.
                        self.round = 0;
                        break;
                    }
                }
            }
        }
    }

    /// How long from one round to the next.
    fn wait(&self, attended: bool) -> Duration {
        let usual = if attended { self.interval } else { self.interval * UNATTENDED };
        let patient = patience::after(self.failures, self.interval);
        usual.max(patient).min(patience::longest(self.interval))
    }

    /// Reads what is due, and says which trouble ended the round early.
    async fn look(&mut self, attended: bool) -> Option<Trouble> {
        // Whoever comes or asks to look has all of it asked for at once.
        if self.round == 0 {
            self.patience.end();
        }
        let is_full = !attended || self.round.is_multiple_of(SELDOM);
        let is_unsure = self.inventory.stopped.is_some() || self.inventory.identity.is_none();
        if (is_full || is_unsure)
            && let Err(trouble) = self.identify().await
        {
            return Some(trouble);
        }
        let before = self.account.sent().requests;
        let mut parts = VecDeque::from(ORDER);
        // The services whose endpoints are not reached while others are.
        let mut unreached = BTreeSet::new();
        while let Some(part) = parts.pop_front() {
            // What is wanted now is asked for in a round of its own, which begins at once.
            if self.watches.has_changed().unwrap_or(true) {
                return None;
            }
            if !self.is_due(part, is_full, attended) {
                continue;
            }
            let known = (part == Part::Registrations).then(|| self.inventory.registered.clone());
            let read = self.read(part).await;
            // What was found among others was not asked for its health yet.
            if known.is_some_and(|known| known != self.inventory.registered) {
                parts.push_front(Part::Health);
            }
            // A group that rules send to and that was not there may have been made since.
            if part == Part::Rules && self.inventory.sends_to_unknown() {
                parts.push_front(Part::Health);
                parts.push_front(Part::Groups);
            }
            match read {
                Read::Well => {}
                Read::Alone(trouble) if trouble.kind == TroubleKind::Unreachable => {
                    let is_known = unreached.contains(trouble.service());
                    if !is_known && !self.is_anybody_there().await {
                        self.inventory.fail_all(&trouble);
                        return Some(trouble);
                    }
                    unreached.insert(trouble.service().to_owned());
                }
                Read::Alone(trouble) if !trouble.is_of_all() => {}
                Read::Alone(trouble) | Read::Nobody(trouble) => {
                    self.inventory.fail_all(&trouble);
                    return Some(trouble);
                }
            }
        }
        // A round that asked nothing does not know whether anybody is there.
        if attended && !is_full && self.account.sent().requests == before {
            return self.identify().await.err();
        }
        None
    }

    /// Finds out who we are, and stops where that is somebody else than it should be.
    async fn identify(&mut self) -> Result<(), Trouble> {
        let trouble = match self.read(Part::Identity).await {
            Read::Well => self.inventory.refusal(&self.access.account),
            Read::Alone(trouble) | Read::Nobody(trouble) => Some(trouble),
        };
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
        if part.is_paid() && !attended {
            return false;
        }
        let fresh = self.inventory.parts.get(&part);
        let is_new = fresh.is_none_or(|fresh: &Freshness| fresh.at.is_none());
        match fresh.and_then(|fresh| fresh.trouble.as_ref()).map(|trouble| trouble.kind) {
            // What is denied or missing stays so for a while.
            Some(TroubleKind::Denied | TroubleKind::NotOffered) => is_full,
            Some(TroubleKind::Throttled) => !self.patience.waits(part),
            Some(_) => true,
            None if part.is_slow() => is_new || self.round.is_multiple_of(SLOW),
            None => part.is_quick() || is_full || is_new,
        }
    }

    /// Reads one part, and says why it could not where it could not.
    async fn read(&mut self, part: Part) -> Read {
        let ask = {
            let watches = self.watches.borrow();
            let all: Vec<&AwsWatch> = watches.of.values().collect();
            self.inventory.want(all.iter().copied());
            self.inventory.ask(part, &all)
        };
        let Some(ask) = ask else {
            self.inventory.pass_over(part);
            return Read::Well;
        };
        let came = self.hear(part, ask).await;
        let read = match &came {
            Ok(Ok(_)) => Read::Well,
            Ok(Err(trouble)) => Read::Alone(trouble.clone()),
            Err(trouble) => Read::Nobody(trouble.clone()),
        };
        let came = came.and_then(|came| came);
        let trouble = came.as_ref().err().map(|trouble| trouble.kind);
        self.patience.note(part, trouble, (self.begun, self.interval));
        self.inventory.take(part, self.clock.now(), came);
        read
    }

    /// Waits for an answer, as long as somebody is there; otherwise says that nobody is.
    async fn hear(&self, part: Part, ask: Ask) -> Result<Result<Content, Trouble>, Trouble> {
        let late = |action: &str, length: Duration| {
            let said = format!("it took more than {} s", length.as_secs());
            Trouble::new(TroubleKind::Late, action, &said)
        };
        let until = Instant::now() + WITHIN;
        let mut answer = self.account.read(ask);
        if let Ok(came) = tokio::time::timeout(DOUBT, &mut answer).await {
            return Ok(came);
        }
        let who = policy::GET_CALLER_IDENTITY.name();
        if part == Part::Identity {
            let came = tokio::time::timeout(LAST, answer).await;
            return came.map_err(|_| late(who, DOUBT + LAST));
        }
        tokio::select! {
            came = &mut answer => return Ok(came),
            is_there = self.is_anybody_there() => {
                if !is_there {
                    return Err(late(who, LAST));
                }
            }
        }
        let came = tokio::time::timeout_at(until, answer).await;
        Ok(came.unwrap_or_else(|_| Err(late(part.name(), WITHIN))))
    }

    /// Whether who we are is answered, whatever the answer is.
    async fn is_anybody_there(&self) -> bool {
        match tokio::time::timeout(LAST, self.account.read(Ask::Identity)).await {
            Err(_) => false,
            Ok(Err(trouble)) => trouble.kind != TroubleKind::Unreachable,
            Ok(Ok(_)) => true,
        }
    }

    fn judge(&mut self, ended: Option<&Trouble>) {
        let patient = ended.is_some_and(|trouble| trouble.kind.wants_patience());
        self.failures = if patient { self.failures.saturating_add(1) } else { 0 };
    }

    fn publish(&mut self) {
        let known = self.prices.known();
        (self.inventory.book, self.inventory.prices) = (known.book, known.fresh);
        let sent = self.account.sent();
        let (requests, metrics) = (sent.requests, sent.metrics);
        let mut calls = Calls { since: self.since, requests, metrics, lately: None };
        calls.lately = Some(self.recent.count(&calls, self.clock.now()));
        let every = Millis(u64::try_from(self.pace.as_millis()).unwrap_or(u64::MAX));
        let watches = self.watches.borrow();
        // What a file names since the last look was not asked for, whatever was read.
        self.inventory.want(watches.of.values());
        let of = |(key, watch)| self.inventory.watched(key, watch, every, calls);
        let all: Vec<Watched> = watches.of.iter().map(of).collect();
        // Nothing is asked for an account that is not the pinned one, prices included.
        if self.inventory.identity.is_some() && self.inventory.stopped.is_none() {
            self.prices.want(bill::wanted(all.iter()));
        }
        for watched in all {
            self.publisher.publish_watched(watched);
        }
    }
}

/// What came of reading a part.
enum Read {
    /// It was read, or there is nothing of it to read.
    Well,
    /// It could not be read.
    Alone(Trouble),
    /// Nobody is there, so that nothing can be read.
    Nobody(Trouble),
}
