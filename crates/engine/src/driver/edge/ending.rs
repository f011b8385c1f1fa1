//! The end of the edge: it is asked, and where that does not help its process is ended.
//!
//! A number of a process that was written down could be another's by now. So the kernel is asked
//! which process holds the edge's lock, and asked again once a descriptor of that process is open.

use std::fs::File;
use std::io;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::time::Instant;

use super::{Edge, RETRY};
use crate::left;
use crate::places::Places;

/// How long an edge that took the order has: it gives requests in flight 30 s.
const FINISH: Duration = Duration::from_secs(35);
/// How long a signal has until the next one.
const GRACE: Duration = Duration::from_secs(8);
/// How long an edge has to name its process, which it does as soon as it begins.
const NAMED: Duration = Duration::from_millis(500);

impl Edge {
    /// Ends the edge. Gives its lock, without which no other begins, or says what still lives.
    pub async fn end(&self) -> Result<File, String> {
        let failed = |error: io::Error| {
            let lock = self.places.edge_lock();
            let lock = lock.display();
            format!(
                "whether the load balancer has cannot be told: {lock} cannot be locked: {error}"
            )
        };
        let asked = self.stop().await;
        let finish = if asked.is_ok() { FINISH } else { Duration::ZERO };
        if let Some(lock) = locked(&self.places, finish).await.map_err(failed)? {
            return Ok(lock);
        }
        let why = asked.err().map_or_else(|| "it does not end".to_owned(), |fault| fault.why);
        tracing::warn!(%why, "the edge's process is ended, because asking it did not help");
        // A process that is stopped hears no other signal before it goes on.
        for signals in [&[Signal::TERM, Signal::CONT][..], &[Signal::KILL]] {
            let within = match signal(&self.places, signals) {
                Ok(true) => GRACE,
                Ok(false) => NAMED,
                Err(error) => {
                    tracing::warn!(%error, ?signals, "the edge's process cannot be signalled");
                    Duration::ZERO
                }
            };
            if let Some(lock) = locked(&self.places, within).await.map_err(failed)? {
                return Ok(lock);
            }
        }
        match left::edge(&self.places).map_err(failed)? {
            Some(living) => Err(living.to_string()),
            None => locked(&self.places, Duration::ZERO).await.map_err(failed)?.ok_or_else(|| {
                "the load balancer has not: another one begins; say `pilothouse down --all` again"
                    .to_owned()
            }),
        }
    }
}

/// Takes the edge's lock once no edge holds it, where that is in time.
async fn locked(places: &Places, within: Duration) -> io::Result<Option<File>> {
    let until = Instant::now() + within;
    let file = File::options().create(true).truncate(false).write(true).open(places.edge_lock())?;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Some(file)),
            Err(Errno::WOULDBLOCK) if Instant::now() < until => tokio::time::sleep(RETRY).await,
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Sends signals to the edge's process, and tells whether there is one that is named.
fn signal(places: &Places, signals: &[Signal]) -> io::Result<bool> {
    let named = || Ok::<_, io::Error>(left::edge(places)?.and_then(|living| living.process));
    let Some(pid) = named()? else { return Ok(false) };
    let Some(number) = Pid::from_raw(pid) else { return Ok(false) };
    let process = match pidfd_open(number, PidfdFlags::empty()) {
        Ok(process) => process,
        Err(Errno::SRCH) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    // The number is the edge's still, and so the descriptor is of the edge.
    if named()? != Some(pid) {
        return Ok(false);
    }
    for signal in signals {
        match pidfd_send_signal(&process, *signal) {
            Ok(()) | Err(Errno::SRCH) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}
