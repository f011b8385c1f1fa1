//! A program that ends with all that it started.

use std::io;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

/// A program in a process group of its own: dropped before it was waited for, the group is killed.
///
/// What moved to another session goes on, as a daemon wants.
pub(super) struct Group(Child);

impl Group {
    /// Starts it.
    pub(super) fn spawn(command: &mut Command) -> io::Result<Self> {
        command.process_group(0).kill_on_drop(true).spawn().map(Self)
    }

    /// The program itself.
    pub(super) fn child(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // It has none once it was waited for: then the number may be another's.
        let number = self.0.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = number.and_then(Pid::from_raw) {
            // One whose processes are all gone is what was wanted.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;
    use std::time::Duration;

    use tokio::io::{AsyncBufReadExt as _, BufReader};
    use tokio::process::Command;

    use super::Group;

    #[tokio::test]
    async fn what_a_program_started_ends_with_it() {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "sleep 60 & echo both; wait"]).stdout(Stdio::piped());
        let mut group = Group::spawn(&mut command).unwrap();
        let stdout = group.child().stdout.take().unwrap();
        let mut lines = BufReader::new(stdout).lines();
        assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("both"));
        drop(group);
        // Its output is over once nobody holds it.
        let over = tokio::time::timeout(Duration::from_secs(10), lines.next_line());
        assert_eq!(over.await.unwrap().unwrap(), None);
    }
}
