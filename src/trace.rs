//! Says what a process that lives long notes: to its standard error, and where that is its log file,
//! within bounds.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// What is noted. AWS's SDK notes requests and what a `credential_process` wrote as they are, secrets
/// among it, and what it says of errors is told without them.
const FILTER: &str = "info,aws_config=off,aws_runtime=off,aws_smithy_runtime=off,\
                      aws_smithy_runtime_api=off";
/// How large a log grows before it becomes its own predecessor, of which one is kept, in bytes.
const MOST: u64 = 4 << 20;

/// Begins to write what the program notes. `RUST_LOG` says how much.
pub fn begin(log: PathBuf) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(FILTER));
    // What is written elsewhere, or cannot be moved, simply goes on where it is.
    let _ = turn(&log);
    // It fails only where a subscriber is set already, which is then as good.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Mutex::new(Bounded(log)))
        .with_ansi(false)
        .try_init();
}

/// The standard error, as long as it is this file no larger than it may be.
struct Bounded(PathBuf);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // On a full disk a note is lost, and nothing else: whoever is told of it says so on the
        // standard error as well, and ends where that takes nothing.
        let _ = io::stderr().write_all(bytes);
        // As above.
        let _ = turn(&self.0);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = io::stderr().flush();
        Ok(())
    }
}

/// Makes a new log where the standard error is this one and has grown too large, and writes to the
/// new one from then on, panics and the last error included.
fn turn(log: &Path) -> io::Result<()> {
    let own = rustix::fs::fstat(rustix::stdio::stderr())?;
    let named = std::fs::symlink_metadata(log)?;
    let is_named = (own.st_dev, own.st_ino) == (named.dev(), named.ino());
    if !is_named || named.len() <= MOST {
        return Ok(());
    }
    let out = rustix::fs::fstat(rustix::stdio::stdout())?;
    let mut earlier = log.as_os_str().to_owned();
    earlier.push(".1");
    std::fs::rename(log, &earlier)?;
    let new = File::options().create(true).append(true).mode(0o600).open(log)?;
    rustix::stdio::dup2_stderr(&new)?;
    if (out.st_dev, out.st_ino) == (own.st_dev, own.st_ino) {
        rustix::stdio::dup2_stdout(&new)?;
    }
    Ok(())
}
