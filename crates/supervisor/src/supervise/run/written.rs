//! What a unit leaves in its directory: the status as it goes, the record at the end.

use std::io;
use std::time::{Duration, Instant};

use super::Supervision;
use crate::record::{ExitRecord, MainExit, Outcome, Phase};
use crate::supervise::RECORD_BYTES;
use crate::unit::{self, Durability, now_ms};

/// How long a status that could not be written waits, as on a full disk.
const AGAIN: Duration = Duration::from_secs(1);

impl Supervision {
    pub(super) fn write_status(&mut self, phase: Phase) {
        self.status.phase = phase;
        let path = unit::status_path(&self.unit);
        let written = unit::write_kept(&path, &self.status, RECORD_BYTES);
        // The unit matters more than the news of it; until then who reads finds an older status.
        let was_due = self.status_due.take();
        if let Err(error) = written {
            self.status_due = Some(Instant::now() + AGAIN);
            if was_due.is_none() {
                self.sink.log.note(&format!("the status cannot be written: {error}"));
            }
        }
    }

    pub(super) fn record(&mut self) -> io::Result<()> {
        self.sink.log.finish();
        let (output_bytes, dropped_bytes) = self.sink.log.counts();
        let own = match self.status.last_exit {
            Some(MainExit::Code(code)) => Outcome::Exited { code },
            Some(MainExit::Signal(signal)) => Outcome::Signaled { signal },
            Some(MainExit::NotStarted) | None => Outcome::Stopped,
        };
        let record = ExitRecord {
            version: 1,
            id: self.status.id.clone(),
            outcome: self.end.take().unwrap_or(own),
            main: self.status.last_exit,
            started_ms: self.status.started_ms,
            ended_ms: now_ms(),
            restarts: self.status.restarts,
            leftovers_ended: self.leftovers,
            survivors: self.survivors,
            output_bytes,
            dropped_bytes,
            log_error: self.sink.log.error().map(str::to_owned),
        };
        unit::write_json(&unit::exit_path(&self.unit), &record, Durability::Synced)?;
        unit::give_back(&unit::stop_path(&self.unit));
        unit::give_back(&unit::status_path(&self.unit));
        Ok(())
    }
}
