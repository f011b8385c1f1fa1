//! What bills come to, and what keeps the sum open: a sum of which something is not known is never
//! taken for the whole.

use std::collections::{BTreeMap, BTreeSet};

use super::Line;
use crate::aws::watched::{Freshness, Part, Watched};
use crate::cost::NanoUsd;
use crate::time::Timestamp;

/// What the bills of one or several environments come to by the hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// What is known of it, as it is or as it was; none where nothing is, which is no sum of
    /// nothing.
    pub known: Option<NanoUsd>,
    /// How many lines have no price.
    pub unpriced: usize,
    /// How many environments have no bill, because nothing of them was read yet.
    pub unread: usize,
    /// Of when the oldest of what decides it is, where not all of it is as it is now.
    pub stale_since: Option<Timestamp>,
}

impl Total {
    /// What an environment's bill comes to.
    pub fn of(watched: &Watched, now: Timestamp) -> Self {
        Self::of_all([watched].into_iter(), now)
    }

    /// What the bills of several environments come to: what several of them have is paid once.
    pub fn of_all<'a>(all: impl Iterator<Item = &'a Watched>, now: Timestamp) -> Self {
        let (mut counted, mut open) = (Counted::default(), BTreeSet::new());
        let (mut known, mut total) = (NanoUsd::ZERO, Self::default());
        for watched in all {
            let of = |one: &'a Line| (&watched.access, &one.what, &one.whose, &one.note);
            open.extend(watched.bill.unpriced().map(of));
            if !was_read(watched) {
                total.unread += 1;
                continue;
            }
            let shared = counted.count(watched);
            known = known + NanoUsd(watched.bill.known().0.saturating_sub(shared.0));
            total.stale_since = total.stale_since.into_iter().chain(since(watched, now)).min();
        }
        total.unpriced = open.len();
        let is_all = total.unpriced == 0 && total.unread == 0;
        total.known = (is_all || known > NanoUsd::ZERO).then_some(known);
        total
    }

    /// Whether it leaves something out that is paid for, or may.
    pub fn is_partial(&self) -> bool {
        self.unpriced > 0 || self.unread > 0
    }

    /// Whether it is not all that is paid for now: something is left out, or old.
    pub fn is_open(&self) -> bool {
        self.is_partial() || self.stale_since.is_some()
    }
}

/// What was counted already: of which account, of which thing by its id, and how much by the hour.
#[derive(Debug, Default)]
pub struct Counted(BTreeMap<(String, String), NanoUsd>);

impl Counted {
    /// What of a bill was counted already, of which the rest counts from now on.
    pub fn count(&mut self, watched: &Watched) -> NanoUsd {
        let mut shared = NanoUsd::ZERO;
        for (id, cost) in &watched.bill.things {
            let account = watched.access.account.clone();
            let before = self.0.entry((account, id.clone())).or_insert(NanoUsd::ZERO);
            shared = shared + (*before).min(*cost);
            *before = (*before).max(*cost);
        }
        shared
    }
}

/// Whether there is a bill: before anything was read there is none, which is not one of nothing.
fn was_read(watched: &Watched) -> bool {
    watched.seen_at().is_some()
}

/// Of when the oldest of what decides the price is, where not all of it is as it is now.
fn since(watched: &Watched, now: Timestamp) -> Option<Timestamp> {
    let measured = watched.bill.lines.iter().filter_map(|line| measured_since(watched, line, now));
    read_since(watched, now).into_iter().chain(measured).min()
}

/// Of when what measured a line is, where that is not how much it is now.
pub fn measured_since(watched: &Watched, line: &Line, now: Timestamp) -> Option<Timestamp> {
    watched.stale_since(line.measured?, now)
}

/// Of when the oldest of what decides what is paid is, where not all of it is as it is now. What
/// was never read is missing from the bill, which says so.
pub fn read_since(watched: &Watched, now: Timestamp) -> Option<Timestamp> {
    of_prices(watched, watched.own_parts(), now)
}

/// The same of what decides what is idle in the account, whoever it is of.
pub fn idle_since(watched: &Watched, now: Timestamp) -> Option<Timestamp> {
    of_prices(watched, watched.parts.iter().map(|(part, fresh)| (*part, fresh)), now)
}

fn of_prices<'a>(
    watched: &Watched,
    parts: impl Iterator<Item = (Part, &'a Freshness)>,
    now: Timestamp,
) -> Option<Timestamp> {
    let read = parts.filter(|(part, fresh)| part.brings_prices() && fresh.at.is_some());
    read.filter_map(|(part, _)| watched.stale_since(part, now)).min()
}
