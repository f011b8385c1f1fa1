//! The last line: what was just said, how a begun row of keys goes on, or what can be done here.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::action::Action;
use crate::keymap::{self, Context};
use crate::model::{Dialog, Link, Model, PromptKind, View};
use crate::theme::Scope;
use crate::tick::TOAST;
use crate::update::{contexts, obstacle};
use crate::width::{self, cells};

/// Draws the last line.
pub(super) fn footer(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    if area.height == 0 {
        return;
    }
    canvas.clear(area, Scope::Background);
    let room = Rect { x: area.x + 1, width: area.width - 2, ..area };
    if let Some(prompt) = model.ui.prompt.as_ref().filter(|_| model.ui.dialog.is_none()) {
        let word = match prompt.kind {
            PromptKind::Filter(_) => "filter",
            PromptKind::Search => "search",
        };
        return typed(canvas, room, &format!("{word} /"), &prompt.text);
    }
    let toast = model.ui.toast.as_ref().filter(|toast| model.now.since(toast.at) < TOAST);
    // Why nothing can follow stands in the place of what could.
    let is_refusal = toast.is_some_and(|toast| toast.is_error);
    if !model.ui.pending.is_empty() && !is_refusal {
        return which(model, canvas, room);
    }
    if let Some(toast) = toast {
        let scope = if toast.is_error { Scope::ToastError } else { Scope::Toast };
        said(canvas, area, &width::clean(&toast.text), scope);
        return;
    }
    hints(model, canvas, room);
}

/// Draws a sentence in the last line, and over those before it where it needs them, up to half of the
/// screen: the last ones say what to do. One that is longer yet is seen to be cut.
fn said(canvas: &mut Canvas<'_>, area: Rect, text: &str, scope: Scope) {
    let wide = usize::from(area.width.saturating_sub(2));
    let lines = width::fold(text, wide);
    let shown = lines.len().clamp(1, usize::from(area.bottom() / 2).max(1));
    let top = area.bottom().saturating_sub(cells(shown));
    canvas.clear(Rect { y: top, height: cells(shown), ..area }, Scope::Background);
    for (place, line) in lines.iter().take(shown).enumerate() {
        let line = match lines.get(place + 1) {
            Some(next) if place + 1 == shown => width::cut(&format!("{line} {next}"), wide),
            Some(_) | None => line.clone(),
        };
        canvas.put(area.x + 1, top + cells(place), area.width - 2, &line, scope);
    }
}

/// Draws a line that is typed, its end kept in sight.
pub(super) fn typed(canvas: &mut Canvas<'_>, room: Rect, label: &str, text: &str) {
    let mut x = room.x + canvas.put(room.x, room.y, room.width, label, Scope::HelpKey);
    let text = width::clean(text);
    let left = usize::from(room.right().saturating_sub(x + 1));
    let hidden = width::of(&text).saturating_sub(left);
    x += canvas.put(
        x,
        room.y,
        room.right().saturating_sub(x),
        width::skip(&text, hidden),
        Scope::Prompt,
    );
    let cursor = Rect { x, width: 1, ..room };
    let style = ratatui::style::Style::default().add_modifier(ratatui::style::Modifier::REVERSED);
    canvas.paint(cursor, style);
}

fn which(model: &Model, canvas: &mut Canvas<'_>, room: Rect) {
    let stack = contexts(model);
    let begun = keymap::shown(&model.ui.pending);
    let rows = model.keymap.continuations(&stack, &model.ui.pending);
    let rows = rows.iter().filter(|(_, action)| obstacle(model, *action).is_none());
    let pairs: Vec<(String, &str)> =
        rows.map(|(keys, action)| (keys.clone(), action.row().hint)).collect();
    let taken = canvas.put(room.x, room.y, room.width, &begun, Scope::ButtonFocus) + 2;
    let room = Rect { x: room.x + taken, width: room.width.saturating_sub(taken), ..room };
    draw(canvas, room, &pairs);
}

fn hints(model: &Model, canvas: &mut Canvas<'_>, room: Rect) {
    let stack = contexts(model);
    let pairs: Vec<(String, &str)> = wanted(model, &stack)
        .iter()
        .filter(|action| obstacle(model, **action).is_none())
        .filter_map(|action| Some((model.keymap.keys_of(&stack, *action)?, hint(model, *action))))
        .collect();
    draw(canvas, room, &pairs);
}

fn hint(model: &Model, action: Action) -> &'static str {
    match (&model.ui.dialog, action) {
        (Some(Dialog::Notices { .. }), Action::ConfirmCancel) => "close",
        (Some(Dialog::Plan(plan)), Action::ConfirmCancel) if plan.plan.is_err() => "close",
        (Some(Dialog::Ask(ask)), Action::ConfirmCancel) if ask.gone => "close",
        _ => action.row().hint,
    }
}

