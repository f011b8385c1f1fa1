//! Parentheses and square brackets that are missing, or too many.
//!
//! Responsible for putting in and leaving out those of a text that does not balance them, so that
//! one of them does not make arguments of all that follows. A text that balances them is left as it is.

use super::brace::{MOST, column};
use crate::diagnostic::Diagnostic;
use crate::source::{Span, line_ends};
use crate::token::{Kind, Mark, Token, Word};

/// How many open brackets are looked at for the one that a closing one was meant for.
const NEAR: usize = 64;

/// A kind of brackets, and how many of them are missing or too many.
#[derive(Clone, Copy)]
struct Pair {
    left: Mark,
    right: Mark,
    lacks: usize,
    surplus: usize,
}

/// An open bracket: how its line is indented, and which it is.
#[derive(Clone, Copy)]
struct Open {
    mark: Mark,
    indent: usize,
    line: usize,
    /// Whether its line has a string that is never closed: what is odd there follows from it.
    is_told: bool,
}

/// Mends the brackets of a text; says what was wrong with them.
pub(super) fn mend(
    text: &str,
    tokens: Vec<Token>,
    unclosed: &[Span],
) -> (Vec<Token>, Vec<Diagnostic>) {
    let count = |mark| tokens.iter().filter(|token| token.kind == Kind::Mark(mark)).count();
    let pair = |left, right| {
        let (opened, closed) = (count(left), count(right));
        let lacks = opened.saturating_sub(closed).min(MOST);
        Pair { left, right, lacks, surplus: closed.saturating_sub(opened).min(MOST) }
    };
    let pairs =
        [pair(Mark::LeftParen, Mark::RightParen), pair(Mark::LeftBracket, Mark::RightBracket)];
    if pairs.iter().all(|pair| pair.lacks + pair.surplus == 0) {
        return (tokens, Vec::new());
    }
    let mender = Mender {
        text,
        tokens: &tokens,
        unclosed,
        pairs,
        open: Vec::new(),
        mended: Vec::with_capacity(tokens.len() + MOST),
        is_changed: false,
        problems: Vec::new(),
    };
    mender.all()
}

struct Mender<'a> {
    text: &'a str,
    tokens: &'a [Token],
    unclosed: &'a [Span],
    pairs: [Pair; 2],
    /// Brackets and braces.
    open: Vec<Open>,
    mended: Vec<Token>,
    is_changed: bool,
    problems: Vec<Diagnostic>,
}

