//! Measures the budgets of the design, each beside its value, on the real binary:
//! `cargo bench --bench budgets`, with names of rows behind `--` to measure only those.
//!
//! Responsible for figures and nothing else: it judges no budget by its exit code, because a
//! machine that is busy with other things would fail it. Everything runs in directories of its
//! own and is stopped before the next row; a row that cannot be measured says why.

#[cfg(feature = "aws")]
mod aws;
mod cockpit;
mod container;
mod deployment;
mod edge;
mod frame;
mod idle;
mod log;
mod machine;
mod memory;
mod poll;
mod process;
mod recovery;
mod repository;
mod table;
mod world;

use std::io::{self, Write as _};
use std::process::ExitCode;

use table::Row;

/// What a row that cannot be measured says.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Measures some rows.
type Measure = fn() -> Outcome<Vec<Row>>;

/// The rows' names, and what measures them.
const ROWS: &[(&str, Measure)] = &[
    ("frame", frame::measure),
    ("recovery", recovery::measure),
    ("idle", idle::measure),
    ("deployment", deployment::measure),
    ("log", log::measure),
    ("poll", poll::measure),
    ("memory", memory::measure),
    ("container", container::measure),
    #[cfg(feature = "aws")]
    ("aws", aws::measure),
    ("edge", edge::measure),
];

fn main() -> ExitCode {
    match print() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}

/// Measures and prints; tells whether every row could be measured.
fn print() -> io::Result<bool> {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let mut out = io::stdout().lock();
    writeln!(out, "{}", machine::line())?;
    writeln!(out, "{}", table::HEAD)?;
    let mut all = true;
    for (name, measure) in ROWS {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
            continue;
        }
        match measure() {
            Ok(rows) => {
                for row in rows {
                    write!(out, "{row}")?;
                }
            }
            Err(error) => {
                all = false;
                writeln!(out, "{name}: could not be measured: {error}")?;
            }
        }
        out.flush()?;
    }
    writeln!(out, "at the end: load {}", machine::load())?;
    Ok(all)
}
