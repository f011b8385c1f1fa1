//! A program with a terminal of its own in a container that runs.
//!
//! An engine ends no program whose terminal goes away. So a second one waits beside it for the end
//! of a connection that nobody writes to, and hangs the first one up when that comes too early:
//! whatever becomes of this process, its programs end as those of a lost line do.

use std::path::Path;
use std::time::Duration;

use bollard::exec::{CreateExecOptions, ResizeExecOptions};
use bytes::{Bytes, BytesMut};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf, split};

use crate::engine::Docker;
use crate::error::{Error, Kind, from};
use crate::raw::Stream;

/// Keys that the engine takes for itself. Nobody types these: the usual ones would swallow what a
/// shell needs to search its history.
const DETACH: &str = "ctrl-@,ctrl-_,ctrl-@";
/// How much of what a shell writes is read at once, in bytes.
const PIECE: usize = 8 << 10;
/// Questions which process a program became, and the time between two.
const BEGUN: (u32, Duration) = (40, Duration::from_millis(50));
/// Waits for a line. Where the input ends without one, nobody said that all is well. The first
/// process of a terminal takes what it runs along.
const HANG_UP: &str = "read -r _ || kill -HUP \"$1\"";

/// A program in a container, seen through a terminal of its own. It is hung up on once this is
/// dropped, unless it has ended.
pub struct Shell {
    docker: Docker,
    id: String,
    /// Whoever hangs it up, by what that one reads.
    guard: Option<Stream>,
}

/// What a shell writes. Raw: a terminal shows it as it is.
pub struct ShellOutput {
    from: ReadHalf<Stream>,
    piece: BytesMut,
}

/// What a shell reads.
pub struct ShellInput(WriteHalf<Stream>);

impl Docker {
    /// Starts a program with a terminal of this many columns and rows. It runs as the container's
    /// user and sees the container's variables, with these beside them.
    pub async fn shell(
        &self,
        container: &str,
        argv: &[&str],
        env: &[String],
        size: (u16, u16),
    ) -> Result<(Shell, ShellInput, ShellOutput), Error> {
        let what = format!("open a shell in {container}");
        let options = CreateExecOptions {
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            tty: Some(true),
            detach_keys: Some(DETACH.to_owned()),
            env: Some(env.to_vec()),
            cmd: Some(argv.iter().map(|word| (*word).to_owned()).collect()),
            ..CreateExecOptions::default()
        };
        let (id, stream) = self.exec(&what, container, options).await?;
        let (from, to) = split(stream);
        let mut shell = Shell { docker: self.clone(), id, guard: None };
        // One that has ended already has no size, and needs none.
        let _ = shell.resize(size).await;
        shell.guard = shell.guard(container).await;
        Ok((shell, ShellInput(to), ShellOutput { from, piece: BytesMut::new() }))
    }

    /// Starts a program in a container and connects to it.
    async fn exec(
        &self,
        what: &str,
        container: &str,
        options: CreateExecOptions<String>,
    ) -> Result<(String, Stream), Error> {
        let start = json!({ "Detach": false, "Tty": options.tty });
        let created = self.client.create_exec(container, options).await;
        let id = created.map_err(|raw| from(what, &raw))?.id;
        let stream = self.stream(what, &format!("/exec/{id}/start"), &start).await?;
        Ok((id, stream))
    }
}

impl Shell {
    /// Tells the shell how large its terminal is: columns and rows.
    pub async fn resize(&self, (width, height): (u16, u16)) -> Result<(), Error> {
        let size = ResizeExecOptions { width, height };
        let resized = self.docker.client.resize_exec(&self.id, size).await;
        resized.map_err(|raw| from("tell the shell its size", &raw))
    }

    /// What it ended with; none while it runs.
    pub async fn code(&self) -> Result<Option<i64>, Error> {
        let found = self.docker.client.inspect_exec(&self.id).await;
        let found = found.map_err(|raw| from("ask how the shell ended", &raw))?;
        Ok(found.exit_code.filter(|_| found.running != Some(true)))
    }

    /// Whether it ends with whoever looks at it, however that one ends.
    pub fn is_guarded(&self) -> bool {
        self.guard.is_some()
    }

    /// Says that it has ended by itself, so that nobody is hung up on any more.
    pub async fn end(mut self) {
        if let Some(guard) = &mut self.guard {
            // A guard that is gone has nothing to be told.
            let _ = guard.write_all(b"\n").await;
            let _ = guard.flush().await;
        }
    }

    /// Has somebody wait in the container for this process's end. None where the shell has ended,
    /// or where its process cannot be told from others.
    async fn guard(&self, container: &str) -> Option<Stream> {
        let pid = number_within(self.pid().await?, container)?;
        let words = ["/bin/sh", "-c", HANG_UP, "sh", &pid.to_string()];
        let options = CreateExecOptions {
            attach_stdin: Some(true),
            cmd: Some(words.map(str::to_owned).to_vec()),
            ..CreateExecOptions::default()
        };
        let started = self.docker.exec("guard the shell", container, options).await;
        started.ok().map(|(_, stream)| stream)
    }

    /// Its process's number on this machine; the engine has it a moment after the start.
    async fn pid(&self) -> Option<i64> {
        for _ in 0..BEGUN.0 {
            let found = self.docker.client.inspect_exec(&self.id).await.ok()?;
            match found.pid.filter(|pid| *pid > 0) {
                Some(pid) if found.running == Some(true) => return Some(pid),
                _ if found.exit_code.is_some() => return None,
                _ => tokio::time::sleep(BEGUN.1).await,
            }
        }
        None
    }
}

/// The number by which a process of this machine is known in its container, by proc(5).
fn number_within(pid: i64, container: &str) -> Option<i32> {
    let place = Path::new("/proc").join(pid.to_string());
    let groups = std::fs::read_to_string(place.join("cgroup")).ok()?;
    let status = std::fs::read_to_string(place.join("status")).ok()?;
    innermost(&status).filter(|_| groups.contains(container))
}

/// The last of the numbers that a process has, from the outermost numbering to its own; none where
/// there is only one.
fn innermost(status: &str) -> Option<i32> {
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
    numbers.split_whitespace().skip(1).last()?.parse().ok()
}

impl ShellOutput {
    /// Waits for more; none once there is no more. May be dropped while it waits without losing
    /// anything.
    pub async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        self.piece.reserve(PIECE);
        match self.from.read_buf(&mut self.piece).await {
            Ok(0) => None,
            Ok(_) => Some(Ok(self.piece.split().freeze())),
            Err(error) => {
                let why = format!("cannot read what the shell writes: {error}");
                Some(Err(Error::new(Kind::Unreachable, why)))
            }
        }
    }
}

impl ShellInput {
    /// Hands the shell what was typed.
    pub async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes).await?;
        self.0.flush().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_own_number_in_its_container() {
        let status = "Name:\tsh\nNSpid:\t4242\t31\t7\nNSpgid:\t4242\t31\t7\n";
        assert_eq!(innermost(status), Some(7));
        assert_eq!(innermost("Name:\tsh\nNSpid:\t4242\n"), None);
        assert_eq!(innermost("Name:\tsh\n"), None);
        // A process of no container.
        assert_eq!(number_within(std::process::id().into(), "c1"), None);
    }
}
