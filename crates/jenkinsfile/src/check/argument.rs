//! Names and types of arguments.

use super::Checker;
use crate::model::{Arguments, Key, Value, ValueKind};
use crate::read::{NEXT_STEP, comma_at_end};
use crate::source::Span;
use crate::suggest::{closest, nearest};
use crate::table::{Entry, Parameter, Type};

/// What Java calls a type.
fn java_name(kind: &Type) -> &'static str {
    match kind {
        Type::Text => "class java.lang.String",
        Type::Bool => "boolean",
        Type::OptionalBool => "class java.lang.Boolean",
        Type::Int => "int",
        Type::Long => "long",
        Type::OptionalInt => "class java.lang.Integer",
        Type::Double => "double",
        Type::List => "interface java.util.List",
        // The only enumeration of the table.
        Type::OneOf(_) => "class java.util.concurrent.TimeUnit",
        Type::Any => "class java.lang.Object",
    }
}

/// What Java calls a value's type.
fn java_type(value: &ValueKind<'_>) -> &'static str {
    match value {
        ValueKind::Null | ValueKind::Code(_) => "null",
        ValueKind::Bool(_) => "class java.lang.Boolean",
        ValueKind::Integer(value) if i32::try_from(*value).is_ok() => "class java.lang.Integer",
        ValueKind::Integer(_) => "class java.lang.Long",
        ValueKind::Decimal(_) => "class java.lang.Double",
        ValueKind::Text(_) => "class java.lang.String",
    }
}

/// Whether Jenkins turns a value into this type.
fn fits(value: &ValueKind<'_>, kind: &Type) -> bool {
    match (kind, value) {
        (Type::Any | Type::OptionalBool, _) | (_, ValueKind::Code(_)) => true,
        (Type::Text, ValueKind::Integer(_) | ValueKind::Bool(_)) => false,
        (Type::Text | Type::Bool, _) | (Type::List, ValueKind::Null) => true,
        (Type::List, _) => false,
        (Type::Int | Type::Long | Type::OptionalInt | Type::Double, ValueKind::Text(text)) => {
            // One letter is a number to Groovy, but not to a step of Jenkins.
            matches!(kind, Type::Long | Type::Double) && text.chars().count() == 1
        }
        (Type::Int | Type::Long, ValueKind::Bool(_) | ValueKind::Null) => false,
        (Type::OptionalInt | Type::Double, ValueKind::Bool(_)) => false,
        (Type::Int | Type::Long | Type::OptionalInt | Type::Double, _) => true,
        (Type::OneOf(names), ValueKind::Text(text)) => names.iter().any(|name| name == text),
        (Type::OneOf(_), ValueKind::Null) => true,
        (Type::OneOf(_), _) => false,
    }
}

impl Checker<'_> {
    /// Whether a step or condition takes these arguments.
    pub(super) fn arguments(&mut self, span: Span, entry: &Entry, arguments: &Arguments<'_>) {
        match arguments {
            Arguments::Named(named) => self.named(span, entry, named),
            Arguments::Positional(_) => {
                if !entry.is_open {
                    let message =
                        format!("Arguments to \"{}\" must be explicitly named.", entry.name);
                    match comma_at_end(span.of(self.text)) {
                        Some(at) => {
                            let comma = Span::new(span.start + at, span.start + at + 1);
                            self.problem_with(comma, message, NEXT_STEP);
                        }
                        None => self.problem(span, message),
                    }
                }
            }
            Arguments::Single(value) => match entry.sole_required() {
                Some(parameter) => {
                    self.value(value, parameter, None);
                }
                None if entry.is_open || entry.is_block => {}
                None => {
                    let message = "Step does not take a single required parameter - use named \
                                   parameters instead";
                    self.problem(span, message);
                }
            },
        }
    }

    fn named(&mut self, span: Span, entry: &Entry, named: &[(Key, Value<'_>)]) {
        // The only parameter can be a thing of its own, whose arguments are given instead.
        let is_thing = entry.sole_required().is_some_and(|sole| sole.kind == Type::Any);
        let is_instead =
            is_thing && named.iter().any(|(key, _)| entry.parameter(&key.text).is_none());
        if is_instead {
            return;
        }
        let mut is_valid = true;
        for (key, value) in named {
            let Some(parameter) = self.parameter(entry, key) else {
                is_valid &= entry.is_open && !self.is_misspelt(entry, key, named);
                continue;
            };
            let is_sole = named.len() == 1
                && !entry.is_block
                && entry.sole_required().is_some_and(|sole| sole.name == parameter.name);
            is_valid &= self.value(value, &parameter, (!is_sole).then_some(key));
        }
        if !is_valid {
            return;
        }
        for parameter in entry.parameters.iter().filter(|parameter| parameter.is_required) {
            if !named.iter().any(|(key, _)| key.text == parameter.name) {
                let message = format!("Missing required parameter: \"{}\"", parameter.name);
                let advice = format!("{} wants it", entry.name);
                self.problem_with(span.at_start(), message, advice);
            }
        }
    }

    /// Whether a name that the table lacks is nearly that of a parameter which has to be there.
    fn is_misspelt(&mut self, entry: &Entry, key: &Key, named: &[(Key, Value<'_>)]) -> bool {
        let is_missing = |one: &&Parameter| {
            one.is_required && !named.iter().any(|(key, _)| key.text == one.name)
        };
        let missing = entry.parameters.iter().filter(is_missing);
        let Some(near) = nearest(&key.text, missing.map(|one| one.name.as_str())) else {
            return false;
        };
        let message = format!("Invalid parameter \"{}\", did you mean \"{near}\"?", key.text);
        self.problem_with(key.span, message, format!("{} wants {near}", entry.name));
        true
    }

    /// The parameter of this name. One that does not exist is told, with the nearest that does.
    pub(super) fn parameter(&mut self, entry: &Entry, key: &Key) -> Option<Parameter> {
        if let Some(parameter) = entry.parameter(&key.text) {
            return Some(parameter.clone());
        }
        if entry.is_open {
            return None;
        }
        let names: Vec<&str> = entry.parameters.iter().map(|one| one.name.as_str()).collect();
        let near = closest(&key.text, names.iter().copied()).map(|(_, name)| name);
        let message = match near {
            Some(near) => format!("Invalid parameter \"{}\", did you mean \"{near}\"?", key.text),
            None => format!("Invalid parameter \"{}\"", key.text),
        };
        let advice = format!("{} takes: {}", entry.name, names.join(", "));
        self.problem_with(key.span, message, advice);
        None
    }

    /// Whether a value has a parameter's type. One that has not is told.
    pub(super) fn value(
        &mut self,
        value: &Value<'_>,
        parameter: &Parameter,
        key: Option<&Key>,
    ) -> bool {
        if fits(&value.kind, &parameter.kind) {
            return true;
        }
        let (wants, shown) = (java_name(&parameter.kind), value.shown());
        let is = java_type(&value.kind);
        let message = match key {
            Some(key) => format!(
                "Expecting \"{wants}\" for parameter \"{}\" but got \"{shown}\" of type {is} instead",
                key.text
            ),
            None => format!("Expecting \"{wants}\" but got \"{shown}\" of type {is} instead"),
        };
        match &parameter.kind {
            Type::OneOf(names) => {
                let near = nearest(&shown, names.iter().map(String::as_str));
                let advice = match near {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("one of: {}", names.join(", ")),
                };
                self.problem_with(value.span, message, advice);
            }
            Type::Text => self.problem_with(value.span, message, "put it into quotes"),
            _ => self.problem(value.span, message),
        }
        false
    }
}
