//! The edge, seen from the engine: keeps its process alive, publishes tables, reads back.
//!
//! The edge is a process of its own that outlives the engine. Nothing here serves a request.

mod ending;
mod http;
mod probe;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use pilothouse_core::effect::{Fault, Observation, Outcome};
use pilothouse_core::id::InstanceId;
use pilothouse_core::instance::TargetHealth;
use pilothouse_core::routing::{
    EdgeStatus, Refusal, RefusalKind, Table, TargetState, TargetStatus,
};
use pilothouse_core::state::Unbound;
use pilothouse_core::text::printable;
use pilothouse_core::time::Timestamp;
use tokio::sync::watch;

use super::{Surroundings, cancelled};
use crate::clock::Clock;
use crate::executor::{Attention, Ended};
use crate::left::ENGINE_VARIABLE;
use crate::places::Places;

/// The file in the edge's directory that it writes to.
const LOG: &str = "edge.log";
/// How long the edge may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// How long one wait for changes lasts. The edge answers earlier if something changes.
const POLL_MS: u64 = 1_000;
/// How much later than that its answer may come. Then it hangs, and nobody watches what serves: the
/// sooner that is known, the less passes for having been watched.
const LATE: Duration = Duration::from_secs(3);
/// How long to wait before the edge is asked again after it did not answer.
const RETRY: Duration = Duration::from_millis(100);
/// Failed attempts to reach the edge after which a new process is started.
const ATTEMPTS: u32 = 2;
/// How long a new edge process has until it answers.
const START: Duration = Duration::from_secs(10);

/// The edge, seen from the engine.
pub struct Edge {
    places: Places,
    clock: Clock,
    binary: PathBuf,
    engine_id: String,
    probe_token: String,
    statuses: watch::Sender<Option<Arc<EdgeStatus>>>,
}

impl Edge {
    pub(super) fn new(surroundings: &Surroundings) -> Self {
        Self {
            places: surroundings.places.clone(),
            clock: surroundings.clock,
            binary: surroundings.binary.clone(),
            engine_id: surroundings.engine_id.clone(),
            probe_token: surroundings.probe_token.clone(),
            statuses: watch::Sender::new(None),
        }
    }

    /// What the edge last said of itself, and each word that follows.
    pub fn statuses(&self) -> watch::Receiver<Option<Arc<EdgeStatus>>> {
        self.statuses.subscribe()
    }

    /// Asks the edge for its status now, with fresh counters.
    pub async fn status(&self) -> Result<EdgeStatus, Fault> {
        let reply = self.ask("GET", "/v1/status", Vec::new(), ANSWER).await?;
        reply.json("the edge's status")
    }

    /// Keeps the edge process alive and tells what it says, until no longer wanted.
    pub(super) async fn tend(&self, attention: &Attention) -> Ended {
        let mut after = None;
        let mut failures = 0;
        loop {
            let asked = tokio::select! {
                () = attention.cancelled.cancelled() => return cancelled(),
                asked = self.changes(after) => asked,
            };
            match asked {
                Ok(status) => {
                    failures = 0;
                    after = Some(status.change);
                    self.tell(status, attention).await;
                }
                Err(fault) => {
                    failures += 1;
                    after = None;
                    self.statuses.send_replace(None);
                    attention.observe(Observation::EdgeDisconnected { why: fault.why }).await;
                    if failures >= ATTEMPTS {
                        self.start_process().await?;
                        failures = 0;
                    } else {
                        tokio::time::sleep(RETRY).await;
                    }
                }
            }
        }
    }

    async fn changes(&self, after: Option<u64>) -> Result<EdgeStatus, Fault> {
        let Some(after) = after else { return self.status().await };
        let path = format!("/v1/changes?after={after}&wait_ms={POLL_MS}");
        let limit = Duration::from_millis(POLL_MS) + LATE;
        let reply = self.ask("GET", &path, Vec::new(), limit).await?;
        reply.json("the edge's changes")
    }

    async fn tell(&self, status: EdgeStatus, attention: &Attention) {
        let active = (!status.digest.is_empty()).then(|| status.digest.clone());
        let status = Arc::new(status);
        let old = self.statuses.send_replace(Some(Arc::clone(&status)));
        attention.observe(Observation::EdgeConnected { active }).await;
        attention.observe(Observation::ListenersChanged { unbound: unbound(&status) }).await;
        for (id, health) in news(old.as_deref(), &status) {
            attention.observe(Observation::TargetChanged { id, health }).await;
        }
    }

