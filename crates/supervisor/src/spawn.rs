//! Starts a supervisor and learns whether its program runs.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal};

use crate::find::{Handle, Liveness, find};
use crate::record::LaunchFailure;
use crate::spec::{Secrets, Spec, SpecError};
use crate::supervise::Report;
use crate::sweep::sweep;
use crate::unit::{self, Durability, StoredSpec};

/// How long a supervisor may take until it reports. It takes milliseconds; a host
/// that swaps takes longer.
const REPORT_LIMIT: Duration = Duration::from_secs(20);
/// How long a supervisor that says nothing is waited for before it is let go on.
const WAKE_INTERVAL: Duration = Duration::from_millis(500);
/// The longest report that is read, in bytes.
const MAX_REPORT_BYTES: usize = 64 * 1024;

/// The binary that can supervise, and how it is told to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binary {
    /// The binary's path.
    pub path: PathBuf,
    /// The arguments that stand before the unit directory, such as `supervise`.
    pub verb: Vec<OsString>,
    /// The supervisor's own variables, which its program does not get.
    pub environment: Vec<(OsString, OsString)>,
}

/// Says why a unit does not run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The specification can never run.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A supervisor owns the directory: find it instead.
    #[error("the unit directory {0} has a living supervisor already")]
    Locked(PathBuf),
    /// The directory has served a unit: give the new one its own.
    #[error("the unit directory {0} was used before; a unit needs a fresh one")]
    Used(PathBuf),
    /// The program could not be started. The exit record says so too.
    #[error("{}", .0.message)]
    LaunchFailed(LaunchFailure),
    /// The supervisor could not do its work.
    #[error("the supervisor of {dir} failed: {message}")]
    Supervisor {
        /// The unit directory.
        dir: PathBuf,
        /// What it said.
        message: String,
    },
    /// The supervisor ended or hung without a report. Find tells what it left.
    #[error(
        "the supervisor of {0} ended, or said nothing for {REPORT_LIMIT:?}, so nobody knows whether \
         its program ran; what is left of it was ended"
    )]
    Silent(PathBuf),
    /// The unit directory or the supervisor's process could not be made.
    #[error("cannot {what} for the unit in {dir}: {source}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// The unit directory.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Starts a unit in a fresh directory, which is made if it is missing.
///
/// Returns when the supervisor holds its lock and the program runs, or when it is
/// known that it does not. Blocks for some milliseconds, and never longer than
/// 20 s. The supervisor is a child of this process until one of the two ends; use
/// a [`crate::Watch`] so that it is reaped.
pub fn spawn(
    binary: &Binary,
    dir: &Path,
    spec: &Spec,
    secrets: &Secrets,
) -> Result<Handle, StartError> {
    spec.check(secrets)?;
    let dir = &fresh_directory(dir)?;
    let failed =
        |what: &'static str| move |source| StartError::Io { what, dir: dir.clone(), source };
    let nonce = nonce().map_err(failed("get random bytes"))?;
    let stored =
        StoredSpec { version: 1, marker: format!("{}:{nonce}", spec.id), spec: spec.clone() };
    unit::write_json(&unit::spec_path(dir), &stored, Durability::Unsynced)
        .map_err(failed("write spec.json"))?;
    let mut child = Command::new(&binary.path)
        .arg0("pilothouse")
        .args(&binary.verb)
        .arg(dir)
        .current_dir("/")
        .env_clear()
        .envs(binary.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed("start the supervisor"))?;
    // A supervisor that refuses at once leaves a pipe that nobody reads; what it
    // reported says more than that.
    let sent = send_secrets(&mut child, secrets);
    let report = child.stdout.take().and_then(|pipe| read_report(pipe, &child).ok());
    if let Some(Report::Running { boot_id, supervisor }) = report {
        // Not waited for here: a watch does that when the supervisor ends.
        return Ok(Handle { dir: dir.clone(), boot_id, supervisor });
    }
    // It has nothing more to do; if it hangs, its program dies with it. It may have
    // ended already, which is as well.
    let _ = child.kill();
    child.wait().map_err(failed("wait for the supervisor"))?;
    match report {
        Some(Report::LaunchFailed { why }) => Err(StartError::LaunchFailed(why)),
        Some(Report::Locked) => Err(StartError::Locked(dir.clone())),
        Some(Report::Used) => Err(StartError::Used(dir.clone())),
        Some(Report::Failed { message }) => {
            Err(StartError::Supervisor { dir: dir.clone(), message })
        }
        Some(Report::Running { .. }) | None => {
            // What the program had started lives on without its supervisor. Where that cannot
            // be swept now, the unit is found interrupted, and swept again, later.
            let _ = sweep(dir);
            sent.map_err(failed("hand over the secrets"))?;
            Err(StartError::Silent(dir.clone()))
        }
    }
}

/// Makes the unit directory, or accepts one that was never used.
fn fresh_directory(dir: &Path) -> Result<PathBuf, StartError> {
    let failed =
        |what: &'static str| move |source| StartError::Io { what, dir: dir.into(), source };
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(failed("make the directory"))?;
    // The supervisor runs in another directory than the one that a relative path was
    // meant from.
    let dir = dir.canonicalize().map_err(failed("find the directory"))?;
    match find(&dir) {
        Ok(Liveness::NeverStarted) => Ok(dir),
        Ok(Liveness::Alive(..) | Liveness::Starting) => Err(StartError::Locked(dir)),
        Ok(Liveness::Exited(_) | Liveness::Interrupted | Liveness::OtherBoot) | Err(_) => {
            Err(StartError::Used(dir))
        }
    }
}

/// A value that no other life of a unit has, so that a marker names one life.
fn nonce() -> io::Result<String> {
    let mut bytes = [0_u8; 12];
    let filled = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
    let number =
        bytes[..filled].iter().fold(0_u128, |number, &byte| number << 8 | u128::from(byte));
    Ok(format!("{number:024x}"))
}

fn send_secrets(child: &mut Child, secrets: &Secrets) -> io::Result<()> {
    let bytes = serde_json::to_vec(secrets).map_err(io::Error::other)?;
    match child.stdin.take() {
        Some(mut pipe) => pipe.write_all(&bytes),
        None => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

/// Reads the report to the pipe's end, within the limit.
///
/// The program may run before the report comes, and stop its supervisor. So the
/// supervisor is let go on again and again while it says nothing.
fn read_report(mut pipe: ChildStdout, child: &Child) -> io::Result<Report> {
    let until = Instant::now() + REPORT_LIMIT;
    let mut bytes = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let is_last = left <= WAKE_INTERVAL;
        let left = left.min(WAKE_INTERVAL);
        let timeout = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(left.subsec_nanos()),
        };
        match poll(&mut [PollFd::new(&pipe, PollFlags::IN)], Some(&timeout)) {
            Ok(0) if is_last => return Err(io::ErrorKind::TimedOut.into()),
            Ok(0) => {
                if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                    // The number is still its own, because nobody has waited for it. One that
                    // has ended has closed the pipe, which is seen next.
                    let _ = rustix::process::kill_process(pid, Signal::CONT);
                }
                continue;
            }
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        match pipe.read(&mut buffer)? {
            0 => return serde_json::from_slice(&bytes).map_err(io::Error::other),
            _ if bytes.len() > MAX_REPORT_BYTES => return Err(io::ErrorKind::FileTooLarge.into()),
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}
