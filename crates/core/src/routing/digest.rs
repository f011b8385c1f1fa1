//! The digest of a table: what "the active table reads back" compares.
//!
//! Responsible for the one canonical form. Two tables that say the same have the same digest,
//! whoever published them and however often.

use std::fmt::Write as _;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{Listener, Table, TargetGroup};

/// What the digest covers, in the order in which it is written. The probe token is not part of it:
/// whoever follows the state knows the digest, and must not need the token for that.
#[derive(Serialize)]
struct Covered<'a> {
    listeners: &'a [Listener],
    target_groups: &'a [TargetGroup],
}

impl Table {
    /// Puts listeners, rules, groups and targets in order and stamps version, epoch and digest.
    #[must_use]
    pub fn seal(mut self, epoch: u64, version: u64) -> Self {
        self.listeners.sort_by(|a, b| a.id.cmp(&b.id));
        for listener in &mut self.listeners {
            listener.rules.sort_by_key(|rule| rule.priority);
        }
        self.target_groups.sort_by(|a, b| a.id.cmp(&b.id));
        for group in &mut self.target_groups {
            group.targets.sort_by(|a, b| a.id.cmp(&b.id));
        }
        self.epoch = epoch;
        self.version = version;
        self.digest = self.digest_of();
        self
    }

    /// Computes the sha256, in hex, of the JSON of everything but version, epoch, digest and probe
    /// token.
    pub fn digest_of(&self) -> String {
        let covered = Covered { listeners: &self.listeners, target_groups: &self.target_groups };
        // These types hold no map with keys that are not strings and no failing serializer, so
        // an error cannot arise; an empty text would only make the digest not match.
        let text = serde_json::to_vec(&covered).unwrap_or_default();
        Sha256::digest(&text).iter().fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}
