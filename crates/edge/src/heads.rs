//! The bytes of request heads as they were sent, which the codec hides.
//!
//! Responsible for knowing where each head begins and ends, by the lengths and the chunks of the bodies
//! between them, and for how many bytes of unfinished heads a worker holds. It must never judge a head:
//! that is `admit`'s.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::chunks::{Chunks, Read};

/// A buffer that is kept between heads; one that a large head needed is given back.
const KEPT: usize = 4 * 1024;
/// Bytes of unfinished heads that one worker holds for all of its clients before large ones end.
const MOST_UNFINISHED: usize = 16 * 1024 * 1024;

/// How many bytes of unfinished heads there are, of all clients of one worker.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unfinished(Arc<AtomicUsize>);

/// What comes behind a request's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behind {
    /// A body of so many bytes, and then the next head.
    Length(u64),
    /// A body in chunks, and then the next head.
    Chunks,
}

/// Where in a connection's bytes the next one stands.
#[derive(Debug)]
enum Place {
    /// In a head, or before one.
    Head,
    /// In a body of which so many bytes are still to come.
    Body(u64),
    /// In a body in chunks.
    Chunks(Chunks),
    /// Nobody knows: nothing is told of any head any more.
    Lost,
}

/// The heads of one client's connection.
#[derive(Debug)]
pub(crate) struct Heads {
    /// What was read from the beginning of the next head on.
    bytes: Vec<u8>,
    place: Place,
    limit: usize,
    unfinished: Unfinished,
}

impl Heads {
    /// Keeps at most `limit` bytes: a head of the largest size, and what the codec reads ahead.
    pub(crate) fn new(limit: usize, unfinished: Unfinished) -> Self {
        Self { bytes: Vec::new(), place: Place::Head, limit, unfinished }
    }

    /// Takes what was read.
    pub(crate) fn read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let passed = match &mut self.place {
                Place::Head => return self.keep(bytes),
                Place::Lost => return,
                Place::Body(left) => {
                    let passed = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= passed as u64;
                    if *left == 0 {
                        self.place = Place::Head;
                    }
                    passed
                }
                Place::Chunks(chunks) => match chunks.read(bytes) {
                    Read::All => return,
                    Read::Until(passed) => {
                        self.place = Place::Head;
                        passed
                    }
                    Read::Broken => {
                        self.place = Place::Lost;
                        return;
                    }
                },
            };
            bytes = &bytes[passed..];
        }
    }

    fn keep(&mut self, mut bytes: &[u8]) {
        if self.bytes.is_empty() {
            bytes = &bytes[begin(bytes)..];
        }
        if bytes.len() > self.limit.saturating_sub(self.bytes.len()) {
            self.forget();
            self.place = Place::Lost;
            return;
        }
        self.bytes.extend_from_slice(bytes);
        self.unfinished.0.fetch_add(bytes.len(), Ordering::Relaxed);
    }

    /// Hands out the bytes of the head that the codec has read, and keeps those of the next one. None
    /// where they are not known.
    pub(crate) fn begin(&mut self, behind: Behind) -> Vec<u8> {
        self.unfinished.0.fetch_sub(self.bytes.len(), Ordering::Relaxed);
        let mut head = std::mem::take(&mut self.bytes);
        let Some(end) = end(&head) else {
            self.place = Place::Lost;
            return Vec::new();
        };
        let rest = head.split_off(end);
        self.place = match behind {
            Behind::Length(0) => Place::Head,
            Behind::Length(length) => Place::Body(length),
            Behind::Chunks => Place::Chunks(Chunks::default()),
        };
        self.read(&rest);
        head
    }

    /// Lets go of what is held, where no head comes any more.
    pub(crate) fn forget(&mut self) {
        self.unfinished.0.fetch_sub(self.bytes.len(), Ordering::Relaxed);
        self.bytes = Vec::new();
    }

    /// Takes the buffer of a head back for the next one.
    pub(crate) fn give_back(&mut self, mut head: Vec<u8>) {
        if self.bytes.is_empty() && head.capacity() <= KEPT {
            head.clear();
            self.bytes = head;
        }
    }

    /// Whether this head is a large one while the worker holds too much of unfinished ones.
    pub(crate) fn is_too_much(&self) -> bool {
        self.bytes.len() > KEPT && self.unfinished.0.load(Ordering::Relaxed) > MOST_UNFINISHED
    }
}

impl Drop for Heads {
    fn drop(&mut self) {
        self.forget();
    }
}

/// Where the first head ends, behind its first empty line.
fn end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        at += line.len();
        if matches!(line, b"\r\n" | b"\n") {
            return Some(at);
        }
    }
    None
}

