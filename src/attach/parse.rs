//! Reads keys, the mouse and pastes out of what a terminal sends.
//!
//! Everything that it does not know, a late answer to a question for instance, is swallowed
//! whole and never taken for typing. It must never wait: what is not complete stays for later.

use pilothouse_cockpit::Key;
use pilothouse_cockpit::key::{Code, Named};
use pilothouse_cockpit::msg::{Mouse, MouseWhat};

/// The longest sequence that is waited for; a longer one is no sequence.
const SEQUENCE: usize = 64;
/// How much of a paste is kept.
const PASTE: usize = 4096;
const PASTE_END: &[u8] = b"\x1b[201~";

/// What the person did at the terminal, or what the terminal says itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// Pressed a key.
    Key(Key),
    /// Used the mouse.
    Mouse(Mouse),
    /// Pasted a text.
    Paste(String),
    /// The terminal has taken in everything up to a question that it was asked.
    Ready,
}

/// Reads a terminal's bytes.
#[derive(Debug, Default)]
pub(super) struct Parser {
    kept: Vec<u8>,
    /// The text of a paste that has not ended.
    paste: Option<Vec<u8>>,
}

/// What the beginning of some bytes is.
enum Found {
    /// So many bytes mean this, or nothing.
    Whole(usize, Option<Typed>),
    /// More bytes must come.
    Part,
}

