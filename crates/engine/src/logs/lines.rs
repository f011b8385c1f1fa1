//! Makes printable lines of raw frames.

use std::collections::BTreeMap;

use pilothouse_api::types::{LogLine, Stream};
use pilothouse_core::text::printable;
use pilothouse_core::time::Timestamp;
use pilothouse_supervisor::{Frame, Stream as Raw, without_escapes};

use super::{LINES, Part, SENT};

/// The longest line that is shown, in characters; the rest is cut.
const LINE: usize = 4096;
/// Raw bytes after which a line without an end is shown all the same.
const UNENDED: usize = 64 << 10;

/// Bytes that a line is sent in beside its text: names, numbers and punctuation.
const FRAMING: usize = 80;

/// The streams of a log, in the order in which they are counted.
const STREAMS: [Stream; 3] = [Stream::Out, Stream::Err, Stream::Note];

/// Bytes of each stream, in the order of [`STREAMS`].
pub(super) type Counts = [u64; 3];

/// A stream's place among [`STREAMS`].
pub(super) fn place_among(stream: Raw) -> usize {
    match stream {
        Raw::Stdout => 0,
        Raw::Stderr => 1,
        Raw::Note | Raw::Owner => 2,
    }
}

/// Puts frames together into lines, each stream for itself.
pub(super) struct Lines<'a> {
    part: &'a Part,
    done: Vec<LogLine>,
    /// How many of the first of them a page has room for, and the bytes that those are sent in.
    fitting: usize,
    sent: usize,
    /// Where each of them begins.
    begins: Vec<Begin>,
    /// By the stream's place among [`STREAMS`].
    begun: BTreeMap<usize, Begun>,
    /// Bytes that are still to be passed over because they were shown.
    pass: Counts,
    /// Where each frame begins, and how many bytes of its stream came before it.
    frames: Vec<(u64, Counts)>,
    seen: Counts,
}

/// Where a line begins: in which frame of those that were taken, and where in its stream.
#[derive(Clone, Copy)]
struct Begin {
    stream: usize,
    frame: usize,
    from: u64,
}

/// A line whose end has not come.
struct Begun {
    at: Timestamp,
    bytes: Vec<u8>,
    /// The place of its frame among those that were taken, and of itself in its stream.
    frame: usize,
    from: u64,
}

impl<'a> Lines<'a> {
    /// Begins at a frame, from which on so many bytes of each stream were shown already.
    pub(super) fn new(part: &'a Part, shown: Counts) -> Self {
        Self {
            part,
            done: Vec::new(),
            fitting: 0,
            sent: 0,
            begins: Vec::new(),
            begun: BTreeMap::new(),
            pass: shown,
            frames: Vec::new(),
            seen: Counts::default(),
        }
    }

    /// Makes lines of frames.
    pub(super) fn take(&mut self, frames: &[Frame]) {
        self.take_until(frames, |_| false);
    }

    /// Makes lines of frames, and no more than one beyond a page: a frame can hold a great many.
    pub(super) fn take_page(&mut self, frames: &[Frame]) {
        self.take_until(frames, |lines| lines.done.len() > lines.fitting());
    }

    fn take_until(&mut self, frames: &[Frame], is_enough: impl Fn(&Self) -> bool) {
        for frame in frames {
            let stream = place_among(frame.stream);
            self.frames.push((frame.offset, self.seen));
            let passed = usize::try_from(self.pass[stream]).unwrap_or(usize::MAX);
            let passed = passed.min(frame.bytes.len());
            self.pass[stream] -= passed as u64;
            self.seen[stream] += passed as u64;
            for piece in frame.bytes[passed..].split_inclusive(|byte| *byte == b'\n') {
                let begun = self.begun.entry(stream).or_insert_with(|| Begun {
                    at: Timestamp(frame.time_ms),
                    bytes: Vec::new(),
                    frame: self.frames.len() - 1,
                    from: self.seen[stream],
                });
                begun.bytes.extend_from_slice(piece);
                self.seen[stream] += piece.len() as u64;
                if piece.ends_with(b"\n") || begun.bytes.len() >= UNENDED {
                    self.finish(stream);
                }
                if is_enough(self) {
                    return;
                }
            }
        }
    }

    fn finish(&mut self, stream: usize) {
        let Some(begun) = self.begun.remove(&stream) else { return };
        let text = String::from_utf8_lossy(&begun.bytes);
        let line = LogLine {
            step: self.part.step,
            at: begun.at,
            stream: STREAMS[stream],
            text: shown(&text),
        };
        let all_fit = self.fitting == self.done.len() && self.fitting < LINES;
        let with_it = self.sent + sent(&line);
        if all_fit && with_it <= SENT {
            self.fitting += 1;
            self.sent = with_it;
        }
        self.done.push(line);
        self.begins.push(Begin { stream, frame: begun.frame, from: begun.from });
    }

    /// Takes what was begun as lines too: no end of theirs will come.
    pub(super) fn end(&mut self) {
        for stream in 0..STREAMS.len() {
            self.finish(stream);
        }
    }

    /// Leaves out what was begun, because its end will come, and what is more than so many lines.
    pub(super) fn keep_whole(&mut self, most: usize) {
        self.begun.clear();
        self.done.truncate(most);
    }

    /// The lines.
    pub(super) fn all(self) -> Vec<LogLine> {
        self.done
    }

    /// How many of the first lines a page has room for.
    pub(super) fn fitting(&self) -> usize {
        self.fitting
    }

