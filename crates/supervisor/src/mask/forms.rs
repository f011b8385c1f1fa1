//! The forms in which a secret commonly appears in output.

mod escapes;

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::spec::MIN_MASKED_BYTES;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A piece of base64 shorter than this could be anything, in characters.
const MIN_BASE64_CHARS: usize = 6;

/// How a secret can appear.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Form {
    /// What it looks like in one piece.
    pub bytes: Vec<u8>,
    /// What programs put between its characters; nothing for a form that stands in one piece.
    pub gaps: &'static [u8],
}

/// Programs fold long text, with line breaks and indentation.
const FOLDS: &[u8] = b" \t\r\n";
/// Beside folding it, programs write hex as `74:6f`, `74-6f`, `74,6f` or `\x74\x6f`.
const HEX_GAPS: &[u8] = b" \t\r\n:-,\\x";

/// Adds every form of one value.
pub(super) fn forms_of(value: &[u8], forms: &mut BTreeSet<Form>) {
    forms_of_piece(value, forms);
    // Programs print a key file line by line, and terminals end lines with CR LF.
    for line in value.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() >= MIN_MASKED_BYTES && line.len() < value.len() {
            forms_of_piece(line, forms);
        }
    }
}

fn forms_of_piece(value: &[u8], forms: &mut BTreeSet<Form>) {
    let (mut exact, mut folded) = (vec![value.to_vec()], Vec::new());
    let hexes = [hex(value, "0123456789abcdef"), hex(value, "0123456789ABCDEF")];
    for alignment in 0..3 {
        let standard = base64_inside(value, alignment);
        if standard.len() >= MIN_BASE64_CHARS {
            let url = standard.iter().map(|&byte| match byte {
                b'+' => b'-',
                b'/' => b'_',
                other => other,
            });
            folded.push(url.collect());
            folded.push(standard);
        }
    }
    // The last is what JavaScript's encodeURI leaves alone.
    for unreserved in ["-._~", "-._~!*'()", "-._*", "-._~/", "", "-_.!~*'();/?:@&=+$,#"] {
        for digits in ["0123456789ABCDEF", "0123456789abcdef"] {
            exact.push(percent(value, unreserved, digits, "%20"));
            exact.push(percent(value, unreserved, digits, "+"));
        }
    }
    exact.extend([percent_all(value, "0123456789ABCDEF"), percent_all(value, "0123456789abcdef")]);
    exact.extend(escapes::of_bytes(value));
    if let Ok(text) = std::str::from_utf8(value) {
        exact.extend(escapes::of_text(text).into_iter().map(String::into_bytes));
    }
    let exact = exact.into_iter().map(|bytes| Form { bytes, gaps: &[] });
    let folded = folded.into_iter().map(|bytes| Form { bytes, gaps: FOLDS });
    let hexes = hexes.into_iter().map(|bytes| Form { bytes, gaps: HEX_GAPS });
    let all = exact.chain(folded).chain(hexes);
    forms.extend(all.filter(|form| form.bytes.len() >= MIN_MASKED_BYTES));
}

fn hex(value: &[u8], digits: &str) -> Vec<u8> {
    let digits = digits.as_bytes();
    value
        .iter()
        .flat_map(|&byte| [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]])
        .collect()
}

/// Encodes what is certain of a value that stands somewhere inside encoded text.
///
/// Before it stand `alignment` unknown bytes of the same group of three, and
/// behind it anything. Only characters all of whose bits come from the value are
/// given, so the form is found whatever surrounds the value, padding included.
fn base64_inside(value: &[u8], alignment: usize) -> Vec<u8> {
    let first_bit = alignment * 8;
    let end_bit = first_bit + value.len() * 8;
    let bit = |at: usize| {
        let byte = value.get((at - first_bit) / 8).copied().unwrap_or(0);
        usize::from(byte >> (7 - at % 8) & 1)
    };
    (first_bit.div_ceil(6)..end_bit / 6)
        .map(|char| {
            let index = (char * 6..char * 6 + 6).fold(0, |index, at| index << 1 | bit(at));
            BASE64[index]
        })
        .collect()
}

/// Encodes every byte for a URL.
fn percent_all(value: &[u8], digits: &str) -> Vec<u8> {
    hex(value, digits).chunks(2).flat_map(|pair| [b'%', pair[0], pair[1]]).collect()
}

/// Encodes for a URL, leaving letters, digits and `unreserved` as they are.
fn percent(value: &[u8], unreserved: &str, digits: &str, space: &str) -> Vec<u8> {
    let upper = digits.ends_with('F');
    let mut out = String::with_capacity(value.len() * 3);
    for &byte in value {
        if byte.is_ascii_alphanumeric() || unreserved.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else if byte == b' ' {
            out.push_str(space);
        } else {
            // Writing to a String cannot fail.
            let _ = if upper { write!(out, "%{byte:02X}") } else { write!(out, "%{byte:02x}") };
        }
    }
    out.into_bytes()
}
