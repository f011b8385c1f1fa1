//! `pilothouse look`: looks at the repositories now.

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
}

/// Asks for it.
pub fn run(place: &Place, look: &Look) -> Result<()> {
    let project = look.project.as_deref().map(Into::into);
    ask::run(async {
        let command = Command::Look { project, trigger: Trigger::Manual };
        ask::operator(place).submit(command).await?;
        out::line("the engine looks now; `pilothouse branches` shows what it finds");
        Ok(())
    })
}
