//! Whether a state directory is nobody else's, and whole: what is in it is run as the engine's user.

mod group;
mod within;

use std::ffi::OsString;
use std::fmt;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

pub use within::{DIRECTORIES, LOG};

/// Why a state directory is not worked in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// The directory, one above it or something in it that is the reason.
    pub place: PathBuf,
    /// What is wrong with it.
    pub why: Why,
}

/// What is wrong with a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is another user's.
    Anothers,
    /// It is in the state directory, and is another user's.
    Left,
    /// Everybody may write to it.
    Everybodys,
    /// A group with others in it may write to it.
    Groups,
    /// It should be a directory, and is none.
    NoDirectory,
    /// It should be a file, and is none.
    NoFile,
    /// A link leads there, and nothing is there.
    Missing,
}

/// What is wrong, and what mends it.
impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const RUN: &str = "who could have the engine run what they like";
        let place = self.place.display();
        match self.why {
            Why::Anothers => write!(
                f,
                "{place} belongs to another user, {RUN}; name a state directory below ones that are \
                 the engine's user's or root's"
            ),
            Why::Left => write!(
                f,
                "{place} belongs to another user, {RUN}; look at it, then move it away or `chown` it"
            ),
            Why::Everybodys => write!(
                f,
                "{place} can be written to by everybody, {RUN}; if nobody did, `chmod go-w` on it \
                 mends it, otherwise name another state directory"
            ),
            Why::Groups => write!(
                f,
                "{place} can be written to by its group, {RUN}; if nobody did, `chmod g-w` on it \
                 mends it, otherwise name another state directory"
            ),
            Why::NoDirectory => {
                write!(f, "{place} is no directory; move it away, or name another state directory")
            }
            Why::NoFile => write!(f, "{place} is no file, or a link to one; move it away"),
            Why::Missing => {
                write!(f, "{place} is missing, and a link leads there; make it, or remove the link")
            }
        }
    }
}

/// How many links are followed, as the system has it (`path_resolution(7)`).
const LINKS: usize = 40;

/// Finds why a directory is not safe to work in: it, what is in it, a directory above it, or a link
/// on the way to it is somebody else's, or others may write to one of those directories. What is not
/// there yet is made by its maker alone.
///
/// As `path_resolution(7)` has it, whoever may write to a directory may exchange what is in it, but
/// in one whose sticky bit is set only what is their own. Access control lists are not looked at.
pub fn foreign(directory: &Path) -> io::Result<Option<Foreign>> {
    let mut left: Vec<OsString> = names(&std::path::absolute(directory)?).collect();
    let mut place = PathBuf::from("/");
    let mut links = 0;
    // How many of the names that are left are not a link's.
    let mut own = usize::MAX;
    while let Some(name) = left.pop() {
        if name == ".." {
            place.pop();
            continue;
        }
        let next = place.join(&name);
        let found = match fs::symlink_metadata(&next) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if left.len() >= own {
                    return Ok(Some(Foreign { place: next, why: Why::Missing }));
                }
                // What is missing is made, and `..` would lead on from there unseen.
                let leads_on = left.iter().any(|name| name == "..");
                return if leads_on { Err(error) } else { Ok(None) };
            }
            Err(error) => return Err(error),
        };
        let is_last = left.is_empty();
        let why = wrong(&found, is_last).or_else(|| {
            let is_file = is_last && !found.is_dir() && !found.is_symlink();
            is_file.then_some(Why::NoDirectory)
        });
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
        own = own.min(left.len());
        left.extend(names(&target));
    }
    within::foreign(&place)
}

/// What is wrong with whose a single file or directory is, or with who may write to it; nothing where
/// it is not there.
pub fn open_to_others(place: &Path) -> io::Result<Option<Foreign>> {
    match fs::metadata(place) {
        Ok(found) => Ok(wrong(&found, true).map(|why| Foreign { place: place.to_owned(), why })),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes a state directory and what is missing above it, for nobody else to write whatever the
/// caller's umask says: it would not be worked in the next time.
pub fn make(directory: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o755).create(directory)
}

/// What is wrong with whose something is, or with who may write to it: what others could exchange in
/// it, or in a directory above the last one what is not theirs.
fn wrong(found: &fs::Metadata, is_last: bool) -> Option<Why> {
    let is_ours = [nix::unistd::geteuid().as_raw(), 0].contains(&found.uid());
    let is_kept = !is_last && found.mode() & 0o1000 != 0;
    if !is_ours {
        Some(Why::Anothers)
    } else if found.is_symlink() || is_kept {
        None
    } else if found.mode() & 0o002 != 0 {
        Some(Why::Everybodys)
    } else if found.mode() & 0o020 != 0 && !group::is_private(found.gid()) {
        Some(Why::Groups)
    } else {
        None
    }
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
        assert_eq!((found.place, found.why), (above.clone(), Why::Everybodys));
        // Nor what a group may write to that has others in it.
        let group = 54_321;
        if nix::unistd::geteuid().is_root() {
            chown(&above, None, Some(group)).unwrap();
            fs::set_permissions(&above, Permissions::from_mode(0o2775)).unwrap();
            let found = foreign(&state).unwrap().unwrap();
            assert_eq!((found.place, found.why), (above.clone(), Why::Groups));
            chown(&above, None, Some(0)).unwrap();
            fs::set_permissions(&above, Permissions::from_mode(0o775)).unwrap();
            assert_eq!(foreign(&state).unwrap(), None, "root's group is root's alone");
        }
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
        assert_eq!((found(&state).place, found(&state).why), (above, Why::Anothers));
    }

    #[test]
    fn what_is_no_directory_is_none_to_work_in() {
        let dir = tempfile::tempdir().unwrap();
        let above = dir.path().canonicalize().unwrap();
        let why = |name: &str| foreign(&above.join(name)).unwrap().map(|found| found.why);
        fs::write(above.join("file"), "").unwrap();
        assert_eq!(why("file"), Some(Why::NoDirectory));
        for (link, target) in [("dangling", "none"), ("around", "dangling"), ("to", "file")] {
            symlink(target, above.join(link)).unwrap();
        }
        assert_eq!((why("dangling"), why("around")), (Some(Why::Missing), Some(Why::Missing)));
        assert_eq!(why("dangling/state"), Some(Why::Missing));
        assert_eq!(why("to"), Some(Why::NoDirectory));
        fs::create_dir(above.join("none")).unwrap();
        assert_eq!((why("around"), why("around/state")), (None, None));
    }
}
