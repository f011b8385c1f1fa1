//! Everything that can be read. It sees a [`View`] and so can change nothing.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use hyper::{Request, StatusCode};
use pilothouse_api::query;
use pilothouse_api::types::{API_VERSION, LogQuery, Version};
use pilothouse_core::command::{Rejection, RejectionKind};
use pilothouse_core::id::{CommitId, InstanceId, ProjectName, RunId};
use pilothouse_core::time::Millis;
use tokio_util::sync::CancellationToken;

use super::actor::Actor;
use super::answer::{Answer, Refusal, json, text_of};
use super::backend::View;
use super::request::{Query, whole};
use super::route::Read;
use super::settings::ServeLimits;
use super::snapshot::Snapshots;
use super::{OPENAPI, events};

/// What reading needs.
pub(super) struct Reader<'a, V> {
    pub(super) view: &'a V,
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
                let publisher = self.view.publisher();
                let aside = (publisher.degraded(), publisher.room());
                let answer =
                    self.snapshots.answer(publisher.state(), actor, self.view.now(), aside);
                self.in_time(Duration::ZERO, answer).await?
            }
            Read::Events => events::answer(
                request,
                self.view.publisher(),
                actor.door,
                self.limits.heartbeat,
                self.stop.clone(),
            ),
            Read::RunLog => self.run_log(id, request).await,
            Read::InstanceLog => self.instance_log(id, request).await,
            Read::Inspect => self.inspect(id, request).await,
            Read::Verdict => self.verdict(id, request).await,
            Read::Audit => self.audit(request).await,
            Read::OpenApi => Ok(text_of(StatusCode::OK, Bytes::from_static(OPENAPI.as_bytes()))),
        }
    }

    async fn run_log<B>(&self, id: &str, request: &Request<B>) -> Answer {
        let query = Query::of(request, &["step", "after", "before", "tail", "wait_ms"])?;
        let Some(id) = whole(id).map(RunId) else {
            return Err(Refusal::invalid("a run's id must be a whole number"));
        };
        let step = query.number("step")?;
        let (query, wait) = self.log_query(&query)?;
        let page = self.view.run_log(id, step, query);
        json(&self.in_time(wait, page).await??)
    }

    async fn instance_log<B>(&self, id: &str, request: &Request<B>) -> Answer {
        let query = Query::of(request, &["after", "before", "tail", "wait_ms"])?;
        let Some(id) = query::decode(id).map(InstanceId) else {
            return Err(Refusal::invalid("the instance's id is not UTF-8"));
        };
        let (query, wait) = self.log_query(&query)?;
        let page = self.view.instance_log(id, query);
        json(&self.in_time(wait, page).await??)
    }

    async fn inspect<B>(&self, id: &str, request: &Request<B>) -> Answer {
        Query::of(request, &[])?;
        let Some(id) = query::decode(id).map(InstanceId) else {
            return Err(Refusal::invalid("the instance's id is not UTF-8"));
        };
        let found = self.view.inspect(id);
        json(&self.in_time(Duration::ZERO, found).await??)
    }

    async fn verdict<B>(&self, id: &str, request: &Request<B>) -> Answer {
        let query = Query::of(request, &["project"])?;
        let Some(commit) = query::decode(id) else {
            return Err(Refusal::invalid("the commit's id is not UTF-8"));
        };
        let Some(project) = query.text("project") else {
            let why = "a verdict is of a project's commit: add ?project= and the project's name";
            return Err(Refusal::invalid(why));
        };
        let found = self.view.verdict(ProjectName::new(project), CommitId::new(commit));
        json(&self.in_time(Duration::ZERO, found).await??)
    }

    async fn audit<B>(&self, request: &Request<B>) -> Answer {
        let query = Query::of(request, &["last"])?;
        let last = query.number("last")?.unwrap_or(100).min(self.limits.audit);
        let entries = self.view.audit(last);
        json(&self.in_time(Duration::ZERO, entries).await??)
    }

    fn log_query(&self, query: &Query) -> Result<(LogQuery, Duration), Refusal> {
        let wait = query.number("wait_ms")?.unwrap_or(0);
        let wait = Duration::from_millis(wait).min(self.limits.wait_most);
        let asked = LogQuery {
            after: query.text("after").map(str::to_owned),
            before: query.text("before").map(str::to_owned),
            tail: query.number("tail")?,
            wait: Millis(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
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
