//! The one word, and the one glyph, that each state has everywhere.

use pilothouse_core::deployment::{
    Deployment, DeploymentResult, EnvironmentKey, Phase, RollbackStep,
};
use pilothouse_core::id::{BranchName, ProjectName};
use pilothouse_core::instance::{Instance, InstancePhase, Role};
use pilothouse_core::room::{Room, Scarce};
use pilothouse_core::routing::{Reason, TargetState};
use pilothouse_core::run::{Run, RunPhase, RunResult, StepExit, StepPhase};
use pilothouse_core::state::{Edge, Environment, State};
use pilothouse_core::table;
use pilothouse_core::text::first_line;
use pilothouse_core::time::Timestamp;

use crate::age;
use crate::model::Model;
use crate::theme::{Mark, Scope};
use crate::width;

/// Characters of a reason that are shown.
const REASON: usize = 400;

/// Said where a disk has space, and cannot hold more files.
const REMOVE: &str = "Remove files, however small: without more, builds and deployments fail.";

/// Said of a head whose run found the job queue full.
pub const WAITS_FOR_PLACE: &str = "waits for a place in the queue";

/// The sign and the word of a run's step.
pub fn step(phase: &StepPhase) -> (Mark, String) {
    match phase {
        StepPhase::Waiting => (Mark::Pending, "waits".to_owned()),
        StepPhase::Running { .. } => (Mark::Running, "runs".to_owned()),
        StepPhase::Skipped => (Mark::None, "skipped".to_owned()),
        StepPhase::Ended { exit, .. } => exit_word(exit),
    }
}

fn exit_word(exit: &StepExit) -> (Mark, String) {
    match exit {
        StepExit::Code(0) => (Mark::Done, "passed".to_owned()),
        StepExit::Code(code) => (Mark::Error, format!("exit {code}")),
        StepExit::Signal(signal) => (Mark::Error, format!("ended by signal {signal}")),
        StepExit::TimedOut => (Mark::Error, "took too long".to_owned()),
        StepExit::Cancelled => (Mark::None, "cancelled".to_owned()),
        StepExit::NotStarted(why) => (Mark::Error, format!("did not start: {}", width::clean(why))),
        StepExit::Failed(why) => (Mark::Error, format!("failed: {}", width::clean(why))),
        StepExit::Interrupted | StepExit::WithEngine => (Mark::Unknown, "interrupted".to_owned()),
    }
}

/// The sign of a run and what it does or came to.
pub fn run(run: &Run) -> (Mark, String) {
    if run.is_being_cancelled() {
        return (Mark::Running, "cancelling".to_owned());
    }
    match &run.phase {
        RunPhase::Queued => (Mark::Pending, "queued".to_owned()),
        RunPhase::CheckingOut => (Mark::Running, "check out".to_owned()),
        RunPhase::Running { step } => (Mark::Running, step_name(run, *step)),
        RunPhase::Sealing => (Mark::Running, "seal".to_owned()),
        RunPhase::Cleaning { result } => {
            (Mark::Running, format!("clean up: {}", run_result(run, result).1))
        }
        RunPhase::Ended { result, .. } => run_result(run, result),
    }
}

/// The sign and the words of what came out of a run.
pub fn run_result(run: &Run, result: &RunResult) -> (Mark, String) {
    match result {
        RunResult::Succeeded { .. } => (Mark::Done, "passed".to_owned()),
        RunResult::Failed { step: Some(step), why } => {
            let ended = usize::try_from(*step).ok().and_then(|step| run.steps.get(step));
            let why = match ended.map(|step| &step.phase) {
                Some(StepPhase::Ended { exit, .. }) => exit_word(exit).1,
                Some(StepPhase::Waiting | StepPhase::Running { .. } | StepPhase::Skipped)
                | None => first_line(why, REASON),
            };
            (Mark::Error, format!("{}: {why}", step_name(run, *step)))
        }
        RunResult::Failed { step: None, why } => (Mark::Error, first_line(why, REASON)),
        RunResult::Cancelled { by } => (Mark::None, format!("cancelled by {}", width::clean(by))),
        RunResult::Interrupted { why } => {
            (Mark::Unknown, format!("interrupted: {}", first_line(why, REASON)))
        }
        RunResult::Superseded { by } => (Mark::None, format!("superseded by {by}")),
    }
}

