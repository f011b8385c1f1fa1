//! What is seen at AWS: accounts, EC2 instances, ECS services and tasks.
//!
//! What could not be read is told as it was, and never as it is.

pub mod account;
pub mod targets;

use pilothouse_core::aws::seen::{Check, Ec2Instance, Ec2State, EcsService, Metric, Series, Task};
use pilothouse_core::aws::{Part, Trouble, TroubleKind, Watched, bill, words as aws};
use pilothouse_core::cost::NanoUsd;
use pilothouse_core::time::Timestamp;

use super::{Cell, Column, Row, left, name, right, words};
use crate::age;
use crate::model::{Model, Pane, Thing, WatchedRef, is_of_targets};
use crate::theme::{Mark, Scope};
use crate::width;

/// Name, state, type, zone, age, address, what else there is to say.
pub const COLUMNS: &[Column] = &[
    name(8, 40, 0),
    left(13, 24, 0),
    left(9, 14, 3),
    left(10, 16, 5),
    right(3, 4, 2),
    left(13, 21, 4),
    left(12, 160, 1),
];

/// The rows of a pane from one place on, so many at most.
pub fn rows(model: &Model, pane: Pane, from: usize, count: usize) -> Vec<Row> {
    let shown = model.index.shown.watched(pane).iter().skip(from).take(count);
    shown.filter_map(|place| row(model, place)).collect()
}

/// The columns of a pane's rows.
pub fn columns(pane: Pane) -> &'static [Column] {
    if pane == Pane::Targets { targets::COLUMNS } else { COLUMNS }
}

/// Makes a row, which says whose it is where rows of others stand beside it.
pub fn row(model: &Model, place: &WatchedRef) -> Option<Row> {
    let mut row = plain(model, place)?;
    let is_told = row.line().is_some() || !model.watched_together();
    if let Some(name) = row.cells.first_mut().filter(|_| !is_told) {
        let whole = words::environment(model, &place.key).0;
        let whose = match words::short_environment(&whole) {
            "" => account::named(model, &place.key, &whole),
            short => account::named(model, &place.key, short),
        };
        // What belongs to the row above stands below its name.
        let own = name.text.trim_start();
        let gap = " ".repeat(name.text.len() - own.len());
        name.text = format!("{gap}{whose} · {own}");
    }
    Some(row)
}

fn plain(model: &Model, place: &WatchedRef) -> Option<Row> {
    let watched = model.watched_at(place)?;
    let now = model.known_at();
    let cells = match place.what {
        Thing::Account => account::row(model, watched, now),
        Thing::By => account::by_row(watched),
        Thing::Unread(part) => {
            let trouble = watched.parts.get(&part)?.trouble.as_ref()?;
            return Some(Row { cells: unread(part, trouble, watched, now) });
        }
        Thing::Absent(place) => absent(watched, watched.absent.get(place)?, now),
        Thing::Instance(place) => instance(watched, watched.instances.get(place)?, now),
        Thing::Service(place) => service(watched, watched.services.get(place)?, now),
        Thing::Task(service, place) => {
            let service = watched.services.get(service)?;
            task(watched, service, service.tasks.get(place)?, now)
        }
        Thing::Unregistered
        | Thing::Balancer(_)
        | Thing::Rule(..)
        | Thing::Group(_)
        | Thing::Target(..) => {
            return targets::row(watched, place.what, now);
        }
    };
    Some(Row { cells })
}

/// A state, told as it was where it may no longer be so.
pub(crate) fn state(stale: Option<Timestamp>, mark: Mark, word: &str) -> Cell {
    match stale {
        Some(_) => Cell::state(Mark::Stale, format!("was {word}")),
        None => Cell::state(mark, word),
    }
}

/// Cells of a task's id, which tell tasks apart.
const TASK: usize = 12;

