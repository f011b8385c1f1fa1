//! Lays rows out in columns that align, whatever the script.

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::rows::{Cell, Column, Row};
use crate::theme::Scope;
use crate::width::{self, cells};

/// Cells between two columns.
const GAP: u16 = 2;
/// The only column of a row that has one line.
const LINE: Column = Column { right: false, least: 0, most: u16::MAX, drop: 0, name: false };

/// Draws rows; the selected one lies under a bar over the whole width.
pub(super) fn table(
    canvas: &mut Canvas<'_>,
    area: Rect,
    columns: &[Column],
    rows: &[Row],
    selected: Option<(usize, Scope)>,
) {
    let widths = widths(columns, rows, area.width);
    let cuts: Vec<Cut> = (0..columns.len())
        .map(|place| best_cut(columns, rows, place, widths.get(place).copied().unwrap_or(0)))
        .collect();
    for (y, (place, row)) in (area.top()..area.bottom()).zip(rows.iter().enumerate()) {
        let mut x = area.x;
        let placed = columns.iter().zip(&widths).zip(&cuts);
        let cells = if row.line().is_some() { &[][..] } else { &row.cells };
        for (cell, ((column, wide), cut)) in cells.iter().zip(placed) {
            if *wide > 0 {
                draw(canvas, cell, (*column, *cut), Rect { x, y, width: *wide, height: 1 });
                x += wide + GAP;
            }
        }
        if let Some(line) = row.line() {
            let mark = row.cells.iter().find_map(|cell| cell.mark);
            let whole = Cell { mark, ..Cell::new(line.line.clone(), line.tone) };
            draw(canvas, &whole, (LINE, Cut::End), Rect { x, y, width: area.width, height: 1 });
        }
        if let Some((_, scope)) = selected.filter(|(selected, _)| *selected == place) {
            let bar = Rect { x: area.x - 1, y, width: area.width + 2, height: 1 };
            canvas.restyle(bar, scope);
        }
    }
}

/// Where a text that is too long is cut.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    End,
    Middle,
}

impl Cut {
    fn apply(self, text: &str, most: u16) -> String {
        match self {
            Self::End => width::cut(text, usize::from(most)),
            Self::Middle => width::cut_middle(text, usize::from(most)),
        }
    }
}

/// Where to cut a column, so that as many rows as possible are told apart.
fn best_cut(columns: &[Column], rows: &[Row], place: usize, wide: u16) -> Cut {
    if !columns[place].name {
        return Cut::End;
    }
    let told = |cut: Cut| {
        let cells = column(rows, place);
        let texts = cells.map(|cell| cut.apply(&cell.text, wide.saturating_sub(marked(cell))));
        texts.collect::<BTreeSet<String>>().len()
    };
    if told(Cut::Middle) > told(Cut::End) { Cut::Middle } else { Cut::End }
}

/// A cell's text in so many cells, its short form where it has one and room is short.
fn fitted(cell: &Cell, cut: Cut, most: u16) -> String {
    let too_long = width::of(&cell.text) > usize::from(most);
    // A state that begins with its short form says it when it is cut, and more.
    let says_it = cell.mark.is_some() && cell.text.starts_with(&cell.short);
    if !too_long || cell.short.is_empty() || says_it {
        return cut.apply(&cell.text, most);
    }
    // Of two parts the last stays whole, and the first has the rest.
    let last = cell.short.rsplit_once('·').map(|(_, last)| format!("·{last}"));
    let first = cell.text.split(" · ").next().unwrap_or_default();
    match last {
        Some(last) if width::of(&last) < usize::from(most) => {
            let left = most.saturating_sub(cells(width::of(&last)));
            cut.apply(first, left) + &last
        }
        Some(_) | None => cut.apply(&cell.short, most),
    }
}

fn marked(cell: &Cell) -> u16 {
    if cell.mark.is_some() { 2 } else { 0 }
}

