//! The words of a script.
//!
//! Responsible for taking a text apart into its simple commands, and for putting in what it says of
//! variables. What a word does is not its affair.

use crate::plan::value::Bit;

/// Words before a command.
const BEFORE: [&str; 38] = [
    "!", "bash", "builtin", "chroot", "command", "dash", "do", "doas", "elif", "else", "env",
    "eval", "exec", "fakeroot", "flock", "gosu", "if", "ionice", "ksh", "nice", "nohup", "retry",
    "runuser", "setsid", "sh", "stdbuf", "su", "sudo", "su-exec", "then", "time", "timeout",
    "until", "unbuffer", "while", "xargs", "xvfb-run", "zsh",
];
/// Those of them that take a word of their own.
const TAKING: [&str; 8] =
    ["chroot", "flock", "gosu", "retry", "runuser", "su", "su-exec", "timeout"];

/// A command, and what it is told.
pub(in crate::plan) struct Command<'s> {
    /// What it is called, without the place of it.
    pub name: &'s str,
    /// The words behind it, without redirections.
    pub words: Vec<&'s str>,
}

impl<'s> Command<'s> {
    /// How it reads, in a few words.
    pub fn shown(&self) -> String {
        let words = self.words.iter().copied().take(2);
        [self.name].into_iter().chain(words).collect::<Vec<_>>().join(" ")
    }

    /// Whether one of these words stands behind it.
    pub fn is_told(&self, all: &[&str]) -> bool {
        self.words.iter().any(|word| all.contains(word))
    }

    /// What options of these names are told.
    pub fn values(&self, names: &[&str]) -> impl Iterator<Item = &'s str> {
        let next = self.words.iter().skip(1).copied().map(Some).chain([None]);
        self.words.iter().zip(next).filter_map(move |(word, next)| match word.split_once('=') {
            Some((name, value)) => names.contains(&name).then_some(value),
            None if names.contains(word) => Some(next.unwrap_or_default()),
            None => None,
        })
    }
}

/// A line up to its comment.
pub(super) fn uncommented(line: &str) -> &str {
    let begins = |at: usize| line.get(..at).is_none_or(|before| before.trim_end().len() < at);
    let at = line.match_indices('#').map(|(at, _)| at).find(|at| *at == 0 || begins(*at));
    at.and_then(|at| line.get(..at)).unwrap_or(line)
}

/// Whether a path is one of the container, and no device.
pub(super) fn is_outside(path: &str) -> bool {
    let is_device = ["/dev/", "/proc/"].iter().any(|place| path.starts_with(place));
    path.starts_with('/') && !is_device
}

/// A name and a value, where a word sets a variable.
pub(super) fn assigned(word: &str) -> Option<(&str, &str)> {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    word.split_once('=').filter(|(name, _)| is_name(name))
}

/// What may be the command of a simple one: its first word, and behind a word as `sudo` each that
/// is no option. Whether an option takes the word behind it is not known, so both are.
pub(in crate::plan) fn commands(simple: &str) -> Vec<Command<'_>> {
    let all = words(simple);
    let mut found = Vec::new();
    let mut is_behind = false;
    let mut is_taken = false;
    for (index, word) in all.iter().enumerate() {
        let name = match word.rsplit_once('/') {
            Some((place, name)) if place.is_empty() || place.starts_with('/') => Some(name),
            // One that is in the workspace works there, as that of a virtual environment.
            Some(_) => None,
            None => Some(*word),
        };
        if assigned(word).is_some() {
            continue;
        }
        if let Some(name) = name.filter(|name| BEFORE.contains(name)) {
            (is_behind, is_taken) = (true, TAKING.contains(&name));
        } else if is_behind && word.starts_with('-') {
            // `command -v` only asks where it is.
            if word.eq_ignore_ascii_case("-v") && all.get(index.wrapping_sub(1)) == Some(&"command")
            {
                break;
            }
            is_taken = true;
        } else {
            let words = all.get(index + 1..).unwrap_or_default().to_vec();
            found.extend(name.map(|name| Command { name, words }));
            let is_number = word.starts_with(|c: char| c.is_ascii_digit());
            if !(is_taken || is_behind && is_number) {
                break;
            }
            is_taken = false;
        }
    }
    found
}

/// The words of a simple command, without quotes around them and without redirections.
pub(super) fn words(simple: &str) -> Vec<&str> {
    let mut all = simple.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
    let mut words = Vec::new();
    while let Some(word) = all.next() {
        if word.ends_with(['<', '>']) {
            all.next();
        } else if !word.is_empty() && !word.contains(['<', '>']) {
            words.push(word);
        }
    }
    words
}

/// A script with the values of the variables around it, and of its own that name a place of the
/// container.
pub(super) fn expanded(script: &str, variables: &[(String, Vec<Bit>)]) -> String {
    let mut values: Vec<(&str, &str)> = Vec::new();
    for (name, bits) in variables {
        if let [Bit::Text(text)] = bits.as_slice() {
            values.push((name, text));
        }
    }
    for word in script.split(|c: char| c.is_whitespace() || c == ';') {
        if let Some((name, value)) = assigned(word) {
            let value = value.trim_matches(['"', '\'']);
            values.retain(|(known, _)| *known != name || !is_outside(value));
            if is_outside(value) {
                values.push((name, value));
            }
        }
    }
    let mut out = String::new();
    let mut rest = script;
    while let Some((before, behind)) = rest.split_once('$') {
        out.push_str(before);
        let inner = behind.strip_prefix('{').unwrap_or(behind);
        let length = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let (name, after) = inner.split_at(length.unwrap_or(inner.len()));
        let is_braced = inner.len() < behind.len();
        let after = if is_braced { after.strip_prefix('}') } else { Some(after) };
        let value = values.iter().find(|(known, _)| *known == name);
        if let Some(((_, value), after)) = value.zip(after) {
            out.push_str(value);
            rest = after;
        } else {
            out.push('$');
            rest = behind;
        }
    }
    out.push_str(rest);
    out
}
