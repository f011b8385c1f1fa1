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
    behind: Behind,
    limit: usize,
    unfinished: Unfinished,
}

impl Heads {
    /// Keeps at most `limit` bytes, the size of the largest head.
    pub(crate) fn new(limit: usize, unfinished: Unfinished) -> Self {
        Self { bytes: Vec::new(), behind: Behind::Length(0), limit, unfinished }
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
        if bytes.len() > self.limit.saturating_sub(self.bytes.len()) {
            // What comes next would be taken for what was passed over.
            self.forget();
            self.behind = Behind::Chunks;
            return;
        }
        self.bytes.extend_from_slice(bytes);
        self.unfinished.0.fetch_add(bytes.len(), Ordering::Relaxed);
    }

    /// Hands out the bytes of the head that the codec has read, as far as they are known, and
    /// keeps those of the next one.
    pub(crate) fn begin(&mut self, behind: Behind) -> Vec<u8> {
        self.unfinished.0.fetch_sub(self.bytes.len(), Ordering::Relaxed);
        let mut head = std::mem::take(&mut self.bytes);
        let rest = head.split_off(end(&head));
        self.behind = behind;
        self.read(&rest, false);
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

/// Where the first head ends: behind its first empty line, or with the bytes.
fn end(bytes: &[u8]) -> usize {
    let mut at = begin(bytes);
    for line in bytes[at..].split_inclusive(|&byte| byte == b'\n') {
        at += line.len();
        if matches!(line, b"\r\n" | b"\n") {
            break;
        }
    }
    at
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
