//! Going over a tree.
//!
//! Responsible for naming each node's children, in order, in one place. Whoever looks for
//! something in a tree goes over it with this.

use super::{
    Annotation, Argument, Block, Body, Class, Declaration, Expression, ExpressionKind, ForHead,
    Member, Method, Parameter, Statement, StatementKind,
};
use crate::source::Span;

/// A statement or an expression.
#[derive(Clone, Copy, Debug)]
pub enum Node<'t, 's> {
    /// A statement.
    Statement(&'t Statement<'s>),
    /// An expression.
    Expression(&'t Expression<'s>),
}

impl<'t, 's> Node<'t, 's> {
    /// How many nodes stand above each other in it.
    pub const fn height(self) -> u16 {
        match self {
            Self::Statement(statement) => statement.height,
            Self::Expression(expression) => expression.height,
        }
    }

    /// Calls `see` with each child, in the order of the text.
    pub fn each_child(self, see: &mut dyn FnMut(Node<'t, 's>)) {
        match self {
            Self::Statement(statement) => statement_children(&statement.kind, see),
            Self::Expression(expression) => expression_children(&expression.kind, see),
        }
    }

    /// Calls `see` with each node in it, itself first.
    pub fn each(self, see: &mut dyn FnMut(Node<'t, 's>)) {
        see(self);
        self.each_child(&mut |child| child.each(see));
    }
}

impl<'s> Statement<'s> {
    /// A statement that knows its height.
    pub fn new(kind: StatementKind<'s>, span: Span) -> Self {
        let mut statement = Self { kind, span, height: 0 };
        statement.height = above(Node::Statement(&statement));
        statement
    }
}

impl<'s> Expression<'s> {
    /// An expression that knows its height.
    pub fn new(kind: ExpressionKind<'s>, span: Span) -> Self {
        let mut expression = Self { kind, span, height: 0 };
        expression.height = above(Node::Expression(&expression));
        expression
    }
}

/// One more than the highest child.
fn above(node: Node<'_, '_>) -> u16 {
    let mut height = 0;
    node.each_child(&mut |child| height = height.max(child.height()));
    height.saturating_add(1)
}

type See<'a, 't, 's> = &'a mut dyn FnMut(Node<'t, 's>);

fn statement_children<'t, 's>(kind: &'t StatementKind<'s>, see: See<'_, 't, 's>) {
    match kind {
        StatementKind::Expression(value) | StatementKind::Throw(value) => {
            see(Node::Expression(value));
        }
        StatementKind::Declare(declaration) => declared(declaration, see),
        StatementKind::If { condition, then, otherwise } => {
            see(Node::Expression(condition));
            body(then, see);
            if let Some(otherwise) = otherwise {
                body(otherwise, see);
            }
        }
        StatementKind::While { condition, body: inner } => {
            see(Node::Expression(condition));
            body(inner, see);
        }
        StatementKind::For { head, body: inner } => {
            for_head(head, see);
            body(inner, see);
        }
        StatementKind::Switch { value, cases } => {
            see(Node::Expression(value));
            for case in cases {
                maybe(case.value.as_ref(), see);
                all(&case.statements, see);
            }
        }
        StatementKind::Try { body, catches, finally } => {
            all(&body.statements, see);
            for catch in catches {
                all(&catch.body.statements, see);
            }
            if let Some(finally) = finally {
                all(&finally.statements, see);
            }
        }
        StatementKind::Return(value) => maybe(value.as_ref(), see),
        StatementKind::Assert { condition, message } => {
            see(Node::Expression(condition));
            maybe(message.as_ref(), see);
        }
        StatementKind::Synchronized { lock, body } => {
            see(Node::Expression(lock));
            all(&body.statements, see);
        }
        StatementKind::Labelled { statement, .. } => see(Node::Statement(statement)),
        StatementKind::Block(Block { statements, .. }) => all(statements, see),
        StatementKind::Method(method) => defined(method, see),
        StatementKind::Class(class) => members(class, see),
        StatementKind::Import(import) => annotated(&import.annotations, see),
        StatementKind::Jump { .. } | StatementKind::Package(_) | StatementKind::Broken => {}
    }
}

