//! Processes that a script leaves behind.
//!
//! Responsible for finding them in its text. Jenkins lets such a process live until the build ends;
//! a run ends it with its step. POSIX.1-2017, Shell Command Language, 2.9.3 "Asynchronous Lists".
//! Of programs that leave the foreground by themselves only those are known that stand here.

mod daemon;
mod jobs;

use super::command::{Simple, before, commands, simple_commands};
use super::value::Bit;
use daemon::daemonizes;
use jobs::stays;

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
