//! Reads and writes the files people write; pure.
//!
//! Responsible for turning the operator's `projects/NAME.toml` and the repository's
//! `pilothouse.toml` into core's specifications, for saying precisely what is wrong with a file
//! and what to write instead, and for proposing first versions of both files. It must never open
//! a file, look up a secret, or start anything: texts come in, values and texts go out.
//!
//! A reader collects every problem of a file and reports them in the order in which they stand
//! in it, so that one look mends the whole file.

pub mod init;
pub mod operator;
pub mod pipeline;
pub mod problem;

mod container;
mod found;
mod section;
mod suggest;
mod value;

pub use problem::{Problem, ProblemKind};

/// The largest file that is read, in bytes.
pub const MOST_BYTES: usize = 256 * 1024;
/// The most problems that are reported of one file.
pub const MOST_PROBLEMS: usize = 100;

/// Decodes a file's bytes; a TOML document is UTF-8 (TOML 1.0, "Spec").
///
/// # Errors
/// Names the line and column of the first byte that is not UTF-8, or says that the file is
/// larger than [`MOST_BYTES`].
pub fn text_of<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, Vec<Problem>> {
    if bytes.len() > MOST_BYTES {
        return Err(vec![found::too_large(file)]);
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let good = std::str::from_utf8(good).unwrap_or_default();
        let mut found = found::Found::new(file, good);
        found.add(
            ProblemKind::Syntax,
            good.len()..good.len(),
            "the next byte is not UTF-8 text",
            "save the file as UTF-8",
        );
        found.sorted()
    })
}
