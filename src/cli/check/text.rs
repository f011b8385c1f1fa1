//! Reports for people.

use std::fmt::Write as _;

use jenkinsfile::report::{Problem, Report, Told};
use jenkinsfile::table::Support;
use jenkinsfile::verdict::{Level, Part};
use pilothouse_core::text::printable;

use super::paint::Ink;

/// The longest message, and the longest name of a part, in characters.
const MESSAGE: usize = 400;
const NAME: usize = 48;
/// The longest path, in characters.
const FILE: usize = 1000;
/// How much of a line is shown, and how much of it before the place.
const LINE: usize = 120;
const BEFORE: usize = 60;
/// The column in which verdicts begin.
const COLUMN: usize = 44;

/// All reports: problems, and each part or those that do not run.
pub fn told(reports: &[Report], is_whole: bool, is_on: bool) -> String {
    let mut out = String::new();
    for report in reports {
        head(&mut out, report, is_on);
        for problem in &report.problems {
            problem_of(&mut out, &report.file, problem, is_on);
        }
        if report.more_problems > 0 {
            let _ = writeln!(out, "and {} more mistakes", report.more_problems);
        }
        parts(&mut out, report, is_whole, is_on);
    }
    if reports.len() > 1 {
        summary(&mut out, reports, is_on);
    }
    out
}

fn head(out: &mut String, report: &Report, is_on: bool) {
    let file = Ink::Strong.paint(&printable(&report.file, FILE), is_on);
    let mut level = format!("level {}: {}", report.level.number(), report.level.words());
    let not_yet = report.count(Support::NotYet);
    if not_yet > 0 {
        let parts = if not_yet == 1 { "1 part" } else { &format!("{not_yet} parts") };
        let _ = write!(level, "; {parts} not yet");
    }
    let level = Ink::of_level(report.level).paint(&level, is_on);
    let _ = writeln!(out, "{file}  {level}");
    if let Some(note) = &report.note {
        let _ = writeln!(out, "  = {}", printable(note, MESSAGE));
    }
}

fn problem_of(out: &mut String, file: &str, problem: &Problem, is_on: bool) {
    let place = format!("{}:{}:{}:", printable(file, FILE), problem.from.line, problem.from.column);
    let message = cut(&problem.message);
    let message = Ink::Bad.paint(&message, is_on);
    let _ = writeln!(out, "{} {message}", Ink::Strong.paint(&place, is_on));
    let column = problem.from.column.saturating_sub(1);
    let is_long = problem.line.chars().count() > LINE;
    let skipped = if is_long { column.saturating_sub(BEFORE) } else { 0 };
    let shown: String = problem.line.chars().skip(skipped).take(LINE).collect();
    if !shown.trim().is_empty() {
        let _ = writeln!(out, "  | {}", printable(&shown, LINE));
        let is_one_line = problem.from.line == problem.to.line;
        let wide =
            if is_one_line { problem.to.column.saturating_sub(problem.from.column) } else { 1 };
        let room = LINE.saturating_sub(column - skipped);
        let before: String = shown.chars().take(column - skipped).collect();
        let pad = pilothouse_cockpit::width::of(&printable(&before, LINE));
        let caret = Ink::Bad.paint(&"^".repeat(wide.min(room).max(1)), is_on);
        let _ = writeln!(out, "  | {}{caret}", " ".repeat(pad));
    }
    if let Some(advice) = &problem.advice {
        let _ = writeln!(out, "  = {}", cut(advice));
    }
}

/// A sentence; a long one, as a list of all that would be right, ends behind a word.
fn cut(text: &str) -> String {
    let shown = printable(text, MESSAGE);
    match shown.strip_suffix('…').and_then(|shown| shown.rsplit_once(' ')) {
        Some((whole, _)) if !text.ends_with('…') => format!("{whole} …"),
        _ => shown,
    }
}

fn parts(out: &mut String, report: &Report, is_whole: bool, is_on: bool) {
    for part in &report.parts {
        let is_heading = matches!(part.part, Part::Stage);
        if is_whole || part.support != Support::Runs {
            part_of(out, part, is_heading, is_on);
        }
    }
}

fn part_of(out: &mut String, part: &Told, is_heading: bool, is_on: bool) {
    let indent = " ".repeat(2 + 2 * part.depth.min(12));
    let name = printable(&part.name, NAME);
    let place = format!("{}:{}", part.at.line, part.at.column);
    let left = match part.part {
        Part::Step => name,
        kind => format!("{} {name}", kind.name()),
    };
    let width = pilothouse_cockpit::width::of(&indent) + pilothouse_cockpit::width::of(&left);
    let gap = " ".repeat(COLUMN.saturating_sub(width).max(1));
    let left = if is_heading { Ink::Strong.paint(&left, is_on) } else { left };
    let verdict = Ink::of_support(part.support).paint(part.support.words(), is_on);
    let _ = write!(out, "{indent}{left}{gap}{place:<7} {verdict}");
    let plugin = part.plugin.as_deref().filter(|_| part.support == Support::Adapter);
    let why = match (plugin, part.note.as_str()) {
        (Some(plugin), "") => plugin.to_owned(),
        (Some(plugin), note) => format!("{plugin}; {note}"),
        (None, note) => note.to_owned(),
    };
    if !why.is_empty() && part.support != Support::Runs {
        let _ =
            write!(out, "{}", Ink::Faint.paint(&format!("  {}", printable(&why, MESSAGE)), is_on));
    }
    out.push('\n');
}

fn summary(out: &mut String, reports: &[Report], is_on: bool) {
    out.push('\n');
    for level in Level::ALL {
        let count = reports.iter().filter(|report| report.level == level).count();
        if count > 0 {
            let words = format!("level {}: {}", level.number(), level.words());
            let words = Ink::of_level(level).paint(&words, is_on);
            let _ = writeln!(out, "{count:>5}  {words}");
        }
    }
    let parts: usize = reports.iter().map(|report| report.parts.len()).sum();
    let unknown: usize = reports.iter().map(|report| report.unknown().count()).sum();
    let _ = writeln!(out, "{:>5}  files, {parts} parts, {unknown} unknown", reports.len());
}
