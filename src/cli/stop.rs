//! `pilothouse stop`: stops an instance, and leaves its place empty.

use color_eyre::Result;
use pilothouse_core::command::Command;
use pilothouse_core::decide::shortfall;

use crate::find::Place;
use crate::{ask, name, out};

/// Which instance.
#[derive(Debug, clap::Args)]
pub struct Stop {
    /// Its name, as `pilothouse instances` shows it; the cockpit's short one where it is only one's
    #[arg(value_name = "INSTANCE")]
    instance: String,
    /// Stop it though too few, or none, serve afterwards
    #[arg(long)]
    force: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Print what the engine answered as JSON
    #[arg(long)]
    json: bool,
}

/// Asks for it.
pub fn run(place: &Place, stop: &Stop) -> Result<()> {
    ask::run(async {
        let (_, snapshot) = ask::look(place).await?;
        let id = name::instance(&snapshot.state, &stop.instance)?;
        let stays = snapshot.state.followed(&id).map(|one| one.id.clone());
        if let Some(stays) = stays.as_ref().filter(|_| !stop.json) {
            out::line(&format!("{id} would be stopped, and {stays} serve on"));
        } else if !stop.json {
            out::line(&format!(
                "{id} would finish what it has and be stopped, and none would take its place"
            ));
            let instance = snapshot.state.instances.get(&id);
            if let Some(why) = instance.and_then(|one| shortfall(&snapshot.state, one)) {
                out::line(&format!("  {} {why}", out::paint(out::Tone::Warn, "!")));
            }
        }
        ask::confirm(stop.yes, "go on?")?;
        let command = Command::StopInstance { id: id.clone(), force: stop.force };
        let accepted = ask::operator(place).submit(command).await?;
        if stop.json {
            return out::json(&accepted);
        }
        if let Some(stays) = stays {
            out::line(&format!("{id} is being stopped; {stays} serves on"));
            return Ok(());
        }
        out::line(&format!(
            "{id} is being stopped; its place is filled by the next release, or by `pilothouse \
             start ENVIRONMENT`"
        ));
        Ok(())
    })
}
