//! What `/proc` says about processes: identity, trees, markers.
//!
//! A process number alone identifies nothing, because it is used again. A
//! [`ProcessId`] adds the start time, and every signal goes through a file
//! descriptor of the process whose identity was checked after it was opened.
//! Source: proc(5), `pidfd_open(2)`.

use std::io;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

pub(crate) mod stat;
pub(crate) mod tree;

use stat::{Stat, read_stat};

/// Names one process of one boot: its number and when it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ProcessId {
    /// The process number.
    pub pid: i32,
    /// The start time in clock ticks since boot (field 22 of `/proc/PID/stat`).
    pub start_time: u64,
}

impl ProcessId {
    /// Identifies the process that has this number now.
    pub(crate) fn of(pid: i32) -> io::Result<Self> {
        read_stat(pid).map(|stat| stat.id())
    }

    /// Opens a descriptor of exactly this process, or `None` if it is gone.
    pub(crate) fn open(self) -> io::Result<Option<rustix::fd::OwnedFd>> {
        let Some(pid) = Pid::from_raw(self.pid) else {
            return Ok(None);
        };
        let fd = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(fd) => fd,
            Err(rustix::io::Errno::SRCH) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        match read_stat(self.pid) {
            Ok(stat) if stat.id() == self => Ok(Some(fd)),
            Ok(_) => Ok(None),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends a signal to exactly this process. Returns false if it is gone.
    pub(crate) fn signal(self, signal: Signal) -> io::Result<bool> {
        let Some(fd) = self.open()? else {
            return Ok(false);
        };
        match pidfd_send_signal(fd, signal) {
            Ok(()) => Ok(true),
            Err(rustix::io::Errno::SRCH) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl Stat {
    pub(crate) fn id(&self) -> ProcessId {
        ProcessId { pid: self.pid, start_time: self.start_time }
    }
}

/// Identifies this boot of this host.
pub(crate) fn boot_id() -> io::Result<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    Ok(text.trim().to_owned())
}

/// Whether an error of reading below `/proc` means that the process ended.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    const ESRCH: i32 = rustix::io::Errno::SRCH.raw_os_error();
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(ESRCH)
}
