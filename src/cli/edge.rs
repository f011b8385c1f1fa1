//! `pilothouse edge`: the embedded load balancer. Started by the engine, which it outlives.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use color_eyre::Result;
use pilothouse_edge::{Limits, Settings, serve};

/// Where the edge keeps its state and is talked to.
#[derive(Debug, clap::Args)]
pub struct Edge {
    /// The directory of the saved table
    #[arg(long = "dir", value_name = "DIR")]
    dir: PathBuf,
    /// The control socket
    #[arg(long, value_name = "PATH")]
    control: PathBuf,
    /// Threads that serve; one per core where nothing is said
    #[arg(long)]
    workers: Option<NonZeroUsize>,
}

/// Serves until told to stop.
pub fn run(edge: &Edge) -> Result<()> {
    crate::trace::begin(edge.dir.join("edge.log"));
    // A session of its own: a terminal that goes away takes nothing of it along. It fails only
    // where this process leads one already.
    let _ = rustix::process::setsid();
    let workers = edge
        .workers
        .unwrap_or_else(|| std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN));
    serve(Settings {
        state_dir: edge.dir.clone(),
        control_socket: edge.control.clone(),
        workers,
        limits: Limits::default(),
    })?;
    Ok(())
}
