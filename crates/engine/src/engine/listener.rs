//! Tells clients, the audit log and the tidying what the kernel did.

use pilothouse_core::command::{Command, Rejection, Reply};
use pilothouse_core::deployment::ENGINE;
use pilothouse_core::event::{
    ContainersEvent, EngineEvent, EnvironmentEvent, Event, InstanceEvent, Recorded,
};
use pilothouse_core::state::State;
use tokio::sync::watch;

use crate::audit::{Audit, Entry};
use crate::clock::Clock;
use crate::kernel::Listen;
use crate::publish::Publisher;

/// Told what the kernel did.
pub(super) struct Listener {
    publisher: Publisher,
    audit: Audit,
    clock: Clock,
    changed: watch::Sender<()>,
    /// How many entries the audit log did not take since it took one.
    untold: u64,
}

/// Makes a listener, and what tells of things forgotten.
pub(super) fn listener(
    publisher: Publisher,
    audit: Audit,
    clock: Clock,
) -> (Listener, watch::Receiver<()>) {
    let (changed, has_changed) = watch::channel(());
    (Listener { publisher, audit, clock, changed, untold: 0 }, has_changed)
}

impl Listen for Listener {
    fn records(&mut self, records: &[Recorded], _: &State) {
        if records.is_empty() {
            return;
        }
        self.publisher.publish(records);
        if records.iter().any(|record| leaves_files(&record.event)) {
            self.changed.send_replace(());
        }
    }

    fn degraded(&mut self, why: Option<&str>) {
        self.publisher.set_degraded(why, self.clock.now());
    }

    fn asked(
        &mut self,
        at: pilothouse_core::time::Timestamp,
        actor: &str,
        command: &Command,
        answer: &Result<Reply, Rejection>,
    ) {
        let result = match answer {
            Ok(reply) => format!("accepted: {}", json(reply)),
            Err(rejection) => format!("refused: {rejection}"),
        };
        self.tell_gap(at);
        let entry =
            Entry { at: rfc3339(at), actor: actor.to_owned(), command: json(command), result };
        if let Err(error) = self.audit.append(&entry) {
            self.untold += 1;
            tracing::error!(%error, "the audit log cannot be written");
        }
    }
}

impl Listener {
    /// Says in the audit log how many entries it did not take, once it takes any again.
    fn tell_gap(&mut self, at: pilothouse_core::time::Timestamp) {
        // It stands where whoever reads the log sees what was asked.
        let command = format!("{} entries before this one could not be written", self.untold);
        let (actor, result) = (ENGINE.to_owned(), "told".to_owned());
        let entry = Entry { at: rfc3339(at), actor, command, result };
        if self.untold > 0 && self.audit.append(&entry).is_ok() {
            self.untold = 0;
        }
    }
}

/// Whether an event leaves files behind that nobody needs any more.
fn leaves_files(event: &Event) -> bool {
    match event {
        Event::Engine(event) => matches!(event, EngineEvent::Forgot { .. }),
        Event::Environment(event) => matches!(
            event,
            EnvironmentEvent::Removed { .. } | EnvironmentEvent::ReleasesForgotten { .. }
        ),
        Event::Instance(event) => matches!(event, InstanceEvent::Gone { .. }),
        // What nobody could remove while it was away.
        Event::Containers(event) => matches!(event, ContainersEvent::Back),
        Event::Project(_) | Event::Run(_) | Event::Deployment(_) | Event::Edge(_) => false,
    }
}

pub(super) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| format!("cannot be written: {error}"))
}

pub(super) fn rfc3339(at: pilothouse_core::time::Timestamp) -> String {
    i64::try_from(at.0)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map_or_else(|| at.0.to_string(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use pilothouse_core::time::Timestamp;

    use super::*;
    use crate::audit::{Limits, newest};
    use crate::journal::{Disk, Faults, Step, Verdict};
    use crate::publish::PublishLimits;

    /// A disk that is full while it is said to be.
    struct Full(AtomicBool);

    impl Faults for Full {
        fn judge(&self, step: Step, _path: &Path) -> Verdict {
            if step == Step::Write && self.0.load(Ordering::Relaxed) {
                return Verdict::Fail(std::io::ErrorKind::StorageFull.into());
            }
            Verdict::Skip
        }
    }

    #[test]
    fn a_gap_of_the_audit_log_is_told_by_its_next_entry() {
        let temp = tempfile::tempdir().unwrap();
        let full = Arc::new(Full(AtomicBool::new(false)));
        let disk = Disk::with_faults(Arc::clone(&full) as _);
        let audit = Audit::open(temp.path(), Limits::default(), disk).unwrap();
        let publisher = Publisher::new(PublishLimits::default(), Arc::default());
        let (mut listener, _) = listener(publisher, audit, Clock::start(Timestamp(0)));
        for is_full in [false, true, true, false] {
            full.0.store(is_full, Ordering::Relaxed);
            listener.asked(Timestamp(1), "kim", &Command::Halt, &Ok(Reply::Accepted));
        }
        let all = newest(temp.path(), 10).unwrap().entries;
        let told: Vec<&str> = all.iter().map(|one| one.command.as_str()).collect();
        assert_eq!(
            told,
            ["\"halt\"", "2 entries before this one could not be written", "\"halt\""]
        );
    }
}
