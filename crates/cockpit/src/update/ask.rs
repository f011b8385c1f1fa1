//! Questions whose yes sends a command, and what they say while the state moves on.

use pilothouse_core::command::Command;
use pilothouse_core::decide::{restartable, stoppable};
use pilothouse_core::deployment::Deployment;
use pilothouse_core::id::{DeploymentId, InstanceId};
use pilothouse_core::instance::InstancePhase;
use pilothouse_core::plan::{behind, goes_first};
use pilothouse_core::run::Run;

use super::{dialog, instance};
use crate::model::{Ask, Button, Dialog, JobRef, Model};
use crate::msg::Request;
use crate::text;

pub(super) fn cancel(model: &mut Model) -> Vec<Request> {
    let Some(job) = model.subject().job else { return Vec::new() };
    let (title, lines, command) = match job {
        JobRef::Run(id) => {
            let Some(run) = model.run_of(job) else { return Vec::new() };
            let lines = vec![
                format!("{} {} {}", run.branch, run.commit.short(), run.subject),
                "Its step is ended and nothing is sealed. It can be run again.".to_owned(),
            ];
            (format!("Cancel run {id}"), lines, Command::CancelRun { id })
        }
        JobRef::Deployment(id) => {
            return cancel_deployment(model, id, false);
        }
    };
    open(model, title, lines, command)
}

pub(super) fn cancel_deployment(
    model: &mut Model,
    id: DeploymentId,
    waiting: bool,
) -> Vec<Request> {
    let Some(deployment) = model.replica.deployments.get(&id) else { return Vec::new() };
    let lines = cancelling(model, deployment, waiting);
    let command = Command::CancelDeployment { id, waiting };
    open(model, format!("Cancel deployment {id}"), lines, command)
}

/// What cancelling a deployment does where it stands now, alone or with the one that waits behind
/// it.
fn cancelling(model: &Model, deployment: &Deployment, and_waiting: bool) -> Vec<String> {
    let is_there = |id: &&InstanceId| {
        let one = model.replica.instances.get(*id);
        one.is_some_and(|one| !matches!(one.phase, InstancePhase::Stopping { .. }))
    };
    let there = deployment.old.iter().filter(is_there).count();
    let what = match (deployment.shifted, deployment.previous) {
        (true, Some(_)) if deployment.old.is_empty() => {
            "Traffic has begun to move: the old release, which was stopped, is started again."
        }
        (true, Some(_)) if there < deployment.old.len() => {
            "Traffic has begun to move: it is moved back to what runs of the old release, and what \
             was stopped of it for room is started again."
        }
        (true, Some(_)) => {
            "Traffic has begun to move: it is moved back to the old release, which still runs."
        }
        (true, None) => "Traffic has begun to move: it is withdrawn, as nothing served before.",
        (false, Some(_)) => "Traffic has not moved: the old release was never touched.",
        (false, None) => "Traffic has not moved: nothing served before, and nothing will.",
    };
    let unwell = model
        .replica
        .goes_back_to_unwell(deployment)
        .then(|| "! No instance of the old release is well now.".to_owned());
    let follows = behind(&model.replica, deployment).map(|behind| {
        let (id, release) = (behind.id, behind.release);
        let key = &behind.environment;
        let environment = model.environment(key);
        let ready = environment
            .filter(|environment| goes_first(&model.replica, environment).is_some())
            .and_then(|environment| environment.ready.as_ref());
        let and_ready = ready.map_or_else(String::new, |ready| {
            format!(" What {} made ready is not deployed by itself then.", ready.run)
        });
        if and_waiting {
            format!("{id}, which waits to deploy {release}, is cancelled too.{and_ready}")
        } else {
            format!("Then {id}, which waits, deploys {release}.")
        }
    });
    let title = format!("{} to {}", deployment.release, deployment.environment);
    [title, what.to_owned()].into_iter().chain(unwell).chain(follows).collect()
}

/// Says anew what an open question is about, where that has moved on.
pub(super) fn moved(model: &mut Model) {
    let Some(Dialog::Ask(ask)) = &model.ui.dialog else { return };
    if ask.sent.is_some() {
        return;
    }
    let Some(anew) = asked_anew(model, &ask.command) else { return };
    let Some(Dialog::Ask(ask)) = &mut model.ui.dialog else { return };
    let (lines, command, gone) = match anew {
        Ok((lines, command)) => (lines, command, false),
        Err(why) => {
            let lines = vec![text::NO_LONGER.to_owned(), dialog::sentence(&why)];
            (lines, ask.command.clone(), true)
        }
    };
    if ask.lines == lines && ask.command == command {
        return;
    }
    (ask.lines, ask.command, ask.gone, ask.button) = (lines, command, gone, Button::Cancel);
    ask.note = (!gone).then(|| text::ASK_MOVED.to_owned());
}

/// What a question says now, and what its yes sends, or why nothing can come of it any more; none
/// where it says the same for ever.
fn asked_anew(model: &Model, command: &Command) -> Option<Result<(Vec<String>, Command), String>> {
    let state = &model.replica;
    match command {
        Command::CancelDeployment { id, waiting } => {
            let deployment = state.deployments.get(id)?;
            if deployment.is_ended() {
                return Some(Err(format!("deployment {id} is over")));
            }
            Some(Ok((cancelling(model, deployment, *waiting), command.clone())))
        }
        Command::CancelRun { id } => {
            let is_over = state.runs.get(id).is_none_or(Run::is_ended);
            is_over.then(|| Err(format!("run {id} is over")))
        }
        Command::CallOff { id } | Command::StopInstance { id, .. } => {
            let instance = stoppable(state, id);
            Some(instance.map(|one| instance::stopping(model, one)).map_err(|why| why.why))
        }
        Command::RestartInstance { id } => {
            Some(restartable(state, id).map(instance::restarting).map_err(|why| why.why))
        }
        _ => None,
    }
}

/// Asks a question whose yes sends a command.
pub(super) fn open(
    model: &mut Model,
    title: String,
    lines: Vec<String>,
    command: Command,
) -> Vec<Request> {
    model.ui.dialog = Some(Dialog::Ask(Ask {
        yes: title.to_lowercase(),
        title,
        lines,
        command,
        button: Button::Cancel,
        sent: None,
        note: None,
        gone: false,
    }));
    Vec::new()
}
