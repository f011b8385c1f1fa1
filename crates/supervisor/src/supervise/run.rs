//! The supervisor's loop: wait, move output, reap, and go on to the next state.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, WaitOptions, WaitStatus};

use super::backoff::Backoff;
use super::pump::{Pump, READ_BYTES, Sink};
use super::signals::Signals;
use super::start::{Started, start};
use super::states::{SETTLE, State, after_ms, remaining};
use super::{Report, Reporter};
use crate::log::write::LogWriter;
use crate::mask::Masks;
use crate::proc::tree::descendants_of;
use crate::record::{LaunchFailure, MainExit, Outcome, Phase, Status};
use crate::spec::{Kind, Secrets};
use crate::unit::{StoredSpec, now_ms};

mod asking;
mod written;

/// A grace that no operator means, one year, so that time arithmetic cannot fail.
const MAX_GRACE_MS: u64 = 365 * 24 * 3600 * 1000;

/// One unit and everything the supervisor knows of it.
pub(super) struct Supervision {
    unit: PathBuf,
    /// Held until the process ends.
    _lock: File,
    stored: StoredSpec,
    secrets: Secrets,
    launch: Vec<OsString>,
    signals: Signals,
    sink: Sink,
    pumps: Vec<Pump>,
    status: Status,
    state: State,
    backoff: Option<Backoff>,
    /// What the next start is counted as, see [`Status::in_a_row`].
    next_in_a_row: u32,
    main_since: Instant,
    /// When a status that could not be written is tried again.
    status_due: Option<Instant>,
    /// Why the unit ends, once that is decided.
    end: Option<Outcome>,
    leftovers: u32,
    survivors: u32,
}

impl Supervision {
    #[expect(clippy::too_many_arguments, reason = "the parts are prepared in order, once")]
    pub(super) fn new(
        unit: PathBuf,
        lock: File,
        stored: StoredSpec,
        secrets: Secrets,
        launch: Vec<OsString>,
        signals: Signals,
        log: LogWriter,
        status: Status,
    ) -> Self {
        let backoff = match stored.spec.kind {
            Kind::Step { .. } => None,
            Kind::Instance { backoff_min_ms, backoff_max_ms, stable_after_ms, .. } => {
                Some(Backoff::new(backoff_min_ms, backoff_max_ms, stable_after_ms))
            }
        };
        let masks = Masks::new(secrets.values());
        let sink = Sink { log, masks, buffer: vec![0; READ_BYTES], shown: Vec::new() };
        Self {
            unit,
            _lock: lock,
            stored,
            secrets,
            launch,
            signals,
            sink,
            pumps: Vec::new(),
            status,
            state: State::Over,
            backoff,
            next_in_a_row: 0,
            main_since: Instant::now(),
            status_due: None,
            end: None,
            leftovers: 0,
            survivors: 0,
        }
    }

    /// Runs the unit to its end and writes the exit record.
    pub(super) fn run(mut self, report: &mut Reporter) -> io::Result<()> {
        self.write_status(Phase::Starting);
        let failure = self.start_main().err();
        match &failure {
            None => report.send(&Report::Running {
                boot_id: self.status.boot_id.clone(),
                supervisor: self.status.supervisor,
            }),
            Some(why) => {
                self.end = Some(Outcome::LaunchFailed { why: why.clone() });
                self.state = State::killing();
            }
        }
        loop {
            let children_left = self.reap()?;
            self.advance(children_left);
            if self.state == State::Over {
                break;
            }
            self.wait()?;
        }
        self.record()?;
        if let Some(why) = failure {
            report.send(&Report::LaunchFailed { why });
        }
        Ok(())
    }

