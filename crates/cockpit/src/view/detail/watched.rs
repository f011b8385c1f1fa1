//! Something at AWS: all that is seen of it, and for a target why it is not healthy, as a chain.

use pilothouse_core::aws::seen::{Balancer, Ec2Instance, EcsService, Group, Metric, Rule, Target};
use pilothouse_core::aws::{Freshness, Part, Watched, words as aws};
use pilothouse_core::time::Timestamp;

use super::super::lines::{Line, sentence};
use super::{Sheet, gone};
use crate::age;
use crate::model::{Model, Thing};
use crate::rows::watched::{graph, instance_mark, looking, newest, service_mark, targets};
use crate::theme::{Mark, Scope};
use crate::width;

pub(super) fn sheet(model: &Model, name: &str, top: usize, width: u16) -> Sheet {
    let found = model.watched_named(name);
    let Some((row, watched)) = found.as_ref().and_then(|row| Some((row, model.watched_at(row)?)))
    else {
        return gone(width::clean(name), "This is not seen any more. Esc goes back.");
    };
    let mut lines = vec![account(watched)];
    let more = match row.what {
        Thing::Account | Thing::By | Thing::Absent(_) | Thing::Unread(_) => {
            parts(model, watched, width)
        }
        Thing::Unregistered => unregistered(watched, width),
        Thing::Instance(place) => {
            watched.instances.get(place).map_or_else(Vec::new, |one| instance(model, watched, one))
        }
        Thing::Service(place) | Thing::Task(place, _) => {
            let service = |one| service(model, watched, one, width);
            watched.services.get(place).map_or_else(Vec::new, service)
        }
        Thing::Balancer(place) | Thing::Rule(place, ..) => {
            let balancer = |one| balancer(model, watched, one);
            watched.balancers.get(place).map_or_else(Vec::new, balancer)
        }
        Thing::Group(place) => {
            watched.groups.get(place).map_or_else(Vec::new, |one| group(model, watched, one))
        }
        Thing::Target(place, target) => watched.groups.get(place).map_or_else(Vec::new, |group| {
            let target = group.targets.get(target);
            target.map_or_else(Vec::new, |one| chain(model, watched, group, one, width))
        }),
    };
    lines.extend(more);
    Sheet { title: title(watched, row.what), lines, top, selected: None }
}

fn title(watched: &Watched, what: Thing) -> String {
    let name = match what {
        Thing::Instance(place) => watched.instances.get(place).map(|one| one.id.clone()),
        Thing::Service(place) | Thing::Task(place, _) => {
            watched.services.get(place).map(|one| format!("{}/{}", one.cluster, one.name))
        }
        Thing::Balancer(place) | Thing::Rule(place, ..) => {
            watched.balancers.get(place).map(|one| one.name.clone())
        }
        Thing::Group(place) => watched.groups.get(place).map(|one| one.name.clone()),
        Thing::Target(place, target) => watched.groups.get(place).and_then(|group| {
            let target = group.targets.get(target)?;
            Some(format!("{} in {}", target.id, group.name))
        }),
        Thing::Account | Thing::By | Thing::Absent(_) | Thing::Unread(_) | Thing::Unregistered => {
            None
        }
    };
    let name = name.unwrap_or_else(|| watched.access.account.clone());
    format!("{} · {}", width::clean(&name), watched.environment)
}

fn account(watched: &Watched) -> Line {
    let access = &watched.access;
    let said = format!("{} {} · {}", access.account, access.region, access.by());
    Line::fact("account", width::clean(&said))
}

/// The instances that no target group has, and why that is said.
fn unregistered(watched: &Watched, width: u16) -> Vec<Line> {
    let Some(one) = &watched.unregistered else { return Vec::new() };
    let instances = one.instances.iter().map(|id| Line::fact("instance", width::clean(id)));
    let mut lines: Vec<Line> = instances.collect();
    lines.extend(sentence(&aws::unregistered(one), width, Scope::Text));
    lines
}

