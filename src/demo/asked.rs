//! The signals that ask a demonstration to end, which it does in order.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;
use rustix::process::Signal;

use crate::exit::{Failure, failed};

/// What asks: Ctrl-C, Ctrl-\, `kill`, and a terminal that goes away.
const SIGNALS: [Signal; 4] = [Signal::INT, Signal::QUIT, Signal::TERM, Signal::HUP];

/// Whether somebody asked for the end.
#[derive(Clone, Debug)]
pub struct Asked(Arc<AtomicUsize>);

impl Asked {
    /// Listens from now on: none of the signals ends this process by itself any more.
    pub fn listen() -> Result<Self> {
        let asked = Arc::new(AtomicUsize::new(0));
        for signal in SIGNALS {
            let number = signal.as_raw();
            let value = usize::try_from(number).wrap_err("a signal has no such number")?;
            signal_hook::flag::register_usize(number, Arc::clone(&asked), value)
                .wrap_err("cannot listen to signals")?;
        }
        Ok(Self(asked))
    }

    /// Fails once somebody asked.
    pub fn check(&self) -> Result<()> {
        match self.0.load(Ordering::SeqCst) {
            0 => Ok(()),
            _ => Err(failed(Failure::Interrupted, "the demonstration was interrupted")),
        }
    }

    /// The exit code once somebody asked, as a shell counts signals: 128 and the signal's number.
    pub fn code(&self) -> Option<ExitCode> {
        match self.0.load(Ordering::SeqCst) {
            0 => None,
            number => Some(ExitCode::from(u8::try_from(128 + number).unwrap_or(u8::MAX))),
        }
    }
}
