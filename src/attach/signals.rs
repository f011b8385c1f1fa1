//! The signals that concern a terminal program.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// A signal that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// One that asks to end, with its number.
    End(i32),
    /// The shell wants the terminal: Ctrl-Z from outside.
    Stop,
    /// The process goes on after it was stopped.
    GoOn,
    /// The terminal's size changed.
    Resize,
}

/// Listens to signals.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    hang_up: Signal,
    stop: Signal,
    go_on: Signal,
    resize: Signal,
}

impl Signals {
    /// Begins to listen.
    pub(super) fn listen() -> io::Result<Self> {
        let raw = |signal: rustix::process::Signal| SignalKind::from_raw(signal.as_raw());
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hang_up: signal(SignalKind::hangup())?,
            stop: signal(raw(rustix::process::Signal::TSTP))?,
            go_on: signal(raw(rustix::process::Signal::CONT))?,
            resize: signal(SignalKind::window_change())?,
        })
    }

    /// Waits for the next. May be dropped while it waits without losing anything.
    pub(super) async fn next(&mut self) -> Came {
        let end = |kind: SignalKind| Came::End(kind.as_raw_value());
        tokio::select! {
            biased;
            _ = self.hang_up.recv() => end(SignalKind::hangup()),
            _ = self.terminate.recv() => end(SignalKind::terminate()),
            _ = self.interrupt.recv() => end(SignalKind::interrupt()),
            _ = self.quit.recv() => end(SignalKind::quit()),
            _ = self.stop.recv() => Came::Stop,
            _ = self.go_on.recv() => Came::GoOn,
            _ = self.resize.recv() => Came::Resize,
        }
    }
}

/// Stops this process as the shell expects it. Returns once it goes on.
///
/// Without a shell that could let it go on again, nothing happens and false is returned.
pub(super) fn stop() -> bool {
    use rustix::process::{Signal, getpid, getppid, getsid, kill_process};
    let own = getsid(None).ok();
    let shell = getppid().and_then(|parent| getsid(Some(parent)).ok());
    own.is_some() && own == shell && kill_process(getpid(), Signal::STOP).is_ok()
}
