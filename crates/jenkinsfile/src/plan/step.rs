//! Steps.
//!
//! Responsible for what each step becomes: a script, nothing because a run does it by itself, or a
//! sentence in its place. What stands in the braces of a step that is left is left with it.

use super::argument::{argument_of, is_scm, single, sleep, timeout, values};
use super::background::{keeps_processes, leaves_process};
use super::shell::{missing, script, word};
use super::value::{Bit, Left, groovy, left, not_set};
use super::{Comment, Mark, NOTHING, Planner, Scope, StagePart, plain};
use crate::model::{Arguments, Key, Step, Value, ValueKind};
use crate::table::{Entry, Support};

/// What a step becomes.
enum Said<'t> {
    /// A script.
    Script(String),
    /// Nothing: a run does it by itself.
    Given(String),
    /// What stands in its braces.
    Inside(Box<Scope>),
    /// The one step in its braces, with a time limit.
    Limit(Box<Scope>, &'t str),
}

impl Planner<'_> {
    pub(super) fn steps(&mut self, steps: &[Step<'_>], scope: &Scope, into: &mut Vec<StagePart>) {
        let mut scope = scope.clone();
        for step in steps {
            if let (Some(why), None) = (self.behind.clone(), scope.off()) {
                scope.turn_off(&why);
                let (span, what) = (step.span, "what follows".to_owned());
                into.push(StagePart::Comment(Comment { span, what, why, is_left: true }));
            }
            self.step(step, &scope, into);
        }
    }

    fn step(&mut self, step: &Step<'_>, scope: &Scope, into: &mut Vec<StagePart>) {
        let Some(name) = &step.name else {
            return;
        };
        if let (Some(code), "script") = (step.code, name.text.as_str())
            && let Some(inner) = plain(self.text, self.table, &self.known, code)
        {
            return self.inside(name, "each of its steps is a plain one", &inner, scope, into);
        }
        let bare = self.bare_scope(step, &name.text, scope);
        let scope = bare.as_ref().unwrap_or(scope);
        let entry = self.table.step(&name.text).cloned();
        let said = match self.refusal(step, &name.text, entry.as_ref(), scope) {
            Some(left) => Err(left),
            None => self.said(step, &name.text, scope),
        };
        let inner = step.steps.as_deref().unwrap_or_default();
        match said {
            Ok(Said::Inside(within)) => {
                self.inside(name, &note_of(entry.as_ref()), inner, &within, into);
            }
            Ok(Said::Limit(within, why)) => {
                self.taken(name.span.start, &note_of(entry.as_ref()), scope);
                let mut parts = Vec::new();
                self.steps(inner, &within, &mut parts);
                let is_timed = |part: &&StagePart| matches!(part, StagePart::Script(one) if !one.is_off && one.name != "echo");
                if parts.iter().filter(is_timed).count() > 1 {
                    self.turn_off(&mut parts, &format!("in {}", name.text));
                    self.hold(step.span, &name.text);
                    self.leave_step(step, &left(Support::NotYet, why), entry.as_ref(), into);
                } else if within.off().is_none() && !parts.iter().any(StagePart::is_done) {
                    self.mark(name.span, Support::NotYet, NOTHING);
                }
                into.append(&mut parts);
            }
            Ok(Said::Given(note)) => {
                self.taken(name.span.start, &note, scope);
                if name.text == "checkout" && scope.off().is_none() && scope.guards.is_empty() {
                    self.bare = None;
                }
                let (span, what) = (step.span, name.text.clone());
                into.push(StagePart::Comment(Comment { span, what, why: note, is_left: false }));
            }
            Ok(Said::Script(text)) => self.script(step, name, &text, entry.as_ref(), scope, into),
            Err(why) => {
                self.leave_step(step, &why, entry.as_ref(), into);
                if !self.is_aside(step) {
                    self.hold(step.span, &name.text);
                }
                let mut within = scope.clone();
                within.turn_off(&format!("in {}", name.text));
                // What is not known may bring a node, as `node` does.
                within.is_nowhere &= name.text != "node" && entry.is_some();
                self.steps(inner, &within, into);
            }
        }
    }

    /// What a step inherits that wants files before there are any.
    fn bare_scope(&self, step: &Step<'_>, name: &str, scope: &Scope) -> Option<Scope> {
        let line = self.bare.filter(|_| scope.off().is_none() && wants_files(step, name))?;
        let mut scope = scope.clone();
        scope.turn_off(&format!("there are no sources yet, by line {line}"));
        Some(scope)
    }

    /// What stands in the braces of a step, which does nothing by itself.
    fn inside(
        &mut self,
        name: &Key,
        note: &str,
        inner: &[Step<'_>],
        within: &Scope,
        into: &mut Vec<StagePart>,
    ) {
        self.taken(name.span.start, note, within);
        let begin = into.len();
        self.steps(inner, within, into);
        let is_done = into.iter().skip(begin).any(StagePart::is_done);
        if !is_done && within.off().is_none() {
            self.mark(name.span, Support::NotYet, NOTHING);
        }
    }

    pub(super) fn taken(&mut self, at: u32, note: &str, scope: &Scope) {
        let (support, note) = match scope.off() {
            Some(why) => (Support::NotYet, why),
            None => (Support::Runs, note.to_owned()),
        };
        self.plan.marks.insert(at, Mark { support, note });
    }

    pub(super) fn leave_step(
        &mut self,
        step: &Step<'_>,
        left: &Left,
        entry: Option<&Entry>,
        into: &mut Vec<StagePart>,
    ) {
        let Some(name) = &step.name else {
            return;
        };
        self.mark(name.span, left.support, &left.why);
        let why = match entry {
            Some(entry) if left.why.is_empty() => format!("of the plugin {}", entry.plugin),
            _ => left.why.clone(),
        };
        let (span, what) = (step.span, name.text.clone());
        into.push(StagePart::Comment(Comment { span, what, why, is_left: true }));
    }

    /// Why a step cannot be taken over whatever it is given.
    fn refusal(
        &self,
        step: &Step<'_>,
        name: &str,
        entry: Option<&Entry>,
        scope: &Scope,
    ) -> Option<Left> {
        if step.code.is_some() {
            return Some(left(Support::Interpreter, "Groovy"));
        }
        if self.known.is_of_groovy(name) {
            return Some(left(Support::Interpreter, "a method of this file"));
        }
        let Some(entry) = entry else {
            let why = "no step of a known plugin: of a shared library?";
            return Some(left(Support::Library, why));
        };
        if needs_agent(name, scope) {
            return Some(left(Support::Never, "it has no agent, so Jenkins fails there"));
        }
        if entry.support == Support::Runs {
            return None;
        }
        let mut values = values(&step.arguments).into_iter();
        let is_plain = values.all(|value| self.is_plain(value, scope));
        if !is_plain && entry.support < Support::Interpreter {
            return Some(left(Support::Interpreter, "an argument is an expression"));
        }
        Some(left(entry.support, entry.note.clone()))
    }

    fn is_plain(&self, value: &Value<'_>, scope: &Scope) -> bool {
        crate::verdict::is_plain(value) || self.bits(value, scope).is_ok()
    }

    fn said(&mut self, step: &Step<'_>, name: &str, scope: &Scope) -> Result<Said<'static>, Left> {
        let arguments = &step.arguments;
        let given = |argument: &str| argument_of(arguments, argument).ok_or_else(groovy);
        let is_moved = !scope.directories.is_empty();
        let inside = |scope: Scope| Ok(Said::Inside(Box::new(scope)));
        match name {
            "sh" => self.shell(arguments, scope).map(Said::Script),
            "echo" => {
                let word = word(&self.bits(given("message")?, scope)?);
                Ok(Said::Script(format!("printf '%s\\n' {word}")))
            }
            "error" => {
                let word = word(&self.bits(given("message")?, scope)?);
                Ok(Said::Script(format!("printf '%s\\n' {word} >&2\nexit 1")))
            }
            "sleep" => sleep(arguments).map(|seconds| Said::Script(format!("sleep {seconds}"))),
            "writeFile" => self.write_file(arguments, scope).map(Said::Script),
            "dir" => {
                let mut within = scope.clone();
                within.directories.push(self.directory(single(arguments), scope)?);
                inside(within)
            }
            "withEnv" => inside(self.with_env(single(arguments), scope)?),
            "timeout" => {
                let mut within = scope.clone();
                let seconds = timeout(arguments)?;
                within.timeout = Some(scope.timeout.map_or(seconds, |known| known.min(seconds)));
                Ok(Said::Limit(
                    Box::new(within),
                    "a time limit is that of one step, not of several",
                ))
            }
            "timestamps" => inside(scope.clone()),
            "ansiColor" => inside(self.colours(single(arguments), scope)?),
            "checkout" => match (is_scm(single(arguments), &self.known), is_moved) {
                // Jenkins' git plugin puts back what was changed of the commit's files.
                (true, false) if self.is_touched && scope.image.is_none() => {
                    Ok(Said::Script("git checkout --force \"$PILOTHOUSE_COMMIT\"".to_owned()))
                }
                (true, false) if self.is_touched => {
                    let why = "files that a step changed are not put back in a container";
                    Err(left(Support::NotYet, why))
                }
                (true, false) => Ok(Said::Given(self.note("checkout"))),
                (true, true) => Err(left(Support::NotYet, "a checkout into another directory")),
                (false, _) => {
                    let why = "a run has one repository; another one is cloned by sh";
                    Err(left(Support::Adapter, why))
                }
            },
            "archiveArtifacts" => {
                let why = "say artifact = [\"…\"] at the top, with paths and no patterns";
                Err(left(Support::NotYet, why))
            }
            "deleteDir" | "cleanWs" if self.is_fresh(step, scope) => {
                self.bare = Some(self.line(step.span));
                let why = "each run has a workspace of its own; nothing runs before checkout scm";
                Ok(Said::Given(why.to_owned()))
            }
            "deleteDir" | "cleanWs" => {
                let why = "each run has a workspace of its own, and it would delete the sources";
                Err(left(Support::NotYet, why))
            }
            // A table of one's own may say of more steps that they run.
            _ => Err(left(Support::NotYet, "pilothouse.toml has no words for it yet")),
        }
    }

    /// Whether to empty the workspace takes nothing away but the sources.
    fn is_fresh(&self, step: &Step<'_>, scope: &Scope) -> bool {
        let is_whole = values(&step.arguments).is_empty() && scope.directories.is_empty();
        is_whole && !self.is_touched && scope.guards.is_empty() && scope.off().is_none()
    }

    fn note(&self, step: &str) -> String {
        self.table.step(step).map(|entry| entry.note.clone()).unwrap_or_default()
    }

    fn shell(&self, arguments: &Arguments<'_>, scope: &Scope) -> Result<String, Left> {
        let Arguments::Named(named) = arguments else {
            return Err(groovy());
        };
        for (key, value) in named {
            match (key.text.as_str(), &value.kind) {
                ("script" | "encoding" | "label", _)
                | ("returnStdout" | "returnStatus", ValueKind::Bool(false)) => {}
                ("returnStdout", _) => {
                    return Err(left(Support::Interpreter, "its output is given to Groovy"));
                }
                ("returnStatus", _) => {
                    let why = "its status is given to Groovy, and its failure is none";
                    return Err(left(Support::Interpreter, why));
                }
                _ => return Err(groovy()),
            }
        }
        let value = argument_of(arguments, "script").ok_or_else(groovy)?;
        let bits = self.bits(value, scope)?;
        let is_other = matches!(bits.first(), Some(Bit::Text(text)) if text.starts_with("#!"));
        if is_other && bits.iter().any(|bit| matches!(bit, Bit::Outside(_))) {
            return Err(groovy());
        }
        let text = script(&bits)?;
        let mut variables = scope.variables.iter();
        if leaves_process(&text, &scope.variables)
            || variables.any(|(name, bits)| keeps_processes(name, bits))
        {
            let why = "it may leave a process in the background, which here ends with its step";
            return Err(left(Support::NotYet, why));
        }
        match missing(&text, scope) {
            Some(name) => Err(not_set(name)),
            None => Ok(text),
        }
    }
}

/// Whether it does something with files, and nothing else stands in it.
fn wants_files(step: &Step<'_>, name: &str) -> bool {
    let is_alone = step.steps.is_none() && step.code.is_none();
    is_alone && !matches!(name, "echo" | "error" | "sleep" | "checkout" | "cleanWs" | "deleteDir")
}

/// Whether Jenkins fails at a step because no agent has a workspace for it (workflow-api,
/// "Required context class hudson.FilePath is missing").
fn needs_agent(step: &str, scope: &Scope) -> bool {
    scope.is_nowhere && matches!(step, "sh" | "writeFile" | "dir" | "checkout")
}

fn note_of(entry: Option<&Entry>) -> String {
    entry.map(|entry| entry.note.clone()).unwrap_or_default()
}
