//! Whether the journal has all its records, and what runs that it does not know.
//!
//! It reads the files, with or without an engine, and changes none.

use std::path::Path;

use pilothouse_core::state::State;
use pilothouse_core::text::shell_word;
use pilothouse_engine::engine::remembers;
use pilothouse_engine::journal::Inspected;
use pilothouse_engine::kernel::{OpenError, look};
use pilothouse_engine::left::{self, Displaced, Stranger};
use pilothouse_engine::places::Places;

use super::{Check, system};
use crate::find::Place;
use crate::out;

const WHAT: &str = "records";
/// What a check of processes is called.
pub(super) const PROCESS: &str = "process";

/// Looks at the state directory's journal, where it is this user's to look at.
pub fn checks(place: &Place) -> Vec<Check> {
    if !system::is_own_state(place) {
        return Vec::new();
    }
    let places = Places::new(place.state_dir());
    let all = left::displaced(&places);
    let mut checks: Vec<Check> = displaced(place, &all).into_iter().collect();
    checks.extend(copied(place, &places));
    checks.extend(journal(place, &places));
    checks
}

/// That the state directory is a copy of one whose processes run, so that no engine begins there.
fn copied(place: &Place, places: &Places) -> Option<Check> {
    let original = left::original(places)?;
    let found = format!("{} {}", place.state_dir().display(), original.found());
    Some(Check::fail(PROCESS, found, original.mend()))
}

/// That processes run on without their locks.
fn displaced(place: &Place, all: &[Displaced]) -> Option<Check> {
    let first = all.first()?;
    let found = format!(
        "{} was removed, moved away or put back while {} of its processes ran, which run on; the first works on {}",
        place.state_dir().display(),
        all.len(),
        first.dir.display()
    );
    let ends = format!(
        "put it back in its place, where it was moved away, or end them, with what they serve: `{}`",
        left::end_displaced(all)
    );
    Some(Check::fail(PROCESS, found, ends))
}

fn journal(place: &Place, places: &Places) -> Vec<Check> {
    match read(places) {
        Ok(None) => match remembers(&place.state_dir()) {
            Ok(()) => vec![Check::ok(WHAT, "no engine has worked here yet")],
            Err(forgotten) => {
                let found = Check::fail(WHAT, forgotten.to_string(), "do one of the two");
                let strangers = left::strangers(places, &State::default());
                [found].into_iter().chain(strangers.iter().map(stranger)).collect()
            }
        },
        Ok(Some((state, found))) => {
            let mut checks = vec![records(places, &state, &found)];
            checks.extend(found.unusable.iter().map(|why| {
                Check::warn(WHAT, why.as_str(), "nothing is lost by it; check the disk")
            }));
            checks.extend(strangers(places, &state).iter().map(stranger));
            checks.extend(left::leftovers(places, &state).iter().map(|dir| leftover(dir)));
            checks
        }
        Err(error) => {
            let mend =
                "restore the newest journal from a backup, or what the sentence says besides";
            vec![Check::fail(WHAT, error.to_string(), mend)]
        }
    }
}

/// What the journal says, where it is this user's to read and whole.
pub fn known(place: &Place) -> Option<State> {
    if !system::is_own_state(place) {
        return None;
    }
    read(&Places::new(place.state_dir())).ok().flatten().map(|(state, _)| state)
}

fn read(places: &Places) -> Result<Option<(State, Inspected)>, OpenError> {
    look(&places.journal(), left::table_epoch(places))
}

fn records(places: &Places, state: &State, found: &Inspected) -> Check {
    if let Some(run) = left::later_run(places, state) {
        let found = format!(
            "{} is of a run that the journal does not know, which ends with run {}",
            places.run(run).display(),
            state.last_run
        );
        return Check::fail(WHAT, found, "restore the newest journal from a backup");
    }
    let (first, last) = (found.first.0, found.last.0);
    let snapshot = found.snapshot.as_ref();
    let snapshot =
        snapshot.map_or_else(String::new, |one| format!(", with a snapshot at {}", one.seq.0));
    let mark = match found.mark {
        Some(mark) => format!("the mark says {}", mark.0),
        None => "there is no mark before the next start".to_owned(),
    };
    let torn = match found.torn {
        0 => String::new(),
        bytes => format!(
            "; {bytes} bytes behind them are being written or were cut short by a crash, and nobody \
             was told of those"
        ),
    };
    let (size, dir) = (found.bytes >> 10, places.journal());
    let said = format!(
        "{first} to {last} are readable{snapshot}, {mark}; {size} KiB in {}{torn}",
        dir.display()
    );
    Check::ok(WHAT, said)
}

/// What runs and the journal does not know, also when it is read again: what an engine starts
/// meanwhile is in the journal first.
fn strangers(places: &Places, state: &State) -> Vec<Stranger> {
    let mut strangers = left::strangers(places, state);
    if !strangers.is_empty()
        && let Ok(Some((state, _))) = read(places)
    {
        let again = left::strangers(places, &state);
        strangers.retain(|one| again.contains(one));
    }
    strangers
}

fn leftover(dir: &Path) -> Check {
    let word = shell_word(&dir.display().to_string());
    let dir = out::path(dir);
    let found = format!("{dir} is of a run that is over, and could not be removed");
    let mend =
        format!("the engine's log says why; where it is another user's, as root: rm -rf {word}");
    Check::warn("state", found, mend)
}

fn stranger(one: &Stranger) -> Check {
    let mend = match one.supervisor {
        Some(pid) => format!("`kill {pid}; kill -CONT {pid}` ends it with all that it started"),
        None => "look again in a moment".to_owned(),
    };
    Check::warn(PROCESS, one.to_string(), mend)
}
