//! What is said of a file.
//!
//! Responsible for one look at a file's bytes with everything that people and programs are told,
//! owned and with lines and columns, and for its forms for programs: JSON and SARIF. How it looks
//! on a terminal is decided where there is one.

mod json;
mod sarif;

use std::borrow::Cow;

use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::judge::judge;
use crate::parser::parse;
use crate::source::{Lines, Position};
use crate::table::{Support, Table};
use crate::verdict::{Item, Level, Part, verdict};
use crate::{MOST_BYTES, MOST_PROBLEMS};
pub use json::json;
pub use sarif::sarif;

/// What is said of a file.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the file is called.
    pub file: String,
    /// How far it is from running.
    pub level: Level,
    /// What else is to be known of it.
    pub note: Option<String>,
    /// What is wrong with it, in order: the first of all.
    pub problems: Vec<Problem>,
    /// How many more there are, which are not told.
    pub more_problems: usize,
    /// Each part of it, in order.
    pub parts: Vec<Told>,
}

/// A problem of a file.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What kind of problem it is.
    pub kind: DiagnosticKind,
    /// Where it begins.
    pub from: Position,
    /// Where it ends.
    pub to: Position,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub advice: Option<String>,
    /// The line that it stands in.
    pub line: String,
}

/// A part of a file.
#[derive(Clone, Debug)]
pub struct Told {
    /// What it is.
    pub part: Part,
    /// What it is called.
    pub name: String,
    /// Where it stands.
    pub at: Position,
    /// How deep it is in other parts.
    pub depth: usize,
    /// What Pilothouse does with it.
    pub support: Support,
    /// The plugin that brings it.
    pub plugin: Option<String>,
    /// Why.
    pub note: String,
}

impl Report {
    /// Looks at a file.
    pub fn of(file: &str, bytes: &[u8], table: &Table) -> Self {
        if bytes.len() > MOST_BYTES {
            return Self::too_large(file);
        }
        let text = String::from_utf8_lossy(bytes);
        let lines = Lines::new(&text);
        let (script, grammar) = parse(&text);
        let note = match &text {
            // Jenkins reads such a file as well, with signs in it that nobody wrote.
            Cow::Owned(_) => no_text(bytes, &lines),
            Cow::Borrowed(text) => lost(text, &lines),
        };
        let judged = judge(&text, &script, &grammar, table);
        let is_refused = !judged.problems.is_empty();
        let verdict = verdict(&text, &script, judged.pipeline.as_ref(), is_refused, table);
        let is_unread = judged.problems.iter().any(|one| one.kind == DiagnosticKind::Limit);
        let more_problems = judged.problems.len().saturating_sub(MOST_PROBLEMS);
        let problems = judged.problems.iter().take(MOST_PROBLEMS);
        Self {
            file: file.to_owned(),
            level: if is_unread { Level::Unread } else { verdict.level },
            note,
            problems: problems.map(|problem| located(problem, &lines)).collect(),
            more_problems,
            parts: verdict.items.into_iter().map(|item| told(item, &lines)).collect(),
        }
    }

    /// What is said of a file of more than [`MOST_BYTES`], which need not be read for that.
    fn too_large(file: &str) -> Self {
        let most = MOST_BYTES >> 20;
        let message = format!("the file has more than {most} MiB, which is not read here");
        Self::unread(file, message, Some("a Jenkinsfile is a few hundred lines long"))
    }

    /// What is said of a file that could not be read.
    pub fn unread(file: &str, message: String, advice: Option<&str>) -> Self {
        let start = Position { line: 1, column: 1 };
        let problem = Problem {
            kind: DiagnosticKind::Limit,
            from: start,
            to: start,
            message,
            advice: advice.map(str::to_owned),
            line: String::new(),
        };
        let (level, parts) = (Level::Unread, Vec::new());
        let problems = vec![problem];
        Self { file: file.to_owned(), level, note: None, problems, more_problems: 0, parts }
    }

    /// The level in a few words, then what is wrong, or else what would not run: at most so many
    /// lines of those.
    pub fn summary(&self, most: usize) -> Vec<String> {
        let mut lines = vec![format!("level {}, {}", self.level.number(), self.level.words())];
        let file = &self.file;
        let wrong = self.problems.iter().map(|problem| {
            let Position { line, column } = problem.from;
            format!("{file}:{line}:{column}: {}", problem.message)
        });
        // A stage that does not run has steps that say why.
        let is_said = |part: &&Told| part.support != Support::Runs && part.part != Part::Stage;
        let missing = self.parts.iter().filter(is_said);
        let missing = missing.map(|part| {
            let Position { line, column } = part.at;
            let (kind, name, words) = (part.part.name(), &part.name, part.support.words());
            format!("{file}:{line}:{column}: {kind} {name}: {words}")
        });
        let all: Vec<String> =
            if self.problems.is_empty() { missing.collect() } else { wrong.collect() };
        let (run, parts) = (self.count(Support::Runs), self.parts.len());
        if self.problems.is_empty() {
            lines.push(format!("{run} of {parts} parts run"));
        }
        let left = all.len().saturating_sub(most) + self.more_problems;
        lines.extend(all.into_iter().take(most));
        if left > 0 {
            lines.push(format!("and {left} more"));
        }
        lines
    }

    /// How many parts need this.
    pub fn count(&self, support: Support) -> usize {
        self.parts.iter().filter(|part| part.support == support).count()
    }

    /// The parts that nobody knows.
    pub fn unknown(&self) -> impl Iterator<Item = &Told> {
        self.parts.iter().filter(|part| part.is_unknown())
    }
}

impl Told {
    /// Whether nobody knows it.
    pub const fn is_unknown(&self) -> bool {
        matches!(self.support, Support::Library) && self.plugin.is_none()
    }
}

/// Says of a file that is no text where it stops being one.
fn no_text(bytes: &[u8], lines: &Lines<'_>) -> Option<String> {
    let at = std::str::from_utf8(bytes).err()?.valid_up_to();
    let Position { line, column } = lines.position(u32::try_from(at).ok()?);
    Some(format!("no UTF-8 text from line {line}, column {column} on; save it as UTF-8"))
}

/// Says where a letter was lost already, as programs put U+FFFD in the place of what they cannot read.
fn lost(text: &str, lines: &Lines<'_>) -> Option<String> {
    let at = u32::try_from(text.find(char::REPLACEMENT_CHARACTER)?).ok()?;
    let Position { line, column } = lines.position(at);
    Some(format!(
        "a letter was lost in line {line}, column {column}: U+FFFD stands in its place, since the file \
         was once read in another encoding; write the letter again"
    ))
}

fn located(problem: &Diagnostic, lines: &Lines<'_>) -> Problem {
    let from = lines.position(problem.span.start);
    Problem {
        kind: problem.kind,
        from,
        to: lines.position(problem.span.end),
        message: problem.message.clone(),
        advice: problem.advice.clone(),
        line: lines.line(from.line).to_owned(),
    }
}

fn told(item: Item, lines: &Lines<'_>) -> Told {
    Told {
        part: item.part,
        name: item.name,
        at: lines.position(item.span.start),
        depth: item.depth,
        support: item.support,
        plugin: item.plugin,
        note: item.note,
    }
}

#[cfg(test)]
mod tests;
