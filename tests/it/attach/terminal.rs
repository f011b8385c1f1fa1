//! A terminal for one test: the binary in a pseudo-terminal, and what its screen shows.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use vt100::{MouseProtocolMode, Parser, Screen};

use crate::world::{WITHIN, World};

/// What the pseudo-terminal's reader knows.
struct Shown {
    parser: Parser,
    bytes: usize,
    /// Whether bytes are left where they are, as a line does that is stuck.
    is_stuck: bool,
    /// Whether questions of the program are answered.
    answers: bool,
    /// Whether the reader is to end, so that the pseudo-terminal can be closed.
    ends: bool,
}

/// The binary in a pseudo-terminal.
pub struct Terminal {
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Arc<Mutex<Option<Box<dyn Write + Send>>>>,
    child: Box<dyn Child + Send + Sync>,
    shown: Arc<(Mutex<Shown>, Condvar)>,
    reader: Option<std::thread::JoinHandle<()>>,
    /// The terminal's modes before the program ran.
    pub before: String,
}

/// How a terminal is set up.
pub struct Setup<'a> {
    pub arguments: &'a [&'a str],
    pub env: &'a [(&'a str, &'a str)],
    pub size: (u16, u16),
    pub answers: bool,
    /// A line of a shell that starts the binary, which is its `$0`.
    pub through: Option<&'a str>,
}

impl Default for Setup<'_> {
    fn default() -> Self {
        Self { arguments: &[], env: &[], size: (100, 30), answers: true, through: None }
    }
}

impl Terminal {
    /// Starts the cockpit of a world.
    pub fn cockpit(world: &World) -> Self {
        Self::start(world, &Setup::default())
    }

    /// Starts the binary.
    pub fn start(world: &World, setup: &Setup<'_>) -> Self {
        let home = world.path("");
        Self::start_in(&home, [world.state_dir(), world.path("config")], setup)
    }

    /// Starts the binary in a home, with a directory for the state and one for the operator.
    pub fn start_in(home: &Path, [state, config]: [PathBuf; 2], setup: &Setup<'_>) -> Self {
        let pair = native_pty_system().openpty(size(setup.size)).unwrap();
        let before = format!("{:?}", pair.master.get_termios().unwrap());
        let binary = env!("CARGO_BIN_EXE_pilothouse");
        let mut command = CommandBuilder::new(setup.through.map_or(binary, |_| "/bin/sh"));
        if let Some(line) = setup.through {
            command.args(["-c", line, binary]);
        }
        for name in ["NO_COLOR", "COLORTERM", "TMUX", "STY", "PILOTHOUSE_SOCKET", "RUST_LOG"] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("HOME", home);
        command.env("PILOTHOUSE_STATE", state);
        command.env("PILOTHOUSE_CONFIG", config);
        command.env("SHELL", "/bin/sh");
        for (name, value) in setup.env {
            command.env(name, value);
        }
        command.args(setup.arguments);
        command.cwd(home);
        let child = pair.slave.spawn_command(command).unwrap();
        let parser =
            Parser::new(setup.size.1.try_into().unwrap(), setup.size.0.try_into().unwrap(), 0);
        let shown =
            Shown { parser, bytes: 0, is_stuck: false, answers: setup.answers, ends: false };
        let shown = Arc::new((Mutex::new(shown), Condvar::new()));
        let writer = Arc::new(Mutex::new(Some(pair.master.take_writer().unwrap())));
        let input = pair.master.try_clone_reader().unwrap();
        let reader = {
            let (shown, writer) = (Arc::clone(&shown), Arc::clone(&writer));
            std::thread::spawn(move || read(input, &shown, &writer))
        };
        let (master, reader) = (Some(pair.master), Some(reader));
        Self { master, writer, child, shown, reader, before }
    }

