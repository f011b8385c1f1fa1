//! Hides secrets in a stream of bytes, however the bytes are cut into pieces.
//!
//! Every byte that belongs to an occurrence of a secret is hidden, overlapping
//! occurrences included, and each run of hidden bytes becomes `***`; line breaks
//! stay, so that a log keeps its lines. Forms that are known: the value itself, each
//! line of a value of several lines, base64 and base64url at any alignment inside a
//! longer text, hex in both cases, URL encodings, what common languages write between quotes or
//! into a page, and lists of numbers. Base64 and hex are found
//! through the line breaks and blanks that `base64`, `xxd -p` and `od -An -tx1` put
//! into them, and all of them through the control sequences that colour a text, because a log is
//! shown without these. Not known: dumps with columns of offsets or of text, values that were
//! compressed or encrypted. Masking guards against accidents, not against who wants
//! to print a secret that the program was given.

use std::collections::{BTreeSet, HashMap};

use crate::spec::MIN_MASKED_BYTES;

mod escape;
mod forms;

pub use escape::without_escapes;
use escape::{ESC, Escape, escape};
use forms::{Form, forms_of};

const REPLACEMENT: &[u8] = b"***";
/// How many blanks and line breaks in a row a folded secret may have. It bounds what
/// is held back, together with the longest secret.
const MAX_GAP: usize = 16;
/// How many bytes of control sequences in a row a secret may have inside it: enough for the colours
/// that tools put around what they found. It bounds what is held back, too.
const MAX_ESCAPES: usize = 64;
/// So few characters at a line's end are not held back for what the next line may
/// bring: a line that happens to end like a secret begins would not be seen until
/// something follows it. What follows them is hidden all the same.
const FEW: usize = 4;

/// The forms of all secrets of a unit, ready to be searched for.
pub(crate) struct Masks {
    forms: Vec<Form>,
    /// Which forms begin with these two bytes; a line break or a control sequence may be the second.
    by_pair: HashMap<[u8; 2], Vec<usize>>,
    /// Whether any form begins with these two bytes: one bit each.
    pairs: Box<[u64; 1024]>,
    first: [bool; 256],
}

impl Masks {
    /// Prepares the values, or `None` if there is nothing to hide.
    pub(crate) fn new<'a>(values: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut all = BTreeSet::new();
        for value in values.filter(|value| value.len() >= MIN_MASKED_BYTES) {
            forms_of(value.as_bytes(), &mut all);
        }
        if all.is_empty() {
            return None;
        }
        let mut masks = Self {
            forms: all.into_iter().collect(),
            by_pair: HashMap::new(),
            pairs: Box::new([0; 1024]),
            first: [false; 256],
        };
        for (index, form) in masks.forms.iter().enumerate() {
            let Some(&[first, second]) = form.bytes.first_chunk::<2>() else {
                continue;
            };
            masks.first[usize::from(first)] = true;
            let breaks: &[u8] = if form.gaps.is_empty() { b"\x1b" } else { b"\n\r\x1b" };
            for &second in breaks.iter().chain([&second]) {
                let bit = usize::from(u16::from_be_bytes([first, second]));
                masks.pairs[bit / 64] |= 1 << (bit % 64);
                masks.by_pair.entry([first, second]).or_default().push(index);
            }
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
        let mut look = Look { secret: 0, begun: None };
        let Some(pair) = bytes.first_chunk::<2>() else {
            let begins = bytes.first().is_some_and(|&byte| self.first[usize::from(byte)]);
            look.begun = begins.then_some(Begun::Held);
            return look;
        };
        for &index in self.by_pair.get(pair).map_or(&[][..], Vec::as_slice) {
            match fit(&self.forms[index], bytes) {
                Fit::Not => {}
                Fit::Whole(length) => look.secret = look.secret.max(length),
                Fit::Begun(begun) => look.begun = look.begun.max(Some(begun)),
            }
        }
        look
    }
}

/// What begins at some place.
struct Look {
    /// How long the longest secret is that lies there whole; 0 where none does.
    secret: usize,
    /// Whether a longer one may begin there, which more bytes will tell.
    begun: Option<Begun>,
}

/// How much of a secret has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Begun {
    /// Too little to hold a line back for it.
    Few,
    /// Enough to be held back.
    Held,
}

enum Fit {
    Not,
    Whole(usize),
    Begun(Begun),
}

