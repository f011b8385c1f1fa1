//! A statement that is a call, as Jenkins looks at it.
//!
//! Responsible for the shape that Groovy's compiler gives to calls: named arguments are one map
//! in front, a closure behind the parentheses is the last argument, parentheses around a value are
//! nothing.

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

impl ExpressionKind<'_> {
    /// Whether it is this variable.
    pub(crate) fn is_name(&self, text: &str) -> bool {
        matches!(self, Self::Name(name) if *name == text)
    }
}
