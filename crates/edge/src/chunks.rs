//! Where a body in chunks ends (RFC 9112, section 7.1).
//!
//! Responsible for nothing but that: the codec decodes. Whatever is not well formed, by what the codec
//! takes, has no end that anybody knows.

/// What came of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// All of it is the body's.
    All,
    /// The body ends behind so many bytes.
    Until(usize),
    /// It is no body in chunks.
    Broken,
}

/// Where in a body in chunks the next byte stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Chunks {
    place: Place,
    /// Of the chunk that is read: its size while that is read, then what is to come of it.
    size: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Before the first digit of a size.
    #[default]
    Start,
    Size,
    /// Behind a size, in what may stand before its extension.
    Blank,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// At the beginning of a line behind the last chunk.
    Line,
    Trailer,
    TrailerLf,
    EndLf,
}

impl Chunks {
    /// Reads on.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Read {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if self.place == Place::Data {
                let left = (bytes.len() - at) as u64;
                let passed = left.min(self.size);
                self.size -= passed;
                // No more than there are.
                at += usize::try_from(passed).unwrap_or(bytes.len());
                if self.size == 0 {
                    self.place = Place::DataCr;
                }
                continue;
            }
            at += 1;
            self.place = match (self.place, byte) {
                (Place::EndLf, b'\n') => return Read::Until(at),
                (Place::Start | Place::Size, _) if byte.is_ascii_hexdigit() => {
                    let Some(size) = self.grown(byte) else { return Read::Broken };
                    self.size = size;
                    Place::Size
                }
                (Place::Size | Place::Blank, b' ' | b'\t') => Place::Blank,
                (Place::Size | Place::Blank, b';') => Place::Extension,
                (Place::Size | Place::Blank | Place::Extension, b'\r') => Place::SizeLf,
                (Place::Extension, b'\n') => return Read::Broken,
                (Place::Extension, _) => Place::Extension,
                (Place::SizeLf, b'\n') if self.size == 0 => Place::Line,
                (Place::SizeLf, b'\n') => Place::Data,
                (Place::DataCr, b'\r') => Place::DataLf,
                (Place::DataLf, b'\n') => Place::Start,
                (Place::Line, b'\r') => Place::EndLf,
                (Place::Trailer, b'\r') => Place::TrailerLf,
                (Place::Line | Place::Trailer, b'\n') => return Read::Broken,
                (Place::Line | Place::Trailer, _) => Place::Trailer,
                (Place::TrailerLf, b'\n') => Place::Line,
                _ => return Read::Broken,
            };
        }
        Read::All
    }

    fn grown(&self, digit: u8) -> Option<u64> {
        let digit = char::from(digit).to_digit(16)?;
        let before = if self.place == Place::Start { 0 } else { self.size };
        before.checked_mul(16)?.checked_add(u64::from(digit))
    }
}
