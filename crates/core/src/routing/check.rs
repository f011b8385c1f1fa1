//! What can be wrong with a table.
//!
//! Responsible for finding every contradiction before a table becomes active, and for saying
//! where it is. It never repairs anything.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::pattern::wildcards;
use super::redirect::is_known;
use super::{Action, Condition, HealthCheck, Listener, Redirect, Rule, Table, TargetGroup};

/// One thing that is wrong with a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind of problem; callers branch on this.
    pub kind: ProblemKind,
    /// Where it is, such as `listener web, rule 10`.
    pub place: String,
    /// What is wrong and what to write instead.
    pub message: String,
}

/// What can be wrong with a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// The digest is not that of the content.
    Digest,
    /// Two things have one name, address or priority.
    Duplicate,
    /// A rule names a group that the table does not have.
    UnknownGroup,
    /// A list that needs a value is empty, or a name is.
    Empty,
    /// A pattern is too long, or has too many wildcards.
    Pattern,
    /// A weight is above 999, or all weights are zero.
    Weight,
    /// A status is outside of what its place allows.
    Status,
    /// A redirect leads to itself or has a malformed part.
    Redirect,
    /// A duration, threshold or path of a health check is out of range.
    HealthCheck,
    /// Something is larger than the edge accepts.
    Limit,
}

/// The longest pattern, as for Application Load Balancers.
const PATTERN_BYTES: usize = 128;
/// The longest pattern of a host, which is as long as a domain may be (RFC 1035 section 2.3.4).
const HOST_BYTES: usize = 253;
/// The most wildcards in one rule, as for Application Load Balancers; bounds matching's cost.
const WILDCARDS: usize = 5;
/// The most pattern values in one rule; an Application Load Balancer allows five.
const VALUES: usize = 100;
/// The largest weight, as for Application Load Balancers.
const WEIGHT: u16 = 999;
/// The largest fixed body.
const BODY_BYTES: usize = 64 * 1024;
/// The shortest interval and timeout of a health check.
const SHORTEST: Duration = Duration::from_millis(50);
/// The longest interval and timeout of a health check.
const LONGEST: Duration = Duration::from_hours(1);
/// The shortest probe token, so that it cannot be guessed.
const TOKEN_BYTES: usize = 16;

impl Table {
    /// Finds everything that is wrong; an empty list means that the table may become active.
    pub fn check(&self) -> Vec<Problem> {
        let mut found = Found(Vec::new());
        if self.digest != self.digest_of() {
            let message = "the digest is not that of the content; seal the table before sending";
            found.add(ProblemKind::Digest, "table", message);
        }
        let token = self.probe_token.as_str();
        let is_sendable = token.bytes().all(|byte| byte.is_ascii_graphic());
        if !token.is_empty() && (token.len() < TOKEN_BYTES || !is_sendable) {
            let message = "the probe token needs at least 16 visible ASCII characters";
            found.add(ProblemKind::Limit, "table", message);
        }
        let groups: HashSet<&str> = self.target_groups.iter().map(|g| g.id.as_str()).collect();
        self.check_names(&mut found);
        for listener in &self.listeners {
            check_listener(listener, &groups, &mut found);
        }
        for group in &self.target_groups {
            check_group(group, &mut found);
        }
        found.0
    }

    fn check_names(&self, found: &mut Found) {
        found.unique("listener", self.listeners.iter().map(|listener| listener.id.as_str()));
        found.unique("target group", self.target_groups.iter().map(|g| g.id.as_str()));
        let targets = self.target_groups.iter().flat_map(|g| &g.targets);
        found.unique("target", targets.map(|target| target.id.as_str()));
        let mut owners = HashMap::new();
        for listener in &self.listeners {
            for address in &listener.addresses {
                if let Some(other) = owners.insert(address, &listener.id) {
                    let message = format!("{address} belongs to listener {other} already");
                    found.add(ProblemKind::Duplicate, &place(listener), &message);
                }
            }
        }
    }
}

fn place(listener: &Listener) -> String {
    format!("listener {}", listener.id)
}

