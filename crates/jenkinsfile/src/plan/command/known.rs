//! What is known of a script while it is read.
//!
//! Responsible for its commands so far, for the values of its variables, and for how much of it is
//! looked at.

use std::collections::HashMap;

use super::read::Simple;
use super::{is_outside, named};
use crate::plan::value::Bit;

/// How deep substitutions, parentheses and scripts in words are looked into.
const DEEPEST: usize = 24;
/// How many of them.
const MOST_SHELLS: usize = 2000;
/// How much of scripts in words is read, in bytes.
const NESTED_BYTES: usize = 256 * 1024;
/// How many documents of a script are looked for.
const MOST_DOCUMENTS: usize = 100;
/// How much of a value is known, in bytes.
const VALUE_BYTES: usize = 1024;

/// What is known so far.
#[derive(Debug, Default)]
pub(super) struct Shared<'v> {
    pub all: Vec<Simple>,
    /// Variables that stand around the script.
    pub around: &'v [(String, Vec<Bit>)],
    /// Those that it sets, and those around that it names, with their values.
    pub values: HashMap<String, Option<String>>,
    /// What it writes into files, by their names.
    pub files: HashMap<String, String>,
    /// The same of the reading before.
    pub files_before: HashMap<String, String>,
    /// How long the scripts in words are together.
    pub nested: usize,
    /// How many signs of the background there are.
    pub signs: usize,
    /// How many shells there are.
    pub shells: usize,
    pub documents: usize,
    pub is_bash: bool,
    /// Whether something was too deep.
    pub is_lost: bool,
    /// Whether something is not closed, or closed that is not open.
    pub is_open: bool,
}

impl Shared<'_> {
    /// What a variable says, as far as it is known.
    pub fn value(&mut self, name: &str) -> Option<&str> {
        if !self.values.contains_key(name) {
            let around = self.around.iter().find(|(known, _)| known == name);
            self.values.insert(name.to_owned(), around.map(|(_, bits)| said(bits)));
        }
        self.values.get(name)?.as_deref()
    }

    /// A place of the container stays one: whether another value takes its place is not known.
    pub fn set(&mut self, name: &str, value: &str) {
        let is_kept = self.value(name).is_some_and(is_outside);
        if !is_kept || is_outside(value) {
            self.values.insert(name.to_owned(), Some(short(value).to_owned()));
        }
    }

    /// The number of a new shell, where there are not too many.
    pub fn shell(&mut self, depth: usize) -> Option<usize> {
        self.shells += 1;
        self.is_lost |= depth >= DEEPEST || self.shells > MOST_SHELLS;
        (!self.is_lost).then_some(self.shells)
    }

    /// Forgets all but the values.
    pub fn begin(&mut self) {
        self.all.clear();
        self.files_before = std::mem::take(&mut self.files);
        (self.shells, self.documents, self.signs, self.nested) = (0, 0, 0, 0);
    }

    /// Counts a script that stands in a word, since a short name may stand for a long one.
    pub fn nest(&mut self, script: &str) {
        self.nested += script.len();
        self.is_lost |= self.nested > NESTED_BYTES;
    }

    /// Keeps what is written into files; to add to one and to begin it anew are the same here.
    pub fn write(&mut self, files: &[String], text: &str) {
        for file in files {
            self.nest(text);
            if !self.is_lost {
                let known = self.files.entry(named(file).to_owned()).or_default();
                known.push_str(text);
                known.push('\n');
            }
        }
    }

    /// What stands in a file of this name.
    pub fn written(&self, name: &str) -> Option<String> {
        self.files.get(name).or_else(|| self.files_before.get(name)).cloned()
    }

    /// Counts a document.
    pub fn document(&mut self) {
        self.documents += 1;
        self.is_lost |= self.documents > MOST_DOCUMENTS;
    }
}

/// What a variable around a script says.
fn said(bits: &[Bit]) -> String {
    let mut out = String::new();
    for bit in bits {
        match bit {
            Bit::Text(text) => out.push_str(short(text)),
            Bit::Outside(outside) => {
                out.push('$');
                out.push_str(outside.ours);
            }
            Bit::Unset => {}
        }
    }
    short(&out).to_owned()
}

/// The beginning of a value: of two that name each other the length would have no end.
fn short(value: &str) -> &str {
    value.get(..value.floor_char_boundary(VALUE_BYTES)).unwrap_or_default()
}
