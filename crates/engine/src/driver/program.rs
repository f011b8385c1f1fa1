//! Runs a program of the system and takes what it prints, within limits.
//!
//! The program gets a small environment of its own and no terminal, and neither it nor what it started
//! outlives a call that was given up.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::Duration;

use pilothouse_core::effect::Fault;
use pilothouse_core::text::printable;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use super::group::Group;
use super::no_longer_wanted;
use crate::executor::Attention;

/// The longest output that is taken, in bytes.
const OUTPUT: u64 = 64 << 20;
/// The longest complaint that is taken, in bytes.
const COMPLAINT: u64 = 64 << 10;

/// A call of a program.
pub(super) struct Call<'a> {
    /// The program's name, looked up in the engine's `PATH`.
    pub program: &'a str,
    /// What people call it in an error.
    pub what: &'a str,
    /// Its arguments.
    pub arguments: Vec<&'a OsStr>,
    /// Variables beside the small environment.
    pub env: Vec<(&'a str, &'a OsStr)>,
    /// How long it may take.
    pub limit: Duration,
}

/// Runs the program; its standard output where it succeeded.
///
/// A program that cannot be found is a permanent fault, all else may pass.
pub(super) async fn run(call: Call<'_>, attention: &Attention) -> Result<Vec<u8>, Fault> {
    let mut command = Command::new(found(call.program));
    command
        .args(&call.arguments)
        .env_clear()
        // Git reads the settings of the repository that it is called in, which may be anybody's.
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for name in ["PATH", "HOME", "SSH_AUTH_SOCK", "LANG", "USER"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.envs(call.env.iter().copied());
    let mut group = Group::spawn(&mut command).map_err(|error| {
        let why = format!("{} needs {}, which cannot be run: {error}", call.what, call.program);
        if error.kind() == std::io::ErrorKind::NotFound {
            Fault::permanent(why)
        } else {
            Fault::transient(why)
        }
    })?;
    let child = group.child();
    let (mut output, mut complaint) = (Vec::new(), Vec::new());
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let ended = async {
        if let (Some(stdout), Some(stderr)) = (stdout, stderr) {
            let (mut stdout, mut stderr) = (stdout.take(OUTPUT), stderr.take(COMPLAINT));
            // What could be read counts; a failed read shows in the exit status.
            let _ =
                tokio::join!(stdout.read_to_end(&mut output), stderr.read_to_end(&mut complaint));
        }
        child.wait().await
    };
    let status = tokio::select! {
        () = attention.cancelled.cancelled() => return Err(no_longer_wanted()),
        ended = tokio::time::timeout(call.limit, ended) => ended,
    };
    match status {
        Ok(Ok(status)) if status.success() => Ok(output),
        Ok(Ok(status)) => {
            Err(Fault::transient(format!("{} failed ({status}): {}", call.what, said(&complaint))))
        }
        Ok(Err(error)) => Err(Fault::transient(format!("{} was lost: {error}", call.what))),
        Err(_) => Err(Fault::transient(format!(
            "{} took longer than {} s",
            call.what,
            call.limit.as_secs()
        ))),
    }
}

/// Where the program is, or its name where `PATH` leads to none. A child whose environment is set
/// and whose program is to be looked up is forked, with a copy of all that is written meanwhile.
fn found(program: &str) -> OsString {
    let is_program = |metadata: std::fs::Metadata| {
        metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find(|file| file.is_absolute() && file.metadata().is_ok_and(is_program))
        .map_or_else(|| program.into(), Into::into)
}

/// What a complaint comes down to, in one printable line: what the program itself calls an error,
/// and where it calls nothing so, its last lines.
fn said(complaint: &[u8]) -> String {
    let text = String::from_utf8_lossy(complaint);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let errors: Vec<&str> = lines
        .iter()
        .filter(|line| line.starts_with("fatal: ") || line.starts_with("error: "))
        .copied()
        .collect();
    let told = if errors.is_empty() { &lines } else { &errors };
    let last = told.len().saturating_sub(3);
    let text = told[last..].join("; ");
    if text.is_empty() { "it said nothing".to_owned() } else { printable(&text, 400) }
}
