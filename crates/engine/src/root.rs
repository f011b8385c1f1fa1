//! Whether a state directory is nobody else's: what is in it is run as the engine's user.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

/// Somebody else could put another thing in a directory's place, or in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// The directory, or the one above it that is the reason.
    pub place: PathBuf,
    /// What is wrong with it.
    pub why: &'static str,
}

/// How many links are followed, as the system has it (`path_resolution(7)`).
const LINKS: usize = 40;

/// Finds why a directory is not safe to work in: it, a directory above it, or a link on the way to
/// it is somebody else's, or one of those directories is everybody's. What is not there yet is made
/// by its maker alone.
///
/// As `path_resolution(7)` has it, whoever may write to a directory may exchange what is in it, but
/// in one whose sticky bit is set only what is their own.
pub fn foreign(directory: &Path) -> io::Result<Option<Foreign>> {
    let own = nix::unistd::geteuid().as_raw();
    let is_ours = |found: &fs::Metadata| found.uid() == own || found.uid() == 0;
    let mut left: Vec<OsString> = names(&std::path::absolute(directory)?).collect();
    let mut place = PathBuf::from("/");
    let mut links = 0;
    while let Some(name) = left.pop() {
        if name == ".." {
            place.pop();
            continue;
        }
        let next = place.join(&name);
        let found = match fs::symlink_metadata(&next) {
            Ok(found) => found,
            // What is missing is made, and `..` would lead on from there unseen.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let leads_on = left.iter().any(|name| name == "..");
                return if leads_on { Err(error) } else { Ok(None) };
            }
            Err(error) => return Err(error),
        };
        let why = if !is_ours(&found) {
            Some("belongs to another user")
        } else if found.is_dir() && is_everybodys(found.mode(), left.is_empty()) {
            Some("can be written to by everybody")
        } else {
            None
        };
        if let Some(why) = why {
            return Ok(Some(Foreign { place: next, why }));
        }
        if !found.is_symlink() {
            place = next;
            continue;
        }
        links += 1;
        if links > LINKS {
            return Err(nix::errno::Errno::ELOOP.into());
        }
        let target = fs::read_link(&next)?;
        if target.is_absolute() {
            place = PathBuf::from("/");
        }
        left.extend(names(&target));
    }
    Ok(None)
}

/// Whether others may exchange what the engine works with: what is theirs in the directory itself,
/// or in one above it what is not.
fn is_everybodys(mode: u32, is_last: bool) -> bool {
    mode & 0o002 != 0 && (is_last || mode & 0o1000 == 0)
}

/// The names of a path, the last one first; `..` is one, as what is above a link's target is.
fn names(path: &Path) -> impl Iterator<Item = OsString> + use<> {
    let parts = path.components().rev().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    parts.collect::<Vec<_>>().into_iter()
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
        // Whatever its bits say, others could have put something of theirs into it.
        for mode in [0o777, 0o1777] {
            fs::set_permissions(&state, Permissions::from_mode(mode)).unwrap();
            assert_eq!(foreign(&state).unwrap().unwrap().place, state);
        }
        fs::set_permissions(&state, Permissions::from_mode(0o755)).unwrap();
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
        // Nor is one that is reached by what another user may exchange.
        let theirs = dir.path().canonicalize().unwrap().join("theirs");
        fs::create_dir(&theirs).unwrap();
        let through = theirs.join("link");
        symlink("../above", &through).unwrap();
        assert_eq!(foreign(&through.join("state/not/there")).unwrap(), None);
        lchown(&through, Some(65_534), None).unwrap();
        assert_eq!(found(&through.join("state")).place, through);
        lchown(&through, Some(0), None).unwrap();
        chown(&theirs, Some(65_534), None).unwrap();
        assert_eq!(found(&through.join("state")).place, theirs);
        symlink("around", above.join("around")).unwrap();
        let failed = |at: &Path| foreign(at).unwrap_err();
        let around = nix::errno::Errno::ELOOP as i32;
        assert_eq!(failed(&above.join("around")).raw_os_error(), Some(around));
        assert_eq!(failed(&above.join("no/../../theirs/new")).kind(), ErrorKind::NotFound);
        chown(&above, Some(65_534), None).unwrap();
        assert_eq!((found(&state).place, found(&state).why), (above, "belongs to another user"));
    }
}
