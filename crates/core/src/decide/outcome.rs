//! What the ends of effects mean.

use super::{heads, retention};
use crate::artifact::Artifact;
use crate::deployment::{Milestone, Phase};
use crate::effect::{EffectId, Fault, FaultKind, Outcome};
use crate::event::{
    DeploymentEvent, EdgeEvent, EnvironmentEvent, Event, InstanceEvent, ProjectEvent, RunEvent,
};
use crate::id::{DeploymentId, InstanceId, RunId};
use crate::instance::{Instance, Role};
use crate::pipeline::Pipeline;
use crate::run::{Run, RunPhase, RunResult, StepExit, StepPhase, StepState};
use crate::state::{Ready, State};
use crate::text::printable;
use crate::time::Timestamp;

type Result<'a> = std::result::Result<&'a Outcome, &'a Fault>;

/// Says what the end of an effect means. An end that fits nothing in the state means nothing.
pub(super) fn outcome(
    state: &State,
    id: &EffectId,
    result: &std::result::Result<Outcome, Fault>,
    now: Timestamp,
) -> Vec<Event> {
    let result = result.as_ref();
    match id {
        EffectId::Look(project, _) => match result {
            Ok(Outcome::Looked { heads, unread }) => {
                heads::looked(state, project, (heads, *unread), now)
            }
            Ok(_) => Vec::new(),
            Err(fault) => vec![Event::Project(ProjectEvent::LookFailed {
                project: project.clone(),
                why: fault.why.clone(),
            })],
        },
        EffectId::CheckOut(run) => checked_out(state, *run, result),
        EffectId::RunStep(run, step) => step_ended(state, *run, *step, result),
        EffectId::EndStep(run, step) => step_cancelled(state, *run, *step, result),
        EffectId::Seal(run) => sealed(state, *run, result),
        EffectId::Clean(run) => cleaned(state, *run),
        EffectId::Stage(deployment) => staged(state, *deployment, result),
        EffectId::Start(id) => started(state, id, result),
        EffectId::Prove(id) => proved(state, id, result),
        EffectId::Watch(id) => match result {
            Ok(Outcome::Lost { why }) => lost(state, id, why),
            Ok(_) | Err(_) => Vec::new(),
        },
        EffectId::Drain(id) => match result {
            Ok(Outcome::Drained { cut }) => {
                let drained = role(state, id, Role::Draining, Role::Drained);
                super::instance::cut(state, id, *cut, drained)
            }
            Ok(_) => role(state, id, Role::Draining, Role::Drained),
            Err(_) => Vec::new(),
        },
        EffectId::Stop(id) => match result {
            Ok(_) if is_stopping(state, id) => gone(id, "stopped"),
            Ok(_) | Err(_) => Vec::new(),
        },
        EffectId::Tend | EffectId::Listen => Vec::new(),
        EffectId::Publish(version) => published(state, *version, result),
        EffectId::Verify(deployment) => verified(state, *deployment, result, now),
    }
}

fn checked_out(state: &State, id: RunId, result: Result<'_>) -> Vec<Event> {
    let Some(run) = state.runs.get(&id).filter(|run| run.phase == RunPhase::CheckingOut) else {
        return Vec::new();
    };
    match result {
        Ok(Outcome::CheckedOut { pipeline }) => {
            if let Some(why) = misfit(state, run, pipeline) {
                return vec![fix(id, failed(None, why))];
            }
            let steps = steps_of(pipeline);
            let first = after_step(id, 0, steps.len());
            let pipeline = pipeline.clone();
            vec![Event::Run(RunEvent::CheckedOut { id: run.id, pipeline, steps }), first]
        }
        Ok(_) => Vec::new(),
        Err(fault) => vec![fix(id, failed(None, &fault.why))],
    }
}

/// Why the environment that the run is for could not run what the pipeline makes: better said
/// before anything is built.
fn misfit(state: &State, run: &Run, pipeline: &Pipeline) -> Option<&'static str> {
    let key = crate::event::environment_key(&run.project, run.environment.as_ref()?);
    state.environments.get(&key)?.spec.runtime.mismatch(pipeline.kind(), &pipeline.service)
}

