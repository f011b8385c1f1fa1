//! Strings of all six kinds.
//!
//! Responsible for where a string ends, which of its escapes exist, and where an expression
//! begins in it. What an escape means is said by [`cook`].

use std::borrow::Cow;

use super::{Lexer, Open, Quote, begins_name, continues_name};
use crate::token::{Kind, Mark};

impl Quote {
    /// How such a string opens.
    pub const fn opening(self) -> &'static str {
        match self {
            Self::Single => "'",
            Self::TripleSingle => "'''",
            Self::Double => "\"",
            Self::TripleDouble => "\"\"\"",
            Self::Slash => "/",
            Self::DollarSlash => "$/",
        }
    }

    /// How such a string closes.
    pub const fn closing(self) -> &'static str {
        match self {
            Self::DollarSlash => "/$",
            _ => self.opening(),
        }
    }

    const fn has_expressions(self) -> bool {
        !matches!(self, Self::Single | Self::TripleSingle)
    }

    /// Whether an expression in it stands on one line.
    pub(super) const fn is_simple(self) -> bool {
        matches!(self, Self::Double | Self::Slash)
    }

    pub(super) const fn has_lines(self) -> bool {
        !matches!(self, Self::Single | Self::Double)
    }

    /// The kind of string that begins a text.
    pub fn of(text: &str) -> Option<Self> {
        let kinds = [Self::TripleSingle, Self::TripleDouble, Self::Single, Self::Double];
        let mut kinds = kinds.into_iter().chain([Self::DollarSlash, Self::Slash]);
        kinds.find(|quote| text.starts_with(quote.opening()))
    }
}

/// What a dollar sign in a string begins.
enum Expression {
    /// Nothing: it is a sign as any other.
    None,
    /// One in braces, which goes on behind this.
    Open,
    /// `$name.name`, which is over.
    Whole,
}

impl Lexer<'_> {
    pub(super) fn quoted(&mut self) {
        if let Some(quote) = Quote::of(self.rest()) {
            self.string(quote);
        }
    }

    pub(super) fn slashy(&mut self) {
        self.string(Quote::Slash);
    }

    pub(super) fn dollar_slashy(&mut self) {
        self.string(Quote::DollarSlash);
    }

    fn string(&mut self, quote: Quote) {
        let start = self.at;
        let is_mended = self.mending > 0
            && if quote.has_lines() { self.mended(quote) } else { self.halved(quote) };
        if is_mended {
            return;
        }
        self.at += quote.opening().len();
        self.template(quote, Kind::TemplateStart, start);
    }

    /// Goes on in a string, up to its end or its next expression.
    pub(super) fn template(&mut self, quote: Quote, mut kind: Kind, mut start: usize) {
        loop {
            let is_first = kind == Kind::TemplateStart;
            if self.rest().starts_with(quote.closing()) {
                self.found.is_doubtful |= self.seems_to_open(quote, start);
                self.at += quote.closing().len();
                self.push(if is_first { Kind::Text } else { Kind::TemplateEnd }, start);
                return;
            }
            let Some(character) = self.peek() else {
                return self.unclosed(quote, is_first, start);
            };
            match character {
                '\n' | '\r' if !quote.has_lines() => return self.unclosed(quote, is_first, start),
                '\\' => self.escape(quote),
                '$' if quote == Quote::DollarSlash && matches!(self.byte(1), b'$' | b'/') => {
                    self.at += 2;
                }
                '$' if quote.has_expressions() => match self.expression(quote, kind, start) {
                    Expression::None => {}
                    // What closes the brace comes back here.
                    Expression::Open => return,
                    // As many as there are take no more of the stack than one.
                    Expression::Whole => (kind, start) = (Kind::TemplateMiddle, self.at),
                },
                other => self.at += other.len_utf8(),
            }
        }
    }

    /// Takes a backslash and what it escapes.
    fn escape(&mut self, quote: Quote) {
        let start = self.at;
        self.at += 1;
        let Some(next) = self.peek() else {
            return;
        };
        if matches!(quote, Quote::Slash | Quote::DollarSlash) {
            // Only the slash itself is escaped there; a line may end after a backslash.
            if next == '/' && quote == Quote::Slash {
                self.at += 1;
            }
            return;
        }
        self.at += next.len_utf8();
        match next {
            'n' | 'r' | 't' | 'b' | 'f' | '"' | '\'' | '\\' | '$' | '0'..='7' | '\n' => {}
            '\r' => {
                if self.byte(0) == b'\n' {
                    self.at += 1;
                }
            }
            'u' => {
                let rest = self.rest().trim_start_matches('u');
                self.at += self.rest().len() - rest.len();
                let is_hex = rest.bytes().take(4).filter(u8::is_ascii_hexdigit).count() == 4;
                if !is_hex {
                    self.problem(start, "\\u needs four hexadecimal digits", "as in \\u00e4");
                }
            }
            _ => self.problem(
                start,
                format!("unexpected char: '\\' before {next:?}"),
                "write \\\\ for a backslash, or use a /slashy/ string",
            ),
        }
    }

    /// Takes `${`, or `$name.name`, or a dollar sign alone.
    fn expression(&mut self, quote: Quote, kind: Kind, start: usize) -> Expression {
        let after = self.rest().chars().nth(1);
        if after == Some('{') {
            self.push(kind, start);
            let brace = self.at + 1;
            self.at += 2;
            self.open.push(Open::Expression(quote));
            self.braces += 1;
            self.simple += usize::from(quote.is_simple());
            self.push(Kind::Mark(Mark::LeftBrace), brace);
            return Expression::Open;
        }
        let begins = |character: char| begins_name(character) && character != '$';
        if !after.is_some_and(begins) {
            self.at += 1;
            if matches!(quote, Quote::Double | Quote::TripleDouble) {
                self.problem(
                    self.at - 1,
                    "illegal string body character after dollar sign",
                    "escape the dollar sign as \\$, or write ${ } around the expression",
                );
            }
            return Expression::None;
        }
        self.push(kind, start);
        self.at += 1;
        loop {
            let name = self.at;
            let rest = self.rest();
            let goes_on = |character: char| continues_name(character) && character != '$';
            self.at += rest.find(|c| !goes_on(c)).unwrap_or(rest.len());
            self.push(Kind::Name, name);
            let mut ahead = self.rest().chars();
            if ahead.next() != Some('.') || !ahead.next().is_some_and(begins) {
                break;
            }
            self.at += 1;
            self.push(Kind::Mark(Mark::Dot), self.at - 1);
        }
        Expression::Whole
    }
}

