//! `pilothouse restart`: gives an instance a successor, which takes its place once it is healthy.

use color_eyre::Result;
use pilothouse_core::command::Command;
use pilothouse_core::decide::restartable;

use crate::exit::refused;
use crate::find::Place;
use crate::{ask, name, out};

/// Which instance.
#[derive(Debug, clap::Args)]
pub struct Restart {
    /// Its name, as `pilothouse instances` shows it; the cockpit's short one where it is only one's
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
    ask::run(async {
        let (_, snapshot) = ask::look(place).await?;
        let id = name::instance(&snapshot.state, &restart.instance)?;
        restartable(&snapshot.state, &id).map_err(|rejection| refused(&rejection))?;
        if !restart.json {
            out::line(&format!(
                "a successor of {id} would be started; once it is healthy, {id} would finish what \
                 it has and be stopped"
            ));
        }
        ask::confirm(restart.yes, "go on?")?;
        let accepted =
            ask::operator(place).submit(Command::RestartInstance { id: id.clone() }).await?;
        if restart.json {
            return out::json(&accepted);
        }
        out::line(&format!("{id} is being replaced; see `pilothouse instances`"));
        Ok(())
    })
}
