//! A shell in a container: what is typed goes there, what it writes is shown as it is.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;
use pilothouse_docker::{Docker, Error, Shell, ShellInput, ShellOutput};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::raw::{self, Raw};
use crate::exit::{Failure, failed};
use crate::{ask, out};

/// What is started: the one shell that nearly every image has.
const SHELL: [&str; 1] = ["/bin/sh"];
/// What Docker and shells end with where there is no such program, or none that runs.
const NOT_FOUND: [i64; 2] = [126, 127];
/// What shells end with whose terminal goes away.
const HUNG_UP: i64 = 129;
/// Pieces of typing that wait for a container that does not read; then the terminal waits.
const TYPED: usize = 16;
/// Questions how a shell ended whose output is over, and the time between two.
const ENDED: (u32, Duration) = (40, Duration::from_millis(50));

/// Opens a shell in a container, and ends with its status.
pub(super) fn run(container: &str) -> Result<ExitCode> {
    let ended = ask::run(async {
        let said = |error: Error| failed(Failure::Failed, error.why);
        let docker = Docker::local().map_err(said)?.ready().await.map_err(said)?;
        let terminal = std::env::var("TERM").unwrap_or_else(|_| "xterm".to_owned());
        let env = [format!("TERM={terminal}")];
        let opened = docker.shell(container, &SHELL, &env, raw::size()).await;
        let (shell, input, output) = opened.map_err(said)?;
        if !shell.is_guarded() && matches!(shell.code().await, Ok(None)) {
            out::line("(it would outlive this terminal, should that be lost)");
        }
        let taken = Raw::take().wrap_err("cannot take the terminal")?;
        let passed = pass(&shell, input, output).await;
        drop(taken);
        let Passed::Over { was_typed_to } = passed? else { return Ok(HUNG_UP) };
        let code = code(&shell).await.map_err(said)?;
        shell.end().await;
        if !was_typed_to && NOT_FOUND.contains(&code) {
            let why =
                format!("the image has no {} that runs, so there is no shell in it", SHELL[0]);
            return Err(failed(Failure::Failed, why));
        }
        Ok(code)
    })?;
    Ok(ExitCode::from(u8::try_from(ended).unwrap_or(u8::MAX)))
}

/// Why nothing is passed on any more.
enum Passed {
    /// The shell has written its last.
    Over { was_typed_to: bool },
    /// The terminal is gone, or this process is to end: the shell is hung up on.
    HungUp,
}

/// Passes everything on in both directions until one of them ends.
async fn pass(shell: &Shell, mut input: ShellInput, mut output: ShellOutput) -> Result<Passed> {
    let mut resized = signal(SignalKind::window_change()).wrap_err("cannot listen for signals")?;
    let mut hung_up = signal(SignalKind::hangup()).wrap_err("cannot listen for signals")?;
    let mut ended = signal(SignalKind::terminate()).wrap_err("cannot listen for signals")?;
    let mut typed = typing();
    let (mut is_typing, mut was_typed_to) = (true, false);
    loop {
        tokio::select! {
            written = output.next() => match written {
                Some(Ok(bytes)) => show(&bytes).wrap_err("the terminal is gone")?,
                Some(Err(error)) => return Err(failed(Failure::Failed, error.why)),
                None => return Ok(Passed::Over { was_typed_to }),
            },
            bytes = typed.recv(), if is_typing => match bytes {
                // A shell that has ended reads no more; its output says so next.
                Some(bytes) => {
                    was_typed_to = true;
                    is_typing = input.write(&bytes).await.is_ok();
                }
                None => return Ok(Passed::HungUp),
            },
            // One that has ended has no size any more.
            _ = resized.recv() => drop(shell.resize(raw::size()).await),
            _ = hung_up.recv() => return Ok(Passed::HungUp),
            _ = ended.recv() => return Ok(Passed::HungUp),
        }
    }
}

/// Reads the terminal on a thread of its own, because a terminal can only be waited for. The
/// thread ends with this process, which follows the shell's end at once.
fn typing() -> Receiver<Vec<u8>> {
    let (sender, typed) = channel(TYPED);
    std::thread::spawn(move || read(&sender));
    typed
}

fn read(sender: &Sender<Vec<u8>>) {
    let mut bytes = [0; 4096];
    let mut terminal = std::io::stdin();
    loop {
        match terminal.read(&mut bytes) {
            Ok(0) => return,
            Ok(count) => {
                let piece = bytes.get(..count).unwrap_or_default().to_vec();
                if sender.blocking_send(piece).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

fn show(bytes: &[u8]) -> std::io::Result<()> {
    let mut terminal = std::io::stdout().lock();
    terminal.write_all(bytes)?;
    terminal.flush()
}

/// What the shell ended with. Its output is over a moment before the engine knows.
async fn code(shell: &Shell) -> Result<i64, Error> {
    for _ in 0..ENDED.0 {
        if let Some(code) = shell.code().await? {
            return Ok(code);
        }
        tokio::time::sleep(ENDED.1).await;
    }
    // It closed its terminal and runs on without.
    Ok(HUNG_UP)
}
