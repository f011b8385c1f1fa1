//! Words to a tree.
//!
//! Responsible for Groovy 2.4's grammar as far as a text can show it, in one pass over the words
//! with a bounded look ahead, and for going on behind a mistake. It must not know Jenkins.
//!
//! It calls itself for what is nested, at most [`MOST_NESTING`] deep; a text that is nested deeper
//! is refused with one problem.

mod argument;
mod brace;
mod bracket;
mod closure;
mod command;
mod control;
mod declaration;
mod definition;
mod expression;
mod literal;
mod loops;
mod outline;
mod path;
mod primary;
mod recover;
mod statement;
mod types;

use crate::diagnostic::Diagnostic;
use crate::lexer::{Words, mended_words, words};
use crate::source::Span;
use crate::syntax::{
    Expression, ExpressionKind, MOST_HEIGHT, Name, Script, Statement, StatementKind,
};
use crate::token::{Kind, Mark, Token, Word};
use crate::{MOST_FOUND, MOST_PROBLEMS};

/// The most constructs of a text that stand inside each other; a block of statements counts three
/// times. Twenty stages in each other fit, and all of it fits a thread of 2 MiB in a debug build.
pub const MOST_NESTING: usize = 72;

/// Reads a text. The problems are in the order in which they were found.
pub fn parse(text: &str) -> (Script<'_>, Vec<Diagnostic>) {
    let words = words(text);
    let is_doubtful = words.is_doubtful;
    let parsed = parse_words(text, words);
    // Groovy refuses the text: two strings that are not closed can close each other.
    if is_doubtful && !parsed.1.is_empty() { parse_words(text, mended_words(text)) } else { parsed }
}

fn parse_words(text: &str, words: Words) -> (Script<'_>, Vec<Diagnostic>) {
    let Words { tokens, comments, mut problems, unclosed, is_doubtful: _ } = words;
    problems.truncate(MOST_FOUND);
    let swallowed = swallowed(text, &tokens, &unclosed);
    let unclosed = unclosed.into_iter().take(MOST_PROBLEMS).map(|at| line(text, at));
    let unclosed: Vec<Span> = unclosed.collect();
    let (tokens, of_brackets) = bracket::mend(text, tokens, &unclosed);
    let (tokens, of_braces) = brace::mend(text, tokens);
    // What is not closed may be closed in it.
    let is_known = |problem: &Diagnostic| swallowed.is_none_or(|from| problem.span.start < from);
    problems.extend(of_brackets.into_iter().chain(of_braces).filter(is_known));
    let arrows = closure::arrows(&tokens);
    let mut parser = Parser {
        text,
        tokens,
        arrows,
        at: 0,
        depth: 0,
        last_path: (0, 0),
        is_top: true,
        is_interface: false,
        is_annotation: false,
        classes: 0,
        problems,
        unclosed,
    };
    let statements = parser.script();
    (Script { statements, comments }, parser.problems)
}

/// Where a string begins that is never closed and holds the rest of the text.
fn swallowed(text: &str, tokens: &[Token], unclosed: &[u32]) -> Option<u32> {
    let last = tokens.iter().rev().find(|token| token.kind != Kind::End)?.span;
    let is_rest = last.end as usize == text.len() && unclosed.contains(&last.start);
    let has_lines = last.of(text).trim_end().contains('\n');
    (is_rest && has_lines).then_some(last.start)
}

struct Parser<'s> {
    text: &'s str,
    tokens: Vec<Token>,
    /// For each word, whether it is a brace whose closure names its parameters.
    arrows: Vec<bool>,
    at: usize,
    depth: usize,
    /// The words of the path that was read last: only a path takes arguments without parentheses.
    last_path: (usize, usize),
    /// Whether the next statement may define a method or class.
    is_top: bool,
    /// Whether methods need no body.
    is_interface: bool,
    /// Whether methods may have a usual value, as those of an `@interface`.
    is_annotation: bool,
    /// How many classes are around.
    classes: usize,
    problems: Vec<Diagnostic>,
    /// Lines with a string that is never closed: what else is odd there follows from it.
    unclosed: Vec<Span>,
}

/// The line of a place.
fn line(text: &str, at: u32) -> Span {
    let place = at as usize;
    let before =
        text.get(..place).and_then(|before| before.rfind(['\n', '\r'])).map_or(0, |at| at + 1);
    let after = text.get(place..).and_then(|after| after.find(['\n', '\r']));
    let after = after.map_or(text.len(), |length| place + length);
    let offset = |at| u32::try_from(at).unwrap_or(u32::MAX);
    Span::new(offset(before), offset(after))
}

/// Something could not be read, and a problem says so.
#[derive(Clone, Copy, Debug)]
struct Failed;

type Parsed<T> = Result<T, Failed>;

/// Where an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At the beginning of a statement: a brace may stand on the next line.
    Statement,
    /// Anywhere else.
    Inside,
}

impl<'s> Parser<'s> {
    fn token(&self, index: usize) -> Token {
        let end = || {
            let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
            Token { kind: Kind::End, span: Span::new(end, end) }
        };
        self.tokens.get(index).copied().unwrap_or_else(end)
    }

    fn kind(&self) -> Kind {
        self.token(self.at).kind
    }

    fn kind_ahead(&self, ahead: usize) -> Kind {
        self.token(self.at + ahead).kind
    }

    fn span(&self) -> Span {
        self.token(self.at).span
    }

