//! One look at a file.

mod quotes;

use crate::check::check;
use std::collections::HashSet;

use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::lexer::UNCLOSED_STRING;
use crate::model::Pipeline;
use crate::read::{Read, read};
use crate::scope::{declared_twice, imports_in_braces};
use crate::source::{Lines, Span};
use crate::syntax::Script;
use crate::table::Table;

/// What some editors put in front of a text. Groovy leaves it out where it reads a file by itself;
/// Jenkins gives it a text.
const MARK: char = '\u{feff}';
/// Its length in bytes.
const MARK_BYTES: u32 = 3;

/// What a file is, and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Judged<'t> {
    /// The pipeline, as far as it could be read; nothing where the file has none.
    pub pipeline: Option<Pipeline<'t>>,
    /// What is wrong, in the order of the text.
    pub problems: Vec<Diagnostic>,
    /// What Jenkins would say of names that no plugin brings which is known here, if it has none for
    /// them either.
    pub unknown: Vec<Diagnostic>,
}

/// Judges a script that was parsed, with the problems of its grammar.
pub fn judge<'t>(
    text: &'t str,
    script: &'t Script<'t>,
    grammar: &[Diagnostic],
    table: &'t Table,
) -> Judged<'t> {
    let Read { pipeline, problems } = read(text, script, table);
    let mut all = grammar.to_vec();
    if grammar.is_empty() {
        // Where a mistake was mended, names may stand in other braces than were meant.
        all.extend(declared_twice(text, script));
        all.extend(imports_in_braces(script));
    }
    if text.starts_with(MARK) {
        let span = Span::new(0, MARK_BYTES);
        let what = "the file begins with a byte order mark, which is a letter to Groovy";
        let problem = Diagnostic::declarative(span, what);
        all.push(problem.advise("save it as UTF-8 without a byte order mark"));
    }
    all.extend(problems);
    if let Some(pipeline) = &pipeline {
        all.extend(check(text, script, pipeline, table));
    }
    for problem in &mut all {
        quotes::advise(text, problem);
    }
    let quotes = quotes::quotes(text);
    let lines = Lines::new(text);
    let told: HashSet<usize> =
        quotes.iter().map(|quote| lines.position(quote.span.start).line).collect();
    // What else is said of such a line follows from it.
    all.retain(|problem| !told.contains(&lines.position(problem.span.start).line));
    all.extend(quotes);
    drop_followers(text, &mut all);
    all.sort_by_key(|problem| problem.span.start);
    all.dedup_by(|left, right| {
        left.span.start == right.span.start && left.message == right.message
    });
    let (unknown, problems) =
        all.into_iter().partition(|problem| problem.kind == DiagnosticKind::Unknown);
    Judged { pipeline, problems, unknown }
}

/// Leaves out that something is missing in a part, where something else in it is told, and what is
/// read of a line from where a string is not closed on.
fn drop_followers(text: &str, all: &mut Vec<Diagnostic>) {
    let lines = Lines::new(text);
    let line = |problem: &Diagnostic| lines.position(problem.span.start).line;
    let is_unclosed = |problem: &&Diagnostic| problem.message.starts_with(UNCLOSED_STRING);
    let unclosed: HashSet<usize> = all.iter().filter(is_unclosed).map(line).collect();
    all.retain(|problem| {
        problem.kind != DiagnosticKind::Declarative || !unclosed.contains(&line(problem))
    });
    drop_odd(&mut *all, line);
    let causes = all.iter().filter(|problem| problem.lacks_in.is_none());
    let causes: Vec<u32> = causes.map(|problem| problem.span.start).collect();
    let mut told: Vec<Span> = Vec::new();
    all.retain(|problem| {
        let Some(part) = problem.lacks_in else {
            return true;
        };
        let is_cause = |at: &u32| (part.start + 1..part.end).contains(at);
        let is_first = !told.contains(&part);
        told.push(part);
        is_first && !causes.iter().any(is_cause)
    });
}

/// Leaves out what is read of a line behind a word of it that Groovy did not expect: the rest of such
/// a statement is no section and no step.
fn drop_odd(all: &mut Vec<Diagnostic>, line: impl Fn(&Diagnostic) -> usize) {
    let is_odd = |problem: &Diagnostic| {
        problem.kind == DiagnosticKind::Syntax && problem.message.starts_with("unexpected token")
    };
    let mut odd: Vec<(usize, u32)> = Vec::new();
    for problem in all.iter().filter(|problem| is_odd(problem)) {
        odd.push((line(problem), problem.span.start));
    }
    odd.sort_unstable();
    odd.dedup_by_key(|(line, _)| *line);
    all.retain(|problem| {
        let at = line(problem);
        let first = odd.binary_search_by_key(&at, |(line, _)| *line).ok();
        let Some((_, first)) = first.and_then(|index| odd.get(index)) else {
            return true;
        };
        let is_first = problem.span.start == *first;
        let is_shape =
            ["Expected a", "Not a valid"].iter().any(|begin| problem.message.starts_with(begin));
        if is_odd(problem) {
            is_first
        } else {
            problem.kind != DiagnosticKind::Declarative || !is_shape
        }
    });
}
