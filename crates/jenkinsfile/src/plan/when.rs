//! Conditions of stages.
//!
//! Responsible for the conditions that a shell can ask as Jenkins does: those on the name of the
//! branch. Every other one is left, and its stage with it.

use super::argument::single;
use super::{Planner, Scope};
use crate::model::{Condition, EnvironmentValue, Key, Section, When};
use crate::table::Support;

/// The most names of a condition, and the longest of them in bytes.
const NAMES: usize = 20;
const NAME_BYTES: usize = 200;
const NOTE: &str = "on another branch each of its steps ends at once";

impl Planner<'_> {
    /// `own` are the variables of the stage itself.
    pub(super) fn when(
        &mut self,
        when: &When<'_>,
        own: Option<&Section<(Key, EnvironmentValue<'_>)>>,
        scope: &mut Scope,
    ) {
        let own = own.iter().flat_map(|section| &section.entries).map(|(key, _)| key.text.as_str());
        let others = scope.variables.iter().map(|(name, _)| name.as_str());
        let missing = scope.missing.iter().map(String::as_str);
        let is_jenkins = own.chain(others).chain(missing).all(|name| name != "BRANCH_NAME");
        let all: Option<Vec<Vec<&str>>> = when.conditions.iter().map(branches).collect();
        match all {
            Some(all) if is_jenkins && !all.is_empty() => {
                scope.guards.extend(all.iter().map(|names| guard(names)));
                when.conditions.iter().for_each(|condition| self.asked(condition, scope));
                self.comment(when.span, "when branch", NOTE, false);
            }
            _ => {
                let why = "stages have no conditions yet, so it does not run";
                self.leave(when.span, "when", why);
                scope.turn_off("its stage has a when");
                if !when.conditions.iter().all(|condition| self.is_still_condition(condition)) {
                    self.hold(when.span, "when");
                }
            }
        }
    }

    fn asked(&mut self, condition: &Condition<'_>, scope: &Scope) {
        if let Some(name) = &condition.name {
            let is_off = scope.off().is_some();
            let support = if is_off { Support::NotYet } else { Support::Runs };
            self.mark(name.span, support, &scope.off().unwrap_or_else(|| NOTE.to_owned()));
        }
        condition.conditions.iter().for_each(|inner| self.asked(inner, scope));
    }
}

/// The names of branches of which the condition wants one, where it asks nothing else.
fn branches<'c>(condition: &'c Condition<'_>) -> Option<Vec<&'c str>> {
    let names = match condition.name.as_ref()?.text.as_str() {
        "branch" if condition.conditions.is_empty() => {
            vec![single(condition.arguments.as_ref()?)?.text()?]
        }
        "anyOf" if condition.arguments.is_none() => {
            let inner: Option<Vec<Vec<&str>>> = condition.conditions.iter().map(branches).collect();
            inner?.concat()
        }
        _ => return None,
    };
    let is_fit =
        !names.is_empty() && names.len() <= NAMES && names.iter().all(|name| is_name(name));
    is_fit.then_some(names)
}

/// Whether a pattern is the name of one branch.
fn is_name(pattern: &str) -> bool {
    let is_part = |c: u8| c.is_ascii_alphanumeric() || b"._-".contains(&c);
    pattern.len() <= NAME_BYTES
        && pattern.split('/').all(|part| !part.is_empty() && part.bytes().all(is_part))
}

/// Ends a script on every other branch. Jenkins compares without regard to case (the plugin's
/// Comparator, "GLOB").
fn guard(names: &[&str]) -> String {
    let either = |c: char| match c {
        c if c.is_ascii_alphabetic() => {
            format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase())
        }
        c => c.to_string(),
    };
    let patterns: Vec<String> =
        names.iter().map(|name| name.chars().map(either).collect()).collect();
    let patterns = patterns.join("|");
    format!("case $PILOTHOUSE_BRANCH in {patterns}) ;; *) exit 0 ;; esac\n")
}