fn check_listener(listener: &Listener, groups: &HashSet<&str>, found: &mut Found) {
    let at = place(listener);
    if listener.addresses.is_empty() {
        found.add(ProblemKind::Empty, &at, "it has no address to listen on");
    }
    check_action(&listener.default, groups, &format!("{at}, default"), found);
    let mut priorities = HashSet::new();
    for rule in &listener.rules {
        let at = format!("{at}, rule {}{}", rule.priority, whose(rule));
        if !priorities.insert(rule.priority) {
            let message = "another rule of this listener has the same priority";
            found.add(ProblemKind::Duplicate, &at, message);
        }
        check_rule(rule, groups, &at, found);
    }
}

/// The host and the target group of a rule, by which people know whose it is: its number in a table
/// stands in no file.
fn whose(rule: &Rule) -> String {
    let hosts = rule.conditions.iter().filter_map(|condition| match condition {
        Condition::Host { patterns } => patterns.first().map(String::as_str),
        Condition::Path { .. }
        | Condition::Header { .. }
        | Condition::Query { .. }
        | Condition::Method { .. }
        | Condition::SourceIp { .. } => None,
    });
    let group = match &rule.action {
        Action::Forward(forward) => forward.groups.first().map(|group| group.group.as_str()),
        Action::Redirect(_) | Action::Fixed(_) => None,
    };
    let known: Vec<&str> = hosts.take(1).chain(group).collect();
    if known.is_empty() { String::new() } else { format!(" ({})", known.join(", ")) }
}

impl Rule {
    /// Finds everything that is wrong with a rule for itself, in a table that has these groups.
    pub(crate) fn check(&self, groups: &HashSet<&str>) -> Vec<Problem> {
        let mut found = Found(Vec::new());
        check_rule(self, groups, "rule", &mut found);
        found.0
    }
}

fn check_rule(rule: &Rule, groups: &HashSet<&str>, at: &str, found: &mut Found) {
    let (mut values, mut stars) = (0, 0);
    for condition in &rule.conditions {
        let patterns = patterns_of(condition);
        values += patterns.len();
        stars += patterns.iter().map(|pattern| wildcards(pattern.as_bytes())).sum::<usize>();
        check_condition(condition, &patterns, at, found);
    }
    if values > VALUES || stars > WILDCARDS {
        let message = format!(
            "it has {values} values and {stars} wildcards; at most {VALUES} and {WILDCARDS} \
             are allowed, so split it into several rules"
        );
        found.add(ProblemKind::Pattern, at, &message);
    }
    check_action(&rule.action, groups, at, found);
}

fn patterns_of(condition: &Condition) -> Vec<&str> {
    match condition {
        Condition::Host { patterns }
        | Condition::Path { patterns }
        | Condition::Header { patterns, .. } => patterns.iter().map(String::as_str).collect(),
        Condition::Query { pairs } => pairs
            .iter()
            .flat_map(|pair| pair.key.iter().map(String::as_str).chain([pair.value.as_str()]))
            .collect(),
        Condition::Method { .. } | Condition::SourceIp { .. } => Vec::new(),
    }
}

fn check_condition(condition: &Condition, patterns: &[&str], at: &str, found: &mut Found) {
    let is_empty = match condition {
        Condition::Host { patterns } | Condition::Path { patterns } => patterns.is_empty(),
        Condition::Header { name, patterns } => patterns.is_empty() || name.is_empty(),
        Condition::Query { pairs } => pairs.is_empty(),
        Condition::Method { methods } => methods.is_empty(),
        Condition::SourceIp { blocks } => blocks.is_empty(),
    };
    if is_empty {
        found.add(ProblemKind::Empty, at, "a condition has no value, so nothing can match it");
    }
    let is_host = matches!(condition, Condition::Host { .. });
    let most = if is_host { HOST_BYTES } else { PATTERN_BYTES };
    for pattern in patterns {
        if pattern.len() > most {
            let message = format!("a pattern has {} bytes; {most} are allowed", pattern.len());
            found.add(ProblemKind::Pattern, at, &message);
        }
    }
    let is_host_or_path = matches!(condition, Condition::Host { .. } | Condition::Path { .. });
    if is_host_or_path && patterns.iter().any(|pattern| pattern.is_empty()) {
        let message = "an empty pattern matches nothing; write * for everything";
        found.add(ProblemKind::Pattern, at, message);
    }
}

