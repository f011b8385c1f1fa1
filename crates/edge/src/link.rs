//! A client's connection as the worker sees it: in which phase, and since when.
//!
//! Responsible for knowing who is being waited for, so that one sweep per worker can end
//! connections that wait too long, and for showing `heads` the bytes that are read.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::clock::coarse_ms;
use crate::heads::{Behind, Heads, Unfinished};
use crate::placed::Placed;
use crate::settings::Limits;

/// Who is being waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    /// Nobody: between requests.
    Idle = 0,
    /// The client: part of a head has arrived.
    Head = 1,
    /// The target, by its own deadline.
    Waiting = 2,
    /// Client and target: an answer is under way.
    Answering = 3,
    /// The connection belongs to a tunnel.
    Upgraded = 4,
}

/// What the worker wants of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Verdict {
    /// Go on.
    Keep = 0,
    /// End after the request in flight, at once if there is none.
    Finish = 1,
    /// End now.
    Abort = 2,
}

/// The state of one client connection; shared by its codec, its requests and the sweep.
#[derive(Debug)]
pub(crate) struct Link {
    phase: AtomicU8,
    verdict: AtomicU8,
    /// When the phase began, by the coarse clock.
    since: AtomicU64,
    /// When bytes last moved, by the coarse clock.
    progress: AtomicU64,
    /// The target took too long to begin its answer.
    is_late: AtomicBool,
    /// The codec asked for bytes since it had the request's head.
    has_looked: AtomicBool,
    /// What was read last ends with an empty line, so that no part of a head is at its end.
    ends_empty: AtomicBool,
    /// The request has a body, so that what is read behind its head is no other head.
    has_body: AtomicBool,
    /// Part of a head came while the request before it was being answered.
    came_behind: AtomicBool,
    /// Part of an answer is still to be written.
    owes_answer: AtomicBool,
    /// The request body was larger than allowed.
    pub(crate) is_too_large: AtomicBool,
    /// The next piece of the request body is the client's to send.
    pub(crate) owes_body: AtomicBool,
    /// The heads as they were sent.
    heads: Mutex<Heads>,
    /// Wakes the connection's task to look at the verdict; a task's waker stays the same.
    waker: OnceLock<Waker>,
}

impl Link {
    pub(crate) fn new(kept: usize, unfinished: Unfinished) -> Self {
        let now = coarse_ms();
        Self {
            phase: AtomicU8::new(Phase::Idle as u8),
            verdict: AtomicU8::new(Verdict::Keep as u8),
            since: AtomicU64::new(now),
            progress: AtomicU64::new(now),
            is_late: AtomicBool::new(false),
            has_looked: AtomicBool::new(false),
            ends_empty: AtomicBool::new(false),
            has_body: AtomicBool::new(false),
            came_behind: AtomicBool::new(false),
            owes_answer: AtomicBool::new(false),
            is_too_large: AtomicBool::new(false),
            owes_body: AtomicBool::new(false),
            heads: Mutex::new(Heads::new(kept, unfinished)),
            waker: OnceLock::new(),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Idle,
            1 => Phase::Head,
            2 => Phase::Waiting,
            3 => Phase::Answering,
            _ => Phase::Upgraded,
        }
    }

    /// Enters a phase now.
    pub(crate) fn enter(&self, phase: Phase) {
        self.enter_at(phase, coarse_ms());
    }

