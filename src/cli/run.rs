//! `pilothouse run`: runs the pipeline for a branch's head.

use color_eyre::Result;
use pilothouse_core::command::{Command, Reply};

use crate::find::Place;
use crate::{ask, name, out};

/// Which branch.
#[derive(Debug, clap::Args)]
pub struct Run {
    /// The branch; PROJECT:BRANCH names the project too
    branch: String,
    /// The project of the branch
    #[arg(long)]
    project: Option<String>,
    #[command(flatten)]
    unasked: ask::Unasked,
}

/// Asks for it.
pub fn run(place: &Place, run: &Run) -> Result<()> {
    ask::run(async {
        let (client, snapshot) = ask::look(place).await?;
        let state = &snapshot.state;
        let (project, branch) = name::branch(state, &run.branch, run.project.as_deref())?;
        let accepted = client.submit(Command::StartRun { project, branch }).await?;
        match accepted.reply {
            Reply::RunQueued(id) => {
                out::line(&format!(
                    "run {id} is queued; follow it with `pilothouse logs -f {}`",
                    id.0
                ));
            }
            Reply::Accepted | Reply::DeploymentQueued(_) => out::line("accepted"),
        }
        Ok(())
    })
}
