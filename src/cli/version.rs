//! `pilothouse version`: which release this is, and which one the engine is.

use color_eyre::Result;
use pilothouse_api::types::API_VERSION;
use serde::Serialize;

use crate::find::Place;
use crate::{ask, out};

/// How it is shown.
#[derive(Debug, clap::Args)]
pub struct Version {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// `version --json`.
#[derive(Debug, Serialize)]
struct Shown {
    /// This program's release.
    pilothouse: &'static str,
    /// The version of the API that this program speaks.
    api: u32,
    /// The engine's release; null where none answers.
    engine: Option<String>,
}

/// Shows it. An engine that does not answer is no failure here.
pub fn run(place: &Place, version: &Version) -> Result<()> {
    let engine = ask::run(async { Ok(ask::version(place).await) })?;
    let shown = Shown {
        pilothouse: env!("CARGO_PKG_VERSION"),
        api: API_VERSION,
        engine: engine.as_ref().ok().map(|version| version.engine.clone()),
    };
    if version.json {
        return out::json(&shown);
    }
    out::line(&format!("pilothouse {} (API version {API_VERSION})", shown.pilothouse));
    out::line(&match engine {
        Ok(version) => format!("engine     {} (API version {})", version.engine, version.api),
        Err(error) => format!("engine     {error}"),
    });
    Ok(())
}
