//! The supervisor's signals, turned into a file descriptor and a flag.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fd::{AsFd, BorrowedFd};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGURG, SIGUSR1, SIGUSR2};

/// TERM and INT ask for the unit's end, URG for its status to be written again, CHLD
/// says that a child changed, and the rest is caught only so that it does not end the
/// supervisor. Caught, unlike ignored, is not inherited by the program.
pub(super) struct Signals {
    wake: UnixStream,
    stop: Arc<AtomicBool>,
    status: Arc<AtomicBool>,
}

impl Signals {
    pub(super) fn register() -> io::Result<Self> {
        let (wake, sender) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        let (stop, status) = (Arc::default(), Arc::default());
        for (signal, flag) in [(SIGTERM, &stop), (SIGINT, &stop), (SIGURG, &status)] {
            // The flag first, so that who is woken sees it.
            signal_hook::flag::register(signal, Arc::clone(flag))?;
            signal_hook::low_level::pipe::register(signal, sender.try_clone()?)?;
        }
        signal_hook::low_level::pipe::register(SIGCHLD, sender)?;
        for signal in [SIGHUP, SIGUSR1, SIGUSR2] {
            signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
        }
        Ok(Self { wake, stop, status })
    }

    /// Becomes readable when a signal came.
    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// Empties the descriptor. Returns whether the unit's end was asked for since
    /// the last call.
    pub(super) fn take_stop(&self) -> bool {
        let mut bytes = [0_u8; 64];
        while matches!(rustix::io::read(&self.wake, &mut bytes), Ok(1..)) {}
        self.stop.swap(false, Ordering::SeqCst)
    }

    /// Whether the status was asked for since the last call.
    pub(super) fn take_status(&self) -> bool {
        self.status.swap(false, Ordering::SeqCst)
    }
}
