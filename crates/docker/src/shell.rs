//! A program with a terminal of its own in a container that runs.

use std::pin::Pin;

use bollard::exec::{CreateExecOptions, ResizeExecOptions, StartExecOptions, StartExecResults};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use crate::engine::Docker;
use crate::error::{Error, Kind, from};

/// Keys that the engine takes for itself. Nobody types these: the usual ones would swallow what a
/// shell needs to search its history.
const DETACH: &str = "ctrl-@,ctrl-_,ctrl-@";

/// A program in a container, seen through a terminal of its own.
pub struct Shell {
    docker: Docker,
    id: String,
}

/// What a shell writes. Raw: a terminal shows it as it is.
pub struct ShellOutput(BoxStream<'static, Result<Bytes, Error>>);

/// What a shell reads.
pub struct ShellInput(Pin<Box<dyn AsyncWrite + Send>>);

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
        let failed = |raw| from(&format!("open a shell in {container}"), &raw);
        let id = self.client.create_exec(container, options).await.map_err(failed)?.id;
        let start = StartExecOptions { detach: false, tty: true, output_capacity: None };
        let started = self.client.start_exec(&id, Some(start)).await.map_err(failed)?;
        let StartExecResults::Attached { output, input } = started else {
            return Err(Error::new(
                Kind::Broken,
                "the Docker engine attached nothing to the shell",
            ));
        };
        let output = output.map(|item| match item {
            Ok(written) => Ok(written.into_bytes()),
            Err(raw) => Err(from("read what the shell writes", &raw)),
        });
        let shell = Shell { docker: self.clone(), id };
        // One that has ended already has no size, and needs none.
        let _ = shell.resize(size).await;
        Ok((shell, ShellInput(input), ShellOutput(output.boxed())))
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
}

impl ShellOutput {
    /// Waits for more; none once there is no more. May be dropped while it waits without losing
    /// anything.
    pub async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        self.0.next().await
    }
}

impl ShellInput {
    /// Hands the shell what was typed.
    pub async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes).await?;
        self.0.flush().await
    }
}
