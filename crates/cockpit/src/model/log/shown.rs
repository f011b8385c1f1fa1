//! The rows of a log as they are shown.

use pilothouse_api::types::LogLine;

/// A row of a log: a line by its number, and a row within it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The row within it.
    pub row: usize,
}

/// A row as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShownLine<'a> {
    /// A step begins.
    Step(u32),
    /// Lines of this step that are not here precede.
    Gap(u32),
    /// A piece of a line.
    Text {
        /// The line's number.
        number: u64,
        /// The line.
        line: &'a LogLine,
        /// The piece, harmless.
        piece: String,
        /// Whether it is the line's first piece.
        first: bool,
    },
}
