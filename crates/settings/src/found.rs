//! The problems found so far in one file, and where its lines begin.
//!
//! Responsible for turning byte ranges into lines and columns and for the order of the report.

use std::ops::{Range, RangeInclusive};

use pilothouse_core::text::printable;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::{MOST_BYTES, MOST_PROBLEMS, Problem, ProblemKind};

/// What to do about text that is no TOML. The parser tells what is wrong in words alone, so one
/// sentence says how a file is written.
const SYNTAX_HELP: &str = "lines look like key = \"value\", headers like [service], each written once; # begins a comment";

/// Collects the problems of one file.
pub(crate) struct Found<'a> {
    file: &'a str,
    text: &'a str,
    problems: Vec<(Range<usize>, Problem)>,
    hidden: Vec<RangeInclusive<usize>>,
    meant: Vec<(usize, &'static str)>,
    line_starts: Vec<usize>,
}

impl<'a> Found<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        let feeds = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0).chain(feeds.map(|(at, _)| at + 1));
        Self {
            file,
            text,
            problems: Vec::new(),
            hidden: Vec::new(),
            meant: Vec::new(),
            line_starts: line_starts.collect(),
        }
    }

    /// Parses the text, noting every syntax error; what could be understood is returned.
    pub(crate) fn parse(&mut self) -> Spanned<DeTable<'a>> {
        let (root, errors) = DeTable::parse_recoverable(self.text);
        for error in errors.into_iter().take(MOST_PROBLEMS) {
            let end = self.text.len();
            let span = error.span().unwrap_or(end..end);
            let message = format!("this is not TOML: {}", printable(error.message(), 200));
            self.add(ProblemKind::Syntax, span, &message, SYNTAX_HELP);
        }
        self.hide_secrets(root.get_ref(), false);
        if !self.problems.is_empty() {
            self.hide_likely_secrets();
        }
        root
    }

    pub(crate) fn add(&mut self, kind: ProblemKind, at: Range<usize>, message: &str, help: &str) {
        if self.is_full() {
            return;
        }
        let problem = self.locate(kind, &at, message, help);
        self.problems.push((at, problem));
    }

    /// Notes every line in which a secret's value stands, wherever in the file `secrets` is
    /// written: such a line is shown on no screen. The parser limits how deep tables nest.
    fn hide_secrets(&mut self, table: &DeTable<'_>, within: bool) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let is_source = within && matches!(name, "file" | "command");
            self.hide_value(value, !is_source && (within || name == "secrets"));
        }
    }

    fn hide_value(&mut self, value: &Spanned<DeValue<'_>>, within: bool) {
        match value.get_ref() {
            DeValue::Table(table) => self.hide_secrets(table, within),
            DeValue::Array(items) => items.iter().for_each(|item| self.hide_value(item, within)),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => {
                if within {
                    let span = value.span();
                    let lines = self.line(span.start)..=self.line(span.end);
                    self.hidden.push(lines);
                }
            }
        }
    }

    /// Notes the lines that look as if secrets were written there, for a text that is not TOML
    /// and so has no tree: from a line that says `secrets` to the next header or empty line.
    fn hide_likely_secrets(&mut self) {
        let mut within = false;
        for (line, number) in self.text.split('\n').zip(1..) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('[') {
                within = false;
            }
            within = within || line.contains("secrets");
            if within {
                self.hidden.push(number..=number);
            }
        }
    }

    /// Notes that the line of this place is shown on no screen.
    pub(crate) fn hide(&mut self, at: usize) {
        let line = self.line(at);
        self.hidden.push(line..=line);
    }

    /// Whether no further problem is kept.
    pub(crate) fn is_full(&self) -> bool {
        self.problems.len() >= MOST_PROBLEMS
    }

    /// Notes that a key was probably meant in the section that begins here, so that it is not
    /// called missing as well.
    pub(crate) fn means(&mut self, section: usize, key: &'static str) {
        self.meant.push((section, key));
    }

    /// Whether a key was probably meant in the section that begins here.
    pub(crate) fn is_meant(&self, section: usize, key: &str) -> bool {
        self.meant.contains(&(section, key))
    }

    /// The line, from 1, in which a byte stands.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= at).max(1)
    }

    fn locate(&self, kind: ProblemKind, at: &Range<usize>, message: &str, help: &str) -> Problem {
        let start = boundary(self.text, at.start);
        let end = boundary(self.text, at.end).max(start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |found| found + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |found| start + found);
        let source = self.text[line_start..line_end].trim_end_matches('\r');
        let before = &self.text[line_start..start];
        let marked = &self.text[start..end.min(line_end)];
        // What is missing from the file as a whole stands nowhere.
        let is_whole = *at == (0..0);
        Problem {
            kind,
            file: self.file.to_owned(),
            line: self.line(start),
            column: before.chars().count() + 1,
            length: marked.trim_end_matches('\r').chars().count(),
            source_line: if is_whole { String::new() } else { source.to_owned() },
            message: message.to_owned(),
            help: help.to_owned(),
        }
    }

    /// All problems in file order.
    ///
    /// Beside a syntax error, what only follows from the text that could not be understood is
    /// left out: what is missing, what contradicts, and what stands in the same line.
    pub(crate) fn sorted(mut self) -> Vec<Problem> {
        let is_syntax = |problem: &&Problem| problem.kind == ProblemKind::Syntax;
        let broken: Vec<(usize, bool)> = self
            .problems
            .iter()
            .map(|(_, problem)| problem)
            .filter(is_syntax)
            .map(|problem| (problem.line, problem.source_line.trim_start().starts_with('[')))
            .collect();
        // Behind a header that could not be understood, keys stand in the wrong table.
        let lost = broken.iter().find(|(_, is_header)| *is_header);
        let lost = lost.map_or(usize::MAX, |(line, _)| *line);
        if !broken.is_empty() {
            self.problems.retain(|(_, problem)| match problem.kind {
                ProblemKind::Syntax | ProblemKind::TooLarge => true,
                ProblemKind::Missing | ProblemKind::Conflict => false,
                ProblemKind::UnknownKey
                | ProblemKind::Misplaced
                | ProblemKind::WrongType
                | ProblemKind::WrongValue => {
                    problem.line < lost && broken.iter().all(|(line, _)| *line != problem.line)
                }
            });
        }
        self.problems.sort_by_key(|(at, _)| (at.start, at.end));
        self.problems.dedup();
        for (_, problem) in &mut self.problems {
            if self.hidden.iter().any(|lines| lines.contains(&problem.line)) {
                hide(problem);
            }
        }
        self.problems.into_iter().map(|(_, problem)| problem).collect()
    }

    /// The value if nothing was found, otherwise all that was.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, Vec<Problem>> {
        let problems = self.sorted();
        if problems.is_empty() { Ok(value) } else { Err(problems) }
    }
}

/// The problem of a file that is larger than is read.
pub(crate) fn too_large(file: &str) -> Problem {
    Problem {
        kind: ProblemKind::TooLarge,
        file: file.to_owned(),
        line: 1,
        column: 1,
        length: 0,
        source_line: String::new(),
        message: format!("the file is larger than {} KiB", MOST_BYTES / 1024),
        help: "move long scripts into files of the repository and call them".to_owned(),
    }
}

/// Shows nothing of the line: a secret may stand anywhere in it.
fn hide(problem: &mut Problem) {
    let shown = "(hidden: a secret stands in this line)";
    problem.source_line = format!("{}{shown}", " ".repeat(problem.column - 1));
    problem.length = problem.length.clamp(1, shown.len());
}

fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
