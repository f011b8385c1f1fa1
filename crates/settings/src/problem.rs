//! What can be wrong with a file, and how it is said.
//!
//! Responsible for the type and its rendering. It judges nothing. The file's own text is shown
//! through [`pilothouse_core::text::printable`], because a repository's file is hostile text.

use std::fmt::{self, Write as _};

use pilothouse_core::text::printable;
use unicode_width::UnicodeWidthStr;

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of problem; callers branch on this.
    pub kind: ProblemKind,
    /// The file's name as it was given to the reader.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// How many characters of that line are meant; 0 where nothing stands there.
    pub length: usize,
    /// The whole line as it stands in the file, hostile text.
    pub source_line: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// What can be wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// It is not TOML.
    Syntax,
    /// It, or something in it, is larger than is read.
    TooLarge,
    /// No such key exists there.
    UnknownKey,
    /// The key exists, but in the other file.
    Misplaced,
    /// A key that is needed is not there.
    Missing,
    /// A value is of another type than the key takes.
    WrongType,
    /// A value has the right type and cannot be used.
    WrongValue,
    /// Two things in the file contradict each other.
    Conflict,
}

/// The widest part of a source line that is shown, in characters.
const WINDOW: usize = 100;
/// How many characters stay visible before the place that is meant.
const BEFORE: usize = 40;

impl fmt::Display for Problem {
    /// Writes place and message, the line with a caret under the place, and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = printable(&self.file, 200);
        writeln!(f, "{file}:{}:{}: {}", self.line, self.column, self.message)?;
        if self.length == 0 && self.source_line.is_empty() {
            return write!(f, "  = {}", self.help);
        }
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        let (shown, before, marked) = self.window();
        writeln!(f, "  {number} | {shown}")?;
        let indent = " ".repeat(before);
        writeln!(f, "  {gutter} | {indent}{}", "^".repeat(marked.max(1)))?;
        write!(f, "  {gutter} = {}", self.help)
    }
}

impl std::error::Error for Problem {}

impl Problem {
    /// The visible part of the line, and in terminal columns what stands before the place and
    /// how wide the place is.
    fn window(&self) -> (String, usize, usize) {
        let line: Vec<char> = self.source_line.chars().collect();
        let at = (self.column - 1).min(line.len());
        let start = if line.len() > WINDOW && at > BEFORE { at - BEFORE } else { 0 };
        let end = line.len().min(start + WINDOW);
        let mark_end = (at + self.length).min(end);
        let shown = |from: usize, to: usize| {
            let part: String = line.get(from..to).unwrap_or_default().iter().collect();
            printable(&part, WINDOW)
        };
        let before = shown(start, at);
        let marked = shown(at, mark_end);
        let lead = if start > 0 { "…" } else { "" };
        let tail = if end < line.len() { "…" } else { "" };
        let text = format!("{lead}{}{tail}", shown(start, end));
        (text.trim_end().to_owned(), lead.chars().count() + before.width(), marked.width())
    }
}

/// Writes all problems of a file so that the first line alone says most: how many there are, and
/// what somebody wrote before what nobody wrote. A typo is why a key is missing, not the reverse.
pub fn told(problems: &[Problem]) -> String {
    let mut told: Vec<&Problem> = problems.iter().collect();
    told.sort_by_key(|problem| match problem.kind {
        ProblemKind::Syntax | ProblemKind::UnknownKey | ProblemKind::Misplaced => 0,
        ProblemKind::TooLarge
        | ProblemKind::WrongType
        | ProblemKind::WrongValue
        | ProblemKind::Conflict => 1,
        ProblemKind::Missing => 2,
    });
    let said: Vec<String> = told.into_iter().map(ToString::to_string).collect();
    let count = match problems.len() {
        0 | 1 => String::new(),
        many => format!("{many} problems, first: "),
    };
    format!("{count}{}", said.join("\n"))
}

/// Writes all problems for people, with a line that counts them.
pub fn report(problems: &[Problem]) -> String {
    let mut out = String::new();
    for problem in problems {
        out.push_str(&problem.to_string());
        out.push_str("\n\n");
    }
    match problems {
        [] => out.push_str("no problems\n"),
        [_] => out.push_str("1 problem\n"),
        many => {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{} problems", many.len());
        }
    }
    out
}