/// Compares a form with the bytes that begin where it may begin.
fn fit(form: &Form, bytes: &[u8]) -> Fit {
    let same = form.bytes.iter().zip(bytes).take_while(|(wanted, byte)| wanted == byte).count();
    if same == form.bytes.len() {
        return Fit::Whole(same);
    }
    if same == bytes.len() {
        return Fit::Begun(Begun::Held);
    }
    if form.gaps.is_empty() && bytes[same] != ESC {
        return Fit::Not;
    }
    let mut at = 0;
    for (count, wanted) in form.bytes.iter().enumerate() {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(gap) = gap(form, rest, count) else {
            return Fit::Begun(Begun::Held);
        };
        match rest.get(gap) {
            Some(byte) if byte == wanted => at += gap + 1,
            Some(_) => return Fit::Not,
            // A line that ends here is not held back for so little.
            None if count < FEW && rest.iter().any(u8::is_ascii_whitespace) => {
                return Fit::Begun(Begun::Few);
            }
            None => return Fit::Begun(Begun::Held),
        }
    }
    Fit::Whole(at)
}

/// How many bytes at the head may stand between two characters of a form: none before its first,
/// and nothing where a control sequence goes on beyond what is there.
fn gap(form: &Form, bytes: &[u8], count: usize) -> Option<usize> {
    let (mut at, mut blanks, mut escapes) = (0, 0, 0);
    while let Some(byte) = bytes.get(at) {
        if form.gaps.contains(byte) && blanks < MAX_GAP {
            (at, blanks) = (at + 1, blanks + 1);
            continue;
        }
        let length = match escape(&bytes[at..]) {
            Escape::Whole(length) if count > 0 => length,
            Escape::Begun if count > 0 && bytes.len() - at + escapes < MAX_ESCAPES => return None,
            Escape::Whole(_) | Escape::Begun | Escape::Not => break,
        };
        if escapes + length > MAX_ESCAPES {
            break;
        }
        (at, escapes) = (at + length, escapes + length);
    }
    Some(at)
}

/// A text in which each occurrence of a value is hidden, in every form that is known; values of fewer
/// than [`MIN_MASKED_BYTES`] bytes are not.
pub fn hide<'a>(text: &str, values: impl Iterator<Item = &'a str>) -> String {
    let Some(masks) = Masks::new(values) else { return text.to_owned() };
    let (mut masker, mut shown) = (Masker::default(), Vec::new());
    masker.push(&masks, text.as_bytes(), &mut shown);
    masker.finish(&masks, &mut shown);
    String::from_utf8_lossy(&shown).into_owned()
}

/// One stream's state between two reads.
#[derive(Default)]
pub(crate) struct Masker {
    /// Bytes that wait for more, because a secret may have begun.
    held: Vec<u8>,
    /// How many of the held bytes belong to a secret already found.
    hidden: usize,
    /// How many of the held bytes were given out, because they were so few.
    given: usize,
    /// Whether the last byte that was given out was a hidden one.
    in_run: bool,
}

impl Masker {
    /// Appends what can be shown of the stream's next bytes.
    ///
    /// At most the longest form of a secret, with all its gaps, is held back until the
    /// next call.
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
        let mut plain_from = self.given;
        let mut at = 0;
        let mut stop = bytes.len();
        let mut begun = None;
        while at < bytes.len() {
            if at >= hidden_to {
                let skipped = masks.nothing_begins(&bytes[at..]);
                if skipped > 0 {
                    self.in_run = false;
                    at += skipped;
                    continue;
                }
            }
            let look = masks.look(&bytes[at..]);
            if look.begun.is_some() && !last {
                (stop, begun) = (at, look.begun);
                break;
            }
            hidden_to = hidden_to.max(at + look.secret);
            if at >= hidden_to {
                self.in_run = false;
            } else if at >= plain_from {
                shown.extend_from_slice(&bytes[plain_from..at]);
                self.hide(bytes[at], shown);
                plain_from = at + 1;
            }
            at += 1;
        }
        self.hidden = hidden_to.saturating_sub(stop);
        let is_few = begun == Some(Begun::Few) && self.hidden == 0;
        let plain_to = plain_from.max(if is_few { bytes.len() } else { stop });
        self.in_run &= plain_to == plain_from;
        shown.extend_from_slice(&bytes[plain_from..plain_to]);
        self.given = plain_to - stop;
        stop
    }

    /// Gives out what stands for a hidden byte.
    fn hide(&mut self, byte: u8, shown: &mut Vec<u8>) {
        if matches!(byte, b'\n' | b'\r') {
            shown.push(byte);
            self.in_run = false;
        } else if !self.in_run {
            shown.extend_from_slice(REPLACEMENT);
            self.in_run = true;
        }
    }
}

#[cfg(test)]
mod tests;
