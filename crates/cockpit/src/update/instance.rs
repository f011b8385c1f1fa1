//! What is asked for of one instance, each after a question.

use pilothouse_core::command::Command;
use pilothouse_core::decide::shortfall;
use pilothouse_core::id::InstanceId;
use pilothouse_core::instance::{Instance, InstancePhase};
use pilothouse_core::state::Environment;

use super::{complain, dialog, say};
use crate::model::{Link, Model};
use crate::msg::Request;
use crate::text;

/// The selected instance; says why there is none.
fn selected(model: &mut Model) -> Option<(InstanceId, Instance)> {
    let id = model.subject().instance;
    let found = id.and_then(|id| Some((id.clone(), model.replica.instances.get(&id)?.clone())));
    if found.is_none() {
        let why = text::no_instance(model);
        complain(model, why);
    }
    found
}

/// Asks whether to give it a successor.
pub(super) fn restart(model: &mut Model) -> Vec<Request> {
    let Some((id, instance)) = selected(model) else {
        return Vec::new();
    };
    let lines = vec![
        format!("{} of {}", instance.release, instance.environment),
        "A successor is started, and gets its requests once it is healthy.".to_owned(),
        "Then this one finishes what it has, and is stopped.".to_owned(),
    ];
    dialog::ask(model, format!("Restart {id}"), lines, Command::RestartInstance { id })
}

/// Asks whether to stop it. What is told of those that are left is what is confirmed: where it
/// was not, the engine refuses to leave too few.
pub(super) fn stop(model: &mut Model) -> Vec<Request> {
    let Some((id, instance)) = selected(model) else {
        return Vec::new();
    };
    let short = shortfall(&model.replica, &instance);
    let mut lines = vec![format!("{} of {}", instance.release, instance.environment)];
    lines.extend(short.as_ref().map(|why| format!("! {why}.")));
    lines.extend([
        "It finishes what it has, and is stopped; none takes its place.".to_owned(),
        "Its place is filled by the next release, or by x T.".to_owned(),
    ]);
    let command = Command::StopInstance { id: id.clone(), force: short.is_some() };
    dialog::ask(model, format!("Stop {id}"), lines, command)
}

/// Asks whether to start again what was stopped.
pub(super) fn start(model: &mut Model) -> Vec<Request> {
    let Some(environment) = model.subject().environment else {
        return complain(model, text::NO_ENVIRONMENT);
    };
    let stopped = model.environment(&environment).map_or(0, Environment::missing);
    if stopped == 0 {
        return complain(model, format!("Nothing was stopped in {environment}."));
    }
    let count = if stopped == 1 { "1 instance".to_owned() } else { format!("{stopped} instances") };
    let lines = vec![format!("{count} of {environment} that somebody stopped.")];
    let title = format!("Start again in {environment}");
    dialog::ask(model, title, lines, Command::StartInstances { environment })
}

/// Gives the terminal to a shell in it. The engine is asked first by whoever opens it.
pub(super) fn shell(model: &mut Model) -> Vec<Request> {
    let Some((id, instance)) = selected(model) else {
        return Vec::new();
    };
    // Every command leaves through `send`, which has none for a watcher; this is none, and has
    // the same rule.
    if model.is_watcher() {
        return complain(model, text::WATCHER);
    }
    if model.link != Link::Live {
        return complain(model, text::NOT_CONNECTED);
    }
    if !matches!(instance.phase, InstancePhase::Running { .. }) {
        return complain(model, format!("{id} does not run, so there is no shell in it."));
    }
    vec![Request::Shell(id)]
}

/// Says that the terminal is back.
pub(super) fn left(model: &mut Model, id: &InstanceId, why: Option<String>) -> Vec<Request> {
    match why {
        None => say(model, format!("The shell in {id} has ended.")),
        Some(why) => complain(model, format!("There is no shell in {id}: {why}.")),
    }
}
