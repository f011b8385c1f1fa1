//! What is watched costs by the hour, from AWS's own list or the table of dated prices.
//!
//! What has no price is there without one, and so is what could not be read: a sum that leaves
//! something out is never taken for the whole.

mod behind;
mod idle;
mod tasks;
mod things;
mod till;
mod total;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use self::till::Till;
pub use self::total::{Counted, Total, idle_since, measured_since, read_since};
use super::Belongings;
use super::asking::ORDER;
use super::belongs::Inventory;
use super::book::{self, Book, Origin};
use super::recent::Lately;
use super::wanted::has_network;
use super::watched::{Part, Watched};
use crate::cost::{NanoUsd, Quantity, Region, price};
use crate::time::Timestamp;

/// What an environment costs by the hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// What is paid for, the same price together.
    pub lines: Vec<Line>,
    /// What the account pays for and nothing seems to use, whatever environment it is of; it is
    /// not in any sum.
    pub idle: Vec<Line>,
    /// What each thing of the lines costs by the hour, by its id, as far as that is known: several
    /// environments may have one thing, which is paid once. No two things of an account have one
    /// id, in whichever region they are; a bucket, which is of all regions, has its name.
    #[serde(default)]
    pub things: BTreeMap<String, NanoUsd>,
}

/// What is paid for at one price.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What it is: `EC2 t3.medium`.
    pub what: String,
    /// Whose it is, by name, the first few.
    pub whose: Vec<String>,
    /// How many things.
    pub count: u32,
    /// How much is bought.
    pub quantity: Quantity,
    /// In which unit; empty where there is no price.
    pub unit: String,
    /// The price of one unit; none where it has none.
    pub unit_price: Option<NanoUsd>,
    /// What all of it costs by the hour; none where nobody knows.
    pub per_hour: Option<NanoUsd>,
    /// What is bought, as the table of prices names it; empty where nobody could look it up.
    #[serde(default)]
    pub usage: String,
    /// Whose price it is.
    #[serde(default)]
    pub origin: Origin,
    /// Where the price was read, and when; empty where there is none.
    pub source: String,
    /// See `source`.
    pub date: String,
    /// What is to be said of it besides.
    pub note: String,
    /// The part that measured how much is bought; none where that is not measured.
    #[serde(default)]
    pub measured: Option<Part>,
}

/// What is said of what is paid by a measure that nobody asked for yet.
const UNASKED: &str = "not asked for yet: metrics are read while somebody looks";

impl Line {
    /// Whether how much is bought was not asked for yet, so that looking on tells more.
    pub fn is_unasked(&self) -> bool {
        self.note == UNASKED
    }
}

impl Bill {
    /// What is known of the sum.
    pub fn known(&self) -> NanoUsd {
        self.lines.iter().filter_map(|line| line.per_hour).sum()
    }

    /// Whether something of it has no price.
    pub fn is_open(&self) -> bool {
        self.lines.iter().any(|line| line.per_hour.is_none())
    }

    /// What of it has no price, by what it is.
    pub fn unpriced(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.per_hour.is_none())
    }
}

/// Puts the bill of an environment together.
pub fn bill(inventory: &Inventory, watched: &Watched, belongings: &Belongings) -> Bill {
    let mut till = Till::new(&watched.access.region, &inventory.book);
    things::instances(&mut till, inventory, watched);
    tasks::services(&mut till, watched);
    missing(&mut till, watched);
    behind::all(&mut till, watched);
    things::balancers(&mut till, inventory, watched, belongings);
    things::gateways(&mut till, inventory, belongings);
    things::buckets(&mut till, inventory, belongings);
    unread(&mut till, inventory, watched, belongings);
    let mut lost = Till::new(&watched.access.region, &inventory.book);
    idle::all(&mut lost, inventory, watched, belongings);
    Bill { things: till.things(), lines: till.lines(), idle: lost.lines() }
}

