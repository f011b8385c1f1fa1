//! What lies over everything and waits for an answer.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::lines::{self, Line, sentence};
use super::{footer, plan};
use crate::layout::{centred, inner, window};
use crate::model::{Ask, Button, Dialog, ListDialog, ListKind, Model, PlanDialog};
use crate::text;
use crate::theme::Scope;
use crate::width::{self, cells};

/// What does nothing to a plan.
const CANCEL: &str = "Cancel";
/// What does nothing to a plan that can no longer be carried out.
const CLOSE: &str = "Close";
/// What does nothing where cancelling is what is asked.
const KEEP: &str = "Keep it";

/// Where the mouse can press.
#[derive(Clone, Debug, Default)]
pub struct Hits {
    /// The whole dialog.
    pub area: Rect,
    /// Its buttons.
    pub buttons: Vec<(Rect, Button)>,
    /// Its rows, where there is a list.
    pub rows: Option<Rect>,
    /// The first row that is shown.
    pub top: usize,
}

/// Where things of the open dialog stand.
pub fn hits(model: &Model, area: Rect) -> Hits {
    match &model.ui.dialog {
        Some(Dialog::Plan(dialog)) => {
            button_hits(plan_area(model, dialog, area), no_of_plan(dialog), &yes_of_plan(dialog))
        }
        Some(Dialog::Ask(ask)) => {
            let (no, yes) = answers(ask);
            button_hits(ask_area(ask, area), no, yes)
        }
        Some(Dialog::List(list)) => {
            let area = list_area(list, area);
            let (rows, top) = list_rows(list, area);
            Hits { area, rows: Some(rows), top, ..Hits::default() }
        }
        Some(Dialog::Notices { lines, .. }) => {
            Hits { area: notices_area(lines, area), ..Hits::default() }
        }
        None => Hits::default(),
    }
}

/// The last line from which an open plan can be shown.
pub fn plan_last(model: &Model, area: Rect) -> usize {
    let Some(Dialog::Plan(dialog)) = &model.ui.dialog else {
        return 0;
    };
    let room = inner(plan_area(model, dialog, area));
    let seen = usize::from(room.height.saturating_sub(2));
    plan::lines(model, dialog, room.width).len().saturating_sub(seen)
}

/// Draws the open dialog.
pub(super) fn dialog(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    match &model.ui.dialog {
        Some(Dialog::Plan(dialog)) => draw_plan(model, dialog, canvas, area),
        Some(Dialog::Ask(ask)) => draw_ask(ask, canvas, area),
        Some(Dialog::List(list)) => draw_list(list, canvas, area),
        Some(Dialog::Notices { lines, top }) => {
            let area = notices_area(lines, area);
            let is_marked = model.ui.has_looked();
            popup(canvas, area, if is_marked { text::NOTICES } else { text::NOTICES_OF_ALL });
            let room = inner(area);
            let shown: Vec<Line> =
                lines.iter().map(|line| Line::new(width::clean(line), Scope::Text)).collect();
            lines::draw(canvas, room, &shown, *top);
        }
        None => {}
    }
}

fn popup(canvas: &mut Canvas<'_>, area: Rect, title: &str) {
    canvas.clear(area, Scope::Popup);
    canvas.frame(
        area,
        Scope::PopupBorder,
        (&width::clean(title), Scope::TitleFocus),
        ("", Scope::Dim),
    );
}

fn plan_area(model: &Model, dialog: &PlanDialog, area: Rect) -> Rect {
    let width = area.width.saturating_sub(4).clamp(20, 84);
    let length = plan::lines(model, dialog, width - 4).len();
    centred(area, width, cells(length) + 4)
}

fn no_of_plan(dialog: &PlanDialog) -> &'static str {
    if dialog.plan.is_ok() { CANCEL } else { CLOSE }
}

fn yes_of_plan(dialog: &PlanDialog) -> String {
    dialog
        .plan
        .as_ref()
        .map_or_else(|_| String::new(), |plan| format!("make {} serve", plan.to.release))
}

fn draw_plan(model: &Model, dialog: &PlanDialog, canvas: &mut Canvas<'_>, area: Rect) {
    let area = plan_area(model, dialog, area);
    let room = inner(area);
    let text = Rect { height: room.height.saturating_sub(2), ..room };
    let lines = plan::lines(model, dialog, room.width);
    popup(canvas, area, &plan::title(dialog));
    lines::draw(canvas, text, &lines, dialog.top);
    let (most, seen) = (lines.len(), usize::from(text.height));
    if most > seen {
        let below = most - seen - dialog.top.min(most - seen);
        let said =
            if below > 0 { format!("↓ j: {below} more lines") } else { "↑ k".to_owned() };
        canvas.put(text.x, text.bottom(), text.width, &said, Scope::HelpKey);
    }
    let yes = yes_of_plan(dialog);
    buttons(canvas, area, dialog.button, (no_of_plan(dialog), &yes), dialog.sent.is_some());
}

fn ask_lines(ask: &Ask, width: u16) -> Vec<Line> {
    let mut lines: Vec<Line> = ask
        .lines
        .iter()
        .flat_map(|line| sentence(&width::clean(line), width, Scope::Text))
        .collect();
    let note = ask.note.as_deref().or(ask.sent.map(|_| text::SENT));
    if let Some(note) = note {
        lines.push(Line::default());
        lines.extend(sentence(&width::clean(note), width, Scope::StateWarn));
    }
    lines
}

