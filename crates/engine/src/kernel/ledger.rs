//! The state and its journal together, so that neither can go ahead of the other.
//!
//! A command is refused when the journal cannot be written, and the state is as before. What
//! the world reports cannot be refused: it is held, and written once the disk lets it.

use std::path::Path;

use pilothouse_core::apply::fold;
use pilothouse_core::command::{Command, Rejection, RejectionKind, Reply};
use pilothouse_core::decide::decide;
use pilothouse_core::effect::Input;
use pilothouse_core::event::{self, Recorded};
use pilothouse_core::id::Seq;
use pilothouse_core::state::State;
use pilothouse_core::time::Timestamp;

use super::turn;
use crate::failpoint;
use crate::journal::{
    self, AppendError, Disk, Epoch, Format, Inspected, Journal, Losses, Options, Records, Snapshot,
};

/// The version of the journal's payloads: [`Recorded`] and [`State`] as JSON.
pub const PAYLOAD: Format = Format(1, 0);
/// Records after which the state is written as a whole.
const SNAPSHOT_EVERY: u64 = 5000;
/// Records that are held at once while a journal is read again.
const FOLD: usize = 10_000;

/// Why a state directory cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The journal refuses.
    #[error(transparent)]
    Journal(#[from] journal::OpenError),
    /// A record or snapshot is not what this engine writes.
    #[error(
        "{what} in {dir} cannot be understood: {source}. It was written by another version; run that one"
    )]
    Payload {
        /// Which.
        what: String,
        /// The journal's directory.
        dir: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// Records of reports that one append takes at most, so that even a look that finds tens of
/// thousands of branches fits. What is cut apart by a kill between two appends is reported anew.
const AT_ONCE: usize = 2048;

/// Why records are not durable.
enum Unwritten {
    /// The disk refuses.
    Disk,
    /// The journal never takes them, whatever the disk says.
    TooLong(String),
}

/// What came of a command.
pub(super) struct Outcome {
    /// The durable records.
    pub records: Vec<Recorded>,
    /// The answer to a command.
    pub answer: Result<Reply, Rejection>,
}

/// The state and its journal.
pub struct Ledger {
    state: State,
    journal: Journal,
    /// Records that are applied and not durable yet, oldest first.
    held: Vec<Recorded>,
    degraded: Option<String>,
    last_at: Timestamp,
    since_snapshot: u64,
    /// Records that are lost, which the first append is to tell.
    pub(super) loss: Option<Box<event::Loss>>,
}

/// Reads a journal that may be another engine's, and changes nothing. None where there is none.
pub fn look(dir: &Path, told: Epoch) -> Result<Option<(State, Inspected)>, OpenError> {
    let options = Options { payload: PAYLOAD, disk: Disk::default(), told, losses: Losses::Refuse };
    let Some(found) = journal::inspect(dir, &options)? else { return Ok(None) };
    let (state, _) = remembered(dir, found.snapshot.as_ref(), &found.records)?;
    Ok(Some((state, found)))
}

/// Folds what a journal remembers, and tells when the last of it was.
fn remembered(
    dir: &Path,
    snapshot: Option<&Snapshot>,
    remembered: &Records,
) -> Result<(State, Timestamp), OpenError> {
    let unread = |what: String| {
        let dir = dir.display().to_string();
        move |source| OpenError::Payload { what, dir, source }
    };
    let mut state = match snapshot {
        Some(snapshot) => serde_json::from_slice(&snapshot.bytes)
            .map_err(unread(format!("the snapshot at {}", snapshot.seq.0)))?,
        None => State::default(),
    };
    let mut last_at = state.started_at;
    let mut records = Vec::with_capacity(FOLD.min(remembered.len()));
    for record in remembered.iter() {
        let recorded: Recorded = serde_json::from_slice(record.payload)
            .map_err(unread(format!("record {}", record.seq.0)))?;
        last_at = last_at.max(recorded.at);
        records.push(recorded);
        if records.len() == FOLD {
            state = fold(state, &records);
            records.clear();
        }
    }
    Ok((fold(state, &records), last_at))
}

impl Ledger {
    /// Opens the journal in a directory on a given disk, which may be one that fails, and folds
    /// what it remembers.
    pub fn open(dir: &Path, disk: Disk) -> Result<Self, OpenError> {
        Self::open_as(dir, disk, Epoch(0), Losses::Refuse)
    }

    /// The same, where something else may know of a later epoch, and records may be lost.
    pub fn open_as(dir: &Path, disk: Disk, told: Epoch, losses: Losses) -> Result<Self, OpenError> {
        let options = Options { payload: PAYLOAD, disk, told, losses };
        let (journal, recovered) = Journal::open(dir, journal::Limits::default(), options)?;
        for note in &recovered.notes {
            tracing::warn!("{note}");
        }
        let (state, last_at) = remembered(dir, recovered.snapshot.as_ref(), &recovered.records)?;
        let loss = recovered.loss.map(|loss| {
            let (after, to) = (Seq(loss.after.0), Seq(loss.to.0));
            Box::new(event::Loss { after, to, ..event::Loss::default() })
        });
        let since_snapshot = recovered.records.len() as u64;
        Ok(Self { state, journal, held: Vec::new(), degraded: None, last_at, since_snapshot, loss })
    }

    /// The records that are lost and were accepted.
    pub fn loss(&self) -> Option<&event::Loss> {
        self.loss.as_deref()
    }

    /// Has the loss recorded, together with the engine's start.
    pub fn record_loss(&mut self, loss: event::Loss) {
        self.loss = Some(Box::new(loss));
    }

    /// The state, with what is held.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// This start's epoch.
    pub fn epoch(&self) -> u64 {
        self.journal.epoch().0
    }

    /// The time of the last record.
    pub fn last_at(&self) -> Timestamp {
        self.last_at
    }

    /// Why the journal cannot be written, where it cannot.
    pub fn degraded(&self) -> Option<&str> {
        self.degraded.as_deref()
    }

    /// Whether the journal cannot be written.
    pub fn is_degraded(&self) -> bool {
        self.degraded.is_some()
    }

    /// Whether the disk is full, and nothing new is to begin: what is left of the room that the journal
    /// keeps is for what has to be followed.
    pub fn is_short(&self) -> bool {
        self.journal.is_short()
    }

    /// Takes room for the journal where it is short of it and there is some again.
    pub(super) fn keep_ahead(&mut self) {
        self.journal.keep_ahead();
    }

    /// Takes what the world reports. It cannot be refused: what cannot be written is held.
    /// Returns what is durable now.
    pub(super) fn turn(&mut self, inputs: &[Input], now: Timestamp) -> Vec<Recorded> {
        let mut records = std::mem::take(&mut self.held);
        for input in inputs {
            // A report has no one to answer.
            let _ = turn::take(&mut self.state, input, now, &mut records);
        }
        self.write_held(records)
    }

    /// Tries again to write what is held. Returns what is durable now.
    pub(super) fn retry(&mut self) -> Vec<Recorded> {
        let records = std::mem::take(&mut self.held);
        self.write_held(records)
    }

    /// Takes a command, or refuses it and leaves the state as it was.
    pub(super) fn command(&mut self, actor: &str, command: &Command, now: Timestamp) -> Outcome {
        if self.is_degraded() {
            return self.refuse();
        }
        if self.is_short() && !command.begins_nothing() {
            return self.refuse_new();
        }
        let input = Input::Command { actor: actor.to_owned(), command: command.clone() };
        let decision = decide(&self.state, &input, now);
        let answer = decision.reply.unwrap_or(Ok(Reply::Accepted));
        if answer.is_err() && decision.events.is_empty() {
            return Outcome { records: Vec::new(), answer };
        }
        let before = self.state.clone();
        let mut records = Vec::new();
        turn::follow(&mut self.state, &input, decision.events, now, &mut records);
        match self.write(&records) {
            Ok(()) => Outcome { records, answer },
            Err(Unwritten::Disk) => {
                self.state = before;
                self.refuse()
            }
            Err(Unwritten::TooLong(why)) => {
                self.state = before;
                let why = format!("what was asked for does not fit into the journal: {why}");
                let rejection = Rejection::new(RejectionKind::Invalid, why);
                Outcome { records: Vec::new(), answer: Err(rejection) }
            }
        }
    }

    fn refuse(&self) -> Outcome {
        let why = format!(
            "nothing can be accepted, because the journal cannot be written: {}. Running \
             instances go on; make room or mend the disk, and it goes on by itself",
            self.degraded.as_deref().unwrap_or("unknown")
        );
        Outcome { records: Vec::new(), answer: Err(Rejection::new(RejectionKind::Degraded, why)) }
    }

    fn refuse_new(&self) -> Outcome {
        let why = format!(
            "nothing new can be accepted, because the disk of {} is full: the room that the journal has \
             left is for what has to be followed. Running instances go on; make room, and it goes on by \
             itself",
            self.journal.dir().display()
        );
        Outcome { records: Vec::new(), answer: Err(Rejection::new(RejectionKind::Degraded, why)) }
    }

    /// Makes what the world reported durable, a part at a time where it is much. What cannot be
    /// written is held.
    fn write_held(&mut self, mut records: Vec<Recorded>) -> Vec<Recorded> {
        let (mut durable, mut most) = (0, AT_ONCE);
        loop {
            let part = &records[durable..];
            let part = &part[..part.len().min(most)];
            match self.write(part) {
                Ok(()) => durable += part.len(),
                Err(Unwritten::Disk) => break,
                Err(Unwritten::TooLong(_)) if part.len() > 1 => most = part.len() / 2,
                Err(Unwritten::TooLong(why)) => {
                    tracing::error!(%why, "the journal cannot take a record");
                    self.degraded = Some(why);
                    break;
                }
            }
            if durable == records.len() {
                break;
            }
        }
        self.held = records.split_off(durable);
        records
    }

    /// Makes records durable as a whole, or none of them.
    fn write(&mut self, records: &[Recorded]) -> Result<(), Unwritten> {
        if self.is_degraded()
            && let Err(error) = self.journal.recover()
        {
            self.degraded = Some(error.to_string());
            return Err(Unwritten::Disk);
        }
        if records.is_empty() {
            self.degraded = None;
            return Ok(());
        }
        failpoint::pass(failpoint::BEFORE_APPEND);
        let payloads: Result<Vec<Vec<u8>>, _> = records.iter().map(serde_json::to_vec).collect();
        let payloads = payloads.map_err(|error| Unwritten::TooLong(error.to_string()))?;
        if let Err(error) = self.journal.append(&payloads) {
            let why = error.to_string();
            tracing::error!(%why, "the journal cannot be written");
            return match error {
                AppendError::RecordTooLong { .. }
                | AppendError::BatchTooLong { .. }
                | AppendError::NotOneLine { .. } => Err(Unwritten::TooLong(why)),
                AppendError::Degraded(_) | AppendError::Disk { .. } => {
                    self.degraded = Some(why);
                    Err(Unwritten::Disk)
                }
            };
        }
        failpoint::pass(failpoint::AFTER_APPEND);
        self.degraded = None;
        self.since_snapshot += records.len() as u64;
        if self.since_snapshot >= SNAPSHOT_EVERY {
            self.snapshot();
        }
        Ok(())
    }

    /// Writes the state as a whole. A failure costs only a slower start.
    fn snapshot(&mut self) {
        let written =
            serde_json::to_vec(&self.state).map_err(|error| error.to_string()).and_then(|bytes| {
                let seq = journal::Seq(self.state.seq.0);
                self.journal.snapshot(seq, &bytes).map_err(|error| error.to_string())
            });
        match written {
            Ok(_) => self.since_snapshot = 0,
            Err(why) => tracing::warn!(%why, "the snapshot could not be written"),
        }
    }

    /// Writes a last snapshot, so that the next start is quick.
    pub(super) fn close(&mut self) {
        if !self.is_degraded() && self.held.is_empty() && self.since_snapshot > 0 {
            self.snapshot();
        }
    }
}
