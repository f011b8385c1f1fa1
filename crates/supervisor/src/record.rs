//! What a supervisor writes about its unit: the status and the exit record.
//!
//! Both are read by later versions of the engine, so their form is a contract.
//! Times are milliseconds since the Unix epoch, for people and for ordering
//! across processes; durations are measured by the supervisor's own clock.

use serde::{Deserialize, Serialize};

use crate::proc::ProcessId;

/// How a unit ended, from the engine's point of view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The main process ended by itself with this code.
    Exited {
        /// The exit code, 0 to 255.
        code: i32,
    },
    /// The main process was ended by a signal that the supervisor did not send.
    Signaled {
        /// The signal's number.
        signal: i32,
    },
    /// The deadline passed and everything was ended.
    TimedOut,
    /// A step was cancelled by the engine.
    Cancelled,
    /// An instance was stopped by the engine.
    Stopped,
    /// The program never ran.
    LaunchFailed {
        /// What went wrong before it could.
        why: LaunchFailure,
    },
}

/// Why a program could not be started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchFailure {
    /// What to branch on.
    pub kind: LaunchFailureKind,
    /// A sentence for people: what failed, and where.
    pub message: String,
}

/// The kinds of failure before a program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaunchFailureKind {
    /// The program does not exist.
    NoProgram,
    /// The program exists and may not be executed, or is no executable.
    NotExecutable,
    /// The working directory is missing or cannot be entered.
    NoDirectory,
    /// The process could not be prepared, or could not be created.
    Setup,
}

/// How the main process itself ended, whatever the unit's outcome is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MainExit {
    /// It returned this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
    /// It could not be started again.
    NotStarted,
}

/// The final word on a unit. Written once, synced, and then the unit is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitRecord {
    /// The version of this form, 1.
    pub version: u32,
    /// The unit's identifier.
    pub id: String,
    /// How the unit ended.
    pub outcome: Outcome,
    /// How the main process ended last, if it ever ran.
    pub main: Option<MainExit>,
    /// When the supervisor began.
    pub started_ms: u64,
    /// When the last process of the unit was gone.
    pub ended_ms: u64,
    /// How many times an instance was started again.
    pub restarts: u32,
    /// How many processes outlived the main process and were ended.
    pub leftovers_ended: u32,
    /// How many processes could not be ended. Anything but 0 needs an operator.
    pub survivors: u32,
    /// How many bytes the unit printed.
    pub output_bytes: u64,
    /// How many of them the log does not hold.
    pub dropped_bytes: u64,
    /// Why the log is incomplete, if writing it failed.
    pub log_error: Option<String>,
}

/// What the unit is doing now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The first process is being prepared.
    Starting,
    /// The main process runs.
    Running,
    /// An instance ended and waits to be started again.
    BackingOff,
    /// Everything is being ended.
    Stopping,
}

/// The unit's present state, replaced atomically at every transition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The version of this form, 1.
    pub version: u32,
    /// The unit's identifier.
    pub id: String,
    /// The value of the marker that every process of the unit carries.
    pub marker: String,
    /// The boot in which these process numbers mean something.
    pub boot_id: String,
    /// The supervisor itself.
    pub supervisor: ProcessId,
    /// What the unit is doing.
    pub phase: Phase,
    /// The main process, while it runs.
    pub main: Option<ProcessId>,
    /// When the supervisor began.
    pub started_ms: u64,
    /// When the main process was last started.
    pub main_started_ms: Option<u64>,
    /// How many times an instance was started again.
    pub restarts: u32,
    /// How many of those followed one another, none of its runs between them being a long one.
    #[serde(default)]
    pub in_a_row: u32,
    /// How the main process ended last.
    pub last_exit: Option<MainExit>,
    /// When the instance is started again, while it backs off.
    pub next_restart_ms: Option<u64>,
}

#[cfg(test)]
mod tests;
