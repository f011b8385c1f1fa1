//! Text to words.
//!
//! Responsible for what Groovy 2.4's lexer decides: where words end, which ends of lines count,
//! whether a slash divides or opens a string, and the nesting of expressions in strings. It keeps
//! a stack of what is open instead of calling itself, so that no text can exhaust the stack, and
//! looks at each byte a bounded number of times. It must not know the grammar.

mod mend;
mod number;
mod slash;
mod string;

pub use string::cook;

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::token::{Kind, Mark, Token, Word};

/// How the problem of a string begins that nobody closed.
pub(crate) const UNCLOSED_STRING: &str = "this string is never closed";

/// What is open around a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// `(` or `[`: ends of lines do not count.
    Parenthesis(Mark),
    /// `{`: they count again.
    Brace,
    /// `${` in a string that is closed by this quote.
    Expression(Quote),
}

/// What a string is closed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    /// `'`
    Single,
    /// `'''`
    TripleSingle,
    /// `"`
    Double,
    /// `"""`
    TripleDouble,
    /// `/`
    Slash,
    /// `/$`
    DollarSlash,
}

/// The words of a text, its comments, and what is wrong with them.
#[derive(Debug, Default)]
pub struct Words {
    /// The words; the last is [`Kind::End`].
    pub tokens: Vec<Token>,
    /// Each comment, and the shebang.
    pub comments: Vec<Span>,
    /// What is no word.
    pub problems: Vec<Diagnostic>,
    /// Where strings begin that are never closed.
    pub unclosed: Vec<u32>,
    /// Whether a string of several lines ends where another one seems to begin.
    pub is_doubtful: bool,
}

/// Cuts a text into words.
pub fn words(text: &str) -> Words {
    let first = Lexer::new(text).all();
    // A string reached the end of the text: what it swallowed is read as well.
    if first.is_open_ended { mended_words(text) } else { first.found }
}

/// Cuts a text into words of which some strings seem never to be closed.
pub fn mended_words(text: &str) -> Words {
    let mut lexer = Lexer::new(text);
    lexer.mending = mend::MOST;
    lexer.all().found
}

struct Lexer<'s> {
    text: &'s str,
    at: usize,
    open: Vec<Open>,
    /// How many of those are braces.
    braces: usize,
    /// How many strings in simple quotes have an expression open.
    simple: usize,
    found: Words,
    /// Whether a string reached the end of the text.
    is_open_ended: bool,
    /// How many strings of several lines may still be ended before their end.
    mending: usize,
    /// Whether no comment is closed from here on.
    is_commented: bool,
    /// Where the last character ended that belongs to no word.
    strayed: usize,
}

/// An offset as spans have it; a text is far shorter than 4 GiB, see [`crate::MOST_BYTES`].
pub(crate) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Whether a name can begin with this character.
pub(crate) fn begins_name(character: char) -> bool {
    character.is_ascii_alphabetic()
        || matches!(character, '_' | '$' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}')
        || matches!(character, '\u{f8}'..='\u{ff}' | '\u{100}'..='\u{fffe}')
}

/// Whether a name can go on with this character.
pub(crate) fn continues_name(character: char) -> bool {
    begins_name(character) || character.is_ascii_digit()
}

impl<'s> Lexer<'s> {
    fn new(text: &'s str) -> Self {
        Self {
            text,
            at: 0,
            open: Vec::new(),
            braces: 0,
            simple: 0,
            found: Words::default(),
            is_open_ended: false,
            mending: 0,
            is_commented: false,
            strayed: 0,
        }
    }

    fn all(mut self) -> Self {
        self.shebang();
        while self.at < self.text.len() {
            self.next();
        }
        self.push(Kind::End, self.at);
        self
    }

