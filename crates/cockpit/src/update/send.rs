//! Commands and their answers. Every command leaves through here.

use pilothouse_api::types::CommandAccepted;
use pilothouse_core::command::{Command, Rejection, RejectionKind, Reply};
use pilothouse_core::id::ProjectName;

use super::{complain, dialog, say};
use crate::model::{Dialog, Link, Model, View};
use crate::msg::Request;
use crate::text;

/// Sends a command, and gives the number under which it will be answered.
pub(super) fn submit(
    model: &mut Model,
    command: Command,
    label: &str,
) -> (Option<u64>, Vec<Request>) {
    let Some(id) = number(model, label) else {
        return (None, Vec::new());
    };
    (Some(id), vec![Request::Submit { id, command }])
}

/// Asks to look at a repository now.
pub(super) fn look(model: &mut Model, project: Option<ProjectName>) -> Vec<Request> {
    let Some(id) = number(model, "look now") else {
        return Vec::new();
    };
    let is_meant = |of: &ProjectName| project.as_ref().is_none_or(|project| project == of);
    let mut watched = model.watched.keys();
    let at_aws = watched.any(|key| is_meant(&key.project));
    let aws = if at_aws { " and at AWS" } else { "" };
    say(model, format!("Looking at the repository{aws}."));
    vec![Request::Look { id, project }]
}

/// The number of a command that may be sent; says why where none may.
fn number(model: &mut Model, label: &str) -> Option<u64> {
    if model.is_watcher() {
        complain(model, text::WATCHER);
        return None;
    }
    if model.link != Link::Live {
        complain(model, text::NOT_CONNECTED);
        return None;
    }
    model.ui.last_id += 1;
    let id = model.ui.last_id;
    model.ui.sent.insert(id, label.to_owned());
    Some(id)
}

pub(super) fn answered(
    model: &mut Model,
    id: u64,
    answer: Result<CommandAccepted, Rejection>,
) -> Vec<Request> {
    let Some(label) = model.ui.sent.remove(&id) else {
        return Vec::new();
    };
    let own = is_of_dialog(model, id);
    match answer {
        Ok(accepted) => {
            if own {
                model.ui.dialog = None;
            }
            said_yes(model, &label, &accepted.reply)
        }
        Err(rejection) if own => {
            dialog::refused(model, &rejection);
            Vec::new()
        }
        Err(rejection) => {
            let why = rejection.why;
            complain(model, format!("The engine refuses to {label}: {why}"))
        }
    }
}

/// Says that nobody knows whether a command was accepted.
pub(super) fn lost(model: &mut Model, id: u64, why: &str) -> Vec<Request> {
    let Some(label) = model.ui.sent.remove(&id) else {
        return Vec::new();
    };
    let said = format!(
        "No answer ({why}): whether to {label} was accepted is unknown; the job queue will tell."
    );
    if is_of_dialog(model, id) {
        dialog::refused(model, &Rejection::new(RejectionKind::Degraded, said));
        return Vec::new();
    }
    complain(model, said)
}

fn said_yes(model: &mut Model, label: &str, reply: &Reply) -> Vec<Request> {
    match reply {
        Reply::Accepted => say(model, format!("Accepted: {label}.")),
        Reply::RunQueued(id) => say(model, format!("Run {id} is in the job queue.")),
        Reply::DeploymentQueued(id) => {
            model.ui.views.clear();
            model.ui.views.push(View::Deployment { id: *id, top: 0 });
            let text =
                format!("Deployment {id} is accepted; leaving the cockpit does not stop it.");
            let requests = say(model, text);
            if let Some(toast) = &mut model.ui.toast {
                toast.about = Some(*id);
            }
            requests
        }
    }
}

fn is_of_dialog(model: &Model, id: u64) -> bool {
    match &model.ui.dialog {
        Some(Dialog::Plan(plan)) => plan.sent == Some(id),
        Some(Dialog::Ask(ask)) => ask.sent == Some(id),
        Some(Dialog::List(_) | Dialog::Notices { .. }) | None => false,
    }
}
