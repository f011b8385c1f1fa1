//! Seats at a door: so many clients at once, and never all of them one user's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The seats at one door.
#[derive(Debug)]
pub(super) struct Seats {
    most: usize,
    most_of_one: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_user: HashMap<u32, usize>,
}

/// A client's seat, free again once this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    user: u32,
}

impl Seats {
    /// So many in all, of which one user takes no more than `most_of_one`.
    pub(super) fn new(most: usize, most_of_one: usize) -> Arc<Self> {
        Arc::new(Self { most, most_of_one, taken: Mutex::default() })
    }

    /// A seat for a client of a user.
    ///
    /// # Errors
    ///
    /// A sentence that says why there is none.
    pub(super) fn take(self: &Arc<Self>, user: u32) -> Result<Seat, String> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_user = taken.by_user.get(&user).copied().unwrap_or_default();
        if taken.all >= self.most {
            let most = self.most;
            return Err(format!(
                "{most} clients are attached to this socket, and no more are let in; try again \
                 later"
            ));
        }
        if of_user >= self.most_of_one {
            return Err(format!(
                "{of_user} of your clients are attached to this socket, and the other seats are \
                 for other users; end some of yours"
            ));
        }
        taken.all += 1;
        taken.by_user.insert(user, of_user + 1);
        drop(taken);
        Ok(Seat { seats: Arc::clone(self), user })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        if let Some(count) = taken.by_user.get_mut(&self.user) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.by_user.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Seats;

    #[test]
    fn one_user_never_has_all_seats() {
        let seats = Seats::new(3, 2);
        let _one = seats.take(7).unwrap();
        let two = seats.take(7).unwrap();
        assert!(seats.take(7).unwrap_err().starts_with("2 of your clients"));
        let _three = seats.take(8).unwrap();
        assert!(seats.take(8).unwrap_err().starts_with("3 clients"));
        drop(two);
        let _four = seats.take(7).unwrap();
    }
}
