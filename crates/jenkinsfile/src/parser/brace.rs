//! Braces that are missing, or too many.
//!
//! Responsible for putting in and leaving out braces in a text that does not balance them, so that
//! one of them does not move all that follows into another block. Where it was meant is read from
//! how the lines are indented, and from the names of sections. A text whose braces balance is left as it is.

use super::outline::{self, Label};
use crate::diagnostic::Diagnostic;
use crate::source::{Span, line_ends};
use crate::token::{Kind, Mark, Token};

/// The most braces that are put in or left out.
pub(super) const MOST: usize = 20;
/// How many open braces are looked at for the one that a line closes, and how many closed ones.
const NEAR: usize = 64;
/// How many columns a tab is wide.
const TAB: usize = 4;

/// An open bracket.
#[derive(Clone, Copy)]
struct Open {
    mark: Mark,
    label: Label,
    /// How its line is indented, and the first line in it.
    indent: usize,
    inner: Option<usize>,
    line: usize,
}

/// A brace that closed more than its line looks like.
#[derive(Clone, Copy)]
struct Doubtful {
    token: usize,
    indent: usize,
    depth: usize,
}

/// Mends the braces of a text; says what was wrong with them.
pub(super) fn mend(text: &str, mut tokens: Vec<Token>) -> (Vec<Token>, Vec<Diagnostic>) {
    let count = |mark| tokens.iter().filter(|token| token.kind == Kind::Mark(mark)).count();
    let (mut opened, closed) = (count(Mark::LeftBrace), count(Mark::RightBrace));
    let most = closed.saturating_sub(opened).min(MOST);
    let opening = outline::open(text, &mut tokens, most);
    opened += opening.len();
    if opened == closed {
        return (tokens, opening);
    }
    let mut mender = Mender {
        text,
        tokens: &tokens,
        lacks: opened.saturating_sub(closed).min(MOST),
        surplus: closed.saturating_sub(opened).min(MOST),
        open: Vec::new(),
        doubtful: Vec::new(),
        closed_first: None,
        before: Vec::new(),
        without: Vec::new(),
        problems: opening,
    };
    mender.all();
    let Mender { mut before, mut without, problems, .. } = mender;
    if problems.is_empty() {
        return (tokens, problems);
    }
    before.sort_unstable();
    without.sort_unstable();
    let (mut before, mut without) = (before.into_iter().peekable(), without.into_iter().peekable());
    let mut mended = Vec::with_capacity(tokens.len() + MOST);
    let close = |mended: &mut Vec<Token>, span: Span| {
        for kind in [Kind::Mark(Mark::RightBrace), Kind::Newline] {
            mended.push(Token { kind, span });
        }
    };
    for (index, token) in tokens.into_iter().enumerate() {
        while before.next_if_eq(&index).is_some() {
            close(&mut mended, token.span.at_start());
        }
        if without.next_if_eq(&index).is_none() {
            mended.push(token);
        }
    }
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    before.for_each(|_| close(&mut mended, Span::new(end, end)));
    (mended, problems)
}

struct Mender<'a> {
    text: &'a str,
    tokens: &'a [Token],
    /// How many closing braces may be put in, and how many left out.
    lacks: usize,
    surplus: usize,
    open: Vec<Open>,
    doubtful: Vec<Doubtful>,
    /// The brace that the line before closed, where it began with it.
    closed_first: Option<Doubtful>,
    /// The words before which a brace is put in.
    before: Vec<usize>,
    /// The braces that are left out.
    without: Vec<usize>,
    problems: Vec<Diagnostic>,
}

