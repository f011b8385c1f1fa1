//! Writes the difference of two screens as few bytes for a terminal.
//!
//! Colours and attributes are written by hand: a 16-colour terminal gets the codes that it
//! knows, and a theme without colours writes no colour code at all. It must never decide what
//! is shown.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// Begins and ends a synchronized update: the terminal shows all of it or nothing.
const SYNC: (&str, &str) = ("\x1b[?2026h", "\x1b[?2026l");
/// Attributes, with the code that sets each.
const ATTRIBUTES: [(Modifier, u8); 8] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

/// The codes that take attributes away; bold and dim go together.
const ENDS: [(Modifier, u8); 7] = [
    (Modifier::BOLD.union(Modifier::DIM), 22),
    (Modifier::ITALIC, 23),
    (Modifier::UNDERLINED, 24),
    (Modifier::SLOW_BLINK, 25),
    (Modifier::REVERSED, 27),
    (Modifier::HIDDEN, 28),
    (Modifier::CROSSED_OUT, 29),
];

/// A cell with its column and row.
type Placed<'a> = (u16, u16, &'a Cell);

/// What the terminal draws with now.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Pen {
    fg: Color,
    bg: Color,
    attributes: Modifier,
}

const PLAIN: Pen = Pen { fg: Color::Reset, bg: Color::Reset, attributes: Modifier::empty() };

impl Pen {
    fn of(cell: &Cell) -> Self {
        Self { fg: cell.fg, bg: cell.bg, attributes: cell.modifier }
    }

    /// Writes the codes that lead to another pen.
    fn change_to(self, to: Self, out: &mut String) {
        let mut codes: Vec<String> = Vec::new();
        let mut from = self;
        let removed = from.attributes.difference(to.attributes);
        if !removed.is_empty() || to == PLAIN {
            if to.fg == Color::Reset && to.bg == Color::Reset {
                // A terminal without colours may not know how to take one attribute away.
                from = PLAIN;
                codes.push("0".to_owned());
            } else {
                from.attributes = to.attributes & from.attributes;
                let gone = ENDS.iter().filter(|(attributes, _)| removed.intersects(*attributes));
                for (attributes, code) in gone {
                    from.attributes.remove(*attributes);
                    codes.push(code.to_string());
                }
            }
        }
        let added = to.attributes.difference(from.attributes);
        let attributes = ATTRIBUTES.iter().filter(|(attribute, _)| added.contains(*attribute));
        codes.extend(attributes.map(|(_, code)| code.to_string()));
        if to.fg != from.fg {
            codes.push(colour(to.fg, 30));
        }
        if to.bg != from.bg {
            codes.push(colour(to.bg, 40));
        }
        if !codes.is_empty() {
            let codes = if codes == ["0"] { String::new() } else { codes.join(";") };
            put(out, format_args!("\x1b[{codes}m"));
        }
    }
}

/// Appends what turns one screen into another; nothing where they are alike.
///
/// Both must have the same size. `fresh` clears the terminal first, for when nobody knows what
/// is on it; `old` is then ignored.
pub(super) fn frame(old: &Buffer, new: &Buffer, fresh: bool, out: &mut String) {
    let blank;
    let old = if fresh {
        blank = Buffer::empty(new.area);
        &blank
    } else {
        old
    };
    let start = out.len();
    let mut pen = PLAIN;
    let mut at: Option<(u16, u16)> = None;
    for (x, y, cell) in by_pen(old.diff(new)) {
        if start == out.len() {
            out.push_str(SYNC.0);
            out.push_str("\x1b[m");
            if fresh {
                out.push_str("\x1b[2J");
            }
        }
        go(at, (x, y), out);
        let next = Pen::of(cell);
        if next != pen {
            pen.change_to(next, out);
            pen = next;
        }
        out.push_str(cell.symbol());
        let width =
            u16::try_from(unicode_width::UnicodeWidthStr::width(cell.symbol())).unwrap_or(1);
        // After the last column nobody agrees where the cursor is.
        at = Some((x.saturating_add(width), y)).filter(|(x, _)| *x < new.area.right());
        // Nor after what terminals measure differently.
        at = at.filter(|_| cell.symbol().chars().count() == 1);
    }
    if start != out.len() {
        if pen != PLAIN {
            out.push_str("\x1b[m");
        }
        out.push_str(SYNC.1);
    }
}

