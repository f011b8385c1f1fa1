//! What is seen at AWS costs by the hour: a line for each environment, and its bill below.

use std::collections::BTreeMap;

use pilothouse_core::aws::bill::Line;
use pilothouse_core::aws::book::Origin;
use pilothouse_core::aws::{Part, Watched};
use pilothouse_core::cost::NanoUsd;
use pilothouse_core::state::State;
use pilothouse_core::time::Timestamp;

use super::{CostLine, CostView};
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
    let mut counted = Counted::new();
    for line in view.lines {
        match watched.iter().find(|(key, _)| key.to_string() == line.name) {
            None => lines.push(line),
            Some((key, watched)) => {
                let environment = state.environments.get(key);
                let budget = environment.and_then(|one| one.spec.budget_micro_usd_per_hour);
                let name = line.name.clone();
                let shared = shared(&mut counted, watched);
                lines.push(CostLine { shared, ..whole(line, watched, budget, now) });
                let read = seen_since(watched, now);
                let parts = watched.bill.lines.iter().map(|part| (part, ""));
                let idle = watched.bill.idle.iter().map(|part| (part, "idle: "));
                let own = lines.len();
                for (part, before) in parts.chain(idle) {
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

/// What was counted already: of which account, of which thing by its id, and how much by the hour.
type Counted = BTreeMap<(String, String), NanoUsd>;

/// What of a bill was counted already, of which the rest counts from now on.
fn shared(counted: &mut Counted, watched: &Watched) -> u64 {
    let mut shared = NanoUsd::ZERO;
    for (id, cost) in &watched.bill.things {
        let account = watched.access.account.clone();
        let before = counted.entry((account, id.clone())).or_insert(NanoUsd::ZERO);
        shared = NanoUsd(shared.0.saturating_add((*before).min(*cost).0));
        *before = (*before).max(*cost);
    }
    shared.micro()
}

/// What all of an environment costs.
fn whole(line: CostLine, watched: &Watched, budget: Option<u64>, now: Timestamp) -> CostLine {
    let bill = &watched.bill;
    let known = bill.known();
    let unpriced = bill.unpriced().count();
    // Before anything was read there is no bill, which is not one of nothing.
    let mut parts = watched.parts.iter().filter(|(part, _)| **part != Part::Identity);
    let was_read = parts.any(|(_, fresh)| fresh.at.is_some());
    let is_whole = was_read && unpriced == 0;
    // Of what has no price at all nothing is known, which is not a sum of nothing.
    let is_known = is_whole || (was_read && known.micro() > 0);
    let mut notes = Vec::new();
    if unpriced > 0 {
        notes.push(format!("{unpriced} unpriced"));
    }
    if is_known {
        let least = if is_whole { "" } else { "at least " };
        notes.push(format!("{least}{}", known.monthly()));
        let budget = budget.map(NanoUsd::from_micro);
        notes.extend(budget.map(|budget| of_budget(known, budget, least)));
    }
    let since = stale_since(watched, now).filter(|_| was_read);
    notes.extend(since.map(|at| format!("as of {} ago", age::ago(now, at))));
    CostLine {
        shape: shape(watched),
        micro_usd: is_whole.then(|| known.micro()),
        at_least: (is_known && !is_whole).then(|| known.micro()),
        elsewhere: Vec::new(),
        note: notes.join(" · "),
        is_stale: since.is_some(),
        ..line
    }
}

/// Of when the oldest of what decides the price is, where not all of it is as it is now.
fn stale_since(watched: &Watched, now: Timestamp) -> Option<Timestamp> {
    let lines = watched.bill.lines.iter();
    let measured = lines.filter_map(|line| measured_since(watched, line, now));
    seen_since(watched, now).into_iter().chain(measured).min()
}

/// Of when what measured a line is, where that is not how much it is now.
fn measured_since(watched: &Watched, line: &Line, now: Timestamp) -> Option<Timestamp> {
    watched.stale_since(line.measured?, now)
}

/// Of when the oldest of what decides what is paid is, where not all of it is as it is now. What
/// was never read is missing from the bill, which says so.
fn seen_since(watched: &Watched, now: Timestamp) -> Option<Timestamp> {
    let read = watched.parts.iter().filter(|(_, fresh)| fresh.at.is_some());
    let priced = read.map(|(part, _)| *part).filter(|part| part.brings_prices());
    priced.filter_map(|part| watched.stale_since(part, now)).min()
}

/// How much of a budget is used; `least` stands before it where that is not all.
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
        (watched.services.len(), "ECS"),
        (watched.balancers.len(), "LB"),
    ];
    let said = counts.into_iter().filter(|(count, _)| *count > 0);
    let said: Vec<String> = said.map(|(count, what)| format!("{count} {what}")).collect();
    if said.is_empty() { "nothing seen".to_owned() } else { said.join(" · ") }
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
