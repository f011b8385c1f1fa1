//! Everything that can be read. It sees a [`View`] and so can change nothing.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::{Request, StatusCode};
use pilothouse_api::query;
use pilothouse_api::types::{API_VERSION, LogPage, LogQuery, Version};
use pilothouse_core::command::{Rejection, RejectionKind};
use pilothouse_core::id::{CommitId, InstanceId, ProjectName, RunId};
use pilothouse_core::time::Millis;
use serde::Serialize;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::actor::Actor;
use super::answer::{Answer, Refusal, broken, json, json_in, no_room, text_of};
use super::backend::View;
use super::connection::Shared;
use super::request::{Query, whole};
use super::route::Read;
use super::settings::ServeLimits;
use super::share::Share;
use super::snapshot::Snapshots;
use super::{OPENAPI, events};

/// Bytes that an answer may have before its length is known. A page of a log has fewer.
const ANSWER: usize = 1 << 20;
/// Time between two looks at a log that has not grown.
const STEP: Duration = Duration::from_millis(100);

/// What reading needs.
pub(super) struct Reader<'a, V> {
    pub(super) view: &'a Arc<V>,
    pub(super) shared: &'a Shared,
    pub(super) snapshots: &'a Snapshots,
    pub(super) limits: &'a ServeLimits,
    pub(super) stop: &'a CancellationToken,
}