    fn enter_at(&self, phase: Phase, now: u64) {
        self.since.store(now, Ordering::Relaxed);
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// How long no bytes have moved in either direction.
    pub(crate) fn silence(&self) -> Duration {
        Duration::from_millis(coarse_ms().saturating_sub(self.progress.load(Ordering::Relaxed)))
    }

    /// How long the connection has been between requests; none if it is not, or ends already.
    pub(crate) fn idle(&self) -> Option<Duration> {
        let is_idle = self.phase() == Phase::Idle && self.verdict() == Verdict::Keep;
        is_idle.then(|| self.silence())
    }

    /// Begins waiting for a target's answer.
    pub(crate) fn wait(&self) {
        self.is_late.store(false, Ordering::Relaxed);
        self.owes_body.store(false, Ordering::Relaxed);
        self.enter(Phase::Waiting);
    }

    /// Says whether the target has taken too long since `wait`; who asks is polled again when
    /// that comes true.
    pub(crate) fn is_late(&self) -> bool {
        self.is_late.load(Ordering::Relaxed)
    }

    pub(crate) fn verdict(&self) -> Verdict {
        match self.verdict.load(Ordering::Relaxed) {
            0 => Verdict::Keep,
            1 => Verdict::Finish,
            _ => Verdict::Abort,
        }
    }

    /// Tells the connection's task what to do.
    pub(crate) fn judge(&self, verdict: Verdict) {
        self.verdict.store(verdict as u8, Ordering::Relaxed);
        self.wake();
    }

    /// Says which task drives the connection, so that it is polled when there is something to
    /// look at.
    pub(crate) fn driven_by(&self, waker: &Waker) {
        self.waker.get_or_init(|| waker.clone());
    }

    fn wake(&self) {
        // A task that has not run yet looks when it does.
        if let Some(waker) = self.waker.get() {
            waker.wake_by_ref();
        }
    }

    /// Ends what has waited too long: the connection if it was for its client, the request if
    /// it was for its target. A target has time for as long as the request is still arriving.
    pub(crate) fn sweep(&self, limits: &Limits) {
        let Limits { head_timeout, idle_timeout, response_timeout, .. } = *limits;
        let now = coarse_ms();
        let after = |began: &AtomicU64, limit: Duration| {
            let waited = now.saturating_sub(began.load(Ordering::Relaxed));
            u128::from(waited) >= limit.as_millis()
        };
        match self.phase() {
            // A codec that holds an empty line does not finish by itself.
            Phase::Idle if after(&self.progress, idle_timeout) => match self.verdict() {
                Verdict::Keep => self.judge(Verdict::Finish),
                Verdict::Finish | Verdict::Abort => self.judge(Verdict::Abort),
            },
            // A head's time begins when nothing comes before it any more.
            Phase::Head if !self.owes_answer() => {
                if after(&self.since, head_timeout) {
                    self.judge(Verdict::Abort);
                }
            }
            Phase::Head | Phase::Answering if after(&self.progress, idle_timeout) => {
                self.judge(Verdict::Abort);
            }
            Phase::Waiting
                if after(&self.since, response_timeout)
                    && after(&self.progress, response_timeout) =>
            {
                self.is_late.store(true, Ordering::Relaxed);
                self.wake();
            }
            Phase::Idle | Phase::Head | Phase::Waiting | Phase::Answering | Phase::Upgraded => {}
        }
    }

    /// Begins a request and hands out the bytes of its head as far as they are known.
    pub(crate) fn begin(&self, behind: Behind) -> Vec<u8> {
        self.enter(Phase::Waiting);
        self.has_looked.store(false, Ordering::Relaxed);
        self.has_body.store(behind != Behind::Length(0), Ordering::Relaxed);
        self.came_behind.store(false, Ordering::Relaxed);
        self.is_too_large.store(false, Ordering::Relaxed);
        self.heads().begin(behind)
    }

    /// The connection belongs to the target from now on: what came early is no head.
    pub(crate) fn upgrade(&self) {
        self.enter(Phase::Upgraded);
        self.heads().forget();
    }

    fn heads(&self) -> MutexGuard<'_, Heads> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends a request: its answer is complete.
    ///
    /// The codec looks for the client's next bytes, or for its end, as soon as it has a whole
    /// request, unless more bytes came along: then part of a head has arrived already, or an empty
    /// line that some clients send behind a request.
    pub(crate) fn end(&self) {
        let is_idle =
            self.has_looked.load(Ordering::Relaxed) || self.ends_empty.load(Ordering::Relaxed);
        let is_idle = is_idle && !self.came_behind.load(Ordering::Relaxed);
        self.enter(if is_idle { Phase::Idle } else { Phase::Head });
    }

    fn owes_answer(&self) -> bool {
        self.owes_answer.load(Ordering::Relaxed)
    }

    /// Notes whether all of an answer that there is was written.
    fn has_written(&self, is_all: bool) {
        let owed = self.owes_answer.swap(!is_all, Ordering::Relaxed);
        if owed && is_all && self.phase() == Phase::Head {
            self.enter(Phase::Head);
        }
    }

    /// Says whether the client waits for nothing but the answer to the head that it sends.
    pub(crate) fn is_in_head(&self) -> bool {
        self.phase() == Phase::Head && !self.owes_answer()
    }

    /// Gives the buffer of a head back for the next one.
    pub(crate) fn give_back(&self, head: Vec<u8>) {
        self.heads().give_back(head);
    }

    /// Says whether the client's unfinished head is too much beside those of all the others.
    pub(crate) fn is_too_much(&self) -> bool {
        self.is_in_head() && self.heads().is_too_much()
    }

    fn moved(&self) {
        self.progress.store(coarse_ms(), Ordering::Relaxed);
    }

    fn has_read(&self, bytes: &[u8]) {
        let phase = self.phase();
        let ends_empty = bytes.ends_with(b"\n\r\n") || bytes.ends_with(b"\n\n");
        self.ends_empty.store(ends_empty, Ordering::Relaxed);
        // An empty line before a request is none of it (RFC 9112, section 2.2), and keeps no
        // connection open.
        if phase == Phase::Idle && is_empty_lines(bytes) {
            // But it may be the end of a head whose beginning came behind a body.
            self.heads().read(bytes);
            return;
        }
        let now = coarse_ms();
        self.progress.store(now, Ordering::Relaxed);
        let is_answered = matches!(phase, Phase::Waiting | Phase::Answering);
        if is_answered && !self.has_body.load(Ordering::Relaxed) {
            let is_part = !ends_empty && !is_empty_lines(bytes);
            self.came_behind.store(is_part, Ordering::Relaxed);
        }
        if phase == Phase::Idle {
            self.enter_at(Phase::Head, now);
        }
        if phase != Phase::Upgraded {
            self.heads().read(bytes);
        }
    }
}

/// Whether bytes are nothing but ends of lines.
pub(crate) fn is_empty_lines(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| b"\r\n".contains(byte))
}

