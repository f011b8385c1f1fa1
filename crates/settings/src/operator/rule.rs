//! Rules that the operator adds before an environment's own domain.
//!
//! Responsible for reading them and for asking the routing table's own check what it thinks of
//! each part, so that an edge never refuses what this reader accepted.

mod action;
mod condition;

use std::collections::BTreeMap;

use pilothouse_core::routing::{
    Action, Condition, Listener, ProblemKind as TableProblem, Rule, Table,
};
use pilothouse_core::spec::RuleSpec;
use pilothouse_core::spec::allowed::rule::{PRIORITY, RULES};

use super::elsewhere;
use crate::ProblemKind;
use crate::found::Found;
use crate::section::Section;

const KEYS: [&str; 10] = [
    "priority",
    "host",
    "path",
    "method",
    "header",
    "query",
    "source_ip",
    "forward",
    "redirect",
    "fixed",
];
const TITLE: &str = "[[environment.NAME.rule]]";

/// Reads every `[[environment.NAME.rule]]`.
pub(super) fn read(
    environment: &Section<'_>,
    domain: &str,
    preview: bool,
    found: &mut Found<'_>,
) -> Vec<RuleSpec> {
    let Some(field) = environment.get("rule") else {
        return Vec::new();
    };
    let sections = field.sections(TITLE, &KEYS, found);
    if sections.len() > RULES {
        let message = format!("there are more than {RULES} rules");
        let help = "join rules that do the same: every condition takes a list";
        found.add(ProblemKind::TooLarge, field.key_at.clone(), &message, help);
    }
    let mut taken = BTreeMap::new();
    let mut rules = Vec::new();
    for section in sections.iter().take(RULES) {
        section.refuse_unknown(found, |key| elsewhere(key, &KEYS));
        let priority = priority(section, &mut taken, found);
        let (mut conditions, has_fault) = condition::read(section, found);
        if let Some(host) = section.get("host") {
            condition::check_host(&host, &conditions, domain, preview, found);
        }
        if !has_fault {
            check_whole(section, domain, &mut conditions, found);
        }
        let action = action::read(section, found);
        if let (Some(priority), Some(action)) = (priority, action) {
            rules.push(RuleSpec { priority, conditions, action });
        }
    }
    rules
}

fn priority(
    section: &Section<'_>,
    taken: &mut BTreeMap<u32, usize>,
    found: &mut Found<'_>,
) -> Option<u32> {
    let Some(field) = section.get("priority") else {
        let help = "write priority = 10; lower numbers are tried first";
        section.miss(found, "priority", help);
        return None;
    };
    let priority = field.count(found, PRIORITY)?;
    let line = found.line(field.at.start);
    if let Some(first) = taken.insert(priority, line) {
        let message = format!("the rule at line {first} has the priority {priority} already");
        let help = "give each rule a priority of its own; lower numbers are tried first";
        found.add(ProblemKind::Conflict, field.at, &message, help);
        return None;
    }
    Some(priority)
}

/// The limits that count over all conditions of a rule, the environment's domain among them.
fn check_whole(
    section: &Section<'_>,
    domain: &str,
    conditions: &mut Vec<Condition>,
    found: &mut Found<'_>,
) {
    conditions.push(Condition::Host { patterns: vec![domain.to_owned()] });
    let problems = faults(conditions, &Action::fixed(200, ""));
    conditions.pop();
    for (_, message) in problems {
        let message = format!("the rule does not fit the load balancer: {message}");
        let help = "split it into two rules with different priorities";
        found.add(ProblemKind::WrongValue, section.at.clone(), &message, help);
    }
}

/// What the routing table's own check says of conditions and an action.
fn faults(conditions: &[Condition], action: &Action) -> Vec<(TableProblem, String)> {
    let listener = Listener {
        id: "listener".to_owned(),
        addresses: vec![([127, 0, 0, 1], 80).into()],
        rules: vec![Rule { priority: 1, conditions: conditions.to_vec(), action: action.clone() }],
        default: Action::fixed(404, ""),
        trusted_proxies: Vec::new(),
    };
    let table = Table { listeners: vec![listener], ..Table::default() };
    // The table is never sent, so it has no digest.
    let problems = table.check().into_iter();
    problems
        .filter(|problem| problem.kind != TableProblem::Digest)
        .map(|problem| (problem.kind, problem.message))
        .collect()
}
