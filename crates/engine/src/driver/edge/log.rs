//! The file that an edge's messages go to.
//!
//! Responsible for an edge that cannot start and is started again and again: the edge itself
//! keeps its log small once it runs.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// The log in the edge's directory.
pub(super) const NAME: &str = "edge.log";
/// The log before it, as the edge calls it too.
const ASIDE: &str = "edge.log.1";
/// The size from which a log is put aside, in bytes.
const LARGE: u64 = 4 << 20;

/// Opens the log for what a new edge says; one that has grown large is put aside first.
pub(super) fn open(dir: &Path) -> io::Result<File> {
    let path = dir.join(NAME);
    if fs::metadata(&path).is_ok_and(|log| log.len() >= LARGE) {
        fs::rename(&path, dir.join(ASIDE))?;
    }
    File::options().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_log_that_has_grown_is_put_aside_and_a_small_one_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        for text in ["first\n", "second\n"] {
            open(dir.path()).unwrap().write_all(text.as_bytes()).unwrap();
        }
        assert_eq!(fs::read_to_string(dir.path().join(NAME)).unwrap(), "first\nsecond\n");
        for letter in ["a", "b"] {
            let large = letter.repeat(5 << 20);
            fs::write(dir.path().join(NAME), &large).unwrap();
            open(dir.path()).unwrap();
            assert_eq!(fs::metadata(dir.path().join(NAME)).unwrap().len(), 0);
            assert_eq!(fs::read_to_string(dir.path().join(ASIDE)).unwrap(), large);
        }
    }
}
