//! Options, triggers and parameters.

use super::{Checker, repeated};
use crate::model::{Directive, DirectiveValue, Input, Section};
use crate::source::Span;
use crate::table::{Entry, Kind, Type};

/// The most stashes that Jenkins keeps.
const MOST_STASHES: i64 = 50;
/// Steps with braces that want an agent's files, so that Jenkins has no options of their name
/// ("getRequiredContext" of their descriptors).
const WITH_FILES: [&str; 2] = ["dir", "tee"];

/// Where a call stands.
#[derive(Clone, Copy)]
enum Role {
    Trigger,
    Parameter,
    /// An argument, which can be any function or step.
    Argument,
}

fn names<'d>(section: &'d Section<Directive<'_>>) -> impl Iterator<Item = (&'d str, Span)> {
    let named = section.entries.iter();
    named.filter_map(|one| one.name.as_ref().map(|name| (name.text.as_str(), one.span)))
}

impl Checker<'_> {
    pub(super) fn options(&mut self, section: Option<&Section<Directive<'_>>>, in_stage: bool) {
        let Some(section) = section else {
            return;
        };
        if section.entries.is_empty() {
            self.lack(section.span, "options can not be empty", section.span);
        }
        for (name, span) in repeated(names(section)) {
            self.problem(span, format!("Duplicate option name: \"{name}\""));
        }
        for option in &section.entries {
            self.option(option, in_stage);
        }
    }

    fn option(&mut self, option: &Directive<'_>, in_stage: bool) {
        let Some(name) = &option.name else {
            return;
        };
        let text = name.text.as_str();
        let instead = match text {
            "parameters" => Some("parameters"),
            "pipelineTriggers" | "triggers" => Some("triggers"),
            _ => None,
        };
        if let Some(instead) = instead {
            let message = format!(
                "The \"{instead}\" job property can't be used in the \"options\" directive. Use \
                 the \"{instead} {{...}}\" directive instead."
            );
            self.problem(option.span, message);
            return;
        }
        let entry = if in_stage { self.table.stage_option(text) } else { self.table.option(text) };
        let Some(entry) = entry else {
            let wrappers = self.table.names(Kind::Wrapper);
            let known: Vec<&str> = if in_stage {
                wrappers.chain(["skipDefaultCheckout"]).collect()
            } else {
                wrappers.chain(self.table.names(Kind::Option)).collect()
            };
            let is_step = |step: &Entry| !step.is_block || WITH_FILES.contains(&step.name.as_str());
            let advice = if in_stage && self.table.option(text).is_some() {
                format!("{text} is an option of a pipeline: put it at its top")
            } else if self.table.step(text).is_some_and(is_step) {
                format!("{text} is a step: put it into steps {{ }}")
            } else {
                return self.unknown_type("option", name, &known);
            };
            let list = known.join(", ");
            let message = format!("Invalid option type \"{text}\". Valid option types: [{list}]");
            self.problem_with(name.span, message, advice);
            return;
        };
        self.call(option, entry);
        if text == "preserveStashes" {
            self.stashes(option);
        }
    }

    fn stashes(&mut self, option: &Directive<'_>) {
        for argument in &option.arguments {
            if let DirectiveValue::Value(value) = &argument.value
                && let crate::model::ValueKind::Integer(count) = value.kind
                && !(1..=MOST_STASHES).contains(&count)
            {
                let message = format!(
                    "The number of builds to preserve must be between 1 and {MOST_STASHES}."
                );
                self.problem(value.span, message);
            }
        }
    }

    pub(super) fn triggers(&mut self, section: &Section<Directive<'_>>) {
        if section.entries.is_empty() {
            self.lack(section.span, "triggers can not be empty", section.span);
        }
        for (name, span) in repeated(names(section)) {
            self.problem(span, format!("Duplicate trigger name: \"{name}\""));
        }
        for trigger in &section.entries {
            self.directive(trigger, Role::Trigger);
            self.times(trigger);
        }
    }

    pub(super) fn parameters(&mut self, section: &Section<Directive<'_>>) {
        if section.entries.is_empty() {
            self.lack(section.span, "parameters can not be empty", section.span);
        }
        for parameter in &section.entries {
            self.directive(parameter, Role::Parameter);
        }
    }

    pub(super) fn input(&mut self, input: &Input<'_>) {
        if input.field("message").is_none() {
            self.problem_with(input.span, "No message specified for input", "add message '…'");
        }
        for parameter in &input.parameters {
            self.directive(parameter, Role::Parameter);
        }
    }

    fn directive(&mut self, directive: &Directive<'_>, role: Role) {
        let Some(name) = &directive.name else {
            return;
        };
        let text = name.text.as_str();
        let (what, kind) = match role {
            Role::Trigger => ("trigger", Kind::Trigger),
            Role::Parameter => ("parameter", Kind::Parameter),
            Role::Argument => {
                self.blocked_argument(text, directive.span);
                let entry = self.table.get(Kind::Function, text);
                if let Some(entry) = entry.or_else(|| self.table.step(text)) {
                    self.call(directive, entry);
                }
                return;
            }
        };
        if let Some(entry) = self.table.get(kind, text) {
            self.call(directive, entry);
        } else {
            let known: Vec<&str> = self.table.names(kind).collect();
            self.unknown_type(what, name, &known);
        }
    }

    /// Whether a call takes its arguments.
    fn call(&mut self, call: &Directive<'_>, entry: &Entry) {
        let is_named = call.arguments.iter().any(|argument| argument.key.is_some());
        if is_named {
            self.named_call(call, entry);
            return;
        }
        if entry.is_open {
            return;
        }
        let given = call.arguments.len();
        if given > 1 {
            let message = format!("Arguments to \"{}\" must be explicitly named.", entry.name);
            self.problem(call.span, message);
            return;
        }
        let required = entry.parameters.iter().filter(|parameter| parameter.is_required).count();
        let sole = entry.sole_required();
        if let (Some(argument), Some(sole)) = (call.arguments.first(), sole) {
            match &argument.value {
                DirectiveValue::Value(value) => {
                    self.value(value, sole, None);
                }
                DirectiveValue::Call(inner) => self.directive(inner, Role::Argument),
            }
            return;
        }
        // A call without arguments stands for a boolean that can be left out.
        let is_left_out = given == 0
            && (required == 0 || sole.is_some_and(|sole| sole.kind == Type::OptionalBool));
        if !is_left_out {
            let message = format!(
                "\"{}\" should have {required} arguments but has {given} arguments instead.",
                entry.name
            );
            self.problem(call.span, message);
        }
    }

    fn named_call(&mut self, call: &Directive<'_>, entry: &Entry) {
        if call.arguments.iter().any(|argument| argument.key.is_none()) {
            self.problem(call.span, "Cannot mix named and unnamed arguments");
        }
        for argument in &call.arguments {
            let Some(key) = &argument.key else {
                continue;
            };
            let parameter = self.parameter(entry, key);
            match (&argument.value, parameter) {
                (DirectiveValue::Value(value), Some(parameter)) => {
                    self.value(value, &parameter, Some(key));
                }
                (DirectiveValue::Value(_), None) => {}
                (DirectiveValue::Call(inner), _) => self.directive(inner, Role::Argument),
            }
        }
    }
}
