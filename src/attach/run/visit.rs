//! The terminal lent to a shell: given back as it was, and taken again once the shell has ended.
//!
//! The shell is a process of its own, this program as `pilothouse shell INSTANCE`, so that it is
//! the same from the command line and asks the engine in the same way.

use std::process::ExitStatus;
use std::time::Duration;

use pilothouse_cockpit::Msg;
use pilothouse_core::id::InstanceId;
use tokio::process::{Child, Command};

use super::{Cockpit, Ended};
use crate::attach::signals::{Came, Signals};

/// How long a shell that was hung up on has to end before it is killed.
const HANG_UP: Duration = Duration::from_secs(2);

impl Cockpit {
    /// Lends the terminal to a shell in an instance until that ends.
    pub(super) async fn visit(&mut self, id: InstanceId, signals: &mut Signals) {
        if self.awaits_answer() {
            // Otherwise the shell would read the terminal's answer as if it were typed.
            self.tty.swallow_answer();
        }
        self.tty.give_back();
        let ended = match self.spawn(&id) {
            Ok(shell) => self.wait_for(shell, signals).await,
            Err(error) => Err(error),
        };
        self.resume();
        let why = ended.err().map(|error| error.to_string());
        self.feed_now(Msg::ShellLeft { id, why });
    }

    fn spawn(&self, id: &InstanceId) -> std::io::Result<Child> {
        let mut shell = Command::new(std::env::current_exe()?);
        shell.args(["shell", "--from-cockpit", "--socket"]).arg(self.client.socket());
        // A name that begins with a sign is no option.
        shell.arg("--").arg(id.as_str()).kill_on_drop(true).spawn()
    }

    /// Waits for the shell's end and takes in what the engine tells meanwhile.
    async fn wait_for(
        &mut self,
        mut shell: Child,
        signals: &mut Signals,
    ) -> std::io::Result<ExitStatus> {
        loop {
            tokio::select! {
                biased;
                ended = shell.wait() => return ended,
                came = signals.next() => if let Came::End(number) = came {
                    self.ended = Some(Ended::Signal(number));
                    hang_up(&shell);
                    let limit = tokio::time::timeout(HANG_UP, shell.wait()).await;
                    return limit.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
                },
                update = self.follow.next() => if let Some(update) = update {
                    self.updates(update);
                },
                news = self.tasks.next() => if let Some(news) = news {
                    self.feed_now(news);
                },
            }
        }
    }
}

fn hang_up(shell: &Child) {
    use rustix::process::{Pid, Signal, kill_process};
    let pid = shell.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    if let Some(pid) = pid {
        // One that is gone already needs none.
        let _ = kill_process(pid, Signal::HUP);
    }
}
