//! Waits for supervisors without asking again and again.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use pilothouse_core::effect::Fault;
use pilothouse_core::text::printable;
use pilothouse_supervisor::{
    Frame, Handle, Liveness, Outcome, Stream, end_named, find, force, holder, sweep, tail, watch,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::blocking;

/// Finds out what became of a unit.
pub(super) fn look(dir: &Path) -> Result<Liveness, Fault> {
    find(dir).map_err(|error| Fault::transient(error.to_string()))
}

/// The verb of a supervisor.
pub(super) const SUPERVISE: &str = "supervise";

/// Ends a supervisor that nothing but its arguments leads to any more, with all that it started.
pub(super) async fn leave_no_supervisor(dir: &Path) -> Result<(), Fault> {
    let dir = dir.to_owned();
    blocking("looking for what is left", move || end_by_name(&dir)).await
}

fn end_by_name(dir: &Path) -> Result<(), Fault> {
    let ended = end_named(OsStr::new(SUPERVISE), dir);
    let count = ended.map_err(|error| Fault::transient(error.to_string()))?;
    if count > 0 {
        let dir = dir.display();
        tracing::warn!(%dir, count, "ended a supervisor whose files had been taken from it");
    }
    Ok(())
}

/// The supervisor of a unit that has no status.
pub(super) fn held(dir: &Path) -> Result<Option<Handle>, Fault> {
    holder(dir).map_err(|error| Fault::transient(error.to_string()))
}

/// Waits until the supervisor has ended.
pub(super) async fn over(handle: &Handle) -> Result<(), Fault> {
    let failed = |error: std::io::Error| {
        Fault::transient(format!(
            "cannot watch the supervisor in {}: {error}",
            handle.dir.display()
        ))
    };
    let Some(watch) = watch(handle).map_err(failed)? else { return Ok(()) };
    #[expect(
        deprecated,
        reason = "sound here: a watch owns its descriptor; the successor is unsafe"
    )]
    let watch = AsyncFd::with_interest(watch, Interest::READABLE).map_err(failed)?;
    loop {
        let mut ready = watch.readable().await.map_err(failed)?;
        if watch.get_ref().is_over().map_err(failed)? {
            return Ok(());
        }
        ready.clear_ready();
    }
}

/// Waits until the supervisor has ended. One that has not in time is killed, what it leaves is
/// swept, and the unit has this outcome: a program can do as it likes with its supervisor, but not
/// with the engine.
pub(super) async fn over_within(
    handle: &Handle,
    limit: Duration,
    outcome: Outcome,
) -> Result<(), Fault> {
    if let Ok(ended) = tokio::time::timeout(limit, over(handle)).await {
        return ended;
    }
    tracing::warn!(dir = %handle.dir.display(), "a supervisor did not end in time; it is killed");
    let handle = handle.clone();
    blocking("ending the unit", move || {
        force(&handle, outcome).map_err(|error| Fault::transient(error.to_string()))
    })
    .await
}

/// Ends whatever a dead supervisor left, and one that only seems dead.
pub(super) fn clean_up(dir: &Path) -> Result<(), Fault> {
    end_by_name(dir)?;
    match sweep(dir) {
        Ok(0) => Ok(()),
        Ok(count) => {
            tracing::warn!(dir = %dir.display(), count, "ended processes without a supervisor");
            Ok(())
        }
        Err(error) => Err(Fault::transient(error.to_string())),
    }
}

/// Waits for something a supervisor is about to write, such as its first status.
pub(super) const MOMENT: Duration = Duration::from_millis(20);

/// The last that a unit said, printable.
pub(super) enum Last {
    /// What its program printed.
    Printed(String),
    /// A sentence of ours: of the process that owns what runs elsewhere.
    Owner(String),
}

/// The last that a unit said; none where it said nothing.
pub(super) fn last(dir: &Path) -> Option<Last> {
    let frames = tail(dir, 20, 16 << 10).ok()?.frames;
    let is_said = |frame: &&Frame| !frame.bytes.trim_ascii().is_empty();
    let newest = frames.iter().rev().filter(|one| one.stream != Stream::Note).find(is_said)?;
    let is_owner = newest.stream == Stream::Owner;
    let bytes: Vec<u8> = frames
        .iter()
        .filter(|one| one.stream != Stream::Note && is_owner == (one.stream == Stream::Owner))
        .flat_map(|frame| frame.bytes.iter().copied())
        .collect();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let line = text.lines().rev().find(|line| !line.trim().is_empty())?;
    let line = line.trim();
    Some(if is_owner {
        Last::Owner(printable(line, 400))
    } else {
        Last::Printed(printable(line, 160))
    })
}
