//! How many files the process may have open, and who may have how many of them.
//!
//! Responsible for the rule that clients never use up what the control socket, health checks,
//! listeners and the saved table need: an edge that cannot be told anything is worse than one
//! that lets a client wait.

use std::num::NonZeroUsize;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is kept back at least, where the limit allows it: 64 control connections, and room for
/// the checks, listeners, runtimes and files of an edge of usual size.
const RESERVED: usize = 256;
/// The part of a large limit that is kept back, since more targets need more checks.
const RESERVED_PART: usize = 8;

/// Raises the soft limit to the hard one and tells how many files may be open.
///
/// The soft limit is low for the sake of programs that use `select`; this one does not.
pub(crate) fn raise() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let now = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => raised.current,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files stays as it is");
            limit.current
        }
    };
    now.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX)
}

/// Tells how many clients each worker may have, of which each may need a target's connection.
pub(crate) fn places(limit: usize, workers: NonZeroUsize) -> usize {
    let reserved = RESERVED.max(limit / RESERVED_PART).min(limit / 2);
    ((limit - reserved) / 2 / workers).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_and_their_targets_leave_what_is_reserved() {
        let share = |limit, workers| places(limit, NonZeroUsize::new(workers).unwrap());
        assert_eq!(share(1024, 2), 192);
        assert_eq!(share(128, 2), 16);
        assert_eq!(share(1_048_576, 4), 114_688);
        assert_eq!(share(8, 16), 1);
        for limit in (64..200_000).step_by(64) {
            assert!(share(limit, 4) * 4 * 2 + RESERVED.min(limit / 2) <= limit, "{limit}");
        }
    }
}