impl Mender<'_> {
    fn all(mut self) -> (Vec<Token>, Vec<Diagnostic>) {
        let (mut line, mut last_end, mut indent) = (1, 0, 0);
        for (index, token) in self.tokens.iter().enumerate() {
            let start = token.span.start as usize;
            let gap = self.text.get(last_end..start).unwrap_or_default();
            let lines = line_ends(gap);
            let is_first = lines > 0 || index == 0 || self.is_behind_newline();
            line += lines;
            if is_first && token.kind != Kind::Newline {
                indent = column(self.text, start);
                self.line(index, indent);
            }
            self.newline(token, gap);
            match token.kind {
                Kind::Mark(mark @ (Mark::LeftParen | Mark::LeftBracket | Mark::LeftBrace)) => {
                    if mark == Mark::LeftBrace {
                        self.block(index);
                    }
                    let is_told = self.is_told(token.span.start);
                    self.open.push(Open { mark, indent, line, is_told });
                    self.mended.push(*token);
                }
                Kind::Mark(Mark::RightParen) => self.close(index, 0),
                Kind::Mark(Mark::RightBracket) => self.close(index, 1),
                Kind::Mark(Mark::RightBrace) => {
                    self.end_arguments(index);
                    self.open.pop();
                    self.mended.push(*token);
                }
                _ => self.mended.push(*token),
            }
            let inside = token.span.of(self.text);
            line += line_ends(inside);
            last_end = token.span.end as usize;
        }
        (self.mended, self.problems)
    }

    fn is_told(&self, at: u32) -> bool {
        self.unclosed.iter().any(|line| (line.start..=line.end).contains(&at))
    }

    fn is_behind_newline(&self) -> bool {
        self.mended.last().is_some_and(|token| token.kind == Kind::Newline)
    }

    /// The innermost bracket, where no brace is within it.
    fn top(&self) -> Option<Open> {
        self.open.last().copied().filter(|open| open.mark != Mark::LeftBrace)
    }

    /// Behind a bracket that was put in, ends of lines count again; the lexer left them out.
    fn newline(&mut self, token: &Token, gap: &str) {
        let is_missing = self.is_changed
            && gap.contains('\n')
            && !gap.contains('\\')
            && token.kind != Kind::Newline
            && self.top().is_none()
            && !self.is_behind_newline();
        if is_missing {
            self.mended.push(Token { kind: Kind::Newline, span: token.span.at_start() });
        }
    }

    /// A line begins: a statement in it is no argument of what is open.
    fn line(&mut self, index: usize, indent: usize) {
        while let (Some(open), Some(last)) = (self.top(), self.mended.last())
            && ends_value(last.kind)
        {
            let kind = |ahead: usize| self.tokens.get(index + ahead).map(|token| token.kind);
            let is_value = kind(0).is_some_and(begins_value);
            // `echo 'a'` is no argument however it is indented; `string('a')` may be one.
            let is_command = kind(0) == Some(Kind::Name)
                && matches!(kind(1), Some(Kind::Text | Kind::TemplateStart));
            let is_over = is_value && (indent <= open.indent || is_command);
            if !is_over || !self.put_in(index) {
                return;
            }
        }
    }

    /// A block begins: behind a plain value none can, so that what is open was to end there.
    fn block(&mut self, index: usize) {
        let is_behind_value = self.mended.last().is_some_and(|token| {
            matches!(
                token.kind,
                Kind::Text
                    | Kind::TemplateEnd
                    | Kind::Integer
                    | Kind::Decimal
                    | Kind::Word(Word::True | Word::False | Word::Null)
                    | Kind::Mark(Mark::RightBracket)
            )
        });
        if is_behind_value {
            while self.top().is_some() && self.put_in(index) {}
        }
    }

    /// A brace closes: what was left open in it ends with it.
    fn end_arguments(&mut self, index: usize) {
        while self.top().is_some() {
            if !self.put_in(index) {
                self.open.pop();
            }
        }
    }

    /// A bracket closes; those within it that are open end before it.
    fn close(&mut self, index: usize, pair: usize) {
        let Some(Pair { left, surplus, .. }) = self.pairs.get(pair).copied() else {
            return;
        };
        let within = self.open.iter().rev().take(NEAR);
        let within = within.take_while(|open| open.mark != Mark::LeftBrace);
        let place = within.clone().position(|open| open.mark == left);
        let Some(token) = self.tokens.get(index) else {
            return;
        };
        let Some(place) = place else {
            if surplus > 0 {
                self.leave_out(token, pair);
            } else {
                self.mended.push(*token);
            }
            return;
        };
        for _ in 0..place {
            if !self.put_in(index) {
                self.open.pop();
            }
        }
        self.open.pop();
        self.mended.push(*token);
    }

    /// Closes the innermost bracket before a word, unless none of its kind is missing.
    fn put_in(&mut self, index: usize) -> bool {
        let (Some(open), Some(token)) = (self.top(), self.tokens.get(index)) else {
            return false;
        };
        let pair = self.pairs.iter_mut().find(|pair| pair.left == open.mark && pair.lacks > 0);
        let Some(pair) = pair else {
            return false;
        };
        pair.lacks -= 1;
        self.is_changed = true;
        let right = pair.right;
        self.open.pop();
        self.mended.push(Token { kind: Kind::Mark(right), span: token.span.at_start() });
        let found: String = token.span.of(self.text).chars().take(40).collect();
        let found = found.lines().next().unwrap_or_default().to_owned();
        let (left, line) = (open.mark.text(), open.line);
        let message = format!(
            "expecting '{}' for the '{left}' of line {line}, found '{found}'",
            right.text()
        );
        if !open.is_told {
            self.problems.push(Diagnostic::syntax(token.span, message));
        }
        true
    }

    fn leave_out(&mut self, token: &Token, pair: usize) {
        if let Some(pair) = self.pairs.get_mut(pair) {
            pair.surplus -= 1;
            self.is_changed = true;
            let message = format!("unexpected token: '{}'", pair.right.text());
            self.problems.push(Diagnostic::syntax(token.span, message));
        }
    }
}

/// Whether a value can end with this word.
const fn ends_value(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Name
            | Kind::Text
            | Kind::TemplateEnd
            | Kind::Integer
            | Kind::Decimal
            | Kind::Word(Word::True | Word::False | Word::Null | Word::This)
            | Kind::Mark(Mark::RightParen | Mark::RightBracket | Mark::RightBrace)
    )
}

/// Whether a statement can begin with this word, and no argument go on with it.
const fn begins_value(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Name
            | Kind::Text
            | Kind::TemplateStart
            | Kind::Word(
                Word::If
                    | Word::For
                    | Word::While
                    | Word::Try
                    | Word::Switch
                    | Word::Return
                    | Word::Throw
                    | Word::Def
            )
    )
}
