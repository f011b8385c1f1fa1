//! `pilothouse restart`: gives an instance a successor, which takes its place once it is healthy.

use color_eyre::Result;
use pilothouse_core::command::Command;
use pilothouse_core::id::InstanceId;

use crate::find::Place;
use crate::{ask, out};

/// Which instance.
#[derive(Debug, clap::Args)]
pub struct Restart {
    /// Its name, as `pilothouse status` and the cockpit show it
    #[arg(value_name = "INSTANCE")]
    instance: String,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Print what the engine answered as JSON
    #[arg(long)]
    json: bool,
}

/// Asks for it.
pub fn run(place: &Place, restart: &Restart) -> Result<()> {
    let id = InstanceId::new(restart.instance.as_str());
    ask::run(async {
        if !restart.json {
            out::line(&format!(
                "a successor of {id} is started; once it is healthy, {id} finishes what it has and \
                 is stopped"
            ));
        }
        ask::confirm(restart.yes, "go on?")?;
        let accepted =
            ask::operator(place).submit(Command::RestartInstance { id: id.clone() }).await?;
        if restart.json {
            return out::json(&accepted);
        }
        out::line(&format!("{id} is being replaced; see `pilothouse status`"));
        Ok(())
    })
}
