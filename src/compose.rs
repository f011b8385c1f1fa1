//! Builds an engine out of what the command line says.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;
use pilothouse_engine::accounts::{Cloud, Looking};
use pilothouse_engine::engine::Settings;
use pilothouse_engine::journal::Losses;
use pilothouse_engine::server::{SocketSettings, SocketUse};

use crate::cli::serve::Serve;
use crate::find::Place;

/// Builds an engine's settings.
pub fn engine(place: &Place, serve: &Serve) -> Result<Settings> {
    let state_dir = absolute(&place.state_dir())?;
    let run = state_dir.join("run");
    let prices = state_dir.join("prices");
    let mut sockets = SocketSettings::personal(&run);
    if serve.watch_all {
        sockets.watch = SocketUse { mode: 0o666, group: None };
    }
    Ok(Settings {
        binary: std::env::current_exe().wrap_err("cannot find this program's own file")?,
        state_dir,
        ports: serve.ports.clone().into(),
        sockets,
        executors: serve.executors,
        sample_interval: Duration::from_secs(1),
        retry_first: Duration::from_millis(serve.retry_ms),
        looking: Looking {
            cloud: cloud(),
            interval: Duration::from_millis(serve.aws_interval_ms),
            prices: Some(prices),
        },
        losses: if serve.accept_lost_records { Losses::Accept } else { Losses::Refuse },
    })
}

/// What reaches accounts at AWS; none where this was built without.
pub fn cloud() -> Option<Arc<dyn Cloud>> {
    #[cfg(feature = "aws")]
    let cloud: Option<Arc<dyn Cloud>> = Some(Arc::new(pilothouse_aws::Aws));
    #[cfg(not(feature = "aws"))]
    let cloud = None;
    cloud
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).wrap_err_with(|| format!("cannot resolve {}", path.display()))
}
