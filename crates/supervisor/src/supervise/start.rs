//! Starts the program through the shim.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::process::{Command, Stdio};

use rustix::fd::{AsRawFd, OwnedFd};
use rustix::pipe::PipeFlags;

use super::pump::Pump;
use crate::launch::Plan;
use crate::log::frame::Stream;
use crate::proc::ProcessId;
use crate::record::{LaunchFailure, LaunchFailureKind};
use crate::spec::{MARKER_VARIABLE, Secrets};
use crate::unit::StoredSpec;

/// This process's own binary, even if its file was replaced or removed since.
const OWN_BINARY: &str = "/proc/self/exe";
/// The longest report of the shim, in bytes.
const MAX_REPORT_BYTES: u64 = 64 * 1024;

/// A program that runs, and its output.
pub(super) struct Started {
    pub main: ProcessId,
    pub pumps: Vec<Pump>,
}

/// Starts the program. Returns when it runs or when it is known not to.
///
/// After a failure the shim's remains may still have to be reaped.
pub(super) fn start(
    stored: &StoredSpec,
    secrets: &Secrets,
    launch: &[OsString],
) -> Result<Started, LaunchFailure> {
    let setup = |error: io::Error| LaunchFailure {
        kind: LaunchFailureKind::Setup,
        message: format!("the process could not be created: {error}"),
    };
    let spec = &stored.spec;
    let (report, shim_end) =
        rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map_err(|error| setup(error.into()))?;
    let notes = spec.is_owner.then(|| rustix::pipe::pipe_with(PipeFlags::CLOEXEC));
    let notes = notes.transpose().map_err(|error| setup(error.into()))?;
    let plan = Plan {
        supervisor: rustix::process::getpid().as_raw_pid(),
        umask: spec.umask,
        max_open_files: spec.max_open_files,
        notes: notes.as_ref().map(|(_, write_end)| write_end.as_raw_fd()),
        dir: spec.dir.clone().into_os_string(),
    };
    // The command keeps the pipe's write end until it is dropped.
    let mut child = Command::new(OWN_BINARY)
        .args(launch)
        .args(plan.arguments())
        .args(&spec.argv)
        .env_clear()
        .envs(&spec.env)
        .envs(&secrets.env)
        .env(MARKER_VARIABLE, &stored.marker)
        .stdin(Stdio::from(shim_end))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(setup)?;
    let mut bytes = Vec::new();
    File::from(report).take(MAX_REPORT_BYTES).read_to_end(&mut bytes).map_err(setup)?;
    if !bytes.is_empty() {
        return Err(serde_json::from_slice(&bytes).map_err(|error| setup(error.into()))?);
    }
    let main = i32::try_from(child.id()).map_err(io::Error::other).and_then(ProcessId::of);
    let main = main.map_err(setup)?;
    let pump = |stream, pipe: Option<OwnedFd>| {
        let pipe = pipe.ok_or_else(|| setup(io::ErrorKind::NotFound.into()))?;
        Pump::new(stream, pipe).map_err(setup)
    };
    let mut pumps = vec![
        pump(Stream::Stdout, child.stdout.take().map(OwnedFd::from))?,
        pump(Stream::Stderr, child.stderr.take().map(OwnedFd::from))?,
    ];
    // The program has the write end now, and with it the pipe ends.
    if let Some((read_end, _)) = notes {
        pumps.push(pump(Stream::Owner, Some(read_end))?);
    }
    Ok(Started { main, pumps })
}
