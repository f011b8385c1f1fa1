//! What is seen at AWS costs by the hour: a line for each environment, and its bill below.

use pilothouse_core::aws::Watched;
use pilothouse_core::aws::bill::{Counted, Line, Total, idle_since, measured_since, read_since};
use pilothouse_core::aws::book::Origin;
use pilothouse_core::cost::NanoUsd;
use pilothouse_core::state::State;
use pilothouse_core::time::Timestamp;

use super::{CostLine, CostView, UNSEEN};
use crate::age;
use crate::model::Sightings;

/// Cells of a budget's bar.
const BAR: u64 = 8;

/// Puts the bills of what is seen at AWS into their environments' places.
pub fn with_watched(
    view: CostView,
    watched: &Sightings,
    state: &State,
    now: Timestamp,
) -> CostView {
    if watched.is_empty() {
        return view;
    }
    let mut lines = Vec::new();
    let mut counted = Counted::default();
    for line in view.lines {
        match watched.iter().find(|(key, _)| key.to_string() == line.name) {
            None => lines.push(line),
            Some((key, watched)) => {
                let environment = state.environments.get(key);
                let budget = environment.and_then(|one| one.spec.budget_micro_usd_per_hour);
                let name = line.name.clone();
                let shared = counted.count(watched).micro();
                lines.push(CostLine { shared, ..whole(line, watched, budget, now) });
                let (read, idle_read) = (read_since(watched, now), idle_since(watched, now));
                let parts = watched.bill.lines.iter().map(|part| (part, "", read));
                let idle = watched.bill.idle.iter().map(|part| (part, "idle: ", idle_read));
                let own = lines.len();
                for (part, before, read) in parts.chain(idle) {
                    let is_stale = read.or_else(|| measured_since(watched, part, now)).is_some();
                    let mut line = CostLine { is_stale, ..of_bill(&name, part, before) };
                    // Some of it may have a price and some none, and each opens by its name.
                    let before = lines.iter().skip(own).filter(|one| one.label == line.label);
                    let place = before.count() + 1;
                    if place > 1 {
                        line.name = format!("{} ({place})", line.name);
                    }
                    lines.push(line);
                }
            }
        }
    }
    let source = source(watched).unwrap_or(view.source);
    CostView { lines, source }
}

/// What all of an environment costs.
fn whole(line: CostLine, watched: &Watched, budget: Option<u64>, now: Timestamp) -> CostLine {
    let total = Total::of(watched, now);
    CostLine { shape: shape(watched), ..of_total(line, &total, budget, now) }
}

/// What the environments of an account cost that are told of, each thing once.
pub fn of_account<'a>(
    account: &str,
    all: impl Iterator<Item = &'a Watched> + Clone,
    now: Timestamp,
) -> CostLine {
    let total = Total::of_all(all.clone(), now);
    let shape = format!("{} environments", all.count());
    let name = format!("account {account}");
    let line = CostLine { label: name.clone(), name, shape, ..CostLine::default() };
    of_total(line, &total, None, now)
}

/// A sum, with what is not known of it.
fn of_total(line: CostLine, total: &Total, budget: Option<u64>, now: Timestamp) -> CostLine {
    let is_whole = !total.is_partial();
    let since = total.stale_since;
    let was = if since.is_some() { "was " } else { "" };
    let least = if is_whole { "" } else { "at least " };
    let mut notes = Vec::new();
    if total.unpriced > 0 {
        notes.push(format!("{} unpriced", total.unpriced));
    }
    if total.unread > 0 && total.known.is_some() {
        notes.push(format!("{} not read yet", total.unread));
    }
    let budget = budget.map(NanoUsd::from_micro);
    match total.known {
        Some(known) => {
            notes.push(format!("{was}{least}{}", known.monthly()));
            notes.extend(budget.map(|budget| of_budget(known, budget, &format!("{was}{least}"))));
        }
        None => {
            notes.extend(
                budget.map(|budget| format!("how much of {} is unknown", budget.monthly())),
            );
        }
    }
    notes.extend(since.map(|at| format!("as of {} ago", age::ago(now, at))));
    let known = total.known.map(NanoUsd::micro);
    CostLine {
        micro_usd: known.filter(|_| is_whole),
        at_least: known.filter(|_| !is_whole),
        elsewhere: Vec::new(),
        note: notes.join(" · "),
        is_stale: since.is_some(),
        ..line
    }
}