    /// Blocks until a signal, output or the next due time, and takes the first two in.
    fn wait(&mut self) -> io::Result<()> {
        let due = self.state.due().into_iter().chain(self.status_due).min();
        let timeout = due.map(remaining);
        let mut fds = vec![PollFd::from_borrowed_fd(self.signals.as_fd(), PollFlags::IN)];
        let pipes = self.pumps.iter().filter_map(Pump::as_fd);
        fds.extend(pipes.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        drop(fds);
        if self.signals.take_stop() {
            self.stop_wished();
        }
        for pump in &mut self.pumps {
            pump.turn(&mut self.sink);
        }
        let is_due = self.status_due.is_some_and(|due| due <= Instant::now());
        if self.signals.take_status() || is_due {
            self.write_status(self.status.phase);
        }
        Ok(())
    }

    /// Reaps every child that ended. Returns whether any child is left.
    ///
    /// This process is a subreaper, so without a child it has no descendant either:
    /// the answer is exact where looking through `/proc` would be a guess.
    fn reap(&mut self) -> io::Result<bool> {
        loop {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) => self.note_exit(pid, status),
                Ok(None) => return Ok(true),
                Err(rustix::io::Errno::CHILD) => return Ok(false),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn note_exit(&mut self, pid: Pid, status: WaitStatus) {
        if self.status.main.is_none_or(|main| main.pid != pid.as_raw_pid()) {
            return;
        }
        let signal = status.terminating_signal().map(MainExit::Signal);
        self.status.last_exit = signal.or(status.exit_status().map(MainExit::Code));
        self.status.main = None;
    }

    /// Goes on to the next state if its time or its condition has come.
    fn advance(&mut self, children_left: bool) {
        let now = Instant::now();
        match self.state {
            State::Running { .. } | State::Settling { .. } | State::Asking { .. }
                if !children_left =>
            {
                self.generation_over();
            }
            State::Killing { .. } if !children_left => self.generation_over(),
            State::Running { .. } if self.status.main.is_none() => {
                self.state = State::Settling { until: now + SETTLE };
            }
            State::Running { deadline: Some(deadline) } if now >= deadline => {
                self.end = Some(Outcome::TimedOut);
                self.sink.log.note("the deadline passed; everything is being ended");
                self.ask_to_end(self.stored.spec.stop.grace_ms);
            }
            State::Settling { until } if now >= until => self.end_leftovers(),
            State::Asking { until } if now >= until => {
                self.sink.log.note("the grace is over; what still runs is killed");
                self.state = State::killing();
                self.kill();
            }
            State::Killing { until, .. } if now >= until => {
                let left = descendants_of(self.status.supervisor.pid).unwrap_or_default().len();
                self.survivors = u32::try_from(left).unwrap_or(u32::MAX);
                self.sink.log.note(&format!("{left} processes could not be killed"));
                self.generation_over();
            }
            State::Killing { next, .. } if now >= next => self.kill(),
            State::BackingOff { until } if now >= until => self.restart(),
            State::Running { .. }
            | State::Settling { .. }
            | State::Asking { .. }
            | State::Killing { .. }
            | State::BackingOff { .. }
            | State::Over => {}
        }
    }

    fn start_main(&mut self) -> Result<(), LaunchFailure> {
        let Started { main, pumps } = start(&self.stored, &self.secrets, &self.launch)?;
        self.pumps = pumps;
        self.main_since = Instant::now();
        self.status.main = Some(main);
        self.status.main_started_ms = Some(now_ms());
        self.status.next_restart_ms = None;
        let deadline = match self.stored.spec.kind {
            Kind::Step { deadline_ms, .. } => deadline_ms.and_then(after_ms),
            Kind::Instance { .. } => None,
        };
        self.state = State::Running { deadline };
        self.write_status(Phase::Running);
        Ok(())
    }

    fn restart(&mut self) {
        self.status.restarts = self.status.restarts.saturating_add(1);
        self.status.in_a_row = self.next_in_a_row;
        if let Err(why) = self.start_main() {
            self.sink.log.note(&format!("the instance cannot be started: {}", why.message));
            self.main_since = Instant::now();
            self.status.last_exit = Some(MainExit::NotStarted);
            // Whatever the attempt left behind goes first; then comes the next delay.
            self.state = State::killing();
        }
    }

    /// Everything that the present start of the program made is gone.
    fn generation_over(&mut self) {
        for mut pump in self.pumps.drain(..) {
            pump.finish(&mut self.sink);
        }
        self.status.main = None;
        let over = self.end.is_some() || self.survivors > 0;
        let Some(backoff) = self.backoff.as_mut().filter(|_| !over) else {
            self.state = State::Over;
            return;
        };
        let delay = backoff.after(self.main_since.elapsed());
        self.next_in_a_row = backoff.failures();
        let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX).min(MAX_GRACE_MS);
        self.state = State::BackingOff { until: Instant::now() + Duration::from_millis(delay_ms) };
        self.status.next_restart_ms = Some(now_ms().saturating_add(delay_ms));
        let how = match self.status.last_exit {
            Some(MainExit::Code(code)) => format!("exited with code {code}"),
            Some(MainExit::Signal(signal)) => format!("was ended by signal {signal}"),
            Some(MainExit::NotStarted) | None => "did not start".to_owned(),
        };
        self.sink.log.note(&format!("its process {how}; it is started again in {delay_ms} ms"));
        self.write_status(Phase::BackingOff);
    }
}
