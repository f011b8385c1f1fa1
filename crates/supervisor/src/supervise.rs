//! The body of the supervisor process: from its first instruction to the loop.
//!
//! It takes the unit's secrets from its standard input and reports on its standard
//! output, both pipes to whoever started it, then lets go of them, so that the
//! starter's death means nothing to it. It has one thread, blocks without a
//! timeout while nothing is due, and never runs the program itself: see
//! [`crate::launch()`].

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};

use crate::proc::{ProcessId, boot_id};
use crate::record::{LaunchFailure, Phase, Status};
use crate::spec::{Kind, Secrets};
use crate::unit::{self, StoredSpec};

mod backoff;
mod pump;
mod run;
mod signals;
mod start;
mod states;

use crate::log::write::{Limit, LogWriter};
use run::Supervision;
use signals::Signals;

/// The most that is read of the secrets, in bytes.
const MAX_SECRETS_BYTES: u64 = 32 * 1024 * 1024;

/// Room that is kept for the status and for the exit record from the beginning, in bytes: a unit that
/// fills the disk, or another, is told of all the same. Either is longer only where it quotes a long
/// path.
const RECORD_BYTES: usize = 4096;

/// Room that is kept for the engine's wish that the unit ends, in bytes, for the same reason.
const WISH_BYTES: usize = 64;

/// What a supervisor tells its starter, once, as JSON on its standard output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Report {
    /// The lock is held and the program runs.
    Running { boot_id: String, supervisor: ProcessId },
    /// The program could not be started; the exit record is written.
    LaunchFailed { why: LaunchFailure },
    /// Another supervisor holds this directory.
    Locked,
    /// The directory has served a unit before.
    Used,
    /// Something else failed before the program was started.
    Failed { message: String },
}

/// Owns one unit until it is over: the body of the hidden verb `supervise`.
///
/// `launch` is the verb, and whatever must stand before its arguments, with which
/// this same binary runs [`crate::launch()`]. The process must not have started a
/// thread. Returns success if the exit record was written.
pub fn supervise(unit: &Path, launch: &[OsString]) -> ExitCode {
    let Ok(report) = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3) else {
        return ExitCode::FAILURE;
    };
    let mut report = Reporter(Some(File::from(report)));
    match prepare(unit, launch) {
        Ok(supervision) => match supervision.run(&mut report) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                report.send(&Report::Failed { message: error.to_string() });
                ExitCode::FAILURE
            }
        },
        Err(refusal) => {
            report.send(&refusal);
            ExitCode::FAILURE
        }
    }
}

/// The pipe to the starter, which hears one report and then nothing more.
struct Reporter(Option<File>);

impl Reporter {
    fn send(&mut self, report: &Report) {
        if let (Some(mut pipe), Ok(bytes)) = (self.0.take(), serde_json::to_vec(report)) {
            // The starter may be gone; the unit's files say the same.
            let _ = pipe.write_all(&bytes);
        }
    }
}

fn prepare(unit: &Path, launch: &[OsString]) -> Result<Supervision, Report> {
    let failed = |what: &'static str| {
        move |error: io::Error| Report::Failed { message: format!("{what}: {error}") }
    };
    // A process group's leader cannot make a session; it is one already if it was
    // started from a shell.
    let _ = rustix::process::setsid();
    let secrets = read_secrets().map_err(failed("cannot read the secrets"))?;
    release_stdio().map_err(failed("cannot open /dev/null"))?;
    let lock = lock(unit)?;
    let used = [unit::exit_path(unit), unit::status_path(unit), unit::log_path(unit)];
    if used.iter().any(|path| path.exists()) {
        return Err(Report::Used);
    }
    let stored: StoredSpec = unit::read_json(&unit::spec_path(unit))
        .and_then(|stored| stored.ok_or_else(|| io::ErrorKind::NotFound.into()))
        .map_err(failed("cannot read spec.json"))?;
    let boot_id = boot_id().map_err(failed("cannot read the boot id"))?;
    let own_pid = rustix::process::getpid();
    let supervisor =
        ProcessId::of(own_pid.as_raw_pid()).map_err(failed("cannot read the own start time"))?;
    rustix::process::set_child_subreaper(Some(own_pid))
        .map_err(|error| failed("cannot become a subreaper")(error.into()))?;
    let signals = Signals::register().map_err(failed("cannot receive signals"))?;
    let limit = match stored.spec.kind {
        Kind::Step { output_limit_bytes, .. } => Limit::KeepFirst(output_limit_bytes),
        Kind::Instance { max_log_bytes, .. } => Limit::KeepLast(max_log_bytes),
    };
    let log = LogWriter::create(unit, limit).map_err(failed("cannot create the log"))?;
    unit::spare(&unit::status_path(unit), RECORD_BYTES)
        .and_then(|()| unit::reserve(&unit::exit_path(unit), RECORD_BYTES))
        .and_then(|()| unit::reserve(&unit::stop_path(unit), WISH_BYTES))
        .map_err(failed("cannot keep room"))?;
    let status = Status {
        version: 1,
        id: stored.spec.id.clone(),
        marker: stored.marker.clone(),
        boot_id,
        supervisor,
        phase: Phase::Starting,
        main: None,
        started_ms: unit::now_ms(),
        main_started_ms: None,
        restarts: 0,
        in_a_row: 0,
        last_exit: None,
        next_restart_ms: None,
    };
    let launch = launch.to_vec();
    let unit = unit.to_owned();
    Ok(Supervision::new(unit, lock, stored, secrets, launch, signals, log, status))
}

fn read_secrets() -> io::Result<Secrets> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(MAX_SECRETS_BYTES).read_to_end(&mut bytes)?;
    if bytes.is_empty() {
        return Ok(Secrets::default());
    }
    serde_json::from_slice(&bytes).map_err(|error| {
        // The parser's own message could quote a secret.
        let place = format!("column {} of the secrets is not understood", error.column());
        io::Error::new(io::ErrorKind::InvalidData, place)
    })
}

fn release_stdio() -> io::Result<()> {
    let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    Ok(())
}

/// Takes the record lock that says, for as long as this process lives, that the
/// unit is owned. The kernel releases it however the process ends, hands it to no
/// child, and tells anyone who asks which process holds it (`fcntl(2)`).
fn lock(unit: &Path) -> Result<File, Report> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(unit::lock_path(unit))
        .map_err(|error| Report::Failed { message: format!("cannot open the lock: {error}") })?;
    match rustix::fs::fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::AGAIN | rustix::io::Errno::ACCESS) => Err(Report::Locked),
        Err(error) => Err(Report::Failed { message: format!("cannot take the lock: {error}") }),
    }
}
