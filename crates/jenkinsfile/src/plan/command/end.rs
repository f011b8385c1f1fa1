//! Where what a shell reads as one thing ends.
//!
//! Responsible for finding the parenthesis, brace or quote that closes another, whatever stands
//! between them (POSIX.1-2017, 2.2 "Quoting", 2.6.2 "Parameter Expansion").

/// What a place in a text is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    Accents,
    /// `${…}`
    Brace,
    /// The same in double quotes: a single one is none in it.
    QuotedBrace,
    Double,
    /// `$(…)`
    Parenthesis,
    Single,
}

impl Within {
    const fn end(self) -> char {
        match self {
            Self::Accents => '`',
            Self::Brace | Self::QuotedBrace => '}',
            Self::Double => '"',
            Self::Parenthesis => ')',
            Self::Single => '\'',
        }
    }

    /// What begins in it with this sign behind that one.
    fn begun(self, before: char, sign: char) -> Option<Self> {
        let is_quoted = matches!(self, Self::Double | Self::QuotedBrace);
        match sign {
            _ if self == Self::Single => None,
            '(' if before == '$' || self == Self::Parenthesis => Some(Self::Parenthesis),
            // One alone opens none.
            '{' if before == '$' => Some(if is_quoted { Self::QuotedBrace } else { Self::Brace }),
            '"' => Some(Self::Double),
            '\'' if !is_quoted => Some(Self::Single),
            '`' => Some(Self::Accents),
            _ => None,
        }
    }
}

/// Where the sign stands that closes what a text begins in.
pub(super) fn end_of(text: &str, begin: Within) -> Option<usize> {
    let mut open = vec![begin];
    let (mut before, mut is_escaped, mut is_comment) = (' ', false, false);
    for (at, c) in text.char_indices() {
        let last = std::mem::replace(&mut before, c);
        let within = *open.last()?;
        is_comment &= c != '\n';
        if is_comment || std::mem::take(&mut is_escaped) {
            continue;
        }
        if c == '\\' && within != Within::Single {
            is_escaped = true;
        } else if c == '#' && within == Within::Parenthesis && last.is_whitespace() {
            is_comment = true;
        } else if c == within.end() {
            open.pop();
            if open.is_empty() {
                return Some(at);
            }
        } else {
            open.extend(within.begun(last, c));
        }
    }
    None
}
