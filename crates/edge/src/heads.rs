//! The bytes of request heads as they were sent, which the codec hides.
//!
//! Responsible for knowing where a head begins as far as anybody but the codec can, and for how
//! many bytes of unfinished heads a worker holds. It must never judge a head: that is `admit`'s.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
    /// A body whose end only the codec finds.
    Chunks,
}

/// The heads of one client's connection.
#[derive(Debug)]
pub(crate) struct Heads {
    bytes: Vec<u8>,
    /// How many more came behind those, which are not kept.
    more: u64,
    behind: Behind,
    limit: usize,
    unfinished: Unfinished,
}

impl Heads {
    /// Keeps at most `limit` bytes, the size of the largest head.
    pub(crate) fn new(limit: usize, unfinished: Unfinished) -> Self {
        Self { bytes: Vec::new(), more: 0, behind: Behind::Length(0), limit, unfinished }
    }

    /// Takes what was read. Behind a body in chunks a head begins with what comes once the
    /// request was answered.
    pub(crate) fn read(&mut self, mut bytes: &[u8], is_answered: bool) {
        match &mut self.behind {
            Behind::Chunks if !is_answered => return,
            Behind::Chunks => self.behind = Behind::Length(0),
            Behind::Length(left) => {
                let skipped = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= skipped as u64;
                bytes = &bytes[skipped..];
            }
        }
        // The codec reads much more at once than a head may have, where a body comes along.
        let room = if self.more > 0 { 0 } else { self.limit.saturating_sub(self.bytes.len()) };
        let (kept, more) = bytes.split_at(room.min(bytes.len()));
        self.bytes.extend_from_slice(kept);
        self.more += more.len() as u64;
        self.unfinished.0.fetch_add(kept.len(), Ordering::Relaxed);
    }

    /// Hands out the bytes of the head that the codec has read, as far as they are known, and
    /// keeps those of the next one.
    pub(crate) fn begin(&mut self, behind: Behind) -> Vec<u8> {
        self.unfinished.0.fetch_sub(self.bytes.len(), Ordering::Relaxed);
        let mut head = std::mem::take(&mut self.bytes);
        let more = std::mem::take(&mut self.more);
        let (end, is_whole) = end(&head);
        if more > 0 && !is_whole {
            // It is behind what is kept, so that nobody knows where the next one begins.
            self.behind = Behind::Chunks;
            return Vec::new();
        }
        let rest = head.split_off(end);
        let known = rest.len() as u64;
        self.behind = match behind {
            Behind::Length(length) if length >= known + more => {
                Behind::Length(length - known - more)
            }
            Behind::Length(length) if length > known => Behind::Chunks,
            behind => behind,
        };
        // Where all that was read is its body there is nothing to keep.
        if self.behind == behind {
            self.read(&rest, false);
            self.more = if behind == Behind::Chunks { 0 } else { more };
        }
        head
    }

    /// Lets go of what is held, where no head comes any more.
    pub(crate) fn forget(&mut self) {
        self.unfinished.0.fetch_sub(self.bytes.len(), Ordering::Relaxed);
        (self.bytes, self.more) = (Vec::new(), 0);
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

/// Where the first head ends, behind its first empty line or with the bytes, and whether it does.
fn end(bytes: &[u8]) -> (usize, bool) {
    let mut at = begin(bytes);
    for line in bytes[at..].split_inclusive(|&byte| byte == b'\n') {
        at += line.len();
        if matches!(line, b"\r\n" | b"\n") {
            return (at, true);
        }
    }
    (at, false)
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
    fn heads_that_come_together_are_told_apart() {
        let mut heads = heads();
        heads.read(&[b"\r\n", GET, b"ab\r\n", GET, b"a"].concat(), true);
        assert_eq!(heads.begin(Behind::Length(2)), [b"\r\n", GET].concat());
        assert_eq!(heads.begin(Behind::Length(3)), [b"\r\n", GET].concat());
        heads.read(b"b", false);
        heads.read(&[b"c", &GET[..5]].concat(), false);
        heads.read(&GET[5..], false);
        assert_eq!(heads.begin(Behind::Length(0)), GET);
    }

    #[test]
    fn behind_chunks_nothing_is_known_before_the_answer() {
        let mut heads = heads();
        heads.read(&[GET, b"0\r\n\r\n"].concat(), true);
        assert_eq!(heads.begin(Behind::Chunks), GET);
        heads.read(GET, false);
        assert_eq!(heads.begin(Behind::Chunks), b"");
        heads.read(GET, true);
        assert_eq!(heads.begin(Behind::Length(0)), GET);
    }

    #[test]
    fn bytes_that_are_passed_over_hide_what_comes_behind_them() {
        let mut heads = heads();
        heads.begin(Behind::Length(0));
        heads.read(&[b'x'; 101], false);
        heads.read(GET, false);
        assert_eq!(heads.begin(Behind::Length(0)), b"");
    }

    #[test]
    fn bodies_that_come_along_hide_no_head_however_long_they_are() {
        for length in [0, 50, 72, 73, 74, 99, 100, 101, 500] {
            for and_next in [false, true] {
                let mut heads = heads();
                for _ in 0..5 {
                    let (body, next) = (vec![b'x'; length], if and_next { &GET[..3] } else { b"" });
                    heads.read(&[GET, &body, next].concat(), true);
                    assert_eq!(heads.begin(Behind::Length(length as u64)), GET, "{length}");
                    if and_next {
                        // Where its beginning was not kept nobody knows it, and nobody guesses.
                        heads.read(&GET[3..], false);
                        let is_known = GET.len() + length + 3 <= 100;
                        let head = heads.begin(Behind::Length(0));
                        assert_eq!(head, if is_known { GET } else { b"" }, "{length}");
                    }
                }
                let chunked = [GET, b"1f4\r\n", &[b'x'; 500], b"\r\n0\r\n\r\n"].concat();
                heads.read(&chunked, true);
                assert_eq!(heads.begin(Behind::Chunks), GET);
                heads.read(GET, true);
                assert_eq!(heads.begin(Behind::Length(0)), GET);
            }
        }
    }

    #[test]
    fn large_heads_are_too_much_for_a_worker_that_holds_many() {
        let unfinished = Unfinished::default();
        let mut all: Vec<Heads> = Vec::new();
        for _ in 0..=MOST_UNFINISHED / (2 * KEPT) {
            let mut heads = Heads::new(2 * KEPT, unfinished.clone());
            heads.read(&[b'x'; 2 * KEPT], true);
            all.push(heads);
        }
        let mut small = Heads::new(2 * KEPT, unfinished);
        small.read(GET, true);
        assert_eq!((all[0].is_too_much(), small.is_too_much()), (true, false));
        all.truncate(all.len() - 2);
        assert!(!all[0].is_too_much());
        all[0].begin(Behind::Length(0));
        all[1].forget();
        drop(all);
        assert_eq!(small.unfinished.0.load(Ordering::Relaxed), GET.len());
    }
}
