//! Rust without comments and without what stands in quotes.
//!
//! Responsible for keeping every line where it was, so that a finding names its line. It knows
//! as much of the language as that takes and no more.

/// The text with comments and the insides of literals left out.
pub fn only(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let taken = if rest.starts_with(b"//") {
            rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
        } else if rest.starts_with(b"/*") {
            block(rest)
        } else if let Some(hashes) = raw(rest, last_is_word(&out)) {
            out.push_str("\"\"");
            raw_end(rest, hashes)
        } else if rest[0] == b'"' {
            out.push_str("\"\"");
            quoted(rest, b'"')
        } else if rest[0] == b'\'' && is_char(rest) {
            out.push_str("' '");
            quoted(rest, b'\'')
        } else {
            if rest[0].is_ascii() {
                out.push(char::from(rest[0]));
            }
            at += 1;
            continue;
        };
        let lines = rest[..taken].split(|byte| *byte == b'\n').count() - 1;
        out.push_str(&"\n".repeat(lines));
        at += taken;
    }
    out
}

fn last_is_word(out: &str) -> bool {
    out.bytes().last().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A block comment's length; they nest.
fn block(rest: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// How many # a raw string has that begins here.
fn raw(rest: &[u8], after_word: bool) -> Option<usize> {
    let inside = rest.strip_prefix(b"br").or_else(|| rest.strip_prefix(b"r"))?;
    let hashes = inside.iter().take_while(|byte| **byte == b'#').count();
    (!after_word && inside.get(hashes) == Some(&b'"')).then_some(hashes)
}

fn raw_end(rest: &[u8], hashes: usize) -> usize {
    let end = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
    let begun = rest.iter().position(|byte| *byte == b'"').unwrap_or(0) + 1;
    let length = rest[begun..].windows(end.len()).position(|window| window == end);
    length.map_or(rest.len(), |length| begun + length + end.len())
}

/// A literal's length up to the mark that ends it.
fn quoted(rest: &[u8], mark: u8) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != mark {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// Tells a character from a lifetime.
fn is_char(rest: &[u8]) -> bool {
    let first = rest.get(1).copied().unwrap_or(b'\'');
    first == b'\\' || !first.is_ascii() || rest.get(2) == Some(&b'\'')
}

#[test]
fn code_keeps_its_lines_and_loses_what_is_said() {
    let text = "a // b\n/* c\n/* d */ */ e \"f // \\\" g\" h\nr#\"i\n\"j\"# k '\"' l<'m> '\\'' n";
    assert_eq!(only(text), "a \n\n e \"\" h\n\"\"\n k ' ' l<'m> ' ' n");
}