/// Which prices these bills want to know, whether they do or not.
pub fn wanted<'a>(all: impl Iterator<Item = &'a Watched>) -> BTreeSet<String> {
    let lines = all.flat_map(|one| one.bill.lines.iter().chain(&one.bill.idle));
    let mut wanted: BTreeSet<String> =
        lines.map(|line| line.usage.clone()).filter(|usage| !usage.is_empty()).collect();
    wanted.insert(book::METRICS.to_owned());
    wanted
}

/// The price of asking for a thousand metrics.
pub fn of_metrics(region: &str, book: &Book) -> Option<NanoUsd> {
    let listed = book.price(book::METRICS).map(|listed| listed.usd);
    listed.or_else(|| Some(price(Region::named(region)?, book::METRICS)?.usd))
}

/// What asking for so many metrics costs; none where that has no price there.
pub fn of_asking(metric_price: Option<NanoUsd>, metrics: u64) -> Option<NanoUsd> {
    if metrics == 0 {
        return Some(NanoUsd::ZERO);
    }
    // The price is for a thousand, and a quantity counts thousandths: one metric is one of these.
    Some(metric_price?.times(Quantity(metrics), 1))
}

/// What looking costs by the hour, at the pace at which it was looked of late; none where asking
/// for metrics has no price there.
pub fn of_looking(
    metric_price: Option<NanoUsd>,
    lately: &Lately,
    now: Timestamp,
) -> Option<NanoUsd> {
    of_asking(metric_price, lately.by_hour(lately.metrics, now))
}

/// Why something was not measured: because it could not be, for the reason that is told, or because
/// nobody asked.
fn unmeasured(inventory: &Inventory, belongings: &Belongings, part: Part, why: &str) -> String {
    let fresh = inventory.parts.get(&part);
    if let Some(trouble) = fresh.and_then(|fresh| fresh.trouble.as_ref()) {
        return format!("not measured: {}", trouble.shortly());
    }
    let was_read = fresh.is_some_and(|fresh| fresh.at.is_some());
    let is_asked = was_read && !inventory.is_unasked_of(part, belongings);
    if is_asked { why.to_owned() } else { UNASKED.to_owned() }
}

/// What is named and not there: what the operator means costs something all the same, or will.
fn missing(till: &mut Till, watched: &Watched) {
    let deleted = watched.deleted();
    for what in watched.absent.iter().chain(&deleted) {
        till.note("missing", "", what);
    }
}

/// What may be missing from the bill because it could not be read, or not yet.
fn unread(till: &mut Till, inventory: &Inventory, watched: &Watched, belongings: &Belongings) {
    for part in ORDER.into_iter().filter(|part| part.brings_prices()) {
        let fresh = watched.parts.get(&part);
        // These are asked for whatever belongs to it, before anything was read as well.
        let is_first =
            matches!(part, Part::Instances | Part::Volumes | Part::Addresses | Part::Gateways);
        let is_wanted =
            watched.is_own(part) || (is_first && fresh.is_none() && has_network(belongings));
        if !is_wanted || fresh.is_some_and(|fresh| fresh.at.is_some()) {
            continue;
        }
        let trouble = fresh.and_then(|fresh| fresh.trouble.as_ref()).or(watched.stopped.as_ref());
        let why = trouble.map_or("not read yet", |trouble| trouble.kind.name());
        till.note(part.name(), "", why);
    }
    let were_read = |part| watched.parts.get(&part).is_some_and(|fresh| fresh.at.is_some());
    if !belongings.tags.is_empty() && were_read(Part::Tags) && inventory.lacks_tags() {
        till.note(Part::Tags.name(), "", "not read yet of all that may have them");
    }
    // Hosts behind a group whose targets were not read yet are missing, whatever was read of others.
    if let Some(health) = watched.parts.get(&Part::Health).filter(|fresh| fresh.at.is_some()) {
        let why = health.trouble.as_ref().map_or("not read yet", |trouble| trouble.kind.name());
        for group in watched.groups.iter().filter(|one| one.is_unread) {
            till.note(Part::Health.name(), &group.name, why);
        }
    }
}
