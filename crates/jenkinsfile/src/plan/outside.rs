//! What a script changes in its container outside of the workspace.
//!
//! Responsible for finding that in its text. An agent of Jenkins is one container for all of its
//! steps; each step of a run has one of its own, and only the workspace and `$HOME` are the same in
//! all of them. What a program does that a script calls is not seen here, and what is only a cache
//! of downloads is fetched again.

mod install;
mod place;
mod scripts;
mod told;
mod write;

use super::command::{
    Command, End, SUBSTITUTED, Simple, assigned, commands, is_outside, is_whole, reads_commands,
    simple_commands,
};
use super::value::Bit;
use install::{Places, installs};
use place::{Directories, shown};
use scripts::{Scripts, is_fetched, is_placed};
use told::{is_known, is_told_place};
use write::{is_place, writes};

/// How many commands before a shell are looked at for what it reads.
const MOST_BEFORE: usize = 20;

/// The command by which a script may change its container, as far as its text and the variables around
/// it show one.
pub(super) fn changed(script: &str, variables: &[(String, Vec<Bit>)]) -> Option<String> {
    // Where a quote is still open, something in it may be a command.
    let Some(all) = simple_commands(script, variables, true).filter(|_| is_whole(script)) else {
        return Some("what stands in its quotes or parentheses".to_owned());
    };
    if let Some(variable) = around(variables) {
        return Some(variable);
    }
    let mut places = Places::of(script, variables);
    let mut directories = Directories::default();
    let mut scripts = Scripts::default();
    let changed = all.iter().enumerate().find_map(|(index, written)| {
        let simple = &directories.placed(written);
        places.see(&simple.words);
        let commands = commands(&simple.words);
        let file = simple.files.iter().find(|file| is_outside(file));
        file.map(|file| format!("> {file}"))
            .or_else(|| set(simple))
            .or_else(|| {
                // Who only goes there does nothing there.
                let is_last = index + 1 == all.len();
                let is_idle = |one: &Command<'_>| is_last && matches!(one.name(), "cd" | "pushd");
                let next = commands.iter().skip(1).map(Some).chain([None]);
                let mut made =
                    commands.iter().zip(next).filter(|(one, next)| is_change(one, *next, &places));
                made.find(|(one, _)| !is_idle(one)).map(|(one, _)| one.shown())
            })
            .or_else(|| fetched(all.get(..index)?, simple, &commands))
            .or_else(|| scripts.run(simple, &commands))
    });
    changed.map(|command| shown(&command))
}

/// A shell that reads what a command before it fetches: who lets others write a script does it to
/// install something, unless the script is told a place in the workspace.
fn fetched(before: &[Simple], simple: &Simple, own: &[Command<'_>]) -> Option<String> {
    let is_inner = |word: &str| matches!(word, SUBSTITUTED | ".");
    let is_sourced = matches!(simple.words.as_slice(), [name, script]
        if matches!(name.as_str(), "." | "source") && is_inner(script));
    let is_read = own.is_empty()
        || simple.words.iter().any(|word| word == "-s")
        || own.iter().any(|one| is_inner(one.path));
    if !(is_sourced || is_read && reads_commands(&simple.words)) {
        return None;
    }
    let is_inner = |one: &&Simple| one.end == End::Pipe || one.shell > simple.shell;
    let mut source =
        before.iter().rev().take(MOST_BEFORE).take_while(is_inner).filter(|one| is_fetched(one));
    let source = source.next().filter(|_| !is_placed(simple))?;
    let is_shell = |word: &&String| reads_commands(std::slice::from_ref(*word));
    let shell = simple.words.iter().find(is_shell).or(simple.words.first())?;
    Some(format!("{} | {shell}", source.words.first()?))
}

/// Whether a command may change its container; what may be a word that another one takes is none of
/// which nothing is known.
fn is_change(command: &Command<'_>, next: Option<&Command<'_>>, places: &Places) -> bool {
    let is_seen = !command.is_own() && (installs(command, places) || writes(command));
    let is_number = command.path.starts_with(|c: char| c.is_ascii_digit());
    let is_word = command.name() != "find" && next.is_some_and(|next| is_number || is_known(next));
    is_seen || !is_word && is_told_place(command)
}

/// A variable of a command, or of all that follow, that says where they write.
fn set(simple: &Simple) -> Option<String> {
    let is_export = simple.words.first().is_some_and(|word| word == "export");
    let mut words = simple.words.iter().skip(usize::from(is_export));
    let is_alone = !is_export && words.clone().all(|word| assigned(word).is_some());
    let (name, value) = words
        .by_ref()
        .map_while(|word| assigned(word))
        .find(|(name, value)| !is_alone && is_place(name, value))?;
    Some(format!("{name}={value}"))
}

/// A variable around a script that says so of what it calls.
fn around(variables: &[(String, Vec<Bit>)]) -> Option<String> {
    variables.iter().find_map(|(name, bits)| match bits.as_slice() {
        [Bit::Text(value)] if is_place(name, value) => Some(format!("{name}={value}")),
        _ => None,
    })
}
