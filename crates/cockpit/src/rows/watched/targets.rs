//! Target groups, targets, load balancers and their rules, as they are seen at AWS.

use pilothouse_core::aws::seen::{Balancer, Group, Metric, Target, TargetState};
use pilothouse_core::aws::{Part, Unregistered, Watched, words as aws};
use pilothouse_core::time::Timestamp;

use super::super::{Cell, Column, Row, left, name};
use super::{graph, newest, state};
use crate::age;
use crate::model::Thing;
use crate::theme::{Mark, Scope};
use crate::width;

/// Name, state, why or what is measured.
pub const COLUMNS: &[Column] = &[name(10, 40, 0), left(15, 24, 0), left(12, 160, 1)];

/// Makes a row.
pub fn row(watched: &Watched, what: Thing, now: Timestamp) -> Option<Row> {
    let cells = match what {
        Thing::Unregistered => unregistered(watched, watched.unregistered.as_ref()?, now),
        Thing::Group(place) => group(watched, watched.groups.get(place)?, now),
        Thing::Target(group, place) => {
            let group = watched.groups.get(group)?;
            target(watched, group, group.targets.get(place)?, now)
        }
        Thing::Balancer(place) => balancer(watched, watched.balancers.get(place)?, now),
        Thing::Rule(balancer, listener, place) => {
            let listener = watched.balancers.get(balancer)?.listeners.get(listener)?;
            let rule = listener.rules.get(place)?;
            let order = rule.priority.map_or("default".to_owned(), |order| order.to_string());
            let stale = watched.stale_since(Part::Rules, now);
            vec![
                Cell::new(
                    width::clean(&format!("  {}:{} {order}", listener.protocol, listener.port)),
                    Scope::Dim,
                ),
                stale.map_or_else(Cell::none, |_| Cell::state(Mark::Stale, "was")),
                Cell::new(
                    width::clean(&aws::rule(rule, &watched.groups)),
                    if stale.is_some() { Scope::StateStale } else { Scope::Text },
                ),
            ]
        }
        Thing::Account
        | Thing::By
        | Thing::Unread(_)
        | Thing::Absent(_)
        | Thing::Instance(_)
        | Thing::Service(_)
        | Thing::Task(..) => return None,
    };
    Some(Row { cells })
}

/// The instances that no target group has, the first of them by name.
fn unregistered(watched: &Watched, one: &Unregistered, now: Timestamp) -> Vec<Cell> {
    // Groups of others are looked at only where there are some: then nothing of them is old.
    let parts = [Part::Registrations, Part::Health, Part::Instances].into_iter();
    let stale = parts.filter_map(|part| watched.stale_since(part, now)).filter(|at| at.0 > 0).min();
    let first = one.instances.first().map_or("", String::as_str);
    let named = watched.instances.iter().find(|instance| instance.id == first);
    let first = named.map(|one| one.name.as_str()).filter(|name| !name.is_empty()).unwrap_or(first);
    let name = match one.instances.len() {
        1 => first.to_owned(),
        count => format!("{first} and {} more", count - 1),
    };
    vec![
        Cell::new(width::clean(&name), Scope::Text),
        state(stale, Mark::None, "in no group"),
        Cell::new(aws::unregistered(one), Scope::Dim),
    ]
}

/// How many targets of a group are healthy, and of how many.
pub fn healthy(group: &Group) -> (usize, usize) {
    let healthy = group.targets.iter().filter(|one| one.state == TargetState::Healthy).count();
    (healthy, group.targets.len())
}

/// Of how many targets nobody knows whether they are: their health is not checked, or AWS cannot
/// tell. Requests are sent to them all the same.
pub fn unchecked(group: &Group) -> usize {
    let is_unknown =
        |one: &&Target| matches!(one.state, TargetState::Unavailable | TargetState::Other(_));
    group.targets.iter().filter(is_unknown).count()
}

/// How many of a group's targets are healthy, and of how many nobody knows it.
pub fn counted(group: &Group) -> String {
    let (well, all) = healthy(group);
    match unchecked(group) {
        0 => format!("{well}/{all} healthy"),
        unknown if unknown == all => format!("{all} unknown"),
        unknown => format!("{well}/{all} healthy, {unknown} unknown"),
    }
}

