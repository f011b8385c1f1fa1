//! Stages and their steps.

use std::fmt::Write as _;

use super::shell::{script, word};
use super::{Around, Converter, Variable, seconds};
use crate::model::{
    Arguments, Branch, Common, EnvironmentValue, Key, PostCondition, Section, Stage, Step, Value,
    ValueKind,
};
use crate::table::Support;

/// The longest name of a stage or step, in characters.
const NAME: usize = 60;
/// Variables of Jenkins, and those of a run that say the same.
const NAMES: [(&str, &str); 6] = [
    ("BRANCH_NAME", "BRANCH"),
    ("BUILD_ID", "RUN"),
    ("BUILD_NUMBER", "RUN"),
    ("GIT_BRANCH", "BRANCH"),
    ("GIT_COMMIT", "COMMIT"),
    ("JOB_NAME", "PROJECT"),
];
/// Variables that a run sets itself.
const RESERVED: [&str; 3] = ["PORT", "PATH", "HOME"];

impl Converter<'_> {
    pub(super) fn stage(&mut self, stage: &Stage<'_>, around: &Around) {
        let mut around = around.clone();
        around.path.push(stage.name.clone());
        self.out.gap();
        self.common(&stage.common, &mut around);
        if let Some(parallel) = &stage.parallel {
            self.leave(parallel.span, "parallel", "the stages below run one after the other");
        }
        if let Some(matrix) = &stage.matrix {
            self.leave(matrix.span, "matrix", "there are no matrices of stages yet");
        }
        let is_parallel = stage.branches.len() > 1;
        if is_parallel {
            self.leave(stage.span, "parallel", "the stages below run one after the other");
        }
        for branch in &stage.branches {
            if is_parallel {
                around.path.push(branch.name.clone());
            }
            self.branch(branch, &around);
            if is_parallel {
                around.path.pop();
            }
        }
        for inner in stage.stages.iter().chain(&stage.parallel).flat_map(|all| &all.entries) {
            self.stage(inner, &around);
        }
        self.post(stage.common.post.as_ref());
    }

    fn common(&mut self, common: &Common<'_>, around: &mut Around) {
        if let Some(agent) = &common.agent {
            self.agent(agent, around);
        }
        if let Some(when) = &common.when {
            let why = "stages have no conditions yet, so it does not run";
            self.leave(when.span, "when", why);
            around.is_off = true;
        }
        if let Some(input) = &common.input {
            let why = "a run waits for nobody, so it does not run; a deployment can wait";
            self.leave(input.span, "input", why);
            around.is_off = true;
        }
        let options = common.options.as_ref().map_or(&[][..], |options| &options.entries);
        self.options(options, around);
        self.tools(common.tools.as_ref());
        self.environment(common.environment.as_ref(), around);
    }

    pub(super) fn tools(&mut self, section: Option<&Section<(Key, Value<'_>)>>) {
        for (key, value) in section.iter().flat_map(|section| &section.entries) {
            let what = format!("tool {} {}", key.text, value.shown());
            self.leave(key.span, &what, "it has to be in the image, or on the executor");
        }
    }

    pub(super) fn environment(
        &mut self,
        section: Option<&Section<(Key, EnvironmentValue<'_>)>>,
        around: &mut Around,
    ) {
        for (key, value) in section.iter().flat_map(|section| &section.entries) {
            let name = key.text.as_str();
            let value = match value {
                EnvironmentValue::Credentials(_) => {
                    let why = "secrets are named in the project file of the operator";
                    self.leave(key.span, &format!("credentials {name}"), why);
                    continue;
                }
                EnvironmentValue::Value(value) => value,
            };
            if RESERVED.contains(&name) || name.starts_with("PILOTHOUSE_") {
                self.leave(key.span, name, "a run sets this variable itself");
                continue;
            }
            let variable = match &value.kind {
                ValueKind::Text(text) => Some(Variable::Text(text.clone().into_owned())),
                ValueKind::Code(_) => word(value).map(Variable::Shell),
                _ => Some(Variable::Text(value.shown())),
            };
            match variable {
                Some(variable) => {
                    around.variables.retain(|(known, _)| known != name);
                    around.variables.push((name.to_owned(), variable));
                }
                None => self.leave(key.span, name, "its value is an expression of Groovy"),
            }
        }
    }

    pub(super) fn post(&mut self, section: Option<&Section<PostCondition<'_>>>) {
        for one in section.iter().flat_map(|section| &section.entries) {
            let names = one.branch.steps.iter().filter_map(|step| step.name.as_ref());
            let names: Vec<&str> = names.map(|name| name.text.as_str()).take(8).collect();
            let what = format!("post {} ({})", one.condition.text, names.join(", "));
            self.leave(one.span, &what, "nothing is done at the end of a run yet");
        }
    }

    fn branch(&mut self, branch: &Branch<'_>, around: &Around) {
        let mut scripts = Vec::new();
        self.steps(&branch.steps, around, &mut scripts);
        if scripts.is_empty() {
            return;
        }
        let name = self.name(&around.path);
        self.out.is_off = around.is_off;
        self.out.table("stage");
        self.out.pair("name", &name);
        if let Some(image) = &around.image {
            self.out.pair("image", image);
        }
        let is_one = scripts.len() == 1;
        for (index, (what, timeout, script)) in scripts.iter().enumerate() {
            if !is_one {
                self.out.table("stage.step");
                self.out.pair("name", &format!("{} {what}", index + 1));
            }
            if let Some(seconds) = timeout {
                self.out.pair("timeout", &duration(*seconds));
            }
            let texts = around.variables.iter().filter_map(|(name, value)| match value {
                Variable::Text(text) => Some((name.as_str(), text.as_str())),
                Variable::Shell(_) => None,
            });
            self.out.variables("env", texts);
            let mut whole = String::new();
            for (name, value) in &around.variables {
                if let Variable::Shell(word) = value {
                    let _ = writeln!(whole, "export {name}={word}");
                }
            }
            whole.push_str(script);
            self.out.script(&with_jenkins_names(&whole));
        }
        self.out.is_off = false;
        let count = if around.is_off { &mut self.left } else { &mut self.steps };
        *count += scripts.len();
    }

    fn name(&mut self, path: &[String]) -> String {
        let whole = path.join(" / ");
        let line: String = whole.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let short = |most: usize| line.trim().chars().take(most).collect::<String>();
        let mut name = short(NAME);
        let mut count = 1;
        while name.is_empty() || self.names.contains(&name) {
            count += 1;
            name = format!("{} {count}", short(NAME - 5));
        }
        self.names.insert(name.clone());
        name
    }

    /// Scripts for steps: what each is called, its time limit, and its text.
    fn steps(
        &mut self,
        steps: &[Step<'_>],
        around: &Around,
        into: &mut Vec<(String, Option<u64>, String)>,
    ) {
        for step in steps {
            self.step(step, around, into);
        }
    }

    fn step(
        &mut self,
        step: &Step<'_>,
        around: &Around,
        into: &mut Vec<(String, Option<u64>, String)>,
    ) {
        let Some(name) = &step.name else {
            return;
        };
        let inner = step.steps.as_deref().unwrap_or_default();
        let text = match name.text.as_str() {
            "sh" if argument(&step.arguments, "returnStdout").is_none()
                && argument(&step.arguments, "returnStatus").is_none() =>
            {
                argument(&step.arguments, "script").and_then(script)
            }
            "echo" => argument(&step.arguments, "message")
                .and_then(word)
                .map(|word| format!("printf '%s\\n' {word}")),
            "error" => argument(&step.arguments, "message")
                .and_then(word)
                .map(|word| format!("printf '%s\\n' {word} >&2\nexit 1")),
            "sleep" => sleep(&step.arguments),
            "writeFile" => write_file(&step.arguments),
            "dir" => {
                if let Some(path) = single(&step.arguments).and_then(word) {
                    let mut around = around.clone();
                    around.directories.push(path);
                    self.steps(inner, &around, into);
                    return;
                }
                None
            }
            "timeout" => {
                if let Some(seconds) = timeout(&step.arguments) {
                    let mut around = around.clone();
                    around.timeout =
                        Some(around.timeout.map_or(seconds, |known| known.min(seconds)));
                    self.steps(inner, &around, into);
                    return;
                }
                None
            }
            "timestamps" | "ansiColor" => return self.steps(inner, around, into),
            _ if is_given(step) => return,
            _ => None,
        };
        if let Some(text) = text {
            let mut script = String::new();
            for directory in &around.directories {
                let _ = writeln!(script, "cd -- {directory}");
            }
            script.push_str(&without_indent(&text));
            into.push((name.text.clone(), around.timeout, script));
        } else {
            let why = self.reason(step);
            self.leave(step.span, &name.text, &why);
            // What stands in its braces is what people want to see first.
            self.steps(inner, around, into);
        }
    }

    fn reason(&self, step: &Step<'_>) -> String {
        let name = step.name.as_ref().map_or("", |name| name.text.as_str());
        if step.code.is_some() {
            return "it is Groovy".to_owned();
        }
        match self.table.step(name) {
            None => "no step of a known plugin".to_owned(),
            Some(entry) if entry.support == Support::Runs && name == "archiveArtifacts" => {
                "say artifact = [\"…\"] at the top, with paths and no patterns".to_owned()
            }
            Some(entry) if entry.support == Support::Runs => {
                "an argument is an expression of Groovy".to_owned()
            }
            Some(entry) if entry.note.is_empty() => format!("of the plugin {}", entry.plugin),
            Some(entry) => entry.note.clone(),
        }
    }
}

fn argument<'a, 't>(arguments: &'a Arguments<'t>, name: &str) -> Option<&'a Value<'t>> {
    match arguments {
        Arguments::Named(named) => {
            named.iter().find(|(key, _)| key.text == name).map(|(_, value)| value)
        }
        _ => None,
    }
}

/// Whether a run does it by itself, or does not need it.
fn is_given(step: &Step<'_>) -> bool {
    let name = step.name.as_ref().map_or("", |name| name.text.as_str());
    let given = ["cleanWs", "deleteDir", "stash", "unstash", "milestone"];
    given.contains(&name) || (name == "checkout" && is_scm(single(&step.arguments)))
}

/// The script, with the variables of Jenkins that it uses set from those of a run.
fn with_jenkins_names(script: &str) -> String {
    let mut out = String::new();
    for (theirs, ours) in NAMES {
        let forms = [format!("${theirs}"), format!("${{{theirs}")];
        if forms.iter().any(|form| script.contains(form.as_str())) {
            let _ = writeln!(out, "export {theirs}=\"$PILOTHOUSE_{ours}\"");
        }
    }
    out.push_str(script);
    out
}

/// The only argument.
fn single<'a, 't>(arguments: &'a Arguments<'t>) -> Option<&'a Value<'t>> {
    match arguments {
        Arguments::Single(value) => Some(value),
        Arguments::Named(named) => match named.as_slice() {
            [(_, value)] => Some(value),
            _ => None,
        },
        Arguments::Positional(_) => None,
    }
}

fn integer(value: &Value<'_>) -> Option<i64> {
    match value.kind {
        ValueKind::Integer(value) => Some(value),
        _ => None,
    }
}

fn timeout(arguments: &Arguments<'_>) -> Option<u64> {
    let time = argument(arguments, "time").or_else(|| single(arguments)).and_then(integer)?;
    let unit = argument(arguments, "unit");
    let unit = unit.map_or(Some("MINUTES"), |unit| unit.text())?;
    seconds(time, unit)
}

fn sleep(arguments: &Arguments<'_>) -> Option<String> {
    let time = argument(arguments, "time").and_then(integer)?;
    let unit = argument(arguments, "unit");
    let unit = unit.map_or(Some("SECONDS"), |unit| unit.text())?;
    Some(format!("sleep {}", seconds(time, unit)?))
}

fn write_file(arguments: &Arguments<'_>) -> Option<String> {
    let file = argument(arguments, "file").and_then(word)?;
    let text = argument(arguments, "text").and_then(word)?;
    Some(format!("printf '%s' {text} > {file}"))
}

/// Whether it is the variable `scm`: the commit of the run.
fn is_scm(value: Option<&Value<'_>>) -> bool {
    let Some(Value { kind: ValueKind::Code(code), .. }) = value else {
        return false;
    };
    code.expression.is_some_and(|expression| expression.kind.is_name("scm"))
}

/// The script without what all its lines are indented by, and without empty lines around it.
fn without_indent(script: &str) -> String {
    let lines: Vec<&str> = script.lines().collect();
    let indents = lines.iter().skip(usize::from(!script.starts_with('\n')));
    let indents = indents.filter(|line| !line.trim().is_empty());
    let least = indents.map(|line| line.len() - line.trim_start().len()).min().unwrap_or_default();
    let cut = lines.iter().map(|line| {
        let blank = line.len() - line.trim_start().len();
        line.get(least.min(blank)..).unwrap_or_default()
    });
    cut.collect::<Vec<_>>().join("\n").trim_matches('\n').trim_end().to_owned()
}

fn duration(seconds: u64) -> String {
    let week = 7 * 86_400;
    let seconds = seconds.clamp(1, week);
    match seconds {
        _ if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        _ if seconds % 60 == 0 => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}
