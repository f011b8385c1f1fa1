//! What the API sees of the engine and passes on to it.

use std::sync::Arc;

use pilothouse_api::inspection::Inspection;
use pilothouse_api::types::{AuditEntry, CommandAccepted, LogPage, LogQuery, Verdict};
use pilothouse_core::command::{Command, Rejection, RejectionKind};
use pilothouse_core::id::{CommitId, InstanceId, ProjectName, RunId};
use pilothouse_core::run::{Run, StepPhase};
use pilothouse_core::text::printable;
use pilothouse_core::time::Timestamp;
use tokio::sync::Semaphore;

use crate::audit;
use crate::driver::Drivers;
use crate::kernel::Handle;
use crate::logs::{Part, page};
use crate::places::{Places, unit_of};
use crate::publish::Publisher;
use crate::server::{Actor, Backend, View};

/// Close looks at instances, and at commits, that go on at once: each costs a pass over the system, a question to the
/// container engine or the reading of a file, and watchers may ask for them too.
pub(super) const LOOKS: usize = 2;
/// Cells of a line of a verdict.
const VERDICT_LINE: usize = 400;

/// The engine, as the API sees it.
pub(super) struct Engine {
    pub(super) drivers: Arc<Drivers>,
    pub(super) looks: Arc<Semaphore>,
    pub(super) handle: Handle,
    pub(super) publisher: Publisher,
    pub(super) places: Places,
}

impl Engine {
    /// Looks closely, in a turn that is over when the look is: a client that leaves does not end
    /// the thread that was begun for it.
    async fn look<T: Send + 'static>(
        &self,
        look: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Rejection> {
        let place = Arc::clone(&self.looks).acquire_owned().await;
        let place = place.map_err(|error| unread(&error))?;
        let looking = tokio::spawn(async move {
            let _place = place;
            look.await
        });
        looking.await.map_err(|error| unread(&error))
    }
}

impl View for Engine {
    fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    fn now(&self) -> Timestamp {
        self.handle.clock().now()
    }

    async fn run_log(
        &self,
        id: RunId,
        step: Option<u32>,
        query: LogQuery,
    ) -> Result<LogPage, Rejection> {
        let state = self.publisher.state();
        let run = state.runs.get(&id).ok_or_else(|| {
            Rejection::new(RejectionKind::NotFound, format!("there is no run {id}"))
        })?;
        let has = |index: u32| run.steps.get(index as usize).is_some();
        // Until its file is read, a run does not know its steps.
        let knows = run.is_ended() || !run.steps.is_empty();
        if let Some(wanted) = step.filter(|wanted| knows && !has(*wanted)) {
            let why =
                format!("run {id} has {} steps, from 0, and no step {wanted}", run.steps.len());
            return Err(Rejection::new(RejectionKind::NotFound, why));
        }
        let parts = run
            .steps
            .iter()
            .zip(0u32..)
            .filter(|(_, index)| step.is_none_or(|wanted| wanted == *index))
            .filter(|(state, _)| !matches!(state.phase, StepPhase::Skipped))
            .map(|(state, index)| Part {
                step: index,
                dir: self.places.step(id, index),
                open: matches!(state.phase, StepPhase::Running { .. })
                    || (matches!(state.phase, StepPhase::Waiting) && !run.is_ended()),
            })
            .collect();
        read(parts, query).await
    }

    async fn instance_log(&self, id: InstanceId, query: LogQuery) -> Result<LogPage, Rejection> {
        let dir = unit_of(&self.places.instance(&id));
        let known = self.publisher.state().instances.contains_key(&id);
        // The name comes from a client: only one that is known, or one whose form cannot leave
        // the directory of instances, is looked for.
        let harmless =
            id.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
                && !id.as_str().starts_with('.');
        let is_there = known || (harmless && dir.is_dir());
        if !is_there {
            let why = format!("there is no instance {}", printable(id.as_str(), 80));
            return Err(Rejection::new(RejectionKind::NotFound, why));
        }
        read(vec![Part { step: 0, dir, open: known }], query).await
    }

    async fn inspect(&self, id: InstanceId) -> Result<Inspection, Rejection> {
        // Only what the state knows is looked for: the name comes from a client.
        let state = self.publisher.state();
        let name = printable(id.as_str(), 80);
        let gone =
            || Rejection::new(RejectionKind::NotFound, format!("nothing runs of {name} now"));
        let instance = state.instances.get(&id).ok_or_else(gone)?;
        let (drivers, of) = (Arc::clone(&self.drivers), id.clone());
        let looked = self.look(async move { drivers.local().inspect(&of).await }).await?;
        let mut found = looked.map_err(|fault| unread(&fault.why))?.ok_or_else(gone)?;
        if let Inspection::Process(facts) = &mut found {
            // Secrets come through a pipe, so that the unit's own file does not name them.
            let environment = state.environments.get(&instance.environment);
            let secrets = environment.into_iter().flat_map(|one| one.spec.secrets.keys());
            facts.env.extend(secrets.map(|name| printable(name, 80)));
            facts.env.sort();
            facts.env.dedup();
        }
        Ok(found)
    }

    async fn verdict(&self, project: ProjectName, commit: CommitId) -> Result<Verdict, Rejection> {
        let state = self.publisher.state();
        let branches =
            state.projects.get(&project).into_iter().flat_map(|one| one.branches.values());
        let mut heads = branches.map(|branch| &branch.head.id);
        let of_run = |run: &Run| run.project == project && run.commit == commit;
        if !heads.any(|head| *head == commit) && !state.runs.values().any(of_run) {
            let (name, commit) = (printable(project.as_str(), 80), printable(commit.as_str(), 80));
            let why = format!("{name} has no branch at {commit} now");
            return Err(Rejection::new(RejectionKind::NotFound, why));
        }
        let drivers = Arc::clone(&self.drivers);
        let said = self.look(async move { drivers.git().verdict(&project, &commit).await }).await?;
        let said = said.map_err(|fault| unread(&fault.why))?.unwrap_or_default();
        Ok(Verdict { lines: said.lines().map(|line| printable(line, VERDICT_LINE)).collect() })
    }

    async fn audit(&self, last: u32) -> Result<Vec<AuditEntry>, Rejection> {
        let dir = self.places.audit();
        let read = tokio::task::spawn_blocking(move || audit::newest(&dir, last as usize)).await;
        let newest = match read {
            Ok(Ok(newest)) => newest,
            Ok(Err(error)) => return Err(unread(&error)),
            Err(error) => return Err(unread(&error)),
        };
        Ok(newest.entries.into_iter().map(entry).collect())
    }
}

impl Backend for Engine {
    async fn submit(&self, actor: Actor, command: Command) -> Result<CommandAccepted, Rejection> {
        let (reply, seq) = self.handle.submit(&actor.name, command).await?;
        Ok(CommandAccepted { reply, seq })
    }
}

fn entry(entry: audit::Entry) -> AuditEntry {
    let at = entry.at.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond);
    let refused = entry.result.strip_prefix("refused: ").map(str::to_owned);
    AuditEntry {
        at: Timestamp(u64::try_from(at).unwrap_or(0)),
        actor: entry.actor,
        what: entry.command,
        refused,
    }
}

async fn read(parts: Vec<Part>, query: LogQuery) -> Result<LogPage, Rejection> {
    match tokio::task::spawn_blocking(move || page(&parts, &query)).await {
        Ok(page) => page,
        Err(error) => Err(unread(&error)),
    }
}

fn unread(why: &impl std::fmt::Display) -> Rejection {
    Rejection::new(RejectionKind::Invalid, format!("cannot be read: {why}"))
}