impl Parser {
    /// Takes the next bytes and appends what they mean.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<Typed>) {
        self.kept.extend_from_slice(bytes);
        self.read(false, out);
    }

    /// Whether an Escape waits that may be a key or the beginning of a sequence.
    pub(super) fn waits(&self) -> bool {
        self.paste.is_none() && !self.kept.is_empty()
    }

    /// Takes what waits for what it is: nothing came after it for a while.
    pub(super) fn flush(&mut self, out: &mut Vec<Typed>) {
        if self.waits() {
            self.read(true, out);
        }
    }

    fn read(&mut self, is_end: bool, out: &mut Vec<Typed>) {
        let kept = std::mem::take(&mut self.kept);
        let mut rest = kept.as_slice();
        while !rest.is_empty() {
            if let Some(paste) = &mut self.paste {
                let end = find(rest, PASTE_END);
                let text = &rest[..end.unwrap_or(rest.len().saturating_sub(PASTE_END.len() - 1))];
                let room = PASTE.saturating_sub(paste.len()).min(text.len());
                paste.extend_from_slice(&text[..room]);
                let Some(end) = end else {
                    rest = &rest[text.len()..];
                    break;
                };
                rest = &rest[end + PASTE_END.len()..];
                let text = self.paste.take().unwrap_or_default();
                out.push(Typed::Paste(String::from_utf8_lossy(&text).into_owned()));
                continue;
            }
            if rest.starts_with(b"\x1b[200~") {
                self.paste = Some(Vec::new());
                rest = &rest[6..];
                continue;
            }
            match first(rest, is_end) {
                Found::Whole(length, typed) => {
                    out.extend(typed);
                    rest = &rest[length.clamp(1, rest.len())..];
                }
                Found::Part => break,
            }
        }
        self.kept = rest.to_vec();
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// Reads what bytes begin with. There is at least one.
fn first(bytes: &[u8], is_end: bool) -> Found {
    let named = |named| Found::Whole(1, Some(Typed::Key(Key::named(named))));
    match bytes[0] {
        0x1b => escape(bytes, is_end),
        b'\r' | b'\n' => named(Named::Enter),
        b'\t' => named(Named::Tab),
        0x7f | 0x08 => named(Named::Backspace),
        0 => Found::Whole(1, Some(ctrl(' '))),
        byte @ 1..=26 => Found::Whole(1, Some(ctrl(char::from(byte - 1 + b'a')))),
        byte @ 0x1c..=0x1f => Found::Whole(1, Some(ctrl(char::from(byte + 0x40)))),
        _ => character(bytes, is_end),
    }
}

fn ctrl(c: char) -> Typed {
    Typed::Key(Key { ctrl: true, ..Key::char(c) })
}

fn character(bytes: &[u8], is_end: bool) -> Found {
    let length = match bytes[0] {
        0..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Found::Whole(1, None),
    };
    let Some(whole) = bytes.get(..length) else {
        return if is_end { Found::Whole(bytes.len(), None) } else { Found::Part };
    };
    match std::str::from_utf8(whole).ok().and_then(|text| text.chars().next()) {
        Some(c) if !c.is_control() => Found::Whole(length, Some(Typed::Key(Key::char(c)))),
        Some(_) => Found::Whole(length, None),
        None => Found::Whole(1, None),
    }
}

/// Reads what begins with an Escape.
fn escape(bytes: &[u8], is_end: bool) -> Found {
    let esc = || Found::Whole(1, Some(Typed::Key(Key::named(Named::Esc))));
    match bytes.get(1) {
        None if is_end => esc(),
        None => Found::Part,
        Some(b'[') => control(bytes, is_end),
        Some(b'O') => match bytes.get(2) {
            None if is_end => Found::Whole(2, Some(alt(Key::char('O')))),
            None => Found::Part,
            Some(last) => Found::Whole(3, single_shift(*last)),
        },
        Some(b']' | b'P' | b'_' | b'^' | b'X') => string(bytes, is_end),
        Some(0x1b) => esc(),
        Some(_) => match first(&bytes[1..], is_end) {
            Found::Whole(length, typed) => Found::Whole(length + 1, typed.map(with_alt)),
            Found::Part => Found::Part,
        },
    }
}

fn alt(key: Key) -> Typed {
    Typed::Key(Key { alt: true, ..key })
}

fn with_alt(typed: Typed) -> Typed {
    match typed {
        Typed::Key(key) => alt(key),
        Typed::Mouse(_) | Typed::Paste(_) | Typed::Ready => typed,
    }
}

/// Swallows a string that a terminal sends as an answer, up to its terminator.
fn string(bytes: &[u8], is_end: bool) -> Found {
    let bell = bytes.iter().position(|byte| *byte == 7).map(|at| at + 1);
    let end = find(bytes, b"\x1b\\").map(|at| at + 2);
    match bell.into_iter().chain(end).min() {
        Some(end) => Found::Whole(end, None),
        None if bytes.len() == 2 && is_end => {
            Found::Whole(2, Some(alt(Key::char(char::from(bytes[1])))))
        }
        None if is_end || bytes.len() > SEQUENCE * 16 => Found::Whole(bytes.len(), None),
        None => Found::Part,
    }
}

/// Reads a control sequence: ECMA-48 section 5.4, with xterm's and kitty's parameters.
fn control(bytes: &[u8], is_end: bool) -> Found {
    let body = &bytes[2..];
    if body.first() == Some(&b'[') {
        // The Linux console's F1 to F5.
        return match body.get(1) {
            Some(last @ b'A'..=b'E') => Found::Whole(4, Some(function(last - b'A' + 1, 1))),
            Some(_) => Found::Whole(4, None),
            None if is_end => Found::Whole(bytes.len(), None),
            None => Found::Part,
        };
    }
    let Some(end) = body.iter().position(|byte| (0x40..=0x7e).contains(byte)) else {
        let odd = body.iter().any(|byte| !(0x20..=0x3f).contains(byte));
        return match body {
            [] if is_end => Found::Whole(2, Some(alt(Key::char('[')))),
            _ if is_end || odd || body.len() > SEQUENCE => Found::Whole(bytes.len(), None),
            _ => Found::Part,
        };
    };
    let (parameters, last) = (&body[..end], body[end]);
    Found::Whole(end + 3, meaning(parameters, last))
}

fn meaning(parameters: &[u8], last: u8) -> Option<Typed> {
    let text = std::str::from_utf8(parameters).ok()?;
    if let Some(mouse) = text.strip_prefix('<') {
        return self::mouse(mouse, last);
    }
    let mut numbers = text.split(';').map(|part| {
        let number = part.split(':').next().unwrap_or("");
        number.parse::<u16>().ok()
    });
    let number = numbers.next().flatten();
    let modifiers = numbers.next().flatten().unwrap_or(1);
    let key = |named| Some(Typed::Key(modified(Key::named(named), modifiers)));
    match (last, number) {
        (b'A', _) => key(Named::Up),
        (b'B', _) => key(Named::Down),
        (b'C', _) => key(Named::Right),
        (b'D', _) => key(Named::Left),
        (b'H', _) => key(Named::Home),
        (b'F', _) => key(Named::End),
        (b'Z', _) => key(Named::Tab).map(|typed| match typed {
            Typed::Key(key) => Typed::Key(Key { shift: true, ..key }),
            Typed::Mouse(_) | Typed::Paste(_) | Typed::Ready => typed,
        }),
        (b'P' | b'Q' | b'S', _) => Some(function(last - b'P' + 1, modifiers)),
        // A cursor position report has the same end; it has no meaning here.
        (b'R', Some(1)) if parameters.len() <= 3 => Some(function(3, modifiers)),
        (b'n', Some(0)) => Some(Typed::Ready),
        (b'~', Some(1 | 7)) => key(Named::Home),
        (b'~', Some(2)) => key(Named::Insert),
        (b'~', Some(3)) => key(Named::Delete),
        (b'~', Some(4 | 8)) => key(Named::End),
        (b'~', Some(5)) => key(Named::PageUp),
        (b'~', Some(6)) => key(Named::PageDown),
        (b'~', Some(number)) => tilde_function(number).map(|number| function(number, modifiers)),
        _ => None,
    }
}

fn tilde_function(number: u16) -> Option<u8> {
    let from = match number {
        11..=15 => 10,
        17..=21 => 11,
        23..=24 => 12,
        _ => return None,
    };
    u8::try_from(number - from).ok()
}

fn function(number: u8, modifiers: u16) -> Typed {
    let key = Key { code: Code::Function(number), ctrl: false, alt: false, shift: false };
    Typed::Key(modified(key, modifiers))
}

/// xterm's modifiers: one more than the sum of 1 for Shift, 2 for Alt, 4 for Control.
fn modified(key: Key, modifiers: u16) -> Key {
    let bits = modifiers.saturating_sub(1);
    Key { shift: bits & 1 != 0, alt: bits & 2 != 0, ctrl: bits & 4 != 0, ..key }
}

fn single_shift(last: u8) -> Option<Typed> {
    match last {
        b'A' | b'B' | b'C' | b'D' | b'H' | b'F' | b'P' | b'Q' | b'S' => meaning(b"", last),
        b'R' => Some(function(3, 1)),
        b'M' => Some(Typed::Key(Key::named(Named::Enter))),
        _ => None,
    }
}

/// Reads xterm's SGR mouse report, 1006.
fn mouse(text: &str, last: u8) -> Option<Typed> {
    let mut numbers = text.split(';').map(str::parse::<u16>);
    let (Some(Ok(button)), Some(Ok(x)), Some(Ok(y))) =
        (numbers.next(), numbers.next(), numbers.next())
    else {
        return None;
    };
    // Modifiers do not matter; motion and other buttons do nothing.
    let what = match (button & !0b1_1100, last) {
        (0, b'M') => MouseWhat::Click,
        (64, b'M') => MouseWhat::WheelUp,
        (65, b'M') => MouseWhat::WheelDown,
        _ => return None,
    };
    Some(Typed::Mouse(Mouse { what, x: x.checked_sub(1)?, y: y.checked_sub(1)? }))
}

#[cfg(test)]
mod tests;