    /// Starts an edge process of its own session, so that it outlives this engine. Where one
    /// lives already that only does not answer, the new one finds its lock taken and leaves.
    async fn start_process(&self) -> Result<(), Fault> {
        let failed =
            |error: std::io::Error| Fault::transient(format!("cannot start the edge: {error}"));
        std::fs::create_dir_all(self.places.edge()).map_err(failed)?;
        // The edge itself keeps it small, from its first line on.
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.places.edge().join(LOG))
            .map_err(failed)?;
        let mut child = tokio::process::Command::new(&self.binary)
            .arg("edge")
            .arg("--dir")
            .arg(self.places.edge())
            .arg("--control")
            .arg(self.places.edge_socket())
            .env(ENGINE_VARIABLE, &self.engine_id)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .current_dir("/")
            .spawn()
            .map_err(failed)?;
        let answers = async {
            while self.status().await.is_err() {
                tokio::time::sleep(RETRY).await;
            }
        };
        let outcome = tokio::select! {
            answered = tokio::time::timeout(START, answers) => match answered {
                Ok(()) => Ok(()),
                Err(_) => Err(Fault::transient("the edge was started and does not answer")),
            },
            ended = child.wait() => {
                let how = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
                Err(Fault::transient(format!(
                    "the edge ended at once ({how}); its log is {}",
                    self.places.edge().join(LOG).display()
                )))
            }
        };
        // The process is waited for, so that it leaves no entry when it ends in our life.
        tokio::spawn(async move { child.wait().await });
        outcome
    }

    pub(super) async fn publish(&self, table: &Table, attention: &Attention) -> Ended {
        // The token is a secret, which the state does not know: everybody may follow that.
        let table = Table { probe_token: self.probe_token.clone(), ..table.clone() };
        let body = serde_json::to_vec(&table)
            .map_err(|error| Fault::permanent(format!("the table cannot be written: {error}")))?;
        let reply = self.ask("PUT", "/v1/table", body, ANSWER).await?;
        if !reply.is_success() {
            let refusal: Refusal = reply.json("the edge's refusal")?;
            let problems = refusal.problems.iter();
            let problems: Vec<String> =
                problems.map(|one| format!("{}: {}", one.place, one.message)).collect();
            let why = format!("{} {}", refusal.message, problems.join("; "));
            let why = printable(why.trim(), 400);
            return Err(match refusal.kind {
                RefusalKind::Invalid | RefusalKind::Malformed | RefusalKind::NotFound => {
                    Fault::permanent(why)
                }
                RefusalKind::Stale
                | RefusalKind::Bind
                | RefusalKind::Storage
                | RefusalKind::InUse
                | RefusalKind::Stopping => Fault::transient(why),
            });
        }
        let status = self.status().await?;
        if status.digest != table.digest {
            return Err(Fault::unknown("the edge serves another table than it acknowledged"));
        }
        // What cannot be listened on is told apart, and must not hold up what can.
        for bound in status.listeners.iter().filter_map(|listener| listener.bound) {
            if attention.cancelled.is_cancelled() {
                return cancelled();
            }
            let seen = probe::ask(bound, None, &self.probe_token).await?;
            if seen.digest.as_deref() != Some(table.digest.as_str()) {
                return Err(Fault::unknown(format!(
                    "{bound} does not answer with the published table: something else listens there"
                )));
            }
        }
        Ok(Outcome::Published { digest: table.digest.clone() })
    }

    /// Waits until the target has nothing in flight, and cuts what is left at the deadline.
    pub(super) async fn drain(
        &self,
        id: &InstanceId,
        deadline: Timestamp,
        attention: &Attention,
    ) -> Ended {
        let mut statuses = self.statuses();
        let mut cut = 0;
        loop {
            // Counters are fresh only in an answer, so that the edge is asked itself.
            let status = self.status().await?;
            let target = status.newest().find(|target| target.id == id.as_str());
            match target {
                None => return Ok(Outcome::Drained { cut }),
                Some(target) if target.in_flight == 0 && is_draining(target) => {
                    return Ok(Outcome::Drained { cut });
                }
                Some(_) => {}
            }
            if self.clock.now() >= deadline {
                // What is cut is gone a moment later, and counts once.
                cut = cut.max(target.map_or(0, |target| target.in_flight));
                let path = format!("/v1/targets/{}/cut", id.as_str());
                self.ask("POST", &path, Vec::new(), ANSWER).await?;
            }
            tokio::select! {
                () = attention.cancelled.cancelled() => return cancelled(),
                // An edge driver that is gone has no more to say; the next question tells.
                _ = statuses.changed() => {}
                () = tokio::time::sleep(RETRY) => {}
            }
        }
    }

    /// Asks through every listener, under the domain, which release answers.
    pub(super) async fn verify(
        &self,
        domain: Option<&str>,
        listen: &[SocketAddr],
        release: &str,
    ) -> Ended {
        let Some(domain) = domain else { return Ok(Outcome::Done) };
        let status = self.status().await?;
        for address in listen {
            let bound =
                status.listeners.iter().find(|listener| listener.address == *address).ok_or_else(
                    || Fault::transient(format!("nobody asked to listen on {address}")),
                )?;
            let bound = bound.bound.ok_or_else(|| {
                let why = bound.problem.clone().unwrap_or_default();
                Fault::transient(format!("nothing listens on {address}: {why}"))
            })?;
            let seen = probe::ask(bound, Some(domain), &self.probe_token).await?;
            if seen.release.as_deref() != Some(release) {
                let who = seen.release.unwrap_or_else(|| "no release".to_owned());
                return Err(Fault::transient(format!(
                    "{domain} on {bound} is answered by {}, not by {release}",
                    printable(&who, 80)
                )));
            }
            if seen.status >= 500 {
                return Err(Fault::transient(format!(
                    "{domain} on {bound} answers with status {}",
                    seen.status
                )));
            }
        }
        Ok(Outcome::Done)
    }

    /// Tells the edge to finish what it has and leave.
    async fn stop(&self) -> Result<(), Fault> {
        self.ask("POST", "/v1/stop", Vec::new(), ANSWER).await.map(|_| ())
    }

    async fn ask(
        &self,
        method: &'static str,
        path: &str,
        body: Vec<u8>,
        limit: Duration,
    ) -> Result<http::Reply, Fault> {
        let socket = self.places.edge_socket();
        match tokio::time::timeout(limit, http::over_unix(&socket, method, path, body)).await {
            Ok(reply) => reply,
            Err(_) => Err(Fault::unknown("the edge did not answer in time")),
        }
    }
}

