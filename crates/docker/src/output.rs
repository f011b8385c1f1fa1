//! Where the owning process writes: its own standard output and error, which a supervisor keeps.

use std::io::{self, Write as _};

use bollard::container::LogOutput;

/// Passes a piece of a container's output on to the stream that it belongs to.
///
/// Writing may block: a supervisor that is behind holds the container up, as a pipe would.
///
/// # Errors
/// What the system said; then nobody reads any more.
pub(crate) fn pass(piece: &LogOutput) -> io::Result<()> {
    match piece {
        LogOutput::StdErr { message } => {
            let mut out = io::stderr().lock();
            out.write_all(message)
        }
        LogOutput::StdOut { message }
        | LogOutput::StdIn { message }
        | LogOutput::Console { message } => {
            let mut out = io::stdout().lock();
            out.write_all(message)?;
            out.flush()
        }
    }
}

/// Says something of our own, on standard error. Where nobody reads, nothing is lost by it.
pub(crate) fn say(text: &str) {
    let mut out = io::stderr().lock();
    let _ = writeln!(out, "pilothouse: {text}");
}
