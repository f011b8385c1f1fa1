//! Agents.

use super::Reader;
use super::call::{ArgumentView, CallView};
use crate::model::{Agent, AgentSettings, Key};
use crate::suggest::nearest;
use crate::syntax::{Closure, ExpressionKind, StatementKind};

/// What stands behind `agent` without braces.
const BARE: [&str; 2] = ["any", "none"];
/// How many settings are looked through for a name that was there already.
const MOST_SETTINGS: usize = 100;

impl<'t> Reader<'t> {
    pub(super) fn agent(&mut self, call: &CallView<'t>) -> Agent<'t> {
        let span = call.span;
        let (kind, settings) = match call.block() {
            Some(block) => self.agent_block(call, block),
            None => (self.bare_agent(call), AgentSettings::None),
        };
        Agent { span, kind, settings }
    }

    /// `agent any`
    fn bare_agent(&mut self, call: &CallView<'t>) -> Option<Key> {
        let wrong = "Only \"agent none\", \"agent any\" or \"agent {...}\" are allowed.";
        match call.arguments.as_slice() {
            [] => {
                self.problem(call.span, "No argument for agent");
                None
            }
            [ArgumentView::Value(value)] => {
                let key = self.key(value);
                if self.table.is_bare_agent(&key.text) {
                    return Some(key);
                }
                let advice = match super::argument::literal_key(value) {
                    Some(label) => match nearest(&label, BARE) {
                        Some(near) => format!("did you mean agent {near}?"),
                        None => format!("did you mean agent {{ label '{label}' }}?"),
                    },
                    None => "write agent any, without parentheses".to_owned(),
                };
                self.problem_with(call.span, wrong, &advice);
                None
            }
            _ => {
                self.problem(call.span, wrong);
                None
            }
        }
    }

    fn agent_block(
        &mut self,
        call: &CallView<'t>,
        block: &'t Closure<'t>,
    ) -> (Option<Key>, AgentSettings<'t>) {
        let statements = &block.body.statements;
        let [only] = statements.as_slice() else {
            // Of empty braces the check says that no type is named, as Jenkins does.
            if !statements.is_empty() {
                let message = "Only one agent type is allowed per agent section";
                self.problem(call.span, message);
            }
            return (None, AgentSettings::None);
        };
        let Some(inner) = CallView::of(only) else {
            if !matches!(only.kind, StatementKind::Broken) {
                let text = self.source(only.span);
                match text.split_once(':') {
                    Some((name, value)) if super::call::is_word(name.trim()) => {
                        let advice = format!("write {} {}", name.trim(), value.trim());
                        self.problem_with(only.span, "Expected an agent", &advice);
                    }
                    _ => self.problem(call.span, "Expected an agent"),
                }
            }
            return (None, AgentSettings::None);
        };
        let text = self.name_of(&inner);
        if text.is_empty() {
            return (None, AgentSettings::None);
        }
        let mut kind = Key { text: text.to_owned(), span: inner.name_span };
        let settings = self.setting(&inner, text).unwrap_or(AgentSettings::None);
        // Several settings in a label's braces are those of a node.
        if kind.text == "label" && matches!(settings, AgentSettings::Settings(_)) {
            "node".clone_into(&mut kind.text);
        }
        (Some(kind), settings)
    }

    fn setting(&mut self, call: &CallView<'t>, name: &str) -> Option<AgentSettings<'t>> {
        let value = match call.arguments.as_slice() {
            [] => {
                self.problem(call.name_span, format!("No argument for map key \"{name}\""));
                return None;
            }
            [ArgumentView::Value(value)] => *value,
            [ArgumentView::Named(named)] => {
                return Some(AgentSettings::Value(self.map_value(named)));
            }
            _ => {
                let message = format!("Too many arguments for map key \"{name}\"");
                self.problem(call.name_span, message);
                return None;
            }
        };
        if let ExpressionKind::Closure(closure) = &value.kind {
            return Some(AgentSettings::Settings(self.settings(closure)));
        }
        Some(AgentSettings::Value(self.value(value)))
    }

    fn settings(&mut self, closure: &'t Closure<'t>) -> Vec<(Key, AgentSettings<'t>)> {
        let mut settings: Vec<(Key, AgentSettings<'t>)> = Vec::new();
        for statement in &closure.body.statements {
            let Some(call) = CallView::of(statement) else {
                if !matches!(statement.kind, StatementKind::Broken) {
                    self.problem(statement.span, "Expected to find ‘someKey \"someValue\"’");
                }
                continue;
            };
            let name = self.name_of(&call);
            if name.is_empty() {
                continue;
            }
            let key = Key { text: name.to_owned(), span: call.name_span };
            let Some(value) = self.setting(&call, name) else {
                continue;
            };
            // The last of two equal names counts, as in Jenkins' map.
            match settings.iter_mut().take(MOST_SETTINGS).find(|(known, _)| known.text == key.text)
            {
                Some(known) => known.1 = value,
                None => settings.push((key, value)),
            }
        }
        settings
    }
}