fn ask_area(ask: &Ask, area: Rect) -> Rect {
    let width = area.width.saturating_sub(4).clamp(20, 66);
    centred(area, width, cells(ask_lines(ask, width - 4).len()) + 4)
}

fn draw_ask(ask: &Ask, canvas: &mut Canvas<'_>, area: Rect) {
    let area = ask_area(ask, area);
    popup(canvas, area, &ask.title);
    let room = inner(area);
    lines::draw(
        canvas,
        Rect { height: room.height.saturating_sub(2), ..room },
        &ask_lines(ask, room.width),
        0,
    );
    buttons(canvas, area, ask.button, answers(ask), ask.sent.is_some());
}

/// What the buttons of a question say.
fn answers(ask: &Ask) -> (&'static str, &str) {
    if ask.gone { (CLOSE, "") } else { (KEEP, &ask.yes) }
}

fn button_hits(area: Rect, no: &str, yes: &str) -> Hits {
    let room = inner(area);
    let y = room.bottom().saturating_sub(1);
    let cancel = Rect { x: room.x, y, width: cells(width::of(no)) + 2, height: 1 };
    let mut buttons = vec![(cancel, Button::Cancel)];
    if !yes.is_empty() {
        let wide = cells(width::of(yes)) + 2;
        let x = cancel.right() + 2;
        buttons.push((
            Rect { x, y, width: wide.min(room.right().saturating_sub(x)), height: 1 },
            Button::Confirm,
        ));
    }
    Hits { area, buttons, ..Hits::default() }
}

fn buttons(
    canvas: &mut Canvas<'_>,
    area: Rect,
    focus: Button,
    (no, yes): (&str, &str),
    is_sent: bool,
) {
    for (place, button) in button_hits(area, no, yes).buttons {
        let text = match button {
            Button::Cancel if is_sent => CLOSE,
            Button::Cancel => no,
            Button::Confirm => yes,
        };
        // Brackets, so that it is seen without colour which one Enter presses.
        let text = if button == focus { format!("[{text}]") } else { format!(" {text} ") };
        let scope = match (button == focus, button) {
            (false, _) => Scope::Button,
            (true, Button::Cancel) => Scope::ButtonFocus,
            (true, Button::Confirm) => Scope::ButtonDanger,
        };
        if !(is_sent && button == Button::Confirm) {
            canvas.put(place.x, place.y, place.width, &text, scope);
        }
    }
}

fn list_area(list: &ListDialog, area: Rect) -> Rect {
    let wide = match list.kind {
        ListKind::Help(_) | ListKind::Palette => 100,
        ListKind::Promotion(_) | ListKind::Release(_) => 66,
    };
    let height = cells(list.rows.len()) + 4;
    let most = area.height.saturating_sub(2).min(30);
    centred(area, area.width.saturating_sub(4).min(wide), height.clamp(6, most.max(6)))
}

fn list_rows(list: &ListDialog, area: Rect) -> (Rect, usize) {
    let room = inner(area);
    let rows = Rect { y: room.y + 2, height: room.height.saturating_sub(2), ..room };
    (rows, window(0, list.cursor, list.left().len(), usize::from(rows.height)))
}

fn draw_list(list: &ListDialog, canvas: &mut Canvas<'_>, area: Rect) {
    let area = list_area(list, area);
    let (title, label) = match &list.kind {
        ListKind::Help(_) => ("Keys that work here".to_owned(), "filter "),
        ListKind::Palette => ("Commands".to_owned(), ":"),
        ListKind::Promotion(from) => (format!("Promote what {from} serves to"), "filter "),
        ListKind::Release(key) => (format!("Roll {key} back to"), "filter "),
    };
    popup(canvas, area, &title);
    let room = inner(area);
    footer::typed(canvas, Rect { height: 1, ..room }, label, &list.filter);
    let (rows, top) = list_rows(list, area);
    let left = list.left();
    if left.is_empty() {
        // What the list is of may have gone while it is open.
        let why = if list.rows.is_empty() { text::NOTHING_LEFT } else { text::NOTHING_MATCHES };
        canvas.put(rows.x, rows.y, rows.width, why, Scope::Dim);
    }
    let longest = list.rows.iter().map(|row| width::of(&row.key)).max().unwrap_or(0);
    let key_width = cells(longest).min(room.width / 3);
    for (y, (place, row)) in (rows.top()..rows.bottom()).zip(left.iter().enumerate().skip(top)) {
        let Some(row) = list.rows.get(*row) else {
            continue;
        };
        canvas.put(rows.x, y, key_width, &row.key, Scope::HelpKey);
        let x = rows.x + key_width + 2;
        let taken = canvas.put(x, y, rows.right().saturating_sub(x), &row.text, Scope::Text);
        let free = rows.right().saturating_sub(x + taken + 2);
        if usize::from(free) >= width::of(&row.aside) {
            canvas.put_right(rows.right(), y, free, &row.aside, Scope::HelpDesc);
        }
        if place == list.cursor {
            canvas.restyle(
                Rect { x: rows.x - 1, y, width: rows.width + 2, height: 1 },
                Scope::Selection,
            );
        }
    }
}

fn notices_area(lines: &[String], area: Rect) -> Rect {
    let longest = lines.iter().map(|line| width::of(line)).max().unwrap_or(0);
    centred(
        area,
        cells(longest + 4).clamp(30, area.width.saturating_sub(4).max(30)),
        cells(lines.len()) + 2,
    )
}
