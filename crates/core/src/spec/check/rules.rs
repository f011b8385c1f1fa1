//! What is wrong with an operator's rules.

use std::collections::HashSet;

use super::{Found, each};
use crate::routing::{Action, Condition, Rule};
use crate::spec::allowed::{ADDRESSES, rule as allowed};
use crate::spec::{EnvironmentSpec, RuleActionSpec, RuleSpec};

pub(super) fn check(place: &str, spec: &EnvironmentSpec, found: &mut Found) {
    found.most(place, spec.rules.len(), allowed::RULES);
    let places = each(place, &spec.rules);
    for (place, rule) in places.iter().take(allowed::RULES) {
        found.within(&format!("{place}.priority"), rule.priority, &allowed::PRIORITY, "");
        for (place, condition) in each(&format!("{place}.conditions"), &rule.conditions) {
            one(&place, condition, spec, found);
        }
        whole(place, rule, spec, found);
    }
    let priorities = places.into_iter().map(|(at, one)| (format!("{at}.priority"), one.priority));
    found.twice(priorities, "give each rule a priority of its own");
}

fn one(place: &str, condition: &Condition, spec: &EnvironmentSpec, found: &mut Found) {
    match condition {
        Condition::Host { patterns } => {
            let domain = spec.domain.as_deref().unwrap_or_default();
            if let Some(wrong) = allowed::host(patterns, domain, spec.preview) {
                found.add(place, wrong);
            }
        }
        Condition::Path { patterns } => {
            if let Some(message) = patterns.iter().find_map(|one| allowed::path(one)) {
                found.say(place, &message, "give paths, as /admin/*");
            }
        }
        Condition::Method { methods } => {
            let wrong = methods.iter().find_map(|one| allowed::method(one, "give methods, as GET"));
            if let Some(wrong) = wrong {
                found.add(place, wrong);
            }
        }
        Condition::Header { name, .. } => {
            if let Some(message) = allowed::header(name) {
                found.say(place, &message, "give a field's name, as User-Agent");
            }
        }
        Condition::SourceIp { blocks } => found.most(place, blocks.len(), ADDRESSES),
        // The table's own check knows all of it.
        Condition::Query { .. } => {}
    }
}

/// What the load balancer would refuse, the environment's domain being one condition more.
fn whole(place: &str, spec: &RuleSpec, environment: &EnvironmentSpec, found: &mut Found) {
    let headers = |one: &&Condition| matches!(one, Condition::Header { .. });
    let count = spec.conditions.iter().filter(headers).count();
    found.most(&format!("{place}.conditions"), count, allowed::HEADERS);
    let host = Condition::Host { patterns: environment.domain.iter().cloned().collect() };
    let own = environment.domain.is_some().then_some(host);
    let action = match &spec.action {
        RuleActionSpec::Forward => Action::fixed(200, ""),
        RuleActionSpec::Answer(action) => action.clone(),
    };
    let conditions = own.into_iter().chain(spec.conditions.iter().cloned()).collect();
    // No target group is the rule's to name: what forwards goes to the environment's own.
    let rule = Rule { priority: 1, conditions, action };
    for problem in rule.check(&HashSet::new()) {
        let help = "change it so that the load balancer takes it";
        found.say(place, &problem.message, help);
    }
}