/// What a string says whose quotes are off.
pub fn cook(raw: &str, quote: Quote) -> Cow<'_, str> {
    let is_dollar = |c: char| c == '$' && quote == Quote::DollarSlash;
    if !raw.contains(|c: char| is_dollar(c) || c == '\\' || c == '\r') {
        return Cow::Borrowed(raw);
    }
    let mut cooked = String::with_capacity(raw.len());
    let mut rest = raw.chars();
    let mut last = '\0';
    while let Some(character) = rest.next() {
        let before = std::mem::replace(&mut last, character);
        match (quote, character) {
            (_, '\r') => {
                // Ends of lines in a string are one character, however the file was saved.
                if rest.as_str().starts_with('\n') {
                    rest.next();
                }
                cooked.push('\n');
            }
            (Quote::DollarSlash, '$') if rest.as_str().starts_with(['$', '/']) => {
                cooked.extend(rest.next());
            }
            (Quote::Slash, '\\') if rest.as_str().starts_with('/') => cooked.extend(rest.next()),
            // Groovy reads these before it knows of strings (its `UnicodeEscapingReader`).
            (Quote::Slash | Quote::DollarSlash, '\\')
                if before != '\\' && rest.as_str().starts_with('u') =>
            {
                rest = escaped(rest, &mut cooked);
            }
            (Quote::Slash | Quote::DollarSlash, _) => cooked.push(character),
            (_, '\\') => rest = escaped(rest, &mut cooked),
            _ => cooked.push(character),
        }
    }
    Cow::Owned(cooked)
}

/// Takes what follows a backslash.
fn escaped<'s>(mut rest: std::str::Chars<'s>, cooked: &mut String) -> std::str::Chars<'s> {
    match rest.next() {
        Some('n') => cooked.push('\n'),
        Some('r') => cooked.push('\r'),
        Some('t') => cooked.push('\t'),
        Some('b') => cooked.push('\u{8}'),
        Some('f') => cooked.push('\u{c}'),
        Some('\r') => {
            if rest.as_str().starts_with('\n') {
                rest.next();
            }
        }
        Some('\n') | None => {}
        Some('u') => {
            let digits = rest.as_str().trim_start_matches('u');
            let code = digits.get(..4).and_then(|four| u32::from_str_radix(four, 16).ok());
            if let Some(code) = code {
                cooked.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                return digits.get(4..).unwrap_or_default().chars();
            }
        }
        Some(first @ '0'..='7') => {
            let most = if first <= '3' { 2 } else { 1 };
            let more = rest.as_str().bytes().take(most).take_while(|b| (b'0'..=b'7').contains(b));
            let more = more.count();
            let text = rest.as_str();
            let tail = text.get(..more).unwrap_or_default();
            let code = u32::from_str_radix(&format!("{first}{tail}"), 8).unwrap_or_default();
            cooked.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            return text.get(more..).unwrap_or_default().chars();
        }
        Some(other) => cooked.push(other),
    }
    rest
}