/// A client's socket that tells its link of every byte.
#[derive(Debug)]
pub(crate) struct ClientIo {
    stream: Placed,
    link: Arc<Link>,
}

impl ClientIo {
    pub(crate) fn new(stream: Placed, link: Arc<Link>) -> Self {
        Self { stream, link }
    }

    /// Sends a last answer as far as it can be sent at once; it ends with the connection.
    pub(crate) fn send_last(&self, answer: &[u8]) {
        // Whoever does not read it could not be told otherwise.
        let _ = self.stream.try_write(answer);
    }

    /// Notes what came of writing so many bytes.
    fn wrote(&self, polled: Poll<io::Result<usize>>, offered: usize) -> Poll<io::Result<usize>> {
        let is_all = matches!(polled, Poll::Ready(Ok(written)) if written == offered);
        self.link.has_written(is_all);
        let written = ready!(polled)?;
        self.link.moved();
        Poll::Ready(Ok(written))
    }
}

impl AsyncRead for ClientIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.link.has_looked.store(true, Ordering::Relaxed);
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let read = &buf.filled()[before..];
        if !read.is_empty() {
            self.link.has_read(read);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ClientIo {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.wrote(polled, buf.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.wrote(polled, bufs.iter().map(|buf| buf.len()).sum())
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
