//! A log that is read: a bounded ring of lines and the place in it.
//!
//! A million lines may stream through; the oldest are dropped and counted, so that memory and
//! every frame stay bounded.

use std::collections::VecDeque;

use pilothouse_api::types::{LogLine, LogPage};
use pilothouse_core::id::{InstanceId, RunId};

use crate::width;

/// How many lines are kept.
pub const LINES: usize = 50_000;
/// How many bytes of lines are kept.
const BYTES: usize = 32 << 20;

/// Whose log it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogSource {
    /// A run's.
    Run(RunId),
    /// An instance's.
    Instance(InstanceId),
}

/// A log that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct LogView {
    /// Whose it is.
    pub source: LogSource,
    lines: VecDeque<LogLine>,
    bytes: usize,
    /// Lines that were here and were dropped to keep the newest.
    pub dropped: u64,
    /// Lines that were never sent because only the log's end was asked for.
    pub skipped: u64,
    /// Whether more lines can still come.
    pub open: bool,
    /// Whether any page came yet.
    pub loaded: bool,
    /// What went wrong.
    pub failed: Option<String>,
    /// Whether the newest lines are shown as they come.
    pub follow: bool,
    /// Whether long lines go on in the next row.
    pub wrap: bool,
    /// Whether lines show their time.
    pub times: bool,
    /// Cells that are scrolled out at the left.
    pub left: usize,
    /// The first row that is shown, unless it follows.
    pub top: Place,
    /// What is searched.
    pub search: String,
    /// The line of the match that was gone to.
    pub hit: Option<u64>,
}

/// A row of a log: a line, counted from the first that was received, and a row within it.
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

impl LogView {
    /// Opens a log at its end.
    pub fn new(source: LogSource) -> Self {
        Self {
            source,
            lines: VecDeque::new(),
            bytes: 0,
            dropped: 0,
            skipped: 0,
            open: true,
            loaded: false,
            failed: None,
            follow: true,
            wrap: false,
            times: false,
            left: 0,
            top: Place::default(),
            search: String::new(),
            hit: None,
        }
    }

    /// Takes the lines that came.
    pub fn push(&mut self, page: LogPage) {
        if !self.loaded {
            self.skipped = page.skipped;
        }
        self.loaded = true;
        self.failed = None;
        self.open = page.open;
        for line in page.lines {
            self.bytes += line.text.len();
            self.lines.push_back(line);
            while self.lines.len() > LINES || self.bytes > BYTES && self.lines.len() > 1 {
                if let Some(oldest) = self.lines.pop_front() {
                    self.bytes -= oldest.text.len();
                    self.dropped += 1;
                }
            }
        }
        self.top = self.top.max(Place { line: self.dropped, row: 0 });
    }

    /// How many lines were received, dropped ones too.
    pub fn end(&self) -> u64 {
        self.dropped + self.lines.len() as u64
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// A line by its number.
    pub fn line(&self, number: u64) -> Option<&LogLine> {
        let place = usize::try_from(number.checked_sub(self.dropped)?).ok()?;
        self.lines.get(place)
    }

    /// The rows that fit into a screen of this size.
    pub fn rows(&self, columns: usize, height: usize) -> Vec<ShownLine<'_>> {
        let mut place = self.first(columns, height);
        let mut rows = Vec::with_capacity(height);
        while rows.len() < height
            && let Some(line) = self.line(place.line)
        {
            self.rows_of(place.line, line, columns, &mut rows, place.row, height);
            place = Place { line: place.line + 1, row: 0 };
        }
        rows
    }

    /// The first row that is shown.
    pub fn first(&self, columns: usize, height: usize) -> Place {
        let last = self.up_from(Place { line: self.end(), row: 0 }, height, columns);
        if self.follow { last } else { self.top.min(last) }
    }

