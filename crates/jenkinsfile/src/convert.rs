//! A pipeline of Pilothouse's own, as far as a Jenkinsfile says one.
//!
//! Responsible for the text of a `pilothouse.toml`: stages, steps, images, variables and time
//! limits where both have the concept, and a comment with the line of the Jenkinsfile where not.
//! Nothing is left out in silence. What the text means is decided by its own reader.

mod shell;
mod stage;
mod toml;

use crate::model::{
    Agent, AgentSettings, Directive, DirectiveArgument, DirectiveValue, Pipeline, ValueKind,
};
use crate::source::{Lines, Span};
use crate::table::Table;
use toml::Out;

/// What a pipeline becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The file.
    pub text: String,
    /// How many steps were taken over.
    pub steps: usize,
    /// How many parts stand as comments, because they cannot be said yet.
    pub left: usize,
}

/// Writes what can be taken over from a pipeline; `file` is what the Jenkinsfile is called.
pub fn convert(file: &str, text: &str, pipeline: &Pipeline<'_>, table: &Table) -> Converted {
    let mut converter = Converter {
        file,
        lines: Lines::new(text),
        table,
        out: Out::default(),
        names: std::collections::HashSet::new(),
        steps: 0,
        left: 0,
    };
    converter.pipeline(pipeline);
    Converted { text: converter.out.finish(), steps: converter.steps, left: converter.left }
}

struct Converter<'a> {
    file: &'a str,
    lines: Lines<'a>,
    table: &'a Table,
    out: Out,
    /// Names of stages that are taken.
    names: std::collections::HashSet<String>,
    steps: usize,
    left: usize,
}

/// What stages inherit.
#[derive(Clone, Debug, Default)]
struct Around {
    image: Option<String>,
    /// Variables, and whether each is a plain text.
    variables: Vec<(String, Variable)>,
    /// A time limit in seconds.
    timeout: Option<u64>,
    /// The names of the stages around.
    path: Vec<String>,
    /// Directories that steps change into.
    directories: Vec<String>,
    /// Whether its stages stand as comments, because something decides whether they run.
    is_off: bool,
}

#[derive(Clone, Debug)]
enum Variable {
    /// A text.
    Text(String),
    /// A word of a shell.
    Shell(String),
}

impl Converter<'_> {
    fn line(&self, span: Span) -> usize {
        self.lines.position(span.start).line
    }

    /// Says that a part is not taken over.
    fn leave(&mut self, span: Span, what: &str, why: &str) {
        let line = self.line(span);
        self.left += 1;
        self.out.comment(&format!("not yet, line {line}: {what}: {why}"));
    }

    fn pipeline(&mut self, pipeline: &Pipeline<'_>) {
        let file = self.file.to_owned();
        self.out
            .comment(&format!("Made from {file} by pilothouse convert. What could not be taken"));
        self.out.comment("over stands as a comment where it belongs, with its line there.");
        let mut around = Around::default();
        if let Some(agent) = &pipeline.agent {
            self.agent(agent, &mut around);
        }
        self.options(
            pipeline.options.as_ref().map_or(&[], |options| &options.entries),
            &mut around,
        );
        let parts = [
            (pipeline.triggers.as_ref(), "trigger", "runs start when a branch moves, or by hand"),
            (pipeline.parameters.as_ref(), "parameter", "runs have no parameters yet"),
        ];
        for (section, what, why) in parts {
            for one in section.iter().flat_map(|section| &section.entries) {
                let name = one.name.as_ref().map_or("", |name| name.text.as_str());
                self.leave(one.span, &format!("{what} {name}"), why);
            }
        }
        self.tools(pipeline.tools.as_ref());
        self.environment(pipeline.environment.as_ref(), &mut around);
        for stage in pipeline.stages.iter().flat_map(|stages| &stages.entries) {
            self.stage(stage, &around);
        }
        self.post(pipeline.post.as_ref());
        self.out.service();
    }

    fn agent(&mut self, agent: &Agent<'_>, around: &mut Around) {
        let Some(kind) = &agent.kind else {
            return;
        };
        match (kind.text.as_str(), &agent.settings) {
            ("any" | "none", _) => {}
            ("docker", AgentSettings::Value(image)) if image.text().is_some() => {
                around.image = image.text().map(str::to_owned);
            }
            ("docker", AgentSettings::Settings(settings)) => {
                for (key, setting) in settings {
                    match (key.text.as_str(), setting) {
                        ("image", AgentSettings::Value(image)) if image.text().is_some() => {
                            around.image = image.text().map(str::to_owned);
                        }
                        ("reuseNode", _) => {}
                        _ => self.leave(key.span, &key.text, "a setting of the container"),
                    }
                }
            }
            ("label" | "node", _) => {
                self.leave(agent.span, "label", "executors have no labels: it is not looked at");
            }
            (name, _) => {
                let why = match self.table.get(crate::table::Kind::Agent, name) {
                    Some(entry) if !entry.note.is_empty() => entry.note.clone(),
                    _ => "of no known plugin".to_owned(),
                };
                self.leave(agent.span, &format!("agent {name}"), &why);
            }
        }
    }

    fn options(&mut self, options: &[Directive<'_>], around: &mut Around) {
        for option in options {
            let Some(name) = &option.name else {
                continue;
            };
            if name.text == "timeout"
                && let Some(seconds) = seconds_of(&option.arguments)
            {
                around.timeout = Some(around.timeout.map_or(seconds, |known| known.min(seconds)));
                continue;
            }
            let entry = self.table.option(&name.text);
            let is_given = entry.is_some_and(|entry| entry.support == crate::table::Support::Runs);
            if !is_given || name.text == "timeout" {
                let why = entry.map(|entry| entry.note.clone()).filter(|note| !note.is_empty());
                let why = why.unwrap_or_else(|| "it has no counterpart".to_owned());
                self.leave(option.span, &format!("option {}", name.text), &why);
            }
        }
    }
}

/// The time of a `timeout`, where the file says it.
fn seconds_of(arguments: &[DirectiveArgument<'_>]) -> Option<u64> {
    let number = |key: Option<&str>| {
        arguments.iter().find(|one| one.key.as_ref().map(|key| key.text.as_str()) == key)
    };
    let time = number(Some("time")).or_else(|| number(None))?;
    let unit = number(Some("unit")).map(|unit| &unit.value);
    let unit = match unit {
        None => "MINUTES",
        Some(DirectiveValue::Value(value)) => value.text()?,
        Some(DirectiveValue::Call(_)) => return None,
    };
    match &time.value {
        DirectiveValue::Value(value) => match value.kind {
            ValueKind::Integer(time) => seconds(time, unit),
            _ => None,
        },
        DirectiveValue::Call(_) => None,
    }
}

fn seconds(time: i64, unit: &str) -> Option<u64> {
    let time = u64::try_from(time).ok()?;
    let factor = match unit {
        "SECONDS" => 1,
        "MINUTES" => 60,
        "HOURS" => 3600,
        "DAYS" => 86_400,
        _ => return None,
    };
    time.checked_mul(factor)
}

#[cfg(test)]
mod tests;