fn steps_of(pipeline: &Pipeline) -> Vec<StepState> {
    pipeline
        .steps()
        .map(|(stage, step)| StepState {
            stage: printable(stage, 60),
            name: printable(&step.name, 60),
            phase: StepPhase::Waiting,
        })
        .collect()
}

fn after_step(id: RunId, next: usize, steps: usize) -> Event {
    match u32::try_from(next) {
        Ok(step) if next < steps => Event::Run(RunEvent::StepStarted { id, step }),
        Ok(_) | Err(_) => Event::Run(RunEvent::SealStarted { id }),
    }
}

fn step_ended(state: &State, id: RunId, step: u32, result: Result<'_>) -> Vec<Event> {
    let Some(run) = state.runs.get(&id).filter(|run| run.phase == (RunPhase::Running { step }))
    else {
        return Vec::new();
    };
    let (exit, log_error) = match result {
        Ok(Outcome::StepEnded { exit, log_error }) => (exit.clone(), log_error.as_deref()),
        Ok(_) => return Vec::new(),
        Err(fault) => (StepExit::NotStarted(fault.why.clone()), None),
    };
    let name = run.steps.get(step as usize).map_or("the step".to_owned(), StepState::title);
    let follows = if let Some(by) = &run.cancelled_by {
        fix(id, RunResult::Cancelled { by: by.clone() })
    } else if exit == StepExit::Code(0) {
        after_step(id, step as usize + 1, run.steps.len())
    } else {
        let log_error =
            log_error.map(|why| format!("; its log could not be written: {}", printable(why, 200)));
        fix(id, unpassed(step, &name, &exit, &log_error.unwrap_or_default()))
    };
    vec![Event::Run(RunEvent::StepEnded { id, step, exit }), follows]
}

/// What it means for a run that a step did not pass, with what is known beside how it ended.
fn unpassed(step: u32, name: &str, exit: &StepExit, beside: &str) -> RunResult {
    let how = match exit {
        StepExit::Interrupted => {
            let why = format!("{name}: its supervisor died, so nobody knows what it did{beside}");
            return RunResult::Interrupted { why };
        }
        StepExit::WithEngine => {
            let why = format!(
                "{name}: the Docker engine took its container along, so nobody knows what it did{beside}"
            );
            return RunResult::Interrupted { why };
        }
        StepExit::Code(code) => format!("ended with status {code}"),
        StepExit::Signal(signal) => format!("was ended by signal {signal}"),
        StepExit::TimedOut => "took longer than its timeout".to_owned(),
        StepExit::Cancelled => "was ended from outside".to_owned(),
        StepExit::NotStarted(why) => format!("could not be started: {why}"),
        StepExit::Failed(why) => format!("failed: {why}"),
    };
    failed(Some(step), &format!("{name} {how}{beside}"))
}

fn step_cancelled(state: &State, id: RunId, step: u32, result: Result<'_>) -> Vec<Event> {
    let run = state.runs.get(&id).filter(|run| run.phase == (RunPhase::Running { step }));
    let Some(by) = run.and_then(|run| run.cancelled_by.clone()) else { return Vec::new() };
    // Only a step that is known to be over frees the executor; until then ending is tried again.
    if result.is_err() {
        return Vec::new();
    }
    vec![
        Event::Run(RunEvent::StepEnded { id, step, exit: StepExit::Cancelled }),
        fix(id, RunResult::Cancelled { by }),
    ]
}

