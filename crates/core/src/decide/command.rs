//! What commands mean.

use std::collections::BTreeMap;

use super::{instance, removal, specification};
use crate::command::{Command, DeployWhat, Rejection, RejectionKind, Reply};
use crate::deployment::{Deployment, ENGINE, EnvironmentKey, Milestone, Phase};
use crate::event::{DeploymentEvent, EngineEvent, EnvironmentEvent, Event, ProjectEvent, RunEvent};
use crate::id::{BranchName, DeploymentId, ProjectName, RunId};
use crate::plan::source::source;
use crate::plan::{Plan, plan};
use crate::queue;
use crate::run::{RunPhase, Trigger};
use crate::state::{Fate, Project, Release, State};
use crate::time::Timestamp;

pub(super) type Answer = Result<(Vec<Event>, Reply), Rejection>;

pub(super) fn command(state: &State, actor: &str, command: &Command, now: Timestamp) -> Answer {
    let ends = matches!(
        command,
        Command::Halt | Command::CancelRun { .. } | Command::CancelDeployment { .. }
    );
    if state.halting && !ends {
        let why = "the engine is stopping everything; ask again once it runs anew";
        return Err(Rejection::new(RejectionKind::Busy, why));
    }
    match command {
        Command::Apply { spec } => {
            specification::apply(state, actor, spec, now).map(|events| (events, Reply::Accepted))
        }
        Command::Look { project, trigger } => look(state, project.as_ref(), *trigger),
        Command::StartRun { project, branch } => start_run(state, project, branch, now),
        Command::CancelRun { id } => cancel_run(state, actor, *id),
        Command::Deploy { environment, what, plan } => {
            deploy(state, actor, environment, what, plan.as_deref(), now)
        }
        Command::CancelDeployment { id, waiting } => {
            cancel_deployment(state, actor, *id, *waiting, now)
        }
        Command::RestartInstance { id } => instance::restart(state, actor, id),
        Command::CallOff { id } => instance::call_off(state, actor, id),
        Command::StopInstance { id, force } => instance::stop(state, actor, id, *force),
        Command::OpenShell { id } => instance::shell(state, id),
        Command::StartInstances { environment } => instance::start(state, actor, environment),
        Command::RemoveProject { project } => removal::remove(state, actor, project),
        Command::Halt => Ok((
            vec![Event::Engine(EngineEvent::HaltAsked { by: actor.to_owned() })],
            Reply::Accepted,
        )),
    }
}

fn look(state: &State, project: Option<&ProjectName>, trigger: Trigger) -> Answer {
    if let Some(name) = project {
        find_project(state, name)?;
    }
    let events = state
        .projects
        .iter()
        .filter(|(name, found)| !found.removing && project.is_none_or(|wanted| wanted == *name))
        .map(|(name, _)| Event::Project(ProjectEvent::LookAsked { project: name.clone(), trigger }))
        .collect();
    Ok((events, Reply::Accepted))
}

fn start_run(state: &State, name: &ProjectName, branch: &BranchName, now: Timestamp) -> Answer {
    let project = find_project(state, name)?;
    let Some(found) = project.branches.get(branch) else {
        return Err(Rejection::new(
            RejectionKind::NotFound,
            format!("{name} has no branch {}", crate::text::printable(branch.as_str(), 80)),
        ));
    };
    let events = queue::enter(state, name, branch, found, Trigger::Manual, now)?;
    Ok((events, Reply::RunQueued(state.last_run.next())))
}

fn cancel_run(state: &State, actor: &str, id: RunId) -> Answer {
    let run = state
        .runs
        .get(&id)
        .ok_or_else(|| Rejection::new(RejectionKind::NotFound, format!("there is no run {id}")))?;
    match &run.phase {
        RunPhase::Ended { .. } | RunPhase::Cleaning { .. } => Err(Rejection::new(
            RejectionKind::Conflict,
            format!("run {id} is over: there is nothing to cancel"),
        )),
        RunPhase::Queued | RunPhase::CheckingOut | RunPhase::Running { .. } | RunPhase::Sealing => {
            Ok((
                vec![Event::Run(RunEvent::CancelAsked { id, by: actor.to_owned() })],
                Reply::Accepted,
            ))
        }
    }
}