/// How often it is looked, how much was asked of late, and what that costs.
pub fn looking(watched: &Watched, now: Timestamp) -> String {
    let pace = pace(watched, now);
    calls(watched, now).map_or_else(|| pace.clone(), |calls| format!("{pace} · {calls}"))
}

/// How often it is looked, and what of it comes late.
fn pace(watched: &Watched, now: Timestamp) -> String {
    let every = age::length(watched.every);
    let late = late(watched, now).map_or_else(String::new, |(part, at)| {
        format!(", late: {} as of {} ago", part.name(), age::ago(now, at))
    });
    format!("looks every {every}{late}")
}

/// How much was asked of late; none where nothing was sent. What just began is no rate.
fn calls(watched: &Watched, now: Timestamp) -> Option<String> {
    let lately = watched.calls.lately();
    if watched.calls.requests == 0 {
        return None;
    }
    let unpriced = || "unpriced".to_owned();
    if !lately.is_rate(now) {
        let cost = bill::of_asking(watched.metric_price, lately.metrics);
        let cost = cost.map_or_else(unpriced, |cost| cost.to_string());
        let length = age::length(lately.length(now));
        return Some(format!("{} calls, {cost} in the first {length}", lately.requests));
    }
    let by_hour = lately.by_hour(lately.requests, now);
    let cost = bill::of_looking(watched.metric_price, &lately, now);
    let cost = cost.map_or_else(unpriced, NanoUsd::hourly);
    let length = age::ago(Timestamp(lately.length(now).0), Timestamp(0));
    Some(format!("{by_hour} calls/h, {cost} over the last {length}"))
}

/// What is to be read in every round, and was not of late, of when: the account answers slower
/// than it is asked.
fn late(watched: &Watched, now: Timestamp) -> Option<(Part, Timestamp)> {
    let quick = watched.own_parts().filter(|(part, _)| part.is_quick());
    let oldest = quick.filter_map(|(part, fresh)| Some((part, fresh.at?))).min_by_key(|one| one.1);
    oldest.filter(|(_, at)| now.since(*at).0 > watched.every.0.saturating_mul(LATE))
}

/// After how many intervals what is read in every round is told to be late.
const LATE: u64 = 2;

fn mark_of(trouble: &Trouble) -> Mark {
    match trouble.kind {
        TroubleKind::WrongAccount
        | TroubleKind::Denied
        | TroubleKind::NoCredentials
        | TroubleKind::Unknown
        | TroubleKind::Expired => Mark::Error,
        TroubleKind::NotOffered => Mark::None,
        TroubleKind::Unreachable
        | TroubleKind::Late
        | TroubleKind::Throttled
        | TroubleKind::Broken
        | TroubleKind::Unreadable => Mark::Stale,
    }
}

/// A part that cannot be read: since when, why, and what mends it.
fn unread(part: Part, trouble: &Trouble, watched: &Watched, now: Timestamp) -> Vec<Cell> {
    let at = watched.parts.get(&part).and_then(|fresh| fresh.at);
    let age = at.map_or_else(|| "—".to_owned(), |at| age::ago(now, at));
    let name = Cell::new(part.name(), Scope::Dim);
    let state = Cell::state(mark_of(trouble), trouble.kind.name());
    // The other pane has no column for an age.
    if is_of_targets(part) {
        let of = at.map_or_else(String::new, |_| format!("as of {age} ago · "));
        let said = width::clean(&format!("{of}{trouble}"));
        return vec![name, state, Cell::new(said, Scope::Dim)];
    }
    vec![
        name,
        state,
        Cell::none(),
        Cell::none(),
        Cell::new(age, Scope::Dim),
        Cell::none(),
        Cell::new(width::clean(&trouble.to_string()), Scope::Dim),
    ]
}