/// How much of a budget is used; `least` stands before it where that is not all, or not now.
fn of_budget(known: NanoUsd, budget: NanoUsd, least: &str) -> String {
    let (known, whole) = (u128::from(known.0), u128::from(budget.0));
    // It is rounded as amounts are: 154 % of $100 stand beside $154.
    let percent = (known * 100 + whole / 2).checked_div(whole).unwrap_or(100);
    let full = (known * u128::from(BAR)).checked_div(whole).unwrap_or(u128::from(BAR));
    let full = usize::try_from(full.min(u128::from(BAR))).unwrap_or(0);
    let bar = "█".repeat(full) + &"░".repeat(usize::try_from(BAR).unwrap_or(0) - full);
    format!("{bar} {least}{percent}% of {}", budget.monthly())
}

fn shape(watched: &Watched) -> String {
    let counts = [
        (watched.instances.len(), "EC2"),
        (watched.services.iter().filter(|one| !one.is_gone()).count(), "ECS"),
        (watched.balancers.len(), "LB"),
    ];
    let said = counts.into_iter().filter(|(count, _)| *count > 0);
    let said: Vec<String> = said.map(|(count, what)| format!("{count} {what}")).collect();
    if said.is_empty() { UNSEEN.to_owned() } else { said.join(" · ") }
}

/// A line of a bill. It tells one count: how much is bought at its price, and where there is none
/// how many resources it is of.
fn of_bill(whole: &str, part: &Line, before: &str) -> CostLine {
    let resources = part.count > 1 && part.unit_price.is_none();
    let whose = match part.whose.as_slice() {
        [] => String::new(),
        names if usize::try_from(part.count).unwrap_or(0) > names.len() => {
            format!("{} …", names.join(" "))
        }
        names => names.join(" "),
    };
    let mut notes: Vec<String> = Vec::new();
    if let Some(price) = part.unit_price {
        notes.push(format!("{} × {price} per {}", part.quantity, part.unit));
    }
    notes.extend([&whose, &part.note].into_iter().filter(|said| !said.is_empty()).cloned());
    match part.origin {
        Origin::None => {}
        Origin::Shipped => {
            notes.push(format!("shipped price of {} from {}", part.date, part.source));
        }
        Origin::Listed => notes.push(format!("price of {} from {}", part.date, part.source)),
    }
    CostLine {
        name: format!("{whole} {before}{}", part.what),
        label: format!("  {before}{}", part.what),
        shape: if resources { format!("{} resources", part.count) } else { String::new() },
        micro_usd: part.per_hour.map(NanoUsd::micro),
        is_part: true,
        note: notes.join(" · "),
        ..CostLine::default()
    }
}

/// Whose prices these are, and of which day the oldest of each is: AWS's list, or the table that
/// is shipped, and then why the list was not asked.
fn source(watched: &Sightings) -> Option<String> {
    let of = |origin: Origin| {
        let lines = watched.values().flat_map(|one| &one.bill.lines);
        let dates = lines.filter(|line| line.origin == origin).map(|line| line.date.as_str());
        // Dates are written year first; a few sources have none.
        let oldest = dates.clone().filter(|date| date.starts_with('2')).min();
        let day = oldest.map(|date| date.chars().take(10).collect::<String>())?;
        Some((dates.count(), day))
    };
    let trouble = watched.values().find_map(|one| one.prices.trouble.as_ref());
    let why = trouble.map_or_else(String::new, |trouble| {
        format!("; the list is not read: {} ({})", trouble.action, trouble.kind.name())
    });
    match (of(Origin::Listed), of(Origin::Shipped)) {
        (None, None) => None,
        (None, Some((_, day))) => {
            Some(format!("AWS list prices of {day} or later, shipped with this version{why}"))
        }
        (Some((_, day)), None) => Some(format!("AWS's price list, of {day} or later{why}")),
        (Some((asked, day)), Some((shipped, old))) => Some(format!(
            "{asked} by AWS's price list, of {day} or later; {shipped} shipped with this version, \
             of {old} or later{why}"
        )),
    }
}