fn expression_children<'t, 's>(kind: &'t ExpressionKind<'s>, see: See<'_, 't, 's>) {
    match kind {
        ExpressionKind::Null
        | ExpressionKind::Bool(_)
        | ExpressionKind::Integer(_)
        | ExpressionKind::Decimal(_)
        | ExpressionKind::Text(_)
        | ExpressionKind::Name(_)
        | ExpressionKind::Broken => {}
        ExpressionKind::Template(template) => {
            for value in &template.values {
                see(Node::Expression(value));
            }
        }
        ExpressionKind::List(elements) | ExpressionKind::Map(elements) => {
            arguments(elements, see);
        }
        ExpressionKind::Closure(closure) => {
            parameters(closure.parameters.as_deref().unwrap_or_default(), see);
            all(&closure.body.statements, see);
        }
        ExpressionKind::Call(call) => {
            maybe(call.object.as_ref(), see);
            member(&call.method, see);
            arguments(&call.arguments, see);
        }
        ExpressionKind::Property { object, name, .. } => {
            see(Node::Expression(object));
            member(name, see);
        }
        ExpressionKind::Index { object, arguments: inner } => {
            see(Node::Expression(object));
            arguments(inner, see);
        }
        ExpressionKind::Unary { of, .. }
        | ExpressionKind::Postfix { of, .. }
        | ExpressionKind::Cast { of, .. }
        | ExpressionKind::InstanceOf { of, .. }
        | ExpressionKind::Parenthesized(of)
        | ExpressionKind::AssignSeveral { right: of, .. } => see(Node::Expression(of)),
        ExpressionKind::Binary { left, right, .. }
        | ExpressionKind::Assign { left, right, .. }
        | ExpressionKind::Elvis { value: left, otherwise: right } => {
            see(Node::Expression(left));
            see(Node::Expression(right));
        }
        ExpressionKind::Ternary { condition, then, otherwise } => {
            see(Node::Expression(condition));
            see(Node::Expression(then));
            see(Node::Expression(otherwise));
        }
        ExpressionKind::New { arguments: inner, body, .. } => {
            arguments(inner, see);
            if let Some(class) = body {
                members(class, see);
            }
        }
        ExpressionKind::Declare(declaration) => declared(declaration, see),
    }
}

fn maybe<'t, 's>(value: Option<&'t Expression<'s>>, see: See<'_, 't, 's>) {
    if let Some(value) = value {
        see(Node::Expression(value));
    }
}

fn all<'t, 's>(statements: &'t [Statement<'s>], see: See<'_, 't, 's>) {
    for statement in statements {
        see(Node::Statement(statement));
    }
}

fn body<'t, 's>(body: &'t Body<'s>, see: See<'_, 't, 's>) {
    all(&body.statements, see);
}

fn member<'t, 's>(member: &'t Member<'s>, see: See<'_, 't, 's>) {
    if let Member::Dynamic(expression) = member {
        see(Node::Expression(expression));
    }
}

fn arguments<'t, 's>(arguments: &'t [Argument<'s>], see: See<'_, 't, 's>) {
    for argument in arguments {
        if let Argument::Named { key, .. } = argument {
            see(Node::Expression(key));
        }
        see(Node::Expression(argument.value()));
    }
}

fn parameters<'t, 's>(parameters: &'t [Parameter<'s>], see: See<'_, 't, 's>) {
    for parameter in parameters {
        maybe(parameter.default.as_ref(), see);
    }
}

fn annotated<'t, 's>(annotations: &'t [Annotation<'s>], see: See<'_, 't, 's>) {
    for annotation in annotations {
        arguments(&annotation.arguments, see);
    }
}

fn declared<'t, 's>(declaration: &'t Declaration<'s>, see: See<'_, 't, 's>) {
    annotated(&declaration.annotations, see);
    declaration.variables.iter().for_each(|(_, value)| maybe(value.as_ref(), see));
    maybe(declaration.taken_from.as_ref(), see);
}

fn defined<'t, 's>(method: &'t Method<'s>, see: See<'_, 't, 's>) {
    annotated(&method.annotations, see);
    parameters(&method.parameters, see);
    if let Some(block) = &method.body {
        all(&block.statements, see);
    }
}

fn members<'t, 's>(class: &'t Class<'s>, see: See<'_, 't, 's>) {
    annotated(&class.annotations, see);
    all(&class.members, see);
}

fn for_head<'t, 's>(head: &'t ForHead<'s>, see: See<'_, 't, 's>) {
    match head {
        ForHead::Each { of, .. } => see(Node::Expression(of)),
        ForHead::Steps { first, condition, then } => {
            if let Some(first) = first {
                see(Node::Statement(first));
            }
            maybe(condition.as_ref(), see);
            for value in then {
                see(Node::Expression(value));
            }
        }
    }
}
