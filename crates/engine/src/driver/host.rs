//! Runs steps on this machine, each under a supervisor of its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pilothouse_core::effect::{Fault, Outcome, StepOrder};
use pilothouse_core::id::{EnvironmentName, RunId};
use pilothouse_core::pipeline::{StepRun, script_argv};
use pilothouse_core::run::StepExit;
use pilothouse_core::text::shell_word;
use pilothouse_supervisor::{
    Binary, ExitRecord, Handle, Kind, Liveness, Outcome as UnitOutcome, Secrets, Spec, StartError,
    Stop, cancel, find, spawn, wake, write_regular,
};

use super::docker::{Docker, OWNER_GRACE};
use super::unit::{
    MOMENT, SUPERVISE, clean_up, held, leave_no_supervisor, look, over, over_within,
};
use super::{Surroundings, blocking, cancelled};
use crate::executor::{Attention, Ended};
use crate::left::ENGINE_VARIABLE;
use crate::places::Places;
use crate::remove;

/// The most output of one step that is kept, in bytes.
const OUTPUT: u64 = 512 << 20;
/// How long a step that is ended has between `TERM` and `KILL`.
const GRACE_MS: u64 = 5000;
/// How long a supervisor may take beyond what it was told, before the step is ended in its stead:
/// it kills what does not go for 10 s, and then gives up.
const SLACK: Duration = Duration::from_secs(12);
/// How long after its timeout a step whose supervisor says nothing is looked after.
const OVERDUE: Duration = Duration::from_secs(2);
/// How long ending a step may take before that is done in its supervisor's stead.
const END_LIMIT: Duration = Duration::from_millis(GRACE_MS).saturating_add(SLACK);

/// Runs steps on this machine.
pub struct Host {
    places: Places,
    supervisor: Binary,
    docker: Arc<Docker>,
}

impl Host {
    pub(super) fn new(surroundings: &Surroundings, docker: Arc<Docker>) -> Self {
        let places = surroundings.places.clone();
        Self { places, supervisor: supervisor(surroundings), docker }
    }

    pub(super) async fn run_step(&self, order: StepOrder, attention: &Attention) -> Ended {
        let (run, index) = (order.run, order.index);
        let dir = self.places.step(run, index);
        let timeout = order.step.timeout.duration();
        let is_contained = order.step.container.is_some();
        let is_told = is_contained || matches!(order.step.run, StepRun::Image(_));
        let mut ending = match self.find_or_start(&dir, order).await? {
            Found::Running(handle) => {
                tokio::select! {
                    () = attention.cancelled.cancelled() => return cancelled(),
                    ended = in_time(&handle, timeout) => ended?,
                }
                after(&dir)?
            }
            Found::Over(ending) => ending,
        };
        if is_contained {
            self.leave_no_container(run, index).await;
        }
        if is_told && let Some(exit) = self.docker.exit_of(run, index)? {
            // What was ended or passed after all is not told as what failed before that.
            let has_status = matches!(ending.exit, StepExit::Code(code) if code != 0);
            if has_status || !matches!(exit, StepExit::Failed(_)) {
                ending.exit = exit;
            }
        }
        let Ending { exit, log_error } = ending;
        Ok(Outcome::StepEnded { exit, log_error })
    }

    /// Whoever owned the step's container may have died before it: then the container goes now.
    /// Where the engine of containers does not answer, it goes when everything is tidied up.
    async fn leave_no_container(&self, run: RunId, step: u32) {
        if let Err(fault) = self.docker.remove_step(run, step).await {
            tracing::warn!(run = run.0, step, why = %fault.why, "a step's container could not be removed");
        }
    }

    /// A step that was ever started is found again and never started a second time.
    async fn find_or_start(&self, dir: &Path, order: StepOrder) -> Result<Found, Fault> {
        for _ in 0..100 {
            match look(dir)? {
                Liveness::Alive(handle, _) => return Ok(Found::Running(handle)),
                Liveness::Starting => tokio::time::sleep(MOMENT).await,
                Liveness::NeverStarted => {
                    let is_ours = matches!(order.step.run, StepRun::Image(_));
                    if !order.trusted && order.step.container.is_none() && !is_ours {
                        return Err(Fault::permanent(untrusted(&order)));
                    }
                    let spec = self.spec(&order)?;
                    let binary = self.supervisor.clone();
                    let dir = dir.to_owned();
                    return blocking("starting the step", move || start(&binary, &dir, &spec))
                        .await;
                }
                Liveness::Exited(_) | Liveness::Interrupted | Liveness::OtherBoot => {
                    return Ok(Found::Over(after(dir)?));
                }
            }
        }
        Err(Fault::transient(format!("the supervisor in {} says nothing", dir.display())))
    }

