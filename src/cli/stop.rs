//! `pilothouse stop`: stops an instance, and leaves its place empty.

use color_eyre::Result;
use pilothouse_core::command::Command;
use pilothouse_core::decide::{left, shortfall, stoppable};
use pilothouse_core::id::InstanceId;
use pilothouse_core::instance::Instance;
use pilothouse_core::routing::TargetState;
use pilothouse_core::state::State;

use crate::exit::refused;
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
        stoppable(&snapshot.state, &id).map_err(|rejection| refused(&rejection))?;
        let stays = snapshot.state.followed(&id);
        if let Some(stays) = stays.filter(|_| !stop.json) {
            out::line(&format!("{id} would be stopped before it serves; {}", stay(stays)));
        } else if !stop.json {
            tell(&snapshot.state, &id);
        }
        ask::confirm(stop.yes, "go on?")?;
        // What was said is what is asked for, whatever has become of it meanwhile.
        let command = match stays {
            Some(_) => Command::CallOff { id: id.clone() },
            None => Command::StopInstance { id: id.clone(), force: stop.force },
        };
        let accepted = ask::operator(place).submit(command).await?;
        if stop.json {
            return out::json(&accepted);
        }
        if let Some(stays) = stays {
            out::line(&format!("{id} is being stopped; {}", stay(stays)));
            return Ok(());
        }
        out::line(&format!(
            "{id} is being stopped; its place is filled by the next release, or by `pilothouse \
             start ENVIRONMENT`"
        ));
        Ok(())
    })
}

/// What stopping it does, and what is left.
fn tell(state: &State, id: &InstanceId) {
    let Some(one) = state.instances.get(id) else { return };
    let asked = state.environments.get(&one.environment).map_or(0, |it| it.spec.instances);
    out::line(&format!(
        "{id} would finish what it has and be stopped, and none would take its place; {} of {asked} \
         would be healthy without it",
        left(state, one)
    ));
    if let Some(why) = shortfall(state, one) {
        out::line(&format!("  {} {why}", out::paint(out::Tone::Warn, "!")));
    }
}

/// What becomes of the one whose successor is called off.
fn stay(one: &Instance) -> String {
    match one.own_health() {
        TargetState::Unhealthy => {
            format!("{} stays; it is not healthy, so that another one follows", one.id)
        }
        _ => format!("{} serves on", one.id),
    }
}
