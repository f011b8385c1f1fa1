//! Where things stand on a screen of a given size.
//!
//! Pure, so that drawing and the mouse agree.

use ratatui::layout::Rect;

use crate::banner::{self, Banner};
use crate::model::{Model, Pane};
use crate::width::cells;

/// The smallest screen on which anything can be read.
pub const LEAST: (u16, u16) = (30, 8);
/// The smallest screen that shows all panes at once.
const ALL_PANES: (u16, u16) = (72, 20);

/// Where things stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// How much is shown.
    pub mode: Mode,
    /// Who, where, when.
    pub header: Rect,
    /// From commit to cost.
    pub journey: Rect,
    /// What is wrong with all of it; has no height where nothing is.
    pub banner: Rect,
    /// The panes' names where one is shown at a time; otherwise without height.
    pub tabs: Rect,
    /// The panes with their borders; those that are not shown have no area.
    pub panes: [Rect; 5],
    /// All of the panes, and what is open over them.
    pub body: Rect,
    /// Hints.
    pub footer: Rect,
}

/// How much is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Nothing but a sentence.
    #[default]
    TooSmall,
    /// One pane at a time.
    Single,
    /// All panes.
    All,
}

/// Says where things stand in an area.
pub fn layout(model: &Model, area: Rect) -> Layout {
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return Layout::default();
    }
    let single = area.width < ALL_PANES.0 || area.height < ALL_PANES.1;
    let mut left = area;
    let header = take(&mut left, 1);
    let journey = take(&mut left, 1);
    let banner = take(&mut left, banner::banner(model).map_or(0, |said| rows(&said, area)));
    let has_tabs = single && model.ui.views.is_empty();
    let tabs = take(&mut left, u16::from(has_tabs));
    let footer = Rect { y: left.bottom() - 1, height: 1, ..left };
    let body = Rect { height: left.height - 1, ..left };
    let mut layout = Layout {
        mode: if single { Mode::Single } else { Mode::All },
        header,
        journey,
        banner,
        tabs,
        panes: [Rect::default(); 5],
        body,
        footer,
    };
    if single || model.ui.zoomed {
        layout.panes[model.ui.focus as usize] = body;
    } else {
        layout.panes = all(model, body);
    }
    layout
}

/// The rows of a banner: a second one where the sentence needs it and there is room.
fn rows(said: &Banner, area: Rect) -> u16 {
    let folded = said.lines(area.width).len();
    cells(folded.clamp(1, if area.height < ALL_PANES.1 { 1 } else { 2 }))
}

fn all(model: &Model, body: Rect) -> [Rect; 5] {
    let most = match body.height {
        0..30 => 1,
        30..48 => 4,
        _ => 8,
    };
    let lines = cells(model.costs.lines.len()).clamp(1, most);
    let mut rest = body;
    let cost_height = lines + 2;
    rest.height -= cost_height;
    let cost = Rect { y: rest.bottom(), height: cost_height, ..body };
    let top_height = rest.height.div_ceil(2);
    let top = Rect { height: top_height, ..rest };
    let middle = Rect { y: top.bottom(), height: rest.height - top_height, ..rest };
    let (branches, jobs) = beside(top, 50);
    let (containers, targets) = beside(middle, if body.width < 100 { 48 } else { 46 });
    [branches, jobs, containers, targets, cost]
}

fn beside(area: Rect, percent: u16) -> (Rect, Rect) {
    let width = cells(usize::from(area.width) * usize::from(percent) / 100);
    let left = Rect { width, ..area };
    let right = Rect { x: left.right(), width: area.width - width, ..area };
    (left, right)
}

fn take(area: &mut Rect, height: u16) -> Rect {
    let height = height.min(area.height);
    let top = Rect { height, ..*area };
    area.y += height;
    area.height -= height;
    top
}

impl Layout {
    /// A pane without its border.
    pub fn inner(&self, pane: Pane) -> Rect {
        inner(self.panes[pane as usize])
    }
}

/// An area without its border and one cell of air on either side.
pub fn inner(area: Rect) -> Rect {
    if area.width < 5 || area.height < 3 {
        return Rect::default();
    }
    Rect { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 2 }
}

/// A rectangle of at most this size in the middle of an area.
pub fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 3,
        width,
        height,
    }
}

/// The first row to show of so many, so that the selected one is seen and the screen moves little.
pub fn window(top: usize, selected: usize, length: usize, height: usize) -> usize {
    let last = length.saturating_sub(height);
    let highest = (selected + 1).saturating_sub(height);
    top.clamp(highest.min(selected), selected).min(last)
}

/// The first row of a pane that is shown. What happens now stands first in the job queue, and whoever
/// looks elsewhere does not lose sight of it to a row that was once selected.
pub fn first_row(model: &Model, pane: Pane, height: usize) -> usize {
    let cursor = &model.ui.cursors[pane as usize];
    if pane == Pane::Jobs && model.ui.focus != pane {
        return 0;
    }
    window(cursor.top, cursor.row, model.len(pane), height)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_row_is_always_seen() {
        for length in 1..12 {
            for height in 1..6 {
                for selected in 0..length {
                    for top in 0..14 {
                        let first = window(top, selected, length, height);
                        assert!(first <= selected && selected < first + height);
                        assert!(first + height <= length.max(height));
                    }
                }
            }
        }
    }
}
