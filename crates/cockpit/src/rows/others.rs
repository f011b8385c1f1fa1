//! Containers on the same Docker engine that are somebody else's: seen, and never touched.

use pilothouse_api::types::OtherContainer;

use super::{Cell, Column, Row, left, name, words};
use crate::model::Model;
use crate::theme::Scope;
use crate::width;

/// Name, state, ports, image. They are not the columns of ours: nothing is measured of these, and
/// their names must not take room from what is. Where there is room, nothing of them is cut that
/// the engine tells; an id is never.
pub const COLUMNS: &[Column] = &[name(8, 81, 0), left(7, 10, 0), left(6, 48, 2), left(12, 81, 1)];

/// The rows from one place on, so many at most.
pub fn rows(model: &Model, from: usize, count: usize) -> Vec<Row> {
    let shown = model.index.shown.others.iter().skip(from).take(count);
    shown.filter_map(|place| model.other_at(*place)).map(row).collect()
}

/// Makes a row. Nothing of it has a colour of its own.
fn row(other: &OtherContainer) -> Row {
    let dim = |text: &str| Cell::new(width::clean(text), Scope::Dim);
    Row {
        cells: vec![
            dim(&other.name),
            dim(&other.state),
            dim(&other.ports.join(" ")),
            dim(&words::short_image(&other.image)),
        ],
    }
}

/// What a filter looks at.
pub fn haystack(other: &OtherContainer) -> String {
    format!("{} {} {} {}", other.name, other.state, other.image, other.ports.join(" "))
}