/// What is worth a hint here, the most useful first.
fn wanted(model: &Model, stack: &[Context]) -> &'static [Action] {
    match &model.ui.dialog {
        Some(Dialog::Plan(plan)) if plan.plan.is_err() => return &[Action::ConfirmCancel],
        Some(Dialog::Ask(ask)) if ask.gone => return &[Action::ConfirmCancel],
        Some(Dialog::Plan(_) | Dialog::Ask(_)) => return ASK,
        Some(Dialog::Notices { .. }) => return &[Action::ConfirmCancel],
        Some(Dialog::List(_)) => return &[Action::ListAccept, Action::ListCancel],
        None => {}
    }
    if !matches!(model.link, Link::Live | Link::Lost { .. }) {
        return &[Action::Quit];
    }
    if model.replica.projects.is_empty() {
        return &[Action::HelpOpen, Action::PaletteOpen, Action::Quit];
    }
    match (model.ui.views.last(), stack.first()) {
        (Some(View::Log(_)), _) => LOG,
        (Some(View::Run { .. }), _) => RUN,
        (Some(View::Deployment { .. }), _) => DEPLOYMENT,
        (Some(View::Instance { .. } | View::Inspection(_)), _) => INSTANCE,
        (Some(View::Cost { .. }), _) => COST,
        (Some(View::Branch { .. }), _) => BRANCH,
        (Some(View::Watched { .. }), _) => &[Action::HelpOpen, Action::Back],
        (None, Some(Context::Branches)) => BRANCHES,
        (None, Some(Context::Jobs)) => JOBS,
        (None, Some(Context::Containers | Context::Targets)) => INSTANCES,
        (None, _) => COSTS,
    }
}

const COSTS: &[Action] =
    &[Action::HelpOpen, Action::Open, Action::PaletteOpen, Action::Zoom, Action::Quit];
const COST: &[Action] = &[Action::HelpOpen, Action::Back];
const BRANCH: &[Action] = &[Action::HelpOpen, Action::RunAgain, Action::ProjectLook, Action::Back];
const ASK: &[Action] =
    &[Action::ConfirmAccept, Action::ConfirmNext, Action::ConfirmChoose, Action::ConfirmCancel];
const LOG: &[Action] = &[
    Action::HelpOpen,
    Action::LogFollow,
    Action::LogSearch,
    Action::LogNext,
    Action::LogWrap,
    Action::LogTimes,
    Action::LogStepNext,
    Action::Back,
];
const RUN: &[Action] = &[
    Action::HelpOpen,
    Action::Open,
    Action::LogOpen,
    Action::JobCancel,
    Action::RunAgain,
    Action::DeployReady,
    Action::Back,
];
const DEPLOYMENT: &[Action] =
    &[Action::HelpOpen, Action::LogOpen, Action::JobCancel, Action::DeployRollback, Action::Back];
const BRANCHES: &[Action] = &[
    Action::HelpOpen,
    Action::DeployReady,
    Action::JobCancel,
    Action::DeployRollback,
    Action::DeployPromote,
    Action::RunAgain,
    Action::Open,
    Action::LogOpen,
    Action::FilterOpen,
    Action::PaletteOpen,
    Action::ProjectLook,
    Action::Quit,
];
const JOBS: &[Action] = &[
    Action::HelpOpen,
    Action::Open,
    Action::LogOpen,
    Action::JobCancel,
    Action::RunAgain,
    Action::DeployReady,
    Action::FilterOpen,
    Action::PaletteOpen,
    Action::Quit,
];
const INSTANCE: &[Action] = &[
    Action::HelpOpen,
    Action::LogOpen,
    Action::InstanceInspect,
    Action::InstanceShell,
    Action::InstanceRestart,
    Action::InstanceStop,
    Action::Back,
];
const INSTANCES: &[Action] = &[
    Action::HelpOpen,
    Action::Open,
    Action::LogOpen,
    Action::InstanceShell,
    Action::InstanceRestart,
    Action::OrderNext,
    Action::ScopeToggle,
    Action::DeployRollback,
    Action::FilterOpen,
    Action::PaletteOpen,
    Action::Quit,
];

/// Draws as many as there is room for, and the last one, how to leave, in any case.
fn draw(canvas: &mut Canvas<'_>, room: Rect, pairs: &[(String, &str)]) {
    let needs = |(keys, hint): &(String, &str)| cells(width::of(keys) + 1 + width::of(hint));
    let Some((last, others)) = pairs.split_last() else { return };
    let mut x = room.x;
    let kept = needs(last) + 2;
    let mut put = |pair: &(String, &str), kept: u16| {
        if x + needs(pair) + kept > room.right() {
            return false;
        }
        let (keys, hint) = pair;
        x += canvas.put(x, room.y, room.right() - x, keys, Scope::HelpKey) + 1;
        x += canvas.put(x, room.y, room.right().saturating_sub(x), hint, Scope::HelpDesc) + 2;
        true
    };
    let _ = others.iter().all(|pair| put(pair, kept));
    put(last, 0);
}
