//! The part of a log that is here: pages in a row, bounded in lines and bytes.
//!
//! Pages come at either end; what no longer fits goes at the other. It must never say that it is
//! all of the log where it is not.

use std::collections::VecDeque;

use pilothouse_api::types::{LogLine, LogPage};

/// How many lines are kept.
pub const LINES: usize = 50_000;
/// How many bytes of lines are kept.
const BYTES: usize = 32 << 20;
/// Lines up to which pages are kept as one, so that a log that grows by single lines has few.
const PAGE: usize = 1000;
/// The number of the first line of a window whose distance from the log's beginning nobody knows:
/// as many may come before it.
const SOMEWHERE: u64 = 1 << 40;

/// The part of a log that is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    lines: VecDeque<LogLine>,
    pages: VecDeque<Held>,
    bytes: usize,
    start: u64,
    front: Front,
    is_at_end: bool,
}

/// A page that is here.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    first: String,
    next: String,
    lines: usize,
}

/// What stands before the first line that is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front {
    /// Nothing: it is the log's first.
    Start,
    /// Lines of another step.
    Step,
    /// Lines.
    Middle,
}

impl Front {
    /// What a page says of it.
    pub fn of(page: &LogPage) -> Self {
        if page.older || page.skipped > 0 { Self::Middle } else { Self::Start }
    }
}

impl Window {
    pub fn new() -> Self {
        Self {
            lines: VecDeque::new(),
            pages: VecDeque::new(),
            bytes: 0,
            start: 0,
            front: Front::Start,
            is_at_end: false,
        }
    }

    /// Holds a page and nothing else.
    pub fn replace(&mut self, page: LogPage, front: Front, is_at_end: bool) {
        *self = Self::new();
        self.start = if front == Front::Start { 0 } else { SOMEWHERE };
        self.front = front;
        self.append(page);
        self.is_at_end = is_at_end;
    }

    /// Adds the page that follows.
    pub fn append(&mut self, page: LogPage) {
        self.bytes += page.lines.iter().map(|line| line.text.len()).sum::<usize>();
        let count = page.lines.len();
        self.lines.extend(page.lines);
        match self.pages.back_mut().filter(|last| last.lines + count <= PAGE) {
            Some(last) => {
                last.next = page.next;
                last.lines += count;
            }
            None => self.pages.push_back(Held { first: page.first, next: page.next, lines: count }),
        }
        while self.is_over() {
            self.drop_first();
        }
    }

    /// Adds the page that precedes.
    pub fn prepend(&mut self, page: LogPage) {
        self.bytes += page.lines.iter().map(|line| line.text.len()).sum::<usize>();
        self.front = Front::of(&page);
        let count = page.lines.len();
        self.start = self.start.saturating_sub(count as u64);
        for line in page.lines.into_iter().rev() {
            self.lines.push_front(line);
        }
        self.pages.push_front(Held { first: page.first, next: page.next, lines: count });
        while self.is_over() {
            self.drop_last();
        }
    }

    fn is_over(&self) -> bool {
        self.pages.len() > 1 && (self.lines.len() > LINES || self.bytes > BYTES)
    }

    fn drop_first(&mut self) {
        let count = self.pages.pop_front().map_or(0, |page| page.lines);
        let mut step = None;
        for line in self.lines.drain(..count.min(self.lines.len())) {
            self.bytes -= line.text.len();
            step = Some(line.step);
        }
        self.start += count as u64;
        let next = self.lines.front().map(|line| line.step);
        self.front = if step == next { Front::Middle } else { Front::Step };
    }

    fn drop_last(&mut self) {
        let count = self.pages.pop_back().map_or(0, |page| page.lines);
        for line in self.lines.drain(self.lines.len().saturating_sub(count)..) {
            self.bytes -= line.text.len();
        }
        self.is_at_end = false;
    }

    /// Whether a page fits behind what is here without anything going at the front.
    pub fn has_room_for(&self, page: &LogPage) -> bool {
        let bytes: usize = page.lines.iter().map(|line| line.text.len()).sum();
        self.lines.len() + page.lines.len() <= LINES && self.bytes + bytes <= BYTES
    }

    /// Says that lines follow that are not here.
    pub fn leave_end(&mut self) {
        self.is_at_end = false;
    }

    /// Says that the last line here is the log's last.
    pub fn reach_end(&mut self) {
        self.is_at_end = true;
    }

    /// The number of the first line that is here.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The number behind the last line that is here.
    pub fn end(&self) -> u64 {
        self.start + self.lines.len() as u64
    }

    pub fn line(&self, number: u64) -> Option<&LogLine> {
        let place = usize::try_from(number.checked_sub(self.start)?).ok()?;
        self.lines.get(place)
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub fn front(&self) -> Front {
        self.front
    }

    pub fn is_at_end(&self) -> bool {
        self.is_at_end
    }

    /// What to ask for the page that precedes.
    pub fn first(&self) -> Option<&str> {
        self.pages.front().map(|page| page.first.as_str())
    }

    /// What to ask for the page that follows.
    pub fn next(&self) -> Option<&str> {
        self.pages.back().map(|page| page.next.as_str())
    }
}
