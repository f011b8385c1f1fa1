//! Puts a text on the person's clipboard through the terminal: OSC 52.
//!
//! The terminal runs where the person sits, this program perhaps elsewhere: a native clipboard
//! tool would fill the wrong machine's clipboard and call it success.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The most that is sent: xterm and others drop a sequence of more than 100,000 bytes whole.
const MOST: usize = 56_000;
/// The longest piece that screen hands through.
const PIECE: usize = 76;

/// What stands between this program and the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Between {
    /// Nothing that must be told.
    Nothing,
    /// tmux.
    Tmux,
    /// GNU screen.
    Screen,
}

impl Between {
    /// Reads this process's environment.
    pub(super) fn read() -> Self {
        if std::env::var_os("TMUX").is_some() {
            Self::Tmux
        } else if std::env::var_os("STY").is_some() {
            Self::Screen
        } else {
            Self::Nothing
        }
    }
}

/// The bytes that put a text on the clipboard; none where it is too large to arrive.
pub(super) fn sequence(text: &str, between: Between) -> Option<String> {
    if text.len() > MOST {
        return None;
    }
    let plain = format!("\x1b]52;c;{}\x1b\\", STANDARD.encode(text));
    Some(match between {
        Between::Nothing => plain,
        // tmux takes one of the two, as it is set up; both come to the same.
        Between::Tmux => format!("{plain}\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b")),
        Between::Screen => {
            let bell = plain.replace("\x1b\\", "\x07");
            let mut wrapped = String::new();
            for piece in bell.as_bytes().chunks(PIECE) {
                wrapped.push_str("\x1bP");
                wrapped.push_str(&String::from_utf8_lossy(piece));
                wrapped.push_str("\x1b\\");
            }
            wrapped
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_and_wrapped() {
        assert_eq!(sequence("hi", Between::Nothing).unwrap(), "\x1b]52;c;aGk=\x1b\\");
        let tmux = sequence("hi", Between::Tmux).unwrap();
        assert!(tmux.ends_with("\x1bPtmux;\x1b\x1b]52;c;aGk=\x1b\x1b\\\x1b\\"), "{tmux:?}");
        assert_eq!(sequence("hi", Between::Screen).unwrap(), "\x1bP\x1b]52;c;aGk=\x07\x1b\\");
    }

    #[test]
    fn what_would_not_arrive_is_not_sent() {
        assert!(sequence(&"x".repeat(MOST), Between::Nothing).unwrap().len() < 74_994);
        assert_eq!(sequence(&"x".repeat(MOST + 1), Between::Nothing), None);
    }
}
