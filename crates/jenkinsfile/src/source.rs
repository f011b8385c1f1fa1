//! Where things stand in a text.
//!
//! Responsible for spans of bytes, and for turning them into the lines and columns that people
//! read. It must not know what the text means.

/// A range of bytes of the text, the end not included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
}

impl Span {
    /// A range from its two ends.
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The empty range at the beginning.
    #[must_use]
    pub const fn at_start(self) -> Self {
        Self { start: self.start, end: self.start }
    }

    /// What stands there; nothing where the range is not of this text.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// A line and a column, both counted from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// The lines of a text, found once.
#[derive(Clone, Debug)]
pub struct Lines<'s> {
    text: &'s str,
    starts: Vec<u32>,
    /// How many characters begin before each block of bytes, so that the column of a place in a
    /// very long line is found in bounded time.
    counts: Vec<u32>,
}

/// How many bytes a block has.
const BLOCK: usize = 256;

/// How many lines end in a text; Groovy ends one at a CR alone as well.
pub(crate) fn line_ends(text: &str) -> usize {
    text.matches(['\n', '\r']).count() - text.matches("\r\n").count()
}

/// How many characters begin in some bytes (RFC 3629, section 3).
fn characters(bytes: &[u8]) -> u32 {
    let begins = bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
    u32::try_from(begins).unwrap_or(u32::MAX)
}

impl<'s> Lines<'s> {
    /// Finds the lines of a text.
    pub fn new(text: &'s str) -> Self {
        // Groovy ends a line at a CR alone as well.
        let bytes = text.as_bytes();
        let is_end = |(index, byte): &(usize, &u8)| match **byte {
            b'\n' => true,
            b'\r' => bytes.get(index + 1) != Some(&b'\n'),
            _ => false,
        };
        let ends = bytes.iter().enumerate().filter(is_end);
        let after = ends.map(|(index, _)| u32::try_from(index + 1).unwrap_or(u32::MAX));
        let starts = std::iter::once(0).chain(after).collect();
        let mut count = 0_u32;
        let blocks = text.as_bytes().chunks(BLOCK).map(|block| {
            let before = count;
            count = count.saturating_add(characters(block));
            before
        });
        let counts = blocks.collect();
        Self { text, starts, counts }
    }

    /// The line and column of a byte.
    pub fn position(&self, offset: u32) -> Position {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or_default();
        let column = self.before(offset).saturating_sub(self.before(start)) as usize + 1;
        Position { line, column }
    }

    /// How many characters begin before a byte.
    fn before(&self, offset: u32) -> u32 {
        let offset = (offset as usize).min(self.text.len());
        let block = offset / BLOCK;
        let (block, known) = match self.counts.get(block) {
            Some(known) => (block, *known),
            // The end of a text that fills its last block.
            None => match self.counts.last() {
                Some(known) => (self.counts.len() - 1, *known),
                None => return 0,
            },
        };
        let rest = self.text.as_bytes().get(block * BLOCK..offset).unwrap_or_default();
        known.saturating_add(characters(rest))
    }

    /// The text of a line without its end; the first line is 1.
    pub fn line(&self, line: usize) -> &'s str {
        let start = line.checked_sub(1).and_then(|index| self.starts.get(index));
        let Some(start) = start else {
            return "";
        };
        let rest = self.text.get(*start as usize..).unwrap_or_default();
        rest.split(['\n', '\r']).next().unwrap_or_default()
    }

    /// How many lines there are.
    pub fn count(&self) -> usize {
        self.starts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{Lines, Position};

    #[test]
    fn columns_count_characters() {
        for text in [
            "",
            "a",
            "äb\ncö\n",
            "a\rb\r\nc\r\r\nd\n\re\r",
            &"é".repeat(128),
            &format!("{}\n{}", "x".repeat(700), "日".repeat(300)),
        ] {
            let lines = Lines::new(text);
            let (mut line, mut column) = (1, 1);
            for (index, character) in text.char_indices() {
                let at = u32::try_from(index).unwrap();
                assert_eq!(lines.position(at), Position { line, column }, "{at} of {text:?}");
                column += 1;
                let is_pair = text[index..].starts_with("\r\n");
                if character == '\n' || character == '\r' && !is_pair {
                    (line, column) = (line + 1, 1);
                }
            }
            let end = u32::try_from(text.len()).unwrap();
            assert_eq!(lines.position(end), Position { line, column }, "the end of {text:?}");
        }
    }
}
