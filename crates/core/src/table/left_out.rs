//! What cannot be in a table, because the edge would refuse all of it.
//!
//! Settings are held to what an edge takes before they become active. This is for what came by
//! another way, as with an older release, and for the sum of all.

use std::collections::{BTreeMap, HashSet};

use super::{environment_rules, group_of};
use crate::deployment::EnvironmentKey;
use crate::routing::MAX_TABLE_BYTES;
use crate::state::{Environment, LeftOut, State};
use crate::text::printable;

/// The most bytes of rules; the rest of a table is for targets.
const MAX_RULES_BYTES: usize = MAX_TABLE_BYTES / 4 * 3;
/// More than a rule takes that has nothing but its domain and its target group, beside these.
const RULE_BYTES: usize = 512;
/// The longest reason, in characters.
const WHY: usize = 400;

/// How an environment that cannot stand in the table as it is stands there instead.
pub(super) enum Standing {
    /// Its domain is answered 503: without a rule that the edge does not take, those would be let in
    /// whom it keeps out.
    Closed { why: String },
    /// Nothing of it is there.
    Absent { why: String },
}

/// The environments that the table leaves out, and why.
pub fn left_out(state: &State) -> Vec<LeftOut> {
    let standings = standings(state).into_iter();
    standings
        .map(|(key, standing)| {
            let (Standing::Closed { why } | Standing::Absent { why }) = standing;
            LeftOut { environment: key.clone(), why: printable(&why, WHY) }
        })
        .collect()
}

/// How those environments stand that cannot stand there as they are. It looks at nothing that an
/// instance changes.
pub(super) fn standings(state: &State) -> BTreeMap<&EnvironmentKey, Standing> {
    let mut standings = BTreeMap::new();
    let mut left = MAX_RULES_BYTES;
    // Previews are as many as somebody pushes: what the operator named has its place before them.
    let previews = |wanted: bool| {
        state.environments.iter().filter(move |(_, one)| one.preview_of.is_some() == wanted)
    };
    for (key, environment) in previews(false).chain(previews(true)) {
        let Some(domain) = environment.spec.domain.as_deref() else { continue };
        if let Some(standing) = refusal(key, environment, domain) {
            standings.insert(key, standing);
            continue;
        }
        let listens = state.projects.get(&key.project).map(|one| &one.spec.load_balancer.listen);
        let size = size(key, environment, domain).saturating_mul(listens.map_or(0, Vec::len));
        if let Some(rest) = left.checked_sub(size) {
            left = rest;
        } else {
            let why = format!(
                "the routes of all environments are larger than the {} MiB that the load balancer \
                 takes, so nobody reaches this one: shorten fixed answers, or have fewer previews",
                MAX_TABLE_BYTES >> 20
            );
            standings.insert(key, Standing::Absent { why });
        }
    }
    standings
}

/// What the edge's own check says of an environment's rules.
fn refusal(key: &EnvironmentKey, environment: &Environment, domain: &str) -> Option<Standing> {
    let group = group_of(key);
    let groups = HashSet::from([group.as_str()]);
    let rules = environment_rules(true, key, environment, domain);
    // Its own domain is the last, with no other condition.
    let (own, rules) = rules.split_last()?;
    if let Some(problem) = own.check(&groups).first() {
        let why = format!(
            "the load balancer would refuse its domain, so nobody reaches it ({}): give it another \
             in the operator's file and apply that",
            problem.message
        );
        return Some(Standing::Absent { why });
    }
    let mut priorities: Vec<u32> = environment.spec.rules.iter().map(|one| one.priority).collect();
    priorities.sort_unstable();
    rules.iter().zip(priorities).find_map(|(rule, priority)| {
        let problem = rule.check(&groups).into_iter().next()?;
        let why = format!(
            "the load balancer would refuse its rule {priority}, so all of its domain is answered \
             503 ({}): mend that rule in the operator's file and apply it",
            problem.message
        );
        Some(Standing::Closed { why })
    })
}

/// No less than an environment's rules take in a table, for each address.
fn size(key: &EnvironmentKey, environment: &Environment, domain: &str) -> usize {
    let (own, name) = (RULE_BYTES + domain.len(), group_of(key).len());
    // What cannot be written cannot be in a table either.
    let rule = |rule| serde_json::to_vec(rule).map_or(MAX_TABLE_BYTES, |text| text.len());
    let rules = environment.spec.rules.iter().map(|one| own + name + rule(one));
    rules.fold(own + 2 * name, usize::saturating_add)
}
