//! `pilothouse inspect`: what the container engine or the system says of an instance now.

use color_eyre::Result;
use pilothouse_cockpit::rows::inspection::facts;

use crate::find::Place;
use crate::{ask, name, out};

/// Which instance.
#[derive(Debug, clap::Args)]
pub struct Inspect {
    /// Its name, as `pilothouse instances` shows it; the cockpit's short one where it is only one's
    #[arg(value_name = "INSTANCE")]
    instance: String,
    /// Print all of it as JSON
    #[arg(long)]
    json: bool,
}

/// Shows it.
pub fn run(place: &Place, inspect: &Inspect) -> Result<()> {
    let (found, now) = ask::run(async {
        let (client, snapshot) = ask::look(place).await?;
        let id = name::instance(&snapshot.state, &inspect.instance)?;
        Ok((client.inspect(&id).await?, snapshot.now))
    })?;
    if inspect.json {
        return out::json(&found);
    }
    for (name, text) in facts(&found, now) {
        out::line(&format!("{name:<12}{text}"));
    }
    Ok(())
}
