//! Steps.

use super::Checker;
use crate::diagnostic::Diagnostic;
use crate::model::{Branch, Key, Step};
use crate::source::Span;
use crate::suggest::slip;
use crate::table::Kind;

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
            let problem = Diagnostic::declarative(branch.span, "No steps specified for branch");
            self.note(problem.advise("add a step").lacking(branch.span));
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
        let inner = step.steps.as_deref().unwrap_or_default();
        let Some(name) = &step.name else {
            return self.steps(inner);
        };
        if step.code.is_some() && !matches!(name.text.as_str(), "script" | "expression") {
            let message = format!("No such DSL method '{}' found among steps", name.text);
            return self.problem_with(name.span, message, "did you mean script?");
        }
        let entry = self.table.step(&name.text);
        if entry.is_none() && self.misplaced(name, step.steps.is_some()) {
            // What stands in it are no steps.
            return;
        }
        self.steps(inner);
        if self.blocked(&name.text, step.span, &BLOCKED) || step.code.is_some() {
            return;
        }
        let Some(entry) = entry else {
            return;
        };
        // Of a script that is none it is told where it is read.
        if entry.is_block && step.steps.is_none() && entry.name != "script" {
            let message = format!("{} step must be called with a body", entry.name);
            self.problem_with(
                name.span,
                message,
                format!("write {} {{ … }} around steps", entry.name),
            );
        }
        self.arguments(step.span, entry, &step.arguments);
    }

    /// A step that no table knows: Jenkins looks for it when it comes to it, and may find it in a
    /// library. What is called like a section, or like a step but for a letter, is a mistake.
    /// Says whether it is a section.
    fn misplaced(&mut self, name: &Key, has_braces: bool) -> bool {
        let Some(known) = self.known.as_ref().filter(|known| !known.defines(&name.text)) else {
            return false;
        };
        let place = place_of(&name.text).filter(|_| has_braces || name.text == "agent");
        let advice = match place {
            Some(place) => place.to_owned(),
            None if self.has_library || known.has(&name.text) => return false,
            None => {
                let steps = self.table.names(Kind::Step).chain(self.table.names(Kind::Block));
                let is_own = |step: &&str| {
                    self.table.step(step).is_some_and(|entry| OWN.contains(&entry.plugin.as_str()))
                };
                let own: Vec<&str> = steps.filter(is_own).collect();
                match slip(&name.text, own) {
                    Some(near) => format!("did you mean {near}?"),
                    None => return false,
                }
            }
        };
        let message = format!("No such DSL method '{}' found among steps", name.text);
        self.problem_with(name.span, message, advice);
        place.is_some()
    }
}

/// What every Jenkins with pipelines has: a plugin that is not known here may have a step whose
/// name is near to that of another plugin's.
const OWN: [&str; 4] =
    ["core", "workflow-basic-steps", "workflow-durable-task-step", "workflow-scm-step"];

/// Where a section belongs that stands among steps.
fn place_of(name: &str) -> Option<&'static str> {
    Some(match name {
        "libraries" | "parameters" | "triggers" => "put it at the top of pipeline { }",
        "stages" => "put it into pipeline { }, or into a stage instead of steps { }",
        "steps" => "leave steps { } out: steps stand here already",
        "beforeAgent" | "failFast" | "matrix" | "when" => "put it into the stage, beside steps { }",
        "agent" | "environment" | "options" | "post" | "tools" => {
            "put it into the stage or into pipeline { }, beside steps { } or stages { }"
        }
        _ => return None,
    })
}
