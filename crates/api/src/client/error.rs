//! Why a client's request came to nothing, by kind.

use std::path::PathBuf;
use std::time::Duration;

use pilothouse_core::command::Rejection;

/// Why a client's request came to nothing. Programs branch on the variant, never on the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens on the socket. Nothing was asked for.
    #[error("no engine answers at {socket}: {why}; `pilothouse` starts one", socket = socket.display())]
    EngineUnreachable {
        /// The socket that was tried.
        socket: PathBuf,
        /// What happened.
        why: String,
    },
    /// The socket is there, and this user may not open it. Nothing was asked for.
    #[error(
        "this user may not open {socket}; ask whoever runs the engine for the group that may, or to start it with \
         `--watch-all`, with which every user may watch",
        socket = socket.display()
    )]
    NotPermitted {
        /// The socket that was tried.
        socket: PathBuf,
    },
    /// The engine understood and refused.
    #[error("{0}")]
    Rejected(Rejection),
    /// The two sides speak different versions of the contract.
    #[error("{}", version_text(*client, *engine))]
    Version {
        /// The version that this client speaks.
        client: u32,
        /// The version that the engine speaks.
        engine: u32,
    },
    /// What came back is not what the contract says, or the connection broke.
    #[error("the engine at {socket} did not answer as it should: {what}; try again, and look at the engine's log if it stays", socket = socket.display())]
    Protocol {
        /// The socket.
        socket: PathBuf,
        /// What came instead.
        what: String,
    },
    /// No answer came in time.
    #[error("the engine at {socket} did not answer within {after:?}; if something was asked for, look at the state before asking again, because it may have been accepted", socket = socket.display())]
    Timeout {
        /// The socket.
        socket: PathBuf,
        /// How long was waited.
        after: Duration,
    },
}

impl ClientError {
    /// Whether a command that ended with this may have been accepted all the same.
    pub fn is_outcome_unknown(&self) -> bool {
        match self {
            Self::Protocol { .. } | Self::Timeout { .. } => true,
            Self::EngineUnreachable { .. }
            | Self::NotPermitted { .. }
            | Self::Rejected(_)
            | Self::Version { .. } => false,
        }
    }
}

fn version_text(client: u32, engine: u32) -> String {
    if client < engine {
        format!(
            "this client is older than the engine (API version {client}, the engine's is {engine}); update this client"
        )
    } else {
        format!(
            "the engine is older than this client (API version {engine}, this client's is {client}); update the engine and start it anew"
        )
    }
}
