//! Reports as JSON.

use serde_json::{Value, json};

use super::{Problem, Report, Told};
use crate::verdict::Level;

/// All reports as one document. Fields are only ever added to it.
pub fn json(reports: &[Report]) -> Value {
    let levels = Level::ALL.into_iter().map(|level| {
        let count = reports.iter().filter(|report| report.level == level).count();
        (level.name().to_owned(), json!(count))
    });
    json!({
        "version": 1,
        "levels": levels.collect::<serde_json::Map<_, _>>(),
        "files": reports.iter().map(file).collect::<Vec<_>>(),
    })
}

fn file(report: &Report) -> Value {
    json!({
        "file": report.file,
        "level": report.level.number(),
        "level_name": report.level.name(),
        "note": report.note,
        "problems": report.problems.iter().map(problem).collect::<Vec<_>>(),
        "more_problems": report.more_problems,
        "parts": report.parts.iter().map(part).collect::<Vec<_>>(),
    })
}

fn problem(problem: &Problem) -> Value {
    json!({
        "kind": problem.kind.name(),
        "line": problem.from.line,
        "column": problem.from.column,
        "end_line": problem.to.line,
        "end_column": problem.to.column,
        "message": problem.message,
        "advice": problem.advice,
    })
}

fn part(part: &Told) -> Value {
    json!({
        "part": part.part.name(),
        "name": part.name,
        "line": part.at.line,
        "column": part.at.column,
        "depth": part.depth,
        "support": part.support.name(),
        "plugin": part.plugin,
        "unknown": part.is_unknown(),
        "note": part.note,
    })
}
