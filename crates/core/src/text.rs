//! Hostile text made harmless: what a terminal, a directory name and a domain may carry.
//!
//! Branch names, commit messages, build output and server answers come from whoever can push.
//! They are kept as they came and pass through here on their way to a person or a path.

/// Replaces everything that could move a cursor, hide or reorder text, and cuts to `most` characters.
///
/// C0 and C1 controls, DEL, line and paragraph separators, and the bidirectional controls of
/// Unicode TR 36 become `\u{FFFD}`; a tab becomes a space. A cut text ends in `…`.
pub fn printable(text: &str, most: usize) -> String {
    let mut out = String::with_capacity(text.len().min(most * 4));
    for (count, c) in text.chars().enumerate() {
        if count == most {
            out.pop();
            out.push('…');
            break;
        }
        out.push(harmless(c));
    }
    out
}

fn harmless(c: char) -> char {
    match c {
        '\t' => ' ',
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => '\u{fffd}',
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{feff}' => '\u{fffd}',
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        other => other,
    }
}

/// The first line of a text, made printable.
pub fn first_line(text: &str, most: usize) -> String {
    printable(text.lines().next().unwrap_or(""), most)
}

/// Makes a name that is legal in a domain and a directory out of any text.
///
/// What is not `a-z` or `0-9` becomes `-`; four hex digits of the text's FNV-1a hash keep two
/// texts apart that would otherwise meet, as `feature/a` and `feature-a` or two Korean names.
pub fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        let c = if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' };
        if (c != '-' || !out.ends_with('-')) && out.len() < 24 {
            out.push(c);
        }
    }
    let out = out.trim_matches('-');
    let hash = fnv1a(text.as_bytes()) & 0xffff;
    if out.is_empty() { format!("b-{hash:04x}") } else { format!("{out}-{hash:04x}") }
}

/// The 64-bit FNV-1a hash (draft-eastlake-fnv): stable over versions, not for secrets.
pub fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_lose_their_force() {
        let shown = printable("a\x1b]52;c;aGk=\x07b\u{202e}c\u{9b}31m\td", 80);
        assert_eq!(shown, "a\u{fffd}]52;c;aGk=\u{fffd}b\u{fffd}c\u{fffd}31m d");
    }

    #[test]
    fn a_cut_text_says_so() {
        assert_eq!(printable("결제 수정", 3), "결제…");
        assert_eq!(printable("결제", 2), "결제");
    }

    #[test]
    fn slugs_stay_apart_and_legal() {
        let slugs = ["feature/a", "feature-a", "결제", "../x", "$(reboot)", "-rf"].map(slug);
        for (i, one) in slugs.iter().enumerate() {
            assert!(one.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "{one}");
            assert!(!one.starts_with('-') && one.len() <= 29, "{one}");
            assert!(slugs.iter().skip(i + 1).all(|two| one != two), "{one}");
        }
    }
}
