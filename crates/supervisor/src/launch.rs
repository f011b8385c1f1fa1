//! The shim that prepares itself and becomes the supervised program.
//!
//! A child between fork and exec may not run ordinary code, so the supervisor
//! starts this verb of its own binary instead, and the verb does what has to be
//! done in the child: a session of its own, death with the supervisor, mask,
//! limits, directory. Then it is replaced by the program. It must not start
//! anything itself, nor outlive a failed preparation.
//!
//! It reports through its standard input, which is the write end of a pipe: the
//! pipe closes without a word when the program runs, or carries a
//! [`LaunchFailure`] as JSON. The program's own standard input is empty, or, of one
//! that owns what runs elsewhere, the write end of a pipe for its notes.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::str::FromStr;

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, Signal};

use crate::record::{LaunchFailure, LaunchFailureKind};

/// What the supervisor asks of the shim, as arguments before the program's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub supervisor: i32,
    pub umask: u32,
    pub max_open_files: Option<u64>,
    /// The supervisor's descriptor of the pipe for notes.
    pub notes: Option<i32>,
    pub dir: OsString,
}

impl Plan {
    /// The arguments in the order in which [`launch`] expects them.
    pub(crate) fn arguments(&self) -> [OsString; 5] {
        [
            self.supervisor.to_string().into(),
            format!("{:o}", self.umask).into(),
            self.max_open_files.map_or_else(none, |limit| limit.to_string()).into(),
            self.notes.map_or_else(none, |notes| notes.to_string()).into(),
            self.dir.clone(),
        ]
    }

    fn parse(arguments: &[OsString]) -> Option<(Self, &[OsString])> {
        let (head, argv) = arguments.split_first_chunk::<5>()?;
        let [supervisor, umask, max_open_files, notes, dir] = head;
        let plan = Self {
            supervisor: supervisor.to_str()?.parse().ok()?,
            umask: u32::from_str_radix(umask.to_str()?, 8).ok()?,
            max_open_files: number(max_open_files).ok()?,
            notes: number(notes).ok()?,
            dir: dir.clone(),
        };
        Some((plan, argv))
    }
}

/// How an argument says that there is no such number.
fn none() -> String {
    "-".to_owned()
}

/// Reads a number that may be none; an error where it is neither.
fn number<T: FromStr>(argument: &OsString) -> Result<Option<T>, ()> {
    match argument.to_str() {
        Some("-") => Ok(None),
        text => text.and_then(|text| text.parse().ok()).map(Some).ok_or(()),
    }
}

/// Becomes the supervised program: the body of the hidden verb `launch`.
///
/// The arguments are those behind the verb. Returns only on failure.
pub fn launch(arguments: &[OsString]) -> ExitCode {
    let failed = ExitCode::from(127);
    // Nobody could read a report about a missing report, so these end silently;
    // the supervisor sees a pipe that closed and a process that returned 127.
    let Ok(report) = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3) else {
        return failed;
    };
    let failure = match prepare_and_become(arguments) {
        Ok(never) => match never {},
        Err(failure) => failure,
    };
    if let Ok(bytes) = serde_json::to_vec(&failure) {
        // As above.
        let _ = File::from(report).write_all(&bytes);
    }
    failed
}

fn prepare_and_become(arguments: &[OsString]) -> Result<std::convert::Infallible, LaunchFailure> {
    let setup = |what: &str, error: io::Error| LaunchFailure {
        kind: LaunchFailureKind::Setup,
        message: format!("the process could not be prepared: {what}: {error}"),
    };
    let Some((plan, [program, rest @ ..])) = Plan::parse(arguments) else {
        return Err(setup("arguments", io::ErrorKind::InvalidInput.into()));
    };
    let input = input(&plan).map_err(|error| setup("standard input", error))?;
    rustix::stdio::dup2_stdin(input).map_err(|error| setup("standard input", error.into()))?;
    rustix::process::setsid().map_err(|error| setup("session", error.into()))?;
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| setup("death signal", error.into()))?;
    // The signal is sent when a parent dies, not if it is dead already.
    if rustix::process::getppid().map(rustix::process::Pid::as_raw_pid) != Some(plan.supervisor) {
        return Err(setup("the supervisor is gone", io::ErrorKind::NotFound.into()));
    }
    rustix::process::umask(Mode::from_raw_mode(plan.umask));
    if let Some(limit) = plan.max_open_files {
        let limit = Rlimit { current: Some(limit), maximum: Some(limit) };
        rustix::process::setrlimit(Resource::Nofile, limit)
            .map_err(|error| setup("limit of open files", error.into()))?;
    }
    std::env::set_current_dir(&plan.dir).map_err(|error| LaunchFailure {
        kind: LaunchFailureKind::NoDirectory,
        message: format!(
            "the working directory {} cannot be entered: {error}",
            Path::new(&plan.dir).display()
        ),
    })?;
    let error = Command::new(program).args(rest).exec();
    let kind = match error.kind() {
        io::ErrorKind::NotFound => LaunchFailureKind::NoProgram,
        _ => LaunchFailureKind::NotExecutable,
    };
    let program = Path::new(program).display();
    let message = format!("the program {program} cannot be executed: {error}");
    Err(LaunchFailure { kind, message })
}

/// What the program gets as its standard input.
///
/// The pipe for notes is opened by its name: a second descriptor could be handed to a child only
/// by code that is not safe.
fn input(plan: &Plan) -> io::Result<File> {
    match plan.notes {
        None => File::open("/dev/null"),
        Some(notes) => {
            OpenOptions::new().write(true).open(format!("/proc/{}/fd/{notes}", plan.supervisor))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_survives_the_argument_list() {
        for (max_open_files, notes) in [(None, Some(9)), (Some(64), None)] {
            let dir = OsString::from("/x y");
            let plan = Plan { supervisor: 7, umask: 0o027, max_open_files, notes, dir };
            let mut arguments = plan.arguments().to_vec();
            arguments.extend(["true".into(), "-x".into()]);
            let (parsed, argv) = Plan::parse(&arguments).unwrap();
            assert_eq!((parsed, argv), (plan, &arguments[5..]));
        }
        assert_eq!(Plan::parse(&["1".into()]), None);
    }
}
