//! What happens to the edge.

use serde::{Deserialize, Serialize};

use crate::state::Unbound;

/// What happened to the edge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeEvent {
    /// It answers, serving the table of this digest.
    Connected {
        /// The digest; none before the first table.
        active: Option<String>,
    },
    /// It cannot listen on other addresses than before.
    ListenersChanged {
        /// All those on which it cannot.
        unbound: Vec<Unbound>,
    },
    /// It does not answer.
    Disconnected {
        /// A sentence that says what was tried.
        why: String,
    },
    /// A table was published and read back, from the control socket and through each listener that
    /// is bound.
    Published {
        /// The table's version.
        version: u64,
        /// Its digest.
        digest: String,
    },
    /// A table was refused, or could not be read back.
    PublishFailed {
        /// The version that was tried.
        version: u64,
        /// What was said, printable.
        why: String,
    },
}
