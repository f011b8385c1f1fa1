//! Scripts as they are written.
//!
//! Responsible for what stands before a script's own text, and for which scripts are one step: what
//! one of them changes in its container the next one finds only there. Where they cannot be one,
//! the next is left.

use std::fmt::Write as _;
use std::rc::Rc;

use super::argument::{USUAL, pause};
use super::command::is_whole;
use super::outside::changed;
use super::shell::{uses, word};
use super::time::WEEK;
use super::value::{Bit, Left, OUTSIDE, left};
use super::{Comment, Planner, Scope, Script, StagePart, Variables};
use crate::model::{Key, Step};
use crate::table::{Entry, Support};

/// The longest script with what stands before it, in bytes: less than a step may have, since
/// several are put together.
const SCRIPT_BYTES: usize = 60 * 1024;
/// The most that all scripts have together with their variables, in bytes: a short name may stand
/// for a long text, and each step has all of them.
const PLAN_BYTES: usize = 4 * 1024 * 1024;
/// Variables that each script of a run has; no others need to be taken away, since those of an
/// image, or of an agent itself, Jenkins leaves there (hudson.Launcher, "inherit").
const GIVEN: [&str; 3] = ["CI", "XDG_CACHE_HOME", "npm_config_cache"];
/// The most steps that are one step.
const MOST_PIECES: usize = 1000;

/// A script that changed its container.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// Where the name of its step begins.
    at: u32,
    line: usize,
    /// The command that did.
    command: String,
}

/// The text of one of the steps that a step is made of.
#[derive(Debug)]
pub(super) struct Piece {
    /// Where the name of the step begins.
    pub at: u32,
    text: String,
    /// How long it is with those before it.
    end: usize,
}

impl Script {
    /// What it runs. Of several each has a shell of its own, as in Jenkins: its directory, its
    /// variables and its `exit` are not the next one's, and `-e` ends the step at the first that
    /// fails.
    pub(crate) fn text(&self) -> String {
        match self.pieces.as_slice() {
            [piece] => piece.text.clone(),
            pieces => pieces.iter().fold(String::new(), |mut all, piece| {
                let _ = writeln!(all, "(\n{}\n)", piece.text.trim_end_matches('\n'));
                all
            }),
        }
    }

    /// Its time limit in seconds, where it says one; several have together what each would have.
    pub(crate) fn limit(&self) -> Option<u64> {
        let count = u64::try_from(self.pieces.len()).unwrap_or(1);
        self.timeout.or_else(|| (count > 1).then_some((USUAL * count).min(WEEK)))
    }

    /// Its variables; those that name one of a run are set by its text, and those that are set to
    /// nothing by nobody. An empty parameter Jenkins takes away where it starts a process
    /// (`hudson.Launcher`, "inherit"), but it hands it over to a container as it is (docker-workflow,
    /// `WithContainerStep`).
    pub(crate) fn env(&self, has_image: bool) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().filter_map(move |(name, bits)| match bits.as_slice() {
            [] => has_image.then_some((name.as_str(), "")),
            [Bit::Text(text)] => Some((name.as_str(), text.as_str())),
            _ => None,
        })
    }

    fn takes(&self, change: &Change, text: &str, variables: &Variables) -> bool {
        let length = self.pieces.last().map_or(0, |last| last.end);
        !self.is_off
            && (Rc::ptr_eq(&self.variables, variables) || self.variables == *variables)
            && self.pieces.len() < MOST_PIECES
            && self.pieces.iter().any(|piece| piece.at == change.at)
            && length + text.len() < SCRIPT_BYTES
            // What was added to it before can stand there.
            && (self.pieces.len() > 1 || self.pieces.iter().all(|one| is_joinable(&one.text)))
            && is_joinable(text)
    }
}

/// Whether it can stand in parentheses before another: it has no interpreter of its own, does
/// something, closes what it opens, has no here-document, whose end may be missing, and no alias,
/// since a shell reads all that stands in parentheses before it knows one.
fn is_joinable(text: &str) -> bool {
    let is_command = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    !text.starts_with("#!")
        && !text.contains("<<")
        && !text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "alias")
        && text.lines().any(is_command)
        && is_whole(text)
}

