//! Which names are declared where.
//!
//! Responsible for what Groovy refuses of a text that it could parse: a variable that is declared
//! where one of its name is known already, and a class that is defined twice, by the rules of
//! Groovy 2.4's `VariableScopeVisitor` and `ResolveVisitor`. Which classes there are it must not
//! judge: plugins and libraries bring some.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use crate::diagnostic::Diagnostic;
use crate::source::{Lines, Span};
use crate::syntax::{
    Class, Closure, Declaration, Expression, ExpressionKind, ForHead, Method, Name, Node,
    Parameter, Script, Statement, StatementKind,
};

/// The parameter of a closure that names none.
const IT: &str = "it";

/// What this script declares twice, in the order of the text.
pub fn declared_twice(text: &str, script: &Script<'_>) -> Vec<Diagnostic> {
    let (known, declared, problems) = (HashMap::new(), Vec::new(), Vec::new());
    let mut scopes = Scopes { lines: Lines::new(text), known, declared, problems };
    scopes.classes(&script.statements);
    scopes.statements(&script.statements);
    scopes.problems
}

/// Each `import` in braces: Groovy takes them at the top of a file alone.
pub fn imports_in_braces(script: &Script<'_>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for statement in &script.statements {
        Node::Statement(statement).each_child(&mut |child| {
            child.each(&mut |node| {
                if let Node::Statement(Statement { kind: StatementKind::Import(_), span, .. }) =
                    node
                {
                    let problem = Diagnostic::syntax(*span, "Unknown type: IMPORT");
                    problems.push(problem.advise("put it at the top of the file"));
                }
            });
        });
    }
    problems
}

struct Scopes<'s> {
    lines: Lines<'s>,
    /// Each name that is known here, and where it was declared; nothing for `it`.
    known: HashMap<&'s str, Option<Span>>,
    /// The names of the scopes around this place, the innermost last.
    declared: Vec<&'s str>,
    problems: Vec<Diagnostic>,
}

impl<'s> Scopes<'s> {
    /// Goes over a scope inside of this one.
    fn inside(&mut self, go: impl FnOnce(&mut Self)) {
        let outer = self.declared.len();
        go(self);
        for name in self.declared.drain(outer..) {
            self.known.remove(name);
        }
    }

    /// Goes over what sees nothing of this scope: a method, or a class.
    fn apart(&mut self, go: impl FnOnce(&mut Self)) {
        let known = std::mem::take(&mut self.known);
        self.inside(go);
        self.known = known;
    }

    fn declare(&mut self, name: Name<'s>) {
        if let Some(before) = self.known.get(name.text) {
            let message =
                format!("The current scope already contains a variable of the name {}", name.text);
            let advice = match before {
                Some(before) => {
                    let line = self.lines.position(before.start).line;
                    format!("it is declared in line {line}; give this one another name")
                }
                None => "each closure without parameters has one; give this another name".into(),
            };
            self.problem(Diagnostic::syntax(name.span, message).advise(advice));
            return;
        }
        self.put(name.text, Some(name.span));
    }

    fn put(&mut self, name: &'s str, place: Option<Span>) {
        if let Entry::Vacant(entry) = self.known.entry(name) {
            entry.insert(place);
            self.declared.push(name);
        }
    }

    fn problem(&mut self, problem: Diagnostic) {
        if self.problems.len() < crate::MOST_FOUND {
            self.problems.push(problem);
        }
    }

