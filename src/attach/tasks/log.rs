//! Fetches the pages of a log that is read: its end as it grows, a page that is gone to, and all
//! of them in a row while something is searched.
//!
//! It holds one page at a time, whatever the log's length.

use std::time::Duration;

use pilothouse_api::client::{Client, ClientError};
use pilothouse_api::types::{LogPage, LogQuery};
use pilothouse_cockpit::Msg;
use pilothouse_cockpit::model::{LogSource, log_holds};
use pilothouse_cockpit::msg::{LogAt, LogNews, LogSearch, LogWhat};
use pilothouse_core::id::RunId;
use pilothouse_core::time::Millis;
use tokio::sync::mpsc::Sender;

/// How many of a log's newest lines are fetched when it is opened.
const TAIL: u64 = 10_000;
/// How many of the newest lines come where so many were written that a follower passes over some.
const NEAR: u64 = 2_000;
/// How many lines of a failed step are shown beside its run.
const LAST: u64 = 10;
/// How long the engine may wait for a log's next line.
const WAIT: Millis = Millis::seconds(25);
/// How long lines of a log gather before they are fetched together.
const BETWEEN: Duration = Duration::from_millis(50);
/// The first and the longest wait before a log is asked for again after a failure.
const RETRY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

async fn page(
    client: &Client,
    source: &LogSource,
    step: Option<u32>,
    query: &LogQuery,
) -> Result<LogPage, ClientError> {
    match source {
        LogSource::Run(id) => client.run_log(*id, step, query).await,
        LogSource::Instance(id) => client.instance_log(id, query).await,
    }
}

/// Follows a log from a place on, or from its newest lines.
pub(super) async fn follow(
    client: Client,
    sender: Sender<Msg>,
    source: LogSource,
    step: Option<u32>,
    after: Option<String>,
) {
    let tail = Some(if after.is_none() { TAIL } else { NEAR });
    let mut query = LogQuery { tail, after, ..LogQuery::default() };
    let mut retry = RETRY.0;
    let mut was_quiet = false;
    loop {
        let page = page(&client, &source, step, &query).await;
        let (goes_on, is_quiet, pause) = match &page {
            Ok(page) => {
                retry = RETRY.0;
                let after = Some(page.next.clone());
                query = LogQuery { after, tail: Some(NEAR), wait: WAIT, ..LogQuery::default() };
                let pause = if page.lines.is_empty() { Duration::ZERO } else { BETWEEN };
                (page.open, page.open && page.lines.is_empty(), pause)
            }
            Err(
                ClientError::Rejected(_)
                | ClientError::Version { .. }
                | ClientError::NotPermitted { .. },
            ) => (false, false, Duration::ZERO),
            Err(
                ClientError::EngineUnreachable { .. }
                | ClientError::Protocol { .. }
                | ClientError::Timeout { .. },
            ) => {
                let pause = retry;
                retry = (retry * 2).min(RETRY.1);
                (true, false, pause)
            }
        };
        // A silent log wakes nobody.
        if !(is_quiet && was_quiet) {
            let page = page.map_err(|error| error.to_string());
            let news = LogNews { source: source.clone(), what: LogWhat::Followed, page };
            if sender.send(Msg::Log(news)).await.is_err() {
                return;
            }
        }
        if !goes_on {
            return;
        }
        was_quiet = is_quiet;
        tokio::time::sleep(pause).await;
    }
}

/// Reads one page.
pub(super) async fn read(
    client: Client,
    sender: Sender<Msg>,
    source: LogSource,
    step: Option<u32>,
    at: LogAt,
) {
    let (step, query) = match &at {
        LogAt::Start => (step, LogQuery::default()),
        LogAt::End => (step, LogQuery { tail: Some(TAIL), ..LogQuery::default() }),
        LogAt::Step(step) => (Some(*step), LogQuery::default()),
        LogAt::Before(place) => {
            (step, LogQuery { before: Some(place.clone()), ..LogQuery::default() })
        }
        LogAt::After(place) => {
            (step, LogQuery { after: Some(place.clone()), ..LogQuery::default() })
        }
    };
    let page = page(&client, &source, step, &query).await.map_err(|error| error.to_string());
    // The loop is gone only when the program is about to end.
    let _ = sender.send(Msg::Log(LogNews { source, what: LogWhat::Read(at), page })).await;
}

/// Reads the last lines of a step.
pub(super) async fn last_lines(client: Client, sender: Sender<Msg>, run: RunId, step: u32) {
    let query = LogQuery { tail: Some(LAST), ..LogQuery::default() };
    let page = client.run_log(run, Some(step), &query).await.ok();
    // The loop is gone only when the program is about to end.
    let _ = sender.send(Msg::LastLines { run, step, page }).await;
}

/// Looks for a text, from a place to the log's end and then from its other end.
pub(super) async fn search(
    client: Client,
    sender: Sender<Msg>,
    source: LogSource,
    step: Option<u32>,
    search: LogSearch,
) {
    let other_end = if search.forwards { LogQuery::default() } else { newest() };
    let mut lines = 0;
    for first in [going(&search, search.from.clone()), other_end] {
        let mut query = first;
        loop {
            let page = match page(&client, &source, step, &query).await {
                Ok(page) => page,
                Err(error) => {
                    let (what, page) = (LogWhat::Found(0), Err(error.to_string()));
                    let _ = sender.send(Msg::Log(LogNews { source, what, page })).await;
                    return;
                }
            };
            if let Some(line) = hit(&page, &search) {
                let (what, page) = (LogWhat::Found(line), Ok(page));
                let _ = sender.send(Msg::Log(LogNews { source, what, page })).await;
                return;
            }
            lines += page.lines.len() as u64;
            let goes_on = if search.forwards {
                page.open && !page.lines.is_empty()
            } else {
                page.older && !page.lines.is_empty()
            };
            if !goes_on {
                break;
            }
            let msg = Msg::LogSought { source: source.clone(), lines, is_over: false };
            if sender.send(msg).await.is_err() {
                return;
            }
            query = going(&search, if search.forwards { page.next } else { page.first });
        }
    }
    let _ = sender.send(Msg::LogSought { source, lines, is_over: true }).await;
}

fn newest() -> LogQuery {
    LogQuery { tail: Some(TAIL), ..LogQuery::default() }
}

fn going(search: &LogSearch, place: String) -> LogQuery {
    if search.forwards {
        LogQuery { after: Some(place), ..LogQuery::default() }
    } else {
        LogQuery { before: Some(place), ..LogQuery::default() }
    }
}

fn hit(page: &LogPage, search: &LogSearch) -> Option<usize> {
    let mut lines = page.lines.iter();
    let fits = |line: &pilothouse_api::types::LogLine| log_holds(&line.text, &search.text);
    if search.forwards { lines.position(fits) } else { lines.rposition(fits) }
}
