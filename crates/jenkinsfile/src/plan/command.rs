//! The commands of a script.
//!
//! Responsible for finding what a command is behind words as `sudo`, and for what a script says of
//! the place that a word names. What a command does is not its affair.

mod end;
mod expand;
mod known;
mod nested;
mod read;

use super::value::is_of_jenkins;
pub(super) use read::{End, Simple, is_whole, simple_commands};

/// Words before a command.
const BEFORE: [&str; 45] = [
    "!", "bash", "builtin", "busybox", "chroot", "command", "dash", "do", "doas", "elif", "else",
    "env", "eval", "exec", "fakeroot", "flock", "gosu", "if", "ionice", "ksh", "nice", "nohup",
    "parallel", "retry", "runuser", "script", "setsid", "sh", "stdbuf", "strace", "su", "sudo",
    "su-exec", "then", "time", "timeout", "unbuffer", "unshare", "until", "while", "xargs",
    "xvfb-run", "zsh", "{", "}",
];
/// Those of them that take a word of their own.
const TAKING: [&str; 8] =
    ["chroot", "flock", "gosu", "retry", "runuser", "su", "su-exec", "timeout"];
/// What tells `find` that a command follows.
const EXEC: [&str; 4] = ["-exec", "-execdir", "-ok", "-okdir"];
/// The longest word of short options.
const MOST_LETTERS: usize = 8;
/// Those that read commands where they are told none.
const SHELLS: [&str; 8] = ["bash", "dash", "eval", "ksh", "runuser", "sh", "su", "zsh"];
/// How many words before a command are looked at.
const MOST_BEFORE: usize = 20;
/// Variables whose places are the same in each step.
const SHARED: [&str; 5] = ["HOME", "OLDPWD", "PWD", "RANDOM", "WORKSPACE"];

/// Programs whose names may end with a version of theirs, as `python3.11`.
const VERSIONED: [&str; 8] =
    ["easy_install", "node", "perl", "php", "php-fpm", "pip", "python", "ruby"];

/// What stands in the place of a substitution that is not known.
pub(super) const SUBSTITUTED: &str = "$…";

/// A command, and what it is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Command<'s> {
    /// What it is called, with its place.
    pub path: &'s str,
    /// The words behind it, without redirections.
    pub words: &'s [String],
}

impl<'s> Command<'s> {
    /// What it is called, without the place of it.
    pub fn name(&self) -> &'s str {
        named(self.path)
    }

    /// What it is called, without the place of it and without a version, as `pm2` of `pm2@5`.
    pub fn program(&self) -> &'s str {
        let name = self.name();
        let name = name.split('@').next().filter(|name| !name.is_empty()).unwrap_or(name);
        let known = VERSIONED.into_iter().find(|known| {
            let rest = name.strip_prefix(known);
            rest.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || ".-".contains(c)))
        });
        known.unwrap_or(name)
    }

    /// Whether it is a file of the workspace, and works there, as that of a virtual environment.
    pub fn is_own(&self) -> bool {
        self.path.contains('/') && !self.path.starts_with('/')
    }

    /// How it reads, in a few words.
    pub fn shown(&self) -> String {
        let words = self.words.iter().map(String::as_str).filter(|word| *word != "--").take(2);
        [self.name()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
    }

    /// Whether this word stands behind it.
    pub fn has(&self, told: &str) -> bool {
        self.words.iter().any(|word| word == told)
    }

    /// Whether one of these words does.
    pub fn is_told(&self, all: &[&str]) -> bool {
        all.iter().any(|told| self.has(told))
    }

    /// The words behind it that are no options.
    pub fn plain(&self) -> impl DoubleEndedIterator<Item = &'s str> + use<'s> {
        self.words.iter().map(String::as_str).filter(|word| !word.starts_with('-'))
    }

    /// What options of these names are told, in words of several letters and in the same word too.
    pub fn told(&self, names: &[&str]) -> impl Iterator<Item = &'s str> {
        let short = |letter: char| {
            names
                .iter()
                .any(|name| name.len() == 2 && name.starts_with('-') && name.ends_with(letter))
        };
        let next = self.words.iter().skip(1).map(String::as_str).chain([""]);
        let several = self.words.iter().zip(next).filter_map(move |(word, next)| {
            let letters = word.strip_prefix('-').filter(|_| !word.starts_with("--"))?;
            // As in `-C/usr`, `-o=/usr/bin/x` and `-sSLo/usr/bin/x`; a longer one is a name.
            let (letters, value) = match letters.find(['/', '$']) {
                Some(at) => letters.split_at(at),
                None if letters.len() < 2 => return None,
                None => (letters, next),
            };
            let letters = letters.strip_suffix('=').unwrap_or(letters);
            let is_letters = letters.chars().all(|c| c.is_ascii_alphanumeric());
            let last = letters.chars().next_back()?;
            (is_letters && letters.len() <= MOST_LETTERS && short(last)).then_some(value)
        });
        self.values(names).chain(several.collect::<Vec<_>>())
    }

    /// What options of these names are told.
    pub fn values(&self, names: &[&str]) -> impl Iterator<Item = &'s str> {
        let next = self.words.iter().skip(1).map(|word| Some(word.as_str())).chain([None]);
        self.words.iter().zip(next).filter_map(move |(word, next)| match word.split_once('=') {
            Some((name, value)) => names.contains(&name).then_some(value),
            None if names.contains(&word.as_str()) => Some(next.unwrap_or_default()),
            None => None,
        })
    }
}

