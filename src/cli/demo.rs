//! `pilothouse demo`: the whole path, live, on a repository made for the occasion.

use std::process::ExitCode;

use color_eyre::Result;

use super::said;
use crate::attach::Look;
use crate::demo::asked::Asked;
use crate::demo::scene::Runtime;
use crate::demo::{act, left, live, service};
use crate::exit::{Failure, failed};

/// How the demonstration is shown.
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Play the acts without a cockpit, and fail if one fails
    #[arg(long)]
    headless: bool,
    /// What the instances are: processes of this machine, or containers of its Docker engine
    #[arg(long, value_enum, default_value_t = Runtime::Local)]
    runtime: Runtime,
    /// Leave the directory when done
    #[arg(long)]
    keep: bool,
    #[command(flatten)]
    look: Look,
}

/// Shows the demonstration.
pub fn run(demo: &Demo) -> Result<ExitCode> {
    if let Some(option) = said("demo", &["socket", "state", "config"]) {
        let why = format!(
            "--{option} has no use here: a demonstration has a state and sockets of its own"
        );
        return Err(failed(Failure::Usage, why));
    }
    let asked = Asked::listen()?;
    left::clear(&std::env::temp_dir());
    let shown = if demo.headless {
        act::play(demo.runtime, demo.keep, &asked).and_then(|failures| match failures {
            0 => Ok(ExitCode::SUCCESS),
            count => Err(failed(Failure::Failed, format!("{count} acts failed"))),
        })
    } else {
        live::show(&demo.look, demo.runtime, demo.keep, &asked)
    };
    // Whoever asked for the end knows why it did not go on.
    asked.code().map_or(shown, Ok)
}

/// Runs the service that the demonstration deploys.
pub fn serve() -> Result<()> {
    service::run()
}
