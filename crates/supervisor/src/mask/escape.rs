//! Control sequences of terminals, which programs that colour their output put into the middle of
//! a text. They are left out where a log is shown, and the mask sees through them: one measure says
//! for both where a sequence ends, or a secret would pass by what only one of them knows.

pub(super) const ESC: u8 = 0x1b;

/// What begins at the head of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escape {
    /// No control sequence.
    Not,
    /// One of so many bytes.
    Whole(usize),
    /// One whose end has not come.
    Begun,
}

/// Measures the control sequence at the head: those of ECMA-35 and ECMA-48, and the string
/// sequences that terminals know. One that another ESC breaks off ends before it, and so does one
/// that goes on with a byte that none has.
pub(super) fn escape(bytes: &[u8]) -> Escape {
    match bytes {
        [ESC] => Escape::Begun,
        [ESC, b'[', rest @ ..] => {
            let is_end = |byte: &u8| *byte == ESC || (0x40..=0x7e).contains(byte);
            match rest.iter().position(is_end) {
                Some(at) if rest[at] == ESC => Escape::Whole(at + 2),
                at => ends(at, 3),
            }
        }
        [ESC, b']' | b'P' | b'X' | b'^' | b'_', rest @ ..] => {
            let is_end = |at: &usize| rest[*at] == 0x07 || rest[*at..].starts_with(&[ESC, b'\\']);
            let end = (0..rest.len()).find(is_end);
            ends(end, if end.is_some_and(|at| rest[at] == ESC) { 4 } else { 3 })
        }
        // Any number of intermediate bytes and a final one, as `ESC ( B`.
        [ESC, rest @ ..] => match rest.iter().position(|byte| !(0x20..=0x2f).contains(byte)) {
            Some(at) if (0x30..=0x7e).contains(&rest[at]) => Escape::Whole(at + 2),
            Some(at) => Escape::Whole(at + 1),
            None => Escape::Begun,
        },
        _ => Escape::Not,
    }
}

fn ends(at: Option<usize>, others: usize) -> Escape {
    at.map_or(Escape::Begun, |at| Escape::Whole(at + others))
}

/// Leaves out the control sequences of a text, and all that follows one without an end.
pub fn without_escapes(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&byte| byte == ESC) {
        let (plain, sequence) = rest.split_at(at);
        out.extend_from_slice(plain);
        rest = match escape(sequence) {
            Escape::Whole(length) => sequence.get(length..).unwrap_or_default(),
            Escape::Begun | Escape::Not => &[],
        };
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_measured_to_their_end() {
        for (bytes, wanted) in [
            (&b"plain"[..], Escape::Not),
            (b"\x1b", Escape::Begun),
            (b"\x1b[1;3", Escape::Begun),
            (b"\x1b[m\x1b[K", Escape::Whole(3)),
            (b"\x1b[38;5;1mred", Escape::Whole(9)),
            (b"\x1b]0;title\x07x\x1b\\", Escape::Whole(10)),
            (b"\x1b]0;title\x1b\\x\x07", Escape::Whole(11)),
            (b"\x1b]0;title", Escape::Begun),
            (b"\x1b]0;ti\x1btle\x1b", Escape::Begun),
            (b"\x1b7x", Escape::Whole(2)),
            // Intermediate bytes: character sets, a screen of E's, and one with two of them.
            (b"\x1b(Bx", Escape::Whole(3)),
            (b"\x1b#8x", Escape::Whole(3)),
            (b"\x1b$(Cx", Escape::Whole(4)),
            (b"\x1b(", Escape::Begun),
            // Broken off.
            (b"\x1b\x1b[m", Escape::Whole(1)),
            (b"\x1b[1;\x1b[m", Escape::Whole(4)),
            (b"\x1b(\x1b[m", Escape::Whole(2)),
            ("\x1bé".as_bytes(), Escape::Whole(1)),
        ] {
            assert_eq!(escape(bytes), wanted, "{bytes:?}");
        }
    }

    #[test]
    fn a_text_is_left_without_them() {
        for (text, wanted) in [
            ("\x1b[32mPASS\x1b(B\x1b[m test", "PASS test"),
            ("a\x1b]0;title\x07b\x1bPq\x1b\\c\x1b#8d", "abcd"),
            ("a\x1bé\x1b\x1b[mb", "aéb"),
            ("a\x1b(", "a"),
            ("a\x1b[31", "a"),
        ] {
            assert_eq!(String::from_utf8_lossy(&without_escapes(text.as_bytes())), wanted);
        }
    }
}
