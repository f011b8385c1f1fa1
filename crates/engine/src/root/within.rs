//! Whether what is in a state directory is the engine's own: what others put there while they could
//! is found, and what cannot be worked with.

use std::io::ErrorKind;
use std::path::Path;
use std::{fs, io};

use super::{Foreign, Why, wrong};

/// The directories of a state directory that hold what is run or believed.
pub const DIRECTORIES: [&str; 8] =
    ["journal", "audit", "projects", "runs", "artifacts", "releases", "instances", "edge"];
/// What else is a directory: it is made, and looked at, by who uses it.
const MORE: [&str; 2] = ["run", "built-images"];
/// The file in a state directory that an engine in the background writes to.
pub const LOG: &str = "engine.log";

/// Finds the first thing in a state directory that keeps it from being worked in.
pub(super) fn foreign(state: &Path) -> io::Result<Option<Foreign>> {
    let entries = match fs::read_dir(state) {
        Ok(entries) => entries,
        // Who may not look into it does not work in it, and is told so by its maker.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut all = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    all.sort();
    for place in all {
        if let Some(why) = why(&place)? {
            return Ok(Some(Foreign { place, why }));
        }
    }
    Ok(None)
}

fn why(place: &Path) -> io::Result<Option<Why>> {
    let found = match fs::symlink_metadata(place) {
        Ok(found) => found,
        // It went while it was looked at.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // Files that are believed are made for their owner alone to write; what is in a directory may be
    // exchanged by whoever may write to it.
    let is_weighty = |why: &Why| *why == Why::Anothers || found.is_dir();
    if let Some(why) = wrong(&found, true).filter(is_weighty) {
        return Ok(Some(if why == Why::Anothers { Why::Left } else { why }));
    }
    let name = place.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if name == LOG {
        return Ok((!found.is_file()).then_some(Why::NoFile));
    }
    if !DIRECTORIES.contains(&name) && !MORE.contains(&name) {
        return Ok(None);
    }
    // The operator may keep a part elsewhere.
    match fs::metadata(place) {
        Ok(led) if led.is_dir() => Ok(wrong(&led, true)),
        Ok(_) => Ok(Some(Why::NoDirectory)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Some(Why::Missing)),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

    use super::super::foreign;
    use super::*;

    #[test]
    fn what_others_left_in_it_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().canonicalize().unwrap().join("state");
        for part in DIRECTORIES {
            fs::create_dir_all(state.join(part)).unwrap();
        }
        fs::write(state.join(LOG), "").unwrap();
        fs::set_permissions(state.join(LOG), Permissions::from_mode(0o666)).unwrap();
        assert_eq!(foreign(&state).unwrap(), None);
        let found = |part: &str, why: Why| {
            let place = state.join(part);
            assert_eq!(foreign(&state).unwrap(), Some(Foreign { place, why }));
        };
        let runs = state.join("runs");
        fs::set_permissions(&runs, Permissions::from_mode(0o777)).unwrap();
        found("runs", Why::Everybodys);
        fs::set_permissions(&runs, Permissions::from_mode(0o700)).unwrap();
        if nix::unistd::geteuid().is_root() {
            chown(&runs, Some(65_534), None).unwrap();
            found("runs", Why::Left);
            chown(&runs, Some(0), None).unwrap();
            // A link of one's own leads to what is another's.
            fs::create_dir(dir.path().join("theirs")).unwrap();
            chown(dir.path().join("theirs"), Some(65_534), None).unwrap();
            fs::remove_dir(&runs).unwrap();
            symlink("../theirs", &runs).unwrap();
            found("runs", Why::Anothers);
            fs::remove_file(&runs).unwrap();
        } else {
            fs::remove_dir(&runs).unwrap();
        }
        symlink("../kept", &runs).unwrap();
        found("runs", Why::Missing);
        fs::create_dir(dir.path().join("kept")).unwrap();
        assert_eq!(foreign(&state).unwrap(), None, "kept elsewhere");
        fs::remove_file(&runs).unwrap();
        fs::write(&runs, "").unwrap();
        found("runs", Why::NoDirectory);
        fs::remove_file(&runs).unwrap();
        fs::remove_file(state.join(LOG)).unwrap();
        symlink("/dev/null", state.join(LOG)).unwrap();
        found(LOG, Why::NoFile);
    }
}
