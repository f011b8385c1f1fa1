//! Reports as SARIF 2.1.0, which code hosts show beside the lines.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Problem, Report, Told};

/// Rules: a name, and what it means.
const RULES: [(&str, &str); 4] = [
    ("syntax", "The text is no Groovy"),
    ("declarative", "Jenkins refuses the pipeline"),
    ("limit", "The file is not read, or not to its end"),
    ("unknown-step", "No known plugin has this step, and the file does not define it"),
];

/// All reports as one log of one run.
pub fn sarif(reports: &[Report], tool_version: &str) -> Value {
    let rules = RULES.map(|(id, text)| json!({ "id": id, "shortDescription": { "text": text } }));
    let results: Vec<Value> = reports.iter().flat_map(results).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "pilothouse check",
                "version": tool_version,
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn results(report: &Report) -> Vec<Value> {
    let problems = report.problems.iter().map(|problem| broken(&report.file, problem));
    problems
        .chain(more(report))
        .chain(report.unknown().map(|part| unknown(&report.file, part)))
        .collect()
}

fn broken(file: &str, problem: &Problem) -> Value {
    // Rules have the names of kinds.
    let rule = problem.kind.name();
    let text = match &problem.advice {
        Some(advice) => format!("{} ({advice})", problem.message),
        None => problem.message.clone(),
    };
    // A region is not empty, and SARIF counts its end as the column behind it.
    let is_one_line = problem.from.line == problem.to.line;
    let end = if is_one_line { problem.to.column.max(problem.from.column + 1) } else { 1 };
    let region = json!({
        "startLine": problem.from.line,
        "startColumn": problem.from.column,
        "endLine": problem.to.line,
        "endColumn": if is_one_line { end } else { problem.to.column },
    });
    result(file, rule, "error", &text, &region)
}

/// That there are more than are told, at the last of those.
fn more(report: &Report) -> Option<Value> {
    let last = report.problems.last().filter(|_| report.more_problems > 0)?;
    let text = format!("{} more mistakes are not listed", report.more_problems);
    let region = json!({ "startLine": last.from.line, "startColumn": last.from.column });
    Some(result(&report.file, last.kind.name(), "note", &text, &region))
}

fn unknown(file: &str, part: &Told) -> Value {
    let text = format!("{} {}: {}", part.part.name(), part.name, part.note);
    let region = json!({ "startLine": part.at.line, "startColumn": part.at.column });
    result(file, "unknown-step", "note", &text, &region)
}

fn result(file: &str, rule: &str, level: &str, text: &str, region: &Value) -> Value {
    json!({
        "ruleId": rule,
        "level": level,
        "message": { "text": text },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(file) },
            "region": region,
        } }],
    })
}

/// A path as a reference (RFC 3986): what is no path character is escaped.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