/// How fresh each part is, and what mends what cannot be read.
fn parts(model: &Model, watched: &Watched, width: u16) -> Vec<Line> {
    let now = model.known_at();
    let mut lines = Vec::new();
    if let Some(identity) = &watched.identity {
        lines.push(Line::fact("we are", width::clean(&identity.arn)));
    }
    lines.push(Line::fact("looking", looking(watched, now)));
    for said in &watched.absent {
        let (mark, of) = match watched.absent_since(said, now) {
            Some(at) => (Mark::Stale, format!("was, as of {} ago: ", age::ago(now, at))),
            None => (Mark::Warn, String::new()),
        };
        let said = width::clean(&format!("{of}{said}"));
        lines.push(Line::name("missing").mark(mark).and(said, Scope::Text));
    }
    for (part, fresh) in &watched.parts {
        let age = fresh.at.map_or_else(
            || "never read".to_owned(),
            |at| format!("read {} ago", age::ago(now, at)),
        );
        let mark = match watched.stale_since(*part, now) {
            None => Mark::Ok,
            Some(_) => Mark::Stale,
        };
        lines.push(
            Line::new("", Scope::Dim)
                .padded(part.name(), 16, Scope::Dim)
                .mark(mark)
                .and(age, Scope::Text),
        );
        if let Some(trouble) = &fresh.trouble {
            lines.extend(sentence(&trouble.to_string(), width, Scope::StateWarn));
        }
    }
    lines.extend(prices(&watched.prices, now, width));
    lines
}

/// How fresh the prices of AWS's list are, where it was asked.
fn prices(fresh: &Freshness, now: Timestamp, width: u16) -> Vec<Line> {
    let age = match (fresh.at, &fresh.trouble) {
        (Some(at), _) => format!("read {} ago", age::ago(now, at)),
        (None, Some(_)) => "never read: those that are shipped count".to_owned(),
        (None, None) => return Vec::new(),
    };
    let mark = if fresh.trouble.is_some() { Mark::Stale } else { Mark::Ok };
    let line = Line::new("", Scope::Dim).padded("price list", 16, Scope::Dim);
    let mut lines = vec![line.mark(mark).and(age, Scope::Text)];
    if let Some(trouble) = &fresh.trouble {
        lines.extend(sentence(&trouble.to_string(), width, Scope::StateWarn));
    }
    lines
}

/// A state, told as it was where it may no longer be so.
fn told(name: &str, stale: Option<Timestamp>, mark: Mark, word: &str) -> Line {
    let (mark, was) = if stale.is_some() { (Mark::Stale, "was ") } else { (mark, "") };
    Line::name(name).mark(mark).and(format!("{was}{}", width::clean(word)), Scope::Text)
}

fn instance(model: &Model, watched: &Watched, one: &Ec2Instance) -> Vec<Line> {
    let now = model.known_at();
    let stale = watched.stale_since(Part::Instances, now);
    let mark = instance_mark(watched, one, now);
    let mut lines = vec![
        told("instance", stale, mark, aws::instance(&one.state)),
        Line::fact("name", width::clean(&one.name)),
        Line::fact("type", width::clean(&one.kind)),
        Line::fact("zone", width::clean(&one.zone)),
    ];
    let was = if watched.stale_since(Part::Checks, now).is_some() { "was " } else { "" };
    lines.extend(aws::checks(one).map(|said| Line::fact("checks", format!("{was}{said}"))));
    let launched = one.launched_at.map(|at| age::ago(model.now, at));
    lines.extend(launched.map(|age| Line::fact("started", format!("{age} ago"))));
    for (name, ip) in [("private", &one.private_ip), ("public", &one.public_ip)] {
        lines.extend(ip.as_ref().map(|ip| Line::fact(name, width::clean(ip))));
    }
    for volume in &one.volumes {
        lines.push(Line::fact("volume", width::clean(volume)));
    }
    for (key, value) in &one.tags {
        lines.push(Line::fact("tag", width::clean(&format!("{key} = {value}"))));
    }
    lines
}

