//! What Groovy does to what is around it.
//!
//! Responsible for finding the Groovy that asks a person, that stops a run, or that sets variables
//! of later steps. Nothing of it is run here, so that what depends on it is left as well.

use std::collections::{BTreeSet, HashSet};

use super::argument::values;
use super::{MOST, Planner};
use crate::model::{Step, ValueKind};
use crate::source::Span;
use crate::syntax::{
    Argument, Call, Expression, ExpressionKind, Member, Node, Script, StatementKind,
};
use crate::verdict::holds;

/// Stands for the variables whose names Groovy alone knows.
pub(super) const ANY: &str = "a variable that Groovy names";

/// What a file's Groovy does.
pub(super) struct Groovy<'s> {
    /// Methods that ask a person.
    asking: HashSet<&'s str>,
    /// Methods that may stop the run.
    stopping: HashSet<&'s str>,
    /// Variables of the environment that it sets.
    pub sets: BTreeSet<String>,
}

impl<'s> Groovy<'s> {
    pub(super) fn of(source: &Script<'s>) -> Self {
        let mut sets = BTreeSet::new();
        for statement in &source.statements {
            Node::Statement(statement).each(&mut |node| sets.extend(set_by(node)));
        }
        Self { asking: methods(source, is_question), stopping: methods(source, is_end), sets }
    }

    /// Whether a call of this method asks a person.
    pub(super) fn is_asking(&self, method: &str) -> bool {
        self.asking.contains(method)
    }

    /// Whether a call of this method may stop the run.
    pub(super) fn is_stopping(&self, method: &str) -> bool {
        self.stopping.contains(method)
    }

    /// Whether a person is asked in it.
    pub(super) fn asks(&self, node: Node<'_, '_>) -> bool {
        does(node, &self.asking, is_question)
    }

    /// Whether it may stop the run.
    pub(super) fn stops(&self, node: Node<'_, '_>) -> bool {
        does(node, &self.stopping, is_end)
    }
}

fn is_question(node: Node<'_, '_>) -> bool {
    called(node) == Some("input")
}

/// Whether a step is there to stop the run.
fn is_stop(step: &str) -> bool {
    matches!(step, "error" | "waitForQualityGate")
}

fn is_end(node: Node<'_, '_>) -> bool {
    let is_thrown = matches!(node, Node::Statement(statement)
        if matches!(statement.kind, StatementKind::Throw(_)));
    is_thrown || called(node).is_some_and(is_stop)
}

pub(super) fn called<'s>(node: Node<'_, 's>) -> Option<&'s str> {
    match node {
        Node::Expression(Expression { kind: ExpressionKind::Call(call), .. }) => {
            match &call.method {
                Member::Name(name) => Some(name.text),
                _ => None,
            }
        }
        _ => None,
    }
}

fn does(node: Node<'_, '_>, methods: &HashSet<&str>, is_it: fn(Node<'_, '_>) -> bool) -> bool {
    let mut found = false;
    node.each(&mut |node| {
        found |= is_it(node) || called(node).is_some_and(|name| methods.contains(name));
    });
    found
}

/// Methods of the file that do it.
fn methods<'s>(source: &Script<'s>, is_it: fn(Node<'_, '_>) -> bool) -> HashSet<&'s str> {
    let mut found = HashSet::new();
    let methods = source.statements.iter().filter_map(|statement| match &statement.kind {
        StatementKind::Method(method) => Some((method.name.text, statement)),
        _ => None,
    });
    let methods: Vec<_> = methods.take(MOST).collect();
    // A method that calls one that does it does it as well; a round for each link of such a chain.
    loop {
        let before = found.len();
        for (name, statement) in &methods {
            if !found.contains(name) && does(Node::Statement(statement), &found, is_it) {
                found.insert(*name);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// The variable of the environment that this sets.
fn set_by(node: Node<'_, '_>) -> Option<String> {
    let Node::Expression(expression) = node else {
        return None;
    };
    let first = |arguments: &[Argument<'_>]| text_of(arguments.first()?.value());
    let name = match &expression.kind {
        ExpressionKind::Assign { left, .. } => match &left.kind {
            ExpressionKind::Property { object, name, .. } if object.kind.is_name("env") => {
                name.text().map(str::to_owned)
            }
            ExpressionKind::Index { object, arguments } if object.kind.is_name("env") => {
                first(arguments)
            }
            _ => return None,
        },
        ExpressionKind::Call(call) if is_of_env(call) => match call.method.text() {
            Some("setProperty" | "putAt" | "put") => first(&call.arguments),
            Some("with" | "putAll") => None,
            _ => return None,
        },
        _ => return None,
    };
    Some(name.unwrap_or_else(|| ANY.to_owned()))
}

fn is_of_env(call: &Call<'_>) -> bool {
    call.object.as_ref().is_some_and(|object| object.kind.is_name("env"))
}

fn text_of(expression: &Expression<'_>) -> Option<String> {
    match &expression.kind {
        ExpressionKind::Text(text) => Some(text.clone().into_owned()),
        _ => None,
    }
}

impl Planner<'_> {
    /// Says what stands outside of the pipeline; methods and classes only do what is asked of them.
    pub(super) fn around(&mut self, source: &Script<'_>, pipeline: Span) {
        for statement in &source.statements {
            let (what, annotations) = match &statement.kind {
                StatementKind::Method(_) | StatementKind::Class(_) => continue,
                StatementKind::Import(import) => ("import", import.annotations.as_slice()),
                StatementKind::Declare(declared) => ("def", declared.annotations.as_slice()),
                _ => ("Groovy", &[][..]),
            };
            let is_library = annotations.iter().any(|one| one.name.text == "Library");
            if is_library {
                self.leave(statement.span, "library", "its steps are not known here");
            } else if what == "Groovy" && !holds(statement, Some(pipeline)) {
                self.leave(statement.span, what, "it stands outside of the pipeline");
            }
            let node = Node::Statement(statement);
            if statement.span.start >= pipeline.start {
                continue;
            }
            if self.groovy.asks(node) {
                self.wait(statement.span);
            } else if self.groovy.stops(node) {
                self.stop(statement.span);
            }
        }
    }

    /// What Groovy in it does to what follows. Steps in its braces are looked at on their own.
    pub(super) fn holds_back(&mut self, step: &Step<'_>) {
        let name = step.name.as_ref().map_or("", |name| name.text.as_str());
        let code = step.code.iter().flat_map(|code| &code.statements).map(Node::Statement);
        let values = values(&step.arguments).into_iter().filter_map(|value| match &value.kind {
            ValueKind::Code(code) => code.expression.map(Node::Expression),
            _ => None,
        });
        let nodes: Vec<Node<'_, '_>> = code.chain(values).collect();
        let groovy = &self.groovy;
        let is_asking = name == "input" || groovy.is_asking(name);
        if is_asking || nodes.iter().any(|node| groovy.asks(*node)) {
            self.wait(step.span);
        } else if is_stop(name)
            || groovy.is_stopping(name)
            || nodes.iter().any(|node| groovy.stops(*node))
        {
            self.stop(step.span);
        }
    }
}
