//! A cockpit in a pseudo-terminal, and what it draws.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::Outcome;

/// The terminal's size.
const ROWS: u16 = 40;
const COLUMNS: u16 = 120;
/// A question that the cockpit asks after a frame, and what a terminal answers (ECMA-48, DSR).
const QUESTION: &[u8] = b"\x1b[5n";
const ANSWER: &[u8] = b"\x1b[0n";
/// The longest that a frame is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A cockpit that is ended when it is dropped.
pub struct Cockpit {
    child: Box<dyn Child + Send + Sync>,
    /// Kept open: the cockpit ends with its terminal.
    _terminal: Box<dyn MasterPty + Send>,
    drawn: Arc<AtomicU64>,
    writes: Arc<AtomicU64>,
    full: Receiver<Instant>,
    begun: Instant,
    reader: Option<JoinHandle<()>>,
}

impl Cockpit {
    /// Opens one; a frame is full once it shows all of these.
    pub fn open(environment: &[(&'static str, PathBuf)], full: Vec<String>) -> Outcome<Self> {
        let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).map_err(|error| error.to_string())?;
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_pilothouse"));
        command.args(["--theme", "dark"]);
        for (name, value) in environment {
            command.env(name, value);
        }
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env_remove("NO_COLOR");
        command.env_remove("PILOTHOUSE_SOCKET");
        let (rows, columns) = (ROWS.try_into()?, COLUMNS.try_into()?);
        let mut output = pair.master.try_clone_reader().map_err(|error| error.to_string())?;
        let mut input = pair.master.take_writer().map_err(|error| error.to_string())?;
        let (drawn, writes) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (bytes, chunks) = (Arc::clone(&drawn), Arc::clone(&writes));
        let (tell, told) = channel();
        let reader = std::thread::spawn(move || {
            let mut screen = vt100::Parser::new(rows, columns, 0);
            let mut buffer = vec![0; 64 << 10];
            let mut waits = true;
            let mut end: Vec<u8> = Vec::new();
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                bytes.fetch_add(count as u64, Ordering::SeqCst);
                chunks.fetch_add(1, Ordering::SeqCst);
                screen.process(&buffer[..count]);
                end.extend_from_slice(&buffer[..count]);
                if end.windows(QUESTION.len()).any(|part| part == QUESTION) {
                    // A cockpit that has gone needs no answer.
                    let _ = input.write_all(ANSWER);
                    end.clear();
                }
                let before = end.len().saturating_sub(QUESTION.len() - 1);
                end.drain(..before);
                let now = Instant::now();
                let text = if waits { screen.screen().contents() } else { String::new() };
                if waits && full.iter().all(|part| text.contains(part.as_str())) {
                    waits = false;
                    // Whoever no longer waits for it need not be told.
                    let _ = tell.send(now);
                }
            }
        });
        let begun = Instant::now();
        let child = pair.slave.spawn_command(command).map_err(|error| error.to_string())?;
        drop(pair.slave);
        Ok(Self {
            child,
            _terminal: pair.master,
            drawn,
            writes,
            full: told,
            begun,
            reader: Some(reader),
        })
    }

    /// Waits for the full frame; the time that it took from the start of the process.
    pub fn wait(&self) -> Outcome<Duration> {
        let full = self.full.recv_timeout(PATIENCE).map_err(|_| "no full frame came")?;
        Ok(full.saturating_duration_since(self.begun))
    }

    /// Its process.
    pub fn process(&self) -> Outcome<u32> {
        Ok(self.child.process_id().ok_or("the cockpit has ended")?)
    }

    /// Bytes that it has drawn, and in how many pieces they came.
    pub fn drawn(&self) -> (u64, u64) {
        (self.drawn.load(Ordering::SeqCst), self.writes.load(Ordering::SeqCst))
    }
}

impl Drop for Cockpit {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            // The terminal is closed at the other end, so that the reader ends.
            let _ = reader.join();
        }
    }
}