fn check_action(action: &Action, groups: &HashSet<&str>, at: &str, found: &mut Found) {
    match action {
        Action::Forward(forward) => {
            for group in &forward.groups {
                if !groups.contains(group.group.as_str()) {
                    let message = format!("there is no target group {}", group.group);
                    found.add(ProblemKind::UnknownGroup, at, &message);
                }
                if group.weight > WEIGHT {
                    found.add(ProblemKind::Weight, at, "a weight is above 999");
                }
            }
            if forward.groups.iter().all(|group| group.weight == 0) {
                found.add(ProblemKind::Weight, at, "no group has a weight above 0");
            }
        }
        Action::Redirect(redirect) => check_redirect(redirect, at, found),
        Action::Fixed(fixed) => {
            if !(200..=599).contains(&fixed.status) {
                found.add(ProblemKind::Status, at, "a fixed answer has a status of 200 to 599");
            }
            if fixed.body.len() > BODY_BYTES {
                found.add(ProblemKind::Limit, at, "a fixed body has at most 64 KiB");
            }
            if !is_field_text(&fixed.content_type) {
                found.add(ProblemKind::Limit, at, "the content type holds control characters");
            }
        }
    }
}

fn check_redirect(redirect: &Redirect, at: &str, found: &mut Found) {
    let mut add = |message| found.add(ProblemKind::Redirect, at, message);
    if !matches!(redirect.status, 301 | 302) {
        add("a redirect has the status 301 or 302");
    }
    if redirect.is_loop() {
        add("it leads to itself; change scheme, host, port or path");
    }
    if let Some(scheme) = &redirect.scheme
        && !matches!(scheme.as_str(), "http" | "https" | "#{protocol}")
    {
        add("the scheme is http, https or #{protocol}");
    }
    if let Some(port) = &redirect.port
        && port != "#{port}"
        && !port.parse::<u16>().is_ok_and(|number| number > 0)
    {
        add("the port is a number from 1 to 65535 or #{port}");
    }
    if redirect.path.as_ref().is_some_and(|path| !path.starts_with('/')) {
        add("the path begins with a slash");
    }
    let parts = [&redirect.host, &redirect.path, &redirect.query];
    if parts.into_iter().flatten().any(|part| !is_known(part)) {
        add("what #{…} may hold is protocol, host, port, path or query");
    }
    if parts.into_iter().flatten().any(|part| !is_field_text(part)) {
        add("a part holds control characters");
    }
}

fn is_field_text(text: &str) -> bool {
    text.bytes().all(|byte| byte >= b' ' && byte != 0x7f)
}

fn check_group(group: &TargetGroup, found: &mut Found) {
    let at = format!("target group {}", group.id);
    check_health(&group.health, &at, found);
    for target in &group.targets {
        let at = format!("{at}, target {}", target.id);
        if target.address.port() == 0 {
            found.add(ProblemKind::Limit, &at, "a target's port cannot be 0");
        }
        if let Some(health) = &target.health {
            check_health(health, &at, found);
        }
    }
}

fn check_health(health: &HealthCheck, at: &str, found: &mut Found) {
    let HealthCheck { path, interval, timeout, healthy_threshold, unhealthy_threshold, matcher } =
        health;
    let mut add = |message| found.add(ProblemKind::HealthCheck, at, message);
    if !path.starts_with('/') || !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        add("the health check's path begins with a slash and holds visible ASCII only");
    }
    for duration in [interval, timeout] {
        if !(SHORTEST..=LONGEST).contains(duration) {
            add("interval and timeout are between 50 ms and one hour");
        }
    }
    if [healthy_threshold, unhealthy_threshold]
        .into_iter()
        .any(|threshold| !(1..=100).contains(threshold))
    {
        add("thresholds are between 1 and 100");
    }
    if matcher.is_empty()
        || matcher.iter().any(|range| range.from > range.to || range.from < 100 || range.to > 599)
    {
        add("the matcher has at least one range, within 100 to 599");
    }
}

/// The problems found so far.
struct Found(Vec<Problem>);

impl Found {
    fn add(&mut self, kind: ProblemKind, place: &str, message: &str) {
        self.0.push(Problem { kind, place: place.to_owned(), message: message.to_owned() });
    }

    fn unique<'a>(&mut self, what: &str, ids: impl Iterator<Item = &'a str>) {
        let mut seen = HashSet::new();
        for id in ids {
            if id.is_empty() {
                self.add(ProblemKind::Empty, "table", &format!("a {what} has an empty id"));
            }
            if !seen.insert(id) {
                let message = format!("two have this id; every {what} needs its own");
                self.add(ProblemKind::Duplicate, &format!("{what} {id}"), &message);
            }
        }
    }
}
