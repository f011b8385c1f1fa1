//! What the peer's tests expect of which file.
//!
//! Reads the words of tests in Java, as far as they say `expect("dir", "file").logContains(…)`. What such a call is
//! given can be worked out where it is made of literals, constants and messages of the peer's; where it is not, what is
//! known of the beginning counts.

use crate::messages::Messages;

/// What tests say of one file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    /// The file, without its ending.
    pub(crate) file: String,
    /// Whether the run has to fail.
    pub(crate) fails: bool,
    /// Whether the test is ignored.
    pub(crate) is_ignored: bool,
    /// How the messages begin.
    pub(crate) messages: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Word {
    /// A name, with what is joined to it by points.
    Name(String),
    Text(String),
    Sign(char),
}

/// What the tests of one source expect.
pub(crate) fn expected(source: &str, messages: &Messages) -> Vec<Expected> {
    let words = words(source);
    let mut all: Vec<Expected> = Vec::new();
    let (mut is_ignored, mut ignores_next, mut is_known) = (false, false, false);
    for (at, word) in words.iter().enumerate() {
        let Word::Name(name) = word else { continue };
        let before = at.checked_sub(1).and_then(|before| words.get(before));
        match name.rsplit('.').next().unwrap_or_default() {
            "Ignore" if before == Some(&Word::Sign('@')) => ignores_next = true,
            "void" => (is_ignored, ignores_next, is_known) = (ignores_next, false, false),
            called @ ("expect" | "expectError") => {
                let Some(given) = arguments(&words, at) else { continue };
                let texts: Vec<String> = given
                    .iter()
                    .filter_map(|argument| value(argument, messages))
                    .filter(|(_, is_whole)| *is_whole)
                    .map(|(text, _)| text)
                    .collect();
                is_known = !texts.is_empty();
                if is_known {
                    let is_error = called == "expectError";
                    let inside = if is_error { vec!["errors".to_owned()] } else { Vec::new() };
                    let file = [inside, texts].concat().join("/");
                    let fails = is_error || given.first().is_some_and(|first| is_failure(first));
                    all.push(Expected { file, fails, is_ignored, messages: Vec::new() });
                }
            }
            "logContains" if is_known => {
                let known = arguments(&words, at).unwrap_or_default();
                let known = known.iter().filter_map(|argument| value(argument, messages));
                if let Some(last) = all.last_mut() {
                    last.messages.extend(known.map(|(text, _)| text));
                }
            }
            _ => {}
        }
    }
    all
}

/// The values that constants of a source have.
pub(crate) fn constants(class: &str, source: &str) -> Vec<(String, String)> {
    let words = words(source);
    let mut found = Vec::new();
    for three in words.windows(3) {
        if let [Word::Name(name), Word::Sign('='), Word::Text(text)] = three {
            found.push((format!("{class}.{name}"), text.clone()));
        }
    }
    found
}

fn is_failure(argument: &[Word]) -> bool {
    argument == [Word::Name("Result.FAILURE".to_owned())]
}

/// What stands between the brackets behind a name, apart at its commas.
fn arguments(words: &[Word], name: usize) -> Option<Vec<Vec<Word>>> {
    let inside = words.get(name + 1..)?;
    if inside.first() != Some(&Word::Sign('(')) {
        return None;
    }
    let mut parts = vec![Vec::new()];
    let mut depth = 0_usize;
    for word in inside {
        match word {
            Word::Sign(')') if depth == 1 => {
                parts.retain(|part| !part.is_empty());
                return Some(parts);
            }
            Word::Sign(',') if depth == 1 => parts.push(Vec::new()),
            _ if depth > 0 => parts.last_mut()?.push(word.clone()),
            _ => {}
        }
        match word {
            Word::Sign('(' | '{' | '[') => depth += 1,
            Word::Sign(')' | '}' | ']') => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

/// The text that an expression comes to, and whether that is all of it; nothing where not even its
/// beginning is known.
fn value(expression: &[Word], messages: &Messages) -> Option<(String, bool)> {
    let (first, rest) = expression.split_first()?;
    let (mut text, mut rest) = match first {
        Word::Text(text) => (text.clone(), rest),
        Word::Name(name) => match arguments(expression, 0) {
            Some(given) => {
                let name = name.rsplit_once("Messages.")?.1;
                let given: Vec<_> = given.iter().map(|part| value(part, messages)).collect();
                let (text, is_whole) = messages.fill(name, &given)?;
                if !is_whole {
                    return Some((text, false));
                }
                (text, behind(rest))
            }
            None => (constant(name, messages)?, rest),
        },
        Word::Sign(_) => return None,
    };
    if let Some((Word::Sign('+'), others)) = rest.split_first() {
        rest = &[];
        let Some((more, is_whole)) = value(others, messages) else { return Some((text, false)) };
        text.push_str(&more);
        if !is_whole {
            return Some((text, false));
        }
    }
    Some((text, rest.is_empty()))
}

/// What stands behind a call.
fn behind(call: &[Word]) -> &[Word] {
    let mut depth = 0_usize;
    for (at, word) in call.iter().enumerate() {
        match word {
            Word::Sign('(') => depth += 1,
            Word::Sign(')') if depth <= 1 => return call.get(at + 1..).unwrap_or_default(),
            Word::Sign(')') => depth -= 1,
            Word::Name(_) | Word::Text(_) | Word::Sign(_) => {}
        }
    }
    &[]
}

fn constant(name: &str, messages: &Messages) -> Option<String> {
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(name.to_owned());
    }
    match name.strip_suffix(".class") {
        Some(class) => Some(format!("class java.lang.{class}")),
        None => messages.constant(name),
    }
}

fn words(source: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = source;
    while let Some(next) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, behind)| behind);
        } else if rest.starts_with("/*") {
            rest = rest.split_once("*/").map_or("", |(_, behind)| behind);
        } else if next == '"' || next == '\'' {
            let (text, behind) = literal(rest, next);
            words.push(Word::Text(text));
            rest = behind;
        } else if next.is_alphanumeric() || next == '_' || next == '$' {
            let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.');
            let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            words.push(Word::Name(rest[..end].to_owned()));
            rest = &rest[end..];
        } else {
            if !next.is_whitespace() {
                words.push(Word::Sign(next));
            }
            rest = &rest[next.len_utf8()..];
        }
    }
    words
}

/// A literal without its quotes, and what stands behind it.
fn literal(source: &str, quote: char) -> (String, &str) {
    let mut text = String::new();
    let mut signs = source.char_indices().skip(1);
    while let Some((at, sign)) = signs.next() {
        match sign {
            '\\' => match signs.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, other)) => text.push(other),
                None => {}
            },
            _ if sign == quote => return (text, &source[at + sign.len_utf8()..]),
            _ => text.push(sign),
        }
    }
    (text, "")
}
