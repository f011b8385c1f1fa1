//! Quotes of books.
//!
//! Responsible for finding those that were meant to begin or end a string. To Groovy they are
//! letters, so that `sh “make”` names a variable that nobody has.

use crate::diagnostic::Diagnostic;
use crate::lexer::{UNCLOSED_STRING, offset, words};
use crate::source::Span;
use crate::token::Kind;

const DOUBLE: [char; 5] = ['\u{201c}', '\u{201d}', '\u{201e}', '\u{201f}', '\u{ff02}'];
const SINGLE: [char; 5] = ['\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}', '\u{ff07}'];

fn is_quote(c: char) -> bool {
    DOUBLE.contains(&c) || SINGLE.contains(&c)
}

/// Says of a string that is never closed by which quote it was meant to be.
pub(super) fn advise(text: &str, problem: &mut Diagnostic) {
    let string = problem.span.of(text);
    if problem.message.starts_with(UNCLOSED_STRING)
        && let (Some(plain), Some(quote)) =
            (string.chars().next(), string.chars().find(|c| is_quote(*c)))
    {
        problem.advice = Some(format!("write {plain} instead of the quote {quote}"));
    }
}

/// The strings of a text that such quotes open, each told once.
pub(super) fn quotes(text: &str) -> Vec<Diagnostic> {
    if !text.contains(is_quote) {
        return Vec::new();
    }
    let mut all: Vec<Diagnostic> = Vec::new();
    for token in words(text).tokens.iter().filter(|token| token.kind == Kind::Name) {
        let from = token.span.start;
        let is_told = all.last().is_some_and(|last| last.span.end > from);
        let Some((at, quote)) = token.span.of(text).char_indices().find(|(_, c)| is_quote(*c))
        else {
            continue;
        };
        if is_told || all.len() >= crate::MOST_FOUND {
            continue;
        }
        let start = from as usize + at;
        let plain = if DOUBLE.contains(&quote) { '"' } else { '\'' };
        let family = if plain == '"' { DOUBLE } else { SINGLE };
        let behind = text.get(start + quote.len_utf8()..).unwrap_or_default();
        let line = behind.split('\n').next().unwrap_or_default();
        let length = line.char_indices().find(|(_, c)| family.contains(c) || *c == plain);
        let length = length.map_or(0, |(at, c)| at + c.len_utf8());
        let span = Span::new(offset(start), offset(start + quote.len_utf8() + length));
        let message = format!("the quote {quote} is a letter to Groovy");
        all.push(Diagnostic::declarative(span, message).advise(format!("write {plain} instead")));
    }
    all
}