    fn spec(&self, order: &StepOrder) -> Result<Spec, Fault> {
        let workspace = self.places.workspace(order.run);
        let mut own = BTreeMap::from([
            ("CI".to_owned(), "true".to_owned()),
            ("WORKSPACE".to_owned(), workspace.display().to_string()),
        ]);
        if order.step.container.is_none() {
            own.extend(self.cache_env(order));
        }
        own.extend(order.env.clone());
        own.extend(order.step.env.clone());
        let script = match &order.step.run {
            StepRun::Script(script) => {
                let path = self.places.script(order.run, order.index);
                write_script(&path, script)?;
                Some(path)
            }
            StepRun::Argv(_) | StepRun::Image(_) => None,
        };
        let mut env = base_env();
        let argv = match (&order.step.run, &order.step.container) {
            (StepRun::Image(build), _) => {
                env.extend(engine_env());
                self.docker.build(order, build)?
            }
            (StepRun::Script(_) | StepRun::Argv(_), Some(container)) => {
                env.extend(engine_env());
                self.docker.step(order, container, script.as_deref(), own.clone(), GRACE_MS)?
            }
            (StepRun::Argv(argv), None) => argv.clone(),
            (StepRun::Script(text), None) => {
                let path = script.map(|path| path.display().to_string()).unwrap_or_default();
                script_argv(text, &path)
            }
        };
        let is_image = matches!(order.step.run, StepRun::Image(_));
        let grace_ms = if order.step.container.is_some() {
            GRACE_MS + millis(OWNER_GRACE)
        } else {
            env.extend(own);
            GRACE_MS
        };
        Ok(Spec {
            id: format!("step/{}/{}", order.run.0, order.index),
            kind: Kind::Step {
                deadline_ms: Some(order.step.timeout.0),
                output_limit_bytes: OUTPUT,
            },
            argv,
            dir: workspace,
            env,
            stop: Stop { signal: 15, grace_ms },
            umask: 0o022,
            max_open_files: None,
            is_owner: order.step.container.is_some() || is_image,
        })
    }

    /// Where programs that know these variables keep what they downloaded: a directory for each
    /// environment, so that what a preview's build left is nothing that production's build reads.
    fn cache_env(&self, order: &StepOrder) -> [(String, String); 2] {
        let environment = order.environment.as_ref().map(EnvironmentName::as_str);
        let dir = self.places.caches(&order.project, environment);
        let within = |name: &str| dir.join(name).display().to_string();
        [
            ("XDG_CACHE_HOME".to_owned(), within("xdg")),
            ("npm_config_cache".to_owned(), within("npm")),
        ]
    }

    pub(super) async fn end_step(&self, run: RunId, step: u32) -> Ended {
        let dir = self.places.step(run, step);
        let ended = self.end(&dir).await;
        // A step may have taken away what its supervisor is found by; then its arguments tell.
        leave_no_supervisor(&dir).await?;
        match (ended, find(&dir)) {
            // Where its files cannot be read at all, nothing of it runs by now.
            (Ok(()), _) | (Err(_), Err(_)) => {}
            (Err(fault), Ok(_)) => return Err(fault),
        }
        if self.places.container(run, step).exists() {
            self.leave_no_container(run, step).await;
        }
        Ok(Outcome::Done)
    }
}

impl Host {
    async fn end(&self, dir: &Path) -> Result<(), Fault> {
        match look(dir)? {
            Liveness::Alive(handle, _) => {
                cancel(&handle).map_err(|error| Fault::transient(error.to_string()))?;
                over_within(&handle, END_LIMIT, UnitOutcome::Cancelled).await?;
                after(dir)?;
            }
            // It may be for long, where its step put something in the place of its status.
            Liveness::Starting => {
                if let Some(handle) = held(dir)? {
                    cancel(&handle).map_err(|error| Fault::transient(error.to_string()))?;
                    over_within(&handle, END_LIMIT, UnitOutcome::Cancelled).await?;
                }
                after(dir)?;
            }
            Liveness::Interrupted | Liveness::OtherBoot => clean_up(dir)?,
            Liveness::Exited(_) | Liveness::NeverStarted => {}
        }
        Ok(())
    }
}

