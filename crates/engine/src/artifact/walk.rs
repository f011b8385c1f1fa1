//! Walking a hostile tree without following a link.
//!
//! Responsible for naming every entry under the wanted paths, each reached through open
//! directories, so that a tree that changes meanwhile cannot lead the walk out of itself.
//! It must not store anything.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};

use super::error::SealError;
use super::manifest::{self, Entries, Entry, MARK};
use super::{Digest, Limits};
use crate::journal::DiskError;

/// Takes a file's bytes in: gets the open file, its path in the tree and how many bytes
/// it may have, and returns its digest and size.
pub type TakeIn<'a> = dyn FnMut(File, &Path, u64) -> Result<(Digest, u64), SealError> + 'a;

const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Walks one tree and collects its entries.
pub struct Walk<'a> {
    root: OwnedFd,
    limits: Limits,
    take_in: &'a mut TakeIn<'a>,
    entries: Entries,
    bytes: u64,
}

impl<'a> Walk<'a> {
    /// Opens the tree's root. A link in its place leads out of it: a step may have put one there.
    pub fn open(
        tree: &Path,
        limits: Limits,
        take_in: &'a mut TakeIn<'a>,
    ) -> Result<Self, SealError> {
        let root = rustix::fs::open(tree, DIRECTORY, Mode::empty())
            .map_err(|error| DiskError::new("open", tree, error.into()))?;
        Ok(Self { root, limits, take_in, entries: Entries::new(), bytes: 0 })
    }

    /// Returns what was collected.
    pub fn finish(self) -> Entries {
        self.entries
    }

    /// Collects what is at a path of the tree, and the directories that it stands in.
    pub fn wanted(&mut self, wanted: &Path) -> Result<(), SealError> {
        let refuse = |why| SealError::Path { path: wanted.to_path_buf(), why };
        let mut names = Vec::new();
        for component in wanted.components() {
            match component {
                Component::Normal(name) => names.push(name),
                Component::CurDir => {}
                Component::ParentDir => return Err(refuse("it has `..` in it")),
                Component::RootDir | Component::Prefix(_) => {
                    return Err(refuse("it is absolute, and must be relative to the tree"));
                }
            }
        }
        let root = self.root.try_clone().map_err(|error| DiskError::new("open", wanted, error))?;
        let Some((last, parents)) = names.split_last() else {
            if wanted.as_os_str().is_empty() {
                return Err(refuse("it is empty; `.` means the whole tree"));
            }
            return self.directory(&root, Path::new(""), 0);
        };
        let mut parent = root;
        let mut path = PathBuf::new();
        for name in parents {
            path.push(name);
            if kind_of(&parent, name, &path)?.0 != FileType::Directory {
                return Err(refuse("a part of it is not a directory but a link or a file"));
            }
            parent = open_at(&parent, name, DIRECTORY, &path)?;
            self.insert(&path, Entry::Directory)?;
        }
        path.push(last);
        self.entry(&parent, last, &path, names.len())
    }

    fn insert(&mut self, path: &Path, entry: Entry) -> Result<(), SealError> {
        let too_large = |what, limit: usize| SealError::TooLarge {
            path: path.to_path_buf(),
            what,
            limit: limit as u64,
        };
        let bytes = path.as_os_str().as_bytes();
        if bytes == MARK.as_bytes() {
            let why = "the name is reserved for the mark of an unpacked artifact";
            return Err(SealError::Path { path: path.to_path_buf(), why });
        }
        if bytes.len() > self.limits.path_bytes {
            return Err(too_large("bytes in one path", self.limits.path_bytes));
        }
        self.entries.insert(bytes.to_vec(), entry);
        if self.entries.len() > self.limits.entries {
            return Err(too_large("files, directories and links", self.limits.entries));
        }
        Ok(())
    }

