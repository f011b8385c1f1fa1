//! What the clients of one door share and wait for: turns at the disk, and memory for answers.
//!
//! One user never has all of it: who takes nothing of what was asked for keeps others waiting no
//! more than who asks for nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, TryAcquireError};

/// So much of one thing, for all clients of one door.
#[derive(Debug)]
pub(super) struct Shares {
    all: Arc<Semaphore>,
    most_of_one: u32,
    /// What each user may still take. Forgotten once a user has nothing and waits for nothing.
    by_user: Mutex<HashMap<u32, Weak<Semaphore>>>,
}

/// A client's share, free again once this is dropped.
#[derive(Debug)]
pub(super) struct Share {
    of_user: OwnedSemaphorePermit,
    of_all: OwnedSemaphorePermit,
    most: u32,
}

impl Shares {
    /// So much in all, of which one user has no more than `most_of_one`.
    pub(super) fn new(most: u32, most_of_one: u32) -> Self {
        let all = Arc::new(Semaphore::new(most as usize));
        Self { all, most_of_one: most_of_one.min(most), by_user: Mutex::default() }
    }

    /// Waits for so much, or for all that one user may have where that is less.
    ///
    /// # Errors
    ///
    /// Never: nothing here is ever closed.
    pub(super) async fn take(&self, user: u32, much: u32) -> Result<Share, AcquireError> {
        let most = self.most_of_one;
        let much = much.min(most);
        // The user's own first, so that few of one user stand in the line of all.
        let of_user = self.of(user).acquire_many_owned(much).await?;
        let of_all = Arc::clone(&self.all).acquire_many_owned(much).await?;
        Ok(Share { of_user, of_all, most })
    }

    fn of(&self, user: u32) -> Arc<Semaphore> {
        let mut by_user = self.by_user.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = by_user.get(&user).and_then(Weak::upgrade) {
            return known;
        }
        by_user.retain(|_, one| one.strong_count() > 0);
        let new = Arc::new(Semaphore::new(self.most_of_one as usize));
        by_user.insert(user, Arc::downgrade(&new));
        new
    }
}

impl Share {
    /// Makes it so much, or all that one user may have where that is less.
    ///
    /// # Errors
    ///
    /// Where it wants more and that is not free: it is not waited for by who holds a part.
    pub(super) fn resize(&mut self, much: usize) -> Result<(), TryAcquireError> {
        let much = much.min(self.most as usize);
        for permit in [&mut self.of_user, &mut self.of_all] {
            let has = permit.num_permits();
            if much < has {
                drop(permit.split(has - much));
            } else {
                let more = u32::try_from(much - has).unwrap_or(u32::MAX);
                let more = Arc::clone(permit.semaphore()).try_acquire_many_owned(more)?;
                permit.merge(more);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::{Share, Shares};

    fn take(shares: &Shares, user: u32, much: u32) -> Option<Share> {
        shares.take(user, much).now_or_never()?.ok()
    }

    #[test]
    fn one_user_never_has_all() {
        let shares = Shares::new(5, 2);
        let one = take(&shares, 7, 2).unwrap();
        assert!(take(&shares, 7, 1).is_none());
        let _two = take(&shares, 8, 2).unwrap();
        assert!(take(&shares, 9, 2).is_none());
        let _three = take(&shares, 9, 1).unwrap();
        drop(one);
        let _four = take(&shares, 7, 1).unwrap();
    }

    #[test]
    fn who_wants_more_than_a_user_may_have_waits_for_all_of_it() {
        let shares = Shares::new(5, 2);
        let one = take(&shares, 7, 1).unwrap();
        assert!(take(&shares, 7, 100).is_none());
        drop(one);
        let _all = take(&shares, 7, 100).unwrap();
        assert!(take(&shares, 7, 1).is_none());
    }

    #[test]
    fn a_share_shrinks_and_grows() {
        let shares = Shares::new(10, 6);
        let mut one = take(&shares, 7, 5).unwrap();
        one.resize(2).unwrap();
        let two = take(&shares, 7, 4).unwrap();
        assert!(one.resize(3).is_err());
        drop(two);
        one.resize(100).unwrap();
        assert!(take(&shares, 7, 1).is_none());
        let _rest = take(&shares, 8, 4).unwrap();
        drop(one);
        take(&shares, 7, 6).unwrap();
    }

    #[test]
    fn who_is_gone_is_forgotten() {
        let shares = Shares::new(10, 6);
        for user in 0..100 {
            take(&shares, user, 1).unwrap();
        }
        assert_eq!(shares.by_user.lock().unwrap().len(), 1);
    }
}
