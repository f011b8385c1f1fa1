//! Agents.

use super::Checker;
use crate::model::{Agent, AgentSettings};
use crate::source::Span;
use crate::suggest::nearest;
use crate::table::Kind;

impl Checker<'_> {
    pub(super) fn agent(&mut self, agent: &Agent<'_>) {
        let names: Vec<&str> = self.table.names(Kind::Agent).collect();
        let list = names.join(", ");
        let Some(kind) = &agent.kind else {
            let message = format!("No agent type specified. Must be one of [{list}]");
            // What else is wrong with it is told at its beginning.
            let Span { start, end } = agent.span;
            self.lack(agent.span, &message, Span::new(start.saturating_sub(1), end));
            return;
        };
        if self.table.is_bare_agent(&kind.text) {
            return;
        }
        let Some(entry) = self.table.get(Kind::Agent, &kind.text) else {
            let message =
                format!("Invalid agent type \"{}\" specified. Must be one of [{list}]", kind.text);
            self.unknown(kind, message, &names);
            return;
        };
        let required: Vec<&str> = (entry.parameters.iter())
            .filter(|parameter| parameter.is_required)
            .map(|parameter| parameter.name.as_str())
            .collect();
        let AgentSettings::Settings(settings) = &agent.settings else {
            if required.len() > 1 {
                let message = format!(
                    "Multiple parameters are required for agent type \"{}\" - [{}]. Please use a \
                     block instead.",
                    kind.text,
                    required.join(", ")
                );
                self.problem(kind.span, message);
            }
            return;
        };
        for name in required {
            if !settings.iter().any(|(key, _)| key.text == name) {
                let message =
                    format!("Missing required parameter for agent type \"{}\": {name}", kind.text);
                self.problem(kind.span, message);
            }
        }
        if entry.is_open {
            return;
        }
        let known: Vec<&str> = entry.parameters.iter().map(|one| one.name.as_str()).collect();
        for (key, _) in settings {
            if !known.contains(&key.text.as_str()) {
                let message = format!(
                    "Invalid config option \"{}\" for agent type \"{}\". Valid config options are \
                     [{}]",
                    key.text,
                    kind.text,
                    known.join(", ")
                );
                let advice = match nearest(&key.text, known.iter().copied()) {
                    Some(near) => format!("did you mean {near}?"),
                    None => "name one of them, or leave it out".to_owned(),
                };
                self.problem_with(key.span, message, advice);
            }
        }
    }
}
