//! What the environments cost by the hour.

use super::{Cell, Column, Row, left, name};
use crate::age;
use crate::cost::{CostLine, CostView, Elsewhere, NOTHING};
use crate::theme::Scope;
use crate::width;

/// Name, shape, price, what it would cost elsewhere, note.
pub const COLUMNS: &[Column] =
    &[name(8, 40, 0), left(6, 24, 3), left(10, 15, 0), left(30, 200, 1), left(12, 200, 2)];

/// Cells of an environment's name where all of it has no room.
const LABEL: usize = 26;

/// Cells of a count such as `12/34` with its gap.
const COUNT: usize = 8;

/// Makes a row.
pub fn row(line: &CostLine) -> Row {
    let elsewhere: Vec<String> = line
        .elsewhere
        .iter()
        .map(|other| format!("{} {}", width::clean(&other.name), age::dollars(other.micro_usd)))
        .collect();
    Row {
        cells: vec![
            label(line),
            shape(line),
            of_line(line),
            Cell::new(elsewhere.join("  "), Scope::Dim).or(cheapest(line)),
            Cell::new(width::clean(&line.note), Scope::Dim),
        ],
    }
}

/// Whose it is. A branch's long name leaves the other columns their room, in all rows.
fn label(line: &CostLine) -> Cell {
    let label = width::clean(&line.label);
    let short = width::cut_middle(&label, LABEL);
    let cell = Cell::new(label, Scope::Text);
    if line.is_part { cell } else { cell.or(short) }
}

/// Where it would cost least, which fits where all of them do not; empty where there is one at most.
fn cheapest(line: &CostLine) -> String {
    let least = line.elsewhere.iter().min_by_key(|other| other.micro_usd);
    let said = |least: &Elsewhere| {
        format!("from {} {}", age::dollars(least.micro_usd), width::clean(&least.name))
    };
    least.filter(|_| line.elsewhere.len() > 1).map(said).unwrap_or_default()
}

fn shape(line: &CostLine) -> Cell {
    let cell = Cell::new(width::clean(&line.shape), Scope::Dim);
    if line.shape == NOTHING { cell.or("none") } else { cell }
}

fn of_line(line: &CostLine) -> Cell {
    // What was not known is not what was.
    let is_known = line.micro_usd.is_some() || line.at_least.is_some() || line.is_part;
    if line.is_stale && is_known {
        let was = of_line(&CostLine { is_stale: false, ..line.clone() });
        return Cell::new(format!("was {}", was.text), Scope::StateStale);
    }
    match (line.micro_usd, line.at_least) {
        (None, Some(least)) => Cell::new(format!("≥{}", age::dollars(least)), Scope::CostMoney),
        (None, None) if line.is_part => Cell::new("unpriced", Scope::StateUnknown),
        (micro, _) => price(micro),
    }
}

fn price(micro_usd: Option<u64>) -> Cell {
    match micro_usd {
        None => Cell::new("unknown", Scope::StateUnknown),
        Some(0) => Cell::new(age::dollars(0), Scope::CostZero),
        Some(micro) => Cell::new(age::dollars(micro), Scope::CostMoney),
    }
}

/// All of it in one row of so many cells; what does not fit is counted.
pub fn summary(view: &CostView, room: usize) -> Row {
    let parts = view
        .lines
        .iter()
        .filter(|line| !line.is_part)
        .map(|line| format!("{} {}", width::clean(&line.label), of_line(line).text));
    let parts: Vec<String> = parts.collect();
    let sum = of_line(&view.sum());
    let all = format!("all {}", sum.text);
    let mut shown = parts.len();
    // Two gaps, and the count itself.
    let fits = |shown: usize| {
        let count = if shown < parts.len() { COUNT } else { 0 };
        let parts: usize = parts.iter().take(shown).map(|part| width::of(part) + 3).sum();
        width::of(&all) + 2 + parts + count <= room + 3
    };
    while shown > 1 && !fits(shown) {
        shown -= 1;
    }
    let mut text = parts.get(..shown).unwrap_or_default().join("   ");
    if shown < parts.len() {
        text = format!("{text}   {shown}/{}", parts.len());
    }
    Row {
        cells: vec![
            Cell { text: all, ..sum },
            Cell::none(),
            Cell::none(),
            Cell::new(text, Scope::Text),
            Cell::none(),
        ],
    }
}
