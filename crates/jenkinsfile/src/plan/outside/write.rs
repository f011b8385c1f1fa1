//! Commands that write what they name.
//!
//! Responsible for knowing which words of a command those are.

use super::told::looks;
use crate::plan::command::{Command, is_outside};

/// Commands all of whose words they write, work in or remove.
const ALL: [&str; 11] = [
    "cd",
    "mkdir",
    "mkfifo",
    "pushd",
    "rm",
    "rmdir",
    "sponge",
    "tee",
    "touch",
    "truncate",
    "virtualenv",
];
/// Those of which that is so but for the first.
const ALL_BUT_FIRST: [&str; 3] = ["chgrp", "chmod", "chown"];
/// Those that write the last.
const LAST: [&str; 4] = ["cp", "install", "ln", "mv"];
/// Options by which some commands are told a file or a directory that they write.
const OPTIONS: [(&str, &[&str]); 16] = [
    ("cp", &["-t", "--target-directory"]),
    ("curl", &["-o", "--output", "--output-dir"]),
    ("git", &["-C"]),
    ("gradle", &["-g", "--gradle-user-home"]),
    ("gradlew", &["-g", "--gradle-user-home"]),
    ("install", &["-t", "-D"]),
    ("ln", &["-t"]),
    ("mv", &["-t", "--target-directory"]),
    ("mvn", &["-Dmaven.repo.local"]),
    ("mvnw", &["-Dmaven.repo.local"]),
    ("patch", &["-d", "--directory"]),
    ("ssh-keygen", &["-f"]),
    ("keytool", &["-keystore"]),
    ("tar", &["-C", "--directory", "--one-top-level"]),
    ("unzip", &["-d"]),
    ("wget", &["-O", "-P", "--output-document", "--directory-prefix"]),
];
/// Options of `git clone` that take a word of their own.
const OF_GIT: [&str; 10] = [
    "--branch",
    "--config",
    "--depth",
    "--jobs",
    "--origin",
    "--reference",
    "-b",
    "-c",
    "-j",
    "-o",
];
/// Letters of `tar` that take a word of their own.
const TAKING_OF_TAR: &str = "bCfFgHIKLNTVX";
/// Parts of the name of an option, or of a variable, that says where something is written.
const OUTPUTS: [&str; 13] = [
    "dest",
    "destdir",
    "destination",
    "gobin",
    "install",
    "installdir",
    "out",
    "outdir",
    "outfile",
    "output",
    "prefix",
    "bindir",
    "logfile",
];
/// Short options that say so to many.
const SHORT: [&str; 3] = ["-o", "-b", "-d"];
/// Where nothing is in an image, so that whoever names a file there writes it, or reads what was
/// written.
const EMPTY: [&str; 2] = ["/tmp/", "/var/tmp/"];

/// Whether it writes to a place of the container that it names.
pub(super) fn writes(command: &Command<'_>) -> bool {
    let name = command.name();
    let mut options = OPTIONS.iter().filter(|(known, _)| *known == name);
    let is_told =
        !looks(command) && options.any(|(_, options)| command.told(options).any(is_outside));
    let mut plain = command.plain();
    is_told
        || match name {
            _ if ALL.contains(&name) => plain.any(is_outside),
            _ if ALL_BUT_FIRST.contains(&name) => plain.skip(1).any(is_outside),
            // What was moved is not there any more.
            "mv" if plain.any(|word| word.starts_with('/')) => true,
            _ if LAST.contains(&name) => {
                command.plain().count() > 1 && command.plain().next_back().is_some_and(is_outside)
            }
            "dd" => command.values(&["of"]).any(is_outside),
            // What it does to them stands first.
            "sed" => {
                command.words.iter().any(|word| word.starts_with("-i"))
                    && plain.skip(1).any(is_outside)
            }
            "git" => makes(command).any(is_outside),
            "perl" => edits(command) && plain.skip(1).any(is_outside),
            "tar" => [creates(command), old(command)].into_iter().flatten().any(is_outside),
            "crontab" => !command.has("-l"),
            "systemctl" => command.is_told(&["disable", "enable", "mask", "unmask"]),
            "find" => {
                let is_begin = |word: &&String| !word.starts_with(['-', '(', '!']);
                changes(command)
                    && command.words.iter().take_while(is_begin).any(|word| is_outside(word))
            }
            "svn" => {
                let is_made = command.is_told(&["checkout", "co", "export"]);
                is_made && plain.skip(2).any(is_outside)
            }
            _ => false,
        }
}

