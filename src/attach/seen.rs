//! Remembers up to where the person has seen what happened, so that coming back can tell the
//! rest.
//!
//! One small file per engine and person: in its state directory where that is the person's own, and
//! in their own otherwise. Losing it
//! loses nothing but one summary, so that no failure here is ever worth a word.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use pilothouse_core::id::Seq;
use pilothouse_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::find::Place;

/// Up to where the person has seen what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    /// The last record of the journal.
    pub seq: Seq,
    /// When.
    pub at: Timestamp,
}

/// The file of one engine.
pub(super) fn file(place: &Place) -> PathBuf {
    let state = place.state_dir();
    let is_anothers = place.is_anothers();
    let state = if is_anothers { Place::default().state_dir() } else { state };
    if place.is_installed() || place.socket.is_some() || is_anothers {
        let socket = place.operator_socket();
        let name: String = socket
            .to_string_lossy()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        return state.join("seen-elsewhere").join(name);
    }
    state.join("seen")
}

/// Reads it; none where there is none that can be read.
pub(super) fn read(file: &Path) -> Option<Seen> {
    serde_json::from_slice(&std::fs::read(file).ok()?).ok()
}

/// Writes it, whole or not at all.
pub(super) fn write(file: &Path, seen: Seen) {
    let written = || -> std::io::Result<()> {
        if let Some(directory) = file.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let new = file.with_extension(format!("new-{}", std::process::id()));
        let mut options = std::fs::File::options();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        options.open(&new)?.write_all(&serde_json::to_vec(&seen)?)?;
        std::fs::rename(&new, file)
    };
    // See above: no failure here is worth a word.
    let _ = written();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("deep/seen");
        assert_eq!(read(&file), None);
        let seen = Seen { seq: Seq(7), at: Timestamp(1_700_000_000_000) };
        write(&file, seen);
        assert_eq!(read(&file), Some(seen));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), r#"{"seq":7,"at":1700000000000}"#);
        std::fs::write(&file, "nonsense").unwrap();
        assert_eq!(read(&file), None);
    }
}
