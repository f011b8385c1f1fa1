//! A script, taken apart as a shell does.
//!
//! Responsible for its simple commands in order, those in substitutions, in quotes and in documents
//! for other shells among them, with the values of variables as far as the text shows them.
//! POSIX.1-2017, Shell Command Language, 2.2 "Quoting" to 2.10 "Shell Grammar".

use std::str::Chars;

use super::known::Shared;
use super::nested::Document;
use super::{BEFORE, assigned, is_outside, named};
use crate::plan::value::Bit;

/// What ends a simple command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum End {
    /// `&`
    Background,
    /// `|`
    Pipe,
    /// `&&` and `||`
    Condition,
    /// Whatever else.
    Line,
}

/// A command without any other in it.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Simple {
    /// Its words without quotes. What is not known begins with a dollar sign.
    pub words: Vec<String>,
    /// The files that it writes to.
    pub files: Vec<String>,
    pub end: End,
    /// The number of the shell that it is a command of.
    pub shell: usize,
}

/// The simple commands of a script with these variables around it; none where it is too deep.
pub(in crate::plan) fn simple_commands(
    script: &str,
    variables: &[(String, Vec<Bit>)],
    is_bash: bool,
) -> Option<Vec<Simple>> {
    let mut shared = Shared { is_bash, around: variables, ..Shared::default() };
    // A variable may be used above the line that sets it, as in a function.
    for _ in 0..2 {
        shared.begin();
        Reader::new(script, &mut shared, 0).list(None, 0);
    }
    (!shared.is_lost).then_some(shared.all)
}

/// Whether a script ends what it begins and nothing else: no quote and no parenthesis of it is
/// another's.
pub(in crate::plan) fn is_whole(script: &str) -> bool {
    let mut shared = Shared { is_bash: true, ..Shared::default() };
    Reader::new(script, &mut shared, 0).list(None, 0);
    let backslashes = script.len() - script.trim_end_matches('\\').len();
    !(shared.is_lost || shared.is_open) && backslashes.is_multiple_of(2)
}

/// What a word is behind a redirection.
#[derive(Debug)]
enum Redirect {
    Input,
    Output,
    /// Behind `<<<`.
    Text,
}

/// A command that is being read.
#[derive(Debug, Default)]
pub(super) struct Open {
    pub words: Vec<String>,
    files: Vec<String>,
    pub word: Option<String>,
    /// What a shell reads instead of a file.
    text: Option<String>,
    /// What the next word is.
    redirects: Option<Redirect>,
}

impl Open {
    pub fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    pub fn push_str(&mut self, text: &str) {
        self.word.get_or_insert_default().push_str(text);
    }

    pub fn end_word(&mut self) {
        let Some(word) = self.word.take() else {
            return;
        };
        match self.redirects.take() {
            Some(Redirect::Output) => self.files.push(word),
            Some(Redirect::Text) => self.text = Some(word),
            Some(Redirect::Input) => {}
            None => {
                // What follows `function f {` is as behind `f() {`.
                if word == "{"
                    && let [.., function, _] = self.words.as_slice()
                    && function == "function"
                {
                    self.words.truncate(self.words.len() - 2);
                }
                self.words.push(word);
            }
        }
    }

    /// Whether its first word is this one, but for words as `then`.
    fn begins(&self, name: &str) -> bool {
        let first = self.words.iter().find(|word| !BEFORE.contains(&word.as_str()));
        first.is_some_and(|word| word == name)
    }
}

pub(super) struct Reader<'s, 'v, 'a> {
    pub rest: Chars<'s>,
    pub shared: &'v mut Shared<'a>,
    pub documents: Vec<Document>,
    pub depth: usize,
}

impl<'s, 'v, 'a> Reader<'s, 'v, 'a> {
    pub fn new(script: &'s str, shared: &'v mut Shared<'a>, depth: usize) -> Self {
        Self { rest: script.chars(), shared, documents: Vec::new(), depth }
    }

    pub fn takes(&mut self, text: &str) -> bool {
        let rest = self.rest.as_str().strip_prefix(text);
        if let Some(rest) = rest {
            self.rest = rest.chars();
        }
        rest.is_some()
    }

