//! Runs actions.

use super::{dialog, instance, key, list, logview, obstacle, say, send, view};
use crate::action::Action;
use crate::cli;
use crate::digest::digest;
use crate::model::{Dialog, Model, Pane, Prompt, PromptKind, RowKey, View};
use crate::msg::Request;
use crate::text;

/// Runs an action. A watcher's never comes here with one that changes anything, and would fail
/// at the sending if it did.
pub(super) fn run(model: &mut Model, action: Action) -> Vec<Request> {
    use Action as A;
    match action {
        A::DeployReady
        | A::DeployRollback
        | A::DeployRelease
        | A::DeployPromote
        | A::JobCancel
        | A::InstanceRestart
        | A::InstanceStop
        | A::InstanceStart
        | A::RunAgain => dialog::start(model, action),
        A::ProjectLook => {
            let project = model.subject().project;
            send::look(model, project)
        }
        A::Open => view::open(model),
        A::Back => key::back(model),
        A::LogOpen => view::open_log(model),
        A::InstanceInspect => view::inspect(model),
        A::InstanceShell => instance::shell(model),
        A::ScopeToggle => scope(model),
        A::OrderNext => order(model),
        A::Notices => notices(model),
        A::CliCopy => copy(model),
        A::FilterOpen => filter(model),
        A::PaletteOpen => list::palette(model),
        A::HelpOpen => key::help(model),
        A::FocusNext => focus(model, model.ui.focus.step(1)),
        A::FocusPrevious => focus(model, model.ui.focus.step(4)),
        A::FocusBranches => focus(model, Pane::Branches),
        A::FocusJobs => focus(model, Pane::Jobs),
        A::FocusContainers => focus(model, Pane::Containers),
        A::FocusTargets => focus(model, Pane::Targets),
        A::FocusCost => focus(model, Pane::Cost),
        A::Zoom => {
            model.ui.zoomed = !model.ui.zoomed;
            Vec::new()
        }
        A::Down
        | A::Up
        | A::HalfDown
        | A::HalfUp
        | A::PageDown
        | A::PageUp
        | A::Top
        | A::Bottom
        | A::Left
        | A::Right => travel(model, action),
        A::LogFollow
        | A::LogWrap
        | A::LogTimes
        | A::LogSearch
        | A::LogNext
        | A::LogPrevious
        | A::LogStepNext
        | A::LogStepPrevious => logview::run(model, action),
        A::ConfirmAccept | A::ConfirmCancel | A::ConfirmNext | A::ConfirmChoose => {
            dialog::run(model, action)
        }
        A::ListAccept | A::ListCancel | A::ListDown | A::ListUp => list::run(model, action),
        A::PromptAccept | A::PromptCancel => prompt(model, action == A::PromptAccept),
        A::PromptErase | A::PromptEraseWord | A::PromptClear => key::erase(model, action),
        A::Suspend => vec![Request::Suspend],
        A::Quit => vec![Request::Quit],
    }
}

fn focus(model: &mut Model, pane: Pane) -> Vec<Request> {
    let closes = matches!(model.ui.views.last(), Some(View::Log(_)));
    model.ui.views.clear();
    model.ui.focus = pane;
    if closes { vec![Request::CloseLog] } else { Vec::new() }
}

fn scope(model: &mut Model) -> Vec<Request> {
    model.ui.all_environments = !model.ui.all_environments;
    let said = if model.ui.all_environments {
        "Containers and targets of all environments.".to_owned()
    } else {
        match model.scope() {
            Some(key) => format!("Containers and targets of {key}."),
            None => "The selected branch feeds no environment: all are shown.".to_owned(),
        }
    };
    say(model, said)
}

fn order(model: &mut Model) -> Vec<Request> {
    model.ui.order = model.ui.order.next();
    Vec::new()
}

fn notices(model: &mut Model) -> Vec<Request> {
    let mut lines: Vec<String> = model.problems.iter().map(ToString::to_string).collect();
    let told = digest(&model.replica, model.ui.seen);
    lines.extend(told.iter().map(|notice| notice.told(model.now, model.offset_minutes)));
    if lines.is_empty() {
        let is_marked = model.ui.has_looked();
        return say(model, if is_marked { text::NOTHING_HAPPENED } else { text::NOTHING_ENDED });
    }
    model.ui.dialog = Some(Dialog::Notices { lines, top: 0 });
    Vec::new()
}

fn copy(model: &mut Model) -> Vec<Request> {
    let command = cli::of_subject(model);
    say(model, format!("Copied: {command}"));
    vec![Request::Copy(command)]
}

fn filter(model: &mut Model) -> Vec<Request> {
    if let Some(why) = obstacle(model, Action::FilterOpen) {
        return say(model, why);
    }
    let pane = model.ui.focus;
    let text = model.ui.filters[pane as usize].clone();
    model.ui.prompt = Some(Prompt { kind: PromptKind::Filter(pane), text });
    Vec::new()
}

fn prompt(model: &mut Model, keep: bool) -> Vec<Request> {
    let Some(prompt) = model.ui.prompt.take() else {
        return Vec::new();
    };
    match (prompt.kind, keep) {
        (PromptKind::Filter(pane), false) => model.ui.filters[pane as usize].clear(),
        (PromptKind::Filter(_), true) => {}
        (PromptKind::Search, true) => return logview::first_match(model),
        (PromptKind::Search, false) => {
            if let Some(View::Log(log)) = model.ui.views.last_mut() {
                log.search.clear();
                log.hit = None;
            }
        }
    }
    Vec::new()
}

/// Moves in what is on top: a dialog, a view, or the focused pane.
fn travel(model: &mut Model, action: Action) -> Vec<Request> {
    if model.ui.dialog.is_some() {
        dialog::travel(model, action);
    } else if matches!(model.ui.views.last(), Some(View::Log(_))) {
        return logview::travel(model, action);
    } else if !model.ui.views.is_empty() {
        view::travel(model, action);
    } else {
        let pane = model.ui.focus;
        let row = moved(model.cursor_row(pane), model.len(pane), page(model, pane), action);
        select(model, pane, row);
    }
    Vec::new()
}

/// Selects a row of a pane.
pub(super) fn select(model: &mut Model, pane: Pane, row: usize) {
    let key: Option<RowKey> = model.row_key(pane, row);
    if key.is_some() {
        let cursor = &mut model.ui.cursors[pane as usize];
        cursor.row = row;
        cursor.key = key;
    }
}

fn page(model: &Model, pane: Pane) -> usize {
    let area = ratatui::layout::Rect::new(0, 0, model.ui.width, model.ui.height);
    usize::from(crate::layout::layout(model, area).inner(pane).height).max(1)
}

/// Where an action goes from a row of so many.
pub(super) fn moved(row: usize, length: usize, page: usize, action: Action) -> usize {
    let last = length.saturating_sub(1);
    let target = match action {
        Action::Down => row + 1,
        Action::Up => row.saturating_sub(1),
        Action::HalfDown => row + page.div_ceil(2),
        Action::HalfUp => row.saturating_sub(page.div_ceil(2)),
        Action::PageDown => row + page,
        Action::PageUp => row.saturating_sub(page),
        Action::Top => 0,
        Action::Bottom => last,
        _ => row,
    };
    target.min(last)
}
