//! Options, triggers, parameters, tools and libraries.

use super::Reader;
use super::call::{ArgumentView, CallView, bare};
use crate::model::{Directive, DirectiveArgument, DirectiveValue, Key, Section, Value};
use crate::syntax::{Expression, ExpressionKind, Statement, StatementKind};

/// How many tools are looked through for a name that was there already.
const MOST_TOOLS: usize = 100;

/// How a directive and its section are called in messages.
struct Words {
    section: &'static str,
    many: &'static str,
    one: &'static str,
}

impl<'t> Reader<'t> {
    pub(super) fn options(&mut self, call: &CallView<'t>) -> Section<Directive<'t>> {
        let words = Words { section: "options", many: "Options", one: "an option" };
        self.directives(call, &words)
    }

    pub(super) fn triggers(&mut self, call: &CallView<'t>) -> Section<Directive<'t>> {
        let words = Words { section: "triggers", many: "Triggers", one: "a trigger" };
        self.directives(call, &words)
    }

    pub(super) fn parameters(&mut self, call: &CallView<'t>) -> Section<Directive<'t>> {
        let one = "a build parameter definition";
        let words = Words { section: "parameters", many: "Build parameters", one };
        self.directives(call, &words)
    }

    fn directives(&mut self, call: &CallView<'t>, words: &Words) -> Section<Directive<'t>> {
        let mut section = Section::new(call.span);
        let Some(block) = call.block() else {
            self.problem(call.span, format!("Expected a block for {}", words.section));
            return section;
        };
        for statement in &block.body.statements {
            section.entries.push(self.directive(statement, words));
        }
        section
    }

    fn directive(&mut self, statement: &'t Statement<'t>, words: &Words) -> Directive<'t> {
        let span = statement.span;
        let unread = Directive { span, name: None, arguments: Vec::new() };
        let Some(call) = CallView::of(statement) else {
            match &statement.kind {
                StatementKind::Broken => {}
                StatementKind::Expression(Expression { kind: ExpressionKind::Map(_), .. }) => {
                    self.problem(span, format!("{} cannot be defined as maps", words.many));
                }
                StatementKind::Expression(Expression {
                    kind: ExpressionKind::Name(name), ..
                }) => {
                    let advice = format!("write {name}()");
                    self.problem_with(span, format!("Expected {}", words.one), &advice);
                }
                _ => self.problem(span, format!("Expected {}", words.one)),
            }
            return unread;
        };
        if call.block().is_some() {
            self.problem(span, format!("{} definitions cannot have blocks", words.many));
            return unread;
        }
        self.call(&call)
    }

    /// A call whose arguments may be calls.
    pub(super) fn call(&mut self, call: &CallView<'t>) -> Directive<'t> {
        let name = self.name_of(call);
        let name =
            (call.name.is_some()).then(|| Key { text: name.to_owned(), span: call.name_span });
        let mut arguments = Vec::new();
        for argument in &call.arguments {
            match argument {
                ArgumentView::Named(named) => {
                    for (key, value) in named {
                        let key = Some(self.key(key));
                        arguments.extend(self.call_argument(key, value));
                    }
                }
                ArgumentView::Value(value) => match &value.kind {
                    ExpressionKind::Map(elements) => {
                        for element in elements {
                            if let crate::syntax::Argument::Named { key, value } = element {
                                let key = Some(self.key(key));
                                arguments.extend(self.call_argument(key, value));
                            }
                        }
                    }
                    _ => arguments.extend(self.call_argument(None, value)),
                },
            }
        }
        Directive { span: call.span, name, arguments }
    }

    fn call_argument(
        &mut self,
        key: Option<Key>,
        expression: &'t Expression<'t>,
    ) -> Option<DirectiveArgument<'t>> {
        let expression = bare(expression);
        if let ExpressionKind::Closure(_) = expression.kind {
            let span = key.as_ref().map_or(expression.span, |key| key.span);
            self.problem(span, "Method call arguments");
            return None;
        }
        let value = match CallView::of_expression(expression) {
            // `foo.bar()` is a value that only running can say, as Jenkins reads it from 2.2 on.
            Some(call) if call.name.is_none() => {
                DirectiveValue::Value(self.object_call(&call, expression))
            }
            Some(call) => DirectiveValue::Call(self.call(&call)),
            None => DirectiveValue::Value(self.value(expression)),
        };
        Some(DirectiveArgument { key, value })
    }

    fn object_call(&mut self, call: &CallView<'t>, expression: &'t Expression<'t>) -> Value<'t> {
        self.name_of(call);
        self.opaque(expression)
    }

    pub(super) fn tools(&mut self, call: &CallView<'t>) -> Section<(Key, Value<'t>)> {
        let mut section: Section<(Key, Value<'t>)> = Section::new(call.span);
        let Some(block) = call.block() else {
            self.problem(call.span, "Expected a block for tools");
            return section;
        };
        for statement in &block.body.statements {
            let Some(tool) = CallView::of(statement) else {
                if !matches!(statement.kind, StatementKind::Broken) {
                    self.problem(statement.span, "Expected to find ‘someTool \"someVersion\"’");
                }
                continue;
            };
            let name = self.name_of(&tool);
            if name.is_empty() {
                continue;
            }
            let key = Key { text: name.to_owned(), span: tool.name_span };
            if let Some(value) = self.only_argument(&tool, name, "tool") {
                let value = self.value(value);
                // The last of two equal names counts, as in Jenkins' map; nobody has many tools.
                let mut known = section.entries.iter_mut().take(MOST_TOOLS);
                match known.find(|(known, _)| known.text == key.text) {
                    Some(known) => known.1 = value,
                    None => section.entries.push((key, value)),
                }
            }
        }
        section
    }

    pub(super) fn libraries(&mut self, call: &CallView<'t>) -> Section<Value<'t>> {
        let mut section = Section::new(call.span);
        let Some(block) = call.block() else {
            self.problem(call.span, "Expected a block for libraries");
            return section;
        };
        for statement in &block.body.statements {
            let text = self.source(statement.span);
            let expected = format!("Expected a \"lib(...)\" but got {text}");
            let library = CallView::of(statement).filter(|call| call.name == Some("lib"));
            let Some(library) = library else {
                if !matches!(statement.kind, StatementKind::Broken) {
                    self.problem(statement.span, expected);
                }
                continue;
            };
            if library.block().is_some() {
                self.problem(statement.span, "Libraries definitions cannot have blocks");
                continue;
            }
            let read = self.call(&library);
            match read.arguments.into_iter().next() {
                Some(DirectiveArgument { key: None, value: DirectiveValue::Value(value) })
                    if library.arguments.len() == 1 =>
                {
                    section.entries.push(value);
                }
                _ => self.problem(statement.span, expected),
            }
        }
        section
    }
}