fn sealed(state: &State, id: RunId, result: Result<'_>) -> Vec<Event> {
    let run = state.runs.get(&id).filter(|run| run.phase == RunPhase::Sealing);
    let Some((run, pipeline)) = run.and_then(|run| Some((run, run.pipeline.as_ref()?))) else {
        return Vec::new();
    };
    match result {
        Ok(Outcome::Sealed { digest, bytes, files, has_check }) => {
            let artifact = Artifact {
                digest: digest.clone(),
                kind: pipeline.kind(),
                project: run.project.clone(),
                run: id,
                commit: run.commit.clone(),
                subject: run.subject.clone(),
                service: pipeline.service.clone(),
                bytes: *bytes,
                files: *files,
                has_check: *has_check,
            };
            vec![
                Event::Run(RunEvent::Sealed { artifact: Box::new(artifact) }),
                fix(id, RunResult::Succeeded { artifact: digest.clone() }),
            ]
        }
        Ok(_) => Vec::new(),
        Err(fault) => {
            vec![fix(id, failed(None, &format!("sealing the artifact failed: {}", fault.why)))]
        }
    }
}

fn cleaned(state: &State, id: RunId) -> Vec<Event> {
    let Some(run) = state.runs.get(&id) else { return Vec::new() };
    let RunPhase::Cleaning { result } = &run.phase else { return Vec::new() };
    let mut events = vec![Event::Run(RunEvent::Ended { id, result: result.clone() })];
    if let RunResult::Succeeded { artifact } = result
        && let Some(name) = &run.environment
        && let key = crate::event::environment_key(&run.project, name)
        && run.feeds(state, &key)
    {
        let newer = state.environments.get(&key).is_some_and(|environment| {
            !environment.removing && environment.ready.as_ref().is_none_or(|r| r.run < id)
        });
        // A run that took longer than a newer one's does not take its place.
        let newer = newer
            && !state.runs.range(id.next()..).any(|(_, later)| {
                later.project == run.project
                    && later.environment == run.environment
                    && later.artifact().is_some()
            });
        if newer {
            let ready = Ready { run: id, artifact: artifact.clone() };
            events.push(Event::Environment(EnvironmentEvent::BecameReady { key, ready }));
        }
    }
    events.extend(retention::after_run(state, &run.project));
    events
}

fn staged(state: &State, id: DeploymentId, result: Result<'_>) -> Vec<Event> {
    let waits = state.deployments.get(&id).is_some_and(|d| d.phase == Phase::Staging);
    match result {
        _ if !waits => Vec::new(),
        Ok(_) => vec![reached(id, Milestone::Staged)],
        Err(fault) => attempt(state, id, fault),
    }
}

/// A fault that will not pass counts as all the attempts that were left.
fn attempt(state: &State, id: DeploymentId, fault: &Fault) -> Vec<Event> {
    let times = match fault.kind {
        FaultKind::Transient | FaultKind::Unknown => 1,
        FaultKind::Permanent => state.limits.attempts.max(1),
    };
    vec![Event::Deployment(DeploymentEvent::AttemptFailed { id, why: fault.why.clone(), times })]
}

fn started(state: &State, id: &InstanceId, result: Result<'_>) -> Vec<Event> {
    let waits = state
        .instances
        .get(id)
        .is_some_and(|instance| instance.phase == crate::instance::InstancePhase::Starting);
    match result {
        _ if !waits => Vec::new(),
        Ok(Outcome::Started { address, proof }) => {
            vec![Event::Instance(InstanceEvent::Started {
                id: id.clone(),
                address: *address,
                proof: proof.clone(),
            })]
        }
        Ok(_) => Vec::new(),
        // Something may have been started though the start failed: it is stopped in any case.
        Err(fault) => give_up(state, id, &fault.why),
    }
}

/// Blames an instance's deployment and begins to stop it.
pub(super) fn give_up(state: &State, id: &InstanceId, why: &str) -> Vec<Event> {
    let mut events = blame(state, id, why);
    let (id, why) = (id.clone(), Some(why.to_owned()));
    events.push(Event::Instance(InstanceEvent::StopBegan { id, why }));
    events
}

