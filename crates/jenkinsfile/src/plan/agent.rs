//! Agents.
//!
//! Responsible for where a stage runs, as far as a run knows such a place. An agent of which
//! anything is left that changes where or with what its steps run is left as a whole: what each
//! setting does is read in docker-workflow's `DockerPipelineScript` and `AbstractDockerPipelineScript`.

use super::value::left;
use super::{Planner, Scope, UNKNOWN};
use crate::model::{Agent, AgentSettings, Key, Pipeline, Stage, Value, ValueKind};
use crate::source::Span;
use crate::table::{Kind, Support};

/// Labels that are true of the machine of an engine, and of one that has containers.
const LABELS: [&str; 2] = ["", "linux"];
const DOCKER_LABELS: [&str; 3] = ["", "docker", "linux"];

impl Planner<'_> {
    /// A stage with `agent none` runs on the agent around it: its script only goes on with its body
    /// (pipeline-model-definition, `NoneScript`).
    pub(super) fn agent_of_stage(&mut self, agent: &Agent<'_>, scope: &mut Scope) {
        match agent.kind.as_ref().filter(|kind| kind.text == "none") {
            Some(kind) => {
                let entry = self.table.get(Kind::Agent, &kind.text);
                let note = entry.map(|entry| entry.note.clone()).unwrap_or_default();
                self.mark(kind.span, Support::Runs, &note);
            }
            None => self.agent(agent, scope),
        }
    }

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
            None => (Support::Library, UNKNOWN.to_owned()),
        };
        if support == Support::Runs {
            match (kind.text.as_str(), &agent.settings) {
                ("any" | "none", _) => return self.mark(kind.span, Support::Runs, &note),
                ("label" | "node", settings) => {
                    return self.label(agent, kind, settings, &note, scope);
                }
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

    /// Says what is otherwise where Jenkins checks out anew for an agent.
    pub(super) fn workspace(&mut self, agent: &Agent<'_>, scope: &Scope) {
        let Some(kind) = agent.kind.as_ref().filter(|_| has_workspace(agent)) else {
            return;
        };
        if self.workspaces > 1 && scope.off().is_none() {
            let why = "Jenkins checks out anew for it; here all stages have one workspace, and \
                       find what those before them wrote";
            self.leave(agent.span, &format!("a workspace of agent {}", kind.text), why);
            self.mark(kind.span, Support::NotYet, why);
        }
    }

    fn label(
        &mut self,
        agent: &Agent<'_>,
        kind: &Key,
        settings: &AgentSettings<'_>,
        note: &str,
        scope: &mut Scope,
    ) {
        let changed = match settings {
            AgentSettings::Settings(all) => self.changed(all, &LABELS, scope),
            AgentSettings::Value(value) if !self.is_text(value, &LABELS, scope) => {
                Some(("label", agent.span))
            }
            _ => None,
        };
        let Some((name, span)) = changed else {
            self.comment(agent.span, &format!("agent {}", kind.text), note, false);
            return self.mark(kind.span, Support::Runs, note);
        };
        self.other(kind, name, span, scope);
    }

    fn container(
        &mut self,
        agent: &Agent<'_>,
        kind: &Key,
        settings: &AgentSettings<'_>,
        scope: &mut Scope,
    ) {
        let (image, changed) = match settings {
            AgentSettings::Value(value) => (Some(value), None),
            AgentSettings::Settings(all) => {
                let image = all.iter().find_map(|(key, setting)| match setting {
                    AgentSettings::Value(value) if key.text == "image" => Some(value),
                    _ => None,
                });
                (image, self.changed(all, &DOCKER_LABELS, scope))
            }
            AgentSettings::None => (None, None),
        };
        let named = match image {
            Some(image) => self.constant(image, scope).and_then(|name| {
                let is_name = is_image(&name);
                let why = "the image has no name that a registry knows";
                if is_name { Ok(name) } else { Err(left(Support::NotYet, why)) }
            }),
            None => Err(left(Support::NotYet, "it names no image")),
        };
        match (named, changed) {
            (Err(why), _) => {
                self.leave(agent.span, "agent docker, so nothing on it runs", &why.why);
                self.mark(kind.span, why.support, &why.why);
                scope.agent_off = Some("its image is not known".to_owned());
            }
            (Ok(name), changed) => {
                scope.image = Some(name);
                match changed {
                    Some((name, span)) => self.other(kind, name, span, scope),
                    None => self.mark(kind.span, Support::Runs, "the step runs in the image"),
                }
            }
        }
    }

    /// The first setting by which steps would run elsewhere, or with something else.
    fn changed<'a>(
        &self,
        settings: &'a [(Key, AgentSettings<'_>)],
        labels: &[&str],
        scope: &Scope,
    ) -> Option<(&'a str, Span)> {
        let changes = |(key, setting): &&(Key, AgentSettings<'_>)| {
            let AgentSettings::Value(value) = setting else {
                return true;
            };
            match key.text.as_str() {
                // `retries` are those of an agent that is lost.
                "image" | "reuseNode" | "containerPerStageRoot" | "retries" => false,
                "label" => !self.is_text(value, labels, scope),
                _ => {
                    !matches!(value.kind, ValueKind::Null | ValueKind::Bool(false))
                        && !self.is_text(value, &[""], scope)
                }
            }
        };
        settings.iter().find(changes).map(|(key, _)| (key.text.as_str(), key.span))
    }

    fn is_text(&self, value: &Value<'_>, texts: &[&str], scope: &Scope) -> bool {
        self.constant(value, scope).is_ok_and(|text| texts.contains(&text.as_str()))
    }

    /// Leaves what runs on an agent that would be another one.
    fn other(&mut self, kind: &Key, setting: &str, span: Span, scope: &mut Scope) {
        let why = reason(setting);
        let what = format!("agent {}, so nothing on it runs: {setting}", kind.text);
        self.leave(span, &what, why);
        let note = format!("{setting} is not taken over: {why}");
        self.mark(kind.span, Support::NotYet, &note);
        scope.agent_off = Some(format!("the {setting} of its agent is not taken over"));
    }
}

