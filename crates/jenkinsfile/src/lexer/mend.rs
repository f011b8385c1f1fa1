//! Strings and comments that nobody closed.
//!
//! Responsible for guessing where they were meant to end, so that what follows is read as well.
//! Only texts that Groovy refuses come here, and a guess looks at a bounded part of them.

use super::{Lexer, Mark, Open, Quote, UNCLOSED_STRING, offset};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::token::{Kind, Token};

/// The most strings of several lines that are ended before their end.
pub(super) const MOST: usize = 20;
/// What a string of several lines is mostly given to.
const STEPS: [&str; 8] = ["yaml", "sh", "bat", "echo", "error", "powershell", "pwsh", "script"];
/// How much of a word before a string is looked at, in characters: more than the longest step.
const LETTERS: usize = 40;
/// How far the rest of a string is looked for that goes over the end of its line.
const LINES: usize = 20;
const BYTES: usize = 2000;

impl Lexer<'_> {
    /// A string that reaches the end of its line, or of the text.
    pub(super) fn unclosed(&mut self, quote: Quote, is_first: bool, start: usize) {
        if is_first && self.simple > 0 && self.ends_outer(quote, start) {
            return;
        }
        let end = self.at;
        let mut advice = "close it where it ends";
        if quote.has_lines() {
            self.is_open_ended = true;
        } else if let Some(after) = self.other_end(quote, start, end) {
            advice = "close it with the quote that opens it";
            self.at = after;
        } else if let Some(after) = self.goes_on(quote) {
            advice = "use three quotes, or close it where its line ends";
            self.at = after;
        } else {
            self.at = end - self.closers(start, end);
        }
        self.say_unclosed(quote, start, end, advice);
        self.push(if is_first { Kind::Text } else { Kind::TemplateEnd }, start);
    }

    fn say_unclosed(&mut self, quote: Quote, start: usize, end: usize, advice: &str) {
        let first_line = self.text.get(start..end).and_then(|text| text.find('\n'));
        let end = first_line.map_or(end, |length| start + length);
        let message = format!("{UNCLOSED_STRING}, it wants {}", quote.closing());
        let span = Span::new(offset(start), offset(end));
        self.found.problems.push(Diagnostic::syntax(span, message).advise(advice));
        self.found.unclosed.push(span.start);
    }

    /// Where a string ends that was closed with the other quote, as in `stage("a')`.
    fn other_end(&self, quote: Quote, start: usize, end: usize) -> Option<usize> {
        let other = match quote.closing() {
            "'" => '"',
            "\"" => '\'',
            _ => return None,
        };
        let body = self.text.get(start..end)?;
        let (before, after) = body.split_once(other)?;
        // Two of them are a part of it.
        let is_end = after.trim_start().starts_with([')', ',', ']']) && !after.contains(other);
        is_end.then_some(start + before.len() + 1)
    }

    /// Where a string ends that was written over several lines, as in `'a` and `b'` below it. A
    /// quote that opens another string stands behind a blank or a bracket.
    fn goes_on(&self, quote: Quote) -> Option<usize> {
        let rest = self.rest().as_bytes();
        let rest = rest.get(..BYTES).unwrap_or(rest);
        let mark = *quote.closing().as_bytes().first()?;
        let mut at = 0;
        for line in rest.split(|byte| *byte == b'\n').take(LINES) {
            let mut marks = line.iter().enumerate().filter(|(_, byte)| **byte == mark);
            if let Some((first, _)) = marks.next() {
                let before = line.get(..first).unwrap_or_default();
                let last = before.last().copied().unwrap_or(b' ');
                let is_end = before.trim_ascii().is_empty() || !b" \t([{,=:+".contains(&last);
                return (is_end && marks.count() % 2 == 0).then_some(self.at + at + first + 1);
            }
            at += line.len() + 1;
        }
        None
    }

    /// How many bytes at a string's end are what closes the brackets around it.
    fn closers(&self, start: usize, end: usize) -> usize {
        let body = self.text.get(start..end).unwrap_or_default();
        // The heading of a block, as in `stage('a) {`.
        let heading = body.trim_end().strip_suffix('{').map(str::trim_end);
        if let Some(before) = heading.and_then(|heading| heading.strip_suffix(')'))
            && self.open.last() == Some(&Open::Parenthesis(Mark::LeftParen))
            && before.matches('(').count() <= before.matches(')').count()
        {
            return body.len() - before.len();
        }
        let is_closer = |c: char| matches!(c, ')' | ']' | '}' | ' ' | '\t');
        let text = body.trim_end_matches(is_closer);
        let run = body.get(text.len()..).unwrap_or_default();
        let mut open = self.open.iter().rev();
        for c in run.chars().filter(|c| !c.is_whitespace()) {
            let (opening, is_own) = match (c, open.next()) {
                (')', Some(Open::Parenthesis(Mark::LeftParen))) => ('(', true),
                (']', Some(Open::Parenthesis(Mark::LeftBracket))) => ('[', true),
                ('}', Some(Open::Brace)) => ('{', true),
                _ => (' ', false),
            };
            // What the string opens it closes itself.
            let is_within = body.matches(opening).count() >= body.matches(c).count();
            if !is_own || is_within {
                return 0;
            }
        }
        run.trim_start().len()
    }

    /// Takes a quote in an expression of a string as the end of that string, where it opens another
    /// one that is never closed: who wrote `"done ${A"` forgot the brace. Says whether it is so.
    fn ends_outer(&mut self, quote: Quote, start: usize) -> bool {
        let outer = self.open.iter().rev().find_map(|open| match open {
            Open::Expression(outer) => Some(*outer),
            _ => None,
        });
        let is_template =
            |token: &&Token| matches!(token.kind, Kind::TemplateStart | Kind::TemplateMiddle);
        let string = self.found.tokens.iter().rev().find(is_template);
        let Some(dollar) = string.map(|token| token.span.end).filter(|_| outer == Some(quote))
        else {
            return false;
        };
        let span = Span::new(dollar, dollar + 2);
        let problem = Diagnostic::syntax(span, "this ${ is never closed, it wants }");
        self.found.problems.push(problem.advise("close it before its string ends"));
        self.at = start;
        self.end_expression();
        self.at = start + quote.closing().len();
        self.push(Kind::TemplateEnd, start);
        true
    }

    /// An expression of a string that reaches the end of its line: it ends there, and the string.
    pub(super) fn end_simple(&mut self) {
        while self.simple > 0 && self.end_expression() {
            self.push(Kind::TemplateEnd, self.at);
        }
    }

    /// Closes what is open up to the next string around it; says whether there is one.
    fn end_expression(&mut self) -> bool {
        loop {
            match self.open.pop() {
                Some(Open::Parenthesis(Mark::LeftBracket)) => self.synthetic(Mark::RightBracket),
                Some(Open::Parenthesis(_)) => self.synthetic(Mark::RightParen),
                Some(Open::Brace) => {
                    self.braces -= 1;
                    self.synthetic(Mark::RightBrace);
                }
                Some(Open::Expression(quote)) => {
                    self.braces -= 1;
                    self.synthetic(Mark::RightBrace);
                    self.simple -= usize::from(quote.is_simple());
                    return true;
                }
                None => return false,
            }
        }
    }

    fn synthetic(&mut self, mark: Mark) {
        self.push(Kind::Mark(mark), self.at);
    }

    /// Whether what closes a string of several lines at this place opens another one.
    pub(super) fn seems_to_open(&self, quote: Quote, start: usize) -> bool {
        matches!(quote, Quote::TripleSingle | Quote::TripleDouble)
            && self.text.get(start..self.at).is_some_and(is_before_string)
    }

    /// Ends a string of several lines that is never closed, and says whether it is one. A text is
    /// read once more for this, after one reached its end.
    pub(super) fn mended(&mut self, quote: Quote) -> bool {
        let start = self.at;
        let inside = start + quote.opening().len();
        let rest = self.text.get(inside..).unwrap_or_default();
        let close = rest.find(quote.closing()).map(|length| inside + length);
        let end = match (close, quote) {
            (None, Quote::Slash | Quote::DollarSlash) => rest.find('\n').map(|at| inside + at),
            (None, _) => Some(self.dedented(start, self.text.len()).unwrap_or(self.text.len())),
            // What closes it opens another one.
            (Some(close), Quote::TripleSingle | Quote::TripleDouble)
                if self.text.get(inside..close).is_some_and(is_before_string) =>
            {
                self.dedented(start, close)
            }
            _ => None,
        };
        let Some(end) = end else {
            return false;
        };
        self.mending -= 1;
        self.at = end;
        self.say_unclosed(quote, start, end, "close it where it ends");
        self.push(Kind::Text, start);
        true
    }

    /// Takes a string of several lines that two quotes open, as in `sh ''make`, and says whether it
    /// is one.
    pub(super) fn halved(&mut self, quote: Quote) -> bool {
        let start = self.at;
        let opening = quote.opening();
        let Some(inside) = self.rest().strip_prefix(&opening.repeat(2)) else {
            return false;
        };
        let word = self.word_before(start);
        let is_given = STEPS.contains(&word) || word.ends_with("script:");
        let next = inside.chars().next().unwrap_or_default();
        let is_text = next.is_alphanumeric() || next == '#' || (next == '\n' && is_given);
        if !is_text {
            return false;
        }
        // Each look may reach the end of the text.
        self.mending -= 1;
        let Some(length) = inside.find(&opening.repeat(3)) else {
            return false;
        };
        self.at = start + 2 + length + 3;
        let span = Span::new(offset(start), offset(start + 2));
        let message = format!("expecting {} before a string of several lines", opening.repeat(3));
        self.found.problems.push(Diagnostic::syntax(span, message).advise("a quote is missing"));
        self.found.unclosed.push(span.start);
        self.push(Kind::Text, start);
        true
    }

    /// The end of the word before a place, as far as one is looked at that has no gap.
    fn word_before(&self, at: usize) -> &str {
        let before = self.text.get(..at).unwrap_or_default().trim_end();
        let is_gap = |(_, c): &(usize, char)| c.is_whitespace();
        let letters = before.char_indices().rev().take(LETTERS);
        let begin = letters.take_while(|one| !is_gap(one)).last().map_or(at, |(begin, _)| begin);
        before.get(begin..).unwrap_or_default()
    }

    /// The end of the line before the first that closes a brace around the line of a place. Of a
    /// line that began far before it nothing is guessed.
    fn dedented(&self, start: usize, end: usize) -> Option<usize> {
        let indent = |line: &str| line.len() - line.trim_start().len();
        let near = start.saturating_sub(BYTES);
        let before = self.text.as_bytes().get(near..start)?;
        let begin = before.iter().rposition(|byte| *byte == b'\n').map(|at| near + at + 1);
        let own = indent(self.text.get(begin.or((near == 0).then_some(0))?..start)?);
        let mut at = start;
        for line in self.text.get(start..end)?.split_inclusive('\n') {
            let is_close = at > start && line.trim_start().starts_with('}') && indent(line) < own;
            if is_close {
                return Some(at - 1);
            }
            at += line.len();
        }
        None
    }
}

/// Whether a string seems to begin behind this text, as behind `sh(script: ` on a line of its own.
fn is_before_string(before: &str) -> bool {
    let Some((_, line)) = before.rsplit_once('\n') else {
        return false;
    };
    let line = line.trim();
    STEPS.contains(&line)
        || line.ends_with('=')
        || STEPS.iter().any(|step| line.starts_with(step)) && line.ends_with(['(', ':'])
}
