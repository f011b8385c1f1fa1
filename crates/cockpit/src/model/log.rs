//! A log that is read: the part of it that is here and the place in it.
//!
//! A log may be far longer than what is kept here, so that memory and every frame stay bounded;
//! what is not here is fetched as one goes there, and is never counted.

mod shown;
mod window;

use pilothouse_api::types::{LogLine, LogPage};
use pilothouse_core::id::{InstanceId, RunId};

use crate::msg::LogAt;
use crate::width;

pub use shown::{Place, ShownLine};
use window::Window;
pub use window::{Front, LINES};

/// Whose log it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogSource {
    /// A run's.
    Run(RunId),
    /// An instance's.
    Instance(InstanceId),
}

/// A search beyond what is here of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeking {
    /// How many lines it has read.
    pub lines: u64,
    /// What is searched, in lower case.
    pub text: String,
    /// Whether it goes towards newer lines.
    pub forwards: bool,
}

/// A log that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct LogView {
    /// Whose it is.
    pub source: LogSource,
    /// Only this step's lines; none means all.
    pub step: Option<u32>,
    window: Window,
    /// How many lines before those that are here were passed over to stay near the end.
    pub passed: u64,
    /// The page that was asked for and has not come.
    pub fetching: Option<LogAt>,
    /// The search that goes on beyond what is here.
    pub seeking: Option<Seeking>,
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

impl LogView {
    /// Opens a log, or one step's part of it, at its end.
    pub fn new(source: LogSource, step: Option<u32>) -> Self {
        Self {
            source,
            step,
            window: Window::new(),
            passed: 0,
            fetching: None,
            seeking: None,
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

    /// Takes what was written at the log's end since. Who follows goes on near the end, whatever was
    /// passed over; who reads keeps what they read, and what no longer fits is not here.
    pub fn push(&mut self, page: LogPage) {
        let jumps = self.fetching == Some(LogAt::End);
        if !self.loaded || jumps {
            self.fetching = None;
            self.show(page, true);
            return;
        }
        self.failed = None;
        self.open = page.open;
        if !self.window.is_at_end() {
            return;
        }
        match (self.follow, page.skipped) {
            (true, 0) => self.window.append(page),
            (true, skipped) => {
                let passed = self.passed + skipped;
                self.show(page, true);
                self.passed = passed;
            }
            (false, 0) if self.window.has_room_for(&page) => self.window.append(page),
            (false, _) => self.window.leave_end(),
        }
        self.keep_place();
    }

    /// Holds a page instead of what is here, as after a jump.
    pub fn show(&mut self, page: LogPage, is_at_end: bool) {
        self.loaded = true;
        self.failed = None;
        self.open = page.open;
        let front = Front::of(&page);
        self.show_from(page, front, is_at_end);
    }

    /// Holds a page whose front is known better than by itself.
    pub fn show_from(&mut self, page: LogPage, front: Front, is_at_end: bool) {
        self.window.replace(page, front, is_at_end);
        self.hit = None;
        self.passed = 0;
        self.top = Place { line: self.start(), row: 0 };
    }

    /// Takes the page before what is here.
    pub fn prepend(&mut self, page: LogPage) {
        let header = self.window.front() == Front::Middle;
        let was = self.start();
        self.passed = 0;
        self.window.prepend(page);
        // The row that said that lines are missing is gone.
        if header && self.top.line == was && self.top.row > 0 && !self.begins_step(was) {
            self.top.row -= 1;
        }
        self.keep_place();
    }

    /// Takes the page behind what is here.
    pub fn append(&mut self, page: LogPage, is_at_end: bool) {
        self.window.append(page);
        if is_at_end {
            self.window.reach_end();
        }
        self.keep_place();
    }

    fn keep_place(&mut self) {
        self.top = self.top.max(Place { line: self.start(), row: 0 });
    }

    /// The number of the first line that is here.
    pub fn start(&self) -> u64 {
        self.window.start()
    }

    /// The number behind the last line that is here.
    pub fn end(&self) -> u64 {
        self.window.end()
    }

    /// Whether lines precede that are not here.
    pub fn has_older(&self) -> bool {
        self.window.front() != Front::Start
    }

    /// Whether lines follow that are not here.
    pub fn has_newer(&self) -> bool {
        self.loaded && !self.window.is_at_end()
    }

    /// What to ask for the page that precedes what is here.
    pub fn before(&self) -> Option<String> {
        self.window.first().filter(|_| self.has_older()).map(str::to_owned)
    }

    /// What stands before the first line that is here.
    pub fn front(&self) -> Front {
        self.window.front()
    }

    /// The place of the first line that is here.
    pub fn first_place(&self) -> Option<String> {
        self.window.first().map(str::to_owned)
    }

    /// What to ask for the page that follows what is here.
    pub fn after(&self) -> Option<String> {
        self.window.next().map(str::to_owned)
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.window.is_empty()
    }

    /// A line by its number.
    pub fn line(&self, number: u64) -> Option<&LogLine> {
        self.window.line(number)
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
        self.top = Place { line: line.max(self.start()), row: 0 };
    }

    /// The next line here that holds what is searched, forwards or backwards; around the end
    /// where all of the log is here.
    pub fn find(&self, from: u64, forwards: bool) -> Option<u64> {
        let needle = self.search.to_lowercase();
        if needle.is_empty() || self.is_empty() {
            return None;
        }
        let (start, end) = (self.start(), self.end());
        let from = from.clamp(start, end - 1);
        let fits = |number: &u64| self.line(*number).is_some_and(|line| holds(&line.text, &needle));
        let whole = !self.has_older() && !self.has_newer();
        if forwards {
            let around = if whole { start..from + 1 } else { 0..0 };
            (from + 1..end).chain(around).find(fits)
        } else {
            let around = if whole { from..end } else { 0..0 };
            (start..from).rev().chain(around.rev()).find(fits)
        }
    }

    /// Whether a line holds what is searched.
    pub fn is_match(&self, number: u64) -> bool {
        let needle = self.search.to_lowercase();
        !needle.is_empty() && self.line(number).is_some_and(|line| holds(&line.text, &needle))
    }

    /// The line at which the step after or before a line's begins, as far as it is here.
    pub fn step_from(&self, from: u64, forwards: bool) -> Option<u64> {
        let begins = |number: &u64| self.begins_step(*number);
        if forwards {
            (from + 1..self.end()).find(begins)
        } else {
            (self.start()..from).rev().find(begins)
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
            if place.line <= self.start() {
                return Place { line: self.start(), row: 0 };
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
            && if number == self.start() {
                self.window.front() != Front::Middle
            } else {
                step(number - 1) != step(number)
            }
    }

    /// Whether a row above a line says that lines before it are not here.
    fn begins_gap(&self, number: u64) -> bool {
        number == self.start() && self.window.front() == Front::Middle
    }

    fn height_of(&self, number: u64, columns: usize) -> usize {
        let pieces = match self.line(number) {
            Some(line) if self.wrap && line.text.len() > columns => {
                width::wrap(&width::clean(&line.text), columns).len()
            }
            _ => 1,
        };
        pieces + usize::from(self.begins_step(number) || self.begins_gap(number))
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
        let header = if self.begins_step(number) {
            Some(ShownLine::Step(line.step))
        } else {
            self.begins_gap(number).then_some(ShownLine::Gap(line.step))
        };
        if let Some(header) = header {
            if skip == 0 {
                rows.push(header);
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
