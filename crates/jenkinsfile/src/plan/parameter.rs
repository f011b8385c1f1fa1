//! Parameters.
//!
//! Responsible for the values that they have in a run that nobody asked for by hand: Jenkins gives
//! each its default then, in the environment and in `params`. A run here has no others.

use std::collections::HashMap;
use std::rc::Rc;

use super::section::{assignable, name_of};
use super::value::{Bit, is_of_jenkins};
use super::{Planner, Scope};
use crate::model::{Directive, DirectiveValue, Value, ValueKind};
use crate::syntax::{Argument, ExpressionKind};
use crate::table::Support;

/// The most parameters whose values are taken over.
const MOST: usize = 100;

impl Planner<'_> {
    pub(super) fn parameters(&mut self, parameters: &[Directive<'_>], scope: &mut Scope) {
        let names: Vec<Option<String>> = parameters.iter().map(name_of).collect();
        // To Jenkins two that differ only in capitals are one variable (hudson.EnvVars).
        let mut counts: HashMap<String, usize> = HashMap::new();
        for name in names.iter().flatten() {
            *counts.entry(name.to_uppercase()).or_default() += 1;
        }
        for (index, parameter) in parameters.iter().enumerate() {
            let kind = parameter.name.as_ref().map_or("", |name| name.text.as_str());
            let what = format!("parameter {kind}");
            let name = names.get(index).cloned().flatten().unwrap_or_default();
            let is_single = counts.get(&name.to_uppercase()) == Some(&1);
            let value = usual(parameter, kind).filter(|_| is_single && index < MOST);
            let bits = value.as_ref().and_then(|value| variable(&name, value));
            let Some((value, bits)) = value.zip(bits) else {
                let why = if is_single {
                    "runs have no parameters yet"
                } else {
                    "another one has its name, but for capitals at most"
                };
                self.leave(parameter.span, &what, why);
                names.get(index).cloned().flatten().into_iter().for_each(|name| scope.lack(name));
                continue;
            };
            let why = format!("runs have no parameters yet: {name} is always its default");
            self.leave(parameter.span, &what, &why);
            if let Some(key) = &parameter.name {
                self.mark(key.span, Support::NotYet, &why);
            }
            // Jenkins sets it in capitals as well (hudson.model.StringParameterValue).
            let capitals = name.to_uppercase();
            if capitals != name {
                match variable(&capitals, &value) {
                    Some(bits) => Rc::make_mut(&mut scope.variables).push((capitals, bits)),
                    None => scope.lack(capitals),
                }
            }
            Rc::make_mut(&mut scope.variables).push((name.clone(), bits));
            Rc::make_mut(&mut scope.parameters).push((name, value));
        }
    }
}

/// What a variable is set to, where no variable of Jenkins' own has its name.
fn variable(name: &str, value: &str) -> Option<Vec<Bit>> {
    let bits = if value.is_empty() { Vec::new() } else { vec![Bit::Text(value.to_owned())] };
    assignable(name, bits).ok().filter(|_| !is_of_jenkins(name))
}

/// The value that a parameter has where nobody chose one, if the file says it.
fn usual(parameter: &Directive<'_>, kind: &str) -> Option<String> {
    let given = |name: &str| {
        let key = |key: &crate::model::Key| key.text == name;
        let argument = parameter.arguments.iter().find(|one| one.key.as_ref().is_some_and(key))?;
        match &argument.value {
            DirectiveValue::Value(value) => Some(value),
            DirectiveValue::Call(_) => None,
        }
    };
    let is_given = |name: &str| {
        parameter.arguments.iter().any(|one| one.key.as_ref().is_some_and(|key| key.text == name))
    };
    match kind {
        // One that is trimmed may have another value than the file says.
        "string" | "text" if !is_given("trim") => given("defaultValue")?.text().map(str::to_owned),
        "booleanParam" => match &given("defaultValue").map(|value| &value.kind) {
            None => (!is_given("defaultValue")).then(|| "false".to_owned()),
            Some(ValueKind::Bool(value)) => Some(value.to_string()),
            Some(_) => None,
        },
        "choice" => first(given("choices")?),
        _ => None,
    }
}

/// The first of the choices: a list, or lines.
fn first(choices: &Value<'_>) -> Option<String> {
    match &choices.kind {
        ValueKind::Text(lines) => lines.lines().next().map(str::to_owned),
        ValueKind::Code(code) => match &code.expression?.kind {
            ExpressionKind::List(all) => match all.first()? {
                Argument::Value(first) => match &first.kind {
                    ExpressionKind::Text(text) => Some(text.clone().into_owned()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}
