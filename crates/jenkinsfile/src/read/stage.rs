//! Stages.

use super::Reader;
use super::call::{ArgumentView, CallView, bare};
use crate::model::{Common, Input, Key, Section, Stage};
use crate::source::Span;
use crate::suggest::nearest;
use crate::syntax::{Expression, ExpressionKind, StatementKind};

/// The sections that a stage can have.
const SECTIONS: [&str; 13] = [
    "agent",
    "environment",
    "failFast",
    "input",
    "matrix",
    "options",
    "parallel",
    "post",
    "stages",
    "steps",
    "tools",
    "when",
    "beforeAgent",
];

impl<'t> Reader<'t> {
    pub(super) fn stages(&mut self, call: &CallView<'t>, name: &str) -> Section<Stage<'t>> {
        let mut section = Section::new(call.span);
        let Some(block) = call.block() else {
            self.problem(call.span, format!("Expected a block for {name}"));
            return section;
        };
        for statement in &block.body.statements {
            let calls = self.calls(statement);
            if calls.is_empty() && !matches!(statement.kind, StatementKind::Broken) {
                self.no_stage(statement.span);
            }
            for call in calls {
                section.entries.extend(self.stage(&call));
            }
        }
        section
    }

    fn no_stage(&mut self, span: Span) {
        self.problem_with(span, "Expected a stage", "write stage('name') { … }");
    }

    fn stage(&mut self, call: &CallView<'t>) -> Option<Stage<'t>> {
        if call.name != Some("stage") || call.block().is_none() {
            self.no_stage(call.span);
            return None;
        }
        let named = match call.arguments.first() {
            Some(ArgumentView::Value(value)) => Some(*value),
            Some(ArgumentView::Named(named)) => named.first().map(|(_, value)| *value),
            None => None,
        };
        let has_closure_alone = call.arguments.len() < 2;
        let Some(named) = named.filter(|_| !has_closure_alone) else {
            // Jenkins takes the closure for the name.
            let problem = "Expected a stage name but did not find any";
            self.problem_with(call.span, problem, "write stage('name') { … }");
            return None;
        };
        let name = self.key(named).text;
        let mut stage = Stage {
            span: call.span,
            name,
            common: Common::default(),
            branches: Vec::new(),
            stages: None,
            parallel: None,
            matrix: None,
            fail_fast: None,
        };
        let mut seen = Vec::new();
        let block = call.block()?;
        for inner in &block.body.statements {
            let calls = self.calls(inner);
            if calls.is_empty() && !matches!(inner.kind, StatementKind::Broken) {
                let text = self.source(inner.span);
                let message = format!(
                    "Not a valid stage section definition: \"{text}\". Some extra configuration \
                     is required."
                );
                self.problem(inner.span, message);
            }
            for call in calls {
                self.stage_section(&mut stage, &call, &mut seen);
            }
        }
        Some(stage)
    }

    fn stage_section(
        &mut self,
        stage: &mut Stage<'t>,
        call: &CallView<'t>,
        seen: &mut Vec<&'t str>,
    ) {
        let name = self.name_of(call);
        self.once(seen, name, call.span);
        if name.is_empty() || self.stage_part(stage, name, call) {
            return;
        }
        let message = format!(
            "Unknown stage section \"{name}\". Starting with version 0.5, steps in a stage must be in \
             a ‘steps’ block."
        );
        let near = nearest(name, SECTIONS);
        let advice = match near {
            _ if matches!(name, "libraries" | "parameters" | "triggers") => {
                "put it at the top of pipeline { }".to_owned()
            }
            Some(near) => format!("did you mean {near}?"),
            None if name == "stage" => "put it into stages { } or parallel { }".to_owned(),
            None => "put it into steps { }".to_owned(),
        };
        self.problem_with(call.name_span, message, &advice);
        // What it says is looked at as what was meant.
        if let Some(near) = near.filter(|near| !seen.contains(near) && call.holds(near)) {
            seen.push(near);
            self.stage_part(stage, near, call);
        }
    }

    /// Reads a section of a stage; says whether it is one.
    fn stage_part(&mut self, stage: &mut Stage<'t>, name: &str, call: &CallView<'t>) -> bool {
        match name {
            "steps" => self.steps_section(stage, call),
            "parallel" => stage.parallel = Some(self.stages(call, "parallel")),
            "stages" => stage.stages = Some(self.stages(call, "stages")),
            "matrix" => stage.matrix = Some(Box::new(self.matrix(call))),
            "failFast" => stage.fail_fast = self.switch(call),
            _ => return self.common_section(&mut stage.common, name, call),
        }
        true
    }

    /// A section that a stage and a matrix have in common; says whether it is one.
    pub(super) fn common_section(
        &mut self,
        common: &mut Common<'t>,
        name: &str,
        call: &CallView<'t>,
    ) -> bool {
        match name {
            "agent" => common.agent = Some(self.agent(call)),
            "when" => common.when = Some(self.when(call)),
            "post" => common.post = Some(self.post(call)),
            "options" => common.options = Some(self.options(call)),
            "input" => common.input = Some(self.input(call)),
            "tools" => common.tools = Some(self.tools(call)),
            "environment" => common.environment = Some(self.environment(call)),
            _ => return false,
        }
        true
    }

    fn input(&mut self, call: &CallView<'t>) -> Input<'t> {
        let mut input = Input { span: call.span, fields: Vec::new(), parameters: Vec::new() };
        let Some(block) = call.block() else {
            self.problem(call.span, "Expected a block for input");
            return input;
        };
        let mut seen = Vec::new();
        for statement in &block.body.statements {
            let Some(field) = CallView::of(statement) else {
                self.not_a_section(statement);
                continue;
            };
            let name = self.name_of(&field);
            self.once(&mut seen, name, statement.span);
            if name == "parameters" {
                input.parameters = self.parameters(&field).entries;
                continue;
            }
            let fields = ["message", "id", "ok", "submitter", "submitterParameter"];
            let Some(value) = self.only_argument(&field, name, "field") else {
                continue;
            };
            if fields.contains(&name) {
                let value = self.value(value);
                let key = Key { text: name.to_owned(), span: field.name_span };
                input.fields.push((key, value));
            } else if !name.is_empty() {
                let message = format!("Not a valid field for input: \"{name}\"");
                let advice = match nearest(name, fields) {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("fields are: {}, parameters", fields.join(", ")),
                };
                self.problem_with(field.name_span, message, &advice);
            }
        }
        input
    }

    /// The one argument that something takes.
    pub(super) fn only_argument(
        &mut self,
        call: &CallView<'t>,
        name: &str,
        kind: &str,
    ) -> Option<&'t Expression<'t>> {
        match call.arguments.as_slice() {
            [] => {
                self.problem(call.name_span, format!("No argument for {kind} \"{name}\""));
                None
            }
            [ArgumentView::Value(value)] => Some(value),
            [ArgumentView::Named(named)] => named.first().map(|(_, value)| *value),
            _ => {
                self.problem(call.name_span, format!("Too many arguments for {kind} \"{name}\""));
                None
            }
        }
    }

    /// `failFast true`
    pub(super) fn switch(&mut self, call: &CallView<'t>) -> Option<bool> {
        if let Some(ArgumentView::Value(value)) = call.arguments.first()
            && let ExpressionKind::Bool(value) = bare(value).kind
        {
            return Some(value);
        }
        let name = call.name.unwrap_or_default();
        let advice = format!("write {name} true or {name} false");
        self.problem_with(call.name_span, format!("Expected a boolean with {name}"), &advice);
        None
    }
}
