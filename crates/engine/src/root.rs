//! Whether a state directory is nobody else's: what is in it is run as the engine's user.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Somebody else could put another thing in a directory's place, or in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// The directory, or the one above it that is the reason.
    pub place: PathBuf,
    /// What is wrong with it.
    pub why: &'static str,
}

/// Finds why a directory that is there is not safe to work in, itself and all above it.
///
/// As `path_resolution(7)` has it, whoever may write to a directory may exchange what is in it, but
/// in one whose sticky bit is set only what is their own.
pub fn foreign(directory: &Path) -> io::Result<Option<Foreign>> {
    let own = nix::unistd::geteuid().as_raw();
    let is_ours = |found: &fs::Metadata| found.uid() == own || found.uid() == 0;
    let named = fs::symlink_metadata(directory)?;
    if !is_ours(&named) {
        let why = "belongs to another user";
        return Ok(Some(Foreign { place: directory.to_owned(), why }));
    }
    let real = directory.canonicalize()?;
    for (depth, place) in real.ancestors().enumerate() {
        let found = fs::symlink_metadata(place)?;
        let is_sticky = found.mode() & 0o1000 != 0;
        let why = if !is_ours(&found) {
            "belongs to another user"
        } else if depth > 0 && found.mode() & 0o002 != 0 && !is_sticky {
            "can be written to by everybody"
        } else {
            continue;
        };
        return Ok(Some(Foreign { place: place.to_owned(), why }));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt as _, chown, lchown, symlink};

    use super::*;

    #[test]
    fn what_everybody_may_exchange_is_not_ours() {
        let dir = tempfile::tempdir().unwrap();
        let above = dir.path().canonicalize().unwrap().join("above");
        let state = above.join("state");
        fs::create_dir_all(&state).unwrap();
        assert_eq!(foreign(&state).unwrap(), None);
        // What is written in the directory itself is taken from others by its owner.
        fs::set_permissions(&state, Permissions::from_mode(0o777)).unwrap();
        assert_eq!(foreign(&state).unwrap(), None);
        fs::set_permissions(&above, Permissions::from_mode(0o1777)).unwrap();
        assert_eq!(foreign(&state).unwrap(), None);
        fs::set_permissions(&above, Permissions::from_mode(0o777)).unwrap();
        let found = foreign(&state).unwrap().unwrap();
        assert_eq!((found.place, found.why), (above, "can be written to by everybody"));
    }

    /// Only root can give a file away.
    #[test]
    fn what_belongs_to_another_user_is_not_ours() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let above = dir.path().canonicalize().unwrap().join("above");
        let (state, link) = (above.join("state"), dir.path().join("link"));
        fs::create_dir_all(&state).unwrap();
        symlink(&state, &link).unwrap();
        assert_eq!(foreign(&link).unwrap(), None);
        let found = |at: &Path| foreign(at).unwrap().unwrap();
        lchown(&link, Some(65_534), None).unwrap();
        assert_eq!(found(&link).place, link);
        chown(&above, Some(65_534), None).unwrap();
        assert_eq!((found(&state).place, found(&state).why), (above, "belongs to another user"));
    }
}