/// What should be there and is not, told as it was where that can no longer be read.
fn absent(watched: &Watched, said: &str, now: Timestamp) -> Vec<Cell> {
    let since = watched.absent_since(said, now);
    let age = since.map_or_else(Cell::none, |at| Cell::new(age::ago(now, at), Scope::Dim));
    let scope = if since.is_some() { Scope::StateStale } else { Scope::StateWarn };
    vec![
        state(since, Mark::Warn, "missing"),
        Cell::none(),
        Cell::none(),
        Cell::none(),
        age,
        Cell::none(),
        Cell::new(width::clean(said), scope),
    ]
}

fn instance(watched: &Watched, one: &Ec2Instance, now: Timestamp) -> Vec<Cell> {
    let stale = watched.stale_since(Part::Instances, now);
    let name = if one.name.is_empty() { &one.id } else { &one.name };
    let age =
        one.launched_at.map_or_else(Cell::none, |at| Cell::new(age::ago(now, at), Scope::Dim));
    let address = match (&one.public_ip, &one.private_ip) {
        (Some(public), _) => public.clone(),
        (None, Some(private)) => private.clone(),
        (None, None) => String::new(),
    };
    let checks = watched.stale_since(Part::Checks, now).is_none().then(|| aws::checks(one));
    let mut said: Vec<String> = checks.flatten().into_iter().collect();
    if one.is_spot {
        said.push("spot".to_owned());
    }
    said.extend(one.platform.clone());
    if !one.name.is_empty() {
        said.push(one.id.clone());
    }
    vec![
        Cell::new(width::clean(name), Scope::Text),
        state(stale, instance_mark(watched, one, now), &width::clean(aws::instance(&one.state))),
        Cell::new(width::clean(&one.kind), Scope::Text),
        Cell::new(width::clean(&one.zone), Scope::Dim),
        age,
        Cell::new(width::clean(&address), Scope::Dim),
        Cell::new(width::clean(&said.join(" · ")), Scope::Dim),
    ]
}

/// How an instance is: one that runs is well only if its checks say so, and say so now.
pub fn instance_mark(watched: &Watched, one: &Ec2Instance, now: Timestamp) -> Mark {
    let is_stale = watched.stale_since(Part::Checks, now).is_some();
    match one.state {
        Ec2State::Running if is_stale => Mark::Unknown,
        _ => instance_mark_once(one),
    }
}

/// How an instance was when it and its checks were last read.
pub fn instance_mark_once(one: &Ec2Instance) -> Mark {
    let is_any = |wanted: Check| {
        one.checks.as_ref().is_some_and(|checks| checks.all().any(|check| *check == wanted))
    };
    match &one.state {
        Ec2State::Pending => Mark::Running,
        Ec2State::Running if one.checks.is_none() => Mark::Unknown,
        Ec2State::Running if is_any(Check::Impaired) => Mark::Error,
        Ec2State::Running if is_any(Check::Initializing) => Mark::Running,
        Ec2State::Running if is_any(Check::Unknown) => Mark::Unknown,
        Ec2State::Running => Mark::Ok,
        Ec2State::ShuttingDown | Ec2State::Stopping => Mark::Draining,
        Ec2State::Terminated | Ec2State::Stopped => Mark::None,
        Ec2State::Unsaid | Ec2State::Other(_) => Mark::Unknown,
    }
}

fn service(watched: &Watched, one: &EcsService, now: Timestamp) -> Vec<Cell> {
    let stale = watched.stale_since(Part::Services, now);
    let mut word = format!("{}/{} tasks", one.running, one.desired);
    if let Some(leaving) = one.leaving() {
        word = format!("{leaving}, {word}");
    }
    if one.pending > 0 {
        word = format!("{word}, {} pending", one.pending);
    }
    if one.unhealthy() > 0 {
        word = format!("{word}, {} unhealthy", one.unhealthy());
    }
    let mut said = vec![one.definition.clone()];
    said.extend(one.untold().map(|count| format!("{count} more tasks are not looked at")));
    if one.is_gone() {
        said.push("it was deleted".to_owned());
    }
    if one.is_failing() {
        said.push(format!("{} tasks of its rollout failed in a row", one.failed));
    }
    said.extend(one.images.iter().cloned());
    if let Some((rollout, why)) = one.rollout.as_ref().filter(|(state, _)| state != "COMPLETED") {
        said.push(format!("rollout {} {why}", rollout.to_lowercase()));
    }
    vec![
        Cell::new(width::clean(&format!("{}/{}", one.cluster, one.name)), Scope::Text),
        state(stale, service_mark(one), &word),
        Cell::new(width::clean(&one.launch.to_lowercase()), Scope::Text),
        Cell::none(),
        Cell::none(),
        Cell::none(),
        Cell::new(width::clean(said.join(" · ").trim_end()), Scope::Dim),
    ]
}

