//! Keeps Pilothouse's own lines of a log apart from what programs print, whatever they print.
//!
//! Ours begin with [`MARK`]. Output that begins so too, or with signs that look alike, gets a
//! prefix; on a terminal, also where it would begin a row of a line that is too long for one.

use unicode_width::UnicodeWidthChar as _;

/// What each line of ours begins with, and no line of output does.
pub const MARK: &str = "── ";
/// What stands before output that begins like one of ours.
const QUOTE: &str = "│ ";
/// The cells of [`QUOTE`].
const QUOTE_CELLS: usize = 2;

/// Output as it is shown on a terminal of so many columns, or none.
pub fn quoted(text: &str, columns: Option<usize>) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut used = 0;
    for (at, c) in text.char_indices() {
        let cells = c.width().unwrap_or(0);
        if columns.is_some_and(|most| used + cells > most) {
            used = 0;
        }
        if used == 0 && begins_alike(text.get(at..).unwrap_or_default()) {
            out.push_str(QUOTE);
            used = QUOTE_CELLS;
        }
        out.push(c);
        used += cells;
    }
    out
}

/// Whether a text begins with something that looks like [`MARK`]. Characters without a width, as
/// accents have none, do not count.
fn begins_alike(text: &str) -> bool {
    let mut seen = text.chars().filter(|c| c.width().unwrap_or(0) > 0);
    match (seen.next(), seen.next()) {
        // Dashes as wide as two or three.
        (Some('\u{2e3a}' | '\u{2e3b}'), _) => true,
        // One that takes two cells is as long as both of ours.
        (Some(first), Some(' ')) => is_line(first) && first.width() == Some(2),
        (Some(first), Some(second)) => is_line(first) && is_line(second),
        _ => false,
    }
}

/// Whether a character looks like a piece of a horizontal line: dashes, hyphens and minus signs of
/// all scripts, overlines and low lines, box drawing, scan lines and blocks of an eighth, and the
/// letters and ideographs of one stroke (with Unicode's `confusables.txt`). ASCII has its own look.
fn is_line(c: char) -> bool {
    matches!(c,
        '\u{af}' | '\u{2c9}' | '\u{2cd}' | '\u{2d7}' | '\u{58a}' | '\u{5be}' | '\u{6d4}' | '\u{7fa}'
        | '\u{1173}' | '\u{1400}' | '\u{1806}' | '\u{2010}'..='\u{2015}' | '\u{203e}' | '\u{2043}'
        | '\u{207b}' | '\u{208b}' | '\u{2212}' | '\u{23af}' | '\u{23ba}'..='\u{23bd}' | '\u{23e4}'
        | '\u{2500}'..='\u{257f}' | '\u{2581}' | '\u{2594}' | '\u{2796}' | '\u{2cba}' | '\u{2cbb}'
        | '\u{2e40}' | '\u{2f00}' | '\u{30a0}' | '\u{30fc}' | '\u{3161}' | '\u{31d0}' | '\u{4e00}'
        | '\u{a7f7}' | '\u{fe49}'..='\u{fe4f}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' | '\u{ff3f}'
        | '\u{ff70}' | '\u{ffda}' | '\u{ffe3}' | '\u{10ead}' | '\u{1d116}' | '\u{1fb76}'..='\u{1fb7b}')
}

#[cfg(test)]
mod tests {
    use super::{MARK, quoted};

    #[test]
    fn output_never_begins_like_a_line_of_ours() {
        for forged in
            ["── 2 deploy", "━━ 2 deploy", "—— 2", "⸺ 2", "ㅡㅡ", "\u{301}── 2", "─\u{301}─"]
                .into_iter()
                .chain([
                    "―― 2",
                    "╌╌ 2",
                    "⏤⏤ 2",
                    "🭸🭸 2",
                    "▔▔ 2",
                    "ꟷꟷ 2",
                    "ー 2 deploy",
                    "➖ note: x",
                ])
        {
            assert_eq!(quoted(forged, None), format!("│ {forged}"));
            // Quoting is no way to forge either: what is quoted is quoted again.
            assert!(!quoted(&quoted(forged, None), None).starts_with(MARK));
        }
    }

    #[test]
    fn ordinary_output_stays_as_it_is() {
        for text in
            ["-- Configuring done", "결제 수정", "  ━━━━━ 1.2 MB", "— a", "一般", "✓ 12 passed", ""]
        {
            assert_eq!(quoted(text, Some(20)), text);
        }
    }

    #[test]
    fn no_row_of_a_long_line_begins_like_one_either() {
        let text = format!("{}── 2 deploy", "x".repeat(20));
        assert_eq!(quoted(&text, None), text);
        assert_eq!(quoted(&text, Some(20)), format!("{}│ ── 2 deploy", "x".repeat(20)));
        assert_eq!(quoted("결제──", Some(5)), "결제──");
        assert_eq!(quoted("결제결──", Some(5)), "결제결──");
        assert_eq!(quoted("결제x──", Some(5)), "결제x│ ──");
    }
}
