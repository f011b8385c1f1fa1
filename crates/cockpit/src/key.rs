//! Keys as keymap files write them and as terminals send them.
//!
//! A key that a terminal cannot send is refused when a file is read, not missed when it is
//! pressed. It knows nothing of what keys do.

use std::fmt;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// One key with its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The key.
    pub code: Code,
    /// Whether Control is held.
    pub ctrl: bool,
    /// Whether Alt is held.
    pub alt: bool,
    /// Whether Shift is held; never with a character, which is written as its capital.
    pub shift: bool,
}

/// A key without its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A character; a space is one.
    Char(char),
    /// F1 to F12.
    Function(u8),
    /// A key with a name.
    Named(Named),
}

/// Keys with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are those on the keys")]
pub enum Named {
    Enter,
    Esc,
    Tab,
    Backspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
}

const NAMES: [(Named, &str, &str); 14] = [
    (Named::Enter, "Enter", "Enter"),
    (Named::Esc, "Esc", "Esc"),
    (Named::Tab, "Tab", "Tab"),
    (Named::Backspace, "Backspace", "Backspace"),
    (Named::Delete, "Delete", "Delete"),
    (Named::Insert, "Insert", "Insert"),
    (Named::Up, "Up", "↑"),
    (Named::Down, "Down", "↓"),
    (Named::Left, "Left", "←"),
    (Named::Right, "Right", "→"),
    (Named::Home, "Home", "Home"),
    (Named::End, "End", "End"),
    (Named::PageUp, "PageUp", "PgUp"),
    (Named::PageDown, "PageDown", "PgDn"),
];

impl Key {
    /// A character without modifiers.
    pub const fn char(c: char) -> Self {
        Self::plain(Code::Char(c))
    }

    /// A named key without modifiers.
    pub const fn named(named: Named) -> Self {
        Self::plain(Code::Named(named))
    }

    const fn plain(code: Code) -> Self {
        Self { code, ctrl: false, alt: false, shift: false }
    }

    /// The character that this key types into a prompt.
    pub fn typed(self) -> Option<char> {
        match self.code {
            Code::Char(c) if !self.ctrl && !self.alt => Some(c),
            Code::Char(_) | Code::Function(_) | Code::Named(_) => None,
        }
    }

    /// Reads a key as keymap files write it, or says why no terminal can send it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let inner = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
        let Some(inner) = inner.filter(|inner| !inner.is_empty()) else {
            return single(text).map(Self::char).ok_or_else(|| {
                format!(
                    "\"{text}\" is no key: write one character, or a name as in <Enter> or <C-x>"
                )
            });
        };
        let mut key = Self::plain(Code::Char(' '));
        let mut rest = inner;
        while let Some((modifier, after)) = modifier(rest) {
            match modifier {
                'C' => key.ctrl = true,
                'A' => key.alt = true,
                _ => key.shift = true,
            }
            rest = after;
        }
        key.code = code(rest).ok_or_else(|| {
            format!("\"{text}\" names no key: use a character, F1 to F12, Space, Enter, Esc, Tab, Backspace, Delete, Insert, Up, Down, Left, Right, Home, End, PageUp or PageDown")
        })?;
        key.possible(text)
    }

    fn possible(self, text: &str) -> Result<Self, String> {
        let Code::Char(c) = self.code else {
            return self.possible_named(text);
        };
        if self.shift {
            let capital = c.to_uppercase();
            return Err(format!("no terminal sends {text}: write \"{capital}\""));
        }
        if !self.ctrl {
            return Ok(self);
        }
        let same = match c.to_ascii_lowercase() {
            'i' => "<Tab>",
            'm' | 'j' => "<Enter>",
            '[' => "<Esc>",
            'h' => "<Backspace>",
            _ if c.is_ascii_uppercase() => {
                return Err(format!(
                    "no terminal tells {text} from <C-{}>: write that",
                    c.to_ascii_lowercase()
                ));
            }
            ' ' | 'a'..='z' | '\\' | ']' | '_' => return Ok(self),
            _ => {
                return Err(format!("no terminal sends {text}: Control goes with a letter"));
            }
        };
        Err(format!("a terminal sends {same} for {text}: write that"))
    }

    fn possible_named(self, text: &str) -> Result<Self, String> {
        let Code::Named(named) = self.code else {
            return Ok(self);
        };
        let deaf = matches!(named, Named::Enter | Named::Esc | Named::Backspace);
        if named == Named::Tab && (self.ctrl || self.alt) || deaf && (self.ctrl || self.shift) {
            return Err(format!(
                "most terminals send {text} without its modifiers: choose another key"
            ));
        }
        Ok(self)
    }

    /// Takes a terminal's event; releases and keys without a meaning here give none.
    pub fn from_event(event: &KeyEvent) -> Option<Self> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        let has = |modifier| event.modifiers.contains(modifier);
        let mut key = Self {
            code: Code::Char(' '),
            ctrl: has(KeyModifiers::CONTROL),
            alt: has(KeyModifiers::ALT),
            shift: has(KeyModifiers::SHIFT),
        };
        key.code = match event.code {
            KeyCode::Char(c) => {
                key.shift = false;
                Code::Char(if key.ctrl { c.to_ascii_lowercase() } else { c })
            }
            KeyCode::F(number) => Code::Function(number),
            KeyCode::BackTab => {
                key.shift = true;
                Code::Named(Named::Tab)
            }
            KeyCode::Enter => Code::Named(Named::Enter),
            KeyCode::Esc => Code::Named(Named::Esc),
            KeyCode::Tab => Code::Named(Named::Tab),
            KeyCode::Backspace => Code::Named(Named::Backspace),
            KeyCode::Delete => Code::Named(Named::Delete),
            KeyCode::Insert => Code::Named(Named::Insert),
            KeyCode::Up => Code::Named(Named::Up),
            KeyCode::Down => Code::Named(Named::Down),
            KeyCode::Left => Code::Named(Named::Left),
            KeyCode::Right => Code::Named(Named::Right),
            KeyCode::Home => Code::Named(Named::Home),
            KeyCode::End => Code::Named(Named::End),
            KeyCode::PageUp => Code::Named(Named::PageUp),
            KeyCode::PageDown => Code::Named(Named::PageDown),
            _ => return None,
        };
        Some(key)
    }

    /// The key as a footer shows it: `x`, `^c`, `⇥` are too cryptic, so `C-c`, `S-Tab`.
    pub fn shown(self) -> String {
        let name = match self.code {
            Code::Char(' ') => "Space".to_owned(),
            Code::Char(c) => c.to_string(),
            Code::Function(number) => format!("F{number}"),
            Code::Named(named) => named_row(named).2.to_owned(),
        };
        format!("{}{name}", self.prefix())
    }

    fn prefix(self) -> String {
        let mut prefix = String::new();
        for (held, text) in [(self.ctrl, "C-"), (self.alt, "A-"), (self.shift, "S-")] {
            if held {
                prefix.push_str(text);
            }
        }
        prefix
    }
}

