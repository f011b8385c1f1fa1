//! `pilothouse convert`: the `pilothouse.toml` that a Jenkinsfile says, as far as it says one.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;
use jenkinsfile::convert::{Converted, convert};
use jenkinsfile::parser::parse;
use jenkinsfile::source::Lines;
use jenkinsfile::table::Table;
use jenkinsfile::{DiagnosticKind, MOST_BYTES, MOST_PROBLEMS, judge};
use pilothouse_core::text::printable;

use super::check::{bytes, is_input, name_of};
use crate::exit::{Failure, failed};
use crate::{facts, out};

/// The longest line of a problem, in characters.
const LINE: usize = 1000;

/// What is converted, and where to.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 something was taken over; 1 nothing was, or a file cannot be read or written; \
                        2 Jenkins refuses the file, or it is no declarative pipeline in UTF-8; 5 the output is there already."
)]
pub struct Convert {
    /// The Jenkinsfile; - is the standard input
    #[arg(value_name = "FILE", default_value = "Jenkinsfile")]
    file: PathBuf,
    /// Write to this file, which must not be there yet; - is the standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Does it. No engine is needed.
pub fn run(wanted: &Convert) -> Result<()> {
    let name = name_of(&wanted.file, "Jenkinsfile");
    let bytes = bytes(&wanted.file).wrap_err_with(|| format!("cannot read {name}"))?;
    if bytes.len() > MOST_BYTES {
        let why = format!("{name} has more than {} MiB, which is not read here", MOST_BYTES >> 20);
        return Err(failed(Failure::Usage, printable(&why, LINE)));
    }
    let Ok(text) = String::from_utf8(bytes) else {
        // What a script says would be written with other letters.
        let why = format!("{name} is no UTF-8 text; save it as UTF-8");
        return Err(failed(Failure::Usage, printable(&why, LINE)));
    };
    let converted = converted(&name, &text)?;
    if converted.text.len() > pilothouse_settings::MOST_BYTES {
        let most = pilothouse_settings::MOST_BYTES >> 10;
        let why = format!(
            "{name} becomes a pilothouse.toml of more than {most} KiB, which no engine reads; move \
             scripts into files of the repository"
        );
        return Err(failed(Failure::Failed, printable(&why, LINE)));
    }
    // What we write is read by the same reader that an engine has.
    if let Err(problems) = pilothouse_settings::pipeline::read("pilothouse.toml", &converted.text) {
        for problem in problems {
            // A problem has lines: what is wrong, where, and what to do.
            let told = problem.to_string();
            told.lines().for_each(|line| out::error(&printable(line, LINE)));
        }
        return Err(failed(Failure::Failed, "what came out is no pipeline; change it by hand"));
    }
    match &wanted.output {
        None => out::whole(converted.text.trim_end())?,
        Some(file) if is_input(file) => out::whole(converted.text.trim_end())?,
        Some(file) => write(file, &converted.text)?,
    }
    let Converted { steps, left, .. } = converted;
    let of = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        many => format!("{many} {what}s"),
    };
    let (steps, left) = (of(steps, "step"), of(left, "part"));
    out::error(&format!("taken over: {steps}; as comments: {left}"));
    Ok(())
}

/// What becomes of a Jenkinsfile here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Something of it would run.
    Runs,
    /// Nothing of it would.
    Left,
    /// Jenkins refuses it.
    Refused,
}

/// Says what becomes of a Jenkinsfile.
pub(super) fn fate(file: &Path) -> Fate {
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
    let read = facts::regular(file, most).filter(|bytes| bytes.len() <= MOST_BYTES);
    let Some(text) = read.and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return Fate::Left;
    };
    let table = Table::built_in();
    let (script, grammar) = parse(&text);
    let judged = judge(&text, &script, &grammar, &table);
    if judged.problems.iter().any(|problem| problem.kind != DiagnosticKind::Limit) {
        return Fate::Refused;
    }
    let pipeline = judged.pipeline.filter(|_| judged.problems.is_empty());
    let steps =
        pipeline.map(|pipeline| convert("Jenkinsfile", &text, &script, &pipeline, &table).steps);
    if steps.unwrap_or_default() > 0 { Fate::Runs } else { Fate::Left }
}

fn converted(name: &str, text: &str) -> Result<Converted> {
    let table = Table::built_in();
    let (script, grammar) = parse(text);
    let judged = judge(text, &script, &grammar, &table);
    if !judged.problems.is_empty() {
        let lines = Lines::new(text);
        for problem in judged.problems.iter().take(MOST_PROBLEMS) {
            let told = problem.render(name, &lines);
            told.lines().for_each(|line| out::error(&printable(line, LINE)));
        }
        let more = judged.problems.len().saturating_sub(MOST_PROBLEMS);
        if more > 0 {
            out::error(&format!("{more} more problems are not shown"));
        }
        let is_limit = judged.problems.iter().any(|one| one.kind == DiagnosticKind::Limit);
        let why = if is_limit {
            "the file is more than is read here"
        } else {
            "Jenkins refuses the file: mend it first"
        };
        return Err(failed(Failure::Usage, why));
    }
    let Some(pipeline) = judged.pipeline else {
        let why = format!("{} has no pipeline {{ }}: it is a program", printable(name, LINE));
        return Err(failed(Failure::Usage, why));
    };
    let converted = convert(name, text, &script, &pipeline, &table);
    if converted.steps == 0 {
        let why = "nothing of it can be taken over; `pilothouse check` says what it needs";
        return Err(failed(Failure::Failed, why));
    }
    Ok(converted)
}

/// Writes a file that is not there yet: what somebody wrote is never lost.
fn write(file: &Path, text: &str) -> Result<()> {
    match OpenOptions::new().write(true).create_new(true).open(file) {
        Ok(mut out) => out
            .write_all(text.as_bytes())
            .wrap_err_with(|| format!("cannot write {}", file.display())),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let why = format!("{} is there already; remove it first", file.display());
            Err(failed(Failure::Refused, why))
        }
        Err(error) => Err(error).wrap_err_with(|| format!("cannot write {}", file.display())),
    }
}
