//! Removes a tree that others made, whatever they made it of.
//!
//! Works with a bounded stack and a bounded number of descriptors on any depth and any length of
//! names, relative to open directories. It follows no link, so that a tree that changes meanwhile
//! cannot lead it out of itself. What it cannot remove it leaves, and removes the rest.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use pilothouse_core::text::printable;
use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags};
use rustix::io::Errno;

/// Directories that are open in each other at most. One that is deeper is moved up to the tree's
/// root, which needs neither the descriptors nor the stack that going down further would.
const OPEN: usize = 16;
/// Directories that are moved up at most; the next try goes on with the rest.
const MOVED: u64 = 1 << 24;
/// How often a directory is read that is filled meanwhile.
const PASSES: u8 = 8;
/// Characters of a path that a message shows.
const SHOWN: usize = 160;
/// What directories are called that were moved up, before their number.
const NAME: &str = ".removed-";

const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Removes a tree, a file or a link. Where nothing is, all is well.
pub fn tree(path: &Path) -> io::Result<()> {
    let name = path.file_name().ok_or(Errno::INVAL)?;
    let name = CString::new(name.as_bytes())?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let parent =
        match rustix::fs::openat(CWD, parent.unwrap_or(Path::new(".")), flags, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(()),
            opened => opened?,
        };
    let mut removal = Removal { parent, open: Vec::new(), moved: 0, emptied: 0, trouble: None };
    removal.entry(&name);
    while !removal.open.is_empty() {
        removal.step();
    }
    match removal.trouble {
        None => Ok(()),
        Some(Trouble { path, errno }) => {
            let kind = io::Error::from(errno).kind();
            Err(io::Error::new(kind, format!("{}: {errno}", printable(&path, SHOWN))))
        }
    }
}

/// A directory that is being emptied.
struct Open {
    name: CString,
    dir: Dir,
    passes: u8,
    /// Whether something in it stays.
    stays: bool,
}

/// The first thing that could not be removed, and why.
struct Trouble {
    path: String,
    errno: Errno,
}

struct Removal {
    /// What the tree stands in.
    parent: OwnedFd,
    /// From the tree's root to where it is at work.
    open: Vec<Open>,
    /// Directories that were moved up to the root.
    moved: u64,
    /// Those of them that were gone through.
    emptied: u64,
    trouble: Option<Trouble>,
}

impl Removal {
    /// Does something in the innermost open directory.
    fn step(&mut self) {
        let Some(last) = self.open.last_mut() else { return };
        match last.dir.read() {
            Some(Ok(entry)) if matches!(entry.file_name().to_bytes(), b"." | b"..") => {}
            Some(Ok(entry)) => self.entry(entry.file_name()),
            Some(Err(errno)) => {
                if let Some(last) = self.open.pop() {
                    self.failed(&last.name, errno);
                }
            }
            // The root is read through, and what was moved up to it comes next, each by its name.
            None if self.open.len() == 1 && self.emptied < self.moved => {
                self.emptied += 1;
                self.entry(&moved_name(self.emptied));
            }
            None => self.leave(),
        }
    }

    /// Removes an entry of the innermost open directory, goes into it, or puts it off.
    fn entry(&mut self, name: &CStr) {
        let done = match self.unlink(name) {
            Err(Errno::NOTEMPTY | Errno::EXIST) if self.open.len() < OPEN => self.enter(name),
            Err(Errno::NOTEMPTY | Errno::EXIST) => self.move_up(name),
            removed => removed,
        };
        match done {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => self.failed(name, errno),
        }
    }

    fn unlink(&self, name: &CStr) -> Result<(), Errno> {
        let within = self.within()?;
        match rustix::fs::unlinkat(within, name, AtFlags::empty()) {
            // Systems differ in what they say of a directory.
            Err(said @ (Errno::ISDIR | Errno::PERM)) => {
                match rustix::fs::unlinkat(within, name, AtFlags::REMOVEDIR) {
                    Err(Errno::NOTDIR) => Err(said),
                    removed => removed,
                }
            }
            removed => removed,
        }
    }

    fn enter(&mut self, name: &CStr) -> Result<(), Errno> {
        let allowed = allow(self.within()?, name)?;
        let dir = rustix::fs::openat(allowed, c".", DIRECTORY | OFlags::RDONLY, Mode::empty())?;
        let dir = Dir::new(dir)?;
        self.open.push(Open { name: name.to_owned(), dir, passes: 1, stays: false });
        Ok(())
    }

    /// Moves a directory from the innermost open one up to the root, for later.
    fn move_up(&mut self, name: &CStr) -> Result<(), Errno> {
        let mut is_allowed = false;
        while self.moved < MOVED {
            self.moved += 1;
            let Some(root) = self.open.first() else { break };
            let (from, root, to) = (self.within()?, root.dir.fd()?, moved_name(self.moved));
            match rustix::fs::renameat(from, name, root, &to) {
                // Something is called so already.
                Err(Errno::EXIST | Errno::NOTEMPTY | Errno::NOTDIR) => {}
                // A directory that moves is written to, since its parent changes.
                Err(Errno::ACCESS) if !is_allowed => {
                    allow(from, name)?;
                    is_allowed = true;
                }
                moved => return moved,
            }
        }
        Err(Errno::NOTEMPTY)
    }

    /// Removes the innermost open directory, which was read through.
    fn leave(&mut self) {
        let Some(mut last) = self.open.pop() else { return };
        let removed = self
            .within()
            .and_then(|within| rustix::fs::unlinkat(within, &last.name, AtFlags::REMOVEDIR));
        match removed {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(Errno::NOTEMPTY | Errno::EXIST) if !last.stays && last.passes < PASSES => {
                last.passes += 1;
                last.dir.rewind();
                self.open.push(last);
            }
            Err(errno) => self.failed(&last.name, errno),
        }
    }

    /// What an entry of the innermost open directory is in.
    fn within(&self) -> Result<BorrowedFd<'_>, Errno> {
        self.open.last().map_or(Ok(self.parent.as_fd()), |last| last.dir.fd())
    }

    /// Notes that an entry of the innermost open directory stays.
    fn failed(&mut self, name: &CStr, errno: Errno) {
        if self.trouble.is_none() {
            // Whoever asked knows the root.
            let names = self.open.iter().skip(1).map(|open| open.name.as_c_str()).chain([name]);
            let names: Vec<_> = names.map(CStr::to_string_lossy).collect();
            self.trouble = Some(Trouble { path: names.join("/"), errno });
        }
        if let Some(last) = self.open.last_mut() {
            last.stays = true;
        }
    }
}

fn moved_name(number: u64) -> CString {
    CString::new(format!("{NAME}{number}")).unwrap_or_default()
}

/// Lets its owner into a directory, and returns it. Where that is refused, what is done with it
/// says so.
fn allow(within: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
    let dir = rustix::fs::openat(within, name, DIRECTORY | OFlags::PATH, Mode::empty())?;
    let mode = Mode::from_raw_mode(rustix::fs::fstat(&dir)?.st_mode);
    if !mode.contains(Mode::RWXU) {
        // By its descriptor, since its name may be a link by now. What was opened by path alone
        // takes no fchmod.
        let path = format!("/proc/self/fd/{}", dir.as_raw_fd());
        let _ = rustix::fs::chmod(path, mode | Mode::RWXU);
    }
    Ok(dir)
}

#[cfg(test)]
mod tests;
