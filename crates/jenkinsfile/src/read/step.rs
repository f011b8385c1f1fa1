//! Steps.

use super::Reader;
use super::call::{ArgumentView, CallView, is_word};
use crate::model::{Arguments, Branch, Code, Key, Stage, Step, Value, ValueKind};
use crate::source::Span;
use crate::syntax::{Block, Expression, ExpressionKind, Statement, StatementKind};

impl<'t> Reader<'t> {
    pub(super) fn steps_section(&mut self, stage: &mut Stage<'t>, call: &CallView<'t>) {
        let Some(block) = call.block() else {
            self.problem(call.span, "Expected a block for steps");
            return;
        };
        let statements = &block.body.statements;
        let span = block.body.span;
        if let [only] = statements.as_slice()
            && let Some(inner) = CallView::of(only)
            && inner.name == Some("parallel")
        {
            self.parallel_step(stage, &inner);
            return;
        }
        if statements.len() != 1 || stage.branches.is_empty() {
            let branch = self.branch("default", statements, span);
            stage.branches.push(branch);
        }
    }

    /// `parallel(a: { … }, b: { … }, failFast: true)`
    fn parallel_step(&mut self, stage: &mut Stage<'t>, call: &CallView<'t>) {
        stage.fail_fast = None;
        let [ArgumentView::Named(named)] = call.arguments.as_slice() else {
            return;
        };
        for (key, value) in named {
            if key.kind.is_name("failFast") {
                match value.kind {
                    ExpressionKind::Bool(value) => stage.fail_fast = Some(value),
                    _ => self.problem(key.span, "Expected a boolean with failFast"),
                }
                continue;
            }
            let ExpressionKind::Closure(closure) = &value.kind else {
                self.problem(key.span, "Expected closure or failFast");
                continue;
            };
            let name = self.key(key).text;
            let body = &closure.body;
            let branch = self.branch(&name, &body.statements, body.span);
            stage.branches.push(branch);
        }
    }

    pub(super) fn branch(
        &mut self,
        name: &str,
        statements: &'t [Statement<'t>],
        span: Span,
    ) -> Branch<'t> {
        let steps = self.steps(statements);
        Branch { span, name: name.to_owned(), steps }
    }

    pub(super) fn steps(&mut self, statements: &'t [Statement<'t>]) -> Vec<Step<'t>> {
        let mut steps = Vec::new();
        for statement in statements {
            let span = statement.span;
            let calls = self.calls(statement);
            match calls.as_slice() {
                [] => {
                    if !matches!(statement.kind, StatementKind::Broken) {
                        self.no_step(statement);
                    }
                    steps.push(unread(span));
                }
                [call] => steps.push(self.step(call, span)),
                several => steps.extend(several.iter().map(|call| self.step(call, call.span))),
            }
        }
        steps
    }

    fn no_step(&mut self, statement: &Statement<'_>) {
        let (span, message) = (statement.span, "Expected a step");
        let text = self.source(span);
        let at = |at: u32| Span::new(span.start + at, span.start + at + 1);
        match (comma_at_end(text), inner_quote(text)) {
            (Some(comma), _) => self.problem_with(at(comma), message, NEXT_STEP),
            (None, Some(quote)) => self.problem_with(at(quote), message, INNER_QUOTE),
            (None, None) => self.problem_with(span, message, advice_for(statement)),
        }
    }

    fn step(&mut self, call: &CallView<'t>, span: Span) -> Step<'t> {
        let name = self.name_of(call);
        let key = Key { text: name.to_owned(), span: call.name_span };
        if name.is_empty() {
            return unread(span);
        }
        let block = call.block();
        if matches!(name, "script" | "expression")
            || block.is_some_and(|block| self.is_meant_script(name, &block.body))
        {
            let code = block.map(|closure| &closure.body);
            if code.is_none() {
                let pronoun = if name == "script" { "Script" } else { "When" };
                let message = format!("{pronoun} step without a block");
                self.problem_with(span, message, &format!("write {name} {{ … }} around Groovy"));
            }
            let arguments = code.map_or_else(Arguments::none, |code| self.code_argument(code));
            return Step { span, name: Some(key), arguments, steps: None, code };
        }
        let name = Some(key);
        let Some(block) = block else {
            let arguments = self.arguments(&call.arguments);
            let arguments = self.with_name(call.name.unwrap_or_default(), arguments, span);
            return Step { span, name, arguments, steps: None, code: None };
        };
        let before = call.arguments.len().saturating_sub(1);
        let arguments = self.arguments(call.arguments.get(..before).unwrap_or_default());
        let steps = Some(self.steps(&block.body.statements));
        Step { span, name, arguments, steps, code: None }
    }

    /// Whether it is called nearly so, and holds what is no step.
    fn is_meant_script(&self, name: &str, body: &Block<'t>) -> bool {
        let is_groovy = |statement: &Statement<'_>| {
            CallView::of(statement).is_none() && !matches!(statement.kind, StatementKind::Broken)
        };
        self.table.step(name).is_none()
            && crate::suggest::nearest(name, ["script"]).is_some()
            && body.statements.iter().any(is_groovy)
    }

    /// Groovy in braces, as one value.
    pub(super) fn code_argument(&self, code: &'t Block<'t>) -> Arguments<'t> {
        let span = code.inner();
        let key = Key { text: "scriptBlock".to_owned(), span };
        let kind = ValueKind::Text(self.source(span).into());
        Arguments::Named(vec![(key, Value { span, kind })])
    }

    /// The only argument gets the name of the only parameter that a step requires.
    fn with_name(&self, step: &str, arguments: Arguments<'t>, span: Span) -> Arguments<'t> {
        let Arguments::Single(value) = arguments else {
            return arguments;
        };
        let described = self.table.step(step);
        let parameter = described.filter(|described| !described.is_block);
        match parameter.and_then(|described| described.sole_required()) {
            Some(parameter) => {
                let key = Key { text: parameter.name.clone(), span };
                Arguments::Named(vec![(key, value)])
            }
            None => Arguments::Single(value),
        }
    }

    /// A value that is not read further.
    pub(super) fn opaque(&self, expression: &'t Expression<'t>) -> Value<'t> {
        let text = self.source(expression.span).to_owned();
        let code = Code { text, expression: Some(expression) };
        Value { span: expression.span, kind: ValueKind::Code(code) }
    }
}

