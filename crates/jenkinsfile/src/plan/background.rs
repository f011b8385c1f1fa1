//! Processes that a script leaves behind.
//!
//! Responsible for finding them in its text. Jenkins lets such a process live until the build ends;
//! a run ends it with its step. POSIX.1-2017, Shell Command Language, 2.9.3 "Asynchronous Lists".
//! Of programs that leave the foreground by themselves only those are known that stand here.

mod daemon;

use std::collections::HashSet;

use super::command::{End, Simple, before, commands, simple_commands};
use super::value::Bit;
use daemon::daemonizes;

/// Words behind a sign of the background with which what follows may not be reached.
const OTHERWISE: [&str; 11] =
    ["if", "then", "else", "elif", "case", "function", "{", "exec", "exit", "return", "trap"];
/// What tells Jenkins to let processes live beyond the build (hudson.util.ProcessTree).
const COOKIE: &str = "dontKillMe";
/// The variable by whose value it knows the processes of a build.
const MARK: &str = "JENKINS_NODE_COOKIE";

/// Whether a variable around a script tells Jenkins to let its processes live.
pub(super) fn keeps_processes(name: &str, bits: &[Bit]) -> bool {
    let tells = |bit: &Bit| matches!(bit, Bit::Text(text) if text.contains(COOKIE));
    MARK == name || bits.iter().any(tells)
}

/// Whether a process may be left; in doubt it is.
pub(super) fn leaves_process(script: &str, variables: &[(String, Vec<Bit>)]) -> bool {
    if script.contains(COOKIE) || script.contains(MARK) {
        return true;
    }
    let interpreter = interpreter(script);
    if interpreter.is_some_and(|name| !name.ends_with("sh")) {
        // Another language has no background in a sign.
        return false;
    }
    // To a shell of POSIX `a &> b` is `a &` and `> b`.
    let Some(all) = simple_commands(script, variables, interpreter == Some("bash")) else {
        return true;
    };
    all.iter().any(|simple| commands(&simple.words).iter().any(daemonizes) || is_let_go(simple))
        || stays(&all)
}

/// What reads a script, where it says so.
pub(super) fn interpreter(script: &str) -> Option<&str> {
    let first = script.lines().next()?.strip_prefix("#!")?;
    let mut words = first.split_whitespace().filter_map(|word| word.rsplit('/').next());
    let name = words.next()?;
    if name == "env" { words.find(|word| !word.starts_with('-')) } else { Some(name) }
}

/// Whether what stands before its command lets it live without its shell.
fn is_let_go(simple: &Simple) -> bool {
    let is_waited = simple.words.iter().any(|word| matches!(word.as_str(), "-w" | "--wait"));
    let mut before = before(&simple.words).filter(|name| *name == "setsid");
    let mut all = commands(&simple.words).into_iter();
    before.next().is_some_and(|_| !is_waited)
        || all.any(|one| matches!(one.name(), "coproc" | "disown"))
}

/// Whether something is in the background that its own shell neither waits for nor ends.
fn stays(all: &[Simple]) -> bool {
    let mut known = HashSet::new();
    let signs = all.iter().enumerate().rev().filter(|(_, one)| one.end == End::Background);
    let mut last = signs.filter(|(_, one)| known.insert(one.shell));
    last.any(|(at, sign)| {
        let is_same = |one: &&Simple| one.shell == sign.shell;
        let is_sign = |one: &&Simple| one.end == End::Background;
        let is_one = all.iter().filter(is_same).filter(is_sign).nth(1).is_none();
        !is_ended(all.iter().skip(at + 1).filter(is_same), is_one)
    })
}

/// Whether these commands wait for what is in the background, or end it where it is one process.
fn is_ended<'s>(behind: impl Iterator<Item = &'s Simple>, is_one: bool) -> bool {
    let mut loops = 0_usize;
    let mut is_open = true;
    for simple in behind {
        let words: Vec<&str> = simple.words.iter().map(String::as_str).collect();
        let is_process = words.iter().any(|word| word.starts_with(['$', '%']));
        let is_end = match words.as_slice() {
            ["wait"] => true,
            ["wait", ..] => is_one && is_process,
            ["kill", ..] => is_one && is_process && !words.contains(&"-0"),
            _ => false,
        };
        if is_end && is_open && loops == 0 && simple.end != End::Pipe {
            return true;
        }
        if words.iter().any(|word| OTHERWISE.contains(word)) {
            return false;
        }
        is_open = simple.end != End::Condition;
        match words.first() {
            Some(&"do") => loops += 1,
            Some(&"done") => loops = loops.saturating_sub(1),
            _ => {}
        }
    }
    false
}
