//! Hides secrets in a stream of bytes, however the bytes are cut into pieces.
//!
//! Every byte that belongs to an occurrence of a secret is hidden, overlapping
//! occurrences included, and each run of hidden bytes becomes `***`. Forms that
//! are known: the value itself, each line of a value of several lines, base64 and
//! base64url at any alignment inside a longer text, hex in both cases, and URL
//! encodings. Not known: values folded over lines by a program, compressed or
//! encrypted. Masking guards against accidents, not against who wants to print a
//! secret that the step was given.

use std::collections::{BTreeSet, HashMap};

use crate::spec::MIN_MASKED_BYTES;

mod forms;

const REPLACEMENT: &[u8] = b"***";

/// The forms of all secrets of a unit, ready to be searched for.
pub(crate) struct Masks {
    /// By the first two bytes, longest first.
    patterns: HashMap<[u8; 2], Vec<Vec<u8>>>,
    /// Whether any pattern begins with these two bytes: one bit each.
    pairs: Box<[u64; 1024]>,
    first: [bool; 256],
}

impl Masks {
    /// Prepares the values, or `None` if there is nothing to hide.
    pub(crate) fn new<'a>(values: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut all = BTreeSet::new();
        for value in values.filter(|value| value.len() >= MIN_MASKED_BYTES) {
            forms::forms_of(value.as_bytes(), &mut all);
        }
        if all.is_empty() {
            return None;
        }
        let mut masks =
            Self { patterns: HashMap::new(), pairs: Box::new([0; 1024]), first: [false; 256] };
        for pattern in all {
            let Some(&pair) = pattern.first_chunk::<2>() else {
                continue;
            };
            let bit = usize::from(u16::from_be_bytes(pair));
            masks.pairs[bit / 64] |= 1 << (bit % 64);
            masks.first[usize::from(pair[0])] = true;
            masks.patterns.entry(pair).or_default().push(pattern);
        }
        for patterns in masks.patterns.values_mut() {
            patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.len()));
        }
        Some(masks)
    }

    /// How many bytes at the head begin no secret, by their first two bytes alone.
    ///
    /// Nearly all output is passed over here.
    fn nothing_begins(&self, bytes: &[u8]) -> usize {
        let begins = |pair: &[u8]| match *pair {
            [left, right] => self.begins(u16::from_be_bytes([left, right])),
            _ => true,
        };
        bytes.windows(2).position(begins).unwrap_or(bytes.len().saturating_sub(1))
    }

    /// Whether any secret begins with these two bytes.
    fn begins(&self, pair: u16) -> bool {
        let bit = usize::from(pair);
        self.pairs[bit / 64] & (1 << (bit % 64)) != 0
    }

    /// What begins at the head of these bytes.
    fn look(&self, bytes: &[u8]) -> Look {
        let Some(&pair) = bytes.first_chunk::<2>() else {
            let begins = bytes.first().is_some_and(|&byte| self.first[usize::from(byte)]);
            return if begins { Look::Undecided } else { Look::Nothing };
        };
        if !self.begins(u16::from_be_bytes(pair)) {
            return Look::Nothing;
        }
        for pattern in self.patterns.get(&pair).map_or(&[][..], Vec::as_slice) {
            if bytes.starts_with(pattern) {
                return Look::Secret(pattern.len());
            }
            if pattern.starts_with(bytes) {
                return Look::Undecided;
            }
        }
        Look::Nothing
    }
}

enum Look {
    Nothing,
    Secret(usize),
    /// A secret may begin here; more bytes will tell.
    Undecided,
}

/// One stream's state between two reads.
#[derive(Default)]
pub(crate) struct Masker {
    /// Bytes that wait for more, because a secret may have begun.
    held: Vec<u8>,
    /// How many of the held bytes belong to a secret already found.
    hidden: usize,
    /// Whether the last byte that was given out was a hidden one.
    in_run: bool,
}

impl Masker {
    /// Appends what can be shown of the stream's next bytes.
    ///
    /// At most the longest form of a secret is held back until the next call.
    pub(crate) fn push(&mut self, masks: &Masks, bytes: &[u8], shown: &mut Vec<u8>) {
        if self.held.is_empty() {
            let from = self.scan(masks, bytes, shown, false);
            self.held.extend_from_slice(&bytes[from..]);
        } else {
            let mut held = std::mem::take(&mut self.held);
            held.extend_from_slice(bytes);
            let from = self.scan(masks, &held, shown, false);
            held.drain(..from);
            self.held = held;
        }
    }

    /// Appends what was held back, because no more bytes will come.
    pub(crate) fn finish(&mut self, masks: &Masks, shown: &mut Vec<u8>) {
        let held = std::mem::take(&mut self.held);
        self.scan(masks, &held, shown, true);
        *self = Self::default();
    }

    /// Goes through the bytes. Returns from where on they must be held back.
    fn scan(&mut self, masks: &Masks, bytes: &[u8], shown: &mut Vec<u8>, last: bool) -> usize {
        let mut hidden_to = self.hidden;
        let mut plain_from = 0;
        let mut at = 0;
        let mut stop = bytes.len();
        while at < bytes.len() {
            if at >= hidden_to {
                let skipped = masks.nothing_begins(&bytes[at..]);
                if skipped > 0 {
                    self.in_run = false;
                    at += skipped;
                    continue;
                }
            } else {
                if !self.in_run {
                    shown.extend_from_slice(&bytes[plain_from..at]);
                    shown.extend_from_slice(REPLACEMENT);
                    self.in_run = true;
                }
                plain_from = at + 1;
            }
            match masks.look(&bytes[at..]) {
                Look::Secret(length) if at + length > hidden_to => {
                    hidden_to = at + length;
                    continue;
                }
                Look::Nothing | Look::Secret(_) => {}
                Look::Undecided if !last => {
                    stop = at;
                    break;
                }
                // The end came, so the longer form did not; a shorter one may be there.
                Look::Undecided => {
                    let shorter = masks.shorter(&bytes[at..]);
                    if shorter > 0 && at + shorter > hidden_to {
                        hidden_to = at + shorter;
                        continue;
                    }
                }
            }
            if at >= hidden_to {
                self.in_run = false;
            }
            at += 1;
        }
        let plain_to = stop.max(plain_from);
        shown.extend_from_slice(&bytes[plain_from..plain_to]);
        self.hidden = hidden_to.saturating_sub(stop);
        stop
    }
}

impl Masks {
    /// The longest secret that lies whole at the head of these bytes.
    fn shorter(&self, bytes: &[u8]) -> usize {
        let Some(pair) = bytes.first_chunk::<2>() else {
            return 0;
        };
        let patterns = self.patterns.get(pair).map_or(&[][..], Vec::as_slice);
        patterns.iter().find(|pattern| bytes.starts_with(pattern)).map_or(0, Vec::len)
    }
}

#[cfg(test)]
mod tests;