/// A step's name, with its stage's where that says more.
pub fn step_name(run: &Run, step: u32) -> String {
    let step = usize::try_from(step).ok().and_then(|step| run.steps.get(step));
    step.map_or_else(|| "a step".to_owned(), |step| width::clean(&step.title()))
}

/// The sign of a deployment and what it does or came to.
pub fn deployment(model: &Model, deployment: &Deployment) -> (Mark, String) {
    if deployment.cancelled_by.is_some() && !deployment.is_ended() {
        return (Mark::Running, "cancelling".to_owned());
    }
    let of = |done: usize| format!("{done}/{}", deployment.instances);
    let doing = |text: &str| (Mark::Running, text.to_owned());
    match &deployment.phase {
        Phase::Queued => (Mark::Pending, "queued".to_owned()),
        Phase::Staging => doing("staging"),
        Phase::Starting => {
            let proved = count(model, deployment, Instance::is_proved);
            (Mark::Running, format!("starting {}", of(proved)))
        }
        Phase::Shifting => doing("moving traffic"),
        Phase::Draining => doing("draining the old"),
        Phase::MakingRoom => doing("making room"),
        Phase::Verifying => doing("asking the domain"),
        Phase::Baking { .. } => doing("watching the new"),
        Phase::Retiring => doing("stopping the old"),
        Phase::Aborting { .. } => (Mark::Warn, "aborting".to_owned()),
        Phase::RollingBack { step, .. } => (Mark::Warn, rollback(*step).to_owned()),
        Phase::Ended { result, .. } => deployment_result(&model.replica, deployment, result),
    }
}

/// Whether a deployment brought what its environment has now. Where the same release was brought
/// again, the newest did.
fn has_current(state: &State, deployment: &Deployment) -> bool {
    let environment = state.environments.get(&deployment.environment);
    let later = || state.deployments.range(deployment.id..).skip(1).map(|(_, one)| one);
    let is_later =
        |one: &Deployment| one.environment == deployment.environment && one.has_succeeded();
    environment.is_some_and(|environment| environment.current == Some(deployment.release))
        && !later().any(is_later)
}

/// How many new instances are up, where a deployment waits for that.
pub fn count_up(model: &Model, deployment: &Deployment) -> Option<String> {
    let waits = deployment.phase == Phase::Starting && deployment.cancelled_by.is_none();
    let up = || count(model, deployment, Instance::is_proved);
    waits.then(|| format!("{}/{} up", up(), deployment.instances))
}

fn rollback(step: RollbackStep) -> &'static str {
    match step {
        RollbackStep::Starting => "rolling back: starting the old",
        RollbackStep::Shifting => "rolling back: moving traffic",
        RollbackStep::Draining => "rolling back: draining the new",
        RollbackStep::Stopping => "rolling back: stopping the new",
    }
}

fn count(model: &Model, deployment: &Deployment, is: fn(&Instance) -> bool) -> usize {
    let new = deployment.new.iter();
    new.filter_map(|id| model.replica.instances.get(id)).filter(|instance| is(instance)).count()
}

/// The sign and the words of what came out of a deployment.
pub fn deployment_result(
    state: &State,
    deployment: &Deployment,
    result: &DeploymentResult,
) -> (Mark, String) {
    match result {
        DeploymentResult::Succeeded if has_current(state, deployment) => {
            let own = state.instances_of(&deployment.environment);
            let active: Vec<_> = own.filter(|one| one.role == Role::Active).collect();
            let word = match active.iter().any(|one| one.release == deployment.release) {
                true if state.is_unserved(&deployment.environment) => {
                    return (Mark::Warn, "is not well".to_owned());
                }
                true if state.is_unseen(&deployment.environment) => {
                    return (Mark::Warn, "may not serve".to_owned());
                }
                true => "serves",
                false if active.is_empty() => "is current",
                // Another one has its traffic while it is watched.
                false => "served",
            };
            (Mark::Done, word.to_owned())
        }
        DeploymentResult::Succeeded => (Mark::Done, "served".to_owned()),
        DeploymentResult::Failed { why } => (Mark::Error, format!("failed: {}", width::clean(why))),
        DeploymentResult::RolledBack { why } => {
            (Mark::Error, format!("rolled back: {}", width::clean(why)))
        }
        DeploymentResult::Attention { why } => {
            (Mark::Error, format!("needs you: {}", width::clean(why)))
        }
        DeploymentResult::Cancelled { by } => {
            (Mark::None, format!("cancelled by {}", width::clean(by)))
        }
        DeploymentResult::Superseded { by } => (Mark::None, format!("superseded by {by}")),
    }
}

