//! Reads a server-sent event stream (WHATWG HTML, section 9.2.6) from chunks of any size.
//!
//! It holds at most one event and never more than its limit. What an event means is not its
//! business.

use std::collections::VecDeque;

/// One event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SseEvent {
    /// The last id that the stream gave, also where this event gave none.
    pub id: String,
    /// The event's name; empty where it has none.
    pub name: String,
    /// The data lines, joined by line feeds.
    pub data: String,
}

/// Why a stream cannot be read any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SseError {
    /// An event is larger than the limit.
    #[error("an event is larger than {0} bytes")]
    TooLarge(usize),
    /// A line is not UTF-8.
    #[error("an event is not UTF-8")]
    NotUtf8,
}

/// Collects chunks until they make events.
#[derive(Debug)]
pub struct SseParser {
    most: usize,
    line: Vec<u8>,
    /// Whether the byte before was a carriage return, so that a line feed ends no line of its own.
    after_return: bool,
    at_start: bool,
    id: String,
    name: String,
    data: String,
    has_data: bool,
}

impl SseParser {
    /// Begins a stream of which no event may be larger than `most` bytes.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            line: Vec::new(),
            after_return: false,
            at_start: true,
            id: String::new(),
            name: String::new(),
            data: String::new(),
            has_data: false,
        }
    }

    /// Takes the next bytes and appends the events that they complete.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut VecDeque<SseEvent>) -> Result<(), SseError> {
        while let Some(first) = bytes.first() {
            if self.after_return && *first == b'\n' {
                bytes = &bytes[1..];
                self.after_return = false;
                continue;
            }
            self.after_return = false;
            let end = bytes.iter().position(|b| *b == b'\n' || *b == b'\r');
            let part = &bytes[..end.unwrap_or(bytes.len())];
            if self.line.len() + part.len() + self.data.len() > self.most {
                return Err(SseError::TooLarge(self.most));
            }
            self.line.extend_from_slice(part);
            let Some(end) = end else {
                return Ok(());
            };
            self.after_return = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            let line = std::mem::take(&mut self.line);
            self.line(&line, out)?;
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8], out: &mut VecDeque<SseEvent>) -> Result<(), SseError> {
        let text = std::str::from_utf8(line).map_err(|_| SseError::NotUtf8)?;
        let text = if std::mem::take(&mut self.at_start) {
            text.strip_prefix('\u{feff}').unwrap_or(text)
        } else {
            text
        };
        if text.is_empty() {
            self.dispatch(out);
            return Ok(());
        }
        let (field, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.has_data = true;
                self.data.push_str(value);
            }
            "event" => value.clone_into(&mut self.name),
            "id" if !value.contains('\0') => value.clone_into(&mut self.id),
            // A comment has an empty field name; what is unknown is ignored, as the standard says.
            _ => {}
        }
        Ok(())
    }

    fn dispatch(&mut self, out: &mut VecDeque<SseEvent>) {
        let name = std::mem::take(&mut self.name);
        let data = std::mem::take(&mut self.data);
        if std::mem::take(&mut self.has_data) {
            out.push_back(SseEvent { id: self.id.clone(), name, data });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(chunks: &[&[u8]]) -> Vec<SseEvent> {
        let mut out = VecDeque::new();
        let mut parser = SseParser::new(1 << 16);
        for chunk in chunks {
            parser.push(chunk, &mut out).unwrap();
        }
        out.into()
    }

    fn event(id: &str, name: &str, data: &str) -> SseEvent {
        SseEvent { id: id.to_owned(), name: name.to_owned(), data: data.to_owned() }
    }

    const STREAM: &str = "\u{feff}: hello\n\nid: 7\nevent: record\ndata: {\"a\":1}\n\n:\r\n\r\n\
        event: samples\r\ndata:x\r\ndata:  결제\r\n\r\nretry: 5\rdata\rdata\r\rid: 8\n\nnonsense\ndata: z\n\ndata: unfinished\n";

    #[test]
    fn events_ids_names_comments_and_line_ends() {
        let expected = vec![
            event("7", "record", "{\"a\":1}"),
            event("7", "samples", "x\n 결제"),
            event("7", "", "\n"),
            event("8", "", "z"),
        ];
        assert_eq!(read(&[STREAM.as_bytes()]), expected);
    }

    #[test]
    fn an_endless_event_is_refused_and_not_kept() {
        let mut out = VecDeque::new();
        let mut parser = SseParser::new(100);
        let lines = b"data: 0123456789\n";
        let results: Vec<_> = (0..20).map(|_| parser.push(lines, &mut out)).collect();
        assert!(results.contains(&Err(SseError::TooLarge(100))));
        let mut parser = SseParser::new(100);
        assert_eq!(parser.push(&[b'x'; 101], &mut out), Err(SseError::TooLarge(100)));
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        let mut parser = SseParser::new(100);
        let read = parser.push(b"data: \xff\n", &mut VecDeque::new());
        assert_eq!(read, Err(SseError::NotUtf8));
    }

    proptest! {
        #[test]
        fn where_chunks_are_cut_changes_nothing(cuts in proptest::collection::vec(0usize..STREAM.len(), 0..12)) {
            let bytes = STREAM.as_bytes();
            let mut cuts = cuts;
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|w| &bytes[w[0]..w[1]]).collect();
            prop_assert_eq!(read(&chunks), read(&[bytes]));
        }

        #[test]
        fn noise_is_survived(noise in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let mut parser = SseParser::new(500);
            let _ = parser.push(&noise, &mut VecDeque::new());
        }
    }
}