/// Whether `find` is told to change what it finds.
fn changes(command: &Command<'_>) -> bool {
    let is_change = |two: &[String]| match two {
        [option, name] if option.starts_with("-exec") || option.starts_with("-ok") => {
            name == "mv" || ALL.contains(&name.as_str()) || ALL_BUT_FIRST.contains(&name.as_str())
        }
        _ => false,
    };
    command.has("-delete") || command.words.windows(2).any(is_change)
}

/// The directories that `git` makes.
fn makes<'s>(command: &Command<'s>) -> impl Iterator<Item = &'s str> {
    let words = command.words.iter().map(String::as_str);
    let mut told = words.skip_while(|word| !matches!(*word, "clone" | "init" | "worktree"));
    let is_init = told.next() == Some("init");
    let is_value = std::iter::once(false).chain(told.clone().map(|word| OF_GIT.contains(&word)));
    let plain = told.zip(is_value).filter(|(word, is_value)| !is_value && !word.starts_with('-'));
    // Where it is from stands first.
    plain.map(|(word, _)| word).skip(usize::from(!is_init))
}

/// Where `tar` goes that is told it without a dash: then words follow as their letters stand.
fn old<'s>(command: &Command<'s>) -> Option<&'s str> {
    let letters = command.words.first().filter(|word| !word.starts_with('-'))?;
    let at = letters.chars().filter(|c| TAKING_OF_TAR.contains(*c)).position(|c| c == 'C')?;
    command.words.get(at + 1).map(String::as_str)
}

/// Whether `perl` is told to edit files in place.
fn edits(command: &Command<'_>) -> bool {
    let mut options = command.words.iter().filter_map(|word| word.strip_prefix('-'));
    options.any(|letters| letters.split(['.', 'e']).next().is_some_and(|all| all.contains('i')))
}

/// The archive that `tar` makes.
fn creates<'s>(command: &Command<'s>) -> Option<&'s str> {
    let first = command.words.first()?;
    let letters = first.trim_start_matches('-');
    let is_letters = letters.chars().all(|c| c.is_ascii_alphabetic());
    let makes = |letters: &str| letters.contains(['c', 'r', 'u']);
    let is_made = is_letters && !first.starts_with("--") && makes(letters)
        || command.is_told(&["--append", "--create", "--update", "-c", "-r", "-u"]);
    let own = command.words.get(1).filter(|_| is_letters && letters.ends_with('f'));
    let told = || command.told(&["-f", "--file"]).next();
    own.map(String::as_str).or_else(told).filter(|_| is_made)
}

/// Whether a variable of this name says where something is written, and this is a place of the
/// container.
pub(super) fn is_place(name: &str, value: &str) -> bool {
    let is_empty = EMPTY.iter().any(|place| value.starts_with(place));
    // With another home all is there that each step would find.
    is_path(value) && (is_empty || name == "HOME") || is_output(name, value)
}

/// Whether an option, or a variable, of this name says so by its name.
pub(super) fn is_output(name: &str, value: &str) -> bool {
    if !is_path(value) {
        return false;
    }
    let parts = parts(name);
    let is_output = |part: &String| OUTPUTS.contains(&part.as_str());
    SHORT.contains(&name)
        || parts.iter().any(is_output)
        || parts.windows(2).any(|two| is_output(&two.concat()))
}

/// Whether it is a place of the container, and sure to be one.
pub(super) fn is_path(value: &str) -> bool {
    is_outside(value) && value.trim_end_matches('/').contains('/') && !value.contains("://")
}

/// The words of a name as `--output-dir`, `OUTPUT_DIR` or `outputDir`.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut is_small = false;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() || (is_small && c.is_ascii_uppercase()) {
            parts.push(String::new());
        }
        is_small = c.is_ascii_lowercase();
        if let Some(last) = parts.last_mut().filter(|_| c.is_ascii_alphanumeric()) {
            last.push(c.to_ascii_lowercase());
        }
    }
    parts
}
