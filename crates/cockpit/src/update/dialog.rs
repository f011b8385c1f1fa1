//! What asks before it does something.

use pilothouse_core::command::{Command, DeployWhat, Rejection, RejectionKind};
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::plan::{Unasked, plan, turned_back, unasked};
use ratatui::layout::Rect;

use super::{action::moved, ask, complain, instance, list, obstacle, say, send};
use crate::action::Action;
use crate::model::{Button, Dialog, ListKind, Model, PlanDialog, View};
use crate::msg::Request;
use crate::text;

/// Begins something that changes something: shows its plan, asks, or lets choose.
pub(super) fn start(model: &mut Model, action: Action) -> Vec<Request> {
    if let Some(why) = obstacle(model, action) {
        return complain(model, why);
    }
    match action {
        Action::JobCancel => return ask::cancel(model),
        Action::RunAgain => return run_again(model),
        Action::InstanceRestart => return instance::restart(model),
        Action::InstanceStop => return instance::stop(model),
        _ => {}
    }
    let Some(key) = model.subject().environment else {
        return Vec::new();
    };
    match action {
        Action::InstanceStart => instance::start(model, key),
        Action::DeployReady => {
            let what = ready(model);
            open_plan(model, key, what)
        }
        Action::DeployRollback => open_plan(model, key, DeployWhat::Rollback(None)),
        Action::DeployRelease => list::releases(model, key),
        Action::DeployPromote => list::promotions(model, key),
        _ => Vec::new(),
    }
}

/// What deploying means here: the run that is selected itself, otherwise what is ready.
pub(super) fn ready(model: &Model) -> DeployWhat {
    selected_run(model).map_or(DeployWhat::Ready, DeployWhat::Run)
}

/// Why there is no plan, where there is none and no question either.
pub(super) fn refusal(model: &Model, key: &EnvironmentKey, what: &DeployWhat) -> Option<String> {
    if let DeployWhat::Rollback(number) = what
        && turned_back(&model.replica, key, *number).is_some()
    {
        return None;
    }
    plan(&model.replica, key, what).err().map(|rejection| said(model, key, what, &rejection))
}

/// A refusal, with the keys that do what its command would.
fn said(model: &Model, key: &EnvironmentKey, what: &DeployWhat, rejection: &Rejection) -> String {
    let is_ready = *what == DeployWhat::Ready;
    match is_ready.then(|| unasked(&model.replica, key)).flatten() {
        Some(Unasked { why, run, does }) => {
            sentence(&format!("{why}; x d on run {run} in the job queue {does}"))
        }
        None => sentence(&rejection.why),
    }
}

/// The run that is selected itself, if it sealed an artifact.
fn selected_run(model: &Model) -> Option<pilothouse_core::id::RunId> {
    let of_view = matches!(model.ui.views.last(), Some(View::Run { .. } | View::Log(_)));
    let of_pane = model.ui.views.is_empty() && model.ui.focus == crate::model::Pane::Jobs;
    let job = model.subject().job.filter(|_| of_view || of_pane)?;
    let run = model.run_of(job)?;
    run.artifact().map(|_| run.id)
}

/// Shows what would change, or says why nothing can.
pub(super) fn open_plan(
    model: &mut Model,
    environment: EnvironmentKey,
    what: DeployWhat,
) -> Vec<Request> {
    if let DeployWhat::Rollback(number) = &what
        && let Some(running) = turned_back(&model.replica, &environment, *number)
    {
        return ask::cancel_deployment(model, running.id, true);
    }
    match plan(&model.replica, &environment, &what) {
        Err(rejection) => {
            let said = said(model, &environment, &what, &rejection);
            complain(model, said)
        }
        Ok(plan) => {
            model.ui.dialog = Some(Dialog::Plan(Box::new(PlanDialog {
                environment,
                what,
                plan: Ok(plan),
                opened_at: model.now,
                button: Button::Cancel,
                changed: false,
                sent: None,
                note: None,
                top: 0,
            })));
            Vec::new()
        }
    }
}

/// Computes an open plan anew; one that differs goes back to its first button and says so, so
/// that nobody confirms what they have not seen.
pub(super) fn state_moved(model: &mut Model) {
    ask::moved(model);
    let Some(Dialog::Plan(dialog)) = &mut model.ui.dialog else {
        return;
    };
    if dialog.sent.is_some() {
        return;
    }
    let new = plan(&model.replica, &dialog.environment, &dialog.what);
    let same = match (&dialog.plan, &new) {
        // A warning that went away is no reason to look again; one that came is.
        (Ok(old), Ok(new)) => {
            old.hash == new.hash && new.warnings.iter().all(|now| old.warnings.contains(now))
        }
        (Err(old), Err(new)) => old == new,
        _ => false,
    };
    let possible = new.is_ok();
    dialog.plan = new;
    if !same {
        dialog.changed = possible;
        dialog.button = Button::Cancel;
        dialog.note = possible.then(|| text::PLAN_MOVED.to_owned());
    }
}

/// Closes what a watcher must not have.
pub(super) fn close_changing(model: &mut Model) {
    let changing = match &model.ui.dialog {
        Some(Dialog::Plan(_) | Dialog::Ask(_)) => true,
        Some(Dialog::List(list)) => {
            matches!(list.kind, ListKind::Promotion(_) | ListKind::Release(_) | ListKind::Palette)
        }
        Some(Dialog::Notices { .. }) | None => false,
    };
    if changing {
        model.ui.dialog = None;
    }
}

