//! Compares this reader with Jenkins' own on the tests of its Declarative Pipeline plugin.
//!
//! `cargo run -p jenkinsfile --example peer -- DIR`, where DIR is a checkout of
//! jenkinsci/pipeline-model-definition-plugin. Which files must be accepted and which refused, and with what messages, is
//! read from the plugin's own tests there; nothing of it stands here. With `--all` each difference is printed in full.
#![expect(clippy::print_stdout, reason = "an example prints")]

mod cases;
mod java;
mod messages;

use std::path::Path;
use std::process::ExitCode;

use cases::{Case, Cases, Wanted};
use jenkinsfile::model::to_json;
use jenkinsfile::parser::parse;
use jenkinsfile::source::Lines;
use jenkinsfile::table::Table;
use jenkinsfile::{Diagnostic, judge};
use serde_json::Value as Json;

#[derive(Default)]
struct Count {
    right: usize,
    all: usize,
}

impl Count {
    fn add(&mut self, is_right: bool) {
        self.all += 1;
        self.right += usize::from(is_right);
    }
}

#[derive(Default)]
struct Counts {
    accepted: Count,
    refused: Count,
    golden: Count,
    /// Refused as the peer does, in tests that it ignores.
    ignored: usize,
    /// Equal but for what the peer does not compare.
    apart: usize,
}

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_verbose = arguments.iter().any(|argument| argument == "--all");
    arguments.retain(|argument| argument != "--all");
    let [given] = arguments.as_slice() else {
        println!("usage: peer [--all] DIR");
        return ExitCode::from(2);
    };
    let cases = match Cases::read(Path::new(given)) {
        Ok(cases) => cases,
        Err(error) => {
            println!("{given} is no checkout of the plugin: {error}");
            return ExitCode::from(2);
        }
    };
    let mut table = Table::built_in();
    if let Err(problems) = table.add(include_str!("fixtures.tsv")) {
        println!("fixtures.tsv: {problems:?}");
        return ExitCode::from(2);
    }
    let mut counts = Counts::default();
    for case in &cases.all {
        if !look(&cases, case, &table, &mut counts, is_verbose) {
            return ExitCode::from(2);
        }
    }
    let Counts { accepted, refused, golden, ignored, apart } = &counts;
    println!(
        "must parse:   {} of {} ({ignored} refused as the peer does, in tests that it ignores)",
        accepted.right, accepted.all
    );
    println!("must reject:  {} of {}", refused.right, refused.all);
    println!(
        "golden trees: {} of {} ({apart} of them but for `when`, which the peer does not compare)",
        golden.right, golden.all
    );
    let is_right = [accepted, refused, golden].iter().all(|count| count.right == count.all);
    if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Looks at one file; says whether it can be read.
fn look(cases: &Cases, case: &Case, table: &Table, counts: &mut Counts, is_verbose: bool) -> bool {
    let file = &case.file;
    let Ok(text) = std::fs::read_to_string(cases.root.join(file)) else {
        println!("{file}: cannot be read");
        return false;
    };
    let (script, grammar) = parse(&text);
    let judged = judge(&text, &script, &grammar, table);
    // The peer knows which plugins it has: what is not known here is wrong there.
    let mut problems = judged.problems;
    problems.extend(judged.unknown);
    let lines = Lines::new(&text);
    match &case.wanted {
        Wanted::Accept | Wanted::Ignored => {
            // What the peer refuses although one of its ignored tests wants it, has a message.
            let is_ignored = matches!(case.wanted, Wanted::Ignored);
            let is_known = |p: &Diagnostic| is_ignored && cases.messages.is_verdict(&p.message);
            let is_right = problems.iter().all(is_known);
            counts.ignored += usize::from(is_right && !problems.is_empty());
            counts.accepted.add(is_right);
            if !is_right {
                println!("{file}: must be accepted");
                show(&problems, file, &lines, is_verbose);
            }
            let tree = cases.root.join("json").join(file).with_extension("json");
            if let Ok(tree) = std::fs::read_to_string(tree) {
                compare(file, judged.pipeline.as_ref().map(to_json), &tree, counts, is_verbose);
            }
        }
        Wanted::Refuse(messages) => {
            let missing = missing(messages, &problems, &lines);
            // A file without a pipeline is refused for that.
            let is_refused = !problems.is_empty() || judged.pipeline.is_none();
            let is_right = missing.is_empty() && is_refused;
            counts.refused.add(is_right);
            if !is_right {
                println!("{file}: must be refused with {missing:?}");
                show(&problems, file, &lines, is_verbose);
            }
        }
    }
    true
}

fn compare(file: &str, is: Option<Json>, tree: &str, counts: &mut Counts, is_verbose: bool) {
    let wanted: Option<Json> = serde_json::from_str(tree).ok().map(without_indent);
    let is = is.map(without_indent);
    // The peer's own comparison does not look into `when`, where two of its pairs differ.
    let is_equal = is == wanted || is.clone().map(without_when) == wanted.clone().map(without_when);
    counts.apart += usize::from(is_equal && is != wanted);
    counts.golden.add(is_equal);
    if !is_equal {
        println!("{file}: another tree");
        if is_verbose {
            println!("{:#}\n{:#}", is.unwrap_or_default(), wanted.unwrap_or_default());
        }
    }
}

/// The tree with each line of Groovy in it moved to the left: the peer's files and trees are
/// indented differently.
fn without_indent(tree: Json) -> Json {
    match tree {
        Json::Array(all) => all.into_iter().map(without_indent).collect(),
        Json::Object(all) => {
            all.into_iter().map(|(key, value)| (key, without_indent(value))).collect()
        }
        Json::String(text) => {
            Json::String(text.lines().map(str::trim_start).collect::<Vec<_>>().join("\n"))
        }
        other => other,
    }
}

/// The tree without the conditions of its stages.
fn without_when(tree: Json) -> Json {
    match tree {
        Json::Array(all) => all.into_iter().map(without_when).collect(),
        Json::Object(all) => {
            let kept = all.into_iter().filter(|(key, _)| key != "when");
            kept.map(|(key, value)| (key, without_when(value))).collect()
        }
        other => other,
    }
}

/// The beginnings of messages that no problem has. A few name the line that is printed with it.
fn missing<'m>(messages: &'m [String], problems: &[Diagnostic], lines: &Lines<'_>) -> Vec<&'m str> {
    let begins = |wanted: &str| {
        problems.iter().any(|problem| {
            let line = lines.position(problem.span.start).line;
            problem.message.starts_with(wanted) || lines.line(line).trim() == wanted
        })
    };
    messages.iter().map(String::as_str).filter(|wanted| !begins(wanted)).collect()
}

fn show(problems: &[Diagnostic], file: &str, lines: &Lines<'_>, is_verbose: bool) {
    if is_verbose {
        for problem in problems {
            println!("{}", problem.render(file, lines));
        }
    }
}
