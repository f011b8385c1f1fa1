//! A statement that is a call, as Jenkins looks at it.
//!
//! Responsible for the shape that Groovy's compiler gives to calls: named arguments are one map
//! in front, a closure behind the parentheses is the last argument, parentheses around a value are
//! nothing.

use super::Reader;
use super::step::INNER_QUOTE;
use crate::source::Span;
use crate::syntax::{
    Argument, Call, Closure, Expression, ExpressionKind, Statement, StatementKind,
};

/// A call.
#[derive(Clone, Debug)]
pub(super) struct CallView<'t> {
    /// Where it stands.
    pub span: Span,
    /// Where its name stands.
    pub name_span: Span,
    /// Its name; nothing where something else than a name is called.
    pub name: Option<&'t str>,
    /// Whether it is called on a variable.
    pub is_on_variable: bool,
    /// Its arguments.
    pub arguments: Vec<ArgumentView<'t>>,
}

/// An argument.
#[derive(Clone, Debug)]
pub(super) enum ArgumentView<'t> {
    /// All named ones.
    Named(Vec<(&'t Expression<'t>, &'t Expression<'t>)>),
    /// One without a name.
    Value(&'t Expression<'t>),
}

/// An expression without the parentheses around it.
pub(super) fn bare<'t>(mut expression: &'t Expression<'t>) -> &'t Expression<'t> {
    while let ExpressionKind::Parenthesized(inner) = &expression.kind {
        expression = inner;
    }
    expression
}

/// Whether a text is one name.
pub(super) fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

impl<'t> CallView<'t> {
    /// The call that a statement is.
    pub(super) fn of(statement: &'t Statement<'t>) -> Option<Self> {
        match &statement.kind {
            StatementKind::Expression(expression) => Self::of_expression(expression),
            _ => None,
        }
    }

    /// Whether it has what a section of this name has: braces, but for what can be said in a word.
    pub(super) fn holds(&self, section: &str) -> bool {
        self.block().is_some() || matches!(section, "agent" | "failFast")
    }

    /// The call that an expression is.
    pub(super) fn of_expression(expression: &'t Expression<'t>) -> Option<Self> {
        let expression = bare(expression);
        match &expression.kind {
            ExpressionKind::Call(call) => Some(Self::new(call, expression.span)),
            _ => None,
        }
    }

    /// The calls of a statement that Groovy chains, though nobody wrote a dot between them:
    /// `agent any stages { }`.
    pub(super) fn of_line(text: &str, statement: &'t Statement<'t>) -> Vec<Self> {
        let mut calls = Vec::new();
        let StatementKind::Expression(whole) = &statement.kind else {
            return calls;
        };
        let mut expression = whole;
        while let ExpressionKind::Call(call) = &expression.kind {
            let end = expression.span.end;
            let Some(object) = &call.object else {
                calls.push(Self::new(call, expression.span));
                calls.reverse();
                return calls;
            };
            let name_span = call.method.span();
            let between = Span::new(object.span.end, name_span.start);
            if !between.of(text).chars().all(char::is_whitespace) {
                break;
            }
            let span = Span::new(name_span.start, end.max(name_span.start));
            calls.push(Self { name: call.method.text(), ..Self::new(call, span) });
            expression = object;
        }
        CallView::of(statement).into_iter().collect()
    }

    fn new(call: &'t Call<'t>, span: Span) -> Self {
        let is_this = |object: &Expression<'_>| object.kind.is_name("this");
        let is_own = call.object.as_ref().is_none_or(is_this);
        let name = if is_own { call.method.text() } else { None };
        let is_variable = |object: &Expression<'_>| matches!(object.kind, ExpressionKind::Name(_));
        let is_on_variable = call.object.as_ref().is_some_and(is_variable);
        let mut named = Vec::new();
        let mut arguments = Vec::new();
        for argument in &call.arguments {
            match argument {
                Argument::Named { key, value } => named.push((bare(key), bare(value))),
                other => arguments.push(ArgumentView::Value(bare(other.value()))),
            }
        }
        if !named.is_empty() {
            arguments.insert(0, ArgumentView::Named(named));
        }
        Self { span, name_span: call.method.span(), name, is_on_variable, arguments }
    }

    /// The closure that is its last argument.
    pub(super) fn block(&self) -> Option<&'t Closure<'t>> {
        self.name?;
        match self.arguments.last() {
            Some(ArgumentView::Value(Expression {
                kind: ExpressionKind::Closure(closure),
                ..
            })) => Some(closure),
            _ => None,
        }
    }
}

impl<'t> Reader<'t> {
    /// The calls that a statement is: none where it is something else, and one, unless an end of
    /// line is missing between several.
    pub(super) fn calls(&mut self, statement: &'t Statement<'t>) -> Vec<CallView<'t>> {
        let calls = CallView::of_line(self.text, statement);
        if let [_, next, ..] = calls.as_slice() {
            let name = next.name.unwrap_or_default();
            let span = next.name_span;
            let before = self.text.get(..span.start as usize).unwrap_or_default();
            if before.ends_with(['"', '\'']) {
                let quote = Span::new(span.start - 1, span.start);
                self.problem_with(quote, "Expected a symbol", INNER_QUOTE);
            } else {
                let advice = format!("begin a new line before {name}");
                self.problem_with(span, "Expected a symbol", &advice);
            }
        }
        calls
    }
}

impl ExpressionKind<'_> {
    /// Whether it is this variable.
    pub(crate) fn is_name(&self, text: &str) -> bool {
        matches!(self, Self::Name(name) if *name == text)
    }
}
