//! Whether Jenkins accepts a pipeline.
//!
//! Responsible for the rules that Jenkins' Declarative validator holds, in its own wording where
//! it has one: what must stand where, what may not stand together, which names and types exist.
//! It looks at everything and reports everything. It must not read the text again.

mod agent;
mod argument;
mod condition;
mod cron;
mod directive;
mod matrix;
mod stage;
mod step;

use crate::diagnostic::Diagnostic;
use crate::model::{
    Code, EnvironmentValue, Key, Pipeline, PostCondition, Section, Step, Value, ValueKind,
};
use crate::read::{POST_CONDITIONS, invalid_identifier};
use crate::source::Span;
use crate::suggest::{nearest, slip};
use crate::syntax::{ExpressionKind, Script};
use crate::table::{Kind, Table};
use crate::verdict::Known;

/// What is wrong with a pipeline of this text, which was parsed to this script.
pub fn check(
    text: &str,
    script: &Script<'_>,
    pipeline: &Pipeline<'_>,
    table: &Table,
) -> Vec<Diagnostic> {
    let known = Known::of(script);
    let has_library = pipeline.libraries.is_some() || known.has_library();
    let known = Some(known);
    let mut checker = Checker { text, table, known, has_library, problems: Vec::new() };
    checker.pipeline(pipeline);
    checker.problems
}

/// Whether Jenkins accepts these steps.
pub(crate) fn accepts(text: &str, steps: &[Step<'_>], table: &Table) -> bool {
    let mut checker =
        Checker { text, table, known: None, has_library: false, problems: Vec::new() };
    checker.steps(steps);
    checker.problems.is_empty()
}

struct Checker<'t> {
    text: &'t str,
    table: &'t Table,
    /// What the file defines itself, where steps are looked at that no table knows.
    known: Option<Known<'t>>,
    /// Whether steps may come from a library that the file names.
    has_library: bool,
    problems: Vec<Diagnostic>,
}

/// Whether a name can be a variable's.
fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    let first = letters.next();
    first.is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && name != "_"
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// The names that stand more than once, each told once, with all places but the first.
fn repeated<'n>(names: impl Iterator<Item = (&'n str, Span)>) -> Vec<(&'n str, Span)> {
    let mut seen = std::collections::HashMap::new();
    let mut found = Vec::new();
    for (name, span) in names {
        let count = seen.entry(name).or_insert(0_usize);
        *count += 1;
        if *count == 2 {
            found.push((name, span));
        }
    }
    found
}

