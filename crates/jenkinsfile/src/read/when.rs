//! Conditions of a stage.

use super::Reader;
use super::call::CallView;
use crate::model::{Condition, Key, When};
use crate::syntax::{Statement, StatementKind};

impl<'t> Reader<'t> {
    pub(super) fn when(&mut self, call: &CallView<'t>) -> When<'t> {
        let mut when = When {
            span: call.span,
            conditions: Vec::new(),
            before_agent: None,
            before_input: None,
            before_options: None,
        };
        let Some(block) = call.block() else {
            self.problem(call.span, "Expected a block for when");
            return when;
        };
        for statement in &block.body.statements {
            let Some(inner) = CallView::of(statement) else {
                self.not_a_condition(statement);
                continue;
            };
            match self.name_of(&inner) {
                "beforeAgent" => when.before_agent = self.switch(&inner),
                "beforeInput" => when.before_input = self.switch(&inner),
                "beforeOptions" => when.before_options = self.switch(&inner),
                _ => when.conditions.push(self.condition(statement, &inner)),
            }
        }
        when
    }

    fn not_a_condition(&mut self, statement: &'t Statement<'t>) {
        if !matches!(statement.kind, StatementKind::Broken) {
            let advice = "Groovy stands in expression { }";
            self.problem_with(statement.span, "Expected a when condition", advice);
        }
    }

    fn condition(&mut self, statement: &'t Statement<'t>, call: &CallView<'t>) -> Condition<'t> {
        let span = statement.span;
        let name = call.name.map(|name| Key { text: name.to_owned(), span: call.name_span });
        let mut condition =
            Condition { span, name, arguments: None, conditions: Vec::new(), code: None };
        let Some(block) = call.block() else {
            if call.name == Some("expression") {
                self.problem(span, "When step without a block");
            } else {
                condition.arguments = Some(self.arguments(&call.arguments));
            }
            return condition;
        };
        if call.name == Some("expression") {
            condition.code = Some(&block.body);
            condition.arguments = Some(self.code_argument(&block.body));
            return condition;
        }
        let before = call.arguments.len().saturating_sub(1);
        if before > 0 {
            let arguments = call.arguments.get(..before).unwrap_or_default();
            condition.arguments = Some(self.arguments(arguments));
        }
        for inner in &block.body.statements {
            match CallView::of(inner) {
                Some(view) => condition.conditions.push(self.condition(inner, &view)),
                None => self.not_a_condition(inner),
            }
        }
        condition
    }
}
