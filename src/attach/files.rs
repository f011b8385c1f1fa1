//! The operator's files, looked at again while somebody looks on: what is said of them stays true.

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use pilothouse_cockpit::Msg;

use crate::cli::apply;
use crate::find::Place;

/// The least time between two looks.
const STEP: Duration = Duration::from_secs(2);

/// Which there are, and when they were changed last.
#[derive(Debug)]
pub(super) struct Files {
    place: Place,
    looked: Instant,
    known: Vec<Known>,
}

/// A file with its length and when it was changed last, where that can be seen.
type Known = (PathBuf, Option<(u64, Option<SystemTime>)>);

impl Files {
    /// Begins to look at them, with what they say now.
    pub(super) fn begin(place: &Place) -> (Self, Msg) {
        let known = known(place);
        (Self { place: place.clone(), looked: Instant::now(), known }, read(place))
    }

    /// What they say, where anything changed since the last look.
    pub(super) fn look(&mut self) -> Option<Msg> {
        if self.looked.elapsed() < STEP {
            return None;
        }
        self.looked = Instant::now();
        let known = known(&self.place);
        let has_changed = known != self.known;
        self.known = known;
        has_changed.then(|| read(&self.place))
    }
}

fn read(place: &Place) -> Msg {
    Msg::Files { all: apply::names(place), invalid: apply::invalid(place) }
}

fn known(place: &Place) -> Vec<Known> {
    let files = apply::all(&place.config_dir().join("projects")).unwrap_or_default();
    let seen = |file: PathBuf| {
        let found = std::fs::metadata(&file).ok();
        (file, found.map(|found| (found.len(), found.modified().ok())))
    };
    files.into_iter().map(seen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_edited_is_read_again() {
        let home = tempfile::tempdir().unwrap();
        let place = Place { config: Some(home.path().to_owned()), ..Place::default() };
        let projects = home.path().join("projects");
        std::fs::create_dir(&projects).unwrap();
        let (mut files, begun) = Files::begin(&place);
        let told = |msg: &Msg| match msg {
            Msg::Files { all, invalid } => (all.len(), invalid.len()),
            other => panic!("{other:?}"),
        };
        assert_eq!(told(&begun), (0, 0));
        std::fs::write(projects.join("shop.toml"), "nonsense").unwrap();
        assert!(files.look().is_none(), "it was looked at a moment ago");
        files.looked = Instant::now().checked_sub(STEP).unwrap();
        assert_eq!(files.look().as_ref().map(told), Some((1, 1)));
        files.looked = Instant::now().checked_sub(STEP).unwrap();
        assert!(files.look().is_none(), "nothing has changed");
    }
}