/// Orders cells so that each pen is taken once: a move costs less than another colour. Within a
/// synchronized update nobody sees in which order cells change.
fn by_pen(cells: Vec<Placed<'_>>) -> Vec<Placed<'_>> {
    let mut groups: Vec<(Pen, Vec<Placed<'_>>)> = Vec::new();
    for cell in cells {
        let pen = Pen::of(cell.2);
        match groups.iter_mut().find(|(of, _)| *of == pen) {
            Some((_, group)) => group.push(cell),
            None => groups.push((pen, vec![cell])),
        }
    }
    groups.into_iter().flat_map(|(_, group)| group).collect()
}

/// Moves the cursor with the shortest code.
fn go(from: Option<(u16, u16)>, to: (u16, u16), out: &mut String) {
    match from {
        Some(from) if from == to => {}
        Some((x, y)) if y == to.1 && to.0 > x => match to.0 - x {
            1 => out.push_str("\x1b[C"),
            right => put(out, format_args!("\x1b[{right}C")),
        },
        Some(_) | None => {
            put(out, format_args!("\x1b[{};{}H", u32::from(to.1) + 1, u32::from(to.0) + 1));
        }
    }
}

fn colour(colour: Color, base: u8) -> String {
    let (bright, extended) = (base + 60, base + 8);
    match colour {
        Color::Reset => (base + 9).to_string(),
        Color::Black => base.to_string(),
        Color::Red => (base + 1).to_string(),
        Color::Green => (base + 2).to_string(),
        Color::Yellow => (base + 3).to_string(),
        Color::Blue => (base + 4).to_string(),
        Color::Magenta => (base + 5).to_string(),
        Color::Cyan => (base + 6).to_string(),
        Color::Gray => (base + 7).to_string(),
        Color::DarkGray => bright.to_string(),
        Color::LightRed => (bright + 1).to_string(),
        Color::LightGreen => (bright + 2).to_string(),
        Color::LightYellow => (bright + 3).to_string(),
        Color::LightBlue => (bright + 4).to_string(),
        Color::LightMagenta => (bright + 5).to_string(),
        Color::LightCyan => (bright + 6).to_string(),
        Color::White => (bright + 7).to_string(),
        Color::Indexed(index) => format!("{extended};5;{index}"),
        Color::Rgb(red, green, blue) => format!("{extended};2;{red};{green};{blue}"),
    }
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn check(style: Style, text: &str, expected: &str) {
        let area = Rect::new(0, 0, 20, 3);
        let old = Buffer::empty(area);
        let mut new = old.clone();
        new.set_string(2, 1, text, style);
        let mut out = String::new();
        frame(&old, &new, false, &mut out);
        assert_eq!(out, format!("\x1b[?2026h\x1b[m{expected}\x1b[?2026l"));
        let mut screen = vt100::Parser::new(3.try_into().unwrap(), 20.try_into().unwrap(), 0);
        screen.process(out.as_bytes());
        assert_eq!(screen.screen().rows(2, 18).nth(1).unwrap(), text);
    }

    #[test]
    fn nothing_changed_writes_nothing() {
        let buffer = Buffer::empty(Rect::new(0, 0, 20, 3));
        let mut out = String::new();
        frame(&buffer, &buffer, false, &mut out);
        assert_eq!(out, "");
    }

    #[test]
    fn plain_text_and_colours_of_each_depth() {
        check(Style::new(), "ab", "\x1b[2;3Hab");
        check(Style::new().fg(Color::LightRed).bg(Color::Blue), "a", "\x1b[2;3H\x1b[91;44ma\x1b[m");
        check(Style::new().fg(Color::Indexed(200)), "a", "\x1b[2;3H\x1b[38;5;200ma\x1b[m");
        check(Style::new().bg(Color::Rgb(1, 2, 3)), "a", "\x1b[2;3H\x1b[48;2;1;2;3ma\x1b[m");
        check(
            Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD),
            "a",
            "\x1b[2;3H\x1b[1;7ma\x1b[m",
        );
    }

    #[test]
    fn wide_text_moves_the_cursor_as_the_terminal_does() {
        check(Style::new(), "결제a", "\x1b[2;3H결제a");
    }

    #[test]
    fn each_pen_is_taken_once_and_every_cell_is_right() {
        let area = Rect::new(0, 0, 20, 3);
        let mut new = Buffer::empty(area);
        let styles = [Style::new().fg(Color::Red), Style::new().bg(Color::Blue), Style::new()];
        for x in 0..20 {
            for y in 0..3 {
                new.set_string(
                    x,
                    y,
                    ["a", "b", "c"][usize::from((x + y) % 3)],
                    styles[usize::from(x % 3)],
                );
            }
        }
        let mut out = String::new();
        frame(&Buffer::empty(area), &new, true, &mut out);
        assert_eq!(out.matches("31").count(), 1, "{out:?}");
        let mut screen = vt100::Parser::new(3.try_into().unwrap(), 20.try_into().unwrap(), 0);
        screen.process(out.as_bytes());
        for (y, row) in screen.screen().rows(0, 20).enumerate() {
            let expected: String = (0..20).map(|x| ["a", "b", "c"][(x + y) % 3]).collect();
            assert_eq!(row, expected);
        }
        assert_eq!(screen.screen().cell(1, 3).unwrap().fgcolor(), vt100::Color::Idx(1));
        assert_eq!(screen.screen().cell(2, 4).unwrap().bgcolor(), vt100::Color::Idx(4));
    }

    #[test]
    fn a_fresh_frame_clears_and_draws_all() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 3));
        buffer.set_string(0, 0, "x", Style::new());
        let mut out = String::new();
        frame(&buffer, &buffer, true, &mut out);
        assert_eq!(out, "\x1b[?2026h\x1b[m\x1b[2J\x1b[1;1Hx\x1b[?2026l");
    }
}