    /// Goes down by rows; reaching the end does not follow.
    pub fn down(&mut self, by: usize, columns: usize, height: usize) {
        let last = self.up_from(Place { line: self.end(), row: 0 }, height, columns);
        let mut place = self.first(columns, height);
        for _ in 0..by {
            if place >= last {
                break;
            }
            let more = place.row + 1 < self.height_of(place.line, columns);
            place = if more {
                Place { row: place.row + 1, ..place }
            } else {
                Place { line: place.line + 1, row: 0 }
            };
        }
        self.top = place.min(last);
    }

    /// Goes up by rows, and stops following.
    pub fn up(&mut self, by: usize, columns: usize, height: usize) {
        let first = self.first(columns, height);
        self.follow = false;
        self.top = self.up_from(first, by, columns);
    }

    /// Goes to a line, and stops following.
    pub fn go(&mut self, line: u64) {
        self.follow = false;
        self.top = Place { line: line.max(self.dropped), row: 0 };
    }

    /// The next line that holds what is searched, forwards or backwards, around the end.
    pub fn find(&self, from: u64, forwards: bool) -> Option<u64> {
        let needle = self.search.to_lowercase();
        if needle.is_empty() || self.lines.is_empty() {
            return None;
        }
        let count = self.lines.len() as u64;
        let start = from.clamp(self.dropped, self.end() - 1) - self.dropped;
        (1..=count)
            .map(|step| if forwards { (start + step) % count } else { (start + count - step) % count } + self.dropped)
            .find(|number| self.line(*number).is_some_and(|line| holds(&line.text, &needle)))
    }

    /// The line at which the step after or before a line's begins.
    pub fn step_from(&self, from: u64, forwards: bool) -> Option<u64> {
        let begins = |number: &u64| self.begins_step(*number);
        if forwards {
            (from + 1..self.end()).find(begins)
        } else {
            (self.dropped..from).rev().find(begins)
        }
    }

    fn up_from(&self, from: Place, by: usize, columns: usize) -> Place {
        let mut place = from;
        let mut left = by;
        while left > 0 {
            if place.row >= left {
                return Place { row: place.row - left, ..place };
            }
            left -= place.row;
            if place.line <= self.dropped {
                return Place { line: self.dropped, row: 0 };
            }
            let line = place.line - 1;
            place = Place { line, row: self.height_of(line, columns) };
        }
        place
    }

    fn begins_step(&self, number: u64) -> bool {
        let step = |number: u64| self.line(number).map(|line| line.step);
        matches!(self.source, LogSource::Run(_))
            && step(number).is_some()
            && (number == 0 || step(number - 1) != step(number))
    }

    fn height_of(&self, number: u64, columns: usize) -> usize {
        let pieces = match self.line(number) {
            Some(line) if self.wrap && line.text.len() > columns => {
                width::wrap(&width::clean(&line.text), columns).len()
            }
            _ => 1,
        };
        pieces + usize::from(self.begins_step(number))
    }

    fn rows_of<'a>(
        &'a self,
        number: u64,
        line: &'a LogLine,
        columns: usize,
        rows: &mut Vec<ShownLine<'a>>,
        skip: usize,
        height: usize,
    ) {
        let mut skip = skip;
        if self.begins_step(number) {
            if skip == 0 {
                rows.push(ShownLine::Step(line.step));
            } else {
                skip -= 1;
            }
        }
        let text = width::clean(&line.text);
        let pieces = if self.wrap {
            width::wrap(&text, columns)
        } else {
            vec![width::head(width::skip(&text, self.left), columns)]
        };
        for (place, piece) in pieces.into_iter().enumerate().skip(skip) {
            if rows.len() < height {
                rows.push(ShownLine::Text {
                    number,
                    line,
                    piece: piece.to_owned(),
                    first: place == 0,
                });
            }
        }
    }
}

/// Whether a text holds another that is in lower case, whatever the text's case.
pub fn holds(text: &str, needle: &str) -> bool {
    if text.is_ascii() {
        let (text, needle) = (text.as_bytes(), needle.as_bytes());
        return needle.len() <= text.len()
            && text.windows(needle.len()).any(|part| part.eq_ignore_ascii_case(needle));
    }
    text.to_lowercase().contains(needle)
}
