//! What to supervise: the unit's specification and its secrets.
//!
//! The specification is a file that outlives the engine that wrote it, so its
//! form is a contract. Secrets are a separate type on purpose: they travel
//! through a pipe, live in the supervisor's memory, and never reach a file,
//! an argument list or the supervisor's own environment.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The environment variable that marks every process of a unit.
///
/// Its value is `ID:NONCE`. [`crate::sweep()`] recognises orphans by it.
pub const MARKER_VARIABLE: &str = "PILOTHOUSE_UNIT";

/// The shortest secret, in bytes, that is masked in a log.
///
/// A shorter value would blank out ordinary text everywhere and hide nothing,
/// because it could be guessed. The engine should warn about such a secret.
pub const MIN_MASKED_BYTES: usize = 4;

/// The longest single value that is masked, in bytes.
pub(crate) const MAX_MASKED_BYTES: usize = 16 * 1024;
/// How many secrets one unit may have.
pub(crate) const MAX_SECRETS: usize = 256;
/// The longest identifier of a unit, in bytes.
const MAX_ID_BYTES: usize = 200;

/// Describes one unit: a build step or one local instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// The engine's name for this unit. It becomes part of the marker.
    pub id: String,
    /// Whether the unit runs once or is kept running.
    pub kind: Kind,
    /// The program and its arguments. Never a shell string.
    pub argv: Vec<String>,
    /// The working directory of the program.
    pub dir: PathBuf,
    /// The whole environment of the program, apart from secrets and the marker.
    ///
    /// Nothing is inherited, not even `PATH`. Without one, the C library looks
    /// a bare program name up in `/bin` and `/usr/bin`.
    pub env: BTreeMap<String, String>,
    /// How the program is asked to end.
    pub stop: Stop,
    /// The file mode creation mask, `0o022` in most cases.
    pub umask: u32,
    /// The limit of open files (`RLIMIT_NOFILE`), or the inherited one.
    pub max_open_files: Option<u64>,
    /// Whether the program is one of ours that owns what runs elsewhere. What it writes to its
    /// standard input is then kept as [`crate::Stream::Owner`], apart from what it passes on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_owner: bool,
}

/// Tells a step, which runs once, from an instance, which is kept running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A build step: it runs once, and its end is the unit's end.
    Step {
        /// How long it may run before everything it started is ended, in
        /// milliseconds. `None` means without a deadline.
        deadline_ms: Option<u64>,
        /// How many bytes of output are kept. The rest is counted and dropped.
        output_limit_bytes: u64,
    },
    /// A local instance: it is started again with a growing delay.
    Instance {
        /// The delay before the first restart, in milliseconds.
        backoff_min_ms: u64,
        /// The longest delay before a restart, in milliseconds.
        backoff_max_ms: u64,
        /// A run that lasted this long, in milliseconds, resets the delay.
        stable_after_ms: u64,
        /// How much log is kept, in bytes. The older half is rotated away.
        max_log_bytes: u64,
    },
}

/// How a unit is asked to end before it is made to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// The signal number that asks the program to end, such as 15 for TERM.
    pub signal: i32,
    /// How long the program may take after it, in milliseconds.
    pub grace_ms: u64,
}

/// The unit's secrets, handed to the supervisor through a pipe.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    /// Environment variables that are added to [`Spec::env`]. Their values are
    /// masked in the log as well.
    pub env: BTreeMap<String, String>,
    /// Further values to mask in the log.
    pub masks: Vec<String>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Secrets({} variables, {} masks)", self.env.len(), self.masks.len())
    }
}

impl Secrets {
    /// Lists every value that the log must not show.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.env.values().chain(&self.masks).map(String::as_str)
    }
}

/// Says why a specification cannot be run by anybody.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SpecError {
    /// The identifier is empty, too long or holds characters beyond `A-Za-z0-9._-/`.
    #[error("the unit's id must be 1 to {MAX_ID_BYTES} of A-Z a-z 0-9 . _ - /, not {0:?}")]
    Id(String),
    /// There is no program to run.
    #[error("the unit {0} has an empty argv; name the program to run")]
    NoProgram(String),
    /// A NUL byte cannot be passed to a program.
    #[error("the {0} of the unit {1} holds a NUL byte, which no program can receive")]
    Nul(&'static str, String),
    /// A variable's name is empty or holds `=`, or is the marker's.
    #[error("the unit {1} cannot set the environment variable {0:?}")]
    Variable(String, String),
    /// The working directory must not depend on who starts the unit.
    #[error("the working directory {0} of the unit {1} must be an absolute path")]
    RelativeDirectory(PathBuf, String),
    /// The stop signal is not one that exists.
    #[error("the stop signal {0} of the unit {1} is not a known signal number")]
    Signal(i32, String),
    /// There are more secrets than a unit may have, or one is too long to mask.
    #[error(
        "the unit {0} has a secret beyond what can be masked: at most {MAX_SECRETS} values of at \
         most {MAX_MASKED_BYTES} bytes"
    )]
    Secrets(String),
}

impl Spec {
    /// Checks what can be known to be wrong before anything is started.
    pub fn check(&self, secrets: &Secrets) -> Result<(), SpecError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        if self.id.is_empty() || self.id.len() > MAX_ID_BYTES || !self.id.chars().all(plain) {
            return Err(SpecError::Id(self.id.clone()));
        }
        if self.argv.first().is_none_or(String::is_empty) {
            return Err(SpecError::NoProgram(self.id.clone()));
        }
        if self.argv.iter().any(|argument| argument.contains('\0')) {
            return Err(SpecError::Nul("argv", self.id.clone()));
        }
        if !self.dir.is_absolute() {
            return Err(SpecError::RelativeDirectory(self.dir.clone(), self.id.clone()));
        }
        if rustix::process::Signal::from_named_raw(self.stop.signal).is_none() {
            return Err(SpecError::Signal(self.stop.signal, self.id.clone()));
        }
        for (name, value) in self.env.iter().chain(&secrets.env) {
            if name.is_empty() || name.contains(['=', '\0']) || name == MARKER_VARIABLE {
                return Err(SpecError::Variable(name.clone(), self.id.clone()));
            }
            if value.contains('\0') {
                return Err(SpecError::Nul("environment", self.id.clone()));
            }
        }
        let too_long = secrets.values().any(|value| value.len() > MAX_MASKED_BYTES);
        if too_long || secrets.values().count() > MAX_SECRETS {
            return Err(SpecError::Secrets(self.id.clone()));
        }
        Ok(())
    }
}
