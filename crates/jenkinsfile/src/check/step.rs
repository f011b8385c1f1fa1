//! Steps.

use super::Checker;
use crate::model::{Branch, Step};
use crate::source::Span;

/// Steps that a Declarative Pipeline may not use, and why.
const BLOCKED: [(&str, &str); 3] = [
    ("stage", "The stage step cannot be used in Declarative Pipelines"),
    ("properties", "The properties step cannot be used in Declarative Pipelines"),
    (
        "parallel",
        "The parallel step can only be used as the only top-level step in a stage's step block",
    ),
];

/// Steps that may not be an argument of an option, trigger or parameter either.
const BLOCKED_AS_ARGUMENT: [(&str, &str); 1] = [(
    "node",
    "The node step cannot be called as an argument to a method in Declarative Pipelines",
)];

impl Checker<'_> {
    pub(super) fn branch(&mut self, branch: &Branch<'_>) {
        if branch.steps.is_empty() {
            self.problem_with(branch.span, "No steps specified for branch", "add a step");
        }
        self.steps(&branch.steps);
    }

    /// Says that a step may not be the argument of an option, trigger or parameter.
    pub(super) fn blocked_argument(&mut self, name: &str, span: Span) {
        if !self.blocked(name, span, &BLOCKED) {
            self.blocked(name, span, &BLOCKED_AS_ARGUMENT);
        }
    }

    fn blocked(&mut self, name: &str, span: Span, list: &[(&str, &str)]) -> bool {
        let Some((_, why)) = list.iter().find(|(blocked, _)| *blocked == name) else {
            return false;
        };
        let message = format!("Invalid step \"{name}\" used - not allowed in this context - {why}");
        self.problem(span, message);
        true
    }

    pub(super) fn steps(&mut self, steps: &[Step<'_>]) {
        for step in steps {
            self.step(step);
        }
    }

    fn step(&mut self, step: &Step<'_>) {
        self.steps(step.steps.as_deref().unwrap_or_default());
        let Some(name) = &step.name else {
            return;
        };
        if self.blocked(&name.text, step.span, &BLOCKED) || step.code.is_some() {
            return;
        }
        if let Some(entry) = self.table.step(&name.text) {
            self.arguments(step.span, entry, &step.arguments);
        }
    }
}
