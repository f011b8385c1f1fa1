//! Places beside the workspace.
//!
//! Responsible for the directory that a script is in, and for words that leave the workspace from
//! there by `..`. Where the directory is not known nothing is said of them.

use std::collections::{BTreeMap, HashMap};

use crate::plan::command::{Simple, commands, is_outside};

/// What is put before such a word, so that it is a place of the container like any other.
const MARK: &str = "/./";
/// The variable of the workspace.
const WORKSPACE: &str = "$WORKSPACE";

/// Where the shells of a script are: how deep in the workspace.
#[derive(Debug, Default)]
pub(super) struct Directories {
    /// By the shell; none where it is not known.
    depths: BTreeMap<usize, Option<usize>>,
    /// Where it was before, by the shell.
    before: HashMap<usize, Vec<Option<usize>>>,
    /// The shell of the command before.
    last: usize,
}

impl Directories {
    /// The command with each word that leaves the workspace as a place of the container, and goes
    /// where it goes.
    pub(super) fn placed(&mut self, simple: &Simple) -> Simple {
        // A new shell begins where the one around it is, whose number is less.
        let around = self.depths.range(..simple.shell).next_back();
        let last = self.depths.get(&self.last).filter(|_| self.last < simple.shell);
        let around = last.or(around.map(|(_, depth)| depth)).copied().unwrap_or(Some(0));
        let depth = *self.depths.entry(simple.shell).or_insert(around);
        self.last = simple.shell;
        let mut simple = simple.clone();
        if let Some(depth) = depth {
            let mut is_first = true;
            for word in &mut simple.words {
                // What is run there is no place that is written.
                if std::mem::take(&mut is_first) {
                    continue;
                }
                let at = word.find('=').map_or(0, |at| at + 1);
                mark(word, at, depth);
            }
            simple.files.iter_mut().for_each(|file| mark(file, 0, depth));
        }
        self.go(&simple, depth);
        simple
    }

    fn go(&mut self, simple: &Simple, depth: Option<usize>) {
        let found = commands(&simple.words);
        let Some(command) = found.first() else {
            return;
        };
        let before = self.before.entry(simple.shell).or_default();
        let to = command.words.iter().map(String::as_str).find(|word| *word != "--");
        let next = match (command.name(), to) {
            ("popd", _) | ("cd", Some("-")) => before.pop().unwrap_or_default(),
            ("cd" | "pushd", Some(to)) => {
                before.push(depth);
                match to.strip_prefix(WORKSPACE).filter(|rest| !rest.starts_with('_')) {
                    Some(rest) => below(rest, 0),
                    None if to.starts_with(['$', '~', '/', '-']) || is_outside(to) => None,
                    None => depth.and_then(|depth| below(to, depth)),
                }
            }
            ("cd", None) => None,
            _ => return,
        };
        self.depths.insert(simple.shell, next);
    }
}

fn mark(word: &mut String, at: usize, depth: usize) {
    let path = word.get(at..).unwrap_or_default();
    let is_relative =
        !path.starts_with(['$', '~', '/', '-']) && !path.contains(char::is_whitespace);
    if is_relative && path.split('/').any(|part| part == "..") && below(path, depth).is_none() {
        word.insert_str(at, MARK);
    }
}

/// How deep a path is from here; nothing where it leaves the workspace.
fn below(path: &str, depth: usize) -> Option<usize> {
    path.split('/').try_fold(depth, |depth, part| match part {
        "" | "." => Some(depth),
        ".." => depth.checked_sub(1),
        _ => Some(depth + 1),
    })
}

/// How a command reads that was placed.
pub(super) fn shown(text: &str) -> String {
    text.replace(MARK, "")
}
