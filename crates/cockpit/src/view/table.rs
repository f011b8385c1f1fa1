//! Lays rows out in columns that align, whatever the script.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::rows::{Cell, Column, Row};
use crate::theme::Scope;
use crate::width::{self, cells};

/// Cells between two columns.
const GAP: u16 = 2;

/// Draws rows; the selected one lies under a bar over the whole width.
pub(super) fn table(
    canvas: &mut Canvas<'_>,
    area: Rect,
    columns: &[Column],
    rows: &[Row],
    selected: Option<(usize, Scope)>,
) {
    let widths = widths(columns, rows, area.width);
    for (y, (place, row)) in (area.top()..area.bottom()).zip(rows.iter().enumerate()) {
        let mut x = area.x;
        for (cell, (column, wide)) in row.cells.iter().zip(columns.iter().zip(&widths)) {
            if *wide > 0 {
                draw(canvas, cell, *column, Rect { x, y, width: *wide, height: 1 });
                x += wide + GAP;
            }
        }
        if let Some((_, scope)) = selected.filter(|(selected, _)| *selected == place) {
            let bar = Rect { x: area.x - 1, y, width: area.width + 2, height: 1 };
            canvas.restyle(bar, scope);
        }
    }
}

fn draw(canvas: &mut Canvas<'_>, cell: &Cell, column: Column, room: Rect) {
    let mut room = room;
    if let Some(mark) = cell.mark {
        let glyph = canvas.glyph(mark);
        canvas.put(room.x, room.y, room.width, &glyph, mark.scope());
        let taken = 2.min(room.width);
        room.x += taken;
        room.width -= taken;
    }
    if column.right {
        canvas.put_right(room.right(), room.y, room.width, &cell.text, cell.tone);
    } else {
        canvas.put(room.x, room.y, room.width, &cell.text, cell.tone);
    }
}

/// The cells that each column gets; none for one that is empty or left out.
fn widths(columns: &[Column], rows: &[Row], room: u16) -> Vec<u16> {
    let wanted = |place: usize| {
        let natural = rows.iter().filter_map(|row| row.cells.get(place)).map(natural).max();
        natural.unwrap_or(0)
    };
    let mut widths: Vec<u16> = columns
        .iter()
        .enumerate()
        .map(|(place, column)| match wanted(place) {
            0 => 0,
            natural => natural.max(if column.right { column.least } else { 0 }).min(column.most),
        })
        .collect();
    // What matters least goes first; then wide columns give way down to their least.
    while needed(&least(columns, &widths)) > room {
        let next =
            (0..columns.len()).filter(|place| widths[*place] > 0 && columns[*place].drop > 0);
        match next.max_by_key(|place| columns[*place].drop) {
            Some(place) => widths[place] = 0,
            None => break,
        }
    }
    while needed(&widths) > room {
        let give = (0..columns.len()).filter(|place| {
            !columns[*place].right && widths[*place] > columns[*place].least.max(1)
        });
        match give.max_by_key(|place| widths[*place] - columns[*place].least) {
            Some(place) => widths[place] -= 1,
            None => break,
        }
    }
    grow_last(columns, &mut widths, room);
    widths
}

fn natural(cell: &Cell) -> u16 {
    let mark = if cell.mark.is_some() { 2 } else { 0 };
    if cell.text.is_empty() && mark == 0 { 0 } else { cells(width::of(&cell.text)) + mark }
}

/// What the columns can do with; a number is never cut.
fn least(columns: &[Column], widths: &[u16]) -> Vec<u16> {
    let of = |(column, wide): (&Column, &u16)| {
        if column.right { *wide } else { column.least.max(1).min(*wide) }
    };
    columns.iter().zip(widths).map(of).collect()
}

fn needed(widths: &[u16]) -> u16 {
    let shown = widths.iter().filter(|wide| **wide > 0);
    shown.fold(0, |sum, wide| sum + wide + GAP).saturating_sub(GAP)
}

/// Puts columns that stand at the right against the right border.
fn grow_last(columns: &[Column], widths: &mut [u16], room: u16) {
    let spare = room.saturating_sub(needed(widths));
    let last_right =
        columns.iter().zip(widths.iter()).rposition(|(column, wide)| column.right && *wide > 0);
    let Some(last) = last_right.filter(|last| widths[last + 1..].iter().all(|wide| *wide == 0))
    else {
        return;
    };
    let first = (0..=last)
        .rev()
        .take_while(|place| columns[*place].right || widths[*place] == 0)
        .last()
        .unwrap_or(last);
    if let Some(before) = (0..first).rev().find(|place| widths[*place] > 0) {
        widths[before] += spare;
    }
}