fn group(watched: &Watched, one: &Group, now: Timestamp) -> Vec<Cell> {
    let stale = watched.stale_since(Part::Health, now);
    let (well, all) = healthy(one);
    let is_read = watched.knows_targets(one);
    let (mark, word) = match (well, all) {
        _ if !is_read => (Mark::Unknown, "not read".to_owned()),
        // Whoever is sent to it is turned away.
        (_, 0) if watched.is_hole(one) => (Mark::Error, "0 targets".to_owned()),
        (_, 0) => (Mark::None, "0 targets".to_owned()),
        _ if well == all => (Mark::Ok, counted(one)),
        _ if well + unchecked(one) == all => (Mark::Unknown, counted(one)),
        (0, _) if unchecked(one) == 0 => (Mark::Error, counted(one)),
        _ => (Mark::Warn, counted(one)),
    };
    let stale = stale.filter(|_| is_read);
    let check = one.check_path.as_ref().map(|path| {
        let wanted = one.check_matcher.as_deref().unwrap_or("200");
        format!("asks {path} for {wanted}")
    });
    let port = one.port.map(|port| format!("{}:{port}", one.protocol));
    let measured = watched.stale_since(Part::Metrics, now).is_none().then(|| hosts(one)).flatten();
    let said: Vec<String> = [measured, port, check].into_iter().flatten().collect();
    vec![
        Cell::new(width::clean(&one.name), Scope::Strong),
        state(stale, mark, &word),
        Cell::new(width::clean(&said.join(" · ")), Scope::Dim),
    ]
}

/// How many targets were healthy of late, at the worst of each minute; none where nothing was
/// measured.
pub fn hosts(one: &Group) -> Option<String> {
    let count = newest(&one.metrics, Metric::HealthyHosts)?;
    let graph = graph(&one.metrics, Metric::HealthyHosts).unwrap_or_default();
    Some(format!("{graph} {} of late", count / 1000))
}

/// The sign of a target's state.
pub fn mark(state: &TargetState) -> Mark {
    match state {
        TargetState::Healthy => Mark::Ok,
        TargetState::Unhealthy => Mark::Error,
        TargetState::Initial => Mark::Running,
        TargetState::Draining => Mark::Draining,
        TargetState::Unused => Mark::None,
        TargetState::Unavailable | TargetState::Other(_) => Mark::Unknown,
    }
}

fn target(watched: &Watched, group: &Group, one: &Target, now: Timestamp) -> Vec<Cell> {
    let stale = watched.stale_since(Part::Health, now);
    let known = watched.instances.iter().find(|instance| instance.id == one.id);
    let name = known.map(|instance| &instance.name).filter(|name| !name.is_empty());
    let port = one.port.map_or_else(String::new, |port| format!(":{port}"));
    let why = aws::reason(one, group).unwrap_or_default();
    vec![
        Cell::new(width::clean(&format!("  {}{port}", name.unwrap_or(&one.id))), Scope::Text),
        state(stale, mark(&one.state), &width::clean(aws::target(&one.state))),
        Cell::new(width::clean(&why), Scope::Dim),
    ]
}

fn balancer(watched: &Watched, one: &Balancer, now: Timestamp) -> Vec<Cell> {
    let stale = watched.stale_since(Part::Balancers, now);
    let measured = watched.stale_since(Part::Metrics, now).is_none().then(|| measured(one));
    let gap = one.gap.as_ref();
    let is_old = watched.stale_since(Part::Rules, now).is_some();
    let mark = match gap.filter(|_| !is_old) {
        Some(gap) if gap.is_all() => Mark::Error,
        Some(_) => Mark::Warn,
        None => balancer_mark(one),
    };
    let was = if is_old { "was: it " } else { "it " };
    let lacks = gap.map(|gap| format!("{was}{}", gap.said()));
    let said = lacks.or(measured.flatten()).unwrap_or_else(|| one.domain.clone());
    vec![
        Cell::new(width::clean(&format!("{} ({})", one.name, one.kind)), Scope::Strong),
        state(stale, mark, &width::clean(&one.state)),
        Cell::new(width::clean(&said), Scope::Dim),
    ]
}

/// The sign of a load balancer's state.
pub fn balancer_mark(one: &Balancer) -> Mark {
    match one.state.as_str() {
        "active" => Mark::Ok,
        "provisioning" => Mark::Running,
        "active_impaired" => Mark::Warn,
        "failed" => Mark::Error,
        _ => Mark::Unknown,
    }
}

/// Requests, latencies and failures of late; none where nothing was measured.
pub fn measured(one: &Balancer) -> Option<String> {
    let of = |metric| newest(&one.metrics, metric);
    let requests = of(Metric::Requests)?;
    let mut said = vec![format!(
        "{} {}/min",
        graph(&one.metrics, Metric::Requests).unwrap_or_default(),
        age::rate(requests)
    )];
    let graph = |metric| graph(&one.metrics, metric).unwrap_or_default();
    said.extend(of(Metric::LatencyMedian).map(|micros| format!("p50 {}", age::latency(micros))));
    said.extend(
        of(Metric::LatencyHigh)
            .map(|micros| format!("p99 {} {}", graph(Metric::LatencyHigh), age::latency(micros))),
    );
    for (name, metric) in
        [("4xx", Metric::Target4xx), ("5xx", Metric::Target5xx), ("LB 5xx", Metric::Balancer5xx)]
    {
        said.extend(
            of(metric)
                .filter(|count| *count > 0)
                .map(|count| format!("{name} {} {}", graph(metric), age::rate(count))),
        );
    }
    Some(said.join("  "))
}