    /// How many of the last lines, and no more than so many, there is room for, which they take.
    pub(super) fn fitting_last(&self, most: usize, room: &mut usize) -> usize {
        let last = self.done.iter().rev().take(most);
        let fits = |line: &&LogLine| {
            let left = room.checked_sub(sent(line));
            *room = left.unwrap_or(*room);
            left.is_some()
        };
        last.take_while(fits).count()
    }

    /// How many lines there are.
    pub(super) fn len(&self) -> usize {
        self.done.len()
    }

    /// Where the lines without an end begin. None where every line has one.
    pub(super) fn begun_at(&self) -> Option<(u64, Counts)> {
        self.place_of(self.done.len())
    }

    /// Where a line and all that follow it begin: at which frame, and how many bytes of each
    /// stream from there on stand before them. None behind the last.
    pub(super) fn place_of(&self, line: usize) -> Option<(u64, Counts)> {
        let begun = self.begun.iter();
        let begun = begun.map(|(stream, begun)| Begin {
            stream: *stream,
            frame: begun.frame,
            from: begun.from,
        });
        let rest: Vec<Begin> = self.begins.iter().skip(line).copied().chain(begun).collect();
        let first = rest.iter().map(|begin| begin.frame).min()?;
        let (offset, before) = *self.frames.get(first)?;
        let shown = [0, 1, 2].map(|stream| {
            let next = rest.iter().find(|begin| begin.stream == stream);
            next.map_or(self.seen[stream], |begin| begin.from).saturating_sub(before[stream])
        });
        Some((offset, shown))
    }

    /// Whether a line with an end was found.
    pub(super) fn has_whole(&self) -> bool {
        !self.done.is_empty()
    }

    /// When the oldest line without an end began.
    pub(super) fn oldest_begun(&self) -> Option<Timestamp> {
        self.begun.values().map(|begun| begun.at).min()
    }
}

/// The bytes that a line is sent in, at most.
fn sent(line: &LogLine) -> usize {
    let escaped = memchr::memchr2_iter(b'"', b'\\', line.text.as_bytes()).count();
    FRAMING + line.text.len() + escaped
}

/// A line as it is shown: without its end, its colours and anything that moves a cursor, and
/// only what follows the last carriage return, as a terminal would leave it.
fn shown(raw: &str) -> String {
    let line = raw.trim_end_matches(['\n', '\r']);
    let line = line.rsplit('\r').next().unwrap_or(line);
    printable(&String::from_utf8_lossy(&without_escapes(line.as_bytes())), LINE)
}

#[cfg(test)]
mod tests {
    use pilothouse_supervisor::{Frame, Stream};

    use super::{Counts, Lines, Part, shown};

    fn frame(offset: u64, stream: Stream, text: &str) -> Frame {
        Frame { offset, stream, time_ms: 1, bytes: text.as_bytes().to_vec() }
    }

    #[test]
    fn lines_that_end_in_a_later_frame_are_taken_up_where_they_begin() {
        let part = Part { step: 0, dir: "/nowhere".into(), open: true };
        let frames = [
            frame(16, Stream::Stdout, "zero\none\ntw"),
            frame(50, Stream::Stderr, "bad\nwor"),
            frame(80, Stream::Stdout, "o\nthree\n"),
            frame(99, Stream::Stderr, "se\n"),
        ];
        for cut in 1..=frames.len() {
            let mut first = Lines::new(&part, Counts::default());
            first.take(&frames[..cut]);
            let (offset, shown) = first.begun_at().unwrap_or((1000, Counts::default()));
            first.keep_whole(usize::MAX);
            let mut all = first.all();
            let mut rest = Lines::new(&part, shown);
            let from = frames.iter().position(|f| f.offset >= offset).unwrap_or(frames.len());
            rest.take(&frames[from..]);
            rest.end();
            all.extend(rest.all());
            let mut texts: Vec<&str> = all.iter().map(|line| line.text.as_str()).collect();
            texts.sort_unstable();
            assert_eq!(texts, ["bad", "one", "three", "two", "worse", "zero"], "cut at {cut}");
        }
    }

    #[test]
    fn notes_are_told_from_errors() {
        let part = Part { step: 0, dir: "/nowhere".into(), open: false };
        let mut lines = Lines::new(&part, [0; 3]);
        lines.take(&[
            frame(16, Stream::Stderr, "the dead"),
            frame(50, Stream::Note, "the deadline passed\n"),
            frame(60, Stream::Owner, "pulls x\n"),
            frame(80, Stream::Stderr, "line passed\n"),
        ]);
        let all: Vec<_> = lines.all().into_iter().map(|line| (line.stream, line.text)).collect();
        let line = |stream, text: &str| (stream, text.to_owned());
        let deadline = "the deadline passed";
        assert_eq!(
            all,
            [
                line(super::Stream::Note, deadline),
                line(super::Stream::Note, "pulls x"),
                line(super::Stream::Err, deadline),
            ]
        );
    }

    #[test]
    fn a_line_loses_what_moves_a_cursor() {
        for (raw, wanted) in [
            ("plain\n", "plain"),
            ("\u{1b}[31mred\u{1b}[0m end\n", "red end"),
            ("10%\r50%\r100%\r\n", "100%"),
            ("a\u{1b}]52;c;aGFjaw==\u{7}b", "ab"),
            ("a\u{1b}]0;title\u{1b}\\b", "ab"),
            ("\u{1b}[32mPASS\u{1b}(B\u{1b}[m test\u{1b}#8\n", "PASS test"),
            ("a\u{1b}(\n", "a"),
            ("결제 \u{9b}31m", "결제 \u{fffd}31m"),
        ] {
            assert_eq!(shown(raw), wanted, "{raw:?}");
        }
    }
}