impl Planner<'_> {
    pub(super) fn script(
        &mut self,
        step: &Step<'_>,
        name: &Key,
        text: &str,
        entry: Option<&Entry>,
        scope: &Scope,
        into: &mut Vec<StagePart>,
    ) {
        let text = match whole(text, scope).and_then(|text| self.counted(text, scope)) {
            Ok(whole) => whole,
            Err(why) => {
                self.leave_step(step, &why, entry, into);
                return self.hold(step.span, &name.text);
            }
        };
        let timeout = scope.timeout.or_else(|| pause(&name.text, &step.arguments));
        let mut scope = scope.clone();
        if let Some(change) = self.change.clone()
            && scope.off().is_none()
            && scope.image.is_some()
        {
            let Change { line, command, .. } = &change;
            let last = into.iter_mut().rev().find_map(|part| match part {
                StagePart::Script(script) => Some(script),
                StagePart::Comment(_) => None,
            });
            let fits = |last: &&mut Script| {
                last.timeout == timeout && last.takes(&change, &text, &scope.variables)
            };
            let (span, what) = (step.span, name.text.clone());
            if let Some(last) = last.filter(fits) {
                let end = last.pieces.last().map_or(0, |last| last.end) + text.len();
                last.pieces.push(Piece { at: name.span.start, text, end });
                let why = format!(
                    "in one step with line {line}, since `{command}` may change its container"
                );
                self.taken(name.span.start, &why, &scope);
                self.is_touched |= !self.is_aside(step);
                into.push(StagePart::Comment(Comment { span, what, why, is_left: false }));
                return;
            }
            if name.text == "sh" {
                let why = format!(
                    "`{command}` of line {line} may change its container, and each step has one of its own"
                );
                scope.turn_off(&why);
                into.push(StagePart::Comment(Comment { span, what, why, is_left: true }));
            }
        }
        let note = entry.map(|entry| entry.note.as_str()).unwrap_or_default();
        self.taken(name.span.start, note, &scope);
        let is_off = scope.off().is_some();
        let is_script = matches!(name.text.as_str(), "sh" | "writeFile");
        if is_script && !is_off && scope.image.is_some() && self.change.is_none() {
            let (at, line) = (name.span.start, self.line(step.span));
            self.change =
                changed(&text, &scope.variables).map(|command| Change { at, line, command });
        }
        if !self.is_aside(step) {
            self.is_touched |= !is_off;
            if is_off {
                self.hold(step.span, &name.text);
            }
        }
        let pieces = vec![Piece { at: name.span.start, end: text.len(), text }];
        let name = name.text.clone();
        let variables = Rc::clone(&scope.variables);
        into.push(StagePart::Script(Script { name, timeout, variables, pieces, is_off }));
    }

    /// A script, where the pipeline is not too long with it.
    fn counted(&mut self, text: String, scope: &Scope) -> Result<String, Left> {
        let bytes = self.bytes + text.len() + scope.bytes();
        if bytes > PLAN_BYTES {
            let why = "the scripts of the pipeline are too long, with the variables of each";
            return Err(left(Support::NotYet, why));
        }
        self.bytes = bytes;
        Ok(text)
    }
}

/// A script with what has to stand before it.
fn whole(text: &str, scope: &Scope) -> Result<String, Left> {
    let refuse = |why: &str| Err(left(Support::NotYet, why));
    if text.trim().is_empty() {
        return refuse("its script is empty");
    }
    let too_long = "its script is too long, with what has to stand before it";
    if text.contains('\0') {
        return refuse("its script holds NUL");
    }
    if text.len() > SCRIPT_BYTES {
        return refuse(too_long);
    }
    let mut before = scope.guards.concat();
    for (name, bits) in scope.variables.iter() {
        // Many variables may each be long.
        if before.len() + text.len() > SCRIPT_BYTES {
            return refuse(too_long);
        }
        match bits.as_slice() {
            [] if scope.image.is_some() => {}
            [] | [Bit::Unset] if GIVEN.contains(&name.as_str()) => {
                let _ = writeln!(before, "unset {name}");
            }
            [] | [Bit::Text(_) | Bit::Unset] => {}
            bits => {
                let _ = writeln!(before, "export {name}={}", word(bits));
            }
        }
    }
    for outside in OUTSIDE.iter().filter(|outside| outside.ours != outside.theirs) {
        let is_set = scope.value(outside.theirs).is_some();
        if !is_set && uses(text, outside.theirs, false).is_some() {
            let _ = writeln!(before, "export {}=\"${}\"", outside.theirs, outside.ours);
        }
    }
    for directory in &scope.directories {
        // Two lines: in `a && b` a shell with -e goes on where `a` fails.
        let _ = writeln!(before, "mkdir -p -- {directory}\ncd -- {directory}");
    }
    if text.starts_with("#!") && !before.is_empty() {
        return refuse("its own interpreter reads it, so nothing can be put before it");
    }
    before.push_str(text);
    if before.len() > SCRIPT_BYTES {
        return refuse(too_long);
    }
    Ok(before)
}
