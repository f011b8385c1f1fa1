//! Tells when a log has grown, so that a follower need not look in vain.

use std::path::Path;

use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};

use super::read::LogError;

/// How many reads empty the queue at most; what is left shows at the next one.
const MAX_READS: usize = 64;

/// A descriptor that becomes readable when a unit's log grew or was rotated, or
/// when the unit's status or exit record was written.
///
/// Make it first, then read the log to its present end, then wait: in this order
/// nothing that is written meanwhile is missed. A user may have 128 of these by
/// default (`fs.inotify.max_user_instances`); beyond that, look at intervals.
#[derive(Debug)]
pub struct Follow(OwnedFd);

/// Begins to follow a unit's directory.
pub fn follow(unit: &Path) -> Result<Follow, LogError> {
    let events = WatchFlags::MODIFY | WatchFlags::MOVED_TO;
    init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)
        .and_then(|fd| add_watch(&fd, unit, events).map(|_| Follow(fd)))
        .map_err(|error| LogError::Read { path: unit.to_owned(), source: error.into() })
}

impl Follow {
    /// Forgets what happened so far, so that the descriptor becomes readable again
    /// only for something new. Call it before reading the log. Does not block.
    pub fn clear(&self) {
        let mut events = [0_u8; 4096];
        for _ in 0..MAX_READS {
            if !matches!(rustix::io::read(&self.0, &mut events), Ok(1..)) {
                return;
            }
        }
    }
}

impl AsFd for Follow {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Follow {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
