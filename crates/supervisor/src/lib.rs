//! The small process that owns one step or one local instance.
//!
//! Two sides live here. [`supervise()`] and [`launch()`] are the bodies of two
//! hidden verbs of the binary: the first owns a process tree, its pipes, its
//! framed log and its exit record; the second prepares itself and becomes the
//! supervised program. Everything else is the library side, with which the
//! engine starts a supervisor, finds it again, reads it and stops it.
//!
//! The crate is synchronous and has no opinion about what is supervised. It
//! must not know projects, runs, deployments or routing, must not interpret
//! what a program prints, and must not retry a step.
//!
//! A **unit directory** holds everything about one life of one unit: `spec.json`,
//! `lock`, `status.json`, `log` (and `log.1`), `stop.json`, `exit.json`. A
//! directory serves one life only; a second supervisor is refused.

mod ending;
mod find;
mod inside;
mod launch;
mod lock;
mod log;
mod mask;
mod named;
mod proc;
mod record;
mod regular;
mod socket;
mod spawn;
mod spec;
mod stop;
mod supervise;
mod sweep;
mod unit;
mod usage;
mod watch;

pub use find::{FindError, Handle, Liveness, find, holder, is_held};
pub use inside::{Process, processes, spec_of};
pub use launch::launch;
pub use lock::lock_holder;
pub use log::follow::{Follow, follow};
pub use log::frame::{Frame, Stream};
pub use log::read::{LogError, LogSlice, read_log};
pub use log::tail::{read_before, tail};
pub use mask::{hide, without_escapes};
pub use named::end_named;
pub use proc::ProcessId;
pub use record::{ExitRecord, LaunchFailure, LaunchFailureKind, MainExit, Outcome, Phase, Status};
pub use regular::{read_regular, write_regular};
pub use socket::{SocketOwner, owns_socket, socket_owner};
pub use spawn::{Binary, StartError, spawn};
pub use spec::{Kind, MARKER_VARIABLE, MIN_MASKED_BYTES, Secrets, Spec, SpecError, Stop};
pub use stop::{StopError, cancel, force, stop, wake};
pub use supervise::supervise;
pub use sweep::{SweepError, sweep};
pub use usage::{Meter, Usage, usage};
pub use watch::{Watch, watch};