/// Takes a refusal of what an open dialog sent.
pub(super) fn refused(model: &mut Model, rejection: &Rejection) {
    match &mut model.ui.dialog {
        Some(Dialog::Plan(dialog)) => {
            dialog.sent = None;
            dialog.button = Button::Cancel;
            dialog.plan = plan(&model.replica, &dialog.environment, &dialog.what);
            let possible = dialog.plan.is_ok();
            dialog.changed = possible && rejection.kind == RejectionKind::PlanChanged;
            dialog.note = possible.then(|| {
                if dialog.changed { text::PLAN_MOVED.to_owned() } else { sentence(&rejection.why) }
            });
        }
        Some(Dialog::Ask(ask)) => {
            ask.sent = None;
            ask.button = Button::Cancel;
            ask::moved(model);
            if let Some(Dialog::Ask(ask)) = &mut model.ui.dialog
                && !ask.gone
            {
                ask.note = Some(sentence(&rejection.why));
            }
        }
        Some(Dialog::List(_) | Dialog::Notices { .. }) | None => {}
    }
}

/// Runs an action of a dialog.
pub(super) fn run(model: &mut Model, action: Action) -> Vec<Request> {
    match &model.ui.dialog {
        Some(Dialog::Plan(_) | Dialog::Ask(_)) => {}
        Some(Dialog::Notices { .. }) => return close(model),
        Some(Dialog::List(_)) | None => return Vec::new(),
    }
    let gone = match &model.ui.dialog {
        Some(Dialog::Plan(dialog)) => dialog.plan.is_err(),
        Some(Dialog::Ask(ask)) => ask.gone,
        Some(Dialog::List(_) | Dialog::Notices { .. }) | None => false,
    };
    let Some(button) = button_of(model).filter(|_| !gone) else {
        // There is nothing left to confirm, whatever the key.
        return if action == Action::ConfirmNext { Vec::new() } else { close(model) };
    };
    match action {
        Action::ConfirmNext => {
            *button = button.other();
            Vec::new()
        }
        Action::ConfirmChoose if *button == Button::Confirm => accept(model),
        Action::ConfirmAccept => accept(model),
        _ => close(model),
    }
}

fn button_of(model: &mut Model) -> Option<&mut Button> {
    match &mut model.ui.dialog {
        Some(Dialog::Plan(dialog)) => Some(&mut dialog.button),
        Some(Dialog::Ask(ask)) => Some(&mut ask.button),
        Some(Dialog::List(_) | Dialog::Notices { .. }) | None => None,
    }
}

/// Closes a dialog. A command that was sent goes on, and its answer is still told.
pub(super) fn close(model: &mut Model) -> Vec<Request> {
    match model.ui.dialog.take() {
        Some(Dialog::Notices { .. }) => {
            model.ui.seen = model.now;
            model.ui.away.clear();
            Vec::new()
        }
        Some(Dialog::Plan(plan)) if plan.sent.is_none() => {
            say(model, format!("Nothing was asked of {}.", plan.environment))
        }
        Some(Dialog::Ask(ask)) if ask.sent.is_none() => say(model, text::NOT_ASKED),
        Some(Dialog::Plan(_) | Dialog::Ask(_)) => say(model, text::ASKED),
        Some(Dialog::List(_)) | None => Vec::new(),
    }
}

fn accept(model: &mut Model) -> Vec<Request> {
    let (command, label) = match &mut model.ui.dialog {
        Some(Dialog::Plan(dialog)) => {
            if dialog.changed {
                dialog.changed = false;
                dialog.note = Some(text::PLAN_SEEN.to_owned());
                return Vec::new();
            }
            let Ok(plan) = &dialog.plan else {
                return Vec::new();
            };
            if dialog.sent.is_some() {
                return Vec::new();
            }
            let command = Command::Deploy {
                environment: dialog.environment.clone(),
                what: dialog.what.clone(),
                plan: Some(plan.hash.clone()),
            };
            (command, format!("deploy to {}", dialog.environment))
        }
        Some(Dialog::Ask(ask)) => {
            if ask.sent.is_some() {
                return Vec::new();
            }
            (ask.command.clone(), ask.yes.clone())
        }
        Some(Dialog::List(_) | Dialog::Notices { .. }) | None => return Vec::new(),
    };
    let (id, requests) = send::submit(model, command, &label);
    match &mut model.ui.dialog {
        Some(Dialog::Plan(dialog)) => (dialog.sent, dialog.note) = (id, None),
        Some(Dialog::Ask(ask)) => (ask.sent, ask.note) = (id, None),
        Some(Dialog::List(_) | Dialog::Notices { .. }) | None => {}
    }
    requests
}

/// Scrolls a dialog.
pub(super) fn travel(model: &mut Model, action: Action) {
    let screen = Rect::new(0, 0, model.ui.width, model.ui.height);
    let last = crate::view::plan_last(model, screen);
    match &mut model.ui.dialog {
        Some(Dialog::Plan(dialog)) => dialog.top = moved(dialog.top, last + 1, 8, action),
        Some(Dialog::Notices { lines, top }) => *top = moved(*top, lines.len(), 8, action),
        Some(Dialog::List(list)) => {
            let length = list.left().len();
            list.cursor = moved(list.cursor, length, 8, action);
        }
        Some(Dialog::Ask(_)) | None => {}
    }
}

fn run_again(model: &mut Model) -> Vec<Request> {
    let subject = model.subject();
    let (Some(project), Some(branch)) = (subject.project, subject.branch) else {
        return Vec::new();
    };
    let label = format!("run {branch} again");
    send::submit(model, Command::StartRun { project, branch }, &label).1
}

pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next();
    // A name is as it is written: what begins with one is no word.
    let word = text.split(' ').next().unwrap_or_default();
    let first: String = match first {
        Some(c) if word.chars().all(char::is_alphabetic) => c.to_uppercase().collect(),
        Some(c) => c.to_string(),
        None => String::new(),
    };
    let dot = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{dot}", chars.as_str())
}
