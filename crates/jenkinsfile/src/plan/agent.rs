//! Agents.
//!
//! Responsible for where a stage runs, as far as a run knows such a place, and for what of an agent
//! is not looked at.

use super::value::left;
use super::{Planner, Scope};
use crate::model::{Agent, AgentSettings, Key, Value, ValueKind};
use crate::table::{Kind, Support};

impl Planner<'_> {
    pub(super) fn agent(&mut self, agent: &Agent<'_>, scope: &mut Scope) {
        let Some(kind) = &agent.kind else {
            return;
        };
        // Whatever it is, what was around it does not count any more, unless it is beside that.
        scope.image = None;
        if !reuses_node(&agent.settings) {
            scope.agent_off = None;
        }
        scope.is_nowhere = kind.text == "none";
        let entry = self.table.get(Kind::Agent, &kind.text);
        let (support, note) = match entry {
            Some(entry) => (entry.support, entry.note.clone()),
            None => (Support::Library, "of no known plugin".to_owned()),
        };
        if support == Support::Runs {
            match (kind.text.as_str(), &agent.settings) {
                ("any" | "none", _) => return self.mark(kind.span, Support::Runs, &note),
                ("label" | "node", settings) => return self.label(agent, kind, settings, &note),
                ("docker", settings) => return self.container(agent, kind, settings, scope),
                _ => {}
            }
        }
        let why = if note.is_empty() { "there is nothing like it" } else { &note };
        let support = support.max(Support::NotYet);
        self.leave(agent.span, &format!("agent {}, so nothing on it runs", kind.text), why);
        self.mark(kind.span, support, &note);
        scope.agent_off = Some(format!("its agent is {}", kind.text));
    }

    fn label(&mut self, agent: &Agent<'_>, kind: &Key, settings: &AgentSettings<'_>, note: &str) {
        let others: &[(Key, AgentSettings<'_>)] = match settings {
            AgentSettings::Settings(all) => all,
            AgentSettings::None | AgentSettings::Value(_) => &[],
        };
        self.comment(agent.span, &format!("agent {}", kind.text), note, false);
        let others: Vec<&Key> =
            others.iter().map(|(key, _)| key).filter(|key| key.text != "label").collect();
        for key in &others {
            self.leave(key.span, &key.text, reason(&key.text));
        }
        match others.first() {
            Some(key) => {
                let note = format!("{} is not taken over: {}", key.text, reason(&key.text));
                self.mark(kind.span, Support::NotYet, &note);
            }
            None => self.mark(kind.span, Support::Runs, note),
        }
    }

    fn container(
        &mut self,
        agent: &Agent<'_>,
        kind: &Key,
        settings: &AgentSettings<'_>,
        scope: &mut Scope,
    ) {
        let mut image = None;
        let mut others = Vec::new();
        match settings {
            AgentSettings::Value(value) => image = Some(value),
            AgentSettings::Settings(all) => {
                for (key, setting) in all {
                    match (key.text.as_str(), setting) {
                        ("image", AgentSettings::Value(value)) => image = Some(value),
                        ("reuseNode", _) => {}
                        ("label", _) => self.comment(key.span, "label", reason("label"), false),
                        (name, setting) => {
                            if name == "args" && sets_variables(setting) {
                                scope.agent_off =
                                    Some("its container is given variables".to_owned());
                            }
                            others.push(key);
                        }
                    }
                }
            }
            AgentSettings::None => {}
        }
        let named = match image {
            Some(image) => self.constant(image, scope).and_then(|name| {
                let is_name = is_image(&name);
                let why = "the image has no name that a registry knows";
                if is_name { Ok(name) } else { Err(left(Support::NotYet, why)) }
            }),
            None => Err(left(Support::NotYet, "it names no image")),
        };
        match named {
            Ok(name) => scope.image = Some(name),
            Err(why) => {
                self.leave(agent.span, "agent docker, so nothing on it runs", &why.why);
                self.mark(kind.span, why.support, &why.why);
                scope.agent_off = Some("its image is not known".to_owned());
                return;
            }
        }
        for key in &others {
            self.leave(key.span, &key.text, reason(&key.text));
        }
        match others.first() {
            Some(key) => {
                let note = format!("the image is taken over, {} is not", key.text);
                self.mark(kind.span, Support::NotYet, &note);
            }
            None => self.mark(kind.span, Support::Runs, "the step runs in the image"),
        }
    }
}

/// Why a setting of an agent is not taken over.
fn reason(setting: &str) -> &'static str {
    match setting {
        "customWorkspace" => "each run has a workspace of its own",
        "label" => "executors have no labels",
        "retries" => "steps are not tried again yet",
        "registryCredentialsId" => "secrets are named in the project file of the operator",
        _ => "a setting of the container",
    }
}

/// Whether a container runs on the node of the agent around it, with its files.
fn reuses_node(settings: &AgentSettings<'_>) -> bool {
    let AgentSettings::Settings(all) = settings else {
        return false;
    };
    all.iter().any(|(key, setting)| {
        let is_false =
            matches!(setting, AgentSettings::Value(Value { kind: ValueKind::Bool(false), .. }));
        key.text == "reuseNode" && !is_false
    })
}

/// Whether arguments of `docker run` set variables: they stand in no `environment`.
fn sets_variables(arguments: &AgentSettings<'_>) -> bool {
    let AgentSettings::Value(value) = arguments else {
        return true;
    };
    let is_setting = |word: &str| word.starts_with("-e") || word.starts_with("--env");
    value.text().is_none_or(|text| text.split_whitespace().any(is_setting))
}

/// Whether it can be an image's name. The grammar is that of
/// <https://pkg.go.dev/github.com/distribution/reference>; whether there is such an image is found
/// out where it is pulled.
fn is_image(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    name.len() <= 255
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(is_part)
}
