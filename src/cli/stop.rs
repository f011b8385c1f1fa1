//! `pilothouse stop`: stops an instance, and leaves its place empty.

use color_eyre::Result;
use pilothouse_core::command::Command;
use pilothouse_core::decide::shortfall;
use pilothouse_core::id::InstanceId;

use crate::find::Place;
use crate::{ask, out};

/// Which instance.
#[derive(Debug, clap::Args)]
pub struct Stop {
    /// Its name, as `pilothouse status` and the cockpit show it
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
    let id = InstanceId::new(stop.instance.as_str());
    ask::run(async {
        if !stop.json {
            out::line(&format!("{id} finishes what it has and is stopped; none takes its place"));
            let (_, snapshot) = ask::look(place).await?;
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
        out::line(&format!(
            "{id} is being stopped; its place is filled by the next release, or by `pilothouse \
             start ENVIRONMENT`"
        ));
        Ok(())
    })
}
