//! Groovy.
//!
//! Responsible for the steps that code calls, for calls of what no one knows, and for telling a
//! plain value from an expression.

use super::{Part, Teller};
use crate::model::{Code, Value, ValueKind};
use crate::source::Span;
use crate::syntax::{
    Block, Call, Expression, ExpressionKind, Import, Node, Script, Statement, StatementKind,
};
use crate::table::Support;

/// What Groovy itself offers each object.
const METHODS: [&str; 12] = [
    "print", "println", "printf", "sprintf", "sleep", "evaluate", "each", "use", "with", "tap",
    "getClass", "run",
];
/// What Groovy offers texts, lists and maps: variables of a stage have these.
const OF_VALUES: [&str; 24] = [
    "add",
    "collect",
    "contains",
    "each",
    "endsWith",
    "equals",
    "find",
    "findAll",
    "get",
    "isEmpty",
    "join",
    "matches",
    "put",
    "replace",
    "replaceAll",
    "size",
    "split",
    "startsWith",
    "substring",
    "toBoolean",
    "toInteger",
    "toLowerCase",
    "tokenize",
    "trim",
];
/// Where classes of Jenkins begin.
const JENKINS: [&str; 5] =
    ["hudson.", "jenkins.", "org.jenkinsci.", "com.cloudbees.", "org.jenkins"];
/// Where classes of Java and Groovy begin.
const JAVA: [&str; 4] = ["groovy.", "java.", "javax.", "org.codehaus.groovy."];

/// Whether the pipeline stands in a statement.
pub(crate) fn holds(statement: &Statement<'_>, pipeline: Option<Span>) -> bool {
    pipeline
        .is_some_and(|span| statement.span.start <= span.start && span.end <= statement.span.end)
}

/// Whether the file alone says what a value is.
pub(crate) fn is_plain(value: &Value<'_>) -> bool {
    match &value.kind {
        ValueKind::Code(Code { expression: Some(expression), .. }) => is_literal(expression),
        ValueKind::Code(_) => false,
        _ => true,
    }
}

fn is_literal(expression: &Expression<'_>) -> bool {
    match &expression.kind {
        ExpressionKind::List(all) | ExpressionKind::Map(all) => {
            all.iter().all(|one| is_literal(one.value()))
        }
        ExpressionKind::Text(_)
        | ExpressionKind::Null
        | ExpressionKind::Bool(_)
        | ExpressionKind::Integer(_)
        | ExpressionKind::Decimal(_) => true,
        ExpressionKind::Parenthesized(inner) => is_literal(inner),
        // `string(…)`, `logRotator(…)` and other things in a list.
        ExpressionKind::Call(call) => {
            call.object.is_none() && call.arguments.iter().all(|one| is_literal(one.value()))
        }
        _ => false,
    }
}

