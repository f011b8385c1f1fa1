//! The loop's side towards the engine: what it tells, and what the view asks of it.

use std::time::{Duration, Instant};

use pilothouse_api::client::{ClientError, Update};
use pilothouse_api::types::Access;
use pilothouse_cockpit::msg::Line as EngineLine;
use pilothouse_cockpit::{Msg, Request};
use pilothouse_core::command::Command;
use pilothouse_core::event::Recorded;
use pilothouse_core::run::Trigger;

use super::{Cockpit, Ended};
use crate::attach::clipboard;

/// How many updates are taken in before a frame is drawn all the same.
const UPDATES: usize = 1024;
/// The shortest time between two fresh starts with the engine.
const AGAIN: Duration = Duration::from_millis(500);

impl Cockpit {
    /// Takes an update and all that follow it already, events together.
    pub(super) fn updates(&mut self, first: Update) {
        let mut records = Vec::new();
        let mut next = Some(first);
        let mut left = UPDATES;
        while let Some(update) = next {
            match update {
                Update::Record(record) => records.push(*record),
                other => {
                    self.records(&mut records);
                    self.update(other);
                }
            }
            left -= 1;
            next = if left > 0 { self.follow.try_next() } else { None };
        }
        self.records(&mut records);
    }

    fn records(&mut self, records: &mut Vec<Recorded>) {
        if !records.is_empty() {
            self.feed_now(Msg::Events(std::mem::take(records)));
        }
    }

    fn update(&mut self, update: Update) {
        match update {
            Update::Snapshot(mut snapshot) => {
                if self.read_only {
                    snapshot.access = Access::Watcher;
                }
                self.feed_now(Msg::Snapshot(snapshot));
                if let Some(seen) = self.away.take() {
                    self.feed(Msg::Away { since: seen.at });
                }
            }
            // The view is live again with a snapshot only.
            Update::Live => self.follow_anew(),
            Update::Record(record) => self.feed_now(Msg::Event(record)),
            Update::Samples(samples) => self.feed_now(Msg::Samples(samples)),
            Update::Sighting(sighting) => self.feed_now(Msg::Sighting(sighting)),
            Update::Lost { why } => {
                let text = why.to_string();
                let line = match why {
                    ClientError::Version { .. } | ClientError::NotPermitted { .. } => {
                        EngineLine::Refused { why: text }
                    }
                    ClientError::EngineUnreachable { .. }
                    | ClientError::Rejected(_)
                    | ClientError::Protocol { .. }
                    | ClientError::Timeout { .. } => EngineLine::Lost { why: text },
                };
                self.feed_now(Msg::Line(line));
            }
        }
    }

    fn follow_anew(&mut self) {
        self.follow = self.client.follow(true);
        self.followed_at = Instant::now();
    }

    /// Does what the view asks for.
    pub(super) fn request(&mut self, request: Request) {
        match request {
            Request::Submit { id, command } => self.tasks.submit(id, command),
            Request::Look { id, project } => {
                self.tasks.submit(id, Command::Look { project, trigger: Trigger::Manual });
            }
            Request::OpenLog { source, step, after } => self.tasks.open_log(source, step, after),
            Request::ReadLog { source, step, at } => self.tasks.read_log(source, step, at),
            Request::SearchLog { source, step, search } => {
                self.tasks.search_log(source, step, search);
            }
            Request::ReadLastLines { run, step } => self.tasks.read_last_lines(run, step),
            Request::HoldLog => self.tasks.hold_log(),
            Request::StopSearch => self.tasks.stop_search(),
            Request::CloseLog => self.tasks.close_log(),
            Request::Inspect(id) => self.tasks.inspect(id),
            Request::Judge { project, commit } => self.tasks.judge(project, commit),
            Request::Shell(id) => self.visit = Some(id),
            // Once in a while: an engine whose events never fit must not be asked for ever.
            Request::Resync if self.followed_at.elapsed() >= AGAIN => self.follow_anew(),
            Request::Resync => {}
            Request::Copy(text) => {
                if let Some(bytes) = clipboard::sequence(&text, self.between) {
                    let line = self.screen.send(bytes.as_bytes());
                    self.check(line);
                }
            }
            Request::Quit => self.ended = Some(Ended::Quit),
            Request::Suspend => self.suspend(),
        }
    }
}
