//! What is asked for of one instance, each after a question.

use pilothouse_core::command::Command;
use pilothouse_core::decide::{self, shortfall};
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::id::InstanceId;
use pilothouse_core::instance::Instance;
use pilothouse_core::routing::TargetState;
use pilothouse_core::state::Environment;

use super::{ask, complain, obstacle, say};
use crate::action::Action;
use crate::model::Model;
use crate::msg::Request;

/// The selected instance.
fn selected(model: &Model) -> Option<(InstanceId, Instance)> {
    let id = model.subject().instance?;
    let instance = model.replica.instances.get(&id)?.clone();
    Some((id, instance))
}

/// Asks whether to give it a successor.
pub(super) fn restart(model: &mut Model) -> Vec<Request> {
    let Some((id, instance)) = selected(model) else {
        return Vec::new();
    };
    let (lines, command) = restarting(&instance);
    ask::open(model, format!("Restart {id}"), lines, command)
}

/// What restarting an instance does, and the command that does it.
pub(super) fn restarting(instance: &Instance) -> (Vec<String>, Command) {
    let lines = vec![
        format!("{} of {}", instance.release, instance.environment),
        "A successor is started, and gets its requests once it is healthy.".to_owned(),
        "Then this one finishes what it has, and is stopped.".to_owned(),
    ];
    (lines, Command::RestartInstance { id: instance.id.clone() })
}

/// Asks whether to stop it. What is told of those that are left is what is confirmed: where it
/// was not, the engine refuses to leave too few.
pub(super) fn stop(model: &mut Model) -> Vec<Request> {
    let Some((id, instance)) = selected(model) else {
        return Vec::new();
    };
    let (lines, command) = stopping(model, &instance);
    ask::open(model, format!("Stop {id}"), lines, command)
}

/// What stopping an instance does as it stands now, and the command that does it.
pub(super) fn stopping(model: &Model, instance: &Instance) -> (Vec<String>, Command) {
    let id = instance.id.clone();
    let mut lines = vec![format!("{} of {}", instance.release, instance.environment)];
    if let Some(stays) = model.replica.followed(&id) {
        let stays_on = match stays.own_health() {
            TargetState::Unhealthy => format!("; {} stays, and another one follows.", stays.id),
            _ => format!(", and {} serves on.", stays.id),
        };
        lines.push(format!("It is stopped before it serves{stays_on}"));
        return (lines, Command::CallOff { id });
    }
    let short = shortfall(&model.replica, instance);
    lines.extend(short.as_ref().map(|why| format!("! {why}.")));
    lines.push("It finishes what it has, and is stopped; none takes its place.".to_owned());
    if short.is_none() {
        let asked = model.environment(&instance.environment).map_or(0, |one| one.spec.instances);
        let left = decide::left(&model.replica, instance);
        lines.push(format!("{left} of {asked} are healthy without it."));
    }
    lines.push("Its place is filled by the next release, or by x T.".to_owned());
    (lines, Command::StopInstance { id, force: short.is_some() })
}

/// Asks whether to start again what was stopped.
pub(super) fn start(model: &mut Model, environment: EnvironmentKey) -> Vec<Request> {
    let stopped = model.environment(&environment).map_or(0, Environment::missing);
    let count = if stopped == 1 { "1 instance".to_owned() } else { format!("{stopped} instances") };
    let mut lines = vec![format!("{count} of {environment} that somebody stopped.")];
    let running = model.environment(&environment).and_then(|one| one.running);
    lines.extend(running.map(|id| format!("What {id} brings goes first.")));
    let title = format!("Start again in {environment}");
    ask::open(model, title, lines, Command::StartInstances { environment })
}

/// Gives the terminal to a shell in it. The engine is asked first by whoever opens it. Every command
/// leaves through `send`, which has none for a watcher; this is none, and has the same rule.
pub(super) fn shell(model: &mut Model) -> Vec<Request> {
    if let Some(why) = obstacle(model, Action::InstanceShell) {
        return complain(model, why);
    }
    selected(model).map_or_else(Vec::new, |(id, _)| vec![Request::Shell(id)])
}

/// Says that the terminal is back.
pub(super) fn left(model: &mut Model, id: &InstanceId, why: Option<String>) -> Vec<Request> {
    match why {
        None => say(model, format!("The shell in {id} has ended.")),
        Some(why) => complain(model, format!("There is no shell in {id}: {why}.")),
    }
}
