//! Why an edge cannot start or go on.

use std::io;
use std::path::PathBuf;

/// Why an edge cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another edge holds the state directory.
    #[error("another edge runs with the state directory {0}; stop it first, or use another one")]
    Running(PathBuf),
    /// Another process answers on the control socket.
    #[error("another process serves the control socket {0}; stop it first, or use another path")]
    SocketInUse(PathBuf),
    /// The state directory cannot be used.
    #[error("the state directory {path} cannot be used: {source}")]
    StateDir {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The control socket cannot be opened.
    #[error("the control socket {path} cannot be opened: {source}")]
    ControlSocket {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A runtime or thread could not be started.
    #[error("a serving thread could not be started: {0}")]
    Start(io::Error),
    /// A thread or a task ended by itself, which is a bug; a restart serves again.
    #[error("a part of the edge ended unexpectedly; start it again")]
    PartLost,
}
