//! `pilothouse check`: whether Jenkinsfiles are right, and what of them would run.

mod paint;
mod text;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use color_eyre::Result;
use jenkinsfile::MOST_BYTES;
use jenkinsfile::report::{Report, json, sarif};
use jenkinsfile::table::Table;
use jenkinsfile::verdict::Level;
use pilothouse_core::text::printable;

use crate::exit::{Failure, failed};
use crate::out;
use paint::Color;

/// The longest sentence about a file, in characters.
const LINE: usize = 1000;

/// What is looked at, and how it is told.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 Jenkins accepts every file; 1 it refuses one, or one is beyond \
                        --at-most; 2 a file cannot be read, or is more than is read here. Nothing is run and nothing is fetched."
)]
pub struct Check {
    /// Jenkinsfiles; - is the standard input [default: Jenkinsfile]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What the standard input is called, for editors
    #[arg(long, value_name = "NAME", default_value = "Jenkinsfile")]
    stdin_name: String,
    /// Print everything as JSON
    #[arg(long, conflicts_with = "sarif")]
    json: bool,
    /// Print problems and unknown steps as SARIF 2.1.0
    #[arg(long)]
    sarif: bool,
    /// Fail as well where a file is beyond this level (1 declarative … 6 scripted)
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(1..=6))]
    at_most: Option<u8>,
    /// Add steps of your own plugins and libraries: lines of kind, name, plugin, parameters, support, note
    #[arg(long, value_name = "FILE")]
    steps: Vec<PathBuf>,
    /// Show each stage and step of several files too, not only what does not run
    #[arg(long)]
    all: bool,
    /// When to use colours
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,
}

/// Does it. No engine is needed.
pub fn run(check: &Check) -> Result<()> {
    let table = table(&check.steps)?;
    let usual = [PathBuf::from("Jenkinsfile")];
    let files = if check.files.is_empty() { &usual[..] } else { &check.files };
    if files.iter().filter(|file| is_input(file)).count() > 1 {
        return Err(failed(Failure::Usage, "the standard input can be read once: name - once"));
    }
    let (mut reports, mut unread) = (Vec::new(), Vec::new());
    for file in files {
        let name = name_of(file, &check.stdin_name);
        // A pipe that somebody names is meant, and one that lies in the usual place waits for ever.
        let is_file =
            !check.files.is_empty() || file.metadata().map_or(true, |found| found.is_file());
        let read = if is_file { bytes(file) } else { Err(std::io::Error::other("it is no file")) };
        match read {
            Ok(bytes) => reports.push(Report::of(&name, &bytes, &table)),
            Err(error) => {
                let why = format!("cannot read {name}: {error}");
                unread.push(Report::unread(&name, why, None));
            }
        }
    }
    let told = || reports.iter().chain(&unread).cloned().collect::<Vec<_>>();
    if check.json {
        out::json(&json(&told()))?;
    } else if check.sarif {
        out::json(&sarif(&told(), env!("CARGO_PKG_VERSION")))?;
    } else if !reports.is_empty() {
        let is_whole = check.all || reports.len() == 1;
        out::whole(text::told(&reports, is_whole, check.color.is_on()).trim_end())?;
    }
    for problem in unread.iter().flat_map(|report| &report.problems) {
        out::error(&printable(&problem.message, LINE));
    }
    let beyond = reports.iter().filter(|report| report.level == Level::Unread).count();
    ended(check, &reports, unread.len() + beyond)
}

fn ended(check: &Check, reports: &[Report], unread: usize) -> Result<()> {
    if unread > 0 {
        return Err(failed(Failure::Usage, format!("{unread} of the files cannot be read")));
    }
    let broken = reports.iter().filter(|report| report.level == Level::Broken).count();
    if broken > 0 {
        return Err(failed(Failure::Failed, format!("Jenkins refuses {broken} of the files")));
    }
    if let Some(most) = check.at_most {
        let beyond = reports.iter().filter(|report| report.level.number() > most).count();
        if beyond > 0 {
            let why = format!("{beyond} of the files are beyond level {most}");
            return Err(failed(Failure::Failed, why));
        }
    }
    Ok(())
}

/// The table that is built in, and what is added to it.
pub fn table(steps: &[PathBuf]) -> Result<Table> {
    let mut table = Table::built_in();
    for file in steps {
        let lines = std::fs::read_to_string(file).map_err(|error| {
            let why = format!("cannot read {}: {error}", file.display());
            failed(Failure::Usage, printable(&why, LINE))
        })?;
        if let Err(problems) = table.add(&lines) {
            let found = jenkinsfile::source::Lines::new(&lines);
            for problem in &problems {
                let told = problem.render(&file.display().to_string(), &found);
                told.lines().for_each(|line| out::error(&printable(line, LINE)));
            }
            return Err(failed(Failure::Usage, format!("{} is no table", file.display())));
        }
    }
    Ok(table)
}

/// Whether it is the standard input.
pub fn is_input(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// What a file is called; the standard input has a name of its own.
pub fn name_of(file: &Path, input: &str) -> String {
    if is_input(file) { input.to_owned() } else { file.display().to_string() }
}

/// At most one byte more than is looked at.
pub fn bytes(file: &Path) -> std::io::Result<Vec<u8>> {
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    if is_input(file) {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(file)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}
