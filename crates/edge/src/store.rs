//! The saved table.
//!
//! Responsible for a table that survives a crash at any moment: it is written beside the old
//! one, synced, and renamed over it; the old one is kept as the previous one. A table that
//! cannot be read is never taken for an empty one.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use pilothouse_core::routing::{EDGE_LOCK, EDGE_PROCESS, Table, TableSource};
use rustix::fs::FlockOperation;

use crate::error::Error;

const NEWEST: &str = "table.json";
const PREVIOUS: &str = "table.prev.json";
/// What the next table is written to.
const FRESH: &str = "table.json.new";
/// What that is made of.
const SPARE: &str = "table.spare.json";
/// A file of a table has a multiple of so many bytes, so that a little more fits into it.
const GRAIN: usize = 16 << 10;

/// The state directory, held by this edge alone.
#[derive(Debug)]
pub(crate) struct Store {
    dir: PathBuf,
    /// Hold their locks for as long as they are open.
    _locks: [File; 2],
}

impl Store {
    /// Opens the directory, and refuses if another edge holds it.
    pub(crate) fn open(dir: &Path) -> Result<Self, Error> {
        let failed = |source: io::Error| Error::StateDir { path: dir.to_owned(), source };
        fs::create_dir_all(dir).map_err(failed)?;
        let opened = |name| {
            let options = File::options().create(true).truncate(false).write(true).clone();
            options.open(dir.join(name)).map_err(failed)
        };
        let lock = opened(EDGE_LOCK)?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(Error::Running(dir.to_owned())),
            Err(error) => return Err(failed(error.into())),
        }
        // This lock excludes nobody; of this kind the kernel tells whose it is. It lies in a file of
        // its own, because it ends where its process closes that file anywhere.
        let process = opened(EDGE_PROCESS)?;
        rustix::fs::fcntl_lock(&process, FlockOperation::NonBlockingLockExclusive)
            .map_err(|error| failed(error.into()))?;
        Ok(Self { dir: dir.to_owned(), _locks: [lock, process] })
    }

    /// Reads the newest table that can be read.
    pub(crate) fn load(&self) -> (Table, TableSource) {
        let empty = || Table::default().seal(0, 0);
        let newest = read(&self.dir.join(NEWEST));
        let previous = read(&self.dir.join(PREVIOUS));
        match (newest, previous) {
            (Ok(Some(table)), _) => (table, TableSource::Saved),
            (Ok(None), Ok(None)) => (empty(), TableSource::New),
            (Ok(None), Ok(Some(table))) => {
                (table, TableSource::Previous { problem: "table.json is missing".to_owned() })
            }
            (Err(problem), Ok(Some(table))) => (table, TableSource::Previous { problem }),
            (Err(problem), Ok(None)) | (Ok(None), Err(problem)) => {
                (empty(), TableSource::Lost { problem })
            }
            (Err(problem), Err(other)) => {
                (empty(), TableSource::Lost { problem: format!("{problem}; {other}") })
            }
        }
    }

    /// Saves a table; when this returns, it survives a crash.
    ///
    /// The room of the table before the last one is used again, so that a table of about the same size
    /// can be saved on a disk that is full: what is gone must not get requests for that.
    pub(crate) fn save(&self, table: &Table) -> io::Result<()> {
        let mut text = serde_json::to_vec(table)?;
        let newest = self.dir.join(NEWEST);
        let fresh = self.dir.join(FRESH);
        let options = File::options().create(true).truncate(false).write(true).clone();
        let mut file = options.open(&fresh)?;
        // A crash may have left it as another name of a table that is needed.
        if file.metadata()?.nlink() > 1 {
            fs::remove_file(&fresh)?;
            file = options.open(&fresh)?;
        }
        let there = usize::try_from(file.metadata()?.len()).unwrap_or_default();
        // JSON may end with spaces. A file never gets smaller, as what it had would be gone by then.
        text.resize(there.max((text.len() / GRAIN + 1) * GRAIN), b' ');
        file.write_all(&text)?;
        file.sync_all()?;
        // A table that cannot be read must not push out the one that can.
        if matches!(read(&newest), Ok(Some(_))) {
            let link = self.dir.join("table.prev.json.new");
            if let Err(error) = fs::remove_file(&link)
                && error.kind() != io::ErrorKind::NotFound
            {
                return Err(error);
            }
            fs::hard_link(&newest, &link)?;
            self.spare()?;
            fs::rename(&link, self.dir.join(PREVIOUS))?;
        }
        fs::rename(&fresh, &newest)?;
        // Where there is no room for another one, the next table has what is there.
        let _ = self.respare();
        File::open(&self.dir)?.sync_all()
    }

    /// Keeps the room of the table that is about to be forgotten.
    fn spare(&self) -> io::Result<()> {
        match fs::rename(self.dir.join(PREVIOUS), self.dir.join(SPARE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Makes what was kept the file that the next table is written to, or takes room for it.
    fn respare(&self) -> io::Result<()> {
        let fresh = self.dir.join(FRESH);
        match fs::rename(self.dir.join(SPARE), &fresh) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::write(fresh, vec![b' '; GRAIN])
            }
            renamed => renamed,
        }
    }
}

/// Reads a table; none means that the file does not exist.
fn read(path: &Path) -> Result<Option<Table>, String> {
    let name = path.file_name().unwrap_or_default().display();
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{name} cannot be read: {error}")),
    };
    let table: Table =
        serde_json::from_slice(&text).map_err(|error| format!("{name} is no table: {error}"))?;
    match table.check().first() {
        None => Ok(Some(table)),
        Some(problem) => Err(format!("{name}: {}: {}", problem.place, problem.message)),
    }
}

#[cfg(test)]
mod tests;
