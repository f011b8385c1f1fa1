//! Wildcard patterns: `*` stands for any run of bytes, `?` for exactly one.
//!
//! Responsible for matching bytes against a pattern in bounded time: it never backtracks past
//! the last `*`, so the cost is at most pattern length times text length.

/// Says whether letters of different case are the same letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// `a` and `A` are the same (ASCII only), as in host names.
    Ignored,
    /// `a` and `A` differ, as in paths.
    Kept,
}

/// One element of a pattern after escapes are resolved.
#[derive(Clone, Copy)]
enum Element {
    Any,
    One,
    Byte(u8),
}

/// Says whether the whole text matches the pattern; a backslash makes the next `*`, `?` or
/// backslash a literal one.
pub(super) fn matches(pattern: &[u8], text: &[u8], case: Case) -> bool {
    if !pattern.iter().any(|byte| matches!(byte, b'*' | b'?' | b'\\')) {
        // Most patterns are plain text, and every request pays for this.
        return match case {
            Case::Ignored => pattern.eq_ignore_ascii_case(text),
            Case::Kept => pattern == text,
        };
    }
    let (mut p, mut t) = (0, 0);
    // Where to resume after the last `*`: the pattern behind it, and the text it has eaten.
    let mut resume: Option<(usize, usize)> = None;
    while t < text.len() {
        match element(pattern, p) {
            Some((Element::Any, width)) => {
                p += width;
                resume = Some((p, t));
                continue;
            }
            Some((Element::One, width)) => {
                p += width;
                t += 1;
                continue;
            }
            Some((Element::Byte(byte), width)) if same(byte, text[t], case) => {
                p += width;
                t += 1;
                continue;
            }
            Some((Element::Byte(_), _)) | None => {}
        }
        let Some((behind, eaten)) = resume else {
            return false;
        };
        p = behind;
        t = eaten + 1;
        resume = Some((behind, t));
    }
    while let Some((Element::Any, width)) = element(pattern, p) {
        p += width;
    }
    p >= pattern.len()
}

/// Counts the wildcards of a pattern.
pub(super) fn wildcards(pattern: &[u8]) -> usize {
    let (mut count, mut at) = (0, 0);
    while let Some((found, width)) = element(pattern, at) {
        count += usize::from(matches!(found, Element::Any | Element::One));
        at += width;
    }
    count
}

fn element(pattern: &[u8], at: usize) -> Option<(Element, usize)> {
    Some(match (pattern.get(at)?, pattern.get(at + 1)) {
        (b'\\', Some(&next @ (b'*' | b'?' | b'\\'))) => (Element::Byte(next), 2),
        (b'*', _) => (Element::Any, 1),
        (b'?', _) => (Element::One, 1),
        (&byte, _) => (Element::Byte(byte), 1),
    })
}

fn same(a: u8, b: u8, case: Case) -> bool {
    match case {
        Case::Ignored => a.eq_ignore_ascii_case(&b),
        Case::Kept => a == b,
    }
}