/// A name without its place.
fn named(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether a path is one of the container, and no device. What a variable names that nothing sets
/// here is one: in doubt an image sets it, as `$GOPATH`.
pub(super) fn is_outside(path: &str) -> bool {
    // The home of somebody else.
    if path.strip_prefix('~').is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
    {
        return true;
    }
    // Of a list of places each is one.
    let path = path.strip_prefix('{').unwrap_or(path);
    if let Some(rest) = path.strip_prefix('$') {
        let name = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
        let is_shared = |name: &str| {
            SHARED.contains(&name) || name.starts_with("PILOTHOUSE_") || is_of_jenkins(name)
        };
        // Those that are signs are numbers.
        let is_number = rest.is_empty() || rest.starts_with(['!', '#', '$', '-', '?']);
        return !is_number && !name.is_some_and(is_shared);
    }
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

/// What may be the command of these words: the first of them, and behind a word as `sudo` each that
/// is no option. Whether an option takes the word behind it is not known, so both are.
pub(super) fn commands(all: &[String]) -> Vec<Command<'_>> {
    let mut found = Vec::new();
    let mut is_behind = false;
    let mut is_taken = false;
    let mut before = "";
    for (index, word) in all.iter().enumerate() {
        if found.len() > MOST_BEFORE {
            break;
        }
        if assigned(word).is_some_and(|(_, value)| !is_script(value)) {
            continue;
        }
        let is_own = word.contains('/') && !word.starts_with('/');
        if let Some(name) = BEFORE.iter().find(|name| !is_own && **name == named(word)) {
            (is_behind, is_taken) = (true, TAKING.contains(name));
        } else if is_behind && word.starts_with('-') {
            // `command -v` only asks where it is.
            if word.eq_ignore_ascii_case("-v") && before == "command" {
                break;
            }
            is_taken = true;
        } else {
            let words = all.get(index + 1..).unwrap_or_default();
            found.push(Command { path: word, words });
            if named(word) == "find" {
                found.extend(executed(words));
            }
            let is_number = word.starts_with(|c: char| c.is_ascii_digit());
            if !(is_taken || is_behind && is_number) {
                break;
            }
            is_taken = false;
        }
        before = word;
    }
    found
}

/// What `find` is told to run.
fn executed(words: &[String]) -> Vec<Command<'_>> {
    let is_exec = |word: &String| EXEC.contains(&word.as_str());
    let mut rest = words;
    let mut found = Vec::new();
    while let Some(at) = rest.iter().position(is_exec) {
        rest = rest.get(at + 1..).unwrap_or_default();
        let is_end = |word: &String| matches!(word.as_str(), ";" | "+") || is_exec(word);
        let end = rest.iter().position(is_end);
        let (told, after) = rest.split_at(end.unwrap_or(rest.len()));
        found.extend(commands(told));
        rest = after;
    }
    found
}

/// The names of the words before a command.
pub(super) fn before(all: &[String]) -> impl Iterator<Item = &str> {
    let is_before = |word: &&String| {
        word.starts_with('-') || assigned(word).is_some() || BEFORE.contains(&named(word))
    };
    all.iter().take_while(is_before).map(|word| named(word))
}

/// Whether a word holds more than one.
fn is_script(word: &str) -> bool {
    word.contains(|c: char| c.is_whitespace() || ";&|".contains(c))
}

/// Whether these words are a shell that reads its commands from what is before it in a pipe.
pub(super) fn reads_input(words: &[String]) -> bool {
    let is_told = |word: &String| matches!(word.as_str(), "-s" | "-" | "/dev/stdin");
    reads_commands(words) && (commands(words).is_empty() || words.iter().any(is_told))
}

/// Whether these words are a shell that reads its commands from elsewhere.
pub(super) fn reads_commands(words: &[String]) -> bool {
    let is_first = |word: &&String| assigned(word).is_none();
    let is_behind = words.iter().find(is_first).is_some_and(|word| BEFORE.contains(&named(word)));
    is_behind && words.iter().take(MOST_BEFORE).any(|word| SHELLS.contains(&named(word)))
}
