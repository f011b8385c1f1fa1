//! The terminal itself: taken, given back, read and written without ever waiting.
//!
//! The terminal is opened anew, because non-blocking mode belongs to the open file, which the
//! shell shares with us otherwise. Whoever takes the terminal gives it back: when the guard is
//! dropped, in a panic, and before the process stops. It knows nothing of what is shown.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::termios::{OptionalActions, QueueSelector, SpecialCodeIndex, Termios};

/// Alternate screen, no cursor, bracketed paste.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?2004h";
/// CAN ends a sequence that was cut short; then everything that [`ENTER`] and the mouse set.
const LEAVE: &str = "\x18\x1b[?2026l\x1b[0m\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?25h\x1b[?1049l";
/// Clicks and the wheel, with coordinates of any size. No motion: nothing is done with it.
pub(super) const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
/// The mouse selects text again.
pub(super) const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";
/// How long a line that takes nothing may hold up leaving.
const LEAVE_WITHIN: Duration = Duration::from_millis(100);
/// How long an answer of the terminal that is under way is waited for when leaving.
const ANSWER_WITHIN: Duration = Duration::from_millis(100);

/// Why the terminal cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum TtyError {
    /// There is none.
    #[error(
        "the cockpit needs a terminal for its input and output; `pilothouse status` prints what it would show"
    )]
    NotATerminal,
    /// It can show nothing but lines.
    #[error("TERM={0} cannot show the cockpit; `pilothouse status` prints what it would show")]
    Dumb(String),
    /// It is there and does not open.
    #[error(
        "cannot open the terminal {name}: this session has none of its own; after `su` try `su -P`, \
         and `pilothouse status` needs none"
    )]
    Open {
        /// What was opened.
        name: String,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// It went away, or refuses.
    #[error("cannot use the terminal")]
    Io(#[from] io::Error),
}

/// An open terminal.
#[derive(Clone, Debug)]
pub(super) struct Tty {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    file: File,
    before: Termios,
    taken: AtomicBool,
    gone: AtomicBool,
}

/// What a read came to.
pub(super) enum Read {
    /// So many bytes.
    Bytes(usize),
    /// Nothing is there now.
    Later,
    /// The terminal is gone for good.
    Gone,
}

/// What a write came to.
pub(super) enum Write {
    /// So many bytes were taken.
    Bytes(usize),
    /// The terminal takes nothing now.
    Full,
    /// The terminal is gone for good.
    Gone,
}

/// Says what is wrong where this process has no terminal at all, before anything is started.
pub(super) fn check_streams() -> Result<(), TtyError> {
    if rustix::termios::isatty(io::stdin()) && rustix::termios::isatty(io::stdout()) {
        return Ok(());
    }
    Err(TtyError::NotATerminal)
}

impl Tty {
    /// Opens the terminal of this process, and leaves it as it is.
    pub(super) fn open() -> Result<Self, TtyError> {
        check_streams()?;
        let output = io::stdout();
        let own = rustix::termios::ttyname(&output, Vec::new());
        let own = own
            .ok()
            .and_then(|name| reopen(Path::new(std::ffi::OsStr::from_bytes(name.as_bytes()))).ok());
        let file = match own {
            Some(file) => file,
            // Another user's terminal, as after `su`, cannot be opened by its name.
            None => reopen(Path::new("/dev/tty"))
                .map_err(|source| TtyError::Open { name: "/dev/tty".to_owned(), source })?,
        };
        Self::over(file)
    }

    /// Opens a terminal by its name.
    #[cfg(test)]
    pub(super) fn of(path: &Path) -> Result<Self, TtyError> {
        Self::over(reopen(path)?)
    }

    fn over(file: File) -> Result<Self, TtyError> {
        let before = rustix::termios::tcgetattr(&file).map_err(io::Error::from)?;
        let shared =
            Shared { file, before, taken: AtomicBool::new(false), gone: AtomicBool::new(false) };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Takes the terminal: keys come one by one and unseen, on a screen of our own.
    pub(super) fn take(&self, mouse: bool) -> Result<(), TtyError> {
        let mut raw = self.shared.before.clone();
        raw.make_raw();
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        self.shared.taken.store(true, Ordering::SeqCst);
        rustix::termios::tcsetattr(&self.shared.file, OptionalActions::Now, &raw)
            .map_err(io::Error::from)?;
        let mouse = if mouse { MOUSE_ON } else { "" };
        self.shared.write_within(format!("{ENTER}{mouse}").as_bytes(), Duration::from_secs(1));
        Ok(())
    }

    /// Gives the terminal back as it was. Does nothing where it is back already or gone.
    pub(super) fn give_back(&self) {
        self.shared.give_back();
    }

    /// Gives the terminal back in a panic, before its report is printed.
    pub(super) fn guard_panics(&self) {
        let shared = Arc::clone(&self.shared);
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            shared.give_back();
            report(panic);
        }));
    }

    /// Waits a little for what the terminal still wants to answer, so that the shell does not
    /// take it for typing. What was typed meanwhile is lost with it.
    pub(super) fn swallow_answer(&self) {
        let end = Instant::now() + ANSWER_WITHIN;
        let mut seen = Vec::new();
        while wait(self.as_fd(), PollFlags::IN, end) {
            let mut bytes = [0; 256];
            match self.read(&mut bytes) {
                Read::Bytes(count) => {
                    seen.extend_from_slice(bytes.get(..count).unwrap_or_default());
                }
                Read::Later => {}
                Read::Gone => return,
            }
            if seen.ends_with(b"n") || seen.len() > 4096 {
                return;
            }
        }
    }

    /// Notes that the terminal is gone, so that nothing is written to it any more.
    pub(super) fn mark_gone(&self) {
        self.shared.gone.store(true, Ordering::SeqCst);
    }

    /// Columns and rows; 80 by 24 where the terminal does not know.
    pub(super) fn size(&self) -> (u16, u16) {
        match rustix::termios::tcgetwinsize(&self.shared.file) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col, size.ws_row),
            Ok(_) | Err(_) => (80, 24),
        }
    }

    /// Reads what is there.
    pub(super) fn read(&self, into: &mut [u8]) -> Read {
        match rustix::io::read(&self.shared.file, into) {
            Ok(0) => Read::Gone,
            Ok(count) => Read::Bytes(count),
            Err(Errno::AGAIN | Errno::INTR) => Read::Later,
            Err(_) => Read::Gone,
        }
    }

    /// Writes what is taken at once.
    pub(super) fn write(&self, bytes: &[u8]) -> Write {
        self.shared.write(bytes)
    }
}