fn is_draining(target: &TargetStatus) -> bool {
    target.role == pilothouse_core::routing::Role::Draining || !target.in_table
}

fn unbound(status: &EdgeStatus) -> Vec<Unbound> {
    let listeners = status.listeners.iter().filter(|listener| listener.bound.is_none());
    listeners
        .filter_map(|listener| {
            let why = printable(listener.problem.as_deref()?, 160);
            Some(Unbound { address: listener.address, why })
        })
        .collect()
}

/// What is said of targets that was not said before.
fn news(old: Option<&EdgeStatus>, new: &EdgeStatus) -> Vec<(InstanceId, TargetHealth)> {
    let old = old.into_iter().flat_map(EdgeStatus::newest);
    let before: BTreeMap<&str, TargetHealth> =
        old.map(|target| (target.id.as_str(), health(target))).collect();
    let now = new.newest().map(|target| (target, health(target)));
    let news = now.filter(|(target, now)| before.get(target.id.as_str()) != Some(now));
    news.map(|(target, now)| (InstanceId::new(target.id.clone()), now)).collect()
}

fn health(target: &TargetStatus) -> TargetHealth {
    TargetHealth {
        state: target.state,
        reason: target.reason,
        detail: printable(&target.detail, 160),
        doubted: target.state == TargetState::Healthy && !target.passing,
        since: Timestamp(target.since_ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(id: &str, state: &str, in_table: bool) -> TargetStatus {
        let role = if in_table { "active" } else { "draining" };
        let text = format!(
            r#"{{"group":"g","id":"{id}","address":"127.0.0.1:1","release":"r1","role":"{role}",
            "in_table":{in_table},"state":"{state}","passing":true,"reason":null,"detail":"",
            "since_ms":1,"in_flight":1,"requests":1,"errors_4xx":0,"errors_5xx":0,"failed":0,
            "latency":[],"p50_us":null,"p99_us":null}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn told(old: &[TargetStatus], new: &[TargetStatus]) -> Vec<(String, TargetState)> {
        let [old, new] = [old, new].map(|targets| EdgeStatus {
            version: 1,
            epoch: 1,
            digest: String::new(),
            source: pilothouse_core::routing::TableSource::Published,
            change: 1,
            started_at_ms: 1,
            listeners: Vec::new(),
            groups: Vec::new(),
            targets: targets.to_vec(),
            counters: pilothouse_core::routing::EdgeCounters::default(),
        });
        let news = news(Some(&old), &new).into_iter();
        news.map(|(id, health)| (id.to_string(), health.state)).collect()
    }

    #[test]
    fn an_earlier_start_that_still_has_requests_says_nothing_of_the_newest() {
        let (newest, earlier) = (target("a", "healthy", true), target("a", "draining", false));
        let initial = target("a", "initial", true);
        let both = [initial, earlier.clone()];
        assert_eq!(
            told(&both, &[newest.clone(), earlier.clone()]),
            [("a".to_owned(), TargetState::Healthy)]
        );
        assert_eq!(told(&[newest.clone(), earlier.clone()], std::slice::from_ref(&newest)), []);
        // One that only left is told to drain.
        assert_eq!(told(&[newest], &[earlier]), [("a".to_owned(), TargetState::Draining)]);
    }
}
