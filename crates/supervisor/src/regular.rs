//! Opens files of a unit, where its own program may have put something else.
//!
//! A step may run as the user that owns its unit directory. A pipe in the place of a file would
//! keep whoever opens it waiting, and a link would lead elsewhere.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

/// The largest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// Opens a file for reading, or `None` if there is none. What is no regular file is invalid data.
pub(crate) fn open(path: &Path) -> io::Result<Option<File>> {
    match with(OpenOptions::new().read(true), path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads a file of a run or an instance, up to 8 MiB, or `None` if there is none. What is no regular
/// file is invalid data, and keeps nobody waiting.
pub fn read_regular(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let Some(file) = open(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Writes a file of a run or an instance anew. What is there and no regular file is removed first.
pub fn write_regular(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let anew = || OpenOptions::new().write(true).create(true).truncate(true).clone();
    let mut file = match with(&mut anew(), path) {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            std::fs::remove_file(path)?;
            with(anew().create_new(true), path)?
        }
        opened => opened?,
    };
    file.write_all(bytes)
}

/// Opens a file as these options say. What is no regular file is invalid data.
pub(crate) fn with(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    let file = match options.custom_flags(flags).open(path) {
        Ok(file) => file,
        // A link, and a pipe that nobody reads.
        Err(error) if is(&error, rustix::io::Errno::LOOP) => return Err(odd()),
        Err(error) if is(&error, rustix::io::Errno::NXIO) => return Err(odd()),
        Err(error) => return Err(error),
    };
    if file.metadata()?.is_file() { Ok(file) } else { Err(odd()) }
}

fn is(error: &io::Error, errno: rustix::io::Errno) -> bool {
    error.raw_os_error() == Some(errno.raw_os_error())
}

fn odd() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is no regular file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_refused_at_once() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        std::fs::write(at("file"), "here").unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("pipe"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        std::fs::create_dir(at("dir")).unwrap();
        assert!(open(&at("file")).unwrap().is_some());
        assert!(open(&at("nothing")).unwrap().is_none());
        for name in ["link", "pipe", "dir"] {
            let read = open(&at(name)).unwrap_err();
            assert_eq!(read.kind(), io::ErrorKind::InvalidData, "{name}: {read}");
        }
        for name in ["link", "pipe"] {
            let written = with(OpenOptions::new().write(true), &at(name)).unwrap_err();
            assert_eq!(written.kind(), io::ErrorKind::InvalidData, "{name}: {written}");
            write_regular(&at(name), b"anew").unwrap();
            assert_eq!(read_regular(&at(name)).unwrap().unwrap(), b"anew");
        }
        assert_eq!(std::fs::read(at("file")).unwrap(), b"here");
    }
}
