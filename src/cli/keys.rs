//! `pilothouse keys`: the cockpit's keys, and what is wrong with a file of one's own.

use std::path::{Path, PathBuf};

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;
use pilothouse_cockpit::keymap::{DEFAULT, check, load, markdown};
use pilothouse_core::text::printable;

use crate::exit::{Failure, failed};
use crate::out;

/// The longest line of a problem, in characters.
const LONGEST: usize = 1000;

/// What is wanted of them.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what"))]
pub struct Keys {
    /// Say what is wrong with a keymap file, or with the keys that come along
    #[arg(long, group = "what")]
    check: bool,
    /// Print all keys as a Markdown page (this is what happens anyway)
    #[arg(long, group = "what")]
    markdown: bool,
    /// The keymap file
    #[arg(requires = "check")]
    file: Option<PathBuf>,
}

/// Does it. No engine is needed.
pub fn run(keys: &Keys) -> Result<()> {
    if keys.markdown || !keys.check {
        let (keymap, _) = load(&[DEFAULT]);
        out::line(markdown(&keymap).trim_end());
        return Ok(());
    }
    let problems = match &keys.file {
        Some(file) => check(&text(file)?, &file.display().to_string()),
        None => load(&[DEFAULT]).1,
    };
    for problem in &problems {
        // The file may be anybody's.
        for line in problem.to_string().lines() {
            out::error(&printable(line, LONGEST));
        }
    }
    match problems.len() {
        0 => {
            out::line("no problems");
            Ok(())
        }
        1 => Err(failed(Failure::Usage, "1 row is left out; the others work")),
        many => Err(failed(Failure::Usage, format!("{many} rows are left out; the others work"))),
    }
}

fn text(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).wrap_err_with(|| format!("cannot read {}", file.display()))
}
