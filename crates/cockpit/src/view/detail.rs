//! A run, a deployment or an instance over the panes.

mod branch;
mod cost;
mod deployment;
mod inspection;
mod instance;
mod run;
mod watched;

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::lines::{self, Line};
use crate::layout::inner;
use crate::model::{Model, View};
use crate::theme::Scope;

/// What is drawn of a view: a title, lines above, and lines that scroll.
struct Sheet {
    title: String,
    lines: Vec<Line>,
    top: usize,
    /// The line that is selected.
    selected: Option<usize>,
}

/// Draws the view on top.
pub(super) fn detail(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    let room = inner(area);
    let Some(mut sheet) = sheet(model, room.width) else {
        return;
    };
    let height = usize::from(room.height);
    sheet.fold_selected(room.width, height);
    canvas.frame(area, Scope::BorderFocus, (&sheet.title, Scope::TitleFocus), ("", Scope::Dim));
    let top = match sheet.selected {
        Some(selected) => crate::layout::window(0, selected, sheet.lines.len(), height),
        None => sheet.top,
    };
    lines::draw(canvas, room, &sheet.lines, top);
    if let Some(selected) = sheet.selected {
        let y = room.y + crate::width::cells(selected - top);
        canvas
            .restyle(Rect { x: room.x - 1, y, width: room.width + 2, height: 1 }, Scope::Selection);
    }
}

/// How many lines the view on top has.
pub fn length(model: &Model) -> usize {
    sheet(model, model.ui.width.saturating_sub(4)).map_or(0, |sheet| sheet.lines.len())
}

impl Sheet {
    /// Folds the facts that are too long.
    fn folded(self, width: u16) -> Self {
        let lines = self.lines.into_iter().flat_map(|line| line.folded(width)).collect();
        Self { lines, ..self }
    }

    /// Folds what stands above a selected line where there is room for all of it: it is not scrolled
    /// but follows the selection, so that other lines must not be pushed out of sight.
    fn fold_selected(&mut self, width: u16, height: usize) {
        let Some(selected) = self.selected else { return };
        let fold = |lines: &[Line]| -> Vec<Line> {
            lines.iter().cloned().flat_map(|line| line.folded(width)).collect()
        };
        let (above, below) = self.lines.split_at(selected.min(self.lines.len()));
        let (above, below) = (fold(above), fold(below));
        if above.len() + below.len() <= height {
            self.selected = Some(above.len());
            self.lines = above.into_iter().chain(below).collect();
        }
    }
}

fn sheet(model: &Model, width: u16) -> Option<Sheet> {
    let sheet = unfolded(model, width)?;
    Some(if sheet.selected.is_none() { sheet.folded(width) } else { sheet })
}

fn unfolded(model: &Model, width: u16) -> Option<Sheet> {
    match model.ui.views.last()? {
        View::Run { id, step } => Some(run::sheet(model, *id, *step, width)),
        View::Deployment { id, top } => Some(deployment::sheet(model, *id, *top, width)),
        View::Instance { id, top } => Some(instance::sheet(model, id, *top)),
        View::Cost { name, top } => Some(cost::sheet(model, name, *top, width)),
        View::Watched { name, top } => Some(watched::sheet(model, name, *top, width)),
        View::Inspection(close) => Some(inspection::sheet(model, close, width)),
        View::Branch { row, top } => Some(branch::sheet(model, row, *top, width)),
        View::Log(_) => None,
    }
}

fn gone(title: String, sentence: &str) -> Sheet {
    Sheet { title, lines: vec![Line::new(sentence, Scope::Dim)], top: 0, selected: None }
}
