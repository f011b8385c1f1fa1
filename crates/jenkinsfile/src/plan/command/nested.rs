//! Scripts in a script.
//!
//! Responsible for what of it another shell reads: words, documents, what a pipe says, and files
//! that the script writes before it runs them.

use super::read::{End, Open, Reader};
use super::{MOST_BEFORE, commands, is_script, named, reads_commands, reads_input};

/// A document that follows the line.
pub(super) struct Document {
    end: String,
    is_script: bool,
    /// How many commands stand before its own.
    line: usize,
}

impl Reader<'_, '_, '_> {
    /// The scripts that a command gives to other shells; `text` is what one reads instead of a file.
    pub fn scripts(&mut self, words: &[String], text: Option<String>, shell: usize) -> Vec<String> {
        let own = commands(words);
        let paths = own.iter().map(|one| one.path);
        let mut inner: Vec<String> =
            paths.clone().filter(|path| is_script(path)).map(str::to_owned).collect();
        if reads_commands(words) {
            inner.extend(text);
        }
        if reads_input(words) {
            inner.extend(self.piped(shell));
        }
        // It reads its words as one script.
        let told = words.iter().position(|word| word == "eval").and_then(|at| words.get(at + 1..));
        if let Some(told @ [_, _, ..]) = told {
            inner.push(told.join(" "));
        }
        if let [name, script, ..] = words
            && name == "trap"
        {
            inner.push(script.clone());
        }
        let sourced = words
            .get(1)
            .filter(|_| matches!(own.first(), Some(one) if matches!(one.path, "." | "source")));
        let files = paths.chain(sourced.map(String::as_str));
        inner.extend(files.filter_map(|file| self.shared.written(named(file))));
        inner
    }

    /// Keeps what a command writes into files, as far as its words show it.
    pub fn keep(&mut self, words: &[String], files: &[String], shell: usize) {
        if let Some(text) = said(words).filter(|_| !files.is_empty()) {
            self.shared.write(files, &text);
        }
        let files: Vec<String> = teed(words).map(str::to_owned).collect();
        if let Some(text) =
            Some(files.as_slice()).filter(|all| !all.is_empty()).and_then(|_| self.piped(shell))
        {
            self.shared.write(&files, &text);
        }
    }

    /// What the command before says to this one, as far as its words show it.
    fn piped(&self, shell: usize) -> Option<String> {
        let before =
            self.shared.all.iter().rev().take(MOST_BEFORE).find(|one| one.shell == shell)?;
        said(&before.words).filter(|_| before.end == End::Pipe)
    }

    /// A script for another shell.
    pub fn nested(&mut self, script: &str) {
        self.shared.nest(script);
        // What it does not end is no quote of this one, and it may be no script at all.
        let is_open = self.shared.is_open;
        if let Some(shell) = self.shared.shell(self.depth) {
            Reader::new(script, self.shared, self.depth + 1).list(None, shell);
        }
        self.shared.is_open = is_open;
    }

    /// Behind `<<`.
    pub fn document(&mut self, open: &Open) {
        let _ = self.takes("-");
        let rest = self.rest.as_str().trim_start_matches([' ', '\t']);
        let length = rest.find(|c: char| c.is_whitespace() || ";&|()<>".contains(c));
        let (end, rest) = rest.split_at(length.unwrap_or(rest.len()));
        self.rest = rest.chars();
        let end = end.replace(['\'', '"', '\\'], "");
        let is_script = reads_commands(&open.words);
        let line = self.shared.all.len();
        self.shared.document();
        self.documents.push(Document { end, is_script, line });
    }

    /// The documents of a line that has just ended. Quotes in them are none of the script's.
    pub fn documents(&mut self) {
        for Document { end, is_script, line } in std::mem::take(&mut self.documents) {
            // As in `cat <<A | sh`.
            let mut behind = self.shared.all.iter().skip(line);
            let is_script = is_script || behind.any(|one| reads_input(&one.words));
            let rest = self.rest.as_str();
            let mut length = 0;
            let is_last = |line: &&str| line.trim_end_matches('\n').trim_start_matches('\t') == end;
            let lines = rest.split_inclusive('\n');
            let found = lines.inspect(|line| length += line.len()).find(is_last);
            // Where it never ends, it is none.
            let Some(last) = found else {
                continue;
            };
            let (text, after) = rest.split_at(length);
            self.rest = after.chars();
            let text = text.get(..length - last.len()).unwrap_or_default();
            if is_script {
                self.nested(text);
            }
            if let Some(own) = self.shared.all.get(line) {
                let files = own.files.iter().map(String::as_str).chain(teed(&own.words));
                let files: Vec<String> = files.map(str::to_owned).collect();
                self.shared.write(&files, text);
            }
        }
    }
}

/// What a command says, as far as its words show it.
fn said(words: &[String]) -> Option<String> {
    let says = |word: &String| matches!(word.as_str(), "echo" | "printf");
    let at = words.iter().position(says)?;
    let between = if words.get(at)? == "echo" { " " } else { "\n" };
    Some(words.get(at + 1..)?.join(between).replace("\\n", "\n"))
}

/// The files that `tee` is told to write.
fn teed(words: &[String]) -> impl Iterator<Item = &str> {
    let own = commands(words);
    own.into_iter().filter(|one| one.name() == "tee").flat_map(|one| one.plain())
}
