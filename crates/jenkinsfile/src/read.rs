//! A tree to a pipeline.
//!
//! Responsible for finding the `pipeline` in a file, for reading its sections into the model, and
//! for saying which of them cannot be read. It goes on behind each mistake. Whether what was read
//! may stand there is the check's affair; both use Jenkins' own wording where it has one.

mod agent;
mod argument;
mod call;
mod directive;
mod environment;
mod matrix;
mod pipeline;
mod post;
mod stage;
mod step;
mod when;

use crate::diagnostic::Diagnostic;
use crate::model::{Pipeline, Step};
use crate::source::Span;
use crate::syntax::{Script, Statement, StatementKind};
use crate::table::Table;
use call::CallView;
pub(crate) use environment::invalid_identifier;
pub use post::POST_CONDITIONS;
pub(crate) use step::{NEXT_STEP, comma_at_end};

/// What a file is, and its pipeline where it has one.
#[derive(Clone, Debug)]
pub struct Read<'t> {
    /// The pipeline, as far as it could be read.
    pub pipeline: Option<Pipeline<'t>>,
    /// What is wrong with it.
    pub problems: Vec<Diagnostic>,
}

/// Reads the pipeline of a script.
pub fn read<'t>(text: &'t str, script: &'t Script<'t>, table: &'t Table) -> Read<'t> {
    let mut reader = Reader { text, table, problems: Vec::new() };
    let pipeline = reader.script(script);
    Read { pipeline, problems: reader.problems }
}

/// Reads statements as steps; nothing where one of them is none.
pub(crate) fn steps<'t>(
    text: &'t str,
    statements: &'t [Statement<'t>],
    table: &'t Table,
) -> Option<Vec<Step<'t>>> {
    let mut reader = Reader { text, table, problems: Vec::new() };
    let steps = reader.steps(statements);
    reader.problems.is_empty().then_some(steps)
}

struct Reader<'t> {
    text: &'t str,
    table: &'t Table,
    problems: Vec<Diagnostic>,
}

impl<'t> Reader<'t> {
    fn problem(&mut self, span: Span, message: impl Into<String>) {
        self.note(Diagnostic::declarative(span, message));
    }

    fn problem_with(&mut self, span: Span, message: impl Into<String>, advice: &str) {
        self.note(Diagnostic::declarative(span, message).advise(advice));
    }

    fn note(&mut self, problem: Diagnostic) {
        if self.problems.len() < crate::MOST_FOUND {
            self.problems.push(problem);
        }
    }

    fn source(&self, span: Span) -> &'t str {
        span.of(self.text)
    }

    fn script(&mut self, script: &'t Script<'t>) -> Option<Pipeline<'t>> {
        let mut found = script.statements.iter().filter_map(pipeline_call);
        if let Some(call) = found.next() {
            let pipeline = self.pipeline(&call);
            for another in found {
                let message = "Only one pipeline { ... } block can be executed in a single run.";
                self.problem_with(another.name_span, message, "put its stages into the first one");
                // What it says is looked at as well.
                self.pipeline(&another);
            }
            return pipeline;
        }
        // A shared library's global step has its pipelines in a method of this name.
        let methods = script.statements.iter().filter_map(|statement| match &statement.kind {
            StatementKind::Method(method) if method.name.text == "call" => method.body.as_ref(),
            _ => None,
        });
        let mut pipelines = Vec::new();
        for body in methods {
            find_pipelines(&body.statements, &mut pipelines);
        }
        let mut read = pipelines.iter().map(|call| self.pipeline(call)).collect::<Vec<_>>();
        if !read.is_empty() {
            return read.swap_remove(0);
        }
        script.statements.iter().for_each(|statement| self.refuse_nested(statement));
        script.statements.iter().for_each(|statement| self.refuse_misspelt(statement));
        None
    }

    /// A call that holds what a pipeline does, and is called nearly so.
    fn refuse_misspelt(&mut self, statement: &'t Statement<'t>) {
        let Some(call) = CallView::of(statement) else {
            return;
        };
        let (Some(name), Some(block)) = (call.name, call.block()) else {
            return;
        };
        let is_near = crate::suggest::nearest(&name.to_lowercase(), ["pipeline"]).is_some();
        let mut sections = block.body.statements.iter().filter_map(CallView::of);
        if name != "pipeline" && is_near && sections.any(|inner| inner.name == Some("stages")) {
            let message = format!("No such DSL method '{name}' found among steps");
            self.problem_with(call.name_span, message, "did you mean pipeline?");
        }
    }

    /// A pipeline in another block runs nothing that Jenkins would show.
    fn refuse_nested(&mut self, statement: &'t Statement<'t>) {
        let Some(call) = CallView::of(statement) else {
            return;
        };
        let Some(block) = call.block() else {
            return;
        };
        if call.name == Some("pipeline") {
            self.problem(
                call.span,
                "pipeline block must be at the top-level, not within another block.",
            );
        }
        block.body.statements.iter().for_each(|inner| self.refuse_nested(inner));
    }
}

/// Whether a statement is a pipeline.
pub(crate) fn is_pipeline(statement: &Statement<'_>) -> bool {
    pipeline_call(statement).is_some()
}

/// The call of a statement that is a pipeline.
fn pipeline_call<'t>(statement: &'t Statement<'t>) -> Option<CallView<'t>> {
    let call = CallView::of(statement)?;
    (call.name == Some("pipeline") && call.block().is_some()).then_some(call)
}

/// Looks for pipelines in the control flow of a method.
fn find_pipelines<'t>(statements: &'t [Statement<'t>], into: &mut Vec<CallView<'t>>) {
    for statement in statements {
        if let Some(call) = pipeline_call(statement) {
            into.push(call);
            continue;
        }
        let node = crate::syntax::Node::Statement(statement);
        node.each_child(&mut |child| {
            if let crate::syntax::Node::Statement(inner) = child {
                find_pipelines(std::slice::from_ref(inner), into);
            }
        });
    }
}