/// The sign and the word of an instance.
pub fn instance(instance: &Instance) -> (Mark, &'static str) {
    match &instance.phase {
        InstancePhase::Starting => (Mark::Warn, "starting"),
        InstancePhase::Stopping { .. } => (Mark::Draining, "stopping"),
        InstancePhase::Gone { .. } => (Mark::None, "gone"),
        InstancePhase::Running { .. } if instance.is_over() => (Mark::Error, "down"),
        InstancePhase::Running { proved, .. } => match (instance.role, instance.health.state) {
            (Role::Draining, _) => (Mark::Draining, "draining"),
            (Role::Drained, _) => (Mark::Draining, "drained"),
            // A check that fails before the first one passed says nothing but that it comes up.
            _ if !proved => (Mark::Warn, "starting"),
            (_, TargetState::Unhealthy) => (Mark::Error, "unhealthy"),
            (Role::Active, _) => (Mark::Ok, "serves"),
            (Role::Standby, _) => (Mark::Warn, "standby"),
            (Role::None, _) => (Mark::None, "idle"),
        },
    }
}

/// The sign and the word of a target.
pub fn target(model: &Model, instance: &Instance) -> (Mark, &'static str) {
    if !model.replica.edge.connected {
        return (Mark::Unknown, "unknown");
    }
    let healthy = match instance.role {
        // What gets no requests is not told like what does.
        Role::Drained => (Mark::Draining, "drained"),
        Role::Standby => (Mark::Warn, "standby"),
        Role::None | Role::Active | Role::Draining => (Mark::Ok, "healthy"),
    };
    match instance.own_health() {
        TargetState::Initial => (Mark::Warn, "initial"),
        TargetState::Healthy => healthy,
        TargetState::Unhealthy => (Mark::Error, "unhealthy"),
        TargetState::Unused => (Mark::None, "unused"),
        TargetState::Draining => (Mark::Draining, "draining"),
        TargetState::Unavailable => (Mark::Unknown, "unavailable"),
    }
}

/// A reason's code as a sentence.
pub fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::RegistrationInProgress => "just registered",
        Reason::InitialHealthChecking => "first health checks",
        Reason::InternalError => "the edge could not check it",
        Reason::ResponseCodeMismatch => "answers with a wrong status",
        Reason::Timeout => "does not answer in time",
        Reason::FailedHealthChecks => "refuses or breaks connections",
        Reason::NotInUse => "no rule uses it",
        Reason::DeregistrationInProgress => "finishing its requests",
        Reason::HealthCheckDisabled => "is not checked",
    }
}

/// An instance's name without what its pane says already: `r41-0`, `r41-0.2`.
pub fn instance_name(instance: &Instance) -> String {
    let name = format!("{}-{}", instance.release, instance.slot);
    if instance.generation == 0 { name } else { format!("{name}.{}", instance.generation) }
}

/// What stands before the figures of an image's id or digest, and how many of those are told.
const DIGEST: &str = "sha256:";
const FIGURES: usize = 12;

/// An image with as much of its id or digest, where it has one, as Docker tells elsewhere.
pub fn short_image(image: &str) -> String {
    match image.split_once(DIGEST) {
        Some((name, digest)) => format!("{name}{}", width::head(digest, FIGURES)),
        None => image.to_owned(),
    }
}

/// The words that people say for the longest usual names of environments.
pub fn short_environment(name: &str) -> &'static str {
    match name {
        "production" => "prod",
        "development" => "dev",
        _ => "",
    }
}

/// An environment's name and look where nothing beside it says more: a preview's is its branch,
/// because people know that and not the name that was made of it.
pub fn place(model: &Model, key: &EnvironmentKey) -> (String, Scope) {
    let branch = model.environment(key).and_then(|environment| environment.preview_of.as_ref());
    match branch {
        Some(branch) => (preview(branch), Scope::EnvPreview),
        None => environment(model, key),
    }
}

/// A preview by its branch. One whose name could be an environment's, or be read as one, says what
/// it is: no name of an environment has a slash.
pub fn preview(branch: &BranchName) -> String {
    let name = width::clean(branch.as_str());
    if name.contains('/') { name } else { format!("preview {name}") }
}