impl fmt::Display for Key {
    /// Writes the key as keymap files write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = self.prefix();
        match self.code {
            Code::Char(' ') => write!(f, "<{prefix}Space>"),
            Code::Char(c) if prefix.is_empty() => write!(f, "{c}"),
            Code::Char(c) => write!(f, "<{prefix}{c}>"),
            Code::Function(number) => write!(f, "<{prefix}F{number}>"),
            Code::Named(named) => write!(f, "<{prefix}{}>", named_row(named).1),
        }
    }
}

/// Reads a row of keys as tests and documentation write it: `jj<Enter>xd`.
pub fn keys(text: &str) -> Result<Vec<Key>, String> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match rest.find('>') {
            Some(end) if first == '<' => end + 1,
            _ => first.len_utf8(),
        };
        let (one, after) = rest.split_at(end);
        keys.push(Key::parse(one)?);
        rest = after;
    }
    Ok(keys)
}

fn single(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|c| chars.next().is_none() && !c.is_control())
}

fn modifier(text: &str) -> Option<(char, &str)> {
    let letter = text.chars().next().filter(|c| matches!(c, 'C' | 'A' | 'S'))?;
    let after = text.get(1..)?.strip_prefix('-').filter(|after| !after.is_empty())?;
    Some((letter, after))
}

fn code(text: &str) -> Option<Code> {
    if let Some(c) = single(text) {
        return Some(Code::Char(c));
    }
    if text == "Space" {
        return Some(Code::Char(' '));
    }
    if let Some(number) = text.strip_prefix('F').and_then(|digits| digits.parse().ok()) {
        return Some(Code::Function(number)).filter(|_| (1..=12).contains(&number));
    }
    NAMES.iter().find(|row| row.1 == text).map(|row| Code::Named(row.0))
}

fn named_row(named: Named) -> (Named, &'static str, &'static str) {
    NAMES.iter().copied().find(|row| row.0 == named).unwrap_or(NAMES[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_reads_back_as_written() {
        for text in [
            "j",
            "G",
            "<C-x>",
            "<A-x>",
            "<S-Tab>",
            "<F1>",
            "<Space>",
            "<C-Space>",
            "<Esc>",
            "<",
            "결",
        ] {
            assert_eq!(Key::parse(text).map(|key| key.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn keys_that_no_terminal_sends_are_refused() {
        for text in [
            "",
            "ab",
            "<S-a>",
            "<C-i>",
            "<C-m>",
            "<C-X>",
            "<C-1>",
            "<C-Enter>",
            "<Foo>",
            "<F13>",
            "<C-Tab>",
        ] {
            assert!(Key::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_row_of_keys() {
        let row: Vec<String> =
            keys("j<C-d><Enter>xd").unwrap().iter().map(Key::to_string).collect();
        assert_eq!(row, ["j", "<C-d>", "<Enter>", "x", "d"]);
    }
}
