//! What a script changes in its container outside of the workspace.
//!
//! Responsible for finding that in its text. An agent of Jenkins is one container for all of its
//! steps; each step of a run has one of its own, and only the workspace and `$HOME` are the same in
//! all of them. What a program does that a script calls is not seen here, and what is only a cache
//! of downloads is fetched again.

mod install;
mod words;

use super::value::Bit;
use install::{Places, installs};
pub(super) use words::commands;
use words::{Command, expanded, is_outside, uncommented};

/// Commands that write what they name; the last word of those that copy.
const WRITERS: [&str; 21] = [
    "cd",
    "chmod",
    "chown",
    "curl",
    "dd",
    "git",
    "install",
    "ln",
    "mkdir",
    "mv",
    "pushd",
    "rm",
    "rsync",
    "sed",
    "tar",
    "tee",
    "touch",
    "truncate",
    "unzip",
    "virtualenv",
    "wget",
];

/// The command by which a script changes its container, as far as its text and the variables around
/// it show one.
pub(super) fn changed(script: &str, variables: &[(String, Vec<Bit>)]) -> Option<String> {
    let script = expanded(&script.replace("\\\n", " "), variables);
    let mut places = Places::of(&script, variables);
    script.lines().find_map(|line| {
        let line = uncommented(line);
        redirected(line).or_else(|| {
            let ends = |c: char| ";&|(){}`".contains(c);
            line.split(ends).find_map(|simple| {
                places.see(simple);
                commands(simple).into_iter().find_map(|one| {
                    let is_change = installs(&one, &places) || writes(&one);
                    is_change.then(|| one.shown())
                })
            })
        })
    })
}

/// A redirection to a file of the container.
fn redirected(line: &str) -> Option<String> {
    let begins = |at: usize| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|c| c.is_whitespace() || c.is_ascii_digit() || "&>)\"'".contains(c))
    };
    line.match_indices('>').filter(|(at, _)| begins(*at)).find_map(|(at, _)| {
        let file = line.get(at + 1..)?.trim_start_matches(['>', '|', ' ', '"', '\'']);
        let file = file.split(|c: char| c.is_whitespace() || ";&|)\"'".contains(c)).next()?;
        is_outside(file).then(|| format!("> {file}"))
    })
}

fn writes(command: &Command<'_>) -> bool {
    let words = &command.words;
    match command.name {
        "cp" => {
            let last = words.iter().rfind(|word| !word.starts_with('-'));
            let is_told = command.values(&["-t", "--target-directory"]).any(is_outside);
            is_told || last.is_some_and(|to| is_outside(to))
        }
        "git" if !command.is_told(&["-C", "clone", "init", "worktree"]) => false,
        // What is read stands first.
        "sed" if !words.iter().any(|word| word.starts_with("-i")) => false,
        name if WRITERS.contains(&name) => words.iter().any(|word| names_outside(word)),
        _ => false,
    }
}

/// Whether a word is a path of the container, or an option with one in it.
fn names_outside(word: &str) -> bool {
    let path = match word.split_once('/') {
        // As in `-C/usr`, `-Lo/usr/bin/x`, `--output=/usr/bin/x` and `of=/dev/sda`.
        Some((before, _)) => {
            let is_letters = |of: &str| of.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
            let option = before.strip_prefix('-').map(|of| of.trim_end_matches('='));
            let is_option = before == "of=" || option.is_some_and(is_letters);
            if is_option { word.get(before.len()..).unwrap_or(word) } else { word }
        }
        None => word,
    };
    is_outside(path)
}
