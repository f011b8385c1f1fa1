//! The panes' rows as plain data, tested without a terminal.
//!
//! A row is made only when it is shown. It must never ask how wide the screen is.

pub mod branches;
pub mod containers;
pub mod cost;
pub mod head;
pub mod inspection;
pub mod jobs;
pub mod journey;
pub mod look;
pub mod others;
pub mod serving;
pub mod targets;
pub mod watched;
pub mod words;

use crate::model::{Model, Pane};
use crate::theme::{Mark, Scope};

/// A row of a pane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Its cells, one for each column of the pane.
    pub cells: Vec<Cell>,
}

/// A cell of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The state in front of the text.
    pub mark: Option<Mark>,
    /// The text, harmless.
    pub text: String,
    /// How the text looks.
    pub tone: Scope,
    /// The same where there is little room; empty where there is no shorter form.
    pub short: String,
    /// What stands over all of its row on a screen, instead of the row's cells and after the row's
    /// state; empty where the cells do.
    pub line: String,
}

/// How a column takes its room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Whether its text stands at the right.
    pub right: bool,
    /// The fewest cells that it can do with: shown with fewer it would mislead.
    pub least: u16,
    /// The most cells that it takes.
    pub most: u16,
    /// The larger, the sooner it is left out where room is short; 0 is never left out.
    pub drop: u8,
    /// Whether its text tells rows apart: it gets room before others, and is cut where rows agree.
    pub name: bool,
    /// Whether its text is a sentence whose end says as much as its beginning, so that both are kept
    /// where there is room for them.
    pub ends: bool,
}

impl Row {
    /// What stands over all of it instead of its cells, where something does.
    pub fn line(&self) -> Option<&Cell> {
        self.cells.first().filter(|cell| !cell.line.is_empty())
    }

    /// Its texts in a row, as a filter looks at it.
    pub fn text(&self) -> String {
        let texts: Vec<&str> = self.cells.iter().map(|cell| cell.text.as_str()).collect();
        texts.join(" ")
    }
}

impl Cell {
    /// Builds a cell of text.
    pub fn new(text: impl Into<String>, tone: Scope) -> Self {
        Self { mark: None, text: text.into(), tone, short: String::new(), line: String::new() }
    }

    /// Builds a cell of a state and its word.
    pub fn state(mark: Mark, text: impl Into<String>) -> Self {
        Self { mark: Some(mark), ..Self::new(text, Scope::Text) }
    }

    /// Says the same where there is little room.
    #[must_use]
    pub fn or(self, short: impl Into<String>) -> Self {
        Self { short: short.into(), ..self }
    }

    /// Gives the whole row to a line, which is cut at its end alone.
    #[must_use]
    pub fn over(self, line: impl Into<String>) -> Self {
        Self { line: line.into(), ..self }
    }

    /// Builds a cell that takes no room.
    pub fn none() -> Self {
        Self::new("", Scope::Dim)
    }
}

const fn left(least: u16, most: u16, drop: u8) -> Column {
    Column { right: false, least, most, drop, name: false, ends: false }
}

const fn right(least: u16, most: u16, drop: u8) -> Column {
    Column { right: true, least, most, drop, name: false, ends: false }
}

const fn name(least: u16, most: u16, drop: u8) -> Column {
    Column { right: false, least, most, drop, name: true, ends: false }
}

const fn sentence(least: u16, most: u16, drop: u8) -> Column {
    Column { right: false, least, most, drop, name: false, ends: true }
}

/// The columns of a pane.
pub fn columns(pane: Pane) -> &'static [Column] {
    match pane {
        Pane::Branches => branches::COLUMNS,
        Pane::Jobs => jobs::COLUMNS,
        Pane::Containers => containers::COLUMNS,
        Pane::Targets => targets::COLUMNS,
        Pane::Cost => cost::COLUMNS,
    }
}

/// The rows of a pane from one place on, so many at most; of the containers those that are ours.
pub fn rows(model: &Model, pane: Pane, from: usize, count: usize) -> Vec<Row> {
    let index = &model.index;
    let instances =
        |places: &[usize], row: fn(&Model, &pilothouse_core::instance::Instance) -> Row| {
            let shown = places.iter().skip(from).take(count);
            shown
                .filter_map(|place| model.instance_at(*place))
                .map(|instance| row(model, instance))
                .collect()
        };
    match pane {
        Pane::Branches => {
            let shown = index.shown.branches.iter().skip(from).take(count);
            shown
                .filter_map(|place| index.branches.get(*place))
                .map(|row| branches::row(model, row))
                .collect()
        }
        Pane::Jobs => index
            .shown
            .jobs
            .iter()
            .skip(from)
            .take(count)
            .map(|job| jobs::row(model, *job))
            .collect(),
        Pane::Containers => instances(&index.shown.containers, containers::row),
        Pane::Targets => instances(&index.shown.targets, targets::row),
        Pane::Cost => model.costs.lines.iter().skip(from).take(count).map(cost::row).collect(),
    }
}