impl Checker<'_> {
    fn problem(&mut self, span: Span, message: impl Into<String>) {
        self.note(Diagnostic::declarative(span, message));
    }

    fn problem_with(&mut self, span: Span, message: impl Into<String>, advice: impl Into<String>) {
        self.note(Diagnostic::declarative(span, message).advise(advice));
    }

    /// Says that something is missing in a part, unless something else is wrong in it.
    fn lack(&mut self, span: Span, message: &str, part: Span) {
        self.note(Diagnostic::declarative(span, message).lacking(part));
    }

    fn note(&mut self, problem: Diagnostic) {
        if self.problems.len() < crate::MOST_FOUND {
            self.problems.push(problem);
        }
    }

    /// `Invalid X type "name"`, with all of them.
    fn unknown_type(&mut self, what: &str, name: &Key, known: &[&str]) {
        let list = known.join(", ");
        let message =
            format!("Invalid {what} type \"{}\". Valid {what} types: [{list}]", name.text);
        self.unknown(name, message, known);
    }

    /// A name that is not known here. One that is a slip away from a known one is a mistake; any other
    /// may come from a plugin.
    fn unknown(&mut self, name: &Key, message: String, known: &[&str]) {
        match slip(&name.text, known.iter().copied()) {
            Some(near) => self.problem_with(name.span, message, format!("did you mean {near}?")),
            None => self.note(Diagnostic::unknown(name.span, message)),
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline<'_>) {
        // Problems of the whole stand at its name.
        let span = pipeline.span.at_start();
        if pipeline.stages.is_none() {
            self.problem_with(span, "Missing required section \"stages\"", "add stages { }");
        }
        match &pipeline.agent {
            Some(agent) => self.agent(agent),
            None => {
                self.problem_with(span, "Missing required section \"agent\"", "add agent any");
            }
        }
        if let Some(stages) = &pipeline.stages {
            self.stages(stages, false);
        }
        self.environment(pipeline.environment.as_ref());
        self.post(pipeline.post.as_ref());
        self.tools(pipeline.tools.as_ref());
        self.options(pipeline.options.as_ref(), false);
        if let Some(parameters) = &pipeline.parameters {
            self.parameters(parameters);
        }
        if let Some(triggers) = &pipeline.triggers {
            self.triggers(triggers);
        }
        if let Some(libraries) = &pipeline.libraries
            && libraries.entries.is_empty()
        {
            self.problem(libraries.span, "libraries can not be empty");
        }
    }

    fn environment(&mut self, section: Option<&Section<(Key, EnvironmentValue<'_>)>>) {
        let Some(section) = section else {
            return;
        };
        if section.entries.is_empty() {
            self.lack(section.span, "No variables specified for environment", section.span);
        }
        for (key, value) in &section.entries {
            if !is_identifier(&key.text) {
                self.problem(key.span, invalid_identifier(&key.text));
            }
            if let EnvironmentValue::Value(value) = value {
                self.nearly_credentials(value);
            }
        }
    }

    /// A function that is called nearly as the one that every Jenkins has: it fails when it comes to it.
    fn nearly_credentials(&mut self, value: &Value<'_>) {
        let ValueKind::Code(Code { expression: Some(expression), .. }) = &value.kind else {
            return;
        };
        let ExpressionKind::Call(call) = &expression.kind else {
            return;
        };
        let name = call.method.text().filter(|_| call.object.is_none()).unwrap_or_default();
        let is_own = self.known.as_ref().is_none_or(|known| known.has(name) || known.defines(name));
        let is_near = slip(name, ["credentials"]).is_some();
        if is_near && !is_own && !self.has_library && self.table.step(name).is_none() {
            let message = format!("No such DSL method '{name}' found");
            self.problem_with(call.method.span(), message, "did you mean credentials?");
        }
    }

    fn post(&mut self, section: Option<&Section<PostCondition<'_>>>) {
        let Some(section) = section else {
            return;
        };
        if section.entries.is_empty() && !section.is_broken {
            self.problem(section.span, "post can not be empty");
        }
        let names = section.entries.iter().map(|one| (one.condition.text.as_str(), one.span));
        for (name, span) in repeated(names) {
            self.problem(span, format!("Duplicate build condition name: \"{name}\""));
        }
        for one in &section.entries {
            let name = one.condition.text.as_str();
            if !POST_CONDITIONS.contains(&name) {
                let list = POST_CONDITIONS.join(", ");
                let message =
                    format!("Invalid condition \"{name}\" - valid conditions are [{list}]");
                let meant = match name {
                    "error" | "failed" | "failing" => Some("failure"),
                    "finaly" | "final" | "after" | "all" => Some("always"),
                    "passed" | "successful" => Some("success"),
                    _ => nearest(name, POST_CONDITIONS),
                };
                let advice = match meant {
                    Some(near) => format!("did you mean {near}?"),
                    None => "name one of them".to_owned(),
                };
                self.problem_with(one.condition.span, message, advice);
            }
            self.branch(&one.branch);
        }
    }

    fn tools(&mut self, section: Option<&Section<(Key, Value<'_>)>>) {
        let Some(section) = section else {
            return;
        };
        if section.entries.is_empty() {
            self.lack(section.span, "No tools specified", section.span);
        }
        for (key, _) in &section.entries {
            // A class' full name needs no symbol.
            if self.table.get(Kind::Tool, &key.text).is_none() && !key.text.contains('.') {
                let known: Vec<&str> = self.table.names(Kind::Tool).collect();
                self.unknown_type("tool", key, &known);
            }
        }
    }
}
