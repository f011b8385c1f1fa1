//! What a file defines itself.
//!
//! Responsible for the names of its methods, variables, classes and imports. Where a name is
//! defined more than once or in another block does not matter here: it is no step of a plugin then.

use std::collections::HashSet;

use crate::syntax::{
    Closure, Declaration, Expression, ExpressionKind, ForHead, Method, Node, Parameter, Script,
    Statement, StatementKind,
};

/// Names that Jenkins or Groovy give to each script.
const GIVEN: [&str; 20] = [
    "env",
    "params",
    "currentBuild",
    "scm",
    "docker",
    "steps",
    "this",
    "super",
    "it",
    "delegate",
    "owner",
    "pipeline",
    "out",
    "binding",
    "System",
    "Math",
    "args",
    "log",
    "item",
    "manager",
];

/// The names.
pub(super) struct Known<'s> {
    names: HashSet<&'s str>,
}

impl<'s> Known<'s> {
    pub(super) fn of(script: &Script<'s>) -> Self {
        let mut known = Self { names: HashSet::new() };
        for statement in &script.statements {
            Node::Statement(statement).each(&mut |node| known.see(node));
        }
        known
    }

    /// Whether the file defines it, or it is always there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(name) || GIVEN.contains(&name)
    }

    /// Whether the file defines it.
    pub(super) fn defines(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    fn see(&mut self, node: Node<'_, 's>) {
        match node {
            Node::Statement(statement) => self.statement(statement),
            Node::Expression(expression) => self.expression(expression),
        }
    }

    fn statement(&mut self, statement: &Statement<'s>) {
        match &statement.kind {
            StatementKind::Declare(declaration) => self.declared(declaration),
            StatementKind::Method(Method { name, parameters, .. }) => {
                self.names.insert(name.text);
                self.parameters(parameters);
            }
            StatementKind::Class(class) => {
                self.names.insert(class.name.text);
            }
            StatementKind::Import(import) => {
                let last = import.name.text.rsplit('.').next().unwrap_or_default();
                let name = import.alias.map_or(last.trim(), |alias| alias.text);
                self.names.insert(name);
            }
            StatementKind::For { head: ForHead::Each { variable, .. }, .. } => {
                self.names.insert(variable.text);
            }
            StatementKind::Try { catches, .. } => {
                self.names.extend(catches.iter().map(|catch| catch.variable.text));
            }
            _ => {}
        }
    }

    fn expression(&mut self, expression: &Expression<'s>) {
        match &expression.kind {
            ExpressionKind::Assign { left, .. } => {
                if let ExpressionKind::Name(name) = left.kind {
                    self.names.insert(name);
                }
            }
            ExpressionKind::AssignSeveral { names, .. } => {
                self.names.extend(names.iter().map(|name| name.text));
            }
            ExpressionKind::Closure(Closure { parameters: Some(parameters), .. }) => {
                self.parameters(parameters);
            }
            ExpressionKind::Declare(declaration) => self.declared(declaration),
            _ => {}
        }
    }

    fn declared(&mut self, declaration: &Declaration<'s>) {
        self.names.extend(declaration.variables.iter().map(|(name, _)| name.text));
    }

    fn parameters(&mut self, parameters: &[Parameter<'s>]) {
        self.names.extend(parameters.iter().map(|parameter| parameter.name.text));
    }
}