impl Mender<'_> {
    fn all(&mut self) {
        let (mut line, mut last_end, mut indent, mut head) = (1, 0, 0, "");
        for (index, token) in self.tokens.iter().enumerate() {
            let start = token.span.start as usize;
            let gap = self.text.get(last_end..start).unwrap_or_default();
            let lines = line_ends(gap);
            let is_first = lines > 0 || index == 0;
            line += lines;
            let inside = Span::new(token.span.start, token.span.end).of(self.text);
            if matches!(token.kind, Kind::Newline) {
                // The next word tells how its line is indented; this one stands between lines.
                continue;
            }
            if is_first {
                indent = column(self.text, start);
                if token.kind != Kind::End {
                    self.line(index, indent, line);
                }
            }
            if outline::is_head(self.tokens, index) {
                head = inside;
                self.section(index, head);
            }
            match token.kind {
                Kind::Mark(mark @ (Mark::LeftBrace | Mark::LeftParen | Mark::LeftBracket)) => {
                    let label = Label::of(head);
                    self.open.push(Open { mark, label, indent, inner: None, line });
                }
                Kind::Mark(Mark::RightParen) => self.close_other(Mark::LeftParen),
                Kind::Mark(Mark::RightBracket) => self.close_other(Mark::LeftBracket),
                Kind::Mark(Mark::RightBrace) => self.close(index, indent, line, is_first),
                _ => {}
            }
            line += line_ends(inside);
            last_end = token.span.end as usize;
        }
        self.end();
    }

    /// The text ends: so does what is open.
    fn end(&mut self) {
        let is_end = self.tokens.last().is_some_and(|token| token.kind == Kind::End);
        let index = self.tokens.len() - usize::from(is_end);
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        while self.lacks > 0
            && let Some(open) = self.open.pop()
        {
            if open.mark == Mark::LeftBrace {
                self.close_before(index, open.line, Span::new(end, end), "the end of the file");
            }
        }
    }

    fn is_close(&self, index: usize) -> bool {
        self.tokens.get(index).is_some_and(|token| {
            matches!(
                token.kind,
                Kind::Mark(Mark::RightBrace | Mark::RightParen | Mark::RightBracket)
            )
        })
    }

    /// A line begins: where it is not deeper than the line of a brace, that one is over.
    fn line(&mut self, index: usize, indent: usize, line: usize) {
        if let Some(closed) = self.closed_first.take()
            && indent > closed.indent
            && !self.is_close(index)
        {
            self.doubt(closed);
        }
        let is_own_brace =
            self.tokens.get(index).map(|token| token.kind) == Some(Kind::Mark(Mark::LeftBrace));
        while let Some(last) = self.open.last_mut() {
            let inner = *last.inner.get_or_insert(indent);
            let is_over = last.mark == Mark::LeftBrace
                && last.line < line
                && inner > last.indent
                && indent <= last.indent;
            if !is_over || self.lacks == 0 || is_own_brace || self.is_close(index) {
                return;
            }
            self.put_in(index);
        }
    }

    /// A statement begins: where it is a section that cannot stand here, what is open is over.
    fn section(&mut self, index: usize, name: &str) {
        let next = self.tokens.get(index + 1).map_or(Kind::End, |token| token.kind);
        let open = self.open.iter().rev().take(NEAR);
        let open = open.take_while(|open| open.mark == Mark::LeftBrace).map(|open| open.label);
        let over = outline::over(open, name, next);
        for _ in 0..if over <= self.lacks { over } else { 0 } {
            self.put_in(index);
        }
    }

    /// Closes the innermost brace before a word.
    fn put_in(&mut self, index: usize) {
        let (Some(open), Some(token)) = (self.open.pop(), self.tokens.get(index)) else {
            return;
        };
        let found: String = token.span.of(self.text).chars().take(40).collect();
        let found = match found.lines().next().unwrap_or_default() {
            "" => "the end of the line".to_owned(),
            // It is the brace of another one.
            "}" => "one that is not indented like it".to_owned(),
            found => format!("'{found}'"),
        };
        self.close_before(index, open.line, token.span, &found);
    }

    fn close_before(&mut self, index: usize, line: usize, span: Span, found: &str) {
        self.lacks -= 1;
        self.before.push(index);
        let message = format!("expecting '}}' for the '{{' of line {line}, found {found}");
        self.problems.push(Diagnostic::syntax(span, message));
    }

    fn close_other(&mut self, mark: Mark) {
        if self.open.last().is_some_and(|open| open.mark == mark) {
            self.open.pop();
        }
    }

    fn close(&mut self, index: usize, indent: usize, line: usize, is_first: bool) {
        // What was left open in the braces ends with them.
        while self.open.last().is_some_and(|open| open.mark != Mark::LeftBrace) {
            self.open.pop();
        }
        if is_first && self.lacks > 0 {
            let above = self.open.iter().rev().filter(|open| open.mark == Mark::LeftBrace);
            let above = above.take(NEAR).take_while(|open| open.indent >= indent);
            let deeper = above.clone().filter(|open| open.indent > indent).count();
            let has_own = above.last().is_some_and(|open| open.indent == indent);
            for _ in 0..deeper.min(if has_own { self.lacks } else { 0 }) {
                while self.open.last().is_some_and(|open| open.mark != Mark::LeftBrace) {
                    self.open.pop();
                }
                self.put_in(index);
            }
        }
        let Some(top) = self.open.last().copied() else {
            self.leave_out(index, indent);
            return;
        };
        let is_of_string = matches!(
            self.tokens.get(index + 1).map(|token| token.kind),
            Some(Kind::TemplateMiddle | Kind::TemplateEnd)
        );
        if is_first && !is_of_string && indent > top.indent && self.surplus > 0 {
            self.leave_out(index, indent);
            return;
        }
        self.open.pop();
        let doubtful = Doubtful { token: index, indent: top.indent, depth: self.open.len() };
        if is_first && indent == top.indent {
            self.closed_first = Some(doubtful);
        } else if top.line < line && !is_of_string {
            self.doubt(doubtful);
        }
    }

    fn doubt(&mut self, doubtful: Doubtful) {
        if self.surplus > 0 {
            if self.doubtful.len() >= NEAR {
                self.doubtful.remove(0);
            }
            self.doubtful.push(doubtful);
        }
    }

    /// Leaves out a brace: this one, or one before it that closed what this one looks like.
    fn leave_out(&mut self, index: usize, indent: usize) {
        if self.surplus == 0 {
            return;
        }
        let depth = self.open.len();
        let is_meant = |closed: &Doubtful| closed.indent == indent && closed.depth == depth;
        let culprit = self.doubtful.iter().rposition(is_meant);
        let culprit = culprit.map_or(index, |at| self.doubtful.remove(at).token);
        self.surplus -= 1;
        self.without.push(culprit);
        if let Some(token) = self.tokens.get(culprit) {
            self.problems.push(Diagnostic::syntax(token.span, "unexpected token: '}'"));
        }
    }
}

/// The column in which the first word of a line begins.
pub(super) fn column(text: &str, start: usize) -> usize {
    let before = text.get(..start).unwrap_or_default();
    let line = before.rsplit(['\n', '\r']).next().unwrap_or_default();
    line.chars().map(|c| if c == '\t' { TAB } else { 1 }).sum()
}
