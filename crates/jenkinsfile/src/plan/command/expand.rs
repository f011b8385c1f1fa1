//! What a shell puts in the place of a word's variables and substitutions.
//!
//! Responsible for values as far as the text shows them. What is not known stays a dollar sign and
//! its name; of a substitution only what names a place in the workspace is known.

use super::end::{Within, end_of};
use super::read::{Open, Reader, Simple};
use super::{SUBSTITUTED, is_outside};

/// Commands that say a name or a number, no place; of some of them whose name nobody else knows.
const NAMES: [&str; 12] = [
    "basename", "date", "hostname", "id", "mktemp", "nproc", "pwd", "seq", "uname", "uuidgen",
    "wc", "whoami",
];
/// Commands that say a place of those which they are told.
const PLACES: [&str; 7] = ["dirname", "echo", "find", "ls", "printf", "readlink", "realpath"];

impl Reader<'_, '_, '_> {
    /// Behind `"`.
    pub(super) fn double(&mut self, open: &mut Open) {
        open.push_str("");
        while let Some(c) = self.rest.next() {
            match c {
                '"' => return,
                '\\' => match self.rest.next() {
                    Some('\n') | None => {}
                    Some(c) => {
                        if !"$`\"\\".contains(c) {
                            open.push('\\');
                        }
                        open.push(c);
                    }
                },
                '$' => self.expansion(open, true),
                '`' => self.substitution('`', open),
                c => open.push(c),
            }
        }
        self.shared.is_open = true;
    }

    /// Behind `$`.
    pub(super) fn expansion(&mut self, open: &mut Open, is_quoted: bool) {
        if self.takes_sum("((") {
            return open.push('0');
        }
        if self.takes("(") {
            return self.substitution(')', open);
        }
        if self.takes("{") {
            return self.braces(open, is_quoted);
        }
        let rest = self.rest.as_str();
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let (name, after) = rest.split_at(length.unwrap_or(rest.len()));
        if name.starts_with(|c: char| !c.is_ascii_digit()) {
            self.rest = after.chars();
            return self.variable(name, None, open, is_quoted);
        }
        match rest.chars().next() {
            // Quotes of bash, which are read as such.
            Some('\'' | '"') if !is_quoted => {}
            // The process that was put into the background last, by its number.
            Some('!') => {
                self.rest.next();
                open.push_str(&format!("$!{}", self.shared.signs));
            }
            Some(c) if c.is_ascii_digit() || "@*#?$-".contains(c) => {
                self.rest.next();
                open.push('$');
                open.push(c);
            }
            _ => open.push('$'),
        }
    }

    /// Behind `${`.
    fn braces(&mut self, open: &mut Open, is_quoted: bool) {
        let rest = self.rest.as_str();
        let end = end_of(rest, if is_quoted { Within::QuotedBrace } else { Within::Brace });
        self.shared.is_open |= end.is_none();
        let length = end.unwrap_or(rest.len());
        let inner = rest.get(..length).unwrap_or_default();
        self.rest = rest.get(length + 1..).unwrap_or_default().chars();
        let length = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let (name, after) = inner.split_at(length.unwrap_or(inner.len()));
        let is_name = name.starts_with(|c: char| !c.is_ascii_digit());
        self.substitutions(after.trim_start_matches([':', '-', '=', '+', '?', '#', '%', '/']));
        match inner.strip_prefix('#') {
            // A length.
            Some(name) if !name.is_empty() => open.push('0'),
            // Without its directories.
            None if is_name && after.starts_with("##*/") => open.push_str(name),
            None if is_name => {
                let default = after.strip_prefix(':').unwrap_or(after).strip_prefix(['-', '=']);
                let default = default.map(|default| default.trim_matches(['"', '\'']));
                self.variable(name, default, open, is_quoted);
            }
            _ => open.push_str(SUBSTITUTED),
        }
    }

    /// A sum, whose substitutions are read, where one stands behind these parentheses; two of them
    /// are those of a shell in another where they do not end together.
    pub(super) fn takes_sum(&mut self, sign: &str) -> bool {
        let Some(rest) = self.rest.as_str().strip_prefix(sign) else {
            return false;
        };
        let end = end_of(rest, Within::Parenthesis);
        let (sum, after) = match end.map(|end| rest.split_at(end)) {
            Some((sum, after)) => match after.strip_prefix("))") {
                Some(after) => (sum, after),
                None => return false,
            },
            None => (rest, ""),
        };
        self.shared.is_open |= end.is_none();
        self.rest = after.chars();
        self.substitutions(&format!("\"{sum}\""));
        true
    }

    fn variable(&mut self, name: &str, default: Option<&str>, open: &mut Open, is_quoted: bool) {
        // What is empty may be set to nothing, and has its default then.
        match self.shared.value(name).filter(|value| !value.is_empty()).or(default) {
            Some(value) if is_quoted => open.push_str(value),
            Some(value) => {
                for c in value.chars() {
                    if c.is_whitespace() { open.end_word() } else { open.push(c) }
                }
            }
            None => {
                open.push('$');
                open.push_str(name);
            }
        }
    }

    /// The commands in a word that is none of the command that is being read.
    fn substitutions(&mut self, word: &str) {
        if word.contains("$(") || word.contains('`') {
            self.nested(&format!(": {word}"));
        }
    }

    /// Behind `$(`, or an accent.
    pub(super) fn substitution(&mut self, until: char, open: &mut Open) {
        let begin = self.shared.all.len();
        self.inner(until);
        let all = self.shared.all.get(begin..).unwrap_or_default();
        open.push_str(if is_within(all) { "." } else { SUBSTITUTED });
    }
}

/// Whether what commands say names no place of the container.
fn is_within(all: &[Simple]) -> bool {
    let Some(last) = all.last() else {
        return false;
    };
    let told = last.words.get(1..).unwrap_or_default();
    match last.words.first().map(String::as_str) {
        Some(name) if NAMES.contains(&name) => true,
        Some(name) if PLACES.contains(&name) => !told.iter().any(|word| is_outside(word)),
        Some("git") => true,
        _ => false,
    }
}
