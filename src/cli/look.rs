//! `pilothouse look`: looks at the repositories, and at what is watched at AWS, now.

use color_eyre::Result;
use pilothouse_core::command::Command;
use pilothouse_core::run::Trigger;

use crate::find::Place;
use crate::{ask, out};

/// At which.
#[derive(Debug, clap::Args)]
pub struct Look {
    /// Only at this project's
    project: Option<String>,
    /// Print what the engine answered as JSON
    #[arg(long)]
    json: bool,
}

/// Asks for it.
pub fn run(place: &Place, look: &Look) -> Result<()> {
    let project = look.project.as_deref().map(Into::into);
    ask::run(async {
        let command = Command::Look { project, trigger: Trigger::Manual };
        let accepted = ask::operator(place).submit(command).await?;
        if look.json {
            return out::json(&accepted);
        }
        out::line("the engine looks now; `pilothouse branches` shows what it finds, or why not");
        Ok(())
    })
}
