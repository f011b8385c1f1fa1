//! Reads Jenkinsfiles, judges them offline, and says what each step would do; pure.

pub mod check;
pub mod convert;
pub mod diagnostic;
pub mod model;
pub mod parser;
pub mod read;
pub mod report;
pub mod source;
pub mod syntax;
pub mod table;
pub mod token;
pub mod verdict;

mod judge;
mod lexer;
mod suggest;

pub use diagnostic::{Diagnostic, DiagnosticKind};
pub use judge::{Judged, judge};
pub use report::Report;

/// The largest text that is read, in bytes.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;
/// The most problems of a file that are told.
pub const MOST_PROBLEMS: usize = 100;