/// Where a head begins: empty lines before a request are none of it (RFC 9112, section 2.2).
pub(crate) fn begin(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !b"\r\n".contains(byte)).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    fn heads() -> Heads {
        Heads::new(100, Unfinished::default())
    }

    #[test]
    fn empty_lines_before_a_head_are_none_of_it() {
        let mut heads = heads();
        heads.read(b"\r\n\r");
        heads.read(&[b"\n", GET, b"ab\r\n", GET, b"abc", &GET[..5]].concat());
        assert_eq!(heads.begin(Behind::Length(2)), GET);
        assert_eq!(heads.begin(Behind::Length(3)), GET);
        heads.read(&GET[5..]);
        assert_eq!(heads.begin(Behind::Length(0)), GET);
    }

    /// Requests of all kinds, however they are cut and sent together, have their own heads.
    #[test]
    fn every_head_is_found_however_the_bytes_arrive() {
        let chunked = |size: usize| {
            let body = "x\r\n".repeat(size);
            let len = body.len();
            let first = format!("{len:X} ;e=\"a\"\r\n{body}\r\n");
            let last =
                if size.is_multiple_of(2) { "0\r\n\r\n" } else { "000\r\nt: 1\r\nu: 2\r\n\r\n" };
            let first = if len == 0 { String::new() } else { first };
            (Behind::Chunks, format!("{first}{last}").into_bytes())
        };
        let sized = |size: usize| (Behind::Length(size as u64), vec![b'\n'; size]);
        let kinds = [sized(0), chunked(0), sized(1), chunked(1), sized(300), chunked(70), sized(5)];
        let mut seed = 1u64;
        let mut random = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(seed >> 33).unwrap() % below
        };
        for turn in 0..2000 {
            let mut heads = Heads::new(100_000, Unfinished::default());
            let all: Vec<_> = (0..12).map(|_| &kinds[random(kinds.len())]).collect();
            let head = |at: usize| format!("GET /{at} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes();
            let bytes: Vec<u8> = all
                .iter()
                .enumerate()
                .flat_map(|(at, (_, body))| [head(at), body.clone()].concat())
                .collect();
            let (mut sent, mut begun) = (0, 0);
            while sent < bytes.len() {
                let piece = 1 + random(if turn < 1000 { 5 } else { 600 });
                heads.read(&bytes[sent..bytes.len().min(sent + piece)]);
                sent = bytes.len().min(sent + piece);
                while matches!(heads.place, Place::Head) && end(&heads.bytes).is_some() {
                    assert_eq!(heads.begin(all[begun].0), head(begun), "{turn}");
                    begun += 1;
                }
            }
            assert_eq!(begun, all.len(), "{turn}");
            assert_eq!(heads.unfinished.0.load(Ordering::Relaxed), 0);
        }
    }

    #[test]
    fn what_is_no_body_in_chunks_hides_all_that_comes_behind_it() {
        for body in
            ["x\r\n", "\r\n", "1\na", "1\r\nab", "1\r\na\n", "0\r\n\rx", "0\r\nt\rx", "1 x\r\n"]
        {
            let mut heads = heads();
            heads.read(&[GET, body.as_bytes(), GET].concat());
            assert_eq!(heads.begin(Behind::Chunks), GET);
            heads.read(GET);
            assert_eq!(heads.begin(Behind::Length(0)), b"", "{body:?}");
            heads.read(GET);
            assert_eq!(heads.begin(Behind::Length(0)), b"", "{body:?}");
        }
    }

    #[test]
    fn more_than_is_kept_hides_all_that_comes() {
        let mut heads = heads();
        heads.read(&[b'x'; 101]);
        assert_eq!(heads.unfinished.0.load(Ordering::Relaxed), 0);
        heads.read(GET);
        assert_eq!(heads.begin(Behind::Length(0)), b"");
    }

    #[test]
    fn large_heads_are_too_much_for_a_worker_that_holds_many() {
        let unfinished = Unfinished::default();
        let mut all: Vec<Heads> = Vec::new();
        for _ in 0..=MOST_UNFINISHED / (2 * KEPT) {
            let mut heads = Heads::new(2 * KEPT, unfinished.clone());
            heads.read(&[b'x'; 2 * KEPT]);
            all.push(heads);
        }
        let mut small = Heads::new(2 * KEPT, unfinished);
        small.read(GET);
        assert_eq!((all[0].is_too_much(), small.is_too_much()), (true, false));
        all.truncate(all.len() - 2);
        assert!(!all[0].is_too_much());
        all[0].begin(Behind::Length(0));
        all[1].forget();
        drop(all);
        assert_eq!(small.unfinished.0.load(Ordering::Relaxed), GET.len());
    }
}