fn service(model: &Model, watched: &Watched, one: &EcsService, width: u16) -> Vec<Line> {
    let stale = watched.stale_since(Part::Services, model.known_at());
    let leaving = one.leaving().map_or_else(String::new, |leaving| format!("{leaving}, "));
    let (desired, pending) = (one.desired, one.pending);
    let mut count = format!("{leaving}{} of {desired} tasks run, {pending} pending", one.running);
    if one.unhealthy() > 0 {
        count = format!("{count}, {} unhealthy", one.unhealthy());
    }
    if let Some(untold) = one.untold() {
        count = format!("{count}; {untold} more are not looked at");
    }
    let mut lines = vec![
        told("service", stale, service_mark(one), &count),
        Line::fact("definition", width::clean(&one.definition)),
        Line::fact("runs on", width::clean(&one.launch)),
    ];
    lines.extend(one.images.iter().map(|image| Line::fact("image", width::clean(image))));
    if let (Some(vcpu), Some(memory)) = (one.vcpu_milli, one.memory_mib) {
        let arm = if one.is_arm { ", ARM" } else { "" };
        let said = format!("{}.{:03} vCPU and {memory} MiB each{arm}", vcpu / 1000, vcpu % 1000);
        lines.push(Line::fact("size", said));
    }
    if let Some((state, why)) = &one.rollout {
        lines.push(Line::fact("rollout", width::clean(state)));
        lines.extend(sentence(&width::clean(why), width, Scope::Dim));
    }
    if one.is_failing() {
        lines.push(Line::fact("failed", format!("{} tasks in a row", one.failed)));
    }
    for task in &one.tasks {
        let age = task.started_at.map_or_else(String::new, |at| age::ago(model.now, at));
        let stopped = task.stopped.as_deref().unwrap_or_default();
        let was = if stale.is_some() { "was " } else { "" };
        let health = if task.is_unhealthy() { ", its health check fails" } else { "" };
        let said = format!("{} {was}{}{health} {age} {stopped}", task.id, task.state);
        lines.push(Line::fact("task", width::clean(said.trim_end())));
    }
    lines
}

fn balancer(model: &Model, watched: &Watched, one: &Balancer) -> Vec<Line> {
    let now = model.known_at();
    let stale = watched.stale_since(Part::Balancers, now);
    let mut lines = vec![
        told("state", stale, targets::balancer_mark(one), &one.state),
        Line::fact("kind", width::clean(&one.kind)),
        Line::fact("domain", width::clean(&one.domain)),
        Line::fact("zones", width::clean(&one.zones.join(" "))),
        Line::fact("reached", if one.is_public { "from the internet" } else { "inside its VPC" }),
    ];
    let was = if watched.stale_since(Part::Rules, now).is_some() { "was: it " } else { "it " };
    lines.extend(one.gap.as_ref().map(|gap| {
        let said = width::clean(&format!("{was}{}", gap.said()));
        Line::name("lacks").mark(Mark::Warn).and(said, Scope::Text)
    }));
    lines.extend(measured(one, watched.stale_since(Part::Metrics, now)));
    lines.extend(rules(model, watched, one, |_| true));
    lines
}

/// What was measured of a load balancer of late.
fn measured(one: &Balancer, stale: Option<Timestamp>) -> Vec<Line> {
    let was = if stale.is_some() { "was " } else { "" };
    let mut lines = Vec::new();
    for (name, metric) in [
        ("requests", Metric::Requests),
        ("p50", Metric::LatencyMedian),
        ("p99", Metric::LatencyHigh),
        ("4xx", Metric::Target4xx),
        ("5xx", Metric::Target5xx),
        ("LB 5xx", Metric::Balancer5xx),
        ("LCU", Metric::CapacityUnits),
    ] {
        let Some(value) = newest(&one.metrics, metric) else { continue };
        let said = match metric {
            Metric::LatencyMedian | Metric::LatencyHigh => age::latency(value),
            Metric::CapacityUnits => format!("{}.{:03}", value / 1000, value % 1000),
            _ => format!("{}/min", age::rate(value)),
        };
        let graph = graph(&one.metrics, metric).unwrap_or_default();
        let line = Line::name(name).and(format!("{graph} "), Scope::Graph);
        lines.push(line.and(format!("{was}{said}"), Scope::Text));
    }
    lines
}

/// The rules of a load balancer in their order, those that are wanted.
fn rules(
    model: &Model,
    watched: &Watched,
    one: &Balancer,
    wanted: impl Fn(&Rule) -> bool,
) -> Vec<Line> {
    let stale = watched.stale_since(Part::Rules, model.known_at());
    let (was, scope) = match stale {
        Some(_) => ("was ", Scope::StateStale),
        None => ("", Scope::Text),
    };
    let mut lines = Vec::new();
    for listener in &one.listeners {
        for rule in &listener.rules {
            if wanted(rule) {
                let said = aws::rule(rule, &watched.groups);
                let order = rule.priority.map_or("default".to_owned(), |order| order.to_string());
                let protocol = width::clean(&listener.protocol);
                let name = format!("{protocol}:{} {order}", listener.port);
                lines.push(
                    Line::new("", Scope::Dim)
                        .padded(&name, 18, Scope::Dim)
                        .and(width::clean(&format!("{was}{said}")), scope),
                );
            }
        }
    }
    lines
}