impl<V: View> Reader<'_, V> {
    /// Answers a request to read.
    pub(super) async fn answer<B: Sync>(
        &self,
        route: Read,
        id: &str,
        actor: &Actor,
        request: &Request<B>,
    ) -> Answer {
        if matches!(route, Read::Version | Read::State | Read::OpenApi) {
            Query::of(request, &[])?;
        }
        match route {
            Read::Version => {
                json(&Version { api: API_VERSION, engine: env!("CARGO_PKG_VERSION").to_owned() })
            }
            Read::State => {
                self.in_time(Duration::ZERO, async {
                    let share = self.room(actor, self.snapshots.length()).await?;
                    let (publisher, now) = (self.view.publisher(), self.view.now());
                    self.snapshots.answer(publisher, actor, now, share).await
                })
                .await?
            }
            Read::Events => events::answer(
                request,
                self.view.publisher(),
                actor.door,
                self.limits.heartbeat,
                self.stop.clone(),
            ),
            Read::RunLog => self.run_log(id, actor, request).await,
            Read::InstanceLog => self.instance_log(id, actor, request).await,
            Read::Inspect => self.inspect(id, actor, request).await,
            Read::Verdict => self.verdict(id, actor, request).await,
            Read::Audit => self.audit(actor, request).await,
            Read::OpenApi => Ok(text_of(StatusCode::OK, Bytes::from_static(OPENAPI.as_bytes()))),
        }
    }

    async fn run_log<B>(&self, id: &str, actor: &Actor, request: &Request<B>) -> Answer {
        let query = Query::of(request, &["step", "after", "before", "tail", "wait_ms"])?;
        let Some(id) = whole(id).map(RunId) else {
            return Err(Refusal::invalid("a run's id must be a whole number"));
        };
        let step = query.number("step")?;
        let (query, wait) = self.log_query(&query)?;
        self.page(actor, wait, |view| {
            let query = query.clone();
            async move { view.run_log(id, step, query).await }
        })
        .await
    }

    async fn instance_log<B>(&self, id: &str, actor: &Actor, request: &Request<B>) -> Answer {
        let query = Query::of(request, &["after", "before", "tail", "wait_ms"])?;
        let Some(id) = query::decode(id).map(InstanceId) else {
            return Err(Refusal::invalid("the instance's id is not UTF-8"));
        };
        let (query, wait) = self.log_query(&query)?;
        self.page(actor, wait, |view| {
            let (id, query) = (id.clone(), query.clone());
            async move { view.instance_log(id, query).await }
        })
        .await
    }

    async fn inspect<B>(&self, id: &str, actor: &Actor, request: &Request<B>) -> Answer {
        Query::of(request, &[])?;
        let Some(id) = query::decode(id).map(InstanceId) else {
            return Err(Refusal::invalid("the instance's id is not UTF-8"));
        };
        let found = async { Ok(self.view.inspect(id).await?) };
        self.found(actor, found).await
    }

    async fn verdict<B>(&self, id: &str, actor: &Actor, request: &Request<B>) -> Answer {
        let query = Query::of(request, &["project"])?;
        let Some(commit) = query::decode(id) else {
            return Err(Refusal::invalid("the commit's id is not UTF-8"));
        };
        let Some(project) = query.text("project") else {
            let why = "a verdict is of a project's commit: add ?project= and the project's name";
            return Err(Refusal::invalid(why));
        };
        let (project, commit) = (ProjectName::new(project), CommitId::new(commit));
        let found = async { Ok(self.view.verdict(project, commit).await?) };
        self.found(actor, found).await
    }

    async fn audit<B>(&self, actor: &Actor, request: &Request<B>) -> Answer {
        let query = Query::of(request, &["last"])?;
        let last = query.number("last")?.unwrap_or(100).min(self.limits.audit);
        let view = Arc::clone(self.view);
        self.found(actor, self.read(actor, async move { view.audit(last).await })).await
    }

    /// Answers with a page of a log. Where it has no line yet, it is read again until one comes, as
    /// long as was asked to be waited: a wait holds no thread, no turn and no memory, and ends with
    /// its client.
    async fn page<P>(&self, actor: &Actor, wait: Duration, ask: impl Fn(Arc<V>) -> P) -> Answer
    where
        P: Future<Output = Result<LogPage, Rejection>> + Send + 'static,
    {
        let until = Instant::now() + wait;
        let waited = async {
            loop {
                let share = self.room(actor, ANSWER).await?;
                let page = self.read(actor, ask(Arc::clone(self.view))).await?;
                if !page.lines.is_empty() || !page.open || Instant::now() >= until {
                    return json_in(share, &page);
                }
                drop((share, page));
                sleep_until(until.min(Instant::now() + STEP)).await;
            }
        };
        self.in_time(wait, waited).await?
    }

    /// Answers with what is found.
    async fn found<T: Serialize>(
        &self,
        actor: &Actor,
        found: impl Future<Output = Result<T, Refusal>>,
    ) -> Answer {
        let answered = async {
            let share = self.room(actor, ANSWER).await?;
            json_in(share, &found.await?)
        };
        self.in_time(Duration::ZERO, answered).await?
    }

    /// Memory for an answer of an actor.
    async fn room(&self, actor: &Actor, bytes: usize) -> Result<Share, Refusal> {
        let bytes = u32::try_from(bytes.max(ANSWER)).unwrap_or(u32::MAX);
        let share = self.shared.answers.take(actor.uid, bytes);
        match timeout(self.limits.room_within, share).await {
            Ok(Ok(share)) => Ok(share),
            Ok(Err(_)) | Err(_) => Err(no_room()),
        }
    }

    /// Reads from the disk, in an actor's turn. What was begun goes on where the client leaves, and
    /// its thread with it: so the turn is over only then, and not with the client.
    async fn read<T: Send + 'static>(
        &self,
        actor: &Actor,
        reading: impl Future<Output = Result<T, Rejection>> + Send + 'static,
    ) -> Result<T, Refusal> {
        let broken = |error: &dyn std::fmt::Display| broken("a reading broke off", error);
        let turn = self.shared.reads.take(actor.uid, 1).await.map_err(|error| broken(&error))?;
        let reading = tokio::spawn(async move {
            let _turn = turn;
            reading.await
        });
        Ok(reading.await.map_err(|error| broken(&error))??)
    }

    fn log_query(&self, query: &Query) -> Result<(LogQuery, Duration), Refusal> {
        let tail = query.number("tail")?;
        // Who asks for no line wants the place of the next, and each that comes meanwhile is behind it.
        let wait = if tail == Some(0) { 0 } else { query.number("wait_ms")?.unwrap_or(0) };
        let wait = Duration::from_millis(wait).min(self.limits.wait_most);
        let asked = LogQuery {
            after: query.text("after").map(str::to_owned),
            before: query.text("before").map(str::to_owned),
            tail,
            // The waiting is done here.
            wait: Millis(0),
        };
        Ok((asked, wait))
    }

    /// Waits for an answer, as long as an answer may take and what was asked to be waited.
    async fn in_time<T>(
        &self,
        wait: Duration,
        answer: impl Future<Output = T>,
    ) -> Result<T, Refusal> {
        let most = self.limits.answer_within + wait;
        tokio::select! {
            biased;
            answer = answer => Ok(answer),
            () = tokio::time::sleep(most) => Err(late(most)),
            () = self.stop.cancelled() => Err(stopping()),
        }
    }
}

/// The answer did not come in time.
pub(super) fn late(most: Duration) -> Refusal {
    Refusal::new(
        StatusCode::GATEWAY_TIMEOUT,
        RejectionKind::Degraded,
        format!(
            "the engine found no answer within {most:?}; a command may have been accepted all the same: look at the state before giving it again"
        ),
    )
}

fn stopping() -> Refusal {
    Rejection::new(RejectionKind::Degraded, "the engine is stopping; ask again once it is back")
        .into()
}
