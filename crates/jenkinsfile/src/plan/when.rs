//! Conditions of stages.
//!
//! Responsible for the conditions that a shell can ask as Jenkins does: those on the name of the
//! branch. Every other one is left, and its stage with it.

mod glob;

use glob::{Glob, Guard};

use super::argument::{argument_of, single};
use super::{Planner, Scope};
use crate::model::{Arguments, Condition, EnvironmentValue, Key, Section, Value, When};
use crate::table::Support;

/// The most patterns of a condition.
const PATTERNS: usize = 20;
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
        let all: Option<Vec<Vec<Guard>>> = when.conditions.iter().map(asked_of_branch).collect();
        match all.map(|guards| guards.concat()) {
            Some(guards) if is_jenkins && !guards.is_empty() => {
                scope.guards.extend(guards.iter().map(Guard::line));
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

/// What a condition asks of the branch, where it asks nothing else.
fn asked_of_branch(condition: &Condition<'_>) -> Option<Vec<Guard>> {
    let name = condition.name.as_ref()?.text.as_str();
    match name {
        "branch" | "anyOf" => Some(vec![Guard { globs: globs(condition)?, is_not: false }]),
        "not" if condition.arguments.is_none() => match condition.conditions.as_slice() {
            [one] => Some(vec![Guard { globs: globs(one)?, is_not: true }]),
            _ => None,
        },
        "allOf" if condition.arguments.is_none() => {
            let inner: Option<Vec<Vec<Guard>>> =
                condition.conditions.iter().map(asked_of_branch).collect();
            inner.map(|guards| guards.concat()).filter(|guards| !guards.is_empty())
        }
        _ => None,
    }
}

/// The patterns of which the condition wants one, where it asks nothing else.
fn globs(condition: &Condition<'_>) -> Option<Vec<Glob>> {
    let globs = match condition.name.as_ref()?.text.as_str() {
        "branch" if condition.conditions.is_empty() => {
            vec![Glob::of(pattern(condition.arguments.as_ref()?)?)?]
        }
        "anyOf" if condition.arguments.is_none() => {
            let inner: Option<Vec<Vec<Glob>>> = condition.conditions.iter().map(globs).collect();
            inner?.concat()
        }
        _ => return None,
    };
    (!globs.is_empty() && globs.len() <= PATTERNS).then_some(globs)
}

/// The pattern of `branch`, where it is compared as patterns usually are, which may be said in any
/// case (the plugin's Comparator, "get").
fn pattern<'a>(arguments: &'a Arguments<'_>) -> Option<&'a str> {
    let Arguments::Named(named) = arguments else {
        return single(arguments)?.text();
    };
    let is_usual = |(key, value): &(Key, Value<'_>)| match key.text.as_str() {
        "pattern" => true,
        "comparator" => value.text().is_some_and(|name| name.eq_ignore_ascii_case("GLOB")),
        _ => false,
    };
    argument_of(arguments, "pattern").filter(|_| named.iter().all(is_usual))?.text()
}
