//! Which action a request meets.
//!
//! Responsible for evaluating rules against what is known of a request's head; it never reads
//! a request itself.

use std::net::IpAddr;

use super::pattern::{Case, matches};
use super::{Action, Condition, Listener, QueryPattern, RequestPath, Rule, Table};

/// What the rules may look at.
#[derive(Clone, Copy)]
pub struct RequestView<'a> {
    /// The method, as sent.
    pub method: &'a str,
    /// The host that was asked for, without its port; empty when an HTTP/1.0 client named none.
    pub host: &'a str,
    /// The path, without the query.
    pub path: &'a RequestPath<'a>,
    /// The query, as sent, without its `?`.
    pub query: Option<&'a str>,
    /// The client's address, as `Listener::client_ip` finds it.
    pub source: IpAddr,
    /// The header fields.
    pub headers: &'a dyn HeaderLookup,
}

/// Gives the values of a request's header fields to the rules.
pub trait HeaderLookup {
    /// Says whether any value of the named field (case ignored) is accepted.
    fn any(&self, name: &str, accept: &mut dyn FnMut(&[u8]) -> bool) -> bool;
}

/// A request without header fields.
#[derive(Clone, Copy, Debug)]
pub struct NoHeaders;

impl HeaderLookup for NoHeaders {
    fn any(&self, _name: &str, _accept: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        false
    }
}

impl Table {
    /// Finds the action for a request that arrived at the named listener.
    ///
    /// None means that the table has no such listener.
    pub fn route(&self, listener: &str, request: &RequestView<'_>) -> Option<&Action> {
        self.listener(listener).map(|found| found.route(request))
    }
}

impl Listener {
    /// Finds the action of the matching rule with the lowest priority number, or the default.
    pub fn route(&self, request: &RequestView<'_>) -> &Action {
        let mut best: Option<&Rule> = None;
        for rule in &self.rules {
            let is_ahead = best.is_none_or(|found| rule.priority < found.priority);
            if is_ahead && rule.conditions.iter().all(|condition| condition.holds(request)) {
                best = Some(rule);
            }
        }
        best.map_or(&self.default, |rule| &rule.action)
    }

    /// Whether a request would be forwarded that another rule is for where its target takes what two
    /// slashes begin for a host: a rule for a path that only some may ask for would be passed by.
    pub fn is_unclear(&self, request: &RequestView<'_>) -> bool {
        let mut others = request.path.behind_host().peekable();
        if others.peek().is_none() {
            return false;
        }
        let action = self.route(request);
        let is_other = |path| *action != *self.route(&RequestView { path: &path, ..*request });
        matches!(action, Action::Forward(_)) && others.any(is_other)
    }

    /// Finds the action for a proof: a request that asks which release a host's requests reach.
    ///
    /// The host alone decides. What an operator answers at some path, or grants some clients
    /// only, says nothing about the release; so a rule counts if it forwards and all that it
    /// asks of the host holds, and one that asks nothing else goes first. Without any, the
    /// default answers.
    pub fn route_proof(&self, host: &str) -> &Action {
        let forwards = |rule: &&Rule| match rule.action {
            Action::Forward(_) => true,
            Action::Redirect(_) | Action::Fixed(_) => false,
        };
        let (mut alone, mut among): (Option<&Rule>, Option<&Rule>) = (None, None);
        for rule in self.rules.iter().filter(forwards) {
            let mut hosts = rule.conditions.iter().filter_map(|condition| condition.host(host));
            let asked = hosts.clone().count();
            if asked == 0 || !hosts.all(|holds| holds) {
                continue;
            }
            let best = if asked == rule.conditions.len() { &mut alone } else { &mut among };
            if best.is_none_or(|found| rule.priority < found.priority) {
                *best = Some(rule);
            }
        }
        alone.or(among).map_or(&self.default, |rule| &rule.action)
    }
}

impl Condition {
    /// Says whether the request meets the condition.
    pub fn holds(&self, request: &RequestView<'_>) -> bool {
        match self {
            Self::Host { patterns } => any(patterns, request.host.as_bytes(), Case::Ignored),
            Self::Path { patterns } => any(patterns, request.path.normal(), Case::Kept),
            Self::Method { methods } => methods.iter().any(|method| method == request.method),
            Self::Header { name, patterns } => request.headers.any(name, &mut |value| {
                patterns.iter().any(|pattern| matches(pattern.as_bytes(), value, Case::Ignored))
            }),
            Self::Query { pairs } => {
                let query = request.query.unwrap_or_default();
                query
                    .split('&')
                    .filter(|pair| !pair.is_empty())
                    .any(|pair| pairs.iter().any(|wanted| wanted.holds(pair)))
            }
            Self::SourceIp { blocks } => blocks.iter().any(|block| block.contains(request.source)),
        }
    }

    /// Says whether a condition on the host holds; none is a condition on something else.
    fn host(&self, host: &str) -> Option<bool> {
        match self {
            Self::Host { patterns } => Some(any(patterns, host.as_bytes(), Case::Ignored)),
            Self::Path { .. }
            | Self::Method { .. }
            | Self::Header { .. }
            | Self::Query { .. }
            | Self::SourceIp { .. } => None,
        }
    }
}

impl QueryPattern {
    fn holds(&self, pair: &str) -> bool {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let is_key = self
            .key
            .as_ref()
            .is_none_or(|wanted| matches(wanted.as_bytes(), key.as_bytes(), Case::Ignored));
        is_key && matches(self.value.as_bytes(), value.as_bytes(), Case::Ignored)
    }
}

fn any(patterns: &[String], text: &[u8], case: Case) -> bool {
    patterns.iter().any(|pattern| matches(pattern.as_bytes(), text, case))
}