/// Why a setting of an agent is not taken over.
fn reason(setting: &str) -> &'static str {
    match setting {
        "alwaysPull" => "an image that is here is not pulled again",
        "customWorkspace" => "each run has a workspace of its own",
        "label" => "executors have no labels, and the engine runs on one machine",
        "registryUrl" => "write the registry into the image's name",
        "registryCredentialsId" => "secrets are named in the project file of the operator",
        _ => "a setting of the container",
    }
}

/// How many agents of a pipeline have a workspace.
pub(super) fn workspaces(pipeline: &Pipeline<'_>) -> usize {
    fn of(stages: &[Stage<'_>]) -> usize {
        let inner = |stage: &Stage<'_>| {
            let all = stage.stages.iter().chain(&stage.parallel);
            all.map(|stages| of(&stages.entries)).sum::<usize>()
        };
        let own = |stage: &Stage<'_>| usize::from(stage.common.agent.iter().any(has_workspace));
        stages.iter().map(|stage| own(stage) + inner(stage)).sum()
    }
    let stages = pipeline.stages.as_ref().map_or(0, |stages| of(&stages.entries));
    usize::from(pipeline.agent.iter().any(has_workspace)) + stages
}

/// Whether it is another agent than the one around it.
pub(super) fn takes_agent(agent: &Agent<'_>) -> bool {
    agent.kind.as_ref().is_none_or(|kind| kind.text != "none")
}

/// Whether Jenkins checks out for it.
fn has_workspace(agent: &Agent<'_>) -> bool {
    agent.kind.is_some() && takes_agent(agent) && !reuses_node(&agent.settings)
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