/// A step that could not be read.
const fn unread<'t>(span: Span) -> Step<'t> {
    Step { span, name: None, arguments: Arguments::none(), steps: None, code: None }
}

/// What to do about Groovy where a step should stand.
fn advice_for(statement: &Statement<'_>) -> &'static str {
    match &statement.kind {
        StatementKind::Expression(expression) => match expression.kind {
            ExpressionKind::Name(_) => "a step without arguments is written with (): name()",
            _ => "put Groovy into script { }",
        },
        _ => "put Groovy into script { }",
    }
}

/// What to do about a comma behind which another step stands.
pub(crate) const NEXT_STEP: &str = "remove the comma: what follows is another step";
/// What to do about a quote within a string.
pub(super) const INNER_QUOTE: &str = "it ends the string: write \\ before a quote that is meant";

/// Where a quote ends a string on the first line of a text with a letter behind it.
fn inner_quote(text: &str) -> Option<u32> {
    let line = text.split('\n').next()?;
    let mut open = None;
    let mut letters = line.char_indices().peekable();
    while let Some((at, c)) = letters.next() {
        match (open, c) {
            (Some(_), '\\') => {
                letters.next();
            }
            (None, '"' | '\'') => open = Some(c),
            (Some(quote), _) if c == quote => {
                open = None;
                if letters.peek().is_some_and(|(_, next)| next.is_alphanumeric()) {
                    return u32::try_from(at).ok();
                }
            }
            _ => {}
        }
    }
    None
}

/// Where a comma ends the first line of a statement, behind which the next step begins.
pub(crate) fn comma_at_end(text: &str) -> Option<u32> {
    let (line, next) = text.split_once('\n')?;
    let line = line.trim_end();
    let next = next.trim_start();
    let length = next.find([' ', '('])?;
    let is_step = next.get(..length).is_some_and(is_word);
    let before = line.strip_suffix(',').filter(|_| is_step)?;
    u32::try_from(before.len()).ok()
}
