//! `pilothouse supervise DIR`: owns one step or one local instance. Started by the engine.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// Supervises the unit in a directory.
pub fn supervise(arguments: &[OsString]) -> ExitCode {
    if let [unit] = arguments {
        return pilothouse_supervisor::supervise(Path::new(unit), &["launch".into()]);
    }
    crate::out::error("pilothouse: supervise takes one directory; the engine starts it");
    ExitCode::from(2)
}