    fn rest(&self) -> &'s str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or_default()
    }

    fn push(&mut self, kind: Kind, start: usize) {
        let span = Span::new(offset(start), offset(self.at));
        self.found.tokens.push(Token { kind, span });
    }

    fn problem(&mut self, start: usize, message: impl Into<String>, advice: &str) {
        let end = self.at.max(start);
        let span = Span::new(offset(start), offset(end));
        self.found.problems.push(Diagnostic::syntax(span, message).advise(advice));
    }

    fn shebang(&mut self) {
        if self.rest().starts_with('\u{feff}') {
            self.at = '\u{feff}'.len_utf8();
        }
        if self.rest().starts_with("#!") {
            self.comment_line();
        }
    }

    fn comment_line(&mut self) {
        let start = self.at;
        let length = self.rest().find(['\n', '\r']).unwrap_or(self.rest().len());
        self.at += length;
        self.found.comments.push(Span::new(offset(start), offset(self.at)));
    }

    fn comment_block(&mut self) {
        let start = self.at;
        let inside = self.rest().get(2..).filter(|_| !self.is_commented);
        if let Some(length) = inside.and_then(|rest| rest.find("*/")) {
            self.at += length + 4;
        } else {
            // What follows its line is read as well.
            let line = self.rest().find('\n');
            self.at = line.map_or(self.text.len(), |length| self.at + length);
            if !self.is_commented {
                self.problem(start, "this comment is never closed", "close it with */");
            }
            self.is_commented = true;
        }
        self.found.comments.push(Span::new(offset(start), offset(self.at)));
    }

    /// Takes the next word, or what lies between words.
    fn next(&mut self) {
        let start = self.at;
        match self.byte(0) {
            b' ' | b'\t' | b'\x0c' => self.at += 1,
            b'\\' if matches!(self.byte(1), b'\n' | b'\r') => {
                // A backslash joins the next line to this one.
                self.at += if self.byte(1) == b'\r' && self.byte(2) == b'\n' { 3 } else { 2 };
            }
            b'\n' | b'\r' => self.newline(),
            b'/' if self.byte(1) == b'/' => self.comment_line(),
            b'/' if self.byte(1) == b'*' => self.comment_block(),
            b';' => {
                self.at += 1;
                self.push(Kind::Semicolon, start);
            }
            b'0'..=b'9' => self.number(),
            b'\'' | b'"' => self.quoted(),
            b'/' if self.may_open_slashy() => self.slashy(),
            b'$' if self.byte(1) == b'/' && self.may_open_slashy() => self.dollar_slashy(),
            _ => self.name_or_mark(),
        }
    }

    fn newline(&mut self) {
        let start = self.at;
        self.at += if self.rest().starts_with("\r\n") { 2 } else { 1 };
        self.refuse_newline(start);
        if matches!(self.open.last(), Some(Open::Parenthesis(_))) {
            return;
        }
        let last = self.found.tokens.last().map(|token| token.kind);
        if last != Some(Kind::Newline) {
            self.push(Kind::Newline, start);
        }
    }

    /// A string in simple quotes stands on one line, its expressions included.
    fn refuse_newline(&mut self, at: usize) {
        if self.simple > 0 {
            self.problem(
                at,
                "end of line reached within a simple string 'x' or \"x\" or /x/",
                "use three quotes",
            );
            self.end_simple();
        }
    }

    fn name_or_mark(&mut self) {
        let start = self.at;
        let Some(first) = self.peek() else {
            return;
        };
        if begins_name(first) || self.is_unicode_escape() {
            let rest = self.rest();
            while self.peek().is_some_and(continues_name) || self.is_unicode_escape() {
                self.at += self.peek().map_or(1, char::len_utf8);
            }
            let word = rest.get(..self.at - start).and_then(Word::of);
            self.push(word.map_or(Kind::Name, Kind::Word), start);
            return;
        }
        let mark = (1..=4).rev().find_map(|length| {
            let text = self.rest().get(..length)?;
            Mark::of(text)
        });
        if let Some(mark) = mark {
            self.mark(mark);
        } else {
            self.at += first.len_utf8();
            self.stray(first, start);
        }
    }

    /// Whether a letter is written as `\u0061`, which Groovy takes outside of strings as well.
    fn is_unicode_escape(&self) -> bool {
        let rest = self.rest().strip_prefix("\\u");
        let digits = rest.map(|rest| rest.bytes().take(4).filter(u8::is_ascii_hexdigit).count());
        digits == Some(4)
    }

    /// Says what a character is that belongs to no word.
    fn stray(&mut self, first: char, start: usize) {
        // One report for a whole run of them, as where a binary file was given.
        let is_stray = |c: char| !c.is_ascii() && !begins_name(c) || c.is_ascii_control();
        if is_stray(first) {
            let run = self.rest();
            let is_space = |c: char| matches!(c, '\n' | '\r' | '\t' | '\x0c');
            let length = run.find(|c| !is_stray(c) || is_space(c)).unwrap_or(run.len());
            self.at += length;
        }
        let name = match first {
            '\u{a0}' => "a no-break space".to_owned(),
            _ => format!("{first:?}"),
        };
        let begins = |before: &str| before.ends_with(char::is_whitespace) || before.is_empty();
        if first == '#' && self.text.get(..start).is_some_and(begins) {
            // What a shell would not read.
            let rest = self.rest();
            self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
        }
        let advice = match first {
            '`' | '\u{b4}' => "write ' instead",
            '\u{ab}' | '\u{bb}' => "write \" instead",
            '\u{a0}' => "write a plain space instead",
            '#' => "a comment begins with //",
            _ => "remove it, or put it into quotes",
        };
        let message = format!("unexpected char: {name}");
        // What opens and closes is told once, and so is each other of a line.
        let is_told = self.found.problems.last().is_some_and(|last| {
            let between = self.text.get(self.strayed.max(last.span.end as usize)..start);
            last.advice.as_deref() == Some(advice)
                && last.message.starts_with("unexpected char")
                && between.is_some_and(|between| !between.contains('\n'))
        });
        self.strayed = self.at;
        if !is_told {
            self.problem(start, message, advice);
        }
    }

    fn mark(&mut self, mark: Mark) {
        let start = self.at;
        self.at += mark.text().len();
        match mark {
            Mark::LeftParen | Mark::LeftBracket => self.open.push(Open::Parenthesis(mark)),
            Mark::LeftBrace => {
                self.open.push(Open::Brace);
                self.braces += 1;
            }
            Mark::RightParen => self.close(Mark::LeftParen),
            Mark::RightBracket => self.close(Mark::LeftBracket),
            Mark::RightBrace => {
                self.push(Kind::Mark(mark), start);
                self.close_brace();
                return;
            }
            _ => {}
        }
        self.push(Kind::Mark(mark), start);
    }

    /// Closes a parenthesis; one that does not fit closes nothing, the parser says so.
    fn close(&mut self, opened: Mark) {
        if self.open.last() == Some(&Open::Parenthesis(opened)) {
            self.open.pop();
        }
    }

    /// Closes the innermost brace, and what was left open inside it.
    fn close_brace(&mut self) {
        let is_brace = |open: &Open| !matches!(open, Open::Parenthesis(_));
        // Where there is none, nobody looks through all that is open for each that is closed.
        let found = (self.braces > 0).then(|| self.open.iter().rposition(is_brace)).flatten();
        let Some(index) = found else {
            return;
        };
        self.braces -= 1;
        let open = self.open.get(index).copied();
        // Only parentheses are above it.
        self.open.truncate(index);
        if let Some(Open::Expression(quote)) = open {
            self.simple -= usize::from(quote.is_simple());
            self.template(quote, Kind::TemplateMiddle, self.at);
        }
    }
}

#[cfg(test)]
mod tests;
