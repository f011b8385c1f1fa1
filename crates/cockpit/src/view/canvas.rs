//! A buffer to draw on with a theme.
//!
//! All text goes through here, cut to its room at a grapheme's border.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::theme::{Mark, Scope, Theme};
use crate::width::{self, cells};

/// A buffer to draw on with a theme.
pub(super) struct Canvas<'a> {
    buffer: &'a mut Buffer,
    theme: &'a Theme,
}

/// The cells that a title keeps beside what stands at the right.
const LEAST_TITLE: u16 = 18;

/// The lines of a box: corners from the top left, then across and down.
const ROUND: [&str; 6] = ["╭", "╮", "╰", "╯", "─", "│"];
const ASCII: [&str; 6] = ["+", "+", "+", "+", "-", "|"];

impl<'a> Canvas<'a> {
    pub fn new(buffer: &'a mut Buffer, theme: &'a Theme) -> Self {
        Self { buffer, theme }
    }

    pub fn style(&self, scope: Scope) -> Style {
        self.theme.style(scope)
    }

    pub fn glyph(&self, mark: Mark) -> String {
        self.theme.glyph(mark).to_owned()
    }

    pub fn is_ascii(&self) -> bool {
        self.theme.is_ascii()
    }

    /// Empties an area and gives it a scope's look.
    pub fn clear(&mut self, area: Rect, scope: Scope) {
        let area = area.intersection(*self.buffer.area());
        let style = self.style(scope);
        for y in area.top()..area.bottom() {
            // A wide character that reaches into the area would keep its first cell from being drawn.
            let left = area.left().checked_sub(1).and_then(|x| self.buffer.cell_mut((x, y)));
            if let Some(cell) = left.filter(|cell| width::of(cell.symbol()) > 1) {
                cell.set_symbol(" ");
            }
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_style(style);
                }
            }
        }
    }

    /// Lays a scope's look over what is drawn.
    pub fn restyle(&mut self, area: Rect, scope: Scope) {
        let style = self.style(scope);
        self.buffer.set_style(area.intersection(*self.buffer.area()), style);
    }

    /// Lays a style over what is drawn.
    pub fn paint(&mut self, area: Rect, style: Style) {
        self.buffer.set_style(area.intersection(*self.buffer.area()), style);
    }

    /// Writes a text in at most `most` cells; gives the cells it took.
    pub fn put(&mut self, x: u16, y: u16, most: u16, text: &str, scope: Scope) -> u16 {
        let style = self.style(scope);
        self.put_styled(x, y, most, text, style)
    }

    pub fn put_styled(&mut self, x: u16, y: u16, most: u16, text: &str, style: Style) -> u16 {
        let area = *self.buffer.area();
        if y >= area.bottom() || x >= area.right() || most == 0 || text.is_empty() {
            return 0;
        }
        let most = most.min(area.right() - x);
        let mut text = width::cut(text, usize::from(most));
        if self.theme.is_ascii() {
            text = text.chars().map(ascii).collect();
        }
        let (end, _) = self.buffer.set_stringn(x, y, &text, usize::from(most), style);
        end - x
    }

    /// Writes a text so that it ends before `right`; gives the column it begins at.
    pub fn put_right(&mut self, right: u16, y: u16, most: u16, text: &str, scope: Scope) -> u16 {
        let text = width::cut(text, usize::from(most));
        let x = right.saturating_sub(cells(width::of(&text)));
        self.put(x, y, most, &text, scope);
        x
    }

    /// Writes sentences, broken at spaces, into an area.
    pub fn paragraph(&mut self, area: Rect, text: &str, scope: Scope) {
        let lines = width::fold(text, usize::from(area.width));
        for (y, line) in (area.top()..area.bottom()).zip(lines) {
            self.put(area.x, y, area.width, &line, scope);
        }
    }

    /// Draws a border with a title at the left and something at the right of its top.
    pub fn frame(&mut self, area: Rect, border: Scope, title: (&str, Scope), aside: (&str, Scope)) {
        if area.width < 4 || area.height < 2 {
            return;
        }
        let lines = if self.is_ascii() { ASCII } else { ROUND };
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        let across = lines[4].repeat(usize::from(area.width) - 2);
        for (y, corners) in [(area.y, (lines[0], lines[1])), (bottom, (lines[2], lines[3]))] {
            self.put(area.x, y, 1, corners.0, border);
            self.put(area.x + 1, y, area.width - 2, &across, border);
            self.put(right, y, 1, corners.1, border);
        }
        for y in area.y + 1..bottom {
            self.put(area.x, y, 1, lines[5], border);
            self.put(right, y, 1, lines[5], border);
        }
        let room = area.width - 4;
        let aside_width = cells(width::of(aside.0)) + 2;
        // What stands at the right is short and says what nothing else does: the title gives way.
        let kept = if aside.0.is_empty() { 0 } else { aside_width + 1 };
        let least = room.min(LEAST_TITLE);
        let most = room.saturating_sub(if room.saturating_sub(kept) < least { 0 } else { kept });
        let shown = width::cut(title.0, usize::from(most).saturating_sub(2));
        let taken = self.put(area.x + 2, area.y, room, &format!(" {shown} "), title.1);
        let left = room.saturating_sub(taken + 1);
        if !aside.0.is_empty() && aside_width <= left {
            self.put_right(right - 1, area.y, left, &format!(" {} ", aside.0), aside.1);
        }
    }
}

/// What stands for a sign of Pilothouse's own where only ASCII may be drawn.
fn ascii(c: char) -> char {
    match c {
        '…' => '~',
        '—' | '·' => '-',
        '×' => 'x',
        '→' => '>',
        '↑' => '^',
        '↓' => 'v',
        '←' => '<',
        '▁' => '_',
        '▂' => '.',
        '▃' => ':',
        '▄' => '-',
        '▅' => '=',
        '▆' => '+',
        '▇' => '*',
        '█' => '#',
        '░' => '.',
        '≥' => '>',
        other => other,
    }
}
