//! Groovy that nothing stands on.
//!
//! Responsible for telling Groovy that only reports, or works with values of its own, from Groovy
//! that may end a run, hold it back, or change what it works on. None of it is run here; what
//! follows the second is left as well.

use super::Planner;
use super::argument::values;
use crate::model::{Condition, Step, Value, ValueKind};
use crate::source::Span;
use crate::syntax::{
    Block, Expression, ExpressionKind, ForHead, Member, Method, Node, Statement, StatementKind,
};
use crate::table::Kind;
use crate::token::Mark;
use crate::verdict::holds;

/// Classes of Java of which a new thing does nothing by itself.
const PLAIN: [&str; 5] = ["ArrayList", "Date", "HashMap", "LinkedHashMap", "StringBuilder"];

impl Planner<'_> {
    /// Says what stands outside of the pipeline; methods and classes only do what is asked of them.
    pub(super) fn around(&mut self, statements: &[Statement<'_>], pipeline: Span) {
        for statement in statements {
            let (what, annotations) = match &statement.kind {
                // That of a library's global step: what stands before its pipeline runs before it.
                StatementKind::Method(Method { body: Some(body), .. })
                    if holds(statement, Some(pipeline)) =>
                {
                    self.around(&body.statements, pipeline);
                    continue;
                }
                StatementKind::Method(_) | StatementKind::Class(_) => continue,
                StatementKind::Import(import) => ("import", import.annotations.as_slice()),
                StatementKind::Declare(declared) => ("def", declared.annotations.as_slice()),
                _ => ("Groovy", &[][..]),
            };
            let is_library = annotations.iter().any(|one| one.name.text == "Library");
            let is_still = self.is_still(Node::Statement(statement)) && !returns(statement);
            if is_library {
                self.leave(statement.span, "library", "its steps are not known here");
            } else if (!is_still || what == "Groovy") && !holds(statement, Some(pipeline)) {
                self.leave(statement.span, what, "it stands outside of the pipeline");
            }
            if statement.span.start < pipeline.start && !is_still {
                self.hold(statement.span, what);
            }
        }
    }

    /// Whether a step that is left only reports, notifies or keeps.
    pub(super) fn is_aside(&self, step: &Step<'_>) -> bool {
        let name = step.name.as_ref().map_or("", |name| name.text.as_str());
        match step.code {
            Some(code) => name == "script" && self.is_still_block(code),
            None => {
                step.steps.is_none()
                    && self.reports(name)
                    && values(&step.arguments).into_iter().all(|value| self.is_still_value(value))
            }
        }
    }

    pub(super) fn is_still_value(&self, value: &Value<'_>) -> bool {
        match &value.kind {
            ValueKind::Code(code) => {
                code.expression.is_none_or(|expression| self.is_still(Node::Expression(expression)))
            }
            _ => true,
        }
    }

    pub(super) fn is_still_condition(&self, condition: &Condition<'_>) -> bool {
        condition.code.is_none_or(|code| self.is_still_block(code))
            && condition.conditions.iter().all(|inner| self.is_still_condition(inner))
    }

    fn is_still_block(&self, block: &Block<'_>) -> bool {
        block.statements.iter().all(|statement| self.is_still(Node::Statement(statement)))
    }

    fn reports(&self, step: &str) -> bool {
        self.table.get(Kind::Aside, step).is_some() && !self.known.defines(step)
    }

    /// Whether nothing outside of it stands on this Groovy. In doubt something does.
    fn is_still(&self, node: Node<'_, '_>) -> bool {
        let mut is_still = true;
        node.each(&mut |node| is_still &= self.is_still_itself(node));
        is_still
    }

    fn is_still_itself(&self, node: Node<'_, '_>) -> bool {
        match node {
            Node::Statement(statement) => match &statement.kind {
                StatementKind::Throw(_)
                | StatementKind::Assert { .. }
                | StatementKind::While { .. } => false,
                StatementKind::For { head, .. } => ends(head),
                _ => true,
            },
            Node::Expression(expression) => match &expression.kind {
                ExpressionKind::Call(call) => match &call.method {
                    Member::Name(name) => call.object.is_none() && self.reports(name.text),
                    _ => false,
                },
                ExpressionKind::Assign { left, .. } => is_own(left),
                ExpressionKind::Unary { mark: Mark::Increment | Mark::Decrement, of }
                | ExpressionKind::Postfix { of, .. } => is_own(of),
                // What is made by it may do anything in its constructor.
                ExpressionKind::New { type_name, body, .. } => {
                    let name = type_name.text;
                    body.is_none() && PLAIN.contains(&name) && !self.known.defines(name)
                }
                _ => true,
            },
        }
    }
}

/// Whether it ends the script that it stands in; to end a method or a closure ends nothing else.
fn returns(statement: &Statement<'_>) -> bool {
    fn find(node: Node<'_, '_>) -> bool {
        match node {
            Node::Statement(statement) => match statement.kind {
                StatementKind::Return(_) => return true,
                StatementKind::Method(_) | StatementKind::Class(_) => return false,
                _ => {}
            },
            Node::Expression(expression) => {
                if matches!(expression.kind, ExpressionKind::Closure(_)) {
                    return false;
                }
            }
        }
        let mut is_found = false;
        node.each_child(&mut |child| is_found |= find(child));
        is_found
    }
    find(Node::Statement(statement))
}

/// Whether a loop is sure to end, as one that counts up to a bound does.
fn ends(head: &ForHead<'_>) -> bool {
    match head {
        ForHead::Each { .. } => true,
        ForHead::Steps { condition, then, .. } => {
            let is_bound = condition
                .as_ref()
                .is_some_and(|condition| matches!(condition.kind, ExpressionKind::Binary { .. }));
            is_bound && !then.is_empty()
        }
    }
}

/// Whether to assign to it changes nothing but a variable of Groovy, or what a build is called.
fn is_own(left: &Expression<'_>) -> bool {
    match &left.kind {
        ExpressionKind::Name(_) => true,
        ExpressionKind::Property { object, name, .. } => {
            object.kind.is_name("currentBuild")
                && matches!(name.text(), Some("displayName" | "description"))
        }
        _ => false,
    }
}
