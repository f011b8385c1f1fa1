//! Colours as themes write them and as terminals can show them.

use ratatui::style::Color;

/// How many colours a terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// All of 24 bits.
    True,
    /// The 256 of xterm.
    Indexed,
    /// The 16 that the person's terminal defines.
    Sixteen,
    /// None, as `NO_COLOR` asks for.
    None,
}

/// A colour with what to take instead where a terminal has fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Paint {
    pub best: Color,
    pub indexed: Option<Color>,
    pub sixteen: Option<Color>,
}

/// The 16 names, in ANSI's order, and the colours that most terminals give them.
const NAMES: [(&str, Color, [u8; 3]); 16] = [
    ("black", Color::Black, [0, 0, 0]),
    ("red", Color::Red, [205, 0, 0]),
    ("green", Color::Green, [0, 205, 0]),
    ("yellow", Color::Yellow, [205, 205, 0]),
    ("blue", Color::Blue, [0, 0, 238]),
    ("magenta", Color::Magenta, [205, 0, 205]),
    ("cyan", Color::Cyan, [0, 205, 205]),
    ("white", Color::Gray, [229, 229, 229]),
    ("bright-black", Color::DarkGray, [127, 127, 127]),
    ("bright-red", Color::LightRed, [255, 0, 0]),
    ("bright-green", Color::LightGreen, [0, 255, 0]),
    ("bright-yellow", Color::LightYellow, [255, 255, 0]),
    ("bright-blue", Color::LightBlue, [92, 92, 255]),
    ("bright-magenta", Color::LightMagenta, [255, 0, 255]),
    ("bright-cyan", Color::LightCyan, [0, 255, 255]),
    ("bright-white", Color::White, [255, 255, 255]),
];

impl Paint {
    pub(super) const fn plain(best: Color) -> Self {
        Self { best, indexed: None, sixteen: None }
    }

    /// The colour that a terminal of this depth shows; none where it shows no colours.
    pub(super) fn at(self, depth: Depth) -> Option<Color> {
        match depth {
            Depth::True => Some(self.best),
            Depth::Indexed => Some(self.indexed.unwrap_or_else(|| nearest_indexed(self.best))),
            Depth::Sixteen => Some(self.sixteen.unwrap_or_else(|| nearest_sixteen(self.best))),
            Depth::None => None,
        }
    }
}

/// Reads `default`, one of the 16 names, `#rgb` or `#rrggbb`.
pub(super) fn parse(text: &str) -> Option<Color> {
    if text == "default" {
        return Some(Color::Reset);
    }
    if let Some(digits) = text.strip_prefix('#') {
        return hex(digits);
    }
    NAMES.iter().find(|row| row.0 == text).map(|row| row.1)
}

fn hex(digits: &str) -> Option<Color> {
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let part = |from: usize, length: usize| {
        let text = digits.get(from * length..(from + 1) * length)?;
        let value = u8::from_str_radix(text, 16).ok()?;
        Some(if length == 1 { value * 17 } else { value })
    };
    let length = match digits.len() {
        3 => 1,
        6 => 2,
        _ => return None,
    };
    Some(Color::Rgb(part(0, length)?, part(1, length)?, part(2, length)?))
}

fn nearest_indexed(colour: Color) -> Color {
    let Color::Rgb(r, g, b) = colour else {
        return colour;
    };
    let wanted = [r, g, b];
    (16..=255u8)
        .min_by_key(|index| distance(indexed_rgb(*index), wanted))
        .map_or(Color::Reset, Color::Indexed)
}

/// The colour of one of xterm's entries 16 to 255: a cube of six steps, then 24 greys.
fn indexed_rgb(index: u8) -> [u8; 3] {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    if index >= 232 {
        return [(index - 232) * 10 + 8; 3];
    }
    let step = |value: u8| STEPS.get(usize::from(value % 6)).copied().unwrap_or(0);
    let place = index.saturating_sub(16);
    [step(place / 36), step(place / 6), step(place)]
}

fn nearest_sixteen(colour: Color) -> Color {
    let Color::Rgb(r, g, b) = colour else {
        return colour;
    };
    NAMES.iter().min_by_key(|row| distance(row.2, [r, g, b])).map_or(Color::Reset, |row| row.1)
}

fn distance(one: [u8; 3], two: [u8; 3]) -> u32 {
    one.iter().zip(two).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_reduced_step_by_step() {
        let red = Paint::plain(Color::Rgb(255, 0, 0));
        assert_eq!(red.at(Depth::True), Some(Color::Rgb(255, 0, 0)));
        assert_eq!(red.at(Depth::Indexed), Some(Color::Indexed(196)));
        assert_eq!(red.at(Depth::Sixteen), Some(Color::LightRed));
        assert_eq!(red.at(Depth::None), None);
        let grey = Paint::plain(Color::Rgb(8, 8, 8));
        assert_eq!(grey.at(Depth::Indexed), Some(Color::Indexed(232)));
        assert_eq!(Paint::plain(Color::Reset).at(Depth::Sixteen), Some(Color::Reset));
    }

    #[test]
    fn colours_are_read() {
        assert_eq!(parse("#fa0"), Some(Color::Rgb(255, 170, 0)));
        assert_eq!(parse("bright-black"), Some(Color::DarkGray));
        for bad in ["#ff", "#gggggg", "#+1+1+1", "purple", ""] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
