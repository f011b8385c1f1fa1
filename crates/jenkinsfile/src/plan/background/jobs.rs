//! What a shell has in the background.
//!
//! Responsible for knowing whether the shell itself waits for it, or ends it.

use std::collections::{HashMap, HashSet};

use crate::plan::command::{End, SUBSTITUTED, Simple};

/// Words behind a sign of the background with which what follows may not be reached.
const OTHERWISE: [&str; 11] =
    ["if", "then", "else", "elif", "case", "function", "{", "exec", "exit", "return", "trap"];
/// What tells `kill` to do something else than to end a process: it asks, lists, stops or tells it
/// something, or is a signal that ends nobody who does not say so (`signal(7)` of Linux). A shell's
/// name of a signal may begin with SIG.
const OTHER: [&str; 25] = [
    "0", "1", "10", "12", "17", "18", "19", "20", "21", "22", "23", "28", "CHLD", "CLD", "CONT",
    "HUP", "L", "STOP", "TSTP", "TTIN", "TTOU", "URG", "USR1", "USR2", "WINCH",
];
/// The signals of a shell that ends.
const ENDS: [&str; 2] = ["EXIT", "0"];

/// Whether something is in the background that its own shell neither waits for nor ends.
pub(super) fn stays(all: &[Simple]) -> bool {
    let is_sign = |one: &&Simple| one.end == End::Background;
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for sign in all.iter().filter(is_sign) {
        *counts.entry(sign.shell).or_default() += 1;
    }
    let mut shells: HashMap<usize, Jobs> = HashMap::new();
    let mut number = 0;
    for (index, simple) in all.iter().enumerate() {
        let Some(count) = counts.get(&simple.shell) else {
            continue;
        };
        let jobs = shells.entry(simple.shell).or_default();
        if is_sign(&simple) {
            number += 1;
            jobs.begin(number);
        } else {
            jobs.go_on(all, index, *count == 1);
        }
    }
    shells.values().any(Jobs::stay)
}

/// Which processes a command waits for, or ends.
enum Ended {
    All,
    /// Those of these numbers, in the order in which a script puts them there.
    These(Vec<usize>),
    None,
}

/// The processes of a shell.
#[derive(Debug, Default)]
struct Jobs {
    open: HashSet<usize>,
    /// Those that end with the shell.
    trapped: HashSet<usize>,
    /// Whether all do.
    are_trapped: bool,
    loops: usize,
    /// Whether a condition stands before the next command.
    is_asked: bool,
    /// Whether what follows may not be reached.
    is_lost: bool,
}

impl Jobs {
    fn begin(&mut self, number: usize) {
        self.open.insert(number);
        (self.loops, self.is_asked, self.is_lost) = (0, false, false);
    }

    /// Looks at the next command; where there is one process alone, each that is named is it.
    fn go_on(&mut self, all: &[Simple], index: usize, is_one: bool) {
        let Some(simple) = all.get(index) else {
            return;
        };
        let is_sure = !self.is_asked && !self.is_lost && self.loops == 0;
        if is_sure && simple.end != End::Pipe {
            match ended(all, index, is_one) {
                Ended::All => self.open.clear(),
                Ended::These(numbers) => self.open.retain(|number| !numbers.contains(number)),
                Ended::None => {}
            }
            if let Some(trapped) = trapped(all, index, is_one) {
                match trapped {
                    Ended::All => self.are_trapped = true,
                    Ended::These(numbers) => self.trapped.extend(numbers),
                    Ended::None => {}
                }
                return;
            }
        }
        self.is_lost |= simple.words.iter().any(|word| OTHERWISE.contains(&word.as_str()));
        self.is_asked = simple.end == End::Condition;
        match simple.words.first().map(String::as_str) {
            Some("do") => self.loops += 1,
            Some("done") => self.loops = self.loops.saturating_sub(1),
            _ => {}
        }
    }

    fn stay(&self) -> bool {
        !self.are_trapped && self.open.iter().any(|number| !self.trapped.contains(number))
    }
}

fn ended(all: &[Simple], index: usize, is_one: bool) -> Ended {
    let words = all.get(index).map_or(&[][..], |simple| &simple.words);
    let has = |told: &str| words.iter().any(|word| word == told);
    match words.first().map(String::as_str) {
        Some("wait") if words.len() == 1 => return Ended::All,
        Some("wait") => {}
        Some("kill") if !is_other(words) => {}
        _ => return Ended::None,
    }
    // As in `kill $(jobs -p)`, whose substitution stands before it.
    let before = index.checked_sub(1).and_then(|before| all.get(before)?.words.first());
    let are_jobs = has(SUBSTITUTED) && before.is_some_and(|word| word == "jobs");
    let is_process = words.iter().any(|word| word.starts_with(['$', '%']));
    if are_jobs || is_one && is_process {
        return Ended::All;
    }
    let number = |word: &String| word.strip_prefix("$!")?.parse().ok();
    Ended::These(words.iter().filter_map(number).collect())
}

/// Whether `kill` is told to do something else than to end a process.
fn is_other(words: &[String]) -> bool {
    let mut words = words.iter().skip(1).map(|word| word.to_uppercase());
    while let Some(word) = words.next() {
        let Some(told) = word.strip_prefix('-') else {
            break;
        };
        // As in `-s HUP`, or `-n 1`.
        let told = match told {
            "N" | "S" => words.next().unwrap_or_default(),
            told => told.to_owned(),
        };
        if OTHER.contains(&told.strip_prefix("SIG").unwrap_or(&told)) {
            return true;
        }
    }
    false
}

/// What ends with the shell, where the command tells it so.
fn trapped(all: &[Simple], index: usize, is_one: bool) -> Option<Ended> {
    let simple = all.get(index)?;
    let is_trap = simple.words.first().is_some_and(|word| word == "trap")
        && simple.words.iter().any(|word| ENDS.contains(&word.as_str()));
    // The commands of a trap follow it, as those of another shell.
    let inner = all.get(index + 1..).filter(|_| is_trap)?;
    let inner = inner.iter().take_while(|one| one.shell > simple.shell);
    let ends = inner.enumerate().map(|(at, _)| ended(all, index + 1 + at, is_one));
    let mut numbers = Vec::new();
    for one in ends {
        match one {
            Ended::All => return Some(Ended::All),
            Ended::These(more) => numbers.extend(more),
            Ended::None => {}
        }
    }
    (!numbers.is_empty()).then_some(Ended::These(numbers))
}