/// Waits for the step's end, which comes soon after its timeout whatever the step does to its
/// supervisor. Counted from now, because a clock that was set or slept would end it too early.
async fn in_time(handle: &Handle, timeout: Duration) -> Result<(), Fault> {
    let limit = timeout.saturating_add(OVERDUE);
    if let Ok(ended) = tokio::time::timeout(limit, over(handle)).await {
        return ended;
    }
    tracing::warn!(dir = %handle.dir.display(), "a supervisor is overdue; it is let go on");
    wake(handle).map_err(|error| Fault::transient(error.to_string()))?;
    over_within(handle, END_LIMIT, UnitOutcome::TimedOut).await
}

fn untrusted(order: &StepOrder) -> String {
    let branch = order.env.get("PILOTHOUSE_BRANCH").map_or("BRANCH", String::as_str);
    format!(
        "steps run as the engine's own user, and this project is not trusted with that: set \
         `trusted = true` in the project's file and apply it, if whoever can push to the \
         repository may run programs as you; then run the branch again with `pilothouse run {}`",
        shell_word(&format!("{}:{branch}", order.project))
    )
}

enum Found {
    Running(Handle),
    Over(Ending),
}

/// How a step ended, and why its log is incomplete where it could not be written.
struct Ending {
    exit: StepExit,
    log_error: Option<String>,
}

impl Ending {
    fn of(exit: StepExit) -> Self {
        Self { exit, log_error: None }
    }
}

/// How the engine's binary is told to supervise.
pub(super) fn supervisor(surroundings: &Surroundings) -> Binary {
    let whose = (ENGINE_VARIABLE.into(), surroundings.engine_id.clone().into());
    Binary {
        path: surroundings.binary.clone(),
        verb: vec![SUPERVISE.into()],
        environment: vec![whose],
    }
}

/// The variables that every process of ours gets; all others of the engine stay its own.
pub(super) fn base_env() -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    for name in ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER"] {
        if let Ok(value) = std::env::var(name) {
            env.insert(name.to_owned(), value);
        }
    }
    env.entry("PATH".to_owned()).or_insert_with(|| "/usr/local/bin:/usr/bin:/bin".to_owned());
    env
}

/// The variables that say where the engine of containers is, for whoever owns one.
pub(super) fn engine_env() -> Option<(String, String)> {
    let host = std::env::var("DOCKER_HOST").ok()?;
    Some(("DOCKER_HOST".to_owned(), host))
}

pub(super) fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

fn write_script(path: &Path, script: &str) -> Result<(), Fault> {
    let failed = |error: std::io::Error| {
        Fault::transient(format!("cannot write the step's script {}: {error}", path.display()))
    };
    path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(failed)?;
    write_regular(path, script.as_bytes()).map_err(failed)
}

fn start(binary: &Binary, dir: &Path, spec: &Spec) -> Result<Found, Fault> {
    // A directory without a supervisor's trace is what an engine left that died while it made it.
    remove::tree(dir)
        .map_err(|error| Fault::transient(format!("cannot clear {}: {error}", dir.display())))?;
    dir.parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .map_err(|error| Fault::transient(format!("cannot make {}: {error}", dir.display())))?;
    match spawn(binary, dir, spec, &Secrets::default()) {
        Ok(handle) => Ok(Found::Running(handle)),
        Err(StartError::LaunchFailed(why)) => {
            Ok(Found::Over(Ending::of(StepExit::NotStarted(why.message))))
        }
        Err(error) => Err(Fault::transient(error.to_string())),
    }
}

/// How a step that is not running any more ended.
fn after(dir: &Path) -> Result<Ending, Fault> {
    match look(dir)? {
        Liveness::Exited(record) => {
            if let Some(why) = &record.log_error {
                tracing::warn!(dir = %dir.display(), %why, "a step's log could not be written");
            }
            Ok(Ending { exit: exit(&record), log_error: record.log_error })
        }
        Liveness::Interrupted | Liveness::OtherBoot => {
            clean_up(dir)?;
            Ok(Ending::of(StepExit::Interrupted))
        }
        Liveness::Alive(..) | Liveness::Starting | Liveness::NeverStarted => {
            Err(Fault::transient("the step's supervisor is neither alive nor over"))
        }
    }
}

fn exit(record: &ExitRecord) -> StepExit {
    use pilothouse_supervisor::Outcome as Ended;
    match &record.outcome {
        Ended::Exited { code } => StepExit::Code(*code),
        Ended::Signaled { signal } => StepExit::Signal(*signal),
        Ended::TimedOut => StepExit::TimedOut,
        Ended::Cancelled | Ended::Stopped => StepExit::Cancelled,
        Ended::LaunchFailed { why } => StepExit::NotStarted(why.message.clone()),
    }
}
