//! Stages and their steps.

use std::collections::BTreeMap;

use pilothouse_core::pipeline::{Run, Stage, Step, StepRun};
use pilothouse_core::time::Millis;

use super::container::{self, Usual};
use super::elsewhere::operators;
use crate::ProblemKind;
use crate::found::Found;
use crate::section::{Field, Section};
use crate::value::duration::{DAY, SHORTEST};
use crate::value::quoted;
use pilothouse_core::spec::allowed::Owner;

const STAGE_KEYS: [&str; 13] = [
    "name",
    "run",
    "timeout",
    "env",
    "step",
    "image",
    "cache",
    "volumes",
    "network",
    "memory",
    "cpus",
    "privileged",
    "docker_socket",
];
const STEP_KEYS: [&str; 4] = ["name", "run", "timeout", "env"];
/// The most stages of a pipeline, and the most steps of a stage.
const MOST: usize = 100;
/// The longest name, in characters.
const NAME_CHARS: usize = 60;
pub(super) const TIMEOUT: Millis = Millis::minutes(30);

/// Reads every `[[stage]]`.
pub(super) fn read(root: &Section<'_>, usual: Usual<'_>, found: &mut Found<'_>) -> Vec<Stage> {
    let Some(field) = root.get("stage") else {
        let help = "add [[stage]] with name = \"test\" and run = \"make test\"";
        root.miss(found, "stage", help);
        return Vec::new();
    };
    let sections = field.sections("[[stage]]", &STAGE_KEYS, found);
    let mut names = Names::new("stage");
    let mut stages = Vec::new();
    if sections.len() > MOST {
        too_many(&field, "stages", found);
    }
    for section in sections.iter().take(MOST) {
        section.refuse_unknown(found, |key| operators(key, &STAGE_KEYS));
        let name = names.read(section, found);
        let container = container::read(section, usual, found);
        let mut steps = if let Some(steps) = section.get("step") {
            for key in ["run", "timeout", "env"] {
                refuse_beside_steps(section, key, found);
            }
            read_steps(&steps, found)
        } else {
            // A stage with `run` is a stage of one step that has the stage's name.
            step(section, name.clone(), found).into_iter().collect()
        };
        for step in &mut steps {
            step.container.clone_from(&container);
        }
        stages.push(Stage { name, steps });
    }
    container::add_builds(&mut stages);
    stages
}

fn refuse_beside_steps(section: &Section<'_>, key: &'static str, found: &mut Found<'_>) {
    if let Some(field) = section.get(key) {
        let message = format!("this stage has both `{key}` and [[stage.step]]");
        let help = format!("move `{key}` into a [[stage.step]], or leave the steps out");
        found.add(ProblemKind::Conflict, field.key_at, &message, &help);
    }
}

fn read_steps(field: &Field<'_>, found: &mut Found<'_>) -> Vec<Step> {
    let sections = field.sections("[[stage.step]]", &STEP_KEYS, found);
    if sections.is_empty() && field.value.as_array().is_some_and(|items| items.is_empty()) {
        let help = "write [[stage.step]] with name and run, or give the stage a run";
        field.wrong(found, "the stage has no step", help);
    }
    if sections.len() > MOST {
        too_many(field, "steps", found);
    }
    let mut names = Names::new("step");
    let mut steps = Vec::new();
    for section in sections.iter().take(MOST) {
        section.refuse_unknown(found, |key| operators(key, &STEP_KEYS));
        let name = names.read(section, found);
        steps.extend(step(section, name, found));
    }
    steps
}

fn too_many(field: &Field<'_>, what: &str, found: &mut Found<'_>) {
    let message = format!("there are more than {MOST} {what}");
    let help = "join some of them in one script";
    found.add(ProblemKind::TooLarge, field.key_at.clone(), &message, help);
}

fn step(section: &Section<'_>, name: String, found: &mut Found<'_>) -> Option<Step> {
    let run = if let Some(field) = section.get("run") {
        field.program(found)
    } else {
        let help = "write run = \"make test\" or run = [\"make\", \"test\"]";
        section.miss(found, "run", help);
        None
    };
    let timeout = section
        .get("timeout")
        .and_then(|field| field.duration(found, SHORTEST..=Millis(7 * DAY.0), "30m"))
        .unwrap_or(TIMEOUT);
    let env =
        section.get("env").map_or_else(BTreeMap::new, |field| field.variables(found, Owner::Step));
    let run = match run? {
        Run::Script(script) => StepRun::Script(script),
        Run::Argv(argv) => StepRun::Argv(argv),
        // The reader of programs makes no other.
        Run::Image => return None,
    };
    Some(Step { name, run, container: None, timeout, env })
}

/// Names that must differ from each other.
struct Names {
    what: &'static str,
    taken: BTreeMap<String, usize>,
}

impl Names {
    fn new(what: &'static str) -> Self {
        let taken = BTreeMap::new();
        Self { what, taken }
    }

    fn read(&mut self, section: &Section<'_>, found: &mut Found<'_>) -> String {
        let help = "give it a short name that people see, as in name = \"test\"";
        let Some(field) = section.get("name") else {
            section.miss(found, "name", help);
            return String::new();
        };
        let Some(name) = field.line(found, help) else {
            return String::new();
        };
        if name.chars().count() > NAME_CHARS {
            let message = format!("the name is longer than {NAME_CHARS} characters");
            field.wrong(found, &message, help);
        }
        let line = found.line(field.at.start);
        if let Some(first) = self.taken.insert(name.to_owned(), line) {
            let message = format!("line {first} has a {} {} already", self.what, quoted(name));
            let help = format!("give each {} a name of its own", self.what);
            found.add(ProblemKind::Conflict, field.at, &message, &help);
        }
        name.to_owned()
    }
}
