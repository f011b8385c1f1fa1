//! The mouse: select, focus, scroll, press a button.

use ratatui::layout::{Position, Rect};

use super::{action, dialog, list};
use crate::action::Action;
use crate::layout::{Mode, layout};
use crate::model::{Button, Dialog, Model, Pane};
use crate::msg::{Mouse, MouseWhat, Request};

/// Rows that one notch of the wheel goes.
const NOTCH: usize = 3;

/// Does what the mouse did.
pub(super) fn mouse(model: &mut Model, mouse: Mouse) -> Vec<Request> {
    match mouse.what {
        MouseWhat::WheelDown => wheel(model, mouse, Action::Down),
        MouseWhat::WheelUp => wheel(model, mouse, Action::Up),
        MouseWhat::Click => click(model, mouse),
    }
}

fn wheel(model: &mut Model, mouse: Mouse, by: Action) -> Vec<Request> {
    let over_panes = model.ui.dialog.is_none() && model.ui.views.is_empty();
    if over_panes && let Some(pane) = pane_at(model, mouse) {
        model.ui.focus = pane;
    }
    (0..NOTCH).flat_map(|_| action::run(model, by)).collect()
}

fn click(model: &mut Model, mouse: Mouse) -> Vec<Request> {
    model.ui.toast = None;
    let at = Position { x: mouse.x, y: mouse.y };
    if model.ui.dialog.is_some() {
        return click_dialog(model, at);
    }
    if !model.ui.views.is_empty() {
        return Vec::new();
    }
    let screen = layout(model, screen(model));
    if screen.mode == Mode::Single && screen.tabs.contains(at) {
        let tabs = crate::view::tab_areas(screen.tabs);
        if let Some((pane, ..)) = tabs.iter().find(|(_, tab, _)| tab.contains(at)) {
            model.ui.focus = *pane;
        }
        return Vec::new();
    }
    let Some(pane) = pane_at(model, mouse) else {
        return Vec::new();
    };
    let again = model.ui.focus == pane;
    model.ui.focus = pane;
    let inner = screen.inner(pane);
    if inner.contains(at) {
        let row = model.ui.cursors[pane as usize].top + usize::from(mouse.y - inner.y);
        if row < model.len(pane) {
            if again && row == model.cursor_row(pane) {
                return action::run(model, Action::Open);
            }
            action::select(model, pane, row);
        }
    }
    Vec::new()
}

fn click_dialog(model: &mut Model, at: Position) -> Vec<Request> {
    let hit = crate::view::dialog_hits(model, screen(model));
    if !hit.area.contains(at) {
        return Vec::new();
    }
    if let Some(button) =
        hit.buttons.iter().find(|(area, _)| area.contains(at)).map(|(_, button)| *button)
    {
        let confirm = match &mut model.ui.dialog {
            Some(Dialog::Plan(plan)) => {
                plan.button = button;
                true
            }
            Some(Dialog::Ask(ask)) => {
                ask.button = button;
                true
            }
            Some(Dialog::Notices { .. }) => true,
            Some(Dialog::List(_)) | None => false,
        };
        return match (confirm, button) {
            (true, Button::Confirm) => dialog::run(model, Action::ConfirmChoose),
            (true, Button::Cancel) => dialog::close(model),
            (false, _) => Vec::new(),
        };
    }
    let row = hit.rows.filter(|rows| rows.contains(at)).map(|rows| usize::from(at.y - rows.y));
    if let (Some(row), Some(Dialog::List(list))) = (row, &mut model.ui.dialog) {
        let row = hit.top + row;
        if row < list.left().len() {
            list.cursor = row;
            return list::run(model, Action::ListAccept);
        }
    }
    Vec::new()
}

fn screen(model: &Model) -> Rect {
    Rect::new(0, 0, model.ui.width, model.ui.height)
}

fn pane_at(model: &Model, mouse: Mouse) -> Option<Pane> {
    let screen = layout(model, screen(model));
    let at = Position { x: mouse.x, y: mouse.y };
    Pane::ALL.into_iter().find(|pane| screen.panes[*pane as usize].contains(at))
}
