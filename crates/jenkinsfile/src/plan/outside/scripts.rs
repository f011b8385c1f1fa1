//! Scripts that are fetched.
//!
//! Responsible for knowing those that a script fetches, and where it runs one of them.

use std::collections::HashSet;

use crate::plan::command::{Command, Simple, commands, is_outside, reads_commands};

/// Scripts that only report, and are fetched for that.
const REPORTERS: [&str; 2] = ["codecov", "coveralls"];
/// How the name of a script ends.
const ENDS: [&str; 2] = [".bash", ".sh"];

/// The names of files that were fetched.
#[derive(Debug, Default)]
pub(super) struct Scripts {
    names: HashSet<String>,
}

impl Scripts {
    /// The command that runs a file which was fetched before.
    pub(super) fn run(&mut self, simple: &Simple, own: &[Command<'_>]) -> Option<String> {
        if is_fetched(simple) {
            let files = own.iter().flat_map(files).chain(simple.files.iter().map(String::as_str));
            self.names.extend(files.map(|file| name(file).to_owned()));
            return None;
        }
        if let [name, script, ..] = simple.words.as_slice()
            && matches!(name.as_str(), "." | "source")
            && self.names.contains(self::name(script))
        {
            return Some(format!("{name} {script}"));
        }
        let is_read = reads_commands(&simple.words);
        let is_script = |one: &&Command<'_>| {
            let name = one.name();
            let is_shell = is_read || ENDS.iter().any(|end| name.ends_with(end));
            is_shell && self.names.contains(name)
        };
        own.iter().find(is_script).filter(|_| !is_placed(simple)).map(Command::shown)
    }
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The files that a command fetches.
fn files<'s>(command: &Command<'s>) -> impl Iterator<Item = &'s str> {
    let options: &[&str] = match command.name() {
        "curl" => &["-o", "--output"],
        "wget" => &["-O", "--output-document"],
        _ => &[],
    };
    // Without an option the file is called as what is fetched.
    let is_address = |word: &&str| !options.is_empty() && word.contains('/');
    let addresses = command.plain().filter(is_address).collect::<Vec<_>>();
    command.told(options).chain(addresses)
}

/// Whether a script is fetched that is no reporter.
pub(super) fn is_fetched(simple: &Simple) -> bool {
    let is_reporter = |word: &String| REPORTERS.iter().any(|name| word.contains(name));
    let mut all = commands(&simple.words).into_iter();
    all.any(|one| matches!(one.name(), "curl" | "wget")) && !simple.words.iter().any(is_reporter)
}

/// Whether a script is told a place in the workspace.
pub(super) fn is_placed(simple: &Simple) -> bool {
    let all = Command { path: "", words: &simple.words };
    let mut told = all.values(&["-b", "-d", "--bin-dir", "--prefix", "--to"]).peekable();
    told.peek().is_some() && !told.any(is_outside)
}