impl Teller<'_> {
    /// What stands around the pipeline.
    pub(super) fn around(&mut self, script: &Script<'_>, pipeline: Option<Span>) {
        for statement in &script.statements {
            match &statement.kind {
                StatementKind::Import(import) => self.import(statement, import),
                StatementKind::Declare(declaration) => {
                    for annotation in &declaration.annotations {
                        if annotation.name.text == "Library" {
                            let name = self.said(&annotation.arguments);
                            let note = "a shared library";
                            let span = annotation.span;
                            self.add(Part::Library, &name, span, Support::Library, note);
                        }
                    }
                    self.code_in(Node::Statement(statement));
                }
                StatementKind::Method(method) if holds(statement, pipeline) => {
                    // Of such a method its pipeline is what runs.
                    let body = method.body.as_ref().map_or(&[][..], |body| &body.statements);
                    let is_own = |one: &&Statement<'_>| Some(one.span) != pipeline;
                    for inner in body.iter().filter(is_own) {
                        self.add(Part::Code, "call", inner.span, Support::Interpreter, "Groovy");
                    }
                }
                StatementKind::Method(method) => {
                    let name = method.name.text;
                    let note = "a method of this file";
                    self.add(Part::Code, name, method.name.span, Support::Interpreter, note);
                    self.inside(|teller| teller.code_in(Node::Statement(statement)));
                }
                StatementKind::Class(class) => {
                    let note = "a class of this file";
                    let (name, span) = (class.name.text, class.name.span);
                    self.add(Part::Code, name, span, Support::Interpreter, note);
                }
                // Without a pipeline it is told as the program that it is.
                _ if pipeline.is_none() || holds(statement, pipeline) => {}
                // Jenkins refuses it, which says more.
                _ if crate::read::is_pipeline(statement) => {}
                _ => {
                    let (span, note) = (statement.span, "Groovy outside of the pipeline");
                    self.add(Part::Code, "call", span, Support::Interpreter, note);
                    self.inside(|teller| teller.code_in(Node::Statement(statement)));
                }
            }
        }
    }

    fn said(&self, arguments: &[crate::syntax::Argument<'_>]) -> String {
        let texts = arguments.iter().map(|one| match &one.value().kind {
            ExpressionKind::Text(text) => text.clone().into_owned(),
            _ => one.value().span.of(self.text).to_owned(),
        });
        texts.collect::<Vec<_>>().join(", ")
    }

    fn import(&mut self, statement: &Statement<'_>, import: &Import<'_>) {
        for annotation in &import.annotations {
            if annotation.name.text == "Library" {
                let name = self.said(&annotation.arguments);
                let note = "a shared library";
                self.add(Part::Library, &name, annotation.span, Support::Library, note);
            }
        }
        let name = import.name.text;
        let begins = |all: &[&str]| all.iter().any(|begin| name.starts_with(begin));
        let (part, support, note) = if begins(&JAVA) {
            (Part::Code, Support::Interpreter, "a class of Java or Groovy")
        } else if begins(&JENKINS) {
            (Part::Code, Support::Never, "a class of Jenkins")
        } else {
            (Part::Library, Support::Library, "a class that this file does not define")
        };
        self.add(part, name, statement.span, support, note);
    }

    /// A file without a pipeline.
    pub(super) fn scripted(&mut self, script: &Script<'_>) {
        for statement in &script.statements {
            if !matches!(
                statement.kind,
                StatementKind::Import(_)
                    | StatementKind::Method(_)
                    | StatementKind::Class(_)
                    | StatementKind::Declare(_)
            ) {
                self.code_in(Node::Statement(statement));
            }
        }
    }

    /// Groovy in braces.
    pub(super) fn code(&mut self, block: &Block<'_>) {
        for statement in &block.statements {
            self.code_in(Node::Statement(statement));
        }
    }

    /// Each call in it that is a step, or that no one knows.
    pub(super) fn code_in(&mut self, node: Node<'_, '_>) {
        node.each(&mut |node| {
            let Node::Expression(expression) = node else {
                return;
            };
            match &expression.kind {
                ExpressionKind::Call(call) => self.call(call),
                ExpressionKind::Property { object, .. } => self.property(object, expression),
                _ => {}
            }
        });
    }

    fn call(&mut self, call: &Call<'_>) {
        let span = call.method.span();
        let Some(name) = call.method.text() else {
            return;
        };
        match &call.object {
            None => self.own_call(name, call),
            Some(object) if object.kind.is_name("this") || object.kind.is_name("steps") => {
                self.own_call(name, call);
            }
            Some(object) => match object.kind {
                ExpressionKind::Name("docker") => {
                    let name = format!("docker.{name}");
                    let note = "docker on the executor does it";
                    self.add(Part::Step, &name, span, Support::Adapter, note);
                }
                ExpressionKind::Name(variable) => self.variable_call(variable, name, call),
                _ => {}
            },
        }
    }

    fn own_call(&mut self, name: &str, call: &Call<'_>) {
        let span = call.method.span();
        // `${A}` without quotes is no step that anybody meant.
        if self.known.defines(name) || METHODS.contains(&name) || name == "$" {
            return;
        }
        if let Some(entry) = self.table.step(name) {
            for argument in &call.arguments {
                self.things_in(Node::Expression(argument.value()));
            }
            let is_value = call.arguments.is_empty() && entry.parameters.is_empty();
            if entry.name != "script" && !(is_value && entry.support == Support::Interpreter) {
                // Code decides whether it runs, and how often.
                self.described(Part::Step, entry, span, Support::Interpreter);
            }
            return;
        }
        let kinds = [
            crate::table::Kind::Function,
            crate::table::Kind::Option,
            crate::table::Kind::Parameter,
            crate::table::Kind::Trigger,
        ];
        let is_thing = self.things.contains(&span.start);
        if is_thing || kinds.into_iter().any(|kind| self.table.get(kind, name).is_some()) {
            return;
        }
        if name.chars().next().is_some_and(char::is_uppercase) {
            return;
        }
        let note = "no step of a known plugin: of a shared library?";
        self.add(Part::Step, name, span, Support::Library, note);
    }

    /// Calls in an argument, but not those in braces.
    fn things_in(&mut self, node: Node<'_, '_>) {
        if let Node::Expression(expression) = node {
            match &expression.kind {
                ExpressionKind::Closure(_) => return,
                ExpressionKind::Call(call) if call.object.is_none() => {
                    self.things.insert(call.method.span().start);
                }
                _ => {}
            }
        }
        node.each_child(&mut |child| self.things_in(child));
    }

    /// A method of a variable that the file does not define is one of a shared library's.
    fn variable_call(&mut self, variable: &str, method: &str, call: &Call<'_>) {
        let is_class = variable.chars().next().is_some_and(char::is_uppercase);
        if is_class || self.known.has(variable) || OF_VALUES.contains(&method) {
            return;
        }
        let name = format!("{variable}.{method}");
        let note = "no variable of this file: of a shared library?";
        self.add(Part::Library, &name, call.method.span(), Support::Library, note);
    }

    /// What of a build only Jenkins has.
    fn property(&mut self, object: &Expression<'_>, whole: &Expression<'_>) {
        let text = whole.span.of(self.text);
        let is_inner = object.kind.is_name("currentBuild")
            && matches!(&whole.kind, ExpressionKind::Property { name, .. }
                if name.text() == Some("rawBuild"));
        if is_inner || text == "Jenkins.instance" {
            self.add(Part::Code, text, whole.span, Support::Never, "a class of Jenkins");
        }
    }
}