    /// What stands before a sign, which is taken too.
    fn up_to(&mut self, sign: char) -> &'s str {
        let rest = self.rest.as_str();
        self.shared.is_open |= !rest.contains(sign);
        let (before, after) = rest.split_once(sign).unwrap_or((rest, ""));
        self.rest = after.chars();
        before
    }

    /// Commands up to this sign.
    pub fn list(&mut self, until: Option<char>, shell: usize) {
        let mut open = Open::default();
        let mut cases = 0_usize;
        while let Some(c) = self.rest.next().filter(|_| !self.shared.is_lost) {
            let is_pattern = c == ')' && (cases > 0 || open.begins("case"));
            if Some(c) == until && !is_pattern {
                return self.end(&mut open, End::Line, shell);
            }
            self.shared.is_open |= c == ')' && until.is_none() && !is_pattern;
            match c {
                ' ' | '\t' | '\r' => open.end_word(),
                '<' | '>' => self.redirection(c == '>', &mut open),
                '(' => self.parenthesis(&mut open, shell),
                '&' if self.shared.is_bash && self.takes(">") => self.redirection(true, &mut open),
                '&' | '|' | ';' | ')' | '\n' => {
                    let end = match c {
                        '&' if self.takes("&") => End::Condition,
                        '&' => End::Background,
                        '|' if self.takes("|") => End::Condition,
                        '|' => {
                            let _ = self.takes("&");
                            End::Pipe
                        }
                        _ => End::Line,
                    };
                    cases += usize::from(open.begins("case"));
                    self.end(&mut open, end, shell);
                    let is_esac = self.shared.all.last().is_some_and(|last| {
                        last.shell == shell && last.words.first().is_some_and(|w| w == "esac")
                    });
                    cases = cases.saturating_sub(usize::from(is_esac));
                    if c == '\n' {
                        self.documents();
                    }
                }
                c => self.piece(c, &mut open),
            }
        }
        self.shared.is_open |= until.is_some();
        self.end(&mut open, End::Line, shell);
    }

    /// A piece of a word that begins with this sign, or a comment.
    fn piece(&mut self, sign: char, open: &mut Open) {
        match sign {
            '\\' => match self.rest.next() {
                Some('\n') | None => {}
                Some(c) => open.push(c),
            },
            '#' if open.word.is_none() => {
                let line = self.rest.as_str();
                let length = line.find('\n').unwrap_or(line.len());
                self.rest = line.get(length..).unwrap_or_default().chars();
            }
            '\'' => open.push_str(self.up_to('\'')),
            '"' => self.double(open),
            '$' => self.expansion(open, false),
            '`' => self.substitution('`', open),
            c => open.push(c),
        }
    }

    /// The words of an array, of which one stands for all: a place of the container, where one is.
    fn array(&mut self, open: &mut Open) {
        let mut inner = Open::default();
        while let Some(c) = self.rest.next().filter(|_| !self.shared.is_lost) {
            match c {
                ')' => {
                    inner.end_word();
                    let mut words = inner.words.iter();
                    let place = words.clone().find(|word| is_outside(word)).or(words.next());
                    return open.push_str(place.map_or("", String::as_str));
                }
                c if c.is_whitespace() => inner.end_word(),
                c => self.piece(c, &mut inner),
            }
        }
        self.shared.is_open = true;
    }

    fn end(&mut self, open: &mut Open, end: End, shell: usize) {
        open.end_word();
        let Open { words, files, text, .. } = std::mem::take(open);
        if words.is_empty() && files.is_empty() {
            return;
        }
        self.assign(&words);
        let inner = self.scripts(&words, text, shell);
        self.keep(&words, &files, shell);
        self.shared.signs += usize::from(end == End::Background);
        self.shared.all.push(Simple { words, files, end, shell });
        for script in inner {
            self.nested(&script);
        }
    }

    /// Variables that a command sets for those behind it.
    fn assign(&mut self, words: &[String]) {
        let mut words = words.iter().skip_while(|word| BEFORE.contains(&word.as_str())).peekable();
        match words.peek().map(|word| word.as_str()) {
            Some("for") => {
                let name = words.nth(1);
                let values: Vec<&String> = words.skip(1).collect();
                let value = values.iter().find(|value| is_outside(value)).or(values.first());
                if let Some((name, value)) = name.zip(value) {
                    self.shared.set(name, value);
                }
                return;
            }
            Some("declare" | "export" | "local" | "readonly" | "typeset") => {
                words.next();
            }
            _ => {}
        }
        let words: Vec<&String> = words.collect();
        let set: Vec<_> = words.iter().filter_map(|word| assigned(word)).collect();
        if set.len() == words.len() {
            for (name, value) in set {
                self.shared.set(name, value);
            }
        }
    }

    /// Commands of a shell within this one.
    pub fn inner(&mut self, until: char) {
        if let Some(shell) = self.shared.shell(self.depth) {
            self.depth += 1;
            self.list(Some(until), shell);
            self.depth -= 1;
        }
    }

    /// Behind `<` or `>`.
    fn redirection(&mut self, is_output: bool, open: &mut Open) {
        // The number of what is redirected is no word.
        if open.word.as_ref().is_some_and(|word| word.bytes().all(|c| c.is_ascii_digit())) {
            open.word = None;
        }
        open.end_word();
        if self.takes("(") {
            self.inner(')');
            return open.push('.');
        }
        if is_output {
            let _ = self.takes(">") || self.takes("|");
        } else if self.takes("<<") {
            open.redirects = Some(Redirect::Text);
            return;
        } else if self.takes("<") {
            return self.document(open);
        }
        if self.takes("&") {
            let rest = self.rest.as_str();
            let after = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
            if after.len() < rest.len() {
                self.rest = after.chars();
                return;
            }
        }
        open.redirects = Some(if is_output { Redirect::Output } else { Redirect::Input });
    }

    /// Behind `(`.
    fn parenthesis(&mut self, open: &mut Open, shell: usize) {
        if open.word.as_ref().is_some_and(|word| word.ends_with('=')) {
            return self.array(open);
        }
        open.end_word();
        let is_command = open.words.iter().all(|word| BEFORE.contains(&named(word)));
        if !is_command {
            let rest = self.rest.as_str().trim_start();
            if let Some(after) = rest.strip_prefix(')') {
                // A function, whose commands follow.
                self.rest = after.chars();
                *open = Open::default();
            }
        } else if !self.takes_sum("(") {
            self.end(open, End::Line, shell);
            self.inner(')');
            open.words.push(")".to_owned());
        }
    }
}
