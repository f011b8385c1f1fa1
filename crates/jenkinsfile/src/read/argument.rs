//! Values and lists of arguments.

use super::Reader;
use super::call::{ArgumentView, bare};
use crate::model::{Arguments, Code, Key, Value, ValueKind};
use crate::source::Span;
use crate::syntax::{Expression, ExpressionKind, Operator};
use crate::token::Mark;

/// A constant, as Groovy's compiler folds it.
pub(super) fn constant<'t>(expression: &'t Expression<'t>) -> Option<Result<ValueKind<'t>, ()>> {
    Some(Ok(match &expression.kind {
        ExpressionKind::Null => ValueKind::Null,
        ExpressionKind::Bool(value) => ValueKind::Bool(*value),
        ExpressionKind::Integer(Some(value)) => ValueKind::Integer(*value),
        ExpressionKind::Integer(None) => return Some(Err(())),
        ExpressionKind::Decimal(value) => ValueKind::Decimal(*value),
        ExpressionKind::Text(text) => ValueKind::Text(text.clone()),
        ExpressionKind::Unary { mark: Mark::Minus, of } => match bare(of).kind {
            ExpressionKind::Integer(Some(value)) => ValueKind::Integer(value.wrapping_neg()),
            ExpressionKind::Integer(None) => return Some(Err(())),
            ExpressionKind::Decimal(value) => ValueKind::Decimal(-value),
            _ => return None,
        },
        _ => return None,
    }))
}

/// What an expression can be as the key of a map.
pub(super) fn literal_key(expression: &Expression<'_>) -> Option<String> {
    match &expression.kind {
        ExpressionKind::Text(text) => Some(text.clone().into_owned()),
        ExpressionKind::Name(name) => Some((*name).to_owned()),
        _ => None,
    }
}

impl<'t> Reader<'t> {
    pub(super) fn key(&mut self, expression: &'t Expression<'t>) -> Key {
        let expression = bare(expression);
        let text = literal_key(expression).unwrap_or_else(|| {
            self.problem(expression.span, "Expected string literal");
            "error".to_owned()
        });
        Key { text, span: expression.span }
    }

    /// A string or a name; empty where it is neither.
    pub(super) fn literal_or_empty(&mut self, expression: &'t Expression<'t>) -> Key {
        let expression = bare(expression);
        let text = literal_key(expression).unwrap_or_else(|| {
            self.problem(expression.span, "Expected string literal");
            String::new()
        });
        Key { text, span: expression.span }
    }

    pub(super) fn value(&mut self, expression: &'t Expression<'t>) -> Value<'t> {
        let expression = bare(expression);
        let span = expression.span;
        match constant(expression) {
            Some(Ok(kind)) => return Value { span, kind },
            Some(Err(())) => {
                self.problem(
                    span,
                    "BigIntegers cannot be used as constants in Declarative. The maximum value \
                     for an integer is 9,223,372,036,854,775,807 and the minimum value for an \
                     integer is -9,223,372,036,854,775,808.",
                );
                return Value { span, kind: ValueKind::Integer(-1) };
            }
            None => {}
        }
        let text = self.source_of(expression);
        let text = match &expression.kind {
            ExpressionKind::Template(_) | ExpressionKind::Map(_) => text,
            ExpressionKind::Name(name) if self.table.is_bare_agent(name) => {
                return Value { span, kind: ValueKind::Text((*name).into()) };
            }
            _ => {
                // `echo ${FOO}` is a call of `$` with a closure.
                if text.starts_with("${") {
                    let message = format!(
                        "{text} cannot be used as a value directly. Did you mean \"{text}\"? (add \
                         quotes)"
                    );
                    self.problem(span, message);
                }
                format!("${{{text}}}")
            }
        };
        let code = Code { text, expression: Some(expression) };
        Value { span, kind: ValueKind::Code(code) }
    }

    /// The text of an expression; Jenkins leaves out what stands around a binary operator.
    fn source_of(&self, expression: &'t Expression<'t>) -> String {
        match &expression.kind {
            ExpressionKind::Binary { left, operator: Operator::Mark(mark), right } => {
                let (left, right) = (self.source_of(bare(left)), self.source_of(bare(right)));
                format!("{left}{}{right}", mark.text())
            }
            _ => self.source(expression.span).to_owned(),
        }
    }

    /// Arguments of a step or condition.
    pub(super) fn arguments(&mut self, arguments: &[ArgumentView<'t>]) -> Arguments<'t> {
        match arguments {
            [] => Arguments::none(),
            [ArgumentView::Named(named)] => Arguments::Named(self.named(named)),
            [ArgumentView::Value(value)] => {
                let Some(entries) = map_entries(value) else {
                    return Arguments::Single(self.value(value));
                };
                Arguments::Named(self.named(&entries))
            }
            several => {
                let values = several.iter().map(|argument| match argument {
                    ArgumentView::Value(value) => self.value(value),
                    ArgumentView::Named(named) => self.map_value(named),
                });
                Arguments::Positional(values.collect())
            }
        }
    }

    fn named(
        &mut self,
        named: &[(&'t Expression<'t>, &'t Expression<'t>)],
    ) -> Vec<(Key, Value<'t>)> {
        named.iter().map(|(key, value)| (self.key(key), self.value(value))).collect()
    }

    /// Named arguments that stand among others: one map.
    pub(super) fn map_value(
        &mut self,
        named: &[(&'t Expression<'t>, &'t Expression<'t>)],
    ) -> Value<'t> {
        let spans = named.iter().map(|(key, value)| key.span.to(value.span));
        let span = spans.reduce(Span::to).unwrap_or_default();
        let code = Code { text: self.source(span).to_owned(), expression: None };
        Value { span, kind: ValueKind::Code(code) }
    }
}

/// The entries of a map that stands for named arguments. One that names a `$class` is a value.
fn map_entries<'t>(
    expression: &'t Expression<'t>,
) -> Option<Vec<(&'t Expression<'t>, &'t Expression<'t>)>> {
    let ExpressionKind::Map(elements) = &expression.kind else {
        return None;
    };
    let mut entries = Vec::new();
    for element in elements {
        let crate::syntax::Argument::Named { key, value } = element else {
            return None;
        };
        let key = bare(key);
        if literal_key(key).is_none_or(|key| key == "$class") {
            return None;
        }
        entries.push((key, bare(value)));
    }
    Some(entries)
}
