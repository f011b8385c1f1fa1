//! The log of an edge stays small.

use std::fs::{self, File};
use std::process::Stdio;

use super::support::*;

#[test]
fn a_log_that_has_grown_is_put_aside_once() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    fs::create_dir(&state).unwrap();
    let log = state.join("edge.log");
    fs::write(&log, "a line of an edge before this one\n".repeat(300_000)).unwrap();
    let before = fs::metadata(&log).unwrap().len();
    let stderr = File::options().append(true).open(&log).unwrap();
    let (_process, _rig) = Process::start(dir, 1024, 1024, Stdio::from(stderr));
    eventually("the log is small", || {
        // Between being put aside and begun anew it is not there at all.
        fs::metadata(&log).is_ok_and(|found| found.len() < 1_000_000).then_some(())
    });
    assert_eq!(fs::metadata(state.join("edge.log.1")).unwrap().len(), before);
}