/// How a service is. A task whose health check fails is no more there than one that does not run.
pub fn service_mark(one: &EcsService) -> Mark {
    let failed = one.rollout.as_ref().is_some_and(|(state, _)| state == "FAILED");
    match one.well() {
        _ if one.is_gone() => Mark::Warn,
        _ if one.leaving().is_some() => Mark::Draining,
        _ if failed => Mark::Error,
        0 if one.desired == 0 => Mark::None,
        0 => Mark::Error,
        well if well < one.desired || one.is_failing() => Mark::Warn,
        // Of some nobody knows how they are.
        _ if one.has_more => Mark::Unknown,
        _ => Mark::Ok,
    }
}

fn task(watched: &Watched, service: &EcsService, one: &Task, now: Timestamp) -> Vec<Cell> {
    let stale = watched.stale_since(Part::Services, now);
    let mut word = one.state.to_lowercase();
    if one.is_unhealthy() {
        word.push_str(", its health check fails");
    }
    let mark = match (one.state.as_str(), one.health.as_str()) {
        (_, "UNHEALTHY") => Mark::Error,
        ("RUNNING", _) => Mark::Ok,
        ("PROVISIONING" | "PENDING" | "ACTIVATING", _) => Mark::Running,
        ("DEACTIVATING" | "STOPPING" | "DEPROVISIONING", _) => Mark::Draining,
        ("STOPPED", _) => Mark::None,
        _ => Mark::Unknown,
    };
    let age = one.started_at.map_or_else(Cell::none, |at| Cell::new(age::ago(now, at), Scope::Dim));
    let mut said = Vec::new();
    if one.definition != service.definition {
        said.push(one.definition.clone());
    }
    said.extend(one.stopped.clone());
    vec![
        Cell::new(width::clean(&format!("  {}", width::head(&one.id, TASK))), Scope::Dim),
        state(stale, mark, &width::clean(&word)),
        Cell::none(),
        Cell::new(width::clean(&one.zone), Scope::Dim),
        age,
        Cell::new(width::clean(one.ip.as_deref().unwrap_or_default()), Scope::Dim),
        Cell::new(width::clean(&said.join(" · ")), Scope::Dim),
    ]
}

/// Bars for the small graphs.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Minutes that a small graph shows.
const GRAPH: usize = 12;

/// What a metric was last, in thousandths; none where nothing was measured lately.
pub fn newest(series: &[Series], metric: Metric) -> Option<u64> {
    let series = series.iter().find(|one| one.metric == metric)?;
    series.values.iter().rev().take(3).find_map(|value| *value)
}

/// A small graph of a metric; what was not measured is a gap.
pub fn graph(series: &[Series], metric: Metric) -> Option<String> {
    let series = series.iter().find(|one| one.metric == metric)?;
    let from = series.values.len().saturating_sub(GRAPH);
    let shown = series.values.get(from..)?;
    let most = shown.iter().copied().flatten().max()?.max(1);
    let bar = |value: &Option<u64>| match value {
        None => ' ',
        Some(value) => {
            let place = usize::try_from(value * 7 / most).unwrap_or(0);
            BARS.get(place).copied().unwrap_or(' ')
        }
    };
    Some(shown.iter().map(bar).collect())
}
