//! Lines of several looks, for views and dialogs.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::theme::{Mark, Scope};
use crate::width;

/// Cells of a sign and the gap behind it.
const MARK: usize = 2;
/// Cells of the name of a fact.
const NAME: usize = 12;

/// A line of parts.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    parts: Vec<Part>,
    /// Whether it is a fact: what finds no room in its line goes on below it, beside its name.
    is_fact: bool,
}

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
        Self { is_fact: true, ..Self::new(format!("{name:<NAME$}"), Scope::Dim) }
    }

    /// Something's name and what it is, aligned.
    pub fn fact(name: &str, text: impl Into<String>) -> Self {
        Self::name(name).and(text, Scope::Text)
    }

    #[must_use]
    pub fn mark(mut self, mark: Mark) -> Self {
        self.parts.push(Part::Mark(mark));
        self
    }

    #[must_use]
    pub fn and(mut self, text: impl Into<String>, scope: Scope) -> Self {
        self.parts.push(Part::Text(text.into(), scope));
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

impl Line {
    /// The line in as many lines as it needs.
    pub fn folded(self, wide: u16) -> Vec<Self> {
        let wide = usize::from(wide);
        let length = |part: &Part| match part {
            Part::Text(text, _) => width::of(text),
            Part::Mark(_) => MARK,
        };
        if !self.is_fact || wide <= 2 * NAME || self.parts.iter().map(length).sum::<usize>() <= wide
        {
            return vec![self];
        }
        let mut lines = vec![Self::default()];
        let mut x = 0;
        let words = self.parts.iter().flat_map(|part| match part {
            Part::Text(text, scope) => {
                let words =
                    text.split_inclusive(' ').flat_map(|word| width::wrap(word, wide - NAME));
                words.map(|word| Part::Text(word.to_owned(), *scope)).collect()
            }
            Part::Mark(mark) => vec![Part::Mark(*mark)],
        });
        for word in words {
            let bare = match &word {
                Part::Text(text, scope) => {
                    Part::Text(text.trim_end_matches(' ').to_owned(), *scope)
                }
                Part::Mark(mark) => Part::Mark(*mark),
            };
            if x + length(&bare) > wide {
                lines.push(Self::new(" ".repeat(NAME), Scope::Dim));
                x = NAME;
            }
            x += length(&word);
            // A blank at a line's end needs no room.
            let word = if x > wide { bare } else { word };
            if let Some(line) = lines.last_mut() {
                line.parts.push(word);
            }
        }
        lines
    }
}

/// Draws the lines from one on, so that the last page is full.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, lines: &[Line], top: usize) {
    let top = top.min(lines.len().saturating_sub(usize::from(area.height)));
    for (y, line) in (area.top()..area.bottom()).zip(lines.iter().skip(top)) {
        let mut x = area.x;
        for part in &line.parts {
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