    fn statements(&mut self, statements: &[Statement<'s>]) {
        for statement in statements {
            self.node(Node::Statement(statement));
        }
    }

    fn block(&mut self, statements: &[Statement<'s>]) {
        self.inside(|scopes| scopes.statements(statements));
    }

    fn node(&mut self, node: Node<'_, 's>) {
        match node {
            Node::Statement(statement) => self.statement(statement),
            Node::Expression(expression) => self.expression(expression),
        }
    }

    fn children(&mut self, node: Node<'_, 's>) {
        node.each_child(&mut |child| self.node(child));
    }

    fn maybe(&mut self, value: Option<&Expression<'s>>) {
        if let Some(value) = value {
            self.expression(value);
        }
    }

    fn statement(&mut self, statement: &Statement<'s>) {
        match &statement.kind {
            StatementKind::Declare(declaration) => self.declaration(declaration),
            StatementKind::If { condition, then, otherwise } => {
                self.expression(condition);
                self.block(&then.statements);
                if let Some(otherwise) = otherwise {
                    self.block(&otherwise.statements);
                }
            }
            StatementKind::While { condition, body } => {
                self.expression(condition);
                self.block(&body.statements);
            }
            StatementKind::For { head, body } => self.inside(|scopes| {
                scopes.head(head);
                scopes.block(&body.statements);
            }),
            StatementKind::Switch { value, cases } => {
                self.expression(value);
                for case in cases {
                    self.maybe(case.value.as_ref());
                    self.block(&case.statements);
                }
            }
            StatementKind::Try { body, catches, finally } => {
                self.block(&body.statements);
                for catch in catches {
                    self.inside(|scopes| {
                        scopes.declare(catch.variable);
                        scopes.statements(&catch.body.statements);
                    });
                }
                if let Some(finally) = finally {
                    self.block(&finally.statements);
                }
            }
            StatementKind::Synchronized { lock, body } => {
                self.expression(lock);
                self.block(&body.statements);
            }
            StatementKind::Block(block) => self.block(&block.statements),
            StatementKind::Method(method) => self.apart(|scopes| scopes.method(method)),
            StatementKind::Class(class) => self.class(class),
            _ => self.children(Node::Statement(statement)),
        }
    }

    fn head(&mut self, head: &ForHead<'s>) {
        match head {
            ForHead::Each { variable, of } => {
                self.declare(*variable);
                self.expression(of);
            }
            ForHead::Steps { first, condition, then } => {
                if let Some(first) = first {
                    self.statement(first);
                }
                self.maybe(condition.as_ref());
                for step in then {
                    self.expression(step);
                }
            }
        }
    }

    fn expression(&mut self, expression: &Expression<'s>) {
        match &expression.kind {
            ExpressionKind::Closure(closure) => self.inside(|scopes| scopes.closure(closure)),
            ExpressionKind::Declare(declaration) => self.declaration(declaration),
            // What is declared in a string is known in its braces only.
            ExpressionKind::Template(template) => {
                for value in &template.values {
                    self.inside(|scopes| scopes.expression(value));
                }
            }
            ExpressionKind::New { arguments, body, .. } => {
                for argument in arguments {
                    self.expression(argument.value());
                }
                // Other than a class with a name it sees what is around it.
                if let Some(class) = body {
                    self.members(class);
                }
            }
            _ => self.children(Node::Expression(expression)),
        }
    }

    fn closure(&mut self, closure: &Closure<'s>) {
        match &closure.parameters {
            Some(parameters) => self.parameters(parameters),
            None => self.put(IT, None),
        }
        self.statements(&closure.body.statements);
    }

    fn parameters(&mut self, parameters: &[Parameter<'s>]) {
        for parameter in parameters {
            self.maybe(parameter.default.as_ref());
            self.declare(parameter.name);
        }
    }

    fn declaration(&mut self, declaration: &Declaration<'s>) {
        self.maybe(declaration.taken_from.as_ref());
        for (name, value) in &declaration.variables {
            self.maybe(value.as_ref());
            self.declare(*name);
        }
    }

    fn method(&mut self, method: &Method<'s>) {
        self.parameters(&method.parameters);
        if let Some(body) = &method.body {
            self.statements(&body.statements);
        }
    }

    fn class(&mut self, class: &Class<'s>) {
        self.apart(|scopes| {
            scopes.classes(&class.members);
            scopes.members(class);
        });
    }

    fn members(&mut self, class: &Class<'s>) {
        for member in &class.members {
            match &member.kind {
                StatementKind::Method(method) => self.inside(|scopes| scopes.method(method)),
                // A field is no variable: a method may have one of its name.
                StatementKind::Declare(field) => {
                    for (_, value) in &field.variables {
                        self.inside(|scopes| scopes.maybe(value.as_ref()));
                    }
                }
                _ => self.statement(member),
            }
        }
    }

    /// Says which of these classes have one name.
    fn classes(&mut self, statements: &[Statement<'s>]) {
        let mut names = HashSet::new();
        for statement in statements {
            if let StatementKind::Class(Class { name, .. }) = &statement.kind
                && !names.insert(name.text)
            {
                let message = format!("Invalid duplicate class definition of class {}", name.text);
                self.problem(Diagnostic::syntax(name.span, message));
            }
        }
    }
}
