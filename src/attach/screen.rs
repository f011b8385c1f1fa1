//! What is on the terminal, and when the next frame may go out.
//!
//! At most one frame waits for the terminal; what happens meanwhile is drawn once it is gone,
//! as it is then. Buffers behind the terminal, those of an SSH line for instance, are kept short
//! by asking with each frame for a sign that it was taken in. It must never wait for anything.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use pilothouse_cockpit::{Model, Theme, view};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::encode;
use super::tty::{Tty, Write};

/// The shortest time between two frames.
const BETWEEN: Duration = Duration::from_millis(33);
/// How many bytes may be on their way before the next frame waits.
const AHEAD: usize = 1024;
/// Asks the terminal for its state: ECMA-48 DSR. Its answer says that all before it was taken in.
const QUESTION: &str = "\x1b[5n";
/// How many questions may stay without an answer before no more are asked.
const MISSES: u32 = 4;
/// How long a terminal may take nothing, or not answer as it did before, until nobody is taken to
/// sit at it: as long as TCP keeps a line that is dead. `script` and `su -P` keep the terminal that
/// they made for ever when their own is gone, and read nothing of it.
const NOBODY: Duration = Duration::from_mins(15);
/// How long an answer is waited for before any came, and the slowest line, in bytes per second.
const PATIENCE: Duration = Duration::from_millis(250);
const SLOWEST: u64 = 400;

/// The terminal's screen.
pub(super) struct Screen {
    tty: Tty,
    /// What the terminal shows once all bytes have arrived.
    shown: Buffer,
    /// The buffer that the next frame is drawn into.
    next: Buffer,
    /// Whether nobody knows what the terminal shows.
    fresh: bool,
    out: Vec<u8>,
    written: usize,
    drawn_at: Option<Instant>,
    /// Since when bytes wait and none was taken.
    stuck_since: Option<Instant>,
    pace: Pace,
}

/// What is on its way to the terminal, as far as can be told.
#[derive(Debug, Default)]
struct Pace {
    /// Frames without an answer: when they went out, and how long they were.
    ahead: VecDeque<(Instant, usize)>,
    answers: bool,
    misses: u32,
    /// When the oldest question was asked that has no answer, of a terminal that answers.
    asked_at: Option<Instant>,
}

/// Whether the terminal is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// It is.
    Up,
    /// It is gone for good.
    Gone,
}

impl Screen {
    /// Begins with a terminal of which nobody knows what it shows.
    pub(super) fn new(tty: Tty) -> Self {
        let area = Rect::new(0, 0, 0, 0);
        Self {
            tty,
            shown: Buffer::empty(area),
            next: Buffer::empty(area),
            fresh: true,
            out: Vec::new(),
            written: 0,
            drawn_at: None,
            stuck_since: None,
            pace: Pace::default(),
        }
    }

    /// Notes the terminal's size; what it shows is drawn anew.
    pub(super) fn resize(&mut self, width: u16, height: u16) {
        let area = Rect::new(0, 0, width, height);
        self.shown = Buffer::empty(area);
        self.next = Buffer::empty(area);
        self.fresh = true;
    }

    /// Notes that nobody knows what the terminal shows.
    pub(super) fn forget(&mut self) {
        self.fresh = true;
        self.pace.ahead.clear();
        self.pace.asked_at = None;
        self.stuck_since = None;
    }

    /// When nobody is taken to sit at the terminal any more; none while it takes what it is sent.
    pub(super) fn nobody_at(&self) -> Option<Instant> {
        let since = self.stuck_since.into_iter().chain(self.pace.asked_at).min()?;
        Some(since + NOBODY)
    }

    /// Whether bytes wait for the terminal.
    pub(super) fn is_writing(&self) -> bool {
        self.written < self.out.len()
    }

    /// Whether an answer of the terminal may still come.
    pub(super) fn awaits_answer(&self) -> bool {
        self.pace.answers && !self.pace.ahead.is_empty()
    }

    /// Notes the terminal's answer.
    pub(super) fn answered(&mut self) {
        self.pace.answered();
    }

    /// When the next frame may be drawn; none while one waits for the terminal.
    pub(super) fn next_at(&self) -> Option<Instant> {
        if self.is_writing() {
            return None;
        }
        let earliest = self.drawn_at.map_or_else(Instant::now, |at| at + BETWEEN);
        Some(self.pace.free_at().map_or(earliest, |free| free.max(earliest)))
    }

    /// Draws the model, and sends what differs from what is shown.
    pub(super) fn draw(&mut self, model: &Model, theme: &Theme) -> Line {
        self.next.reset();
        view(model, theme, self.next.area, &mut self.next);
        let mut text = String::new();
        encode::frame(&self.shown, &self.next, self.fresh, &mut text);
        std::mem::swap(&mut self.shown, &mut self.next);
        self.fresh = false;
        let now = Instant::now();
        self.drawn_at = Some(now);
        if text.is_empty() {
            return Line::Up;
        }
        if self.pace.asks(now, text.len()) {
            text.push_str(QUESTION);
        }
        self.send(text.as_bytes())
    }

