//! Waits for a supervisor's end without asking again and again.

use std::io;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use rustix::process::{WaitId, WaitIdOptions, waitid};

use crate::find::Handle;

/// A descriptor that becomes readable when the supervisor has ended.
///
/// An asynchronous engine registers it with its reactor; when it is readable, or
/// at once after [`Watch::is_over`], [`crate::find()`] tells how the unit ended.
#[derive(Debug)]
pub struct Watch(OwnedFd);

/// Begins to watch. Returns `None` if the supervisor has ended already.
pub fn watch(handle: &Handle) -> io::Result<Option<Watch>> {
    Ok(handle.supervisor.open()?.map(Watch))
}

impl Watch {
    /// Whether the supervisor has ended. Does not block.
    ///
    /// Reaps it if it is this process's child, so that none is left behind.
    pub fn is_over(&self) -> io::Result<bool> {
        self.wait(Duration::ZERO)
    }

    /// Blocks until the supervisor has ended or the time is over. Returns whether
    /// it has ended, and reaps it as [`Watch::is_over`] does.
    pub fn wait(&self, limit: Duration) -> io::Result<bool> {
        let until = Instant::now() + limit;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let timeout = Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: i64::from(left.subsec_nanos()),
            };
            let mut fds = [PollFd::new(&self.0, PollFlags::IN)];
            match poll(&mut fds, Some(&timeout)) {
                Ok(0) => return Ok(false),
                Ok(_) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        match waitid(WaitId::PidFd(self.0.as_fd()), options) {
            // Not a child of this process: somebody else reaps it.
            Ok(_) | Err(rustix::io::Errno::CHILD) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Watch {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