fn draw(canvas: &mut Canvas<'_>, cell: &Cell, (column, cut): (Column, Cut), room: Rect) {
    let mut room = room;
    if let Some(mark) = cell.mark {
        let glyph = canvas.glyph(mark);
        canvas.put(room.x, room.y, room.width, &glyph, mark.scope());
        let taken = 2.min(room.width);
        room.x += taken;
        room.width -= taken;
    }
    let text = fitted(cell, cut, room.width);
    let text = text.as_str();
    if column.right {
        canvas.put_right(room.right(), room.y, room.width, text, cell.tone);
    } else {
        canvas.put(room.x, room.y, room.width, text, cell.tone);
    }
}

/// The cells that each column gets; none for one that is empty or left out.
fn widths(columns: &[Column], rows: &[Row], room: u16) -> Vec<u16> {
    let wanted = |place: usize| {
        let natural = column(rows, place).map(natural).max();
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
    // What matters least goes first; then wide columns give way down to what tells rows apart, and
    // only where there is no other way below that.
    let telling: Vec<u16> =
        (0..columns.len()).map(|place| telling(columns[place], rows, place)).collect();
    while needed(&least(columns, &widths, &telling)) > room {
        let next =
            (0..columns.len()).filter(|place| widths[*place] > 0 && columns[*place].drop > 0);
        match next.max_by_key(|place| columns[*place].drop) {
            Some(place) => widths[place] = 0,
            None => break,
        }
    }
    let lowest: Vec<u16> = columns.iter().map(|column| column.least).collect();
    // Names are the last to give way.
    for (floor, names) in [(&telling, false), (&telling, true), (&lowest, true)] {
        while needed(&widths) > room {
            let give = (0..columns.len())
                .filter(|place| names || !columns[*place].name)
                .filter(|place| !columns[*place].right && widths[*place] > floor[*place].max(1));
            match give.max_by_key(|place| widths[*place] - floor[*place]) {
                Some(place) => widths[place] -= 1,
                None => break,
            }
        }
    }
    grow_last(columns, &mut widths, room);
    widths
}

/// The cells of a column, without those of rows that have one line.
fn column(rows: &[Row], place: usize) -> impl Iterator<Item = &Cell> {
    rows.iter().filter(|row| row.line().is_none()).filter_map(move |row| row.cells.get(place))
}

fn natural(cell: &Cell) -> u16 {
    let mark = marked(cell);
    if cell.text.is_empty() && mark == 0 { 0 } else { cells(width::of(&cell.text)) + mark }
}

/// The most cells that a column claims for telling rows apart.
const TELLING: u16 = 26;

/// The cells at which a column's texts differ as they should, and states say what is decisive.
fn telling(column: Column, rows: &[Row], place: usize) -> u16 {
    let cells_of = || self::column(rows, place);
    let decisive = cells_of()
        .filter(|cell| !cell.short.is_empty())
        .map(|cell| natural(cell).min(cells(width::of(&cell.short)) + marked(cell)));
    let least = decisive.max().unwrap_or(0).max(column.least);
    if !column.name {
        return least.min(TELLING);
    }
    let mut texts: Vec<&str> = cells_of().map(|cell| cell.text.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    let shared = texts.windows(2).map(|two| {
        let same = two[0].chars().zip(two[1].chars()).take_while(|(one, other)| one == other);
        let same: usize = same.map(|(one, _)| one.len_utf8()).sum();
        // One wide character that differs, and the sign of the cut.
        cells(width::of(two[0].get(..same).unwrap_or(""))) + 3
    });
    let head = shared.max().unwrap_or(0);
    let longest = texts.iter().map(|text| cells(width::of(text))).max().unwrap_or(0);
    least.max(head.min(longest)).min(TELLING)
}

/// What the columns can do with; a number is never cut.
fn least(columns: &[Column], widths: &[u16], telling: &[u16]) -> Vec<u16> {
    let of = |((column, wide), telling): ((&Column, &u16), &u16)| {
        if column.right { *wide } else { (*telling).max(1).min(*wide) }
    };
    columns.iter().zip(widths).zip(telling).map(of).collect()
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