    fn start(&self) -> u32 {
        self.span().start
    }

    /// The end of the last word that was taken, ends of lines not counted.
    fn last_end(&self) -> u32 {
        let mut index = self.at;
        while let Some(before) = index.checked_sub(1) {
            if self.token(before).kind != Kind::Newline {
                return self.token(before).span.end;
            }
            index = before;
        }
        0
    }

    fn since(&self, start: u32) -> Span {
        Span::new(start, self.last_end().max(start))
    }

    fn text_of(&self, span: Span) -> &'s str {
        span.of(self.text)
    }

    fn take(&mut self) -> Token {
        let token = self.token(self.at);
        if token.kind != Kind::End {
            self.at += 1;
        }
        token
    }

    fn is(&self, mark: Mark) -> bool {
        self.kind() == Kind::Mark(mark)
    }

    fn is_word(&self, word: Word) -> bool {
        self.kind() == Kind::Word(word)
    }

    fn take_if(&mut self, mark: Mark) -> bool {
        let is = self.is(mark);
        if is {
            self.at += 1;
        }
        is
    }

    fn take_word(&mut self, word: Word) -> bool {
        let is = self.is_word(word);
        if is {
            self.at += 1;
        }
        is
    }

    fn skip_newline(&mut self) {
        if self.kind() == Kind::Newline {
            self.at += 1;
        }
    }

    /// The word behind an end of line, if there is one.
    fn kind_behind_newline(&self) -> Kind {
        let ahead = usize::from(self.kind() == Kind::Newline);
        self.kind_ahead(ahead)
    }

    /// Whether the text goes to another line before this word.
    fn is_on_new_line(&self) -> bool {
        let Some(before) = self.at.checked_sub(1) else {
            return true;
        };
        let gap = Span::new(self.token(before).span.end, self.start());
        self.token(before).kind == Kind::Newline || gap.of(self.text).contains('\n')
    }

    fn name_of(&self, token: Token) -> Name<'s> {
        Name { text: self.text_of(token.span), span: token.span }
    }

    fn take_name(&mut self, of_what: &str) -> Parsed<Name<'s>> {
        if self.kind() == Kind::Name {
            let token = self.take();
            return Ok(self.name_of(token));
        }
        self.expected(of_what)
    }

    fn expect(&mut self, mark: Mark) -> Parsed<Token> {
        if self.is(mark) {
            return Ok(self.take());
        }
        self.expected(&format!("'{}'", mark.text()))
    }

    /// How a word is called in a message.
    fn found(&self) -> String {
        match self.kind() {
            Kind::End => "the end of the file".to_owned(),
            Kind::Newline => "the end of the line".to_owned(),
            _ => {
                let text: String = self.text_of(self.span()).chars().take(40).collect();
                format!("'{}'", text.lines().next().unwrap_or_default())
            }
        }
    }

    fn expected<T>(&mut self, what: &str) -> Parsed<T> {
        let message = format!("expecting {what}, found {}", self.found());
        self.fail(Diagnostic::syntax(self.span(), message))
    }

    fn unexpected<T>(&mut self) -> Parsed<T> {
        if matches!(self.kind(), Kind::Mark(_)) && self.span().start == self.span().end {
            // It was put in, and that is told.
            return Err(Failed);
        }
        let message = format!("unexpected token: {}", self.found());
        let problem = Diagnostic::syntax(self.span(), message);
        self.fail(match self.kind() {
            Kind::Word(Word::Finally) => problem
                .advise("in post it is called always or cleanup; in Groovy it follows try { }"),
            Kind::Mark(Mark::Comma) => problem.advise("remove the comma"),
            _ => problem,
        })
    }

    fn fail<T>(&mut self, problem: Diagnostic) -> Parsed<T> {
        self.note(problem);
        Err(Failed)
    }

    /// Notes a problem, once for each place.
    fn note(&mut self, problem: Diagnostic) {
        if self.problems.len() >= MOST_FOUND {
            return;
        }
        let at = problem.span.start;
        let is_known = self.problems.iter().any(|known| known.span.start == at)
            || self.unclosed.iter().any(|line| (line.start..=line.end).contains(&at));
        if !is_known {
            self.problems.push(problem);
        }
    }

    /// Reads what is nested, unless it is nested too deeply.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MOST_NESTING {
            return self.too_deep();
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// Gives up on the whole text: what is deeper would only fail again.
    fn too_deep<T>(&mut self) -> Parsed<T> {
        let problem = Diagnostic::limit(self.span(), "this is nested deeper than is read here")
            .advise("move the inner part into a method");
        self.note(problem);
        self.at = self.tokens.len();
        Err(Failed)
    }

    fn expression_node(&mut self, kind: ExpressionKind<'s>, start: u32) -> Parsed<Expression<'s>> {
        let node = Expression::new(kind, self.since(start));
        self.low_enough(node)
    }

    /// Takes an expression that is not too deep for whoever walks it.
    fn low_enough(&mut self, node: Expression<'s>) -> Parsed<Expression<'s>> {
        if node.height > MOST_HEIGHT { self.too_deep() } else { Ok(node) }
    }

    fn statement_node(&mut self, kind: StatementKind<'s>, start: u32) -> Parsed<Statement<'s>> {
        let node = Statement::new(kind, self.since(start));
        if node.height > MOST_HEIGHT { self.too_deep() } else { Ok(node) }
    }
}

#[cfg(test)]
mod tests;