/// What should serve and does not, why, and what becomes of it.
pub fn lost(environment: &Environment, now: Timestamp) -> Option<String> {
    let lost = environment.lost.as_ref()?;
    let row = match environment.replace_failures {
        0 | 1 => String::new(),
        count => format!(" ({count} in a row)"),
    };
    let at = if lost.follows { environment.relieve_at } else { Timestamp::default() };
    let at = at.max(environment.replace_at);
    let next = match environment.running {
        // Nothing is tried beside a deployment, which brings up all there is to be.
        Some(running) => format!(", {running} is under way"),
        None if at > now => format!(", the next try in {}", age::ago(at, now)),
        None => ", another is tried".to_owned(),
    };
    let why = width::clean(&lost.why);
    Some(format!("{} was lost {} ago{row}{next}: {why}", lost.id, age::ago(now, lost.at)))
}

/// An environment's name and look; a preview is named by its branch beside it.
pub fn environment(model: &Model, key: &EnvironmentKey) -> (String, Scope) {
    let preview =
        model.environment(key).is_some_and(|environment| environment.preview_of.is_some());
    if preview {
        return ("preview".to_owned(), Scope::EnvPreview);
    }
    let tone = if key.name.as_str().starts_with("prod") { Scope::EnvProd } else { Scope::EnvOther };
    (width::clean(key.name.as_str()), tone)
}

/// Why a branch does not have the preview that a pattern of the operator's file asks for, where that
/// is so: a line, and what is left of it where there is no room.
pub fn no_preview(
    state: &State,
    project: &ProjectName,
    branch: &BranchName,
    now: Timestamp,
) -> Option<(String, &'static str)> {
    let known = state.projects.get(project)?.branches.get(branch)?;
    if known.environment.is_some() {
        return None;
    }
    if let Some(holder) = state.preview_holder(project, branch) {
        let holder = width::clean(holder.as_str());
        return Some((format!("{holder} has its preview's name; rename one"), "name taken"));
    }
    let old = age::ago(now, known.head.at);
    let said = || (format!("no preview: its last commit is {old} old; push to it"), "no preview");
    state.is_passed_over(project, branch, now).then(said)
}

/// Says where the engine has no project that operator's files are there already, and what makes them
/// active.
pub fn unapplied(files: &[String]) -> Option<String> {
    let (first, more) = files.split_first()?;
    let (first, more) = (width::clean(first), more.len());
    Some(match more {
        0 => format!("{first} is not applied: `pilothouse apply` makes it active"),
        _ => {
            format!("{first} and {more} more are not applied: `pilothouse apply` makes them active")
        }
    })
}

/// Says that little room is left for the engine's state, where that is so, and what mends it.
pub fn little_room(room: Room) -> Option<String> {
    let (left, mend) = match room.scarce()? {
        Scarce::Space => (
            format!("{} of {} free", age::bytes(room.free), age::bytes(room.total)),
            "Make room, or cancel the run that fills it: without any, runs and deployments wait or fail, \
             and nothing new is accepted or begun once what the journal keeps is used.",
        ),
        Scarce::Files(0) => ("no more files can be made".to_owned(), REMOVE),
        Scarce::Files(more) => (format!("{more} more files can be made"), REMOVE),
    };
    Some(format!("The disk of the engine's state is nearly full: {left}. {mend}"))
}

/// Says which environment the load balancer's table leaves out, and why.
pub fn left_out(edge: &Edge) -> Option<String> {
    let (first, others) = edge.left_out.split_first()?;
    let why = first_line(&first.why, 400);
    let more = match others.len() {
        0 => String::new(),
        more => format!(" And {more} more; `pilothouse status` has all."),
    };
    Some(format!("{}: {why}.{more}", first.environment))
}

/// Says why the load balancer does not serve as it should, where it does not take its table.
pub fn refused_table(edge: &Edge) -> Option<String> {
    let why = first_line(table::refused(edge)?, REASON);
    Some(format!("The load balancer does not take the newest routes, and is asked again: {why}"))
}

/// Which requests were cut while a deployment drained instances, where some were.
pub fn cut(deployment: &Deployment) -> Option<String> {
    let after = age::length(deployment.strategy.drain);
    match deployment.cut {
        0 => None,
        1 => Some(format!("1 request did not end within {after} and was cut")),
        count => Some(format!("{count} requests did not end within {after} and were cut")),
    }
}
