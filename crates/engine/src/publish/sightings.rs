//! What is seen at AWS, written out for clients: newest wins, for each environment.
//!
//! A document is written once for all clients, and only when something in it changed; while
//! nothing does, how old it is goes out alone. Whoever is new is told both as one.

use std::collections::BTreeMap;

use bytes::Bytes;
use pilothouse_api::types::Sighting;
use pilothouse_core::aws::Watched;
use pilothouse_core::deployment::EnvironmentKey;

use super::frame;

/// What is seen of each environment.
#[derive(Clone, Debug, Default)]
pub(super) struct Sightings {
    all: BTreeMap<EnvironmentKey, Written>,
    /// Grows with each change.
    version: u64,
}

#[derive(Clone, Debug)]
struct Written {
    watched: Watched,
    whole: Bytes,
    /// The change with which the whole was written.
    whole_at: u64,
    age: Bytes,
    /// The change with which the age was written.
    age_at: u64,
}

/// What a client has been told: of each environment up to which change.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeMap<EnvironmentKey, u64>);

impl Sightings {
    /// Takes in what is seen of an environment, and tells whether anything changed.
    pub(super) fn put(&mut self, watched: Watched) -> bool {
        let key = watched.environment.clone();
        let before = self.all.get(&key);
        if before.is_some_and(|before| before.watched == watched) {
            return false;
        }
        let Some(age) = frame::sighting(&Sighting::Age(watched.age())) else { return false };
        let version = self.version + 1;
        let kept = before.filter(|before| before.watched.differs_in_age_alone(&watched));
        // The whole that is kept tells an older age; who has seen it is told the newer one alone.
        let (whole, whole_at) = if let Some(kept) = kept {
            (kept.whole.clone(), kept.whole_at)
        } else {
            let whole = Sighting::Whole(Box::new(watched.clone()));
            let Some(whole) = frame::sighting(&whole) else { return false };
            (whole, version)
        };
        self.version = version;
        self.all.insert(key, Written { watched, whole, whole_at, age, age_at: version });
        true
    }

    /// Forgets all environments but these; clients know from the state which there are.
    pub(super) fn keep(&mut self, keep: impl Fn(&EnvironmentKey) -> bool) -> bool {
        let before = self.all.len();
        self.all.retain(|key, _| keep(key));
        self.all.len() != before
    }
}

impl Seen {
    /// What is to be told next; none where everything was.
    pub(super) fn next(&mut self, all: &Sightings) -> Option<Bytes> {
        self.0.retain(|key, _| all.all.contains_key(key));
        for (key, written) in &all.all {
            let seen = self.0.get(key).copied().unwrap_or(0);
            if seen < written.whole_at {
                self.0.insert(key.clone(), written.age_at);
                return Some(written.newest());
            }
            if seen < written.age_at {
                self.0.insert(key.clone(), written.age_at);
                return Some(written.age.clone());
            }
        }
        None
    }
}

impl Written {
    /// The whole with the newest age: who looks at it once must not take it for stale.
    fn newest(&self) -> Bytes {
        let again = || frame::sighting(&Sighting::Whole(Box::new(self.watched.clone())));
        let again = if self.age_at > self.whole_at { again() } else { None };
        again.unwrap_or_else(|| self.whole.clone())
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_core::aws::{Access, Freshness, Part};
    use pilothouse_core::time::Timestamp;

    use super::*;

    fn watched(at: u64, name: &str) -> Watched {
        let key = EnvironmentKey { project: "shop".into(), name: name.into() };
        let access = Access {
            account: "123456789012".into(),
            region: "us-east-1".into(),
            profile: None,
            role: None,
        };
        let mut watched = Watched::new(key, access);
        watched.parts.insert(Part::Instances, Freshness { at: Some(Timestamp(at)), trouble: None });
        watched
    }

    /// What a client is told: the kinds of frames, whose they are and of when.
    fn told(seen: &mut Seen, all: &Sightings) -> Vec<String> {
        std::iter::from_fn(|| seen.next(all))
            .map(|frame| {
                let text = String::from_utf8(frame.to_vec()).unwrap();
                let kind = if text.contains("\"whole\"") { "whole" } else { "age" };
                let name = if text.contains("\"qa\"") { "qa" } else { "production" };
                let at = text.split("\"at\":").nth(1).and_then(|rest| rest.get(..1)).unwrap();
                format!("{kind} {name} {at}")
            })
            .collect()
    }

    #[test]
    fn a_document_goes_out_when_it_changed_and_its_age_otherwise() {
        let mut all = Sightings::default();
        assert!(all.put(watched(1, "production")) && all.put(watched(1, "qa")));
        assert!(!all.put(watched(1, "qa")), "the same once more is nothing new");
        let mut early = Seen::default();
        assert_eq!(told(&mut early, &all), ["whole production 1", "whole qa 1"]);
        assert!(all.put(watched(2, "qa")));
        assert_eq!(told(&mut early, &all), ["age qa 2"]);
        let mut late = Seen::default();
        assert_eq!(told(&mut late, &all), ["whole production 1", "whole qa 2"]);
        let mut changed = watched(3, "qa");
        changed.absent.push("there is no load balancer shop".into());
        assert!(all.put(changed));
        assert_eq!(told(&mut late, &all), ["whole qa 3"]);
        assert!(all.keep(|key| key.name.as_str() == "qa"));
        assert_eq!(told(&mut Seen::default(), &all), ["whole qa 3"]);
    }
}
