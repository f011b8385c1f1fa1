//! The peer's messages and constants, as its sources have them.

use std::collections::HashMap;

/// What a part of a message is filled with: a text, and whether that is all of it.
type Given = Option<(String, bool)>;

/// Messages by the names that Java has for them, and constants by class and name.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    forms: HashMap<String, String>,
    constants: HashMap<String, String>,
}

impl Messages {
    /// Adds what a file of properties says.
    pub(crate) fn add(&mut self, properties: &str) {
        let joined = properties.replace("\\\r\n", "").replace("\\\n", "");
        for line in joined.lines().filter(|line| !line.trim_start().starts_with('#')) {
            if let Some((name, form)) = line.split_once('=') {
                self.forms.insert(name.trim().replace('.', "_"), unescaped(form.trim_start()));
            }
        }
    }

    /// Adds a constant.
    pub(crate) fn add_constant(&mut self, name: String, text: String) {
        self.constants.insert(name, text);
    }

    /// A constant by its class and name.
    pub(crate) fn constant(&self, name: &str) -> Option<String> {
        self.constants.get(name).cloned()
    }

    /// A message with its gaps filled, up to the first that is not known, and whether that is all of
    /// it.
    pub(crate) fn fill(&self, name: &str, given: &[Given]) -> Option<(String, bool)> {
        let mut text = String::new();
        for part in parts(self.forms.get(name)?) {
            match part {
                Part::Text(part) => text.push_str(&part),
                Part::Gap(gap) => {
                    let Some(Some((known, is_whole))) = given.get(gap) else {
                        return Some((text, false));
                    };
                    text.push_str(known);
                    if !is_whole {
                        return Some((text, false));
                    }
                }
            }
        }
        Some((text, true))
    }

    /// Whether a text is what a validator of the peer's says.
    pub(crate) fn is_verdict(&self, text: &str) -> bool {
        let of_validators = |name: &str| name.contains("Validator") || name.contains("Parser_");
        self.forms.iter().any(|(name, form)| of_validators(name) && fits(text, &parts(form)))
    }
}

enum Part {
    Text(String),
    Gap(usize),
}

/// The parts of a message in the form of Java's `MessageFormat`.
fn parts(form: &str) -> Vec<Part> {
    let (mut parts, mut text) = (Vec::new(), String::new());
    let mut is_quoted = false;
    let mut signs = form.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '\'' if signs.peek() == Some(&'\'') => text.extend(signs.next()),
            // Java drops one that stands alone, and means no brace behind it; we write it.
            '\'' if !is_quoted && !signs.clone().any(|sign| sign == '\'') => {
                text.push(sign);
                is_quoted = true;
            }
            '\'' => is_quoted = !is_quoted,
            '{' if !is_quoted => {
                parts.push(Part::Text(std::mem::take(&mut text)));
                let number: String = signs.by_ref().take_while(|sign| *sign != '}').collect();
                parts.push(Part::Gap(number.parse().unwrap_or(usize::MAX)));
            }
            _ => text.push(sign),
        }
    }
    parts.push(Part::Text(text));
    parts
}

/// Whether the words of a message stand in a text, in their order, as far as the text goes.
fn fits(text: &str, parts: &[Part]) -> bool {
    let mut rest = text;
    let words = parts.iter().filter_map(|part| match part {
        Part::Text(words) => Some(words.trim()),
        Part::Gap(_) => None,
    });
    let mut length = 0;
    for words in words {
        if rest.trim().is_empty() {
            break;
        }
        let Some(at) = rest.find(words) else { return false };
        rest = &rest[at + words.len()..];
        length += words.len();
    }
    // A message that is little more than gaps would fit everything.
    length > 8
}

fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        plain.push_str(before);
        let code = escape.strip_prefix('u').and_then(|code| code.get(..4));
        let code =
            code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        match code {
            Some(sign) => {
                plain.push(sign);
                rest = &escape[5..];
            }
            None => rest = escape,
        }
    }
    plain + rest
}
