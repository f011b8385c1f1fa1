//! `pilothouse rollback`: an earlier good release serves again.

use color_eyre::Result;
use pilothouse_core::command::DeployWhat;
use pilothouse_core::id::ReleaseNumber;

use super::deploy::{How, change};
use crate::find::Place;
use crate::name;

/// Where, and to what.
#[derive(Debug, clap::Args)]
pub struct Rollback {
    /// Where: an environment, such as production or shop/production
    #[arg(value_name = "[PROJECT/]ENVIRONMENT")]
    environment: String,
    /// To which release; to the newest good one before the current, where nothing is said
    #[arg(value_name = "rN", value_parser = name::release)]
    release: Option<ReleaseNumber>,
    #[command(flatten)]
    how: How,
}

/// Does it.
pub fn run(place: &Place, rollback: &Rollback) -> Result<()> {
    let what = DeployWhat::Rollback(rollback.release);
    change(place, &rollback.environment, what, &rollback.how)
}