fn deploy(
    state: &State,
    actor: &str,
    key: &EnvironmentKey,
    what: &DeployWhat,
    confirmed: Option<&str>,
    now: Timestamp,
) -> Answer {
    let plan = plan(state, key, what)?;
    if confirmed.is_some_and(|hash| hash != plan.hash) {
        return Err(Rejection::new(
            RejectionKind::PlanChanged,
            format!("{key} is no longer as the plan was made: look at the new plan"),
        ));
    }
    let events = queue_deployment(state, actor, &plan, now);
    Ok((events, Reply::DeploymentQueued(state.last_deployment.next())))
}

/// Makes the plan's release where it is a new one, and puts its deployment into the queue.
pub(crate) fn queue_deployment(
    state: &State,
    actor: &str,
    plan: &Plan,
    now: Timestamp,
) -> Vec<Event> {
    let key = &plan.environment;
    let Some(environment) = state.environments.get(key) else { return Vec::new() };
    let id = state.last_deployment.next();
    let mut events = Vec::new();
    if !plan.exists
        && let Ok(Some(source)) = source(state, key, &plan.what)
    {
        let release = Release {
            artifact: source.artifact.clone(),
            commit: source.commit.clone(),
            subject: source.subject.to_owned(),
            service: source.service.clone(),
            env: environment.spec.env.clone(),
            runtime: environment.spec.runtime.clone(),
            kind: source.kind,
            made_at: now,
            fate: Fate::Untried,
        };
        let number = plan.to.release;
        events.push(Event::Environment(EnvironmentEvent::ReleaseMade {
            key: key.clone(),
            number,
            release: Box::new(release),
        }));
    }
    if let Some(older) = environment.waiting {
        let result = crate::deployment::DeploymentResult::Superseded { by: id };
        events.push(Event::Deployment(DeploymentEvent::Ended { id: older, result }));
    }
    let deployment = Deployment {
        id,
        environment: key.clone(),
        release: plan.to.release,
        previous: None,
        kind: plan.kind.clone(),
        actor: actor.to_owned(),
        queued_at: now,
        strategy: environment.spec.strategy.clone(),
        instances: environment.spec.instances,
        phase: Phase::Queued,
        batch: 0,
        shifted: false,
        cancelled_by: None,
        milestones: BTreeMap::from([(Milestone::Queued, now)]),
        new: Vec::new(),
        old: Vec::new(),
        since: now,
        attempts: 0,
        last_error: None,
        cut: 0,
    };
    events.push(Event::Deployment(DeploymentEvent::Queued { deployment: Box::new(deployment) }));
    events
}

fn cancel_deployment(
    state: &State,
    actor: &str,
    id: DeploymentId,
    and_waiting: bool,
    now: Timestamp,
) -> Answer {
    let deployment = state.deployments.get(&id).ok_or_else(|| {
        Rejection::new(RejectionKind::NotFound, format!("there is no deployment {id}"))
    })?;
    if let Some(why) = deployment.past_cancelling() {
        let key = &deployment.environment;
        let how = match deployment.phase {
            Phase::Retiring => format!("; `pilothouse rollback {key}` goes back from it"),
            _ => String::new(),
        };
        return Err(Rejection::new(RejectionKind::Conflict, format!("deployment {id} {why}{how}")));
    }
    let behind = crate::plan::behind(state, deployment).filter(|_| and_waiting);
    let environment = state.environments.get(&deployment.environment);
    let goes_on = behind
        .and(environment)
        .filter(|environment| crate::plan::goes_first(state, environment).is_some());
    // What is ready would begin as soon as nothing waits before it: it is cancelled as what waits.
    let ready = goes_on.and_then(|_| plan(state, &deployment.environment, &DeployWhat::Ready).ok());
    let mut events =
        ready.as_ref().map_or_else(Vec::new, |plan| queue_deployment(state, ENGINE, plan, now));
    let behind = match ready {
        Some(_) => Some(state.last_deployment.next()),
        None => behind.map(|behind| behind.id),
    };
    let by = || actor.to_owned();
    let event = |id| Event::Deployment(DeploymentEvent::CancelAsked { id, by: by() });
    events.extend(behind.into_iter().chain([id]).map(event));
    Ok((events, Reply::Accepted))
}

pub(super) fn find_project<'a>(
    state: &'a State,
    name: &ProjectName,
) -> Result<&'a Project, Rejection> {
    let project = state.projects.get(name).ok_or_else(|| {
        Rejection::new(RejectionKind::NotFound, format!("there is no project {name}"))
    })?;
    if project.removing {
        let why = format!("{name} is being removed");
        return Err(Rejection::new(RejectionKind::Conflict, why));
    }
    Ok(project)
}