    /// Types.
    pub fn press(&self, keys: &str) {
        let mut writer = self.writer.lock().unwrap();
        writer.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until the screen fits.
    #[track_caller]
    pub fn wait(&self, what: &str, fits: impl Fn(&Screen) -> bool) {
        let until = Instant::now() + WITHIN;
        let mut shown = self.lock();
        while !fits(shown.parser.screen()) {
            let left = until.saturating_duration_since(Instant::now());
            let contents = shown.parser.screen().contents();
            assert!(!left.is_zero(), "{what} did not come:\n{contents}");
            shown =
                self.shown.1.wait_timeout(shown, left.min(Duration::from_millis(200))).unwrap().0;
        }
    }

    /// Waits until the screen shows a text.
    #[track_caller]
    pub fn sees(&self, text: &str) {
        self.wait(&format!("{text:?}"), |screen| screen.contents().contains(text));
    }

    /// Waits until the screen does not show a text.
    #[track_caller]
    pub fn sees_no(&self, text: &str) {
        self.wait(&format!("no {text:?}"), |screen| !screen.contents().contains(text));
    }

    /// Looks at the screen.
    pub fn look<T>(&self, with: impl Fn(&Screen) -> T) -> T {
        with(self.lock().parser.screen())
    }

    /// How many bytes came so far.
    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Lets no more bytes through, or all again.
    pub fn set_stuck(&self, is_stuck: bool) {
        self.lock().is_stuck = is_stuck;
        self.shown.1.notify_all();
    }

    /// Makes the terminal another size.
    pub fn resize(&self, to: (u16, u16)) {
        let screen_size = (to.1.try_into().unwrap(), to.0.try_into().unwrap());
        self.lock().parser.screen_mut().set_size(screen_size.0, screen_size.1);
        self.master.as_ref().unwrap().resize(size(to)).unwrap();
    }

    /// The program's process id.
    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Sends the program a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.pid().try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits until the program has ended, and gives its exit code.
    #[track_caller]
    pub fn ends(&mut self) -> u32 {
        let until = Instant::now() + WITHIN;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(Instant::now() < until, "it did not end:\n{}", self.look(Screen::contents));
            std::thread::yield_now();
        }
    }

    /// Panics unless the terminal is as it was before the program ran.
    #[track_caller]
    pub fn is_restored(&self) {
        self.wait("the usual screen", |screen| {
            !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()
        });
        self.look(|screen| {
            assert_eq!(screen.mouse_protocol_mode(), MouseProtocolMode::None);
            assert!(!screen.bold() && !screen.inverse());
        });
        let now = format!("{:?}", self.master.as_ref().unwrap().get_termios().unwrap());
        assert_eq!(now, self.before);
    }

    /// Closes the terminal, as a lost SSH line does.
    pub fn hang_up(&mut self) {
        self.lock().ends = true;
        self.shown.1.notify_all();
        // The reader sits in a read: whatever comes next lets it out of there.
        let reader = self.reader.take().unwrap();
        let mut is_help = false;
        let until = Instant::now() + WITHIN;
        while !reader.is_finished() {
            assert!(Instant::now() < until, "the program draws nothing any more");
            self.press(if is_help { "\x1b" } else { "?" });
            is_help = !is_help;
            std::thread::park_timeout(Duration::from_millis(60));
        }
        reader.join().unwrap();
        *self.writer.lock().unwrap() = None;
        self.master = None;
    }

    fn lock(&self) -> MutexGuard<'_, Shown> {
        lock(&self.shown.0)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.lock().is_stuck = false;
        self.shown.1.notify_all();
    }
}

type Writer = Arc<Mutex<Option<Box<dyn Write + Send>>>>;

fn read(mut input: Box<dyn Read + Send>, shown: &(Mutex<Shown>, Condvar), writer: &Writer) {
    let mut bytes = [0; 4096];
    let mut last = Vec::new();
    loop {
        let held = shown.1.wait_while(lock(&shown.0), |shown| shown.is_stuck && !shown.ends);
        drop(held);
        // The end of a pseudo-terminal is an error on this system.
        let Ok(count @ 1..) = input.read(&mut bytes) else { return };
        let mut shown_now = lock(&shown.0);
        shown_now.parser.process(&bytes[..count]);
        shown_now.bytes += count;
        let (answers, ends) = (shown_now.answers, shown_now.ends);
        drop(shown_now);
        shown.1.notify_all();
        if ends {
            return;
        }
        // A question may be cut in two by the buffer's end.
        last.extend_from_slice(&bytes[..count]);
        let questions = last.windows(4).filter(|four| *four == b"\x1b[5n").count();
        last.drain(..last.len().saturating_sub(3));
        if answers && questions > 0 {
            let mut writer = writer.lock().unwrap();
            if let Some(writer) = writer.as_mut() {
                // The program may be gone already.
                let _ = writer.write_all("\x1b[0n".repeat(questions).as_bytes());
            }
        }
    }
}

fn size((cols, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

/// A test that failed while it looked at the screen does not stop the reader.
fn lock(shown: &Mutex<Shown>) -> MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}
