//! Reads Jenkinsfiles, judges them offline, and says what each step would do; pure.
//!
//! Texts come in, values and texts go out: nothing is run, opened or fetched, and any bytes are read
//! in linear time and bounded depth. Most callers want a [`Report`]:
//!
//! ```
//! use jenkinsfile::{Report, table::Table};
//!
//! let text = "pipeline { agent any\nstages { stage('Test') { steps { sh 'make test' } } } }";
//! let report = Report::of("Jenkinsfile", text.as_bytes(), &Table::built_in());
//! assert!(report.problems.is_empty());
//! assert_eq!(report.level.number(), 1);
//! ```
//!
//! A pipeline of Pilothouse's own is written from what was parsed and judged:
//!
//! ```
//! use jenkinsfile::{convert::convert, judge, parser::parse, table::Table};
//!
//! let text = "pipeline { agent any\nstages { stage('Test') { steps { sh 'make test' } } } }";
//! let (script, grammar) = parse(text);
//! let table = Table::built_in();
//! let judged = judge(text, &script, &grammar, &table);
//! assert!(judged.problems.is_empty());
//! let pipeline = judged.pipeline.ok_or("a program")?;
//! let converted = convert("Jenkinsfile", text, &script, &pipeline, &table);
//! assert_eq!(converted.steps, 1);
//! # Ok::<(), &str>(())
//! ```
//!
//! Below it stand, each useful alone: [`parser::parse`] makes a [`syntax`] tree of the Groovy that
//! Jenkinsfiles are written in, with positions and comments; [`scope::declared_twice`] says what Groovy
//! refuses of it for its names; [`read::read`] finds the Declarative
//! Pipeline in it, as a [`model`]; [`check::check`] says what Jenkins would refuse, in its own words;
//! [`verdict::verdict`] says what would run; [`convert::convert`] writes a `pilothouse.toml`. What
//! plugins offer stands in a [`table`] to which lines can be added.

pub mod check;
pub mod convert;
pub mod diagnostic;
pub mod model;
pub mod parser;
pub mod read;
pub mod report;
pub mod scope;
pub mod source;
pub mod syntax;
pub mod table;
pub mod token;
pub mod verdict;

mod judge;
mod lexer;
mod plan;
mod suggest;

pub use diagnostic::{Diagnostic, DiagnosticKind};
pub use judge::{Judged, judge};
pub use report::Report;

/// The largest text that is read, in bytes.
pub const MOST_BYTES: usize = 1024 * 1024;
/// The most problems of a file that are looked at, of which the first are told.
pub(crate) const MOST_FOUND: usize = 1000;
/// The most problems of a file that are told.
pub const MOST_PROBLEMS: usize = 100;