fn group(model: &Model, watched: &Watched, one: &Group) -> Vec<Line> {
    let now = model.known_at();
    let was = |part| if watched.stale_since(part, now).is_some() { "was " } else { "" };
    let (well, all) = targets::healthy(one);
    let count = if watched.knows_targets(one) {
        let unknown = match targets::unchecked(one) {
            0 => String::new(),
            unknown => format!(", {unknown} unknown"),
        };
        format!("{}{well} of {all} healthy{unknown}", was(Part::Health))
    } else {
        "not read".to_owned()
    };
    let mut lines = vec![Line::fact("targets", count)];
    let hosts = targets::hosts(one);
    lines.extend(hosts.map(|said| Line::fact("healthy", was(Part::Metrics).to_owned() + &said)));
    if let Some(path) = &one.check_path {
        let wanted = one.check_matcher.as_deref().unwrap_or("200");
        lines.push(Line::fact("check", width::clean(&format!("{path} must answer {wanted}"))));
    }
    lines.extend(senders(model, watched, one));
    lines
}

/// What sends requests to a group.
fn senders(model: &Model, watched: &Watched, one: &Group) -> Vec<Line> {
    let stale = watched.stale_since(Part::Balancers, model.known_at());
    let was = if stale.is_some() { "was " } else { "" };
    let mut lines = Vec::new();
    for balancer in
        watched.balancers.iter().filter(|balancer| one.balancers.contains(&balancer.arn))
    {
        lines.push(Line::fact(
            "balancer",
            width::clean(&format!("{}, {was}{}", balancer.name, balancer.state)),
        ));
        lines.extend(rules(model, watched, balancer, |rule| rule.sends_to(&one.arn)));
    }
    if lines.is_empty() {
        lines.push(Line::fact("balancer", "none that is watched sends to it"));
    }
    lines
}

/// From the load balancer to what stands behind a target: each link with its own state.
fn chain(model: &Model, watched: &Watched, group: &Group, one: &Target, width: u16) -> Vec<Line> {
    let now = model.known_at();
    let stale = watched.stale_since(Part::Health, now);
    let port = one.port.map_or_else(String::new, |port| format!(":{port}"));
    let mut lines = senders(model, watched, group);
    lines.push(Line::fact("group", width::clean(&group.name)));
    if let Some(path) = &group.check_path {
        let wanted = group.check_matcher.as_deref().unwrap_or("200");
        lines.push(Line::fact("check", width::clean(&format!("{path} must answer {wanted}"))));
    }
    lines.push(Line::fact("target", width::clean(&format!("{}{port}", one.id))));
    lines.push(told("state", stale, targets::mark(&one.state), aws::target(&one.state)));
    if let Some(why) = aws::reason(one, group) {
        lines.push(Line::fact("why", width::clean(one.reason.as_deref().unwrap_or_default())));
        lines.extend(sentence(&width::clean(&why), width, Scope::Text));
    }
    let said = one.said.as_deref().filter(|said| !said.is_empty());
    lines.extend(said.map(|said| Line::fact("AWS says", width::clean(said))));
    if let Some(host) = watched.instances.iter().find(|host| host.id == one.id) {
        lines.extend(instance(model, watched, host));
    }
    for service in watched.services.iter().filter(|service| service.groups.contains(&group.arn)) {
        let is_it = |task: &&pilothouse_core::aws::seen::Task| task.ip.as_deref() == Some(&one.id);
        let task = service.tasks.iter().find(is_it);
        let task =
            task.map_or_else(String::new, |task| format!(", task {} {}", task.id, task.state));
        let said = format!("{}/{} of ECS{task}", service.cluster, service.name);
        let stale = watched.stale_since(Part::Services, now);
        lines.push(told("behind it", stale, service_mark(service), &said));
    }
    lines
}