    fn entry(
        &mut self,
        parent: &OwnedFd,
        name: &OsStr,
        path: &Path,
        depth: usize,
    ) -> Result<(), SealError> {
        let limit = self.limits.depth;
        if depth > limit {
            let (path, limit) = (path.to_path_buf(), limit as u64);
            return Err(SealError::TooLarge { path, what: "directories in each other", limit });
        }
        // Wanted paths may overlap; an entry is taken in once.
        let is_known = self.entries.contains_key(path.as_os_str().as_bytes());
        match kind_of(parent, name, path)? {
            (FileType::Directory, _) => {
                let directory = open_at(parent, name, DIRECTORY, path)?;
                self.insert(path, Entry::Directory)?;
                self.directory(&directory, path, depth)
            }
            (FileType::RegularFile | FileType::Symlink, _) if is_known => Ok(()),
            (FileType::RegularFile, mode) => {
                self.file(parent, name, path, mode.intersects(Mode::XUSR | Mode::XGRP | Mode::XOTH))
            }
            (FileType::Symlink, _) => self.link(parent, name, path, depth),
            _ => Err(SealError::Kind { path: path.to_path_buf() }),
        }
    }

    fn directory(&mut self, fd: &OwnedFd, path: &Path, depth: usize) -> Result<(), SealError> {
        let fail = |error: io::Error| DiskError::new("list", path, error);
        let mut names: Vec<OsString> = Vec::new();
        for entry in Dir::read_from(fd.as_fd()).map_err(|error| fail(error.into()))? {
            let entry = entry.map_err(|error| fail(error.into()))?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(OsString::from_vec(name.to_vec()));
            }
            if names.len() > self.limits.entries {
                let (path, limit) = (path.to_path_buf(), self.limits.entries as u64);
                let what = "files, directories and links";
                return Err(SealError::TooLarge { path, what, limit });
            }
        }
        names.sort_unstable();
        for name in names {
            self.entry(fd, &name, &path.join(&name), depth + 1)?;
        }
        Ok(())
    }

    fn file(
        &mut self,
        parent: &OwnedFd,
        name: &OsStr,
        path: &Path,
        is_executable: bool,
    ) -> Result<(), SealError> {
        // Without NONBLOCK a pipe that took the file's place would hold the walk up.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(open_at(parent, name, flags, path)?);
        let metadata = file.metadata().map_err(|error| DiskError::new("read", path, error))?;
        if !metadata.is_file() {
            return Err(SealError::Kind { path: path.to_path_buf() });
        }
        let (digest, size) = (self.take_in)(file, path, self.limits.bytes - self.bytes)?;
        self.bytes += size;
        self.insert(path, Entry::File { is_executable, size, digest })
    }

    fn link(
        &mut self,
        parent: &OwnedFd,
        name: &OsStr,
        path: &Path,
        depth: usize,
    ) -> Result<(), SealError> {
        let target = rustix::fs::readlinkat(parent, name, Vec::new())
            .map_err(|error| DiskError::new("read the link", path, error.into()))?
            .into_bytes();
        if target.len() > self.limits.path_bytes {
            let (path, limit) = (path.to_path_buf(), self.limits.path_bytes as u64);
            return Err(SealError::TooLarge { path, what: "bytes in one link", limit });
        }
        if !manifest::stays(&target, depth - 1) {
            let target = PathBuf::from(OsString::from_vec(target));
            return Err(SealError::Link { path: path.to_path_buf(), target });
        }
        self.insert(path, Entry::Link { target })
    }
}

fn open_at(
    parent: &OwnedFd,
    name: &OsStr,
    flags: OFlags,
    path: &Path,
) -> Result<OwnedFd, SealError> {
    rustix::fs::openat(parent, name, flags, Mode::empty())
        .map_err(|error| DiskError::new("open", path, error.into()).into())
}

fn kind_of(parent: &OwnedFd, name: &OsStr, path: &Path) -> Result<(FileType, Mode), SealError> {
    match rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok((FileType::from_raw_mode(stat.st_mode), Mode::from_raw_mode(stat.st_mode))),
        Err(rustix::io::Errno::NOENT) => Err(SealError::Absent { path: path.to_path_buf() }),
        Err(error) => Err(DiskError::new("read", path, error.into()).into()),
    }
}
