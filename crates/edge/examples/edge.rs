//! Runs an edge by itself: `edge STATE_DIR CONTROL_SOCKET WORKERS`.
//!
//! Publish a table with `curl --unix-socket CONTROL_SOCKET -T table.json http://edge/v1/table`.

use std::num::NonZeroUsize;
use std::process::ExitCode;

use pilothouse_edge::{Limits, Settings, serve};

fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [state_dir, control_socket, workers] = arguments.as_slice() else {
        tracing::error!("usage: edge STATE_DIR CONTROL_SOCKET WORKERS");
        return ExitCode::from(2);
    };
    let settings = Settings {
        state_dir: state_dir.into(),
        control_socket: control_socket.into(),
        workers: workers.parse().unwrap_or(NonZeroUsize::MIN),
        limits: Limits::default(),
    };
    match serve(settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}