    /// Sends bytes that show nothing, after those that wait.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Line {
        if !self.is_writing() {
            self.out.clear();
            self.written = 0;
        }
        self.out.extend_from_slice(bytes);
        self.go_on()
    }

    /// Writes as much of what waits as the terminal takes.
    pub(super) fn go_on(&mut self) -> Line {
        while self.is_writing() {
            match self.tty.write(self.out.get(self.written..).unwrap_or_default()) {
                Write::Bytes(count) => {
                    self.written += count;
                    self.stuck_since = None;
                }
                Write::Full => {
                    self.stuck_since.get_or_insert_with(Instant::now);
                    break;
                }
                Write::Gone => return Line::Gone,
            }
        }
        Line::Up
    }
}

impl Pace {
    /// When the next frame may go out; none means now.
    fn free_at(&self) -> Option<Instant> {
        let (oldest, _) = self.ahead.front()?;
        let bytes: usize = self.ahead.iter().map(|(_, bytes)| bytes).sum();
        (bytes > AHEAD).then(|| *oldest + self.patience(bytes))
    }

    fn patience(&self, bytes: usize) -> Duration {
        if self.answers {
            PATIENCE * 4 + Duration::from_millis(bytes as u64 * 1000 / SLOWEST)
        } else {
            PATIENCE
        }
    }

    fn answered(&mut self) {
        self.answers = true;
        self.misses = 0;
        self.asked_at = None;
        self.ahead.pop_front();
    }

    /// Notes a frame, and says whether to ask for an answer to it.
    fn asks(&mut self, now: Instant, bytes: usize) -> bool {
        if self.free_at().is_some_and(|free| now >= free) || self.ahead.len() > 64 {
            self.ahead.clear();
            self.misses += 1;
        }
        if self.misses >= MISSES {
            return false;
        }
        self.ahead.push_back((now, bytes));
        if self.answers {
            self.asked_at.get_or_insert(now);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use rustix::event::{PollFd, PollFlags};

    use super::*;

    #[test]
    fn small_frames_do_not_wait_and_a_large_one_does() {
        let mut pace = Pace { answers: true, ..Pace::default() };
        let now = Instant::now();
        assert!(pace.asks(now, 500) && pace.asks(now, 500));
        assert_eq!(pace.free_at(), None);
        assert!(pace.asks(now, 500));
        let free = pace.free_at().unwrap();
        assert!(free >= now + Duration::from_secs(1), "a slow line is given time");
        pace.ahead.pop_front();
        assert_eq!(pace.free_at(), None);
    }

    #[test]
    fn a_terminal_that_stops_answering_is_silent_since_the_first_question() {
        let mut pace = Pace::default();
        let begin = Instant::now();
        pace.asks(begin, 500);
        assert_eq!(pace.asked_at, None, "one that never answered has not stopped");
        pace.answered();
        pace.asks(begin, 500);
        for second in 1..100 {
            pace.asks(begin + Duration::from_secs(second * 10), 500);
        }
        assert_eq!(pace.asked_at, Some(begin));
        pace.answered();
        assert_eq!(pace.asked_at, None);
    }

    #[test]
    fn a_terminal_that_nobody_reads_is_left_after_a_while() {
        let flags = rustix::pty::OpenptFlags::RDWR | rustix::pty::OpenptFlags::NOCTTY;
        let master = rustix::pty::openpt(flags).unwrap();
        rustix::pty::grantpt(&master).unwrap();
        rustix::pty::unlockpt(&master).unwrap();
        let name = rustix::pty::ptsname(&master, Vec::new()).unwrap();
        let mut screen = Screen::new(Tty::of(name.to_str().unwrap().as_ref()).unwrap());
        assert_eq!(screen.nobody_at(), None);
        while !screen.is_writing() {
            assert_eq!(screen.send(&[b'x'; 4096]), Line::Up);
        }
        let at = screen.nobody_at().unwrap();
        assert!(at > Instant::now() + Duration::from_mins(14));
        assert_eq!(screen.go_on(), Line::Up);
        assert_eq!(screen.nobody_at(), Some(at), "trying again is no sign of life");
        let second = rustix::event::Timespec { tv_sec: 1, tv_nsec: 0 };
        while screen.nobody_at().is_some() {
            // What was written arrives piece by piece, and room comes with what is read.
            let mut arrives = [PollFd::new(&master, PollFlags::IN)];
            rustix::event::poll(&mut arrives, Some(&second)).unwrap();
            assert!(arrives[0].revents().contains(PollFlags::IN), "nothing arrives");
            rustix::io::read(&master, &mut vec![0; 65536][..]).unwrap();
            screen.go_on();
        }
    }

    #[test]
    fn a_terminal_that_never_answers_is_soon_left_alone() {
        let mut pace = Pace::default();
        let mut now = Instant::now();
        let asked = (0..20).filter(|_| {
            let asks = pace.asks(now, 5000);
            now = pace.free_at().unwrap_or(now);
            asks
        });
        assert_eq!(asked.count(), 4);
        assert_eq!(pace.free_at(), None);
    }
}