fn proved(state: &State, id: &InstanceId, result: Result<'_>) -> Vec<Event> {
    let Some(instance) = state.instances.get(id) else { return Vec::new() };
    let runs = matches!(instance.phase, crate::instance::InstancePhase::Running { .. });
    if instance.is_proved() || !runs {
        return Vec::new();
    }
    match result {
        // What ended since is not what was proved; what is given up may have ended for good.
        Ok(_) if instance.address().is_none() => Vec::new(),
        Ok(_) => vec![Event::Instance(InstanceEvent::Proved { id: id.clone() })],
        // What serves is not let go because nobody could ask it how it is.
        Err(fault) if fault.kind == FaultKind::Unknown && instance.role == Role::Active => {
            Vec::new()
        }
        Err(fault) => give_up(state, id, &fault.why),
    }
}

fn lost(state: &State, id: &InstanceId, why: &str) -> Vec<Event> {
    if !state.instances.contains_key(id) {
        return Vec::new();
    }
    let mut events = blame(state, id, why);
    events.extend(gone(id, why));
    events
}

fn is_stopping(state: &State, id: &InstanceId) -> bool {
    let stopping =
        |one: &Instance| matches!(one.phase, crate::instance::InstancePhase::Stopping { .. });
    state.instances.get(id).is_some_and(stopping)
}

fn gone(id: &InstanceId, why: &str) -> Vec<Event> {
    vec![Event::Instance(InstanceEvent::Gone { id: id.clone(), why: why.to_owned() })]
}

/// Tells the deployment that the instance belongs to what became of it.
fn blame(state: &State, id: &InstanceId, why: &str) -> Vec<Event> {
    let owner = state.live_deployments.iter().filter_map(|id| state.deployments.get(id)).find(
        |deployment| match deployment.phase {
            Phase::RollingBack { .. } => deployment.old.contains(id),
            _ => deployment.new.contains(id),
        },
    );
    owner
        .map(|deployment| {
            let why = format!("{id}: {why}");
            Event::Deployment(DeploymentEvent::AttemptFailed { id: deployment.id, why, times: 1 })
        })
        .into_iter()
        .collect()
}

fn role(state: &State, id: &InstanceId, from: Role, to: Role) -> Vec<Event> {
    match state.instances.get(id) {
        Some(instance) if instance.role == from => {
            vec![Event::Instance(InstanceEvent::RoleChanged { id: id.clone(), role: to })]
        }
        Some(_) | None => Vec::new(),
    }
}

fn published(state: &State, version: u64, result: Result<'_>) -> Vec<Event> {
    // An end that comes late says nothing of the table that serves now.
    if version <= state.edge.version {
        return Vec::new();
    }
    match result {
        Ok(Outcome::Published { digest }) => {
            vec![Event::Edge(EdgeEvent::Published { version, digest: digest.clone() })]
        }
        Ok(_) => Vec::new(),
        Err(fault) => {
            let why = fault.why.clone();
            let shifting = state
                .live_deployments
                .iter()
                .filter_map(|id| state.deployments.get(id))
                .filter(|deployment| deployment.phase == Phase::Shifting);
            let mut events: Vec<Event> =
                shifting.flat_map(|deployment| attempt(state, deployment.id, fault)).collect();
            events.push(Event::Edge(EdgeEvent::PublishFailed { version, why }));
            events
        }
    }
}

fn verified(state: &State, id: DeploymentId, result: Result<'_>, now: Timestamp) -> Vec<Event> {
    let Some(deployment) = state.deployments.get(&id).filter(|d| d.phase == Phase::Verifying)
    else {
        return Vec::new();
    };
    match result {
        Ok(_) => {
            let phase = Phase::Baking { until: now.after(deployment.strategy.bake) };
            let batch = deployment.batch;
            vec![Event::Deployment(DeploymentEvent::Moved { id, phase, batch })]
        }
        Err(fault) => attempt(state, id, fault),
    }
}

fn reached(id: DeploymentId, milestone: Milestone) -> Event {
    Event::Deployment(DeploymentEvent::Reached { id, milestone })
}

fn fix(id: RunId, result: RunResult) -> Event {
    Event::Run(RunEvent::ResultFixed { id, result })
}

fn failed(step: Option<u32>, why: &str) -> RunResult {
    RunResult::Failed { step, why: why.to_owned() }
}
