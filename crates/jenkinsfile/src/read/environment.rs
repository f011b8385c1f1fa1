//! Variables.

use std::collections::HashSet;

use super::Reader;
use super::argument::constant;
use super::call::{ArgumentView, CallView, bare};
use crate::diagnostic::Diagnostic;
use crate::model::{
    Code, Directive, DirectiveArgument, DirectiveValue, EnvironmentValue, Key, Section, Value,
    ValueKind,
};
use crate::syntax::{Expression, ExpressionKind, Operator, Statement, StatementKind};
use crate::token::Mark;

const ONLY_PLUS: &str = "Environment variable values can only be joined together with ‘+’s.";
const ONLY_QUOTED: &str =
    "Environment variable values to be concatenated together must be single or double quoted.";
const ONLY_VALUES: &str = "Environment variable values must either be single quoted, double \
                           quoted, or function calls.";

/// Why Jenkins refuses a name.
pub(crate) fn invalid_identifier(name: &str) -> String {
    format!(
        "\"{name}\" is not a valid identifier and cannot be used for an environment variable. \
         Identifiers must start with a letter or underscore and can contain only letters, numbers \
         or underscores."
    )
}

impl<'t> Reader<'t> {
    pub(super) fn environment(
        &mut self,
        call: &CallView<'t>,
    ) -> Section<(Key, EnvironmentValue<'t>)> {
        let mut section = Section::new(call.span);
        let Some(block) = call.block() else {
            self.problem(call.span, "Expected a block for environment");
            return section;
        };
        let mut is_wrong = false;
        let mut seen = HashSet::new();
        for statement in &block.body.statements {
            if !self.variable(statement, &mut section, &mut seen) {
                is_wrong = true;
            }
        }
        if is_wrong {
            let problem = Diagnostic::declarative(call.span, "Expected name=value pairs");
            self.note(problem.lacking(call.span));
        }
        section
    }

    /// Reads a variable; says whether the statement is one.
    fn variable(
        &mut self,
        statement: &'t Statement<'t>,
        section: &mut Section<(Key, EnvironmentValue<'t>)>,
        seen: &mut HashSet<String>,
    ) -> bool {
        let expression = match &statement.kind {
            StatementKind::Expression(expression) => expression,
            // To Groovy `def a = b` is an assignment too.
            StatementKind::Declare(declaration) => {
                let [(name, Some(value))] = declaration.variables.as_slice() else {
                    return false;
                };
                let key = Key { text: name.text.to_owned(), span: name.span };
                self.assigned(key, value, section, seen);
                return true;
            }
            StatementKind::Broken => return true,
            _ => return false,
        };
        let ExpressionKind::Assign { left, mark: Mark::Assign, right } = &expression.kind else {
            self.not_a_variable(expression);
            return false;
        };
        let key = self.key(left);
        self.assigned(key, right, section, seen);
        true
    }

    fn assigned(
        &mut self,
        key: Key,
        right: &'t Expression<'t>,
        section: &mut Section<(Key, EnvironmentValue<'t>)>,
        seen: &mut HashSet<String>,
    ) {
        if seen.contains(&key.text) {
            let message = format!("Duplicate environment variable name: \"{}\"", key.text);
            self.problem(key.span, message);
            return;
        }
        if let Some(value) = self.variable_value(bare(right)) {
            seen.insert(key.text.clone());
            section.entries.push((key, value));
        }
    }

    fn not_a_variable(&mut self, expression: &'t Expression<'t>) {
        let text = self.source(expression.span);
        let message = match text.split_once('=') {
            Some((name, _)) => invalid_identifier(name.trim()),
            None => format!(
                "\"{text}\" is not a valid environment expression. Use \"key = value\" pairs with \
                 valid Java/shell keys."
            ),
        };
        self.problem(expression.span, message);
    }

    fn variable_value(&mut self, right: &'t Expression<'t>) -> Option<EnvironmentValue<'t>> {
        if constant(right).is_some() {
            return Some(EnvironmentValue::Value(self.value(right)));
        }
        match &right.kind {
            ExpressionKind::Template(_) => Some(EnvironmentValue::Value(self.value(right))),
            ExpressionKind::Call(_) => {
                let call = CallView::of_expression(right)?;
                if call.name == Some("credentials") {
                    return Some(EnvironmentValue::Credentials(self.credentials(&call)));
                }
                Some(EnvironmentValue::Value(self.value(right)))
            }
            ExpressionKind::Binary { operator, .. } => {
                if *operator != Operator::Mark(Mark::Plus) {
                    self.problem(right.span, ONLY_PLUS);
                    return None;
                }
                self.joined(right).map(EnvironmentValue::Value)
            }
            _ => {
                self.problem_with(right.span, ONLY_VALUES, "put it into \"${…}\"");
                None
            }
        }
    }

    fn credentials(&mut self, call: &CallView<'t>) -> Directive<'t> {
        let name = Some(Key { text: "credentials".to_owned(), span: call.name_span });
        let mut arguments = Vec::new();
        for argument in &call.arguments {
            let value = match argument {
                ArgumentView::Value(value)
                    if constant(value).is_some()
                        || matches!(value.kind, ExpressionKind::Template(_)) =>
                {
                    self.value(value)
                }
                _ => {
                    self.problem(call.span, "Internal function call parameters must be strings.");
                    continue;
                }
            };
            let value = DirectiveValue::Value(value);
            arguments.push(DirectiveArgument { key: None, value });
        }
        Directive { span: call.span, name, arguments }
    }

    /// `'a' + "b" + 'c'`
    fn joined(&mut self, sum: &'t Expression<'t>) -> Option<Value<'t>> {
        let mut parts = Vec::new();
        let mut rest = sum;
        loop {
            let ExpressionKind::Binary { left, operator, right } = &rest.kind else {
                parts.push(rest);
                break;
            };
            if *operator != Operator::Mark(Mark::Plus) {
                self.problem(rest.span, ONLY_PLUS);
                return None;
            }
            parts.push(bare(right));
            rest = bare(left);
        }
        let mut text = String::new();
        let mut is_literal = true;
        for part in parts.into_iter().rev() {
            if constant(part).is_none() && !matches!(part.kind, ExpressionKind::Template(_)) {
                self.problem(part.span, ONLY_QUOTED);
                continue;
            }
            let value = self.value(part);
            is_literal &= value.is_literal();
            let shown = value.shown();
            text.push_str(if value.is_literal() { &shown } else { without_quotes(&shown) });
        }
        let kind = if is_literal {
            ValueKind::Text(text.into())
        } else {
            ValueKind::Code(Code { text, expression: Some(sum) })
        };
        Some(Value { span: sum.span, kind })
    }
}

fn without_quotes(text: &str) -> &str {
    let inner = ["\"\"\"", "\""]
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)));
    inner.unwrap_or(text)
}
