//! What happens to the engine of containers.

use serde::{Deserialize, Serialize};

/// What happened to the engine of containers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainersEvent {
    /// It does not answer.
    Lost {
        /// A sentence that says what was tried.
        why: String,
        /// Whether another one answers in its stead.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        elsewhere: bool,
    },
    /// It answers again.
    Back,
}
