//! Talks to the engine beside the loop: commands, and the log that is read.
//!
//! Every task belongs to the set here and ends with it. It decides nothing: what comes is
//! handed on as messages.

mod log;

use pilothouse_api::client::{Client, ClientError};
use pilothouse_cockpit::Msg;
use pilothouse_cockpit::model::LogSource;
use pilothouse_cockpit::msg::{LogAt, LogSearch};
use pilothouse_core::command::{Command, Rejection, RejectionKind};
use pilothouse_core::id::{CommitId, InstanceId, ProjectName, RunId};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{AbortHandle, JoinSet};

/// Commands that may be under way at once.
const MOST: usize = 32;
/// Messages that wait for the loop at most; then the tasks wait.
const NEWS: usize = 16;

/// What is under way between the cockpit and the engine.
pub(super) struct Tasks {
    client: Client,
    set: JoinSet<()>,
    log: Option<AbortHandle>,
    page: Option<AbortHandle>,
    search: Option<AbortHandle>,
    last_lines: Option<AbortHandle>,
    look: Option<AbortHandle>,
    judged: Option<AbortHandle>,
    sender: Sender<Msg>,
    news: Receiver<Msg>,
}

impl Tasks {
    /// Begins with nothing under way.
    pub(super) fn new(client: Client) -> Self {
        let (sender, news) = channel(NEWS);
        Self {
            client,
            set: JoinSet::new(),
            log: None,
            page: None,
            search: None,
            last_lines: None,
            look: None,
            judged: None,
            sender,
            news,
        }
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

    /// Has an instance looked at closely, instead of the one that was asked for before.
    pub(super) fn inspect(&mut self, id: InstanceId) {
        end(&mut self.look);
        let (client, sender) = (self.client.clone(), self.sender.clone());
        self.look = Some(self.set.spawn(async move {
            let found = client.inspect(&id).await.map_err(|error| error.to_string());
            // The loop is gone only when the program is about to end.
            let _ = sender.send(Msg::Inspected { id, found: Box::new(found) }).await;
        }));
    }

    /// Asks what is said of a commit, instead of the one that was asked for before.
    pub(super) fn judge(&mut self, project: ProjectName, commit: CommitId) {
        end(&mut self.judged);
        let (client, sender) = (self.client.clone(), self.sender.clone());
        self.judged = Some(self.set.spawn(async move {
            let found = client.verdict(&project, &commit).await.map_err(|error| error.to_string());
            // The loop is gone only when the program is about to end.
            let _ = sender.send(Msg::Judged { project, commit, found }).await;
        }));
    }

    /// Follows a log, instead of the one that is followed. Where it goes on after what was read of
    /// it, a search in it goes on as well.
    pub(super) fn open_log(&mut self, source: LogSource, step: Option<u32>, after: Option<String>) {
        if after.is_some() {
            self.hold_log();
            end(&mut self.page);
        } else {
            self.close_log();
        }
        let (client, sender) = (self.client.clone(), self.sender.clone());
        self.log = Some(self.set.spawn(log::follow(client, sender, source, step, after)));
    }

    /// Reads one page of a log, instead of one that was asked for before.
    pub(super) fn read_log(&mut self, source: LogSource, step: Option<u32>, at: LogAt) {
        end(&mut self.page);
        let (client, sender) = (self.client.clone(), self.sender.clone());
        self.page = Some(self.set.spawn(log::read(client, sender, source, step, at)));
    }

    /// Reads a step's last lines, instead of those that were asked for before.
    pub(super) fn read_last_lines(&mut self, run: RunId, step: u32) {
        end(&mut self.last_lines);
        let (client, sender) = (self.client.clone(), self.sender.clone());
        self.last_lines = Some(self.set.spawn(log::last_lines(client, sender, run, step)));
    }

    /// Searches a log, instead of what was searched before.
    pub(super) fn search_log(&mut self, source: LogSource, step: Option<u32>, search: LogSearch) {
        end(&mut self.search);
        let (client, sender) = (self.client.clone(), self.sender.clone());
        self.search = Some(self.set.spawn(log::search(client, sender, source, step, search)));
    }

    /// Stops searching.
    pub(super) fn stop_search(&mut self) {
        end(&mut self.search);
    }

    /// Stops following the log's end.
    pub(super) fn hold_log(&mut self) {
        end(&mut self.log);
    }

    /// Stops all work on the log.
    pub(super) fn close_log(&mut self) {
        for work in [&mut self.log, &mut self.page, &mut self.search] {
            end(work);
        }
        while self.set.try_join_next().is_some() {}
    }
}

fn end(work: &mut Option<AbortHandle>) {
    if let Some(work) = work.take() {
        work.abort();
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
