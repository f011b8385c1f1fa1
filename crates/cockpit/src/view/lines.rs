//! Lines of several looks, for views and dialogs.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::theme::{Mark, Scope};
use crate::width;

/// A line of parts.
#[derive(Clone, Debug, Default)]
pub(super) struct Line(Vec<Part>);

/// A part of a line.
#[derive(Clone, Debug)]
enum Part {
    Text(String, Scope),
    Mark(Mark),
}

impl Line {
    pub fn new(text: impl Into<String>, scope: Scope) -> Self {
        Self::default().and(text, scope)
    }

    /// Something's name, in front of what it is.
    pub fn name(name: &str) -> Self {
        Self::new(format!("{name:<12}"), Scope::Dim)
    }

    /// Something's name and what it is, aligned.
    pub fn fact(name: &str, text: impl Into<String>) -> Self {
        Self::name(name).and(text, Scope::Text)
    }

    #[must_use]
    pub fn mark(mut self, mark: Mark) -> Self {
        self.0.push(Part::Mark(mark));
        self
    }

    #[must_use]
    pub fn and(mut self, text: impl Into<String>, scope: Scope) -> Self {
        self.0.push(Part::Text(text.into(), scope));
        self
    }

    /// Adds a text in as many cells as it needs to reach a column.
    #[must_use]
    pub fn padded(self, text: &str, cells: usize, scope: Scope) -> Self {
        let text = width::cut(text, cells);
        let pad = " ".repeat(cells.saturating_sub(width::of(&text)));
        self.and(text + &pad, scope)
    }
}

/// Draws the lines from one on, so that the last page is full.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, lines: &[Line], top: usize) {
    let top = top.min(lines.len().saturating_sub(usize::from(area.height)));
    for (y, line) in (area.top()..area.bottom()).zip(lines.iter().skip(top)) {
        let mut x = area.x;
        for part in &line.0 {
            let left = area.right().saturating_sub(x);
            x += match part {
                Part::Text(text, scope) => canvas.put(x, y, left, text, *scope),
                Part::Mark(mark) => {
                    let glyph = canvas.glyph(*mark);
                    canvas.put(x, y, left, &glyph, mark.scope()) + 1
                }
            };
        }
    }
}

/// Breaks a sentence into lines of one look.
pub(super) fn sentence(text: &str, width: u16, scope: Scope) -> Vec<Line> {
    let lines = width::fold(text, usize::from(width.max(8)));
    lines.into_iter().map(|line| Line::new(line, scope)).collect()
}
