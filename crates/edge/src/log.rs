//! The file that an edge's messages go to.
//!
//! Responsible for its size, since an edge runs for months: one that has grown is put aside,
//! over the one put aside before. Whoever starts the edge chooses where messages go; only the
//! log in the state directory is ever touched.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The log in the state directory, to which the engine leads an edge's standard error.
const NAME: &str = "edge.log";
/// The log before it.
const ASIDE: &str = "edge.log.1";
/// The size from which a log is put aside, in bytes.
const LARGE: u64 = 4 * 1024 * 1024;
/// How often the size is looked at; messages that could repeat fast are held back.
const LOOK: Duration = Duration::from_secs(5);

/// Keeps the log small for as long as it is polled.
pub(crate) async fn keep_small(dir: PathBuf) {
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        let dir = dir.clone();
        let turned = tokio::task::spawn_blocking(move || turn(&dir)).await;
        match turned.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(false) => {}
            Ok(true) => tracing::info!("the log goes on here; what was before is in {ASIDE}"),
            // There is no better place to say that the log cannot be written.
            Err(error) => tracing::debug!(%error, "the log cannot be put aside"),
        }
    }
}

/// Begins the log anew if it has grown large; true if so.
fn turn(dir: &Path) -> io::Result<bool> {
    let own = rustix::fs::fstat(rustix::stdio::stderr())?;
    if u64::try_from(own.st_size).unwrap_or(0) < LARGE {
        return Ok(false);
    }
    let is_own = |name| match rustix::fs::stat(dir.join(name)) {
        Ok(found) => (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino),
        // It is not there, or not to be looked at.
        Err(_) => false,
    };
    if is_own(NAME) {
        fs::rename(dir.join(NAME), dir.join(ASIDE))?;
    } else if !is_own(ASIDE) {
        return Ok(false);
    }
    let fresh = File::options().create(true).append(true).open(dir.join(NAME))?;
    rustix::stdio::dup2_stderr(&fresh)?;
    Ok(true)
}
