//! `pilothouse` alone: the cockpit, with an engine of its own where none runs.

use std::process::ExitCode;

use color_eyre::Result;
use pilothouse_api::client::Client;

use crate::attach::{Look, attach};
use crate::find::Place;
use crate::start::ensure_engine;

/// How the cockpit looks and what it may do.
#[derive(Clone, Debug, clap::Args)]
pub struct Attach {
    #[command(flatten)]
    look: Look,
    /// Change nothing, as `pilothouse watch`
    #[arg(long, visible_alias = "readonly")]
    read_only: bool,
}

impl Attach {
    /// Whether it is to change nothing.
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }
}

/// Shows the cockpit until the person leaves.
pub fn run(place: &Place, options: &Attach) -> Result<ExitCode> {
    if options.read_only {
        return super::watch::watch(place, &options.look);
    }
    // An engine that nobody will see is not started.
    crate::attach::check()?;
    ensure_engine(place)?;
    attach(place, Client::new(place.operator_socket()), &options.look, false, None)
}
