//! Who is at the other end of a socket, by the kernel's word (`SO_PEERCRED`, unix(7)).
//!
//! Nothing that a client says of itself is believed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pilothouse_api::types::Access;
use pilothouse_core::text::printable;

/// Names of users that are remembered; then all are forgotten.
const REMEMBERED: usize = 1024;

/// How long the system's list of users may take, which may lie on another machine.
const LOOK_UP: Duration = Duration::from_secs(2);

/// The socket that somebody came in by; it alone decides what they may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// `engine.sock`: sees everything and may give commands.
    Operator,
    /// `watch.sock`: sees everything and changes nothing.
    Watch,
    /// `trigger.sock`: may say "look now", and sees nothing.
    Trigger,
}

impl Door {
    /// What a client that came in here is told of itself.
    pub fn access(self) -> Access {
        match self {
            Self::Operator => Access::Operator,
            Self::Watch | Self::Trigger => Access::Watcher,
        }
    }
}

/// Who asks, as the audit log names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The user's name, printable; `uid 1234` where the system knows no name.
    pub name: String,
    /// The user's number.
    pub uid: u32,
    /// The door that they came in by.
    pub door: Door,
}

/// Names users, and remembers what it found.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: Mutex<HashMap<u32, String>>,
}

impl Names {
    /// Names a user.
    pub(super) async fn of(&self, uid: u32) -> String {
        if let Some(name) = self.known().get(&uid) {
            return name.clone();
        }
        // The system may ask a directory server, so that this must not hold up a worker thread.
        let looked = tokio::task::spawn_blocking(move || name_of(uid));
        let found = tokio::time::timeout(LOOK_UP, looked).await;
        let Ok(Ok(Some(name))) = found else {
            return format!("uid {uid}");
        };
        let mut known = self.known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(uid, name.clone());
        name
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<u32, String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name_of(uid: u32) -> Option<String> {
    let user = nix::unistd::User::from_uid(uid.into()).ok()??;
    Some(printable(&user.name, 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn users_have_names_and_strangers_numbers() {
        let names = Names::default();
        assert_eq!(names.of(0).await, "root");
        assert_eq!(names.of(0).await, "root");
        assert_eq!(names.of(4_000_000_123).await, "uid 4000000123");
    }
}
