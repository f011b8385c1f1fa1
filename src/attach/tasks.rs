//! Talks to the engine beside the loop: commands, and the log that is read.
//!
//! Every task belongs to the set here and ends with it. It decides nothing: what comes is
//! handed on as messages.

use std::time::Duration;

use pilothouse_api::client::{Client, ClientError};
use pilothouse_api::types::LogQuery;
use pilothouse_cockpit::Msg;
use pilothouse_cockpit::model::LogSource;
use pilothouse_cockpit::msg::LogNews;
use pilothouse_core::command::{Command, Rejection, RejectionKind};
use pilothouse_core::time::Millis;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{AbortHandle, JoinSet};

/// Commands that may be under way at once.
const MOST: usize = 32;
/// Messages that wait for the loop at most; then the tasks wait.
const NEWS: usize = 16;
/// How many of a log's newest lines are fetched when it is opened.
const TAIL: u64 = 10_000;
/// How long the engine may wait for a log's next line.
const WAIT: Millis = Millis::seconds(25);
/// How long lines of a log gather before they are fetched together.
const BETWEEN: Duration = Duration::from_millis(50);
/// The first and the longest wait before a log is asked for again after a failure.
const RETRY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// What is under way between the cockpit and the engine.
pub(super) struct Tasks {
    client: Client,
    set: JoinSet<()>,
    log: Option<AbortHandle>,
    sender: Sender<Msg>,
    news: Receiver<Msg>,
}

impl Tasks {
    /// Begins with nothing under way.
    pub(super) fn new(client: Client) -> Self {
        let (sender, news) = channel(NEWS);
        Self { client, set: JoinSet::new(), log: None, sender, news }
    }

    /// Waits for what a task tells. May be dropped while it waits without losing anything.
    pub(super) async fn next(&mut self) -> Option<Msg> {
        self.news.recv().await
    }

    /// Takes what a task told already.
    pub(super) fn try_next(&mut self) -> Option<Msg> {
        self.news.try_recv().ok()
    }

    /// Sends a command; what is said to it comes under its number.
    pub(super) fn submit(&mut self, id: u64, command: Command) {
        while self.set.try_join_next().is_some() {}
        let (client, sender) = (self.client.clone(), self.sender.clone());
        let is_full = self.set.len() > MOST;
        self.set.spawn(async move {
            let msg = if is_full {
                let why = "too many commands wait for an answer; wait for one";
                Msg::CommandAnswered { id, answer: Err(Rejection::new(RejectionKind::Full, why)) }
            } else {
                answer(id, client.submit(command).await)
            };
            // The loop is gone only when the program is about to end.
            let _ = sender.send(msg).await;
        });
    }

    /// Follows a log, instead of the one that is followed.
    pub(super) fn open_log(&mut self, source: LogSource, step: Option<u32>, after: Option<String>) {
        self.close_log();
        while self.set.try_join_next().is_some() {}
        let (client, sender) = (self.client.clone(), self.sender.clone());
        self.log = Some(self.set.spawn(follow_log(client, sender, source, step, after)));
    }

    /// Stops following the log.
    pub(super) fn close_log(&mut self) {
        if let Some(log) = self.log.take() {
            log.abort();
        }
    }
}

fn answer(id: u64, result: Result<pilothouse_api::types::CommandAccepted, ClientError>) -> Msg {
    let answer = match result {
        Ok(accepted) => Ok(accepted),
        Err(ClientError::Rejected(rejection)) => Err(rejection),
        Err(error) if error.is_outcome_unknown() => {
            return Msg::CommandLost { id, why: error.to_string() };
        }
        Err(error) => Err(Rejection::new(RejectionKind::Degraded, error.to_string())),
    };
    Msg::CommandAnswered { id, answer }
}

async fn follow_log(
    client: Client,
    sender: Sender<Msg>,
    source: LogSource,
    step: Option<u32>,
    after: Option<String>,
) {
    let mut query = LogQuery { tail: after.is_none().then_some(TAIL), after, wait: Millis(0) };
    let mut retry = RETRY.0;
    let mut was_quiet = false;
    loop {
        let page = match &source {
            LogSource::Run(id) => client.run_log(*id, step, &query).await,
            LogSource::Instance(id) => client.instance_log(id, &query).await,
        };
        let (goes_on, is_quiet, pause) = match &page {
            Ok(page) => {
                retry = RETRY.0;
                query = LogQuery { after: Some(page.next.clone()), tail: None, wait: WAIT };
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
            let news =
                LogNews { source: source.clone(), page: page.map_err(|error| error.to_string()) };
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
