//! What the API needs of the engine: two ports, of which the watchers' door sees only the first.

use std::future::Future;

use pilothouse_api::inspection::Inspection;
use pilothouse_api::types::{AuditEntry, CommandAccepted, LogPage, LogQuery, Verdict};
use pilothouse_core::command::{Command, Rejection};
use pilothouse_core::id::{CommitId, InstanceId, ProjectName, RunId};
use pilothouse_core::time::Timestamp;

use super::Actor;
use crate::publish::Publisher;

/// What can be seen of the engine. Nothing here may change anything, and nothing waits for lines:
/// whoever answers on the sockets does.
pub trait View: Send + Sync + 'static {
    /// The newest state and what happens.
    fn publisher(&self) -> &Publisher;

    /// The engine's clock.
    fn now(&self) -> Timestamp;

    /// Reads a page of the log of a run, or of one of its steps. A page is bounded by the engine.
    fn run_log(
        &self,
        id: RunId,
        step: Option<u32>,
        query: LogQuery,
    ) -> impl Future<Output = Result<LogPage, Rejection>> + Send;

    /// Reads a page of the log of an instance. A page is bounded by the engine.
    fn instance_log(
        &self,
        id: InstanceId,
        query: LogQuery,
    ) -> impl Future<Output = Result<LogPage, Rejection>> + Send;

    /// Asks what the container engine or the system says of an instance. Of variables only the
    /// names are told.
    fn inspect(&self, id: InstanceId)
    -> impl Future<Output = Result<Inspection, Rejection>> + Send;

    /// Says what is thought of a commit before anything of it ran.
    fn verdict(
        &self,
        project: ProjectName,
        commit: CommitId,
    ) -> impl Future<Output = Result<Verdict, Rejection>> + Send;

    /// Reads the newest entries of the audit log, oldest first.
    fn audit(&self, last: u32) -> impl Future<Output = Result<Vec<AuditEntry>, Rejection>> + Send;
}

/// Takes commands.
pub trait Backend: View {
    /// Answers once the command's events are on disk. The caller may go away at any time: what was
    /// handed over is decided all the same.
    fn submit(
        &self,
        actor: Actor,
        command: Command,
    ) -> impl Future<Output = Result<CommandAccepted, Rejection>> + Send;
}
