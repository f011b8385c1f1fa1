//! The binary: one for the cockpit, the engine, its supervisors and its edge.
//!
//! It parses the command line and hands over to one file per verb. What a verb prints goes
//! through [`out`], which a closed pipe does not break.

mod ask;
mod attach;
mod cli;
mod clock;
mod compose;
mod demo;
mod descriptors;
mod difference;
mod exit;
mod facts;
mod find;
mod follow;
mod name;
mod out;
mod start;
mod trace;
mod wait;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    // The supervisor's verbs come first: they run before anything that would cost memory or
    // threads in a process that lives as long as what it supervises.
    match arguments.get(1).and_then(|verb| verb.to_str()) {
        Some("supervise") => return cli::supervise::supervise(&arguments[2..]),
        Some("contain") => return cli::contain::contain(&arguments[2..]),
        Some("build-image") => return cli::contain::build_image(&arguments[2..]),
        Some("launch") => return pilothouse_supervisor::launch(&arguments[2..]),
        Some(_) | None => {}
    }
    if let Err(error) = color_eyre::install() {
        out::error(&format!("cannot prepare error reports: {error}"));
    }
    match cli::run(&cli::Cli::parse()) {
        Ok(code) => code,
        Err(report) => exit::report(&report),
    }
}