impl AsFd for Tty {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.file.as_fd()
    }
}

impl AsRawFd for Tty {
    fn as_raw_fd(&self) -> RawFd {
        self.shared.file.as_raw_fd()
    }
}

impl Shared {
    fn write(&self, bytes: &[u8]) -> Write {
        match rustix::io::write(&self.file, bytes) {
            Ok(count) => Write::Bytes(count),
            Err(Errno::AGAIN | Errno::INTR) => Write::Full,
            Err(_) => Write::Gone,
        }
    }

    fn give_back(&self) {
        if !self.taken.swap(false, Ordering::SeqCst) || self.gone.load(Ordering::SeqCst) {
            return;
        }
        if !self.write_within(LEAVE.as_bytes(), LEAVE_WITHIN) {
            // The line is stuck: what waits in it is of no use any more, this is.
            let _ = rustix::termios::tcflush(&self.file, QueueSelector::OFlush);
            self.write_within(LEAVE.as_bytes(), LEAVE_WITHIN);
        }
        // Nothing is left to be tried where this fails: the terminal is gone.
        let _ = rustix::termios::tcsetattr(&self.file, OptionalActions::Now, &self.before);
    }

    fn write_within(&self, mut bytes: &[u8], within: Duration) -> bool {
        let end = Instant::now() + within;
        while !bytes.is_empty() {
            match self.write(bytes) {
                Write::Bytes(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Write::Full => {
                    if !wait(self.file.as_fd(), PollFlags::OUT, end) {
                        return false;
                    }
                }
                Write::Gone => return true,
            }
        }
        true
    }
}

/// Waits until the terminal is ready; false where the time is over first.
fn wait(fd: BorrowedFd<'_>, what: PollFlags, end: Instant) -> bool {
    let left = end.saturating_duration_since(Instant::now());
    let Ok(left) = Timespec::try_from(left) else { return false };
    let mut fds = [PollFd::from_borrowed_fd(fd, what)];
    matches!(rustix::event::poll(&mut fds, Some(&left)), Ok(1..))
}

fn reopen(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

/// Refuses a terminal that can show nothing but lines.
pub(super) fn check_term(term: Option<&str>) -> Result<(), TtyError> {
    match term {
        Some(term @ "dumb") => Err(TtyError::Dumb(term.to_owned())),
        Some(_) | None => Ok(()),
    }
}
