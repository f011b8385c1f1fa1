//! Control sequences of terminals, which programs that colour their output put into the middle of
//! a text, and which are left out where a log is shown.

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

/// Measures the control sequence at the head: those of ECMA-48, and the string sequences that
/// terminals know.
pub(super) fn escape(bytes: &[u8]) -> Escape {
    match bytes {
        [ESC] => Escape::Begun,
        [ESC, b'[', rest @ ..] => {
            ends(rest.iter().position(|byte| (0x40..=0x7e).contains(byte)), 3)
        }
        [ESC, b']' | b'P' | b'X' | b'^' | b'_', rest @ ..] => {
            let bell = rest.iter().position(|&byte| byte == 0x07);
            let end = rest.windows(2).position(|two| two == [ESC, b'\\']);
            match (bell, end) {
                (Some(bell), Some(end)) if bell > end => ends(Some(end), 4),
                (None, Some(end)) => ends(Some(end), 4),
                (bell, _) => ends(bell, 3),
            }
        }
        [ESC, _, ..] => Escape::Whole(2),
        _ => Escape::Not,
    }
}

fn ends(at: Option<usize>, others: usize) -> Escape {
    at.map_or(Escape::Begun, |at| Escape::Whole(at + others))
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
            (b"\x1b7x", Escape::Whole(2)),
        ] {
            assert_eq!(escape(bytes), wanted, "{bytes:?}");
        }
    }
}
