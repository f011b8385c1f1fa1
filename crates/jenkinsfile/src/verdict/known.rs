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
pub(crate) struct Known<'s> {
    names: HashSet<&'s str>,
    /// Those that are no variables of an `environment`.
    outside: HashSet<&'s str>,
    /// Whether it loads a library.
    has_library: bool,
}

impl<'s> Known<'s> {
    pub(crate) fn of(script: &Script<'s>) -> Self {
        let mut known = Self { names: HashSet::new(), outside: HashSet::new(), has_library: false };
        for statement in &script.statements {
            known.look(Node::Statement(statement));
        }
        known.outside = std::mem::take(&mut known.names);
        for statement in &script.statements {
            Node::Statement(statement).each(&mut |node| known.see(node));
        }
        known
    }

    /// Goes over all but each `environment`.
    fn look(&mut self, node: Node<'_, 's>) {
        if let Node::Expression(expression) = node
            && let ExpressionKind::Call(call) = &expression.kind
            && call.method.text() == Some("environment")
        {
            return;
        }
        self.see(node);
        node.each_child(&mut |child| self.look(child));
    }

    /// Whether the file defines it, or it is always there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.contains(name) || GIVEN.contains(&name)
    }

    /// Whether Groovy knows it by itself: then it stands before a variable of an `environment`.
    pub(crate) fn is_of_groovy(&self, name: &str) -> bool {
        self.outside.contains(name)
    }

    /// Whether the file loads a library, so that any step may come from there.
    pub(crate) fn has_library(&self) -> bool {
        self.has_library
    }

    /// Whether the file defines it.
    pub(crate) fn defines(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    fn see(&mut self, node: Node<'_, 's>) {
        match node {
            Node::Statement(statement) => self.statement(statement),
            Node::Expression(expression) => self.expression(expression),
        }
    }

    fn statement(&mut self, statement: &Statement<'s>) {
        let annotations = match &statement.kind {
            StatementKind::Import(import) => import.annotations.as_slice(),
            StatementKind::Declare(declared) => declared.annotations.as_slice(),
            _ => &[],
        };
        self.has_library |= annotations.iter().any(|one| one.name.text == "Library");
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
            ExpressionKind::Call(call) => {
                self.has_library |= matches!(call.method.text(), Some("library" | "load"));
            }
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
