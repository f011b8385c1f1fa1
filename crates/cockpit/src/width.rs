//! Widths of text on a terminal's cells.
//!
//! Every text that is drawn passes through here, so that a Korean name aligns and a cut never
//! falls into a grapheme. It must never draw.

use pilothouse_core::text::printable;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// How many characters of any one text are ever looked at; a frame is never slowed by one line.
const MOST: usize = 4096;

/// The cells that a text takes.
pub fn of(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// Makes hostile text harmless, whatever its length.
pub fn clean(text: &str) -> String {
    printable(text, MOST)
}

/// Cuts a text to `most` cells at a grapheme's border; a cut one ends in `…`.
pub fn cut(text: &str, most: usize) -> String {
    if of(text) <= most {
        return text.to_owned();
    }
    if most == 0 {
        return String::new();
    }
    let mut out = head(text, most - 1).to_owned();
    out.push('…');
    out
}

/// Cuts a text to `most` cells in its middle, so that its end is kept.
pub fn cut_middle(text: &str, most: usize) -> String {
    let wide = of(text);
    if wide <= most || most < 4 {
        return cut(text, most);
    }
    let first = head(text, (most - 1) / 2);
    let kept = most - 1 - of(first);
    let mut last = skip(text, wide - kept);
    // A wide character may reach into what is left out.
    while of(last) > kept {
        last = last.graphemes(true).next().and_then(|one| last.get(one.len()..)).unwrap_or("");
    }
    format!("{first}…{last}")
}

/// Cuts a sentence to `most` cells so that its last clauses are kept, those behind `: ` or `; `, where
/// its beginning has a third of the room beside them; otherwise at its end. Half a clause could say
/// the opposite of the whole.
pub fn cut_clause(text: &str, most: usize) -> String {
    if of(text) <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(most / 3 + 1);
    let breaks = text.match_indices([':', ';']).map(|(at, _)| at);
    let clauses = breaks.filter_map(|at| text.get(at..).filter(|rest| rest.get(1..2) == Some(" ")));
    let mut clauses = clauses;
    match clauses.find(|rest| of(rest) <= room) {
        Some(last) => format!("{}…{last}", head(text, most - 1 - of(last))),
        None => cut(text, most),
    }
}

/// The longest beginning of a text that fits into `most` cells.
pub fn head(text: &str, most: usize) -> &str {
    let mut taken = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        taken += of(grapheme);
        if taken > most {
            return text.get(..at).unwrap_or("");
        }
    }
    text
}

/// Leaves out the first `cells` cells of a text; a wide character that is cut in two goes whole.
pub fn skip(text: &str, cells: usize) -> &str {
    let mut passed = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        if passed >= cells {
            return text.get(at..).unwrap_or("");
        }
        passed += of(grapheme);
    }
    ""
}

/// Splits a text into pieces of at most `most` cells each; an empty text is one empty piece.
pub fn wrap(text: &str, most: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let piece = match head(rest, most.max(1)) {
            // A character wider than the room still has to go somewhere.
            "" => rest.graphemes(true).next().unwrap_or(rest),
            piece => piece,
        };
        pieces.push(piece);
        rest = rest.get(piece.len()..).unwrap_or("");
    }
    if pieces.is_empty() {
        pieces.push("");
    }
    pieces
}

/// Splits a sentence at spaces into lines of at most `most` cells; a longer word is cut in pieces.
pub fn fold(text: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        for piece in wrap(word, most) {
            let Some(line) = lines.last_mut() else {
                continue;
            };
            let gap = usize::from(!line.is_empty());
            if of(line) + gap + of(piece) <= most {
                if gap == 1 {
                    line.push(' ');
                }
                line.push_str(piece);
            } else {
                lines.push(piece.to_owned());
            }
        }
    }
    lines
}

/// The number as cells; a screen has no more than fit.
pub fn cells(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_never_splits_a_wide_character() {
        let shown = [5, 4, 3, 2, 1, 0].map(|most| cut("결제수정", most));
        assert_eq!(shown, ["결제…", "결…", "결…", "…", "…", ""]);
        assert_eq!(cut("결제", 4), "결제");
    }

    #[test]
    fn a_cut_in_the_middle_keeps_both_ends() {
        assert_eq!(cut_middle("feature/long-name-7", 10), "feat…ame-7");
        assert_eq!(cut_middle("결제-수정-화면", 9), "결제…화면");
        for most in 0..14 {
            assert!(of(&cut_middle("결제-수정-화면", most)) <= most);
        }
    }

    #[test]
    fn a_cut_of_a_sentence_keeps_whole_clauses_or_none() {
        let why =
            "failed: shop-r2-0: not healthy in time; r1 stays, and no instance of it was well";
        for (most, told) in [
            (70, "failed: shop-r2-0: not heal…; r1 stays, and no instance of it was well"),
            (64, "failed: shop-r2-0: no…; r1 stays, and no instance of it was well"),
            (50, "failed: shop-r2-0: not healthy in time; r1 stays,…"),
            (30, "failed: shop-r2-0: not health…"),
            (0, ""),
        ] {
            assert_eq!(cut_clause(why, most), told);
        }
        let why = "failed: shop-r2-0 at 10:30 did not become healthy: 결제 500";
        assert_eq!(cut_clause(why, 24), "failed: shop-…: 결제 500");
        assert!((0..60).all(|most| of(&cut_clause(why, most)) <= most));
        assert_eq!(cut_clause(why, 60), why);
    }

    #[test]
    fn a_cut_never_splits_a_grapheme() {
        assert_eq!(cut("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
    }

    #[test]
    fn wrapping_keeps_every_character() {
        for text in ["", "abc", "결제 수정이 길다", "a결b제c"] {
            for most in 1..6 {
                assert_eq!(wrap(text, most).concat(), text);
            }
        }
    }

    #[test]
    fn folding_breaks_at_spaces() {
        assert_eq!(fold("one two three", 7), ["one two", "three"]);
        assert_eq!(fold("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
    }
}
