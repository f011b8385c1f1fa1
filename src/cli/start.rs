//! `pilothouse start`: starts again what `pilothouse stop` stopped in an environment.

use color_eyre::Result;
use pilothouse_core::command::Command;

use crate::find::Place;
use crate::{ask, name, out};

/// Where.
#[derive(Debug, clap::Args)]
pub struct Start {
    /// The environment; with its project where more than one has it
    #[arg(value_name = "[PROJECT/]ENVIRONMENT")]
    environment: String,
    /// Print what the engine answered as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    unasked: ask::Unasked,
}

/// Asks for it.
pub fn run(place: &Place, start: &Start) -> Result<()> {
    ask::run(async {
        let (client, snapshot) = ask::look(place).await?;
        let environment = name::environment(&snapshot.state, &start.environment)?;
        let command = Command::StartInstances { environment: environment.clone() };
        let accepted = client.submit(command).await?;
        if start.json {
            return out::json(&accepted);
        }
        let running = snapshot.state.environments.get(&environment).and_then(|one| one.running);
        out::line(&match running {
            Some(running) => format!(
                "what was stopped in {environment} is wanted again; what {running} brings goes first"
            ),
            None => {
                format!("what was stopped in {environment} is started; see `pilothouse status`")
            }
        });
        Ok(())
    })
}
