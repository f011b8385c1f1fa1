//! Lays rows out in columns that align, whatever the script.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::rows::{Cell, Column, Row};
use crate::theme::Scope;
use crate::width::{self, cells};

/// Cells between two columns.
const GAP: u16 = 2;
/// The only column of a row that has one line.
const LINE: Column =
    Column { right: false, least: 0, most: u16::MAX, drop: 0, name: false, ends: false };
/// Cells in which a sentence's beginning and its end both say something.
const BOTH_ENDS: u16 = 24;

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
    /// Before its last whole clauses.
    Clause,
}

impl Cut {
    fn apply(self, text: &str, most: u16) -> String {
        match self {
            Self::End => width::cut(text, usize::from(most)),
            Self::Middle => width::cut_middle(text, usize::from(most)),
            Self::Clause => width::cut_clause(text, usize::from(most)),
        }
    }
}

/// Where to cut a column, so that as many rows as possible are told apart.
fn best_cut(columns: &[Column], rows: &[Row], place: usize, wide: u16) -> Cut {
    if columns[place].ends && wide >= BOTH_ENDS {
        return Cut::Clause;
    }
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
    if !too_long || cell.short.is_empty() || says_it(cell) {
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

/// Whether a state begins with its short form: cut it says that, and more.
fn says_it(cell: &Cell) -> bool {
    cell.mark.is_some() && cell.text.starts_with(&cell.short)
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
    // What matters least goes first.
    let telling: Vec<u16> =
        (0..columns.len()).map(|place| telling(columns[place], rows, place)).collect();
    let wishes = Wishes::of(columns, rows);
    while needed(&least(columns, &wishes, &widths, &telling)) > room {
        let next =
            (0..columns.len()).filter(|place| widths[*place] > 0 && columns[*place].drop > 0);
        match next.max_by_key(|place| columns[*place].drop) {
            Some(place) => widths[place] = 0,
            None => break,
        }
    }
    if needed(&widths) > room {
        share(&wishes, rows, &mut widths, &telling, room);
    }
    // Nothing is cut while cells are free.
    for place in 0..columns.len() {
        let spare = room.saturating_sub(needed(&widths));
        let whole = column(rows, place).map(natural).filter(|all| *all <= widths[place] + spare);
        if widths[place] > 0 {
            widths[place] = widths[place].max(whole.max().unwrap_or(0));
        }
    }
    grow_last(columns, &mut widths, room);
    widths
}

/// The cells of a state within which it says what is decisive; more of them give way to a name.
const DECISIVE: u16 = 24;

/// The cells of a name that is cut last.
const DEAR: u16 = 16;

/// Takes from columns what there is no room for, where least is lost by it: first what could be left
/// out and what states say at length, then down to what tells rows apart, then whatever is left.
/// What shortened texts leave over goes to those that are still cut.
fn share(wishes: &Wishes<'_>, rows: &[Row], widths: &mut [u16], telling: &[u16], room: u16) {
    let columns = wishes.columns;
    let decisive: Vec<u16> = telling
        .iter()
        .zip(columns)
        .map(|(least, column)| if column.drop == 0 { (*least).max(DECISIVE) } else { *least })
        .collect();
    let lowest: Vec<u16> = columns.iter().map(|column| column.least).collect();
    let decisive = decisive.as_slice();
    for (floor, names, weighs) in
        [(decisive, false, true), (telling, true, true), (&lowest, true, false)]
    {
        // Where what is decisive has no room either, that is only shared out.
        let loss = |place: usize, wide: u16, widths: &[u16]| {
            if weighs { wishes.loss(place, wide, widths) } else { 0 }
        };
        while needed(widths) > room {
            let give = (0..columns.len())
                .filter(|place| names || !columns[*place].name)
                .filter(|place| !columns[*place].right && widths[*place] > floor[*place].max(1));
            let next = give.min_by_key(|place| {
                let (place, wide) = (*place, widths[*place]);
                let more = loss(place, wide - 1, widths) - loss(place, wide, widths);
                (more, Reverse(wide - floor[place]))
            });
            match next {
                Some(place) => widths[place] -= 1,
                None => break,
            }
        }
    }
    for place in (0..columns.len()).filter(|place| !columns[*place].right) {
        let wide = widths[place];
        let cut = best_cut(columns, rows, place, wide);
        let shown = self::column(rows, place).map(|cell| {
            let mark = marked(cell);
            mark + cells(width::of(&fitted(cell, cut, wide.saturating_sub(mark))))
        });
        widths[place] = wide.min(shown.max().unwrap_or(0));
    }
    while needed(widths) < room {
        let gain = |place: &usize| {
            let loss = wishes.loss(*place, widths[*place], widths);
            loss - wishes.loss(*place, widths[*place] + 1, widths)
        };
        let grow = (0..columns.len())
            .filter(|place| widths[*place] > 0 && widths[*place] < columns[*place].most);
        match grow.filter(|place| gain(place) > 0).max_by_key(gain) {
            Some(place) => widths[place] += 1,
            None => break,
        }
    }
    // What is left over gives texts their long form back.
    for (place, column) in columns.iter().enumerate().filter(|(_, column)| !column.right) {
        let all = wishes.cells[place].iter().map(|wish| wish.all).max().unwrap_or(0);
        let more = all.min(column.most).saturating_sub(widths[place]);
        if widths[place] > 0 && needed(widths) + more <= room {
            widths[place] += more;
        }
    }
}

/// What the cells of all columns would take.
struct Wishes<'a> {
    columns: &'a [Column],
    /// By column, and by row in it.
    cells: Vec<Vec<Wish>>,
}

/// The cells that a text takes, and those of its short form where that stands for it.
struct Wish {
    all: u16,
    short: Option<u16>,
}

impl Wish {
    /// The cells of what is shown in so many, were it not cut.
    fn shown(&self, wide: u16) -> u16 {
        self.short.filter(|_| self.all > wide).unwrap_or(self.all)
    }

    /// How many cells are not shown in so many; a short form says the same.
    fn loss(&self, wide: u16) -> u32 {
        u32::from(self.shown(wide).saturating_sub(wide))
    }

    /// What a name loses in so many cells: a short one more, as a long one is cut anyhow.
    fn loss_of_name(&self, wide: u16) -> u32 {
        let each = if self.shown(wide) <= DEAR { 3 } else { 1 };
        each * self.loss(wide)
    }
}

impl<'a> Wishes<'a> {
    fn of(columns: &'a [Column], rows: &[Row]) -> Self {
        let wish = |cell: &Cell| {
            let stands = !cell.short.is_empty() && !says_it(cell);
            let short = stands.then(|| cells(width::of(&cell.short)) + marked(cell));
            Wish { all: natural(cell), short }
        };
        let of = |place| self::column(rows, place).map(wish).collect();
        Self { columns, cells: (0..columns.len()).map(of).collect() }
    }

    /// What a column loses in so many cells where the others are as they are. A state that is cut
    /// while blanks stand at its row's name loses twice.
    fn loss(&self, place: usize, wide: u16, widths: &[u16]) -> u32 {
        let of = |(row, wish): (usize, &Wish)| {
            let column = self.columns[place];
            match column.name {
                true => wish.loss_of_name(wide),
                false if column.drop == 0 && self.has_blanks(row, widths) => 2 * wish.loss(wide),
                false => wish.loss(wide),
            }
        };
        self.cells[place].iter().enumerate().map(of).sum()
    }

    fn has_blanks(&self, row: usize, widths: &[u16]) -> bool {
        let names = (0..self.columns.len()).filter(|place| self.columns[*place].name);
        let mut wishes =
            names.filter_map(|place| Some((self.cells[place].get(row)?, widths[place])));
        wishes.any(|(wish, wide)| wish.shown(wide) < wide)
    }
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
    let most = if column.name { NAMED } else { TELLING };
    let decisive = cells_of()
        .filter(|cell| !cell.short.is_empty())
        .map(|cell| natural(cell).min(cells(width::of(&cell.short)) + marked(cell)));
    let decisive = decisive.max().unwrap_or(0).min(most);
    let least = decisive.max(column.least);
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

/// The cells of a name, or of its short form, for which other columns give way.
const NAMED: u16 = 10;

/// What the columns can do with; a number is never cut.
fn least(columns: &[Column], wishes: &Wishes<'_>, widths: &[u16], telling: &[u16]) -> Vec<u16> {
    let of = |place: usize| {
        let wide = widths[place];
        let told = telling[place].max(1);
        match columns[place] {
            Column { right: true, .. } => wide,
            Column { name: true, .. } => {
                let shown = wishes.cells[place].iter().map(|wish| wish.short.unwrap_or(wish.all));
                told.max(shown.max().unwrap_or(0).min(NAMED)).min(wide)
            }
            Column { .. } => told.min(wide),
        }
    };
    (0..columns.len()).map(of).collect()
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
